# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the demo measured, side by side. Every figure is read from this run's captures and logs.

FLOWS="c1-v4-first c1-v4-second c1-v6 c2-v4 c2-v6 dns-c1 dns-c2 ping-c1 ping-c2
	iperf-5201-1 iperf-5201-2 iperf-5202-1 iperf-5202-2"

# seen WAY FLOW: the address and port (or echo id) that the far side saw, "ADDRESS PORT"
seen() {
	local dir=$T/$1
	case $2 in
	c?-*) awk -v flow="$2" '$1 == flow { print $2, $3; exit }' "$dir/nginx" ;;
	dns-*) source_of "$dir/traffic" "[?] ${2#dns-}[.]demo[.]example" 1 ;;
	ping-c1) awk '/ICMP echo request/ { sub(",", "", $10); print $3, $10; exit }' "$dir/traffic" ;;
	ping-c2) awk '/ICMP6, echo request/ { sub(",", "", $10); print $3, $10; exit }' "$dir/traffic" ;;
	iperf-*) source_of "$dir/traffic" "[.]${2:6:4}: Flags \\[S\\]" "${2##*-}" ;;
	esac
}

# source_of FILE PATTERN N: source address and port of the Nth distinct sender of matching packets
source_of() {
	awk -v pattern="$2" -v nth="$3" '$0 ~ pattern && !known[$3]++ && ++count == nth {
		address = $3
		sub("[.][0-9]+$", "", address)
		print address, substr($3, length(address) + 2)
		exit
	}' "$1"
}

what() {
	case $1 in
	c?-v?) echo "${1%%-*} https ${1#*-}" ;;
	c?-v?-*) echo "${1%%-*} https v4, ${1##*-}" ;;
	dns-c1) echo "c1 dns   v4" ;;
	dns-c2) echo "c2 dns   v6" ;;
	ping-c1) echo "c1 ping  v4" ;;
	ping-c2) echo "c2 ping  v6" ;;
	iperf-5201-1) echo "c1 iperf v4, control" ;;
	iperf-5201-2) echo "c1 iperf v4, data" ;;
	iperf-5202-1) echo "c2 iperf v6, control" ;;
	iperf-5202-2) echo "c2 iperf v6, data" ;;
	esac
}

shown() {
	local way=$1 flow=$2 address port
	read -r address port < <(seen "$way" "$flow") || true
	if [[ -z $address ]]; then
		echo "nothing"
	elif [[ $flow == ping-* ]]; then
		echo "$address id $port"
	elif [[ $address == *:* ]]; then
		echo "[$address]:$port"
	else
		echo "$address:$port"
	fi
}

# distinct WAY FAMILY: how many flows arrived, from how many different addresses
distinct() {
	local flow
	for flow in $FLOWS; do
		seen "$1" "$flow"
	done | awk -v family="$2" '($1 ~ /:/) == (family == 6) { flows++; if (!known[$1]++) addresses++ }
		END { print flows + 0, addresses + 0 }'
}

# leaks WAY CAPTURE: packets on the internet side that carry a customer's own source address
leaks() {
	awk '$3 ~ /^10[.]20[.]/ || $3 ~ /^fd20:/' "$T/$1/$2" | wc -l
}

# kept_ports WAY: HTTPS flows that arrived with the port their customer chose
kept_ports() {
	local flow kept=0 port
	for flow in c1-v4-first c1-v4-second c1-v6 c2-v4 c2-v6; do
		read -r _ port < <(seen "$1" "$flow")
		[[ $port != "$(<"$T/$1/port-$flow")" ]] || kept=$((kept + 1))
	done
	echo "$kept"
}

path_mtu() {
	sed -nE 's/.* mtu ([0-9]+).*/\1/p' "$T/$1/route$2"
}

megabits() {
	jq -r '.end.sum_received.bits_per_second / 1e6 | floor' "$T/$1/iperf$2"
}

