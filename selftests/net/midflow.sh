#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A connection whose flow is gone does not hang: the next that its customer sends
# is answered with a reset. Remotes, scanners and resets get no answer.
# proves: O17 T7 L1 V7
#
#   c1, and the relay itself ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
plan 17
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/midflow.py"

check "the wire is clean" wire_clean
finish
