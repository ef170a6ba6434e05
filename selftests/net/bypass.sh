#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Destinations that are not relayed: built in, the operator's, refused.
# proves: G5 C3 L1 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
#
# For what is bypassed the customer's address is routable here: inet and srv
# know the way back, and the relay's firewall forwards what is tracked.
. "$(dirname "$0")/lib.sh"

need_cfr
plan 20
setup_lab
setup_cfr
in_ns "$relay" nft insert rule inet lab forward ct state established accept
ip -n "$inet" -batch - <<EOF || exit 1
route add 10.83.0.0/16 via $UP_4
route add fd83:c0de::/32 via $UP_6
route add 10.201.0.0/24 via $UP_4
route add fd20:1::/64 via $UP_6
EOF
for remote in 10.99.7.7 100.64.7.7 172.16.7.7 192.168.7.7 fd99:7::7; do
	ip -n "$srv" addr add "$remote" dev eth0
	ip -n "$inet" route add "$remote" dev srv
done
wire_start "$inet" down

cases python3 "$LAB_DIR/bypass.py"

check "the wire is clean but for what was bypassed" wire_clean \
	--open 10.99.7.7/32 --open 100.64.7.7/32 --open 172.16.7.7/32 \
	--open 192.168.7.7/32 --open fd99:7::7/128 \
	--open "$SRV2_4/32" --open "$SRV2_6/128"
finish
