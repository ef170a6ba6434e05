#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Epochs end by themselves: then a customer is paired anew, and no flow that lives
# notices.
# boot: warp
# proves: R5 Q4 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
plan 5
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/epochs.py"

check "the wire is clean" wire_clean
finish
