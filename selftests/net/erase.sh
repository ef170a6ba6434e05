#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who talked to whom does not reach a disk: hibernation is refused while there is
# a policy, suspend wipes all flows first.
# proves: L7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
plan 8
setup_lab
setup_cfr
wire_start "$inet" down

power() {
	local error

	error=$( { echo "$1" >/sys/power/state; } 2>&1) && echo "went ahead" && return
	echo "${error##*: }"
}

flows_are() {
	[ "$(stat flows)" -eq "$1" ]
}

rehearsed=no
rehearse_sleep && rehearsed=yes

check "there are flows" flows
if [ "$rehearsed" = yes ] && grep -qw disk /sys/power/state; then
	check_eq "hibernation is refused while there is a policy" \
		"$(power disk)" "Device or resource busy"
	check "the flows are still there" flows
	echo -n | cfr apply -
	check_eq "hibernation is allowed without a policy" "$(power disk)" "went ahead"
	setup_cfr
else
	for name in "hibernation is refused while there is a policy" \
		"the flows are still there" \
		"hibernation is allowed without a policy"; do
		skip "$name" "this kernel cannot hibernate or cannot rehearse it"
	done
fi

check "there are flows again" flows
if [ "$rehearsed" = yes ] && grep -qwE 'freeze|mem' /sys/power/state; then
	state=$(grep -owE 'freeze|mem' /sys/power/state | head -n 1)
	check_eq "suspend to $state goes ahead" "$(power "$state")" "went ahead"
	check "and no flow is left" flows_are 0
else
	skip "suspend goes ahead" "this kernel cannot suspend or cannot rehearse it"
	skip "and no flow is left" "this kernel cannot suspend or cannot rehearse it"
fi

check "the wire is clean" wire_clean
finish
