#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a server sees of many customers, by each way that they may come: a capture of what it is sent for each mode,
# and whose each flow was. selftests/audit/run has it run in a VM, and analyses what it wrote to $CFR_OUT.
# timeout: 3600
#
#   customers' stacks, crafted, on up ---- cust relay up ---- down inet srv ---- eth0 srv
. "$(dirname "$0")/../net/lib.sh"

AUDIT_DIR=$(cd "$(dirname "$0")" && pwd)
MODES=(none masquerade range numgen off safe full uniform)
read -r SEED CUSTOMERS FLOWS <<<"${CFR_AUDIT:-1 40 8}"	# flows: of each customer, family and protocol

need_cfr
plan ${#MODES[@]}
setup_lab

# The access router is only where the crafted stacks are: its own has nothing to say of them.
in_ns "$acc" nft -f - <<'EOF'
table inet mute {
	chain pre {
		type filter hook prerouting priority -400; policy accept;
		ip daddr 10.83.2.0/24 drop
		ip6 daddr fd83:c0de:2::/64 drop
		ip6 daddr fd83:c0de:2::/42 drop
	}
}
EOF
# Replies come back however they were translated.
in_ns "$relay" nft insert rule inet lab forward iifname up oifname cust ct state established accept
ip -n "$relay" route add fd83:c0de:2::/42 via "$ACC_6"

# Some of the customers are machines, on links of their own, each with the clock that it booted with.
MACHINES=()
machine() {
	local dev=home$1 v4=10.83.3.$((4 * $1 + 2)) gw4=10.83.3.$((4 * $1 + 1))
	local net6=fd83:c0de:$((40 + $1))

	ip -n "$acc" tuntap add "$dev" mode tap || exit 1
	ip -n "$acc" addr add "$gw4/30" dev "$dev"
	ip -n "$acc" addr add "$net6::1/64" dev "$dev" nodad
	ip -n "$acc" link set "$dev" up
	in_ns "$acc" setsid "$AUDIT_DIR/linux" mem=128M rootfstype=hostfs rootflags=/ ro init="$AUDIT_DIR/guest.sh" \
		con=null con0=null,fd:1 uml_dir="$TMP" vec0:transport=tap,ifname="$dev" \
		v4="$v4" gw4="$gw4" v6="$net6::83:2" gw6="$net6::1" >"$TMP/$dev.log" 2>&1 &
	# all processes of it; it may not listen to another signal
	defer kill -KILL -- "-$!"
	MACHINES+=("$v4")
}

modprobe tun
for number in 1 2 3 4; do
	machine "$number"
done
spawn "$srv" python3 "$AUDIT_DIR/server.py"
busywait 60 grep -q ready "$SPAWNED_LOG" || exit 1

nat() {
	in_ns "$relay" nft -f - <<EOF
table inet nat {
	chain post {
		type nat hook postrouting priority srcnat;
		oifname up meta nfproto ipv4 $1
		oifname up meta nfproto ipv6 $2
	}
}
EOF
}

# numbered N FORMAT: "0 : FORMAT(1), 1 : FORMAT(2) ..." for a map
numbered() {
	local n

	for ((n = 0; n < $1; n++)); do
		# shellcheck disable=SC2059 # the format is the caller's
		printf "$n : $2, " $((n + 1))
	done
}

mode_up() {
	case $1 in
	none)
		ip -n "$inet" route add 10.83.2.0/23 via "$UP_4"
		ip -n "$inet" route add fd83:c0de::/41 via "$UP_6"
		;;
	masquerade) nat masquerade masquerade ;;
	range)
		nat "snat ip to 198.51.100.1-198.51.100.199 fully-random" \
			"snat ip6 to 2001:db8:cf::1-2001:db8:cf::c7 fully-random"
		;;
	numgen)
		nat "snat ip to numgen random mod 199 map { $(numbered 199 '198.51.100.%d') }" \
			"snat ip6 to numgen random mod 199 map { $(numbered 199 '2001:db8:cf::%x') }"
		;;
	*)
		cfr apply - <<-EOF
			pool web4 prefix $POOL4
			pool web6 prefix $POOL6
			policy homes mark 0x1/0xff pool web4 pool web6 normalise $1
		EOF
		;;
	esac
}

mode_down() {
	case $1 in
	none)
		ip -n "$inet" route del 10.83.2.0/23
		ip -n "$inet" route del fd83:c0de::/41
		;;
	masquerade | range | numgen)
		in_ns "$relay" nft delete table inet nat
		;;
	*)
		echo | cfr apply -
		;;
	esac
	# The next mode has the same customers and ports.
	in_ns "$relay" conntrack -F
}

collect() {
	local capture

	mode_up "$1" || return 1
	spawn "$srv" tcpdump -i eth0 -s 120 -B 65536 -Z root -w "$CFR_OUT/$1.pcap" "tcp dst port 80 or udp dst port 443"
	capture=$SPAWNED
	busywait 60 grep -q 'listening on' "$SPAWNED_LOG" || return 1
	python3 "$AUDIT_DIR/customers.py" "$SEED" "$CUSTOMERS" "$FLOWS" "$CFR_OUT/$1.json" \
		"${MACHINES[@]}"
	local result=$?
	pause 50
	stop "$capture"
	gzip "$CFR_OUT/$1.pcap"
	mode_down "$1" >/dev/null 2>&1
	return "$result"
}

uname -r >"$CFR_OUT/kernel"
for mode in "${MODES[@]}"; do
	check "flows by way of $mode" collect "$mode"
done
finish
