#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# HTTP/3 of real programs passes, both ways and whole.
# proves: Q5 V7
#
#   c1: curl ---- acc ---- relay ---- inet ---- srv: nginx
. "$(dirname "$0")/lib.sh"

need_cfr
need curl nginx openssl
curl -V | grep -qw HTTP3 || skip_all "curl has no HTTP/3"
nginx -V 2>&1 | grep -q http_v3_module || skip_all "nginx has no HTTP/3"
plan 9
setup_lab
setup_cfr
wire_start "$inet" down

mkdir "$TMP/www"
head -c 300000 /dev/urandom >"$TMP/blob"
make_cert
cat >"$TMP/nginx.conf" <<EOF
user root;
daemon off;
worker_processes 1;
pid $TMP/nginx.pid;
error_log stderr;
events { }
http {
	log_format peer '\$remote_addr \$remote_port \$http3 \$status';
	access_log $TMP/access.log peer;
	client_body_temp_path $TMP/body;
	client_max_body_size 1m;
	server {
		listen 443 quic;
		listen [::]:443 quic;
		ssl_certificate $TMP/cert.pem;
		ssl_certificate_key $TMP/key.pem;
		root $TMP/www;
		dav_methods PUT;
	}
}
EOF
spawn "$srv" nginx -e stderr -c "$TMP/nginx.conf"
busywait 60 listening "$srv" 443

h3() {
	in_ns "$c1" curl -sSk --fail --http3-only --max-time 60 "$@"
}

# there NAME HOST: the server has it as it was sent
there() {
	h3 -T "$TMP/blob" "https://$2/$1" && cmp "$TMP/www/$1" "$TMP/blob"
}

and_back() {
	h3 -o "$TMP/got" "https://$2/$1" && cmp "$TMP/got" "$TMP/blob"
}

# logged PATTERN: nginx has seen a pool's address twice, HTTP/3 and ports >= 1024
logged() {
	tail -n 2 "$TMP/access.log" | tee /dev/stderr |
		awk -v pattern="$1" '
			$1 ~ pattern && $2 >= 1024 && $3 == "h3" && $4 ~ /^20/ { good++ }
			END { exit good != 2 }'
}

check "IPv4 HTTP/3: curl to nginx" there four "$SRV_4"
check "IPv4 HTTP/3: and back" and_back four "$SRV_4"
check "IPv4 HTTP/3: nginx saw a pool's addresses" logged '^198\.51\.100\.'
check "IPv6 HTTP/3: curl to nginx" there six "[$SRV_6]"
check "IPv6 HTTP/3: and back" and_back six "[$SRV_6]"
check "IPv6 HTTP/3: nginx saw a pool's addresses" logged '^2001:db8:cf:'

check "the wire is clean" wire_clean
quic_unharmed
finish
