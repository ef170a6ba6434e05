#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two relays on one kernel, everything of both the same: customers' addresses,
# ports, pools, servers. Neither knows of the other.
# proves: U14 O7 L1 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv       first
#   c1 ---- acc ---- relay ---- inet ---- srv       second
. "$(dirname "$0")/lib.sh"

need_cfr
plan 9
setup_lab
setup_cfr
wire_start "$inet" down
for name in c1 c2 acc relay inet srv; do
	export "first_$name=${!name}"
done
setup_lab
setup_cfr
wire_start "$inet" down
for name in c1 c2 acc relay inet srv; do
	export "second_$name=${!name}"
done

cases python3 "$LAB_DIR/overlap.py"

check "both wires are clean" wire_clean
finish
