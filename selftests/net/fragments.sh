#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fragments pass in any order, both ways; what stays in pieces does not pass, and a
# flood of it harms nobody.
# proves: F1 F2 V5 L1 V7
#
#                    v inbound fragments enter here
#   c1 ---- acc ---- relay ---- inet ---- srv
#               ^ outbound fragments enter here
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
plan 35
setup_lab
setup_cfr
wire_start "$inet" down 2048	# whole fragments, and room for a flood of them

cases python3 "$LAB_DIR/fragments.py"

check "the wire is clean" wire_clean
finish
