#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the internet sees of a flow says nothing about its customer's port, about
# whose it is, or about what another relay with this configuration would choose.
# proves: R1 R6 C10 U4 V7
#
#   c1, c2 ---- acc ---- relay ---- inet
#                   ^ first packets enter here
. "$(dirname "$0")/lib.sh"

need_cfr
plan 7
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/unlinked.py"

check "the wire is clean" wire_clean
finish
