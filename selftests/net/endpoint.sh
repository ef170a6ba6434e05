#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Scope endpoint: one relay tuple for all of an endpoint's remotes, filters, hairpinning; pairings; profiles.
# proves: U1 U2 U3 U9 U10 U11 U16 T1 T8 I9 R5 O5 L1 L8 V2 V7 V8
#
#   c1, c2 ---- acc ---- relay ---- inet ---- srv, two addresses
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
plan 62
setup_lab
setup_cfr
hairpins
# The kernel would tell one customer of a better way to the other.
for dev in all cust up; do
	in_ns "$relay" sysctl -qw "net.ipv4.conf.$dev.send_redirects=1"
done
wire_start "$inet" down

cases python3 "$LAB_DIR/endpoint.py"

check "the wire is clean" wire_clean
finish
