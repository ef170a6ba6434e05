#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An operator's flowtable takes what is forwarded past all hooks, but never a
# relayed flow: each of its packets is the relay's.
# proves: F13 L3 V7
#
#   c1 ---- acc ---- relay: flow add for all ---- inet ---- srv, srv2: bypassed
. "$(dirname "$0")/lib.sh"

need_cfr
need conntrack
plan 7
setup_lab
cfr apply - <<EOF || exit 1
pool web4 prefix $POOL4
pool web6 prefix $POOL6
policy homes mark 0x1/0xff pool web4 pool web6
bypass $SRV2_4
bypass $SRV2_6
EOF
in_ns "$relay" nft -f - <<EOF || exit 1
flush chain inet lab forward
table inet lab {
	flowtable fast {
		hook ingress priority filter; devices = { cust, up };
	}
	chain forward {
		meta l4proto { tcp, udp } flow add @fast
		iifname "cust" oifname "up" accept
		iifname "up" oifname "cust" ct state established,untracked accept
	}
	chain nat {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "up" masquerade
	}
}
EOF
wire_start "$inet" down

cases python3 "$LAB_DIR/flowtable.py"

check "the wire is clean" wire_clean
finish
