#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What cannot be relayed never leaves: each refusal, its counter, its answer.
# timeout: 900
# proves: L1 L8 Q6 V4 V5 N12 I10 I11 I15 A6 G5 O2 O13 O15 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
#               ^ crafted packets enter here
. "$(dirname "$0")/lib.sh"

need_cfr
need nmap
need_scapy
plan 94
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/failclosed.py"

# --- nmap's scans of two ports, retries and all

# scan FLAG ADDRESS: nothing of it reaches the server's side
scan() {
	stats_mark
	in_ns "$c1" nmap -n -Pn -T5 --max-retries 1 -p 7000,7001 "$@" || return
	refused
	grep -q "$expect" <<<"$(refused)" && [ "$(grown relayed_out)" -eq 0 ]
}

for family in 4 6; do
	server=SRV_$family
	options=()
	[ "$family" = 4 ] || options=(-6)
	for flag in -sX -sN -sF -sA; do
		expect='^tcp_flags=+[1-9][0-9]*$'
		[ "$flag" != -sA ] || expect='^tcp_no_flow=+[1-9][0-9]*$'
		check "IPv$family nmap $flag" \
			scan "$flag" "${options[@]}" "${!server}"
	done
done

check "the wire is clean" wire_clean
finish
