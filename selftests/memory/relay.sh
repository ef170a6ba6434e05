#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A machine that does nothing but relay, for selftests/memory/run to look into from outside. Its neighbours are crafted
# there, too: what they say comes by two devices, and no address of a customer is in its configuration. It says how far
# it is with datagrams to the server.
# timeout: 900
#
#   customers, crafted ---- 52:54:00:00:00:01 relay 52:54:00:00:00:02 ---- server, crafted
. "$(dirname "$0")/../net/lib.sh"

need_cfr
relay=  # the namespace that the machine begins with

in_ns() {
	shift
	"$@"
}

device() {
	ip -json link | jq -r --arg mac "52:54:00:00:00:0$1" '.[] | select(.address == $mac) | .ifname'
}

say() {
	# shellcheck disable=SC2016 # the shell within has the words
	timeout 5 bash -c 'echo "$1" >/dev/udp/203.0.113.20/9999' say "$1"
}

# mappings: as the kernel's command line wants them
mappings() {
	grep -qw mappings=sealed /proc/cmdline && echo sealed || echo clear
}

configured() {
	modprobe -q virtio_net
	busywait 30 test -n "$(device 1)" || return
	cust=$(device 1) up=$(device 2)
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 || return
	ip -batch - <<-EOF || return
		link set $cust up
		link set $up up
		addr add 10.83.200.1/24 dev $cust
		addr add fd83:c0de:200::83:1/64 dev $cust nodad
		addr add 192.0.2.1/24 dev $up
		addr add 2001:db8:1::1/64 dev $up nodad
		neigh replace 10.83.200.2 lladdr 52:54:00:00:00:11 dev $cust nud permanent
		neigh replace fd83:c0de:200::83:2 lladdr 52:54:00:00:00:11 dev $cust nud permanent
		neigh replace 192.0.2.2 lladdr 52:54:00:00:00:12 dev $up nud permanent
		neigh replace 2001:db8:1::2 lladdr 52:54:00:00:00:12 dev $up nud permanent
		route add 10.83.0.0/16 via 10.83.200.2
		route add fd83:c0de::/32 via fd83:c0de:200::83:2
		route add default via 192.0.2.2
		route add default via 2001:db8:1::2
	EOF
	nft -f - <<-EOF || return
		table inet relay {
			counter end { }
			counter off { }
			chain pre {
				type filter hook prerouting priority raw; policy accept;
				iifname "$cust" udp dport 9 counter name end drop
				iifname "$cust" udp dport 8 counter name off drop
				iifname "$cust" meta mark set 0x1
			}
		}
	EOF
	cfr apply - <<-EOF
		pool web4 prefix $POOL4
		pool web6 prefix $POOL6
		policy homes mark 0x1/0xff pool web4 pool web6
		timers udp 4 tcp-open 4 tcp-established 900 tcp-close 1 hold 2 nonconformant
		mappings $(mappings)
	EOF
}

# The peers may ask for longer than a flow lasts: it says what is until it is told that they have seen it.
ended() {
	[ "$(nft -j list counter inet relay "$1" | jq '.nftables[] | .counter? // empty | .packets')" -gt 0 ]
}

told() {
	say "flows $(stat flows) held $(stat held) created $(stat flows_created) loaded 1"
	ended end
}

gone() {
	say "loaded 0"
	ended off
}

case $(mappings) in
sealed) plan 5 ;;
*) plan 3 ;;
esac
check "the relay is set up" configured
check "its peers say that they have seen enough" busywait 600 told
if grep -qw relay=panics /proc/cmdline; then
	sysctl -qw kernel.panic=0	# and then it stands still
	echo c >/proc/sysrq-trigger
fi
check "flows were relayed" test "$(stat flows_created)" -gt 0
if [ "$(mappings)" = sealed ]; then
	check "the module goes" rmmod cfr
	check "its peers say that they have seen enough of what is left" busywait 600 gone
fi
finish
