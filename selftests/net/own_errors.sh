#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Errors that the relay's own stack makes about rewritten packets reach their
# sender, translated, and leak nothing.
# proves: I4 I6 F3 F4 L1 V7
#
#   c1 ---- acc ---- relay ---- inet ---- srv
#                      wg ====== wg       in the second half
. "$(dirname "$0")/lib.sh"

need_cfr
plan 11
setup_lab
setup_cfr
wire_start "$inet" down

# --- WireGuard beside the plain link, with a smaller MTU

if command -v wg >/dev/null && ip -n "$relay" link add wg type wireguard 2>/dev/null; then
	ip -n "$inet" link add wg type wireguard
	for side in relay inet; do
		(umask 077 && wg genkey >"$TMP/$side.key")
		wg pubkey <"$TMP/$side.key" >"$TMP/$side.pub"
	done
	in_ns "$relay" wg set wg listen-port 51820 private-key "$TMP/relay.key" \
		peer "$(cat "$TMP/inet.pub")" endpoint "$INET_4:51820" \
		allowed-ips 203.0.113.0/24,2001:db8:5::/64
	in_ns "$inet" wg set wg listen-port 51820 private-key "$TMP/inet.key" \
		peer "$(cat "$TMP/relay.pub")" endpoint "$UP_4:51820" \
		allowed-ips "$POOL4,$POOL6"
	ip -n "$relay" link set dev wg mtu 1300 up
	ip -n "$inet" link set dev wg mtu 1300 up
	in_ns "$relay" nft -f - <<'EOF'
table inet lab {
	chain forward {
		iifname "cust" oifname "wg" accept
		iifname { "wg", "up" } oifname "cust" ct state untracked accept
	}
}
EOF
	wire_start "$inet" wg
fi

cases python3 "$LAB_DIR/own_errors.py"

check "the wire is clean" wire_clean
finish
