# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of a booted system share: this host is the relay, as systemd-networkd and the packages have set
# it up, and there is no other configuration of it.
#
#   customer cust-far ---- cust  this host  up ---- up-far inet
#
#   customer  10.83.200.2 fd83:c0de:200::83:2
#   inet      192.0.2.2 2001:db8:1::2: the server, too. The pools are routed to the relay.
. ../../net/lib.sh

connect() {
	export customer='' inet=''
	setup_ns customer inet
	ip link set cust-far netns "$customer" && ip link set up-far netns "$inet" &&
		ip -n "$customer" -batch - <<-CUSTOMER && ip -n "$inet" -batch - <<-INET
			addr add $ACC_4/24 dev cust-far
			addr add $ACC_6/64 dev cust-far nodad
			link set cust-far up
			route add default via $CUST_4
			route add default via $CUST_6
		CUSTOMER
			addr add $INET_4/24 dev up-far
			addr add $INET_6/64 dev up-far nodad
			link set up-far up
			route add $POOL4 via $UP_4
			route add $POOL6 via $UP_6
			route add 10.83.0.0/16 via $UP_4
			route add fd83:c0de::/32 via $UP_6
		INET
}

leaked() {
	nft_counter "$inet" watch leaked
}

# The counter of the kill switch on this host
caught() {
	nft_counter "" cfr_killswitch caught
}

# drops FAMILY: a packet of the customer's meets the kill switch, and inet sees none
drops() {
	local server=INET_$1 was
	was=$(caught) && not in_ns "$customer" ping -"$1" -q -c 3 -i 0.2 -W 1 "${!server}" &&
		[ "$(caught)" -ge $((was + 3)) ] && [ "$(leaked)" = 0 ]
}

# passes FAMILY: it passes with its own source
passes() {
	local server=INET_$1 was
	was=$(leaked)
	in_ns "$customer" ping -"$1" -q -c 1 -W 20 "${!server}" && [ "$(leaked)" -gt "$was" ]
}

# booted: systemd has nothing left to start
booted() {
	case $(systemctl is-system-running) in
	running | degraded) return 0 ;;
	esac
	return 1
}

# failed_units: on one line
failed_units() {
	systemctl list-units --failed --plain --no-legend | awk '{ print $1 }' | sort | paste -sd' '
}

# when UNIT TIME: microseconds after the boot
when() {
	systemctl show -P "$2TimestampMonotonic" "$1"
}

# in_order TIME...: each one there, and none after the one behind it
in_order() {
	local time last=1
	echo "$*"
	for time in "$@"; do
		[ "$time" -ge "$last" ] || return
		last=$time
	done
}
