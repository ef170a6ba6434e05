#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The floor of customers behind a relay address: how many there are is shown as
# customers come and go, whoever listens is told when they are too few, and no flow is
# refused for it.
# boot: warp
# timeout: 600
# proves: R7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
plan 9
setup_lab
setup_cfr

cases python3 "$LAB_DIR/anonymity.py"

finish
