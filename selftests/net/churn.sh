#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Configurations, flows, addresses, devices, namespaces and the module go while two CPUs send; so do room
# in the pool and in the table, the time of day and the machine's wakefulness. Each goes on for
# CFR_CHURN_SECONDS (4, times the machine's patience). No customer's address comes out.
# timeout: 900
# proves: L1 L2 L7 C4 C9 O6 O15 V7
#
#   c1 ---- acc ---- relay: CFR, kill switch ---- inet: counts leaks, sends back
#               ^ two CPUs send here
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
[ -e /sys/module/cfr/initstate ] || skip_all "cfr is built in"
[ "$(nproc)" -ge 2 ] || skip_all "one CPU"
plan 14
setup_lab
setup_cfr
kill_switch
watch_leaks down

REHEARSED=no
rehearse_sleep && REHEARSED=yes
export REHEARSED
cases python3 "$LAB_DIR/churn.py"

check "the counter of leaks can count" test "$(nft_counter "$inet" watch seen)" -gt 1000
check_eq "no packet had a customer's address" "$(nft_counter "$inet" watch leaked)" 0
check "the kill switch stood in for the module" \
	test "$(nft_counter "$relay" killswitch caught)" -gt 10
finish
