#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Transfers over lines that lose and reorder, between stacks with all of TCP's extensions or none, at each level of
# normalisation: what is sent arrives. How fast, make transfers measures.
# boot: warp
# timeout: 900
# proves: N7 N8 N9 T11 T12
#
#   c1 ---- acc ---- relay ---- inet ---- srv
#                 ^        ^ lines
. "$(dirname "$0")/lib.sh"

need_cfr
need tc ethtool
plan 24
setup_lab

cases python3 "$LAB_DIR/transfers.py" smoke

finish
