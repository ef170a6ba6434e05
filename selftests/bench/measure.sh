#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot: warp
# timeout: 3600
#
# Instructions per packet through a relay, one way, small packets.
#
#   client ---- customers [relay] uplink ---- server
#                  |                             |
#              case "sink"                  every other case
#           drops and counts here         drops and counts here
#
# Run as root inside the VM by selftests/bench/run. Writes lines of
#   row CASE FAMILY PROTO FLOWS NEW INSTRUCTIONS SLICES SPREAD_PERCENT GENERATOR
#   slab CACHE BYTES
#   kernel RELEASE
# to $CFR_OUT/rows. The namespaces of a case that keeps flows live for one family
# and protocol, so that no measurement sees another's flows.
set -euo pipefail
cd "$(dirname "$0")"

out=${CFR_OUT:-.}/rows
cases=${BENCH_CASES:-sink floor forward masquerade flowtable slow full sealed}
families=${BENCH_FAMILIES:-4 6}
protos=${BENCH_PROTOS:-udp tcp}
counts=${BENCH_FLOWS:-1 1000 100000}

# Indices of flows that no other measurement uses.
new_first=1000000

client=client-$$
relay=relay-$$
server=server-$$

slices=9
packets=1500
result=0
was=()
# The guest's clock jumps while it is idle, so this waits for workers and RCU
# to finish, not for time to pass.
settle() { sleep 1; }

# sysctl(8) would be one more package to need.
sysctls() { # NETNS NAME=VALUE...
	local ns=$1

	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$ns" bash -c 'for s; do
		echo "${s#*=}" > "/proc/sys/${s%%=*}" || exit 1; done' sysctls "$@"
}

mac() { ip -n "$1" -br link show dev "$2" | awk '{ print $3 }'; }

# Drops the measured packets and nothing else, so that ARP and ND live.
drop_at() { # NETNS DEV
	tc -n "$1" -batch - <<-END
		qdisc add dev $2 clsact
		filter add dev $2 ingress protocol ip prio 1 u32 match ip protocol 17 0xff action drop
		filter add dev $2 ingress protocol ipv6 prio 2 u32 match ip6 protocol 17 0xff action drop
		filter add dev $2 ingress protocol ip prio 3 u32 match ip protocol 6 0xff action drop
		filter add dev $2 ingress protocol ipv6 prio 4 u32 match ip6 protocol 6 0xff action drop
	END
}

dropped_at() { # NETNS DEV
	tc -n "$1" -s filter show dev "$2" ingress |
		awk '/dropped/ { gsub(/[(,]/, " "); for (i = 1; i < NF; i++)
			if ($i == "dropped") n += $(i + 1) } END { print n + 0 }'
}

topology_up() {
	local ns

	for ns in "$client" "$relay" "$server"; do
		ip netns add "$ns"
		sysctls "$ns" net/ipv6/conf/{all,default}/accept_{dad,ra}=0 \
			net/ipv6/conf/default/router_solicitations=0
	done
	ip -n "$relay" -batch - <<-END
		link add customers type veth peer name client netns $client
		link add uplink type veth peer name server netns $server
		link set lo up
		link set customers up
		link set uplink up
	END
	# what pktgen sends has a checksum then, not a promise of one
	ip netns exec "$client" ethtool -K client tx off > /dev/null
	ip -n "$client" link set client up
	ip -n "$server" link set server up
	client_mac=$(mac "$client" client)
	server_mac=$(mac "$server" server)
	ip -n "$relay" -batch - <<-END
		addr add 192.0.2.1/24 dev customers
		addr add 203.0.113.1/24 dev uplink
		addr add 2001:db8:c::1/64 dev customers
		addr add 2001:db8:5::1/64 dev uplink
		neigh add 192.0.2.2 lladdr $client_mac dev customers nud permanent
		neigh add 203.0.113.2 lladdr $server_mac dev uplink nud permanent
		neigh add 2001:db8:c::2 lladdr $client_mac dev customers nud permanent
		neigh add 2001:db8:5::2 lladdr $server_mac dev uplink nud permanent
		route add 198.18.0.0/16 via 192.0.2.2
		route add 198.19.0.0/16 via 203.0.113.2
		route add 2001:db8:18::/48 via 2001:db8:c::2
		route add 2001:db8:19::/48 via 2001:db8:5::2
	END
	sysctls "$relay" net/ipv4/ip_forward=1 net/ipv6/conf/all/forwarding=1
	# replies while warming up must not make the ends' own stacks answer
	drop_at "$client" client
	drop_at "$server" server
	ends=(-c "$client" -s "$server"
		-C "$(mac "$relay" customers)" -S "$(mac "$relay" uplink)")
}

