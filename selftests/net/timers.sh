#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How long a mapping lives, what keeps it alive, and how long its tuple rests.
# boot: warp
# proves: U5 U6 U7 U8 I2 I8 T2 T3 T4 T5 T6 T7 T10 C4 V7
#
#   c1 ---- acc ---- relay ---- inet
#               ^          ^ packets enter on both sides
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
plan 42
setup_lab
setup_cfr
# The customer's own kernel knows none of these flows and would reset them.
in_ns "$acc" nft -f - <<'EOF' || exit 1
table inet lab {
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "up" oifname "c1" th sport 7 drop
	}
}
EOF
wire_start "$inet" down

cases python3 "$LAB_DIR/timers.py"

check "the wire is clean" wire_clean
finish
