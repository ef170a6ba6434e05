#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh FIRST STEP RUNS: a share of the transfers, in User-mode Linux
. "$(dirname "$0")/../net/lib.sh"
modprobe() { insmod ../cfr.ko; }

need_cfr
setup_lab
uname -r >"$CFR_OUT/kernel"
python3 "$LAB_DIR/transfers.py" matrix "$@" "$CFR_OUT/transfers"
