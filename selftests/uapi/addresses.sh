#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Pools and the host's own addresses, and prefixes that leave their pools: for
# 120 s nothing comes in there, then they are address space like any other.
# boot: warp
# proves: L10 C9 C4
#
#   relay up ---- down inet
#   192.0.2.1/24      192.0.2.2/24; routes the pools to relay
. "$(dirname "$0")/../net/lib.sh"

need_cfr
need ping
plan 17
setup_ns relay inet
ip link add name up netns "$relay" type veth peer name down netns "$inet" || exit 1
ip -n "$relay" -batch - <<EOF || exit 1
addr add 192.0.2.1/24 dev up
addr add 2001:db8:1::1/64 dev up nodad
link set dev up up
EOF
ip -n "$inet" -batch - <<EOF || exit 1
addr add 192.0.2.2/24 dev down
addr add 2001:db8:1::2/64 dev down nodad
link set dev down up
route add 198.51.100.0/23 via 192.0.2.1
route add 2001:db8:cf::/56 via 2001:db8:1::1
EOF

# with POOL...: one policy, on a pool of its own, and these pools beside it
with() {
	{
		echo "pool base prefix 203.0.113.0/24"
		echo "policy homes mark 0x1/0xff pool base"
		[ $# -eq 0 ] || printf 'pool %s\n' "$@"
	} | cfr apply -
}

reports() {
	dmesg | grep -c "cfr: pool web contains an address that up has been given"
}

# told ADDRESS: giving it to the device is reported, without the address
told() {
	local before

	before=$(reports)
	ip -n "$relay" addr add "$1" dev up || return
	[ "$(reports)" -gt "$before" ] && ! dmesg | grep 'cfr:' | grep -F "${1%/*}"
}

refuses() {
	cfr bypass add 10.0.0.0/8 2>"$TMP/err"
	local code=$?

	cat "$TMP/err"
	[ "$code" -eq 1 ] &&
		grep -qF "\"$1\": the prefix contains an address of this host" "$TMP/err"
}

# --- addresses that come later

with "web prefix 198.51.100.0/24 prefix 2001:db8:cf::/56" || exit 1
check "an IPv4 address inside a pool is reported" told 198.51.100.7/32
check "and the next change refused" refuses 198.51.100.0/24
ip -n "$relay" addr del 198.51.100.7/32 dev up
check "an IPv6 address inside a pool is reported" told 2001:db8:cf:7::1/128
check "and the next change refused" refuses 2001:db8:cf::/56
ip -n "$relay" addr del 2001:db8:cf:7::1/128 dev up
check "without them it is not" cfr bypass add 10.0.0.0/8

# --- both ends of a link to one peer

warned() {
	cfr "$@" 2>"$TMP/err" || return
	cat "$TMP/err"
	grep -q "warning: pool peer overlaps a connected prefix of up" "$TMP/err"
}

quiet() {
	cfr "$@" 2>"$TMP/err" || return
	[ ! -s "$TMP/err" ]
}
with || exit 1
ip -n "$relay" addr add 198.18.0.1 peer 198.18.0.2/32 dev up
check "the peer's address is a warning" \
	warned pool add peer prefix 198.18.0.2/32
check_not "the own one is refused" cfr pool add own prefix 198.18.0.1/32
cfr pool del peer
check "a pool beside them is nothing" quiet pool add beside prefix 198.18.0.3/32

# --- prefixes that leave

# counts REASON: what a ping of each family to the pool is refused for
counts() {
	stats_mark
	in_ns "$inet" ping -q -c 1 -W 1 198.51.100.5
	in_ns "$inet" ping -q -c 1 -W 1 2001:db8:cf:5::5
	refused
	[ "$(refused)" = "$1" ]
}

with "web prefix 198.51.100.0/24 prefix 2001:db8:cf::/56"
check "in a pool: no flow" counts "in_no_flow=+2"
with "web prefix 198.51.100.128/25 prefix 2001:db8:cf:80::/57"
check "out of it: retired" counts "in_retired=+2"
with "two prefix 198.51.100.0/25 prefix 2001:db8:cf::/57"
check "in another: no flow" counts "in_no_flow=+2"
with "two prefix 198.51.100.64/26 prefix 2001:db8:cf:40::/58"
check "out of that: retired" counts "in_retired=+2"
sleep 105
check "after 105 s: still retired" counts "in_retired=+2"
sleep 16
check "after 121 s: nothing to the relay" counts ""
check "what stayed is still a pool" cfr pool show two

cfr apply /dev/null
with "web prefix 198.51.100.0/24 prefix 2001:db8:cf::/56"
cfr apply /dev/null
with "two prefix 198.51.101.0/24"
check "retired, although no policy was left in between" counts "in_retired=+2"
shown() {
	cfr show | grep 198.51.100
}
check_not "show shows no retired prefix" shown
finish
