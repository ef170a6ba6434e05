# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The demo's network, its servers and the two ways to configure the relay.

SRV4=203.0.113.10 SRV6=2001:db8:5::10
DNS4=203.0.113.153 DNS6=2001:db8:6::53
# shellcheck disable=SC2034 # traffic.sh and report.sh read them
C1_4=10.20.1.2 C1_6=fd20:1::2 C2_4=10.20.2.2 C2_6=fd20:2::2
POOL4=198.51.100.0/24 POOL6=2001:db8:cf::/56

# nsx NAME COMMAND...: in a namespace, without the second mount namespace that ip netns exec makes
nsx() {
	local name=$1
	shift
	nsenter --net="/run/netns/$name" -- "$@"
}

# until_true COMMAND...: wait for a condition, 20 s at most
until_true() {
	local end=$((SECONDS + 20))
	until "$@" >/dev/null 2>&1; do
		[[ $SECONDS -lt $end ]] || { echo "never came true: $*"; return 1; }
		read -rt 0.1 <><(:) || true
	done
}

build_topology() {
	local ns
	# New namespaces inherit these, so no address waits for duplicate detection.
	sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv4.ping_group_range="0 0"
	printf 'netns add %s\n' c1 c2 acc relay inet srv dns >"$T/netns"
	ip -batch "$T/netns"
	ip -batch - <<-LINKS
		link add name eth netns c1 type veth peer name c1 netns acc
		link add name eth netns c2 type veth peer name c2 netns acc
		link add name up netns acc type veth peer name cust netns relay
		link add name up netns relay type veth peer name down netns inet
		link add name srv netns inet type veth peer name eth netns srv
		link add name dns netns inet type veth peer name eth netns dns
	LINKS
	for ns in acc relay inet; do
		nsx "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done
	configure c1 "eth $C1_4/24 $C1_6/64" "default 10.20.1.1" "default fd20:1::1"
	configure c2 "eth $C2_4/24 $C2_6/64" "default 10.20.2.1" "default fd20:2::1"
	configure acc "c1 10.20.1.1/24 fd20:1::1/64" "c2 10.20.2.1/24 fd20:2::1/64" \
		"up 10.20.0.2/24 fd20::2/64" "default 10.20.0.1" "default fd20::1"
	configure relay "cust 10.20.0.1/24 fd20::1/64" "up 192.0.2.1/24 2001:db8:1::1/64" \
		"10.20.0.0/16 10.20.0.2" "fd20::/16 fd20::2" "default 192.0.2.2" "default 2001:db8:1::2"
	configure inet "down 192.0.2.2/24 2001:db8:1::2/64" "srv 203.0.113.1/25 2001:db8:5::1/64" \
		"dns 203.0.113.129/25 2001:db8:6::1/64" "$POOL4 192.0.2.1" "$POOL6 2001:db8:1::1"
	# A veth drops what exceeds its own MTU on arrival too, so the smaller MTU is the route's.
	ip -n inet -batch - <<-ROUTES
		route replace 203.0.113.0/25 dev srv mtu lock 1400
		route add 2001:db8:5::/64 dev srv mtu lock 1400 metric 1
	ROUTES
	configure srv "eth $SRV4/25 $SRV6/64" "default 203.0.113.1" "default 2001:db8:5::1"
	configure dns "eth $DNS4/25 $DNS6/64" "default 203.0.113.129" "default 2001:db8:6::1"
}

# configure NS "LINK ADDR4 ADDR6"... "PREFIX GATEWAY"...
configure() {
	local ns=$1 line a b c
	shift
	{
		echo "link set lo up"
		for line in "$@"; do
			read -r a b c <<<"$line"
			if [[ -n $c ]]; then
				printf 'addr add %s dev %s\naddr add %s dev %s nodad\nlink set dev %s up\n' \
					"$b" "$a" "$c" "$a" "$a"
			else
				echo "route add $a via $b"
			fi
		done
	} | ip -n "$ns" -batch -
}

start_servers() {
	head -c 100000 /dev/urandom >"$T/page"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj /CN=www.demo.example -keyout "$T/key" -out "$T/cert" 2>/dev/null
	cat >"$T/nginx.conf" <<-NGINX
		daemon off;
		user root;
		worker_processes 1;
		pid $T/nginx.pid;
		error_log $T/nginx.err;
		events { }
		http {
			log_format seen '\$arg_flow \$remote_addr \$remote_port \$ssl_protocol';
			access_log $T/nginx.log seen;
			server {
				listen 443 ssl;
				listen [::]:443 ssl;
				ssl_protocols TLSv1.3;
				ssl_certificate $T/cert;
				ssl_certificate_key $T/key;
				root $T;
			}
		}
	NGINX
	cat >"$T/unbound.conf" <<-UNBOUND
		server:
			interface: $DNS4
			interface: $DNS6
			access-control: 0.0.0.0/0 allow
			access-control: ::/0 allow
			username: ""
			chroot: ""
			directory: "$T"
			pidfile: "$T/unbound.pid"
			use-syslog: no
			logfile: "$T/unbound.log"
			do-daemonize: no
			module-config: "iterator"
			local-zone: "demo.example." redirect
			local-data: "demo.example. A $SRV4"
			local-data: "demo.example. AAAA $SRV6"
		remote-control:
			control-enable: no
	UNBOUND
	nsx srv nginx -c "$T/nginx.conf" &
	nsx dns unbound -c "$T/unbound.conf" &
	nsx srv iperf3 -s -p 5201 >/dev/null &
	nsx srv iperf3 -s -p 5202 >/dev/null &
	until_true listening srv 443
	until_true listening srv 5201
	until_true listening srv 5202
	until_true listening dns 53
}

listening() {
	nsx "$1" ss -Hltn "sport = $2" | grep -q .
}

# Both ways run behind the same default-drop FORWARD: customers may open flows, replies come back.
# Masquerade's replies are "established"; CFR's are untracked, because conntrack never sees them.
forward_rules() {
	cat <<-RULES
		table inet demo {
			chain forward {
				type filter hook forward priority filter; policy drop;
				iifname "cust" oifname "up" accept
				iifname "up" oifname "cust" ct state established,related accept
				iifname "up" oifname "cust" ct state untracked accept
			}
			$1
		}
	RULES
}

masquerade_on() {
	forward_rules 'chain nat { type nat hook postrouting priority srcnat; oifname "up" masquerade; }' |
		nsx relay nft -f -
}

masquerade_off() {
	nsx relay nft delete table inet demo
	nsx relay conntrack -F 2>/dev/null
}

cfr_on() {
	forward_rules 'chain customers { type filter hook prerouting priority raw; iifname "cust" meta mark set 0x1; }' |
		nsx relay nft -f -
	cat >"$T/cfr.conf" <<-CONF
		pool web4 prefix $POOL4
		pool web6 prefix $POOL6
		policy homes mark 0x1/0xff pool web4 pool web6
	CONF
	sed 's/^/         /' "$T/cfr.conf"
	nsx relay cfrctl apply "$T/cfr.conf"
}
