# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The demo's traffic, by real programs, and the capture of what reaches the internet side.

# What opens a flow, and whatever carries a customer's own source; bulk data would drown both.
CAPTURE_FILTER='src net 10.20.0.0/16 or src net fd20::/16
	or udp port 53 or (icmp and icmp[icmptype] == icmp-echo) or (icmp6 and ip6[40] == 128)
	or (ip and tcp and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn)
	or (ip6 and ip6[6] == 6 and ip6[53] & 0x12 == 2)'

capture_start() {
	: >"$T/capture.err"
	# exec, so that the job is tcpdump itself and can be told to stop
	(exec nsenter --net=/run/netns/inet -- tcpdump -i down -Q in -nn -U -s 200 \
		-w "$T/capture" "$CAPTURE_FILTER" 2>"$T/capture.err") &
	capture=$!
	until_true grep -q listening "$T/capture.err"
}

# capture_stop WAY NAME: keep the text of it, a line a packet
capture_stop() {
	kill "$capture"
	wait "$capture" || true
	tcpdump -nn -r "$T/capture" >"$T/$1/$2" 2>/dev/null
}

# fetch CUSTOMER FAMILY FLOW: over HTTPS; the port that the customer chose is kept
fetch() {
	local to=$SRV4
	[[ $2 == 4 ]] || to="[$SRV6]"
	nsx "$1" curl -sk -o "$T/got-$3" --max-time 20 --resolve "www.demo.example:443:$to" \
		-w '%{local_port}\n' "https://www.demo.example/page?flow=$3" >"$T/port-$3"
	cmp "$T/got-$3" "$T/page"
}

browse() {
	local jobs=()
	: >"$T/nginx.log"
	fetch c1 4 c1-v4-first & jobs+=($!)
	fetch c1 4 c1-v4-second & jobs+=($!)
	fetch c1 6 c1-v6 & jobs+=($!)
	fetch c2 4 c2-v4 & jobs+=($!)
	fetch c2 6 c2-v6 & jobs+=($!)
	wait_all "${jobs[@]}"
	cp "$T/nginx.log" "$T/$1/nginx"
	cp "$T"/port-* "$T/$1/"
}

wait_all() {
	local job
	for job in "$@"; do
		wait "$job" || { echo "a program of the demo failed"; return 1; }
	done
}

resolve_and_ping() {
	local jobs=()
	nsx c1 dig +short +tries=1 +time=10 "@$DNS4" c1.demo.example A >"$T/$1/dig4" & jobs+=($!)
	nsx c2 dig +short +tries=1 +time=10 "@$DNS6" c2.demo.example AAAA >"$T/$1/dig6" & jobs+=($!)
	nsx c1 ping -q -c 2 -i 0.2 "$SRV4" >"$T/$1/ping4" & jobs+=($!)
	nsx c2 ping -q -c 2 -i 0.2 "$SRV6" >"$T/$1/ping6" & jobs+=($!)
	wait_all "${jobs[@]}"
	grep -qx "$SRV4" "$T/$1/dig4"
	grep -qx "$SRV6" "$T/$1/dig6"
}

bulk() {
	local jobs=()
	nsx c1 timeout 30 iperf3 -c "$SRV4" -p 5201 -t 2 -J >"$T/$1/iperf4" & jobs+=($!)
	nsx c2 timeout 30 iperf3 -c "$SRV6" -p 5202 -t 2 -J >"$T/$1/iperf6" & jobs+=($!)
	wait_all "${jobs[@]}"
	ip -n c1 route get "$SRV4" >"$T/$1/route4"
	ip -n c2 route get "$SRV6" >"$T/$1/route6"
}

xmas_scan() {
	local jobs=() options=(-sX -Pn -n --max-retries 0 --min-rate 50 --host-timeout 8s -p "21-25,80,443")
	nsx c1 timeout 30 nmap "${options[@]}" "$SRV4" >"$T/$1/nmap4" & jobs+=($!)
	nsx c2 timeout 30 nmap -6 "${options[@]}" "$SRV6" >"$T/$1/nmap6" & jobs+=($!)
	wait_all "${jobs[@]}"
}

# A RST of a connection that the relay has forgotten: neither way has a flow for this port.
late_rst() {
	nsx c1 python3 -I -S late_rst.py "$C1_4" 1024 "$SRV4" 443
	nsx c2 python3 -I -S late_rst.py "$C2_6" 1024 "$SRV6" 443
}
