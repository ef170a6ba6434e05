#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# CFR beside conntrack: an unmarked customer is masqueraded and tracked, a marked
# one is relayed and never seen by conntrack; invalid packets are dropped by the
# operator and no relayed flow or ICMP error suffers from it.
# proves: L3 I4 I6 F4 V7
#
#   c1 (marked) ---- \
#                     acc ---- relay: CFR, masquerade ---- inet ---- srv
#   c2 (not marked) - /
. "$(dirname "$0")/lib.sh"

need_cfr
need conntrack
need_scapy
plan 23
setup_lab
in_ns "$relay" nft -f - <<EOF || exit 1
flush table inet lab
table inet lab {
	chain premark {
		iifname "cust" ip saddr != $C2_4 meta mark set 0x1
		iifname "cust" ip6 saddr != $C2_6 meta mark set 0x1
	}
	chain forward {
		ct state invalid drop
		ct state established,related accept
		iifname "cust" oifname "up" accept
		iifname "up" oifname "cust" ct state untracked accept
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "up" masquerade
	}
}
EOF
setup_cfr
wire_start "$inet" down
spawn "$relay" conntrack -E
events=$SPAWNED_LOG

# The listener hears c2 before anything counts.
heard() {
	in_ns "$c2" ping -q -c 1 -W 1 "$SRV_4" >/dev/null
	grep -q "src=$C2_4" "$events"
}
busywait 60 heard

cases python3 "$LAB_DIR/conntrack.py"

check "conntrack -E heard of c2 in both families" \
	grep -q "src=$C2_6" "$events"
check_not "conntrack -E never heard of c1 or of a pool" \
	grep -E "src=($C1_4|$C1_6|198\.51\.100\.|2001:db8:cf:)" "$events"
check "the wire is clean" wire_clean
finish
