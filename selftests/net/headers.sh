#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What of a packet's headers is the remote's business passes as it is, congestion
# above all; what is the customer's or the relay's own does not leave.
# proves: T14 F12 N14 Z1 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
#               ^          ^ packets enter on both sides
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
plan 17
setup_lab
setup_cfr
in_ns "$relay" nft -f - <<'EOF' || exit 1
table inet late {
	counter seen { }
	counter urgent { }
	chain out {
		type filter hook postrouting priority 300; policy accept;
		oifname "up" udp dport 7 counter name seen
		oifname "up" udp dport 7 meta priority != 0 counter name urgent
	}
}
EOF
wire_start "$inet" down

cases python3 "$LAB_DIR/headers.py"

check "the wire is clean" wire_clean
finish
