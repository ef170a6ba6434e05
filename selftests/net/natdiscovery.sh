#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What each profile is, in the words of RFC 5780, to a program that has never heard of relays.
# boot: warp
# timeout: 600
# proves: U1 U5 U9 U10 L1 V7
#
#   c1: turnutils_natdiscovery ---- acc ---- relay ---- inet ---- srv: turnserver, two addresses
. "$(dirname "$0")/lib.sh"

need_cfr
need turnserver turnutils_natdiscovery
plan 25
setup_lab
hairpins
wire_start "$inet" down
stun_server

# profile NAME: of the one policy, whose flows are new
profile() {
	cfr apply - <<EOP || exit 1
pool web4 prefix $POOL4
pool web6 prefix $POOL6
policy homes mark 0x1/0xff pool web4 pool web6 profile $1
EOP
	cfr flush
}

# discover FAMILY LINE OPTION...: the tool says LINE
discover() {
	local server=SRV_$1

	in_ns "$c1" turnutils_natdiscovery "${@:3}" "${!server}" | tee /dev/stderr | grep -Fx "$2"
}

SILENCE="STUN receive timeout.."
declare -A HAIRPINS=([off]=$SILENCE [on]="Received a request (maybe a successful hairpinning)")
for family in 4 6; do
	while IFS=: read -r name mapping filtering hairpin; do
		ip="IPv$family $name"
		profile "$name"
		check "$ip: $mapping mapping" discover "$family" "NAT with $mapping Mapping!" -m
		check "$ip: $filtering filtering" discover "$family" "NAT with $filtering Filtering!" -f
		check "$ip: hairpinning $hairpin" discover "$family" "${HAIRPINS[$hairpin]}" -H
	done <<'EOP'
privacy:Address and Port Dependent:Address and Port Dependent:off
balanced:Endpoint Independent:Address Dependent:off
strict-rfc:Endpoint Independent:Endpoint Independent:on
EOP
	# After a silence the tool asks from a second port for an answer to the first, which
	# needs one address for both, as strict-rfc has it.
	check "$ip: a mapping lives for 290 s" discover "$family" "RFC 5780 response 2" -t -T 290
	stats_mark
	check "$ip: and not for 310 s" discover "$family" "$SILENCE" -t -T 310
	check_eq "$ip: what came too late was refused" "$(refused)" in_no_flow=+1
done

check "the wire is clean" wire_clean
finish
