#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sealed mappings relay as clear ones do, and a switch between them ends all flows and says so.
# timeout: 900
# proves: L7
#
#   each of the tests in its own network, see there
. "$(dirname "$0")/lib.sh"

TESTS=(transport icmp_errors segments)
WARNING="mappings are kept in another way from now on: all flows have ended"

# warns VALUE: the tool does, and the flow that there was has ended
warns() {
	cfr mappings set "$1" 2>"$TMP/err" || return
	cat "$TMP/err"
	grep -qF "$WARNING" "$TMP/err" && [ "$(stat flows)" = 0 ]
}

silent() {
	cfr mappings set "$1" 2>"$TMP/err" && [ ! -s "$TMP/err" ] && [ "$(stat flows)" = "$2" ]
}

flow() {
	in_ns "$c1" bash -c "echo x >/dev/udp/$SRV_4/9" && busywait 5 test "$(stat flows)" = 1
}

need_cfr
plan $((${#TESTS[@]} + 8))
setup_lab
setup_cfr
check "a flow" flow
check "sealing ends it, and is told" warns sealed
check "what is in force is shown" test "$(cfr mappings show)" = "mappings sealed"
check "a sealed flow" flow
check "what is sealed already stays" silent sealed 1
check "unsealing ends it, and is told" warns clear
check "clear is what there is without a line" test -z "$(cfr mappings show)"
check "and a reset says nothing new" cfr mappings reset

for test in "${TESTS[@]}"; do
	check "net/$test.sh with sealed mappings" env COMMON="mappings sealed" "$LAB_DIR/$test.sh"
done
finish
