#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# While flows live, nothing that root can read or ask for has a customer and a relay address of it: no file of /proc, /sys,
# debugfs or tracefs, no line of the log, no answer to any command.
# timeout: 1200
# proves: L5
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
plan 8
setup_lab
setup_cfr
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug || exit 1
mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing || exit 1

cases python3 "$LAB_DIR/channels.py"

finish
