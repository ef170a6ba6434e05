#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A boot on which the kernel refuses the module: the kill switch is there before the network, customers' packets
# do not leave.
# timeout: 300
# cmdline: module_blacklist=cfr
# proves: O9
cd "$(dirname "$0")" || exit 1
. ./lib.sh
plan 10
check "the boot comes to its end" busywait 240 booted
# To some versions of systemd-modules-load a module that is refused is no failure.
check_eq "the unit has failed, and nothing else that works without the module" \
	"$(failed_units | sed 's/ systemd-modules-load.service$//')" cfr.service
check_not "the module is not there" test -e /sys/module/cfr

said_why() {
	journalctl -b -u cfr.service | grep "not loaded: modprobe cfr"
}
check "the unit says why" said_why
check "the unit was through before the network" in_order "$(when nftables.service ActiveEnter)" \
	"$(when cfr.service InactiveEnter)" "$(when network-pre.target ActiveEnter)" "$(when systemd-networkd.service InactiveExit)"
check "the kill switch is there" nft list chain inet cfr_killswitch mark_0x1_0xff

connect || exit 1
watch_leaks up-far
for family in 4 6; do
	check "a customer's packet does not leave, IPv$family" drops $family
done
cfrctl killswitch remove
for family in 4 6; do
	check "without the kill switch it would have, IPv$family" passes $family
done
finish