tracked() { wc -l <"$T/$1/conntrack"; }

row() { printf '  %-24s%-28s%s\n' "$@"; }

report() {
	local flow way flows addresses
	local -A odd leak_xmas leak_rst leak_traffic v4 v6 sum
	echo
	row "What the far side saw" "nftables masquerade" "CFR"
	row "----------------------" "--------------------------" "----------------------------------------------"
	for flow in $FLOWS; do
		row "$(what "$flow")" "$(shown masquerade "$flow")" "$(shown CFR "$flow")"
	done
	for way in masquerade CFR; do
		leak_traffic[$way]=$(leaks "$way" traffic)
		leak_xmas[$way]=$(leaks "$way" xmas)
		leak_rst[$way]=$(leaks "$way" rst)
		odd[$way]=$((${leak_xmas[$way]} + ${leak_rst[$way]}))
		read -r flows addresses < <(distinct "$way" 4)
		v4[$way]="$addresses for $flows flows"
		sum[$way]=$addresses flows4=$flows
		read -r flows addresses < <(distinct "$way" 6)
		v6[$way]="$addresses for $flows flows"
		sum[$way]=$((${sum[$way]} + addresses)) flows=$((flows + flows4))
	done
	echo
	row "IPv4 addresses seen" "${v4[masquerade]}" "${v4[CFR]}"
	row "IPv6 addresses seen" "${v6[masquerade]}" "${v6[CFR]}"
	row "customer's port kept" "$(kept_ports masquerade) of 5 https flows" "$(kept_ports CFR) of 5 https flows"
	row "path MTU learnt v4, v6" "$(path_mtu masquerade 4), $(path_mtu masquerade 6)" \
		"$(path_mtu CFR 4), $(path_mtu CFR 6)"
	row "iperf3 Mbit/s v4, v6" "$(megabits masquerade 4), $(megabits masquerade 6) (emulated)" \
		"$(megabits CFR 4), $(megabits CFR 6) (emulated)"
	echo
	echo "  Packets that left with a customer's own address"
	row "during all of the above" "${leak_traffic[masquerade]}" "${leak_traffic[CFR]}"
	row "nmap -sX" "${leak_xmas[masquerade]}" "${leak_xmas[CFR]}"
	row "late RST" "${leak_rst[masquerade]}" "${leak_rst[CFR]}"
	awk '$3 ~ /^10[.]20[.]/ || $3 ~ /^fd20:/ { sub("^[^ ]* ", ""); print "    e.g. " substr($0, 1, 84); exit }' \
		"$T/masquerade/xmas" "$T/masquerade/rst"
	echo
	row "conntrack -L" "$(tracked masquerade) lines" "$(tracked CFR) lines"
	awk 'NR == 1 { gsub("  +", " "); print "    e.g. " substr($0, 1, 88); exit }' "$T/masquerade/conntrack"
	row "cfrctl stats says" "" "$(jq -r '"relayed out \(.counters.relayed_out), in \(.counters.relayed_in)"' "$T/CFR/stats")"
	jq -r '.refusals | to_entries[] | select(.value > 0) | "\(.key) \(.value)"' "$T/CFR/refused" |
		while read -r flow addresses; do
			row "" "" "refused $addresses packets: $flow"
		done
	cat <<-SUMMARY

		In short: the same $flows flows of two customers crossed the same relay twice. Behind masquerade
		the far side saw ${sum[masquerade]} addresses, so all flows of a household look like one; behind CFR it saw
		${sum[CFR]} addresses. A scan with strange flags and a late reset sent ${odd[masquerade]} packets with a customer's
		own address past masquerade (a rule that drops "ct state invalid" would have stopped them; CFR
		needs none) and ${odd[CFR]} past CFR. Masquerade left $(tracked masquerade) lines in the connection table that name customer and
		server side by side; CFR left $(tracked CFR).
	SUMMARY
}
