#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Customers of two relays find each other: ICE punches holes for UDP where mappings are endpoint-independent and must
# fail where both relays are in profile privacy; TCP is opened by both at once.
# boot: warp
# timeout: 600
# proves: U1 U9 T1 L1 V7
#
#   c1 ---- acc ---- relay \
#                           inet ---- srv: turnserver
#   c3 ------------- far   /
#
# What the customers tell each other, they tell inside punch.py.
. "$(dirname "$0")/lib.sh"

need_cfr
need turnserver
python3 -c 'import importlib.util as u, sys
sys.exit(not u.find_spec("aioice"))' || skip_all "no python3-aioice"
plan 17
setup_lab

# --- the other relay

export c3='' far=''
export C3_4=10.83.103.2 C3_6=fd83:c0de:103::83:2
export FAR_POOL4=198.18.64.0/24 FAR_POOL6=2001:db8:dada:40::/64
FAR_C3_4=10.83.103.1 FAR_C3_6=fd83:c0de:103::83:1
FAR_4=198.18.65.1 FAR_6=2001:db8:dada:41::1
INET_FAR_4=198.18.65.2 INET_FAR_6=2001:db8:dada:41::2
SECRETS+=("$C3_4" "$C3_6" "$FAR_C3_4" "$FAR_C3_6")

setup_ns c3 far
router "$far"
ip -batch - <<EOP || exit 1
link add name eth0 netns $c3 type veth peer name cust netns $far
link add name up netns $far type veth peer name far netns $inet
EOP
ip -n "$c3" -batch - <<EOP || exit 1
addr add $C3_4/24 dev eth0
addr add $C3_6/64 dev eth0 nodad
link set dev eth0 up
route add default via $FAR_C3_4
route add default via $FAR_C3_6
EOP
ip -n "$far" -batch - <<EOP || exit 1
addr add $FAR_C3_4/24 dev cust
addr add $FAR_C3_6/64 dev cust nodad
addr add $FAR_4/24 dev up
addr add $FAR_6/64 dev up nodad
link set dev cust up
link set dev up up
route add default via $INET_FAR_4
route add default via $INET_FAR_6
EOP
ip -n "$inet" -batch - <<EOP || exit 1
addr add $INET_FAR_4/24 dev far
addr add $INET_FAR_6/64 dev far nodad
link set dev far up
route add $FAR_POOL4 via $FAR_4
route add $FAR_POOL6 via $FAR_6
EOP
relay_firewall "$far" || exit 1

# Far enough from each other for what both send at once to cross.
export NETEM=yes
for dev in down far; do
	in_ns "$inet" tc qdisc add dev "$dev" root netem delay 20ms 2>/dev/null || NETEM=no
	wire_start "$inet" "$dev"
done
stun_server

cases python3 "$LAB_DIR/punch.py"

check "both wires are clean" wire_clean

# accepts FLAGS FROM TO: answers to SYNs
accepts() {
	on_wire "tcp and $1 == 0x12 and src net $2 and dst net $3"
}

# crossed FLAGS POOL POOL: each end of a connection has accepted the other's SYN
crossed() {
	[ "$(accepts "$1" "$2" "$3")" -gt 0 ] && [ "$(accepts "$1" "$3" "$2")" -gt 0 ]
}

while read -r name flags pools; do
	if [ "$NETEM" = yes ]; then
		# shellcheck disable=SC2086 # two pools
		check "$name: SYNs met halfway" crossed "$flags" $pools
	else
		skip "$name: SYNs met halfway" "no netem"
	fi
done <<EOP
IPv4 tcp[13] $POOL4 $FAR_POOL4
IPv6 ip6[53] $POOL6 $FAR_POOL6
EOP
finish