topology_down() {
	local ns

	for ns in "$client" "$relay" "$server"; do
		ip netns del "$ns" 2>/dev/null || true
	done
	settle
}
trap topology_down EXIT

nft_relay() { ip netns exec "$relay" nft -f -; }

# Conntrack at its best: no checksum in software (a NIC would have done it),
# no timer that ends a flow within the run.
conntrack_tune() {
	sysctls "$relay" net/netfilter/nf_conntrack_checksum=0 \
		net/netfilter/nf_conntrack_udp_timeout{,_stream}=7200
}

masquerade_up() {
	nft_relay <<-END
		table inet nat {
			chain post {
				type nat hook postrouting priority srcnat
				oifname "uplink" masquerade
			}
		}
	END
	conntrack_tune
}

case_up() { # CASE
	# the same rule everywhere: CFR needs it, so forwarding pays for it too
	nft_relay <<-END
		table inet marks {
			chain pre {
				type filter hook prerouting priority raw
				meta mark set 0x1
			}
		}
	END
	case $1 in
	sink)
		drop_at "$relay" customers
		;;
	floor)
		tc -n "$relay" -batch - <<-END
			qdisc add dev customers clsact
			filter add dev customers ingress protocol ip prio 1 matchall action mirred egress redirect dev uplink
			filter add dev customers ingress protocol ipv6 prio 2 matchall action mirred egress redirect dev uplink
		END
		;;
	forward) ;;
	masquerade)
		masquerade_up
		;;
	flowtable)
		masquerade_up
		nft_relay <<-END
			table inet shortcut {
				flowtable fast {
					hook ingress priority 0
					devices = { customers, uplink }
				}
				chain forward {
					type filter hook forward priority filter
					counter
					meta l4proto { tcp, udp } flow add @fast
				}
			}
		END
		sysctls "$relay" net/netfilter/nf_flowtable_{udp,tcp}_timeout=7200
		;;
	slow | full | sealed)
		local normalise=off mappings=clear

		[ "$1" != full ] || normalise=full
		[ "$1" != sealed ] || mappings=sealed
		ip netns exec "$relay" cfrctl apply - <<-END
			pool bench4 prefix 198.51.100.0/24
			pool bench6 prefix 2001:db8:cf::/64
			policy bench mark 0x1/0xff pool bench4 pool bench6 normalise $normalise
			mappings $mappings
		END
		;;
	esac
}

# What the relay itself says about the packets that it saw: "SEEN CREATED".
# The flowtable's must never be seen, the others' only while flows are made.
path_count() { # CASE
	local flows=/proc/sys/net/netfilter/nf_conntrack_count

	case $1 in
	masquerade) echo 0 "$(ip netns exec "$relay" cat "$flows")" ;;
	flowtable)
		echo "$(ip netns exec "$relay" nft list table inet shortcut |
			awk '/counter packets/ { print $3 }')" \
			"$(ip netns exec "$relay" cat "$flows")"
		;;
	slow | full | sealed)
		ip netns exec "$relay" cfrctl -j stats |
			jq -r '.counters | "\(.relayed_out) \(.flows_created)"'
		;;
	*) echo 0 0 ;;
	esac
}

# Where the packets of a case end: NETNS DEV
sink_of() { # CASE
	if [ "$1" = sink ]; then
		echo "$relay" customers
	else
		echo "$server" server
	fi
}

