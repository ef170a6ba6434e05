#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What TCP headers say of their sender, at each level of normalisation, in both directions: offers of a SYN,
# timestamps, cookies, addresses, windows, sequence numbers; and that connections of real stacks go on.
# proves: N5 N6 N7 N8 N9 N10 N13 T10 T11 T12 T13 I7 I13 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
#       loses    ^ packets enter     ^ and here
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
need tc
plan 102
setup_lab
setup_cfr
wire_start "$inet" down

# The stack of the customer knows nothing of its crafted connections.
in_ns "$c1" nft -f - <<'EOF'
table inet mute {
	chain out {
		type filter hook output priority 0; policy accept;
		tcp flags & rst == rst tcp dport 7 drop
	}
}
EOF

cases python3 "$LAB_DIR/segments.py"

check "the wire is clean" wire_clean
finish
