#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The demo's course, inside the VM: the same traffic twice through the same relay, first with nftables
# masquerade, then with CFR, and what the far side saw of it.
#
#   c1 -\
#        acc ---- relay ---- inet ----(mtu 1400)---- srv   nginx, TLS 1.3; iperf3
#   c2 -/    cust       up       \------------------ dns   unbound
# timeout: 240
set -euo pipefail
cd "$(dirname "$0")"
T=$(mktemp -d)
export T
. ./topology.sh
. ./traffic.sh
. ./report.sh

step() {
	local now
	read -r now _ </proc/uptime
	printf '[%4.0f s] %s\n' "$now" "$*"
}

# run_traffic WAY: all of it once, with what the internet side and the servers saw kept in $T/WAY
run_traffic() {
	local way=$1
	mkdir "$T/$way"
	capture_start "$way"
	step "$way: curl over HTTPS, IPv4 and IPv6, both customers"
	browse "$way"
	step "$way: DNS queries, ping"
	resolve_and_ping "$way"
	step "$way: iperf3 through the router with the smaller MTU"
	bulk "$way"
	nsx relay conntrack -L -f ipv4 >"$T/$way/conntrack" 2>/dev/null
	nsx relay conntrack -L -f ipv6 >>"$T/$way/conntrack" 2>/dev/null
	[[ $way != CFR ]] || nsx relay cfrctl -j stats >"$T/$way/stats"
	capture_stop "$way" traffic
	capture_start "$way"
	step "$way: nmap -sX, as a customer would run it"
	xmas_scan "$way"
	capture_stop "$way" xmas
	capture_start "$way"
	step "$way: a RST that comes when the relay has forgotten the connection"
	late_rst "$way"
	capture_stop "$way" rst
	[[ $way != CFR ]] || nsx relay cfrctl -j stats >"$T/$way/refused"
}

step "building the network: 2 customers, access router, relay, internet router, server, DNS"
build_topology
start_servers
masquerade_on
run_traffic masquerade
masquerade_off
step "cfrctl apply"
cfr_on
run_traffic CFR
report
