#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# QUIC connections outlive long silence, a client that moves, a server that moves
# and a relay that forgets them, and find the path's MTU by themselves.
# boot: warp
# timeout: 900
# proves: Q1 Q2 Q3 Q5 V7
#
#   c1: gtlsclient ---- acc ---- relay ---- inet ---- srv: gtlsserver
#
# What the server has to say of paths is its own log: whom it got packets from,
# at which of its addresses. Only the PATH_CHALLENGEs of QUIC tie them together.
. "$(dirname "$0")/lib.sh"

need_cfr
need openssl gtlsclient gtlsserver
plan 61
setup_lab
setup_cfr

# where c1 moves to
C1B_4=10.83.101.3 C1B_6=fd83:c0de:101::83:3
SECRETS+=("$C1B_4" "$C1B_6")
ip -n "$c1" addr add "$C1B_4/24" dev eth0
ip -n "$c1" addr add "$C1B_6/64" dev eth0 nodad
# Long enough on a link this slow for something to happen meanwhile.
SIZE=2000000
in_ns "$inet" nft -f - <<'EOF' || exit 1
table inet slow {
	chain pre {
		type filter hook prerouting priority raw; policy accept;
		iifname "srv" limit rate over 400 kbytes/second burst 100 kbytes drop
		iifname "down" limit rate over 400 kbytes/second burst 100 kbytes drop
	}
}
EOF
wire_start "$inet" down

mkdir "$TMP/www" "$TMP/got"
head -c "$SIZE" /dev/urandom >"$TMP/www/blob"
make_cert

# --- the server

# serve FAMILY [OPTION]...
serve() {
	local address=SRV_$1

	spawn "$srv" gtlsserver --htdocs="$TMP/www" --no-quic-dump --no-http-dump \
		"${@:2}" "${!address}" 443 "$TMP/key.pem" "$TMP/cert.pem"
	SERVER=$SPAWNED SERVER_LOG=$SPAWNED_LOG
	busywait 60 listening "$srv" 443
}

# paths: the server's and its peer's addresses of all that it got, each once
paths() {
	sed -n 's/^Received packet: local=\([^ ]*\) remote=\([^ ]*\) .*/\1 \2/p' "$SERVER_LOG" |
		awk '!seen[$0]++'
}

# on_paths NUMBER: there were so many, each from a relay tuple of its own
on_paths() {
	paths | tee /dev/stderr |
		awk -v number="$1" '
			$2 !~ /^\[(198\.51\.100\.[0-9]+|2001:db8:cf:[0-9a-f:]+)\]:[0-9]+$/ { alien++ }
			!seen[$2]++ { tuples++ }
			END { exit alien || NR != number || tuples != number }'
}

# in_two_parts WAY: a good part of the blob went between the server and the first whom
# it knew, another between it and the last; WAY is Sent or Received, by the server
in_two_parts() {
	sed -n "s/^$1 packet: .*remote=\([^ ]*\) .* \([0-9]*\) bytes\$/\1 \2/p" "$SERVER_LOG" |
		awk -v least="$((SIZE / 10))" '
			NR == 1 { first = $1 }
			{ bytes[$1] += $2; last = $1 }
			END {
				for (peer in bytes)
					print peer, bytes[peer]
				exit first == last || bytes[first] < least || bytes[last] < least
			}'
}

# flowing WAY: it is in the middle of it
flowing() {
	awk -v way="$1" -v least="$((SIZE / 4))" '
		$1 == way && $2 == "packet:" { bytes += $(NF - 1) }
		END { exit bytes < least }' "$SERVER_LOG"
}

# --- the client

# request FAMILY [OPTION]...: the client begins to fetch the blob
request() {
	local address=SRV_$1

	rm -f "$TMP/got/blob"
	spawn "$c1" gtlsclient --download="$TMP/got" --no-quic-dump --no-http-dump \
		--exit-on-all-streams-close "${@:2}" "${!address}" 443 https://cfr.test/blob
	CLIENT=$SPAWNED CLIENT_LOG=$SPAWNED_LOG
}

# arrived: all of it, as it was sent
arrived() {
	wait "$CLIENT"
	cmp "$TMP/got/blob" "$TMP/www/blob"
}

# --- silence

