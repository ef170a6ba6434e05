#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who talked to whom does not reach a crash kernel, which would write it to a disk: while one is loaded, nothing is
# relayed, unless the operator allows it.
# timeout: 300
# proves: L7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
need kexec
[ "$(cat /sys/kernel/kexec_crash_size 2>/dev/null || echo 0)" -gt 0 ] ||
	skip_all "this kernel has no room for a crash kernel"
plan 20
KNOBS="profile balanced"
setup_lab
setup_cfr
kill_switch
wire_start "$inet" down
defer kexec -p -u

busy() {
	for family in 4 6; do
		server=SRV_$family
		spawn "$c1" ping -"$family" -q -i 0.05 "${!server}"
	done
}

load() {
	kexec -p "/boot/vmlinuz-$(uname -r)" --reuse-cmdline
}

nothing_left() {
	[ "$(stat flows)$(stat shared)$(stat held)" = 000 ]
}

# more NAME: a counter has grown since stats_mark
more() {
	[ "$(grown "$1")" -gt 0 ]
}

# A new flow of either family is answered with a refusal, not with silence.
refusal() {
	local family server

	for family in 4 6; do
		server=SRV2_$family
		in_ns "$c1" ping -"$family" -c 1 -W 5 "${!server}" | grep -i 'filtered\|prohibited' || return
	done
}

# In a process of its own, which setup_cfr may end
configure() {
	(setup_cfr) 2>&1
}

allow() {
	echo "$1" >/sys/module/cfr/parameters/allow_crash_kernel
}

check_eq "without a crash kernel nobody warns" "$(configure)" ""
busy
check "flows are relayed" busywait 60 flows

stats_mark
dmesg -C
check "a crash kernel is loaded under traffic" load
check "no flow is left, and no tuple rests" busywait 10 nothing_left
check "the keys of pairings are replaced" more epochs_rotated
check "the log says why" grep -qF "cfr: a crash kernel is loaded" <(dmesg)
stats_mark
check "customers are told" refusal
check "new flows are refused" busywait 10 more crash_kernel
check_eq "and none opens" "$(grown flows_created)" 0
check "a configuration is refused, with the remedy" grep -F "unload it (kexec -p -u)" <(configure)
check "the last policy may go" cfr apply - </dev/null
check_not "and none may come back" configure

check "the crash kernel is unloaded" kexec -p -u
check "a configuration is taken" configure
check "flows are relayed again" busywait 60 flows

allow 1
check "a crash kernel that is allowed is loaded" load
check "a configuration is taken with a warning" grep -F "a crash writes all mappings" <(configure)
check "flows are relayed beside it" flows
allow 0
check "forbidden, it ends all flows" busywait 10 nothing_left
check "the wire is clean" wire_clean
finish
