#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Offloads of every kind change nothing of what is relayed, and a tunnel on the
# way out says nothing of the customer and is not relayed again.
# timeout: 900
# proves: U15 F6 F7 F8 F10 F11 F12 L1 V7
#
#   c1 ---- acc ---- relay ==== inet ---- srv
#                          tunnels, in the second half
. "$(dirname "$0")/lib.sh"

need_cfr
need ethtool iperf3
plan 61
setup_lab
setup_cfr
wire_start "$inet" down

# what taps listen to is cloned before it is rewritten
spawn "$relay" tcpdump -i any -w /dev/null
busywait 60 grep -q 'listening on' "$SPAWNED_LOG"

# what the relay is given in one piece that no wire could carry so
in_ns "$relay" nft -f - <<'EOF'
table inet given {
	counter merged { }
	chain pre {
		type filter hook prerouting priority raw; policy accept;
		meta length > 1500 counter name merged
	}
}
EOF

cases python3 "$LAB_DIR/checksums.py"
cases python3 "$LAB_DIR/offload.py"

# --- iperf3 with everything as the devices come

stream() {
	in_ns "$c1" iperf3 -J -p "520$family" -c "$1" "${@:2}" | tee "$TMP/iperf" |
		jq -e '.error == null and .end.sum_received.bytes > 0' >/dev/null || {
		jq .error "$TMP/iperf"
		return 1
	}
}

for family in 4 6; do
	server=SRV_$family
	spawn "$srv" iperf3 -s -B "${!server}" -p "520$family"
	busywait 60 listening "$srv" "520$family"
	check "IPv$family iperf3 TCP to the server" stream "${!server}" -n 2M
	check "IPv$family iperf3 TCP from the server" stream "${!server}" -n 2M -R
done

# --- tunnels, whose hash has a flow label in it

KNOBS='normalise off' setup_cfr

# tunnel TYPE ARGS...: the relay's default route goes through it
tunnel() {
	local type=$1
	shift

	ip -n "$relay" link add tun type "$type" local "$UP_4" remote "$INET_4" "$@" || return
	ip -n "$inet" link add tun type "$type" local "$INET_4" remote "$UP_4" "$@" || return
	ip -n "$relay" -batch - <<EOF
addr add 192.0.2.129/30 dev tun
addr add 2001:db8:2::1/64 dev tun nodad
link set dev tun up
route replace default via 192.0.2.130 dev tun
route replace default via 2001:db8:2::2 dev tun
EOF
	ip -n "$inet" -batch - <<EOF
addr add 192.0.2.130/30 dev tun
addr add 2001:db8:2::2/64 dev tun nodad
link set dev tun up
route replace $POOL4 via 192.0.2.129 dev tun
route replace $POOL6 via 2001:db8:2::1 dev tun
EOF
}

in_ns "$relay" nft -f - <<'EOF'
table inet lab {
	counter marked { }
	counter outer { }
	chain forward {
		iifname "cust" oifname "tun" accept
		iifname "tun" oifname "cust" ct state untracked accept
	}
	chain late {
		type filter hook postrouting priority 300; policy accept;
		oifname "up" counter name outer
		oifname "up" meta mark & 0xff == 0x1 counter name marked
	}
}
EOF

counted() {
	nft_counter "$relay" lab "$1"
}

# through FAMILY...: relayed once, by the tunnel, with no mark on the outside
through() {
	local outer

	stats_mark
	outer=$(counted outer)
	for family in "$@"; do
		server=SRV_$family
		in_ns "$c1" ping -"$family" -q -c 3 -i 0.2 -W 20 "${!server}" || return
	done
	echo "relayed $(grown relayed_out), refused $(refused)," \
		"outer from $outer to $(counted outer), marked $(counted marked)"
	[ "$(grown relayed_out)" -eq "$((3 * $#))" ] &&
		[ "$(refused)" = "" ] &&
		[ "$(counted outer)" -ge "$((outer + 3 * $#))" ] &&
		[ "$(counted marked)" -eq 0 ]
}

for type in gre "ipip" "vxlan id 7 dstport 4789"; do
	read -ra words <<<"$type"
	families=(4 6)
	[ "$type" != ipip ] || families=(4)
	tunnel "${words[@]}"
	check "out by ${words[0]}: relayed once, outside unmarked" through "${families[@]}"
	if [ "${words[0]}" = vxlan ]; then
		cases python3 "$LAB_DIR/tunnels.py"
	fi
	ip -n "$relay" link del tun
	ip -n "$inet" link del tun
done

check_eq "the counter of marked packets can count" "$(
	in_ns "$relay" nft insert rule inet lab late icmp type echo-request meta mark set 0x1
	in_ns "$relay" ping -q -c 1 "$INET_4" >/dev/null
	counted marked
)" 1
check "the wire is clean" wire_clean
finish
