#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ICMP errors reach whom they are about, in both directions, and say nothing of
# the customer side.
# timeout: 900
# proves: I3 I4 I5 I6 I7 I8 I12 I13 I14 T9 V7 L1
#
#                    v inbound errors enter here
#   c1 ---- acc ---- relay ---- inet ---- srv
#               ^ outbound errors enter here
. "$(dirname "$0")/lib.sh"

need_cfr
need traceroute
need_scapy
plan 109
setup_lab
KNOBS='normalise off' setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/icmp_errors.py"

# hops FAMILY ADDRESS HOP...: traceroute names exactly these hops
hops() {
	in_ns "$c1" traceroute -n -"$1" -q 1 -N 1 -w 20 -m 6 "${method[@]}" "$2" |
		tee /dev/stderr | awk 'NR > 1 { printf "%s ", $2 }' >"$TMP/hops"
	[ "$(cat "$TMP/hops")" = "${*:3} " ]
}

for family in 4 6; do
	near=ACC_C1_$family relay_addr=CUST_$family
	far=INET_$family server=SRV_$family
	for method in "" -I -T; do
		read -ra method <<<"$method"
		check "IPv$family traceroute ${method[*]} through the relay" \
			hops "$family" "${!server}" "${!near}" "${!relay_addr}" \
			"${!far}" "${!server}"
	done
done

check "the wire is clean" wire_clean
finish
