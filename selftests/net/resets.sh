#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Resets that the relay's own firewall sends: a FORWARD rule that rejects what
# comes back makes the kernel answer in the customer's name, unmarked, so it has
# to leave with the relay tuple all the same.
# proves: L1 I6 V7
#
#   c1 ---- acc ---- relay: reject with tcp reset ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
need nc
plan 7
setup_lab
in_ns "$relay" nft -f - <<'EOF' || exit 1
flush chain inet lab forward
table inet lab {
	chain forward {
		iifname "cust" oifname "up" accept
		iifname "up" oifname "cust" meta l4proto tcp reject with tcp reset
	}
}
EOF
setup_cfr
wire_start "$inet" down

# rejected FAMILY SERVER FILTER: the server hears a reset from the pool
rejected() {
	local family=$1 server=$2 before

	spawn "$srv" nc "-$family" -k -l -p 7000
	busywait 30 listening "$srv" 7000
	spawn "$srv" tcpdump -nn -l -i eth0 --immediate-mode "$3"
	busywait 30 grep -q 'listening on' "$SPAWNED_LOG"
	before=$(stat relayed_out)
	check_not "IPv$family: the customer's connection is refused by the relay" \
		in_ns "$c1" nc "-$family" -w 2 -z "$server" 7000
	check "IPv$family: the server hears a reset from the pool" \
		busywait 10 grep -q 'Flags \[R' "$SPAWNED_LOG"
	check "IPv$family: it was relayed" \
		test "$(stat relayed_out)" -ge $((before + 2))
}

rejected 4 "$SRV_4" "src net $POOL4 and tcp[tcpflags] & tcp-rst != 0"
rejected 6 "$SRV_6" "src net $POOL6 and ip6[53] & 4 != 0"
check "the wire is clean" wire_clean
finish