# What was counted before a measurement, for counted to compare with
count_first() { # CASE
	read -r -a was <<< "$(path_count "$1")"
	# shellcheck disable=SC2046 # two words
	was+=("$(dropped_at $(sink_of "$1"))")
}

# Did all packets arrive, and by the path that they were to take?
counted() { # CASE NEW SENT
	local seen created dropped

	read -r seen created <<< "$(path_count "$1")"
	# shellcheck disable=SC2046 # two words
	dropped=$(($(dropped_at $(sink_of "$1")) - was[2]))
	seen=$((seen - was[0]))
	created=$((created - was[1]))
	if [ "$dropped" -lt "$3" ]; then
		echo "# $3 sent, $dropped at the sink"
		return 1
	fi
	case $1,$2 in
	flowtable,* | masquerade,* | slow,* | full,* | sealed,*)
		if [ "$2" = false ] && [ "$created" -ne 0 ] ||
			[ "$2" = true ] && [ "$created" -lt "$3" ]; then
			echo "# $created flows were created by $3 packets"
			return 1
		fi
		;;&
	flowtable,*)
		[ "$seen" -eq 0 ] || { echo "# $seen packets left the flowtable"; return 1; }
		;;
	slow,* | full,* | sealed,*)
		[ "$seen" -ge "$3" ] || { echo "# only $seen of $3 relayed"; return 1; }
		;;
	esac
}

# Writes the row: the median of the slices on standard input, and their spread
# in percent.
record() { # GENERATOR CASE FAMILY PROTO FLOWS NEW
	local generator=$1

	shift
	sort -n | awk -v what="$*" -v generator="$generator" '
		{ x[NR] = $1 }
		END {
			m = NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2
			printf "row %s %.1f %d %.2f %s\n", what, m, NR,
				100 * (x[NR] - x[1]) / m, generator
		}' >> "$out"
}

flowgen() { # CASE FAMILY PROTO FLOWS NEW
	local args=() how=() text sent used=$4

	sent=$((slices * packets))
	[ "$2" = 6 ] && args+=(-6)
	[ "$3" = tcp ] && args+=(-t)
	if [ "$5" = true ]; then
		args+=(-f "$new_first")
		how+=(new)
	else
		# flows beyond what the slices reach only have to fill the table
		[ "$4" -le "$sent" ] || used=$sent
		args+=(-n "$used")
	fi
	if [ "$1" = sink ]; then
		how+=(customers "$relay")
	elif [ "$5" = false ]; then
		case $1 in
		masquerade | flowtable | slow | full | sealed)
			./flowgen "${ends[@]}" "${args[@]}" warm rewritten || return
			[ "$4" -eq "$used" ] || ./flowgen "${ends[@]}" "${args[@]}" -f "$used" \
				-n $(($4 - used)) open rewritten || return
			;;
		forward)
			# stateless: one flow proves that it forwards
			./flowgen "${ends[@]}" "${args[@]}" -n 1 warm || return ;;
		esac
		settle
	fi
	count_first "$1"
	text=$(./flowgen "${ends[@]}" "${args[@]}" send "$slices" "$packets" "${how[@]}") || return
	counted "$1" "$5" "$sent" || return
	awk '{ print $2 }' <<< "$text" | record flowgen "$@"
}

# Prints a line with the microseconds of each round. A round begins with the
# first flow; ports go up by one from packet to packet, so the flows are as many
# as the least common multiple of the two ranges.
pktgen_send() { # FAMILY FLOWS COUNT ROUNDS
	local sources=$2 remotes=1 addresses

	if [ "$2" -gt 50000 ]; then
		remotes=32
		sources=$(($2 / remotes))
	fi
	if [ "$1" = 4 ]; then
		addresses=("src_min 198.18.1.1" "src_max 198.18.1.1"
			"dst_min 198.19.1.1" "dst_max 198.19.1.1" "pkt_size 60")
	else
		addresses=("src6 2001:db8:18::1:1" "dst6 2001:db8:19::1:1" "pkt_size 78")
	fi
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$client" bash -euc '
		rounds=$1
		shift
		echo rem_device_all > /proc/net/pktgen/kpktgend_0
		echo add_device client > /proc/net/pktgen/kpktgend_0
		for line; do
			echo "$line" > /proc/net/pktgen/client
		done
		while [ "$rounds" -gt 0 ]; do
			echo start > /proc/net/pktgen/pgctrl
			sed -n "s/.*(c\([0-9]*\)+.*/\1/p" /proc/net/pktgen/client
			rounds=$((rounds - 1))
		done
		echo rem_device_all > /proc/net/pktgen/kpktgend_0' pktgen "$4" \
		"count $3" "clone_skb 0" "delay 0" "flag UDPCSUM" \
		"dst_mac $(mac "$relay" customers)" "${addresses[@]}" \
		"udp_src_min 10000" "udp_src_max $((10000 + sources))" \
		"udp_dst_min 443" "udp_dst_max $((443 + remotes))"
}

