#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The way of the packages on a host that relays: what the boot has brought, an upgrade, the new module, the purge.
# timeout: 900
# proves: O9
cd "$(dirname "$0")" || exit 1
. ./lib.sh
version=$(</cfr/VERSION)
next=$version.1
export DEBIAN_FRONTEND=noninteractive

# --- what the boot has brought

loaded_at_boot() {
	journalctl -b -t systemd-modules-load | grep "Inserted module 'cfr'"
}

in_force() {
	grep -v '^#' /etc/cfr/cfr.conf | diff - <(cfrctl show)
}

table() {
	nft -s list table inet cfr_killswitch
}

# same_table: in its sandbox, the unit has made the table that the command makes without one
same_table() {
	table >"$TMP/unit" && cfrctl killswitch install file /etc/cfr/cfr.conf && table | diff "$TMP/unit" -
}

# answers ARG...: cfrctl has something to say, for people and in JSON
answers() {
	[ -n "$(cfrctl "$@")" ] && cfrctl -j "$@" | jq -e . >/dev/null
}

# module VERSION: the one in the kernel
module() {
	cfrctl --version | grep -Fx "module $1"
}

# --- flows that stay open

declare -A SEND HEARD
WORDS=0

# open_flow FAMILY: the server first says who it takes the customer for, then what the customer says
open_flow() {
	local server=INET_$1 fd
	rm -f "$TMP/say$1"
	mkfifo "$TMP/say$1"
	exec {fd}<>"$TMP/say$1"
	spawn "$customer" sh -c "exec socat - TCP$1:[${!server}]:7 <$TMP/say$1"
	SEND[$1]=$fd HEARD[$1]=$SPAWNED_LOG
	busywait 60 test -s "${HEARD[$1]}"
}

# alive: what is said comes back, in both families
alive() {
	local family
	WORDS=$((WORDS + 1))
	for family in 4 6; do
		echo "word $WORDS" >&"${SEND[$family]}"
		busywait 60 grep -qx "word $WORDS" "${HEARD[$family]}" || return
	done
}

# relayed: both flows came from the pools
relayed() {
	head -n 1 "${HEARD[4]}" "${HEARD[6]}"
	grep -q '^198\.51\.100\.' "${HEARD[4]}" && grep -q '^\[2001:0db8:00cf:00' "${HEARD[6]}"
}

serving() {
	in_ns "$inet" ss -Hltn -"$1" "sport = :7" | grep -q .
}

serve() {
	local only=
	[ "$1" = 4 ] || only=,ipv6only=1
	# shellcheck disable=SC2016 # socat's shell expands it
	spawn "$inet" socat "TCP$1-LISTEN:7,fork,reuseaddr$only" SYSTEM:'echo $SOCAT_PEERADDR; exec cat'
	busywait 60 serving "$1"
}

# --- the operator at work

reload() {
	echo "bypass 192.0.2.64/26" >>/etc/cfr/cfr.conf
	systemctl reload cfr.service && in_force
}

# flushed: what takes all rules away takes the kill switch, and the unit puts it back
flushed() {
	table >"$TMP/before" && systemctl restart nftables.service &&
		busywait 60 systemctl is-active cfr.service && table | diff "$TMP/before" -
}

# --- packages

upgrade() {
	cp /etc/cfr/cfr.conf "$TMP/conf"
	run=$(systemctl show -P InvocationID cfr.service)
	apt-get install -y --no-install-recommends /cfr/.lab/new/*.deb >"$TMP/apt" 2>&1
	local status=$?
	cat "$TMP/apt"
	return "$status"
}

# unit_known: systemd has read the new unit and has not run it
unit_known() {
	systemctl show -P Description cfr.service | grep "the next version" &&
		[ "$(systemctl show -P InvocationID cfr.service)" = "$run" ]
}

# notice: what the package says, and the hint that others look for
notice() {
	cat "$TMP/apt"
	grep -F "version $version stays in the kernel; $next takes over at the next reboot" "$TMP/apt" &&
		test -e /run/reboot-required && grep -x cfr-dkms /run/reboot-required.pkgs
}

# as_told TEXT: run the command that apt has shown behind TEXT
as_told() {
	local command
	command=$(tr -d '\r' <"$TMP/apt" | sed -n "s/^cfr:.*$1//p")
	echo "told: $command"
	[ -n "$command" ] && sh -c "$command"
}

replaced() {
	as_told '  ' && module "$next" && in_force && systemctl is-active cfr.service
}

purge() {
	apt-get purge -y cfr-dkms cfrctl >"$TMP/apt" 2>&1
	local status=$?
	cat "$TMP/apt"
	return "$status"
}

# left: files with the relay's name, and what still knows it. What systemd-analyze has read of the manual man keeps.
left() {
	find / -xdev \( -path /cfr -o -path /tmp -o -path /var/log -o -path /var/cache/man \) -prune -o \
		-iname '*cfr*' ! -name ucfr -print
	modinfo -n cfr 2>/dev/null
	systemctl list-unit-files --no-legend cfr.service
	dpkg-query -W -f '${Package} ${Status}\n' cfrctl cfr-dkms 2>/dev/null
}

plan 41
check "the boot comes to its end" busywait 240 booted
check_eq "no unit has failed" "$(failed_units)" ""
check "the module was loaded at boot, before anybody asked" loaded_at_boot
check "it is this version's" module "$version"
check_eq "the unit has done its work" "$(systemctl show -P Result cfr.service) $(systemctl is-active cfr.service)" "success active"
check "in time: after the module and nftables, before the network" in_order \
	"$(when systemd-modules-load.service ActiveEnter)" "$(when cfr.service InactiveExit)" \
	"$(when cfr.service ActiveEnter)" "$(when network-pre.target ActiveEnter)" "$(when systemd-networkd.service InactiveExit)"
check "nftables.service came first" in_order "$(when nftables.service ActiveEnter)" "$(when cfr.service InactiveExit)"
check "the operator's rules are there" nft list table inet operator
check "the kill switch is there, as the command makes it" same_table
check "the configuration is in force" in_force
check "cfrctl show" answers show
check "cfrctl stats --explain" answers stats --explain
check "cfrctl pool show" answers pool show

connect || exit 1
watch_leaks up-far
serve 4 && serve 6 || exit 1
check "a flow opens, IPv4" open_flow 4
check "a flow opens, IPv6" open_flow 6
check "both are relayed" relayed
check "systemctl reload applies a changed file" reload
check "the flows go on" alive
check "the kill switch comes back after flush ruleset" flushed
check "the flows go on" alive

check "apt upgrades the packages, DKMS builds" upgrade
check "the flows go on" alive
check "the old version relays" module "$version"
check_eq "the new one is installed" "$(modinfo -F version cfr)" "$next"
check "the package says so, and asks for a reboot" notice
check "the configuration is the operator's" cmp "$TMP/conf" /etc/cfr/cfr.conf
check "the unit is known anew and has not run again" unit_known
check "the command that the package names brings the new version in" replaced
check "a flow opens, IPv4" open_flow 4
check "a flow opens, IPv6" open_flow 6
check "both are relayed" relayed

check "apt purges the packages" purge
check "the flows go on" alive
check_eq "nothing is left" "$(left)" ""
check_eq "inet has seen no customer" "$(leaked)" 0
check "what the package named takes the module away" as_told "the module stays.*until: "
for family in 4 6; do
	check "the kill switch holds, IPv$family" drops $family
done
check "what the package named takes the kill switch away" as_told "the kill switch stays.*until: "
for family in 4 6; do
	check "a customer's packets are like others', IPv$family" passes $family
done
finish
