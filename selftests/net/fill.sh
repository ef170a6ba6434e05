#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# However full the pool, each tuple that is free towards a remote is as likely as
# any other, and it is found.
# timeout: 1800
# proves: U13 R3 C7 C8 V7
#
#   c1 ---- acc ---- relay: 1000 tuples ---- inet
#               ^ first packets enter here
. "$(dirname "$0")/lib.sh"

need_cfr
plan 25
setup_lab
setup_cfr
wire_start "$inet" down 256	# whole packets, and room for a flood of them

cases python3 "$LAB_DIR/fill.py"

check "the wire is clean" wire_clean
finish
