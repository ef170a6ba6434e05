#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two CPUs see the first packets of one flow: one flow, no loss, nothing left.
# proves: O16 U1 V7
#
#   c1 (two senders, one socket) ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
plan 5
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/race.py"

check "the wire is clean" wire_clean
finish
