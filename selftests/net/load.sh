#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Nothing is lost that could be had: not by two CPUs that want the same tuples, not
# by thousands of connections, one by one and at once. What cannot be had is
# refused and answered, for as long as it takes, and nothing else suffers.
# timeout: 1800
# proves: O15 O16 C8 T10 I10 I11 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
plan 11
setup_lab
setup_cfr
no_error_limits "$relay"
in_ns "$srv" sysctl -qw net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=8192 \
	net.ipv4.tcp_max_tw_buckets=100000 net.ipv4.tcp_syncookies=0
watch_leaks down

cases python3 "$LAB_DIR/load.py"

check_eq "no packet had a customer's address" "$(nft_counter "$inet" watch leaked)" 0
finish
