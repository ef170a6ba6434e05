#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Path MTU discovery works end to end, both ways, wherever the narrow link is.
# timeout: 900
# proves: F1 F3 F4 I4 I6 L1 V7
#
#                1380   1370   1390   1400
#   c1 ---- acc ----- . ---- relay ---- inet ---- srv
#
# One link at a time, narrow for what leaves its sender: acc to c1, relay to
# acc, relay to inet, inet to srv.
. "$(dirname "$0")/lib.sh"

need_cfr
plan 25
setup_lab
setup_cfr
wire_start "$inet" down

cases python3 "$LAB_DIR/pmtud.py"

check "the wire is clean" wire_clean
finish
