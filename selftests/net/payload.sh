#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What customers say to their remotes is nobody's business: no payload is read or
# changed, whatever it looks like, nothing is opened because of it, and no log says
# who spoke to whom.
# proves: U12 C6 L5 Z1 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
need strings
plan 10
setup_lab
setup_cfr
wire_start "$inet" down

said=$(dmesg | wc -l)
cases python3 "$LAB_DIR/payload.py"
cfr flush

check "the wire is clean" wire_clean

# log: what the kernel has said meanwhile
log() {
	dmesg | tail -n "+$((said + 1))"
}

# no_word: no address of anybody in it, nor any word of the module's
no_word() {
	! log | grep -E '10\.83\.|198\.51\.100\.|203\.0\.113\.|fd83:|2001:db8:|cfr'
}

no_events() {
	mount -t tracefs nodev "$TMP/tracing" && defer umount "$TMP/tracing"
	grep -q : "$TMP/tracing/available_events" &&
		! grep -i '^cfr' "$TMP/tracing/available_events"
}

# no_format: a string that prints an address is nowhere in the module
no_format() {
	strings -d "$1" | grep -q cfr && ! strings -d "$1" | grep -E '%p[Ii][46S]|%[*0-9]*ph'
}

mkdir "$TMP/tracing"
check "the kernel's log names nobody" no_word
check "there is no event to be traced" no_events
module=$(modinfo -n cfr 2>/dev/null)
if [ -f "$module" ]; then
	xz -dc "$module" >"$TMP/cfr.ko" 2>/dev/null || cp "$module" "$TMP/cfr.ko"
	check "the module cannot print an address" no_format "$TMP/cfr.ko"
else
	skip "the module cannot print an address" "cfr is built in"
fi
finish
