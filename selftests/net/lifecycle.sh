#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything may go while packets pass: configurations, flows, the namespace, the
# module. Nothing leaks (the kill switch stands in for the module), and what is
# meant to stay stays.
# timeout: 900
# proves: L1 L2 C4 C9 O6 V7
#
#   c1 ---- acc ---- relay: CFR, kill switch ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
plan 16
setup_lab
setup_cfr
kill_switch
# what swaps.py's other pools are inside of
ip -n "$inet" -batch - <<EOF || exit 1
route add 198.18.64.0/23 via $UP_4
route add 2001:db8:dada:40::/64 via $UP_6
EOF
wire_start "$inet" down

cases python3 "$LAB_DIR/swaps.py"

caught() {
	nft_counter "$relay" killswitch caught
}

check_eq "the kill switch had nothing to do" "$(caught)" 0

# --- the module goes and comes back, then the namespace goes

busy() {
	for family in 4 6; do
		server=SRV_$family
		spawn "$c1" ping -"$family" -q -i 0.01 "${!server}"
	done
}

more() {
	[ "$(stat relayed_out)" -gt "$1" ]
}

catches() {
	[ "$(caught)" -gt "$1" ]
}

no_relay() {
	! ip netns list | grep -q "$relay"
}

busy
check "relaying before the module goes" busywait 60 more "$(($(stat relayed_out) + 20))"
if [ -e /sys/module/cfr/initstate ]; then
	was=$(caught)
	check "the module unloads under traffic" busywait 60 rmmod cfr
	check "the kill switch holds without the module" busywait 60 catches "$((was + 20))"
	check "the module loads again" modprobe cfr
	setup_cfr
	check "and relays again" busywait 60 more 20
else
	for name in "the module unloads under traffic" \
		"the kill switch holds without the module" \
		"the module loads again" "and relays again"; do
		skip "$name" "cfr is built in"
	done
fi

check "the wire is clean" wire_clean

# The kernel takes a namespace's rules away before its links: what still arrives
# then has no mark and meets no kill switch, so this is not captured.
check "the namespace goes under traffic" drop_ns "$relay"
check "it is gone" busywait 60 no_relay
finish
