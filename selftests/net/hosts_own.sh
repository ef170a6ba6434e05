#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The relay stays a host that can be reached, under a rule that marks all that
# arrives anywhere; nobody reaches it by a pool address.
# proves: L8 L11 T2 L1 V7
#
#   c1 ---- acc ---- relay: sshd ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
need ssh-keygen sshd ping nc
need_scapy
plan 53
setup_lab
setup_cfr
in_ns "$relay" sysctl -qw net.ipv4.fwmark_reflect=1 net.ipv6.fwmark_reflect=1 \
	net.ipv4.tcp_fwmark_accept=1
in_ns "$relay" nft -f - <<'EOF' || exit 1
flush chain inet lab premark
table inet lab {
	chain premark {
		meta mark set 0x1
	}
}
EOF
wire_start "$inet" down

mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f "$TMP/hostkey"
spawn "$relay" "$(command -v sshd)" -D -e -f /dev/null -h "$TMP/hostkey" \
	-o PidFile=none -p 22
busywait 60 listening "$relay" 22

# key NS ADDRESS: a whole key exchange, both ways and more than one packet
key() {
	in_ns "$1" ssh-keyscan -T 30 -t ed25519 "$2" | tee /dev/stderr |
		grep -q ssh-ed25519
}

# resolved NS ADDRESS DEV: ND or ARP from scratch
resolved() {
	ip -n "$1" neigh flush dev "$3"
	in_ns "$1" ping -q -c 1 -W 20 "$2"
}

stats_mark
for family in 4 6; do
	in=CUST_$family out=UP_$family
	check "IPv$family ssh key exchange from the customer's side" key "$c1" "${!in}"
	check "IPv$family ssh key exchange from the internet" key "$srv" "${!out}"
	check "IPv$family ping from the customer" in_ns "$c1" ping -q -c 2 -i 0.2 -W 20 "${!in}"
	check "IPv$family ping from the internet" in_ns "$srv" ping -q -c 2 -i 0.2 -W 20 "${!out}"
	check "IPv$family neighbours find the relay" resolved "$acc" "${!in}" up
	check "IPv$family the relay finds neighbours" resolved "$inet" "${!out}" down
	closed=$(in_ns "$srv" nc -w 20 -vz "${!out}" 23 2>&1)
	check "IPv$family a closed port of the relay refuses" grep -q refused <<<"$closed"
done
check_eq "nothing of that was relayed" "$(grown flows_created)" 0
check_eq "nothing of that was refused" "$(refused)" ""

in_ns "$relay" nft flush chain inet lab premark
in_ns "$relay" nft add rule inet lab premark iifname cust meta mark set 0x1
cases python3 "$LAB_DIR/hosts_own.py"

check "the wire is clean" wire_clean
finish
