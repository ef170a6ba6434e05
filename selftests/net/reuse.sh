#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A relay tuple is given out again while the server still lingers in TIME_WAIT
# over who had it before: only after the hold-off, which is long enough.
# boot: warp
# timeout: 900
# proves: T10 C4 C9 V7
#
#   c1, c2 ---- acc ---- relay: 8 tuples ---- inet ---- srv, closes first
. "$(dirname "$0")/lib.sh"

need_cfr
plan 6
setup_lab
setup_cfr
# RFC 1337: a reset does not end TIME_WAIT. Linux lets it, and so hides after a
# second what goes wrong here.
in_ns "$srv" sysctl -qw net.ipv4.tcp_rfc1337=1
wire_start "$inet" down

cases python3 "$LAB_DIR/reuse.py"

check "the wire is clean" wire_clean
finish
