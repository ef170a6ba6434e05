#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What headers say of their sender, beside addresses and ports, and how that ends: hop counts, DSCP, the IPv4
# identification, the IPv6 flow label, an urgent pointer without its flag.
# proves: N1 N2 N3 N11 N13 V3 F5 F9 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
#               ^ packets enter
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
plan 21
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/normalise.py"

check "the wire is clean" wire_clean
finish
