#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Relay addresses and ports are uniform and follow from nothing.
# proves: U1 U4 V1 Z5 L8 L9 V7
#
#   c1 ---- acc ---- relay ---- inet
#               ^ first packets enter here, 2000 flows a family
. "$(dirname "$0")/lib.sh"

need_cfr
plan 15
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/uniformity.py"

check "the wire is clean" wire_clean
finish
