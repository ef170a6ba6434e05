#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traffic of all kinds and sizes passes unchanged but for the sender's address.
# timeout: 900
# proves: Z1 U1 U4 U9 I1 V1 F1 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv: nginx, unbound, iperf3, echo
. "$(dirname "$0")/lib.sh"

need_cfr
need curl nginx openssl dig unbound ping iperf3
plan 64
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/transport.py"

# --- HTTPS

mkdir -p "$TMP/www"
head -c 300000 /dev/urandom >"$TMP/www/blob"
make_cert
cat >"$TMP/nginx.conf" <<EOF
user root;
daemon off;
worker_processes 1;
pid $TMP/nginx.pid;
error_log stderr;
events { }
http {
	log_format peer '\$remote_addr \$remote_port \$ssl_protocol \$status';
	access_log $TMP/access.log peer;
	server {
		listen 443 ssl;
		listen [::]:443 ssl;
		ssl_protocols TLSv1.3;
		ssl_certificate $TMP/cert.pem;
		ssl_certificate_key $TMP/key.pem;
		root $TMP/www;
	}
}
EOF
spawn "$srv" nginx -e stderr -c "$TMP/nginx.conf"
busywait 60 listening "$srv" 443

https() {
	in_ns "$c1" curl -sk --max-time 60 -o "$TMP/got" "https://$1/blob" &&
		cmp "$TMP/got" "$TMP/www/blob"
}

# logged PATTERN: nginx has seen a pool's address, TLS 1.3 and a port >= 1024
logged() {
	tail -n 1 "$TMP/access.log" | tee /dev/stderr |
		awk -v pattern="$1" '
			{ good = $1 ~ pattern && $2 >= 1024 && $3 == "TLSv1.3" && $4 == 200 }
			END { exit !good }'
}

check "IPv4 HTTPS with curl from nginx" https "$SRV_4"
check "IPv4 HTTPS: nginx saw a pool address" logged '^198\.51\.100\.'
check "IPv6 HTTPS with curl from nginx" https "[$SRV_6]"
check "IPv6 HTTPS: nginx saw a pool address" logged '^2001:db8:cf:'

# --- DNS

cat >"$TMP/unbound.conf" <<EOF
server:
	directory: "$TMP"
	username: ""
	chroot: ""
	pidfile: "$TMP/unbound.pid"
	do-daemonize: no
	use-syslog: no
	interface: $SRV_4
	interface: $SRV_6
	access-control: 198.51.100.0/24 allow
	access-control: 2001:db8:cf::/56 allow
	local-zone: cfr.test. static
	local-data: "cfr.test. A 203.0.113.53"
	local-data: "cfr.test. AAAA 2001:db8:5::53"
remote-control:
	control-enable: no
EOF
spawn "$srv" unbound -d -c "$TMP/unbound.conf"
busywait 60 listening "$srv" 53

lookup() {
	in_ns "$c1" dig +short +tries=3 "$@" | tee /dev/stderr |
		grep -qE '^(203.0.113.53|2001:db8:5::53)$'
}

for family in 4 6; do
	server=SRV_$family
	check "IPv$family DNS over UDP with dig from unbound" \
		lookup "@${!server}" cfr.test A
	check "IPv$family DNS over TCP with dig from unbound" \
		lookup +tcp "@${!server}" cfr.test AAAA
done

# --- ping

for family in 4 6; do
	server=SRV_$family
	for size in 0 56 8000 60000; do
		check "IPv$family ping of $size bytes" in_ns "$c1" ping -"$family" \
			-nq -c 2 -i 0.2 -W 20 -s "$size" "${!server}"
	done
done

# --- iperf3

# Every datagram arrives, in both directions.
udp_stream() {
	in_ns "$c1" iperf3 -J -u -b 2M -k 60 -l "$2" -p "520$family" \
		-c "$1" "${@:3}" |
		tee /dev/stderr |
		jq -e '.end.sum | .packets >= 60 and .lost_packets == 0' >/dev/null
}

for family in 4 6; do
	server=SRV_$family
	spawn "$srv" iperf3 -s -B "${!server}" -p "520$family"
	busywait 60 listening "$srv" "520$family"
	check "IPv$family iperf3 UDP to the server" udp_stream "${!server}" 1200
	check "IPv$family iperf3 UDP from the server" udp_stream "${!server}" 1200 -R
done

# --- after all of it

refusals() {
	cfr -j stats | jq -c '.refusals | with_entries(select(.value != 0))'
}
check_eq "nothing was refused but the strangers" "$(refusals)" '{"in_no_flow":4}'
check "the wire is clean" wire_clean
finish
