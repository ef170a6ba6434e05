#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The floor of a policy's entropy: pools too small for it are refused; when too few
# tuples are free where flows go to, it is told, shown, counted or refused; and it
# passes.
# timeout: 600
# proves: R4 L10
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
plan 9
setup_lab
setup_cfr

cases python3 "$LAB_DIR/entropy.py"

finish
