#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the tool and the kernel refuse: with one sentence, with the word to blame
# in quotes, with the right exit code, and without any change.
# timeout: 900
# proves: O5 O22 L10
#
#   relay alone, one address inside 203.0.113.0/24
. "$(dirname "$0")/lib.sh"

need_cfr
setup_ns relay
ip -n "$relay" link add eth0 type dummy
ip -n "$relay" addr add 203.0.113.1/24 dev eth0
ip -n "$relay" addr add 2001:db8:5::1/64 dev eth0 nodad
ip -n "$relay" link set dev eth0 up
cat >"$TMP/base" <<'EOF'
pool web4 prefix 198.51.100.0/24
pool web6 prefix 2001:db8:cf::/56
policy homes mark 0x1/0xff pool web4 pool web6
bypass 192.0.2.0/24 drop
EOF

# refuses CODE PATTERN ARG...: nothing on stdout, all of PATTERN on stderr
refuses() {
	local want=$1 pattern=$2 code before
	shift 2

	before=$(cfr show)
	cfr "$@" >"$TMP/out" 2>"$TMP/err"
	code=$?
	echo "code $code:"
	cat "$TMP/out" "$TMP/err"
	[ "$code" -eq "$want" ] && [ ! -s "$TMP/out" ] &&
		grep -qF -- "$pattern" "$TMP/err" && [ "$(cfr show)" = "$before" ]
}

# the kernel's, exit code 1; words | what stderr must hold
KERNEL=(
	'pool add other prefix 198.51.100.128/25|"198.51.100.128/25": the prefix overlaps another pool'
	'pool add other prefix 198.51.0.0/16|"198.51.0.0/16": the prefix overlaps another pool'
	'pool add other prefix 2001:db8:cf:7::/64|"2001:db8:cf:7::/64": the prefix overlaps another pool'
	'pool add other prefix 192.0.2.0/25 prefix 192.0.2.0/24|the prefix overlaps another prefix of its pool'
	'pool add web4 prefix 192.0.2.0/24|there is a pool of this name already'
	'pool add other prefix 192.0.2.1/24|"192.0.2.1/24": the prefix has bits set beyond its length'
	'pool add other prefix 2001:db8:1::1/64|"2001:db8:1::1/64": the prefix has bits set beyond its length'
	'pool add other prefix 2001:db8:1::/65|"2001:db8:1::/65": an IPv6 prefix of a pool is /32 to /64'
	'pool add other prefix 2001:db8:1::/128|an IPv6 prefix of a pool is /32 to /64'
	'pool add other prefix 203.0.113.0/24|"203.0.113.0/24": the prefix contains an address of this host'
	'pool add other prefix 203.0.113.1/32|the prefix contains an address of this host'
	'pool add other prefix 2001:db8:5::/64|"2001:db8:5::/64": the prefix contains an address of this host'
	'pool add other prefix 127.0.0.0/24|cannot be in a pool'
	'pool add other prefix 224.0.1.0/24|cannot be in a pool'
	'pool add other prefix ff02::/64|cannot be in a pool'
	'pool add other prefix fe80::/64|cannot be in a pool'
	'pool del web4|'
	'pool del nothing|there is no such pool'
	'policy add more mark 0x1/0xff pool web4|another one'
	'policy add more mark 0x2/0xff pool web4 entropy 24|"24": the policy has fewer tuples than its floor of entropy asks for'
	'policy add more mark 0x2/0xff pool web4 touch isn,mss leave isn|a field is both to be touched and to be left alone'
	'policy add more mark 0x100/0xf00 pool web4|a packet'\''s mark can match this policy and another one'
	'policy add more mark 0x0/0xff pool web4|mark 0 is every packet without a mark'
	'policy add more mark 0x102/0xff pool web4|the mark has bits outside its mask'
	'policy add homes mark 0x2/0xff pool web4|there is a policy of this name already'
	'policy add more mark 0x2/0xff pool nothing|"nothing": there is no such pool'
	'policy add more mark 0x2/0xff pool web4 pool web4|the policy names this pool twice'
	'policy del nothing|there is no such policy'
	'bypass add 192.0.2.0/24|there is a bypass of this prefix already'
	'bypass add 192.0.2.7/24|the prefix has bits set beyond its length'
	'bypass del 10.0.0.0/8|there is no such bypass'
)

