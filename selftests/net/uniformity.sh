#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Relay addresses and ports are uniform and follow from nothing.
# timeout: 900
# proves: R2 R3 C7 V1 U4 V7
#
#   c1 ---- acc ---- relay ---- inet
#               ^ first packets enter here, 2000 flows a family
. "$(dirname "$0")/lib.sh"

need_cfr
plan 17
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/uniformity.py"

check "the wire is clean" wire_clean
finish