# The kernel's own generator: UDP only, and its skbs are shared, so a relay
# clones each and copies its header.
pktgen() { # CASE FAMILY PROTO FLOWS NEW
	local text count=10000 rounds=3

	case $1 in
	masquerade | flowtable | slow | full | sealed)
		# all flows; a flowtable takes them when they are seen again
		pktgen_send "$2" "$4" "$4" 3 > /dev/null || return ;;
	*)
		pktgen_send "$2" "$4" 100 1 > /dev/null || return ;;
	esac
	settle
	count_first "$1"
	text=$(pktgen_send "$2" "$4" "$count" "$rounds") || return
	counted "$1" "$5" $((count * rounds)) || return
	awk -v count="$count" '{ print 1000 * $1 / count }' <<< "$text" | record pktgen "$@"
}

# Not under set -e, as a condition: generators return what goes wrong itself.
row() { # GENERATOR CASE FAMILY PROTO FLOWS NEW
	number=$((number + 1))
	if "$@"; then
		echo "ok $number $* # $(tail -n 1 "$out")"
	else
		echo "not ok $number $*"
		result=1
	fi
}

# /sys/kernel/slab shows a cache only while its module is there.
slab() {
	local cache

	for cache in /sys/kernel/slab/cfr_flow* /sys/kernel/slab/nf_conntrack; do
		[ -e "$cache/slab_size" ] || continue
		echo "slab ${cache##*/} $(< "$cache/slab_size")" >> "$out"
	done
}

number=0
echo "kernel $(uname -r)" > "$out"
make -s flowgen
modprobe -a sch_ingress cls_u32 cls_matchall act_gact act_mirred veth pktgen \
	nf_conntrack nf_tables nft_masq nft_flow_offload
for name in buckets=262144 max=1000000; do
	echo "${name#*=}" > "/proc/sys/net/netfilter/nf_conntrack_${name%=*}"
done
if [[ " $cases " == *" slow "* || " $cases " == *" full "* || " $cases " == *" sealed "* ]]; then
	rmmod cfr 2> /dev/null || true
	modprobe cfr max_flows=1000000 max_flows_total=1000000
fi
echo "TAP version 13"
for name in $cases; do
	fresh=
	for family in $families; do
		for proto in $protos; do
			if [ -z "$fresh" ]; then
				topology_up
				case_up "$name"
				settle
			fi
			for flows in $counts; do
				slices=7 packets=1000
				[ "$flows" -le 1000 ] || slices=5 packets=2000
				row flowgen "$name" "$family" "$proto" "$flows" false
				# while the table is still small
				[ "$flows" = 1000 ] || continue
				case $name in
				sink | forward | masquerade | slow | full)
					row flowgen "$name" "$family" "$proto" $((slices * packets)) true
					;;
				esac
			done
			case $name in
			masquerade | flowtable | slow | full | sealed) topology_down ;;
			*) fresh=no ;;
			esac
		done
	done
	[ -z "$fresh" ] || topology_down
done
for name in $cases; do
	for family in $families; do
		topology_up
		case_up "$name"
		settle
		for flows in $counts; do
			row pktgen "$name" "$family" udp "$flows" false
		done
		topology_down
	done
done
slab
echo "1..$number"
exit "$result"