# the tool's, exit code 2
TOOL=(
	'|Usage: cfrctl'
	'poll add x prefix 192.0.2.0/24|"poll": expected pool, policy, bypass'
	'pool ad x prefix 192.0.2.0/24|"ad": expected add, del or show'
	'pool add|a pool'\''s name'
	'pool add x|'
	'pool add x prefix|a prefix'
	'pool add x prefix 192.0.2.0/33|"192.0.2.0/33": expected a prefix'
	'pool add x prefix 192.0.2|"192.0.2": expected a prefix'
	'pool add x prefix 2001:db8::/129|"2001:db8::/129": expected a prefix'
	'pool add x prefix 192.0.2.0/24x|"192.0.2.0/24x": expected a prefix'
	'pool add x prefix 192.0.2.0/24 ports 9|"9": expected ports'
	'pool add x prefix 192.0.2.0/24 ports 9-8|"9-8": expected ports'
	'pool add x prefix 192.0.2.0/24 ports 1-65536|"1-65536": expected ports'
	'pool add x prefix 192.0.2.0/24 ports 0-9|"0-9": expected ports'
	'pool add x prefix 192.0.2.0/24 colour blue|"colour": expected'
	'policy add x mark 1 pool web4|"1": expected a mark and its mask'
	'policy add x mark 0x1/0xfffffffff pool web4|expected a mark and its mask'
	'policy add x mark 0x1/0xff|pool'
	'policy add x pool web4|mark'
	'policy add x mark 0x2/0xff pool web4 normalise most|"most": expected off, safe, full or uniform'
	'policy add x mark 0x2/0xff pool web4 touch isn,colour|"isn,colour": expected fields'
	'policy add x mark 0x2/0xff pool web4 leave|expected fields'
	'policy add x mark 0x2/0xff pool web4 entropy 113|"113": expected bits'
	'policy add x mark 0x2/0xff pool web4 anonymity 1025|"1025": expected customers'
	'policy add x mark 0x2/0xff pool web4 low ignore|"ignore": expected warn or refuse'
	'show normalisations|"normalisations": expected nothing more'
	'bypass add 192.0.2.0/24 block|"block": expected drop'
	'bypass add|a prefix'
	'flush everything|"everything": expected nothing more'
	'show me|"me": expected nothing more'
	'apply|a file'
	'pool add abcdefghijklmnopqrstuvwxyz123456 prefix 192.0.2.0/24|at most 31 characters'
)

plan $((${#KERNEL[@]} + ${#TOOL[@]} + 14))
check "the base is taken" cfr apply "$TMP/base"
for entry in "${KERNEL[@]}"; do
	read -ra words <<<"${entry%%|*}"
	check "refused: ${words[*]}" refuses 1 "${entry#*|}" "${words[@]}"
done
for entry in "${TOOL[@]}"; do
	read -ra words <<<"${entry%%|*}"
	check "misuse: cfrctl ${words[*]}" refuses 2 "${entry#*|}" "${words[@]}"
done

# --- files are all or nothing

printf 'pool good prefix 192.0.2.0/25\npool bad prefix 198.51.100.0/33\n' >"$TMP/bad"
check "a file with a bad word: its line is named" \
	refuses 2 "$TMP/bad:2" apply "$TMP/bad"
printf 'pool good prefix 192.0.2.0/25\npolicy p mark 0x0/0xff pool good\n' >"$TMP/zero"
check "a file that the kernel refuses" \
	refuses 1 "mark 0" apply "$TMP/zero"
check "a file that is not there" refuses 1 "$TMP/none" apply "$TMP/none"

round_trip() {
	local before

	before=$(cfr show)
	cfr show >"$TMP/shown" && cfr apply "$TMP/shown" && [ "$(cfr show)" = "$before" ]
}
check "show goes through apply unchanged" round_trip

# --- a pool inside a connected prefix is a warning

warned() {
	ip -n "$relay" addr add 192.0.2.200/24 dev eth0
	cfr pool add near prefix 192.0.2.0/25 2>"$TMP/err"
	local code=$?
	cat "$TMP/err"
	[ "$code" -eq 0 ] && grep -q "pool near overlaps a connected prefix of eth0" "$TMP/err"
}
check "a pool inside a connected prefix: taken, with a warning" warned

# --- who may, and without the module

unprivileged() {
	in_ns "$relay" setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps=-all --bounding-set=-all "$CFRCTL" show 2>&1 | tee /dev/stderr |
		grep -q CAP_NET_ADMIN
}
check "without CAP_NET_ADMIN it says so" unprivileged

helps() {
	cfr "$@" --help >"$TMP/out" 2>"$TMP/err" && grep -q '^Usage: cfrctl' "$TMP/out" &&
		[ ! -s "$TMP/err" ]
}
check "help goes to stdout" helps
for command in pool apply; do
	check "help of $command" helps "$command"
done

versions() {
	cfr --version | tee /dev/stderr |
		awk '$1 == "cfrctl" { tool = $2 } $1 == "module" { module = $2 }
			END { exit !(tool != "" && tool == module) }'
}
check "tool and module say one version" versions

json() {
	cfr -j show | jq -e '.pools | length >= 2' && cfr -j stats | jq -e '
		(.counters | has("relayed_out")) and (.refusals | has("mark_too_late"))
		and (.gauges | has("flows") and has("held"))'
}
check "JSON of show and stats" json

# What is normalised: of the level, with the policy's own switches
normalisation() {
	cfr policy add firms mark 0x7/0xff pool web4 normalise safe touch isn leave dscp || return
	cfr show normalisation | tee /dev/stderr | awk '
		/^policy/ { here = $2 == "firms:" }
		here { state[$2] = $1 }
		END { exit !(state["isn"] == "touched" && state["hop-count"] == "touched" &&
			state["dscp"] == "left" && state["mss"] == "left") }' &&
		cfr -j show normalisation | jq -e '
			.policies | length == 2 and all(.fields | length == 16) and
			(.[] | select(.policy == "homes") | .normalise == "full" and
				([.fields[] | select(.state == "touched") | .field] | length == 11))' &&
		cfr policy del firms
}
check "show normalisation lists every field, and whether it is touched" normalisation
explained() {
	cfr stats --explain >"$TMP/out" && grep -q 'raw (-300)' "$TMP/out"
}
check "stats --explain has the sentences" explained
finish