# longest_silence FAMILY: of the wire, in seconds
longest_silence() {
	tcpdump -nttr "${WIRES[0]#*:}" "ip${1/4/} and udp port 443" 2>/dev/null |
		awk 'NR > 1 && $1 - was > most { most = $1 - was } { was = $1 } END { print int(most) }'
}

silent() {
	[ "$(longest_silence "$1" | tee /dev/stderr)" -ge 270 ]
}

# --- the client moves

# source_of FAMILY NAME: c1 sends from that address, where nothing is said of it
source_of() {
	local via=ACC_C1_$1

	ip -n "$c1" "-$1" route replace default via "${!via}" src "${!2}"
}

new_port() { :; }

new_address() {
	source_of "$1" "C1B_$1"
}

old_address() {
	source_of "$1" "C1_$1"
}

forgets() {
	cfr flush
}

# moves NAME FAMILY CHANGE WAY [OPTION]...: CHANGE happens while the blob is Sent by
# the server, or Received by it, which then sends it back
moves() {
	local name=$1 family=$2 change=$3 way=$4

	serve "$family"
	[ "$way" = Sent ] || set -- "$@" --data="$TMP/www/blob"
	request "$family" "${@:5}"
	busywait 60 flowing "$way"
	"$change" "$family"
	check "$name: all arrives" arrived
	check "$name: the server saw two relay tuples" on_paths 2
	check "$name: and used both" in_two_parts "$way"
	stop "$SERVER"
	old_address "$family"
}

for family in 4 6; do
	ip=IPv$family other=SRV2_$family moved=C1B_$family
	old_address "$family"

	serve "$family" --timeout=600s
	request "$family" --timeout=600s --delay-stream=280s
	check "$ip silence: all arrives afterwards" arrived
	check "$ip silence: it was one" silent "$family"
	check "$ip silence: the server saw one relay tuple" on_paths 1
	stop "$SERVER"

	moves "$ip new port" "$family" new_port Sent --change-local-addr=3s
	moves "$ip new address" "$family" new_address Sent --change-local-addr=3s
	check "$ip new address: it was one" grep -F "address is now [${!moved}]" "$CLIENT_LOG"
	# Only its own next packet says where a client is that does not know it has moved:
	# one that merely listens would not be found again.
	moves "$ip new port, unannounced" "$family" new_port Received --change-local-addr=3s --nat-rebinding
	moves "$ip forgotten by the relay" "$family" forgets Received

	serve "$family" "--preferred-ipv$family-addr=[${!other}]:443"
	request "$family"
	check "$ip preferred address: all arrives" arrived
	check "$ip preferred address: the server saw a relay tuple at each of its own" on_paths 2
	stop "$SERVER"
done

# --- path MTU discovery

# found SENDER: the largest datagram that the other end got from it
found() {
	local log=$SERVER_LOG

	[ "$1" = client ] || log=$CLIENT_LOG
	sed -n 's/^Received packet: .* \([0-9]*\) bytes$/\1/p' "$log" | sort -n | tail -n 1
}

# both_ways NAME FAMILY: the blob goes to the server and comes back
both_ways() {
	serve "$2"
	request "$2" --data="$TMP/www/blob"
	check "$1: all arrives" arrived
	stop "$SERVER"
}

# The largest of QUIC's probes that fits: 1444 + 8 + 20 or 40 into 1500, 1342 + 8 + 20
# or 40 into 1400. Were DF cleared, the larger would get through a narrow link as
# fragments. One link at a time, narrow for what this sender sends.
for family in 4 6; do
	both_ways "IPv$family wide" "$family"
	check_eq "IPv$family wide: the client knows" "$(found client)" 1444
	check_eq "IPv$family wide: the server knows" "$(found server)" 1444
done
while read -r ns dev sender name; do
	ip -n "${!ns}" link set dev "$dev" mtu 1400
	for family in 4 6; do
		both_ways "IPv$family narrow $name" "$family"
		check_eq "IPv$family narrow $name: the $sender knows" "$(found "$sender")" 1342
	done
	ip -n "${!ns}" link set dev "$dev" mtu 1500
done <<'EOF'
inet srv client beyond the relay
relay up client on the relay's way out
acc c1 server behind the access router
relay cust server on the relay's way to the customer
EOF

# --- what the wire has seen of all this

check "the wire is clean" wire_clean

quic_unharmed
finish
