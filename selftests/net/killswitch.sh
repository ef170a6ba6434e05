#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kill switch: an nftables table that drops what the module does not relay,
# whatever becomes of module, mark and tool; and that is not in the way of what
# the module, the relay's host and the bypass list let through.
# timeout: 1200
# proves: L1 L2 G5 O5
#
#   c1 (mark 1) ---- \
#                     acc ---- relay: CFR, kill switch ---- inet ---- srv
#   c2 (mark 2) ---- /
#
# inet counts what reaches it, by destination: a private one, that of the first
# configuration's bypass, that of the second's, everybody else's, a pool's.
. "$(dirname "$0")/lib.sh"

need_cfr
need nc
[ -e /sys/module/cfr/initstate ] || skip_all "cfr is built in"
plan 98

export PRIVATE_4=10.99.7.7 PRIVATE_6=fd99:7::7
export OLD_4=198.18.6.1 OLD_6=2001:db8:dada:6::1
export NEW_4=198.18.7.1 NEW_6=2001:db8:dada:7::1
export INSIDE_4=198.51.100.66 INSIDE_6=2001:db8:cf::66

setup_lab
premark() {
	in_ns "$relay" nft -f - <<EOF || exit 1
flush chain inet lab premark
table inet lab {
	chain premark {
		iifname "cust" ip saddr $C1_4 meta mark set 0x1
		iifname "cust" ip6 saddr $C1_6 meta mark set 0x1
		iifname "cust" ip saddr $C2_4 meta mark set 0x2
		iifname "cust" ip6 saddr $C2_6 meta mark set 0x2
	}
}
EOF
}
premark
{
	echo 'table inet seen {'
	for name in PRIVATE OLD NEW DARK INSIDE; do
		echo "counter ${name}_4 { }; counter ${name}_6 { }"
	done
	echo 'chain pre { type filter hook prerouting priority raw; policy accept;'
	for name in PRIVATE OLD NEW DARK INSIDE; do
		four=${name}_4 six=${name}_6
		echo "iifname down ip daddr ${!four} counter name $four"
		echo "iifname down ip6 daddr ${!six} counter name $six"
	done
	echo '}; }'
} | in_ns "$inet" nft -f - || exit 1

cat >"$TMP/first" <<EOF
pool web4 prefix $POOL4
pool web6 prefix $POOL6
policy homes mark 0x1/0xff pool web4 pool web6
bypass $OLD_4
bypass $OLD_6
EOF
cat >"$TMP/second" <<EOF
pool web4 prefix $POOL4
pool web6 prefix $POOL6
policy guests mark 0x2/0xff pool web4 pool web6
bypass $NEW_4
bypass $NEW_6
bypass $OLD_4 drop
EOF

# --- what is seen

seen() {
	nft_counter "$inet" seen "$1"
}

caught() {
	nft_counter "$relay" cfr_killswitch "${1:-caught}"
}

# grew WAS CMD...: three packets more
grew() {
	local was=$1
	shift

	[ "$("$@")" -ge $((was + 3)) ]
}

# send NS NAME_FAMILY: three datagrams
send() {
	# shellcheck disable=SC2016 # the shell in the namespace expands it
	in_ns "$1" bash -c 'for i in 1 2 3; do echo $i >"/dev/udp/$0/9"; done' "${!2}"
}

passes() {
	local was

	was=$(seen "$2")
	send "$@"
	busywait 60 grew "$was" seen "$2"
}

# The counter moves when the packet is gone for good.
drops() {
	local was before

	was=$(caught)
	before=$(seen "$2")
	send "$@"
	busywait 60 grew "$was" caught && [ "$(seen "$2")" = "$before" ]
}

ruleset() {
	in_ns "$relay" nft -s list table inet cfr_killswitch
}

same_ruleset() {
	ruleset | diff - "$TMP/before"
}

# check_both NAME CMD ARG...: the last word, if it names an address, becomes that
# of the family; else the family comes behind it
check_both() {
	local name=$1 family words

	for family in 4 6; do
		words=("${@:2}")
		case ${!#} in
		[A-Z]*) words[-1]=${!#}_$family ;;
		*) words+=("$family") ;;
		esac
		check "IPv$family $name" "${words[@]}"
	done
}

# --- print, install, refusals

check "the configuration is taken" cfr apply "$TMP/first"
prints() {
	cfr killswitch print interface cust >"$TMP/ruleset" &&
		in_ns "$relay" nft -c -f "$TMP/ruleset" && not ruleset
}
check "what is printed, nft would load; nothing is loaded" prints
check_eq "JSON has the same ruleset" \
	"$(cfr -j killswitch print interface cust | jq -j .ruleset)" "$(cat "$TMP/ruleset")"

says() {
	local want=$1 text=$2 code
	shift 2

	cfr "$@" 2>"$TMP/err"
	code=$?
	cat "$TMP/err"
	[ "$code" -eq "$want" ] && grep -qF -- "$text" "$TMP/err"
}
check "removing what is not there" says 1 "is not installed" killswitch remove
check "a word that is none" says 2 '"instal": expected print, install or remove' \
	killswitch instal
check "an interface that can be none" says 2 '"a/b": expected an interface' \
	killswitch install interface a/b
check "a file comes first" says 2 '"file": expected interface' \
	killswitch install interface up file x
check "a file that is not there" says 1 "$TMP/none" killswitch install file "$TMP/none"
echo "policy all mark 0x0/0x0 pool web4" >"$TMP/all"
check "a mark that everybody has" says 1 "mark 0" killswitch install file "$TMP/all"
check "it installs" cfr killswitch install

# --- it is not in the way

wire_start "$inet" down
spawn "$srv" nc -lk 7
busywait 60 listening "$srv" 7
spawn "$srv" nc -6 -lk 7

relays() {
	local server=SRV_$1

	in_ns "$c1" ping -"$1" -q -c 3 -i 0.1 "${!server}" &&
		in_ns "$c1" nc -"$1" -zw 60 "${!server}" 7
}
was=$(caught)
check_both "relayed traffic passes" relays
check_both "a private destination is bypassed" passes "$c1" PRIVATE
check_both "the operator's bypass is bypassed" passes "$c1" OLD

host_sends() {
	local server=SRV_$1

	in_ns "$relay" ip -"$1" neigh flush dev up
	in_ns "$relay" ping -"$1" -q -c 3 -i 0.1 "${!server}"
}
check_both "the host's own traffic passes" host_sends

# A service of the host, under a rule that marks all it sends
in_ns "$relay" nft -f - <<'EOF' || exit 1
table inet lab {
	chain markout {
		type filter hook output priority raw; policy accept;
		meta mark set 0x1
	}
}
EOF
spawn "$relay" nc -lk 22
spawn "$relay" nc -6 -lk 22
busywait 60 listening "$relay" 22
serves() {
	local up=UP_$1

	in_ns "$relay" ip -"$1" neigh flush dev up
	in_ns "$srv" ping -"$1" -q -c 3 -i 0.1 "${!up}" &&
		in_ns "$srv" nc -"$1" -zw 60 "${!up}" 22
}
check_both "the host's answers pass, marked as they are" serves
check_eq "the kill switch had nothing to do" "$(caught)" "$was"

# --- the module goes

BUSY=()
busy() {
	for family in 4 6; do
		server=SRV_$family
		spawn "$c1" ping -"$family" -q -i 0.01 "${!server}"
		BUSY+=("$SPAWNED")
	done
}
idle() {
	for pid in "${BUSY[@]}"; do
		stop "$pid"
	done
	BUSY=()
}
busy
check "the module unloads under traffic" busywait 60 rmmod cfr
was=$(caught)
check "the kill switch holds" busywait 60 grew "$was" caught
idle
check_both "a marked packet without the module" drops "$c1" DARK
check_both "a bypass without the module" passes "$c1" OLD
in_ns "$relay" nft -f - <<'EOF' || exit 1
table inet lab {
	chain nat {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "up" masquerade
	}
}
EOF
check_both "a marked packet that is masqueraded, without the module" drops "$c1" DARK
in_ns "$relay" nft delete chain inet lab nat
check_both "the host's own marked flow without the module" drops "$relay" DARK
check_both "the host's answers without the module" serves
in_ns "$relay" nft delete chain inet lab markout

# to_pool NAME: inet sends to a pool address; nothing comes back round
to_pool() {
	local was before

	was=$(caught to_pool)
	before=$(seen "$1")
	send "$inet" "$1"
	busywait 60 grew "$was" caught to_pool && [ "$(seen "$1")" = "$before" ]
}
check_both "a pool's packets without the module: no loop" to_pool INSIDE

check_not "the module does not load" modprobe cfr max_flows=many
check_both "a marked packet after the failed load" drops "$c1" DARK

# The kernel would load the module for who asks for it.
loader=$(sysctl -n kernel.modprobe)
defer sysctl -qw kernel.modprobe="$loader"
sysctl -qw kernel.modprobe=/bin/false
ruleset >"$TMP/before"
check "apply is refused without the module" says 1 "not loaded" apply "$TMP/second"
check "and leaves the kill switch alone" same_ruleset
check "a file needs no module" cfr killswitch install file "$TMP/first"
check "and makes the same table" same_ruleset
sysctl -qw kernel.modprobe="$loader"

# --- lost marks

modprobe cfr
cfr apply "$TMP/first"
check "an interface is guarded" cfr killswitch install interface cust interface 'ppp*'
check_both "relayed traffic passes a guarded interface" relays
in_ns "$relay" nft add chain inet lab losing \
	'{ type filter hook forward priority mangle; }'
in_ns "$relay" nft add rule inet lab losing meta mark set 0
check_both "a mark that is lost on the way" drops "$c1" DARK
in_ns "$relay" nft delete chain inet lab losing
in_ns "$relay" nft flush chain inet lab premark
check_both "a mark that was never set" drops "$c1" DARK
check_both "a bypass without a mark" passes "$c1" OLD
premark

# --- apply is killed: by its own nft, at a point of our choice

mkdir "$TMP/bin"
cat >"$TMP/bin/nft" <<'EOF'
#!/bin/bash
# The COUNT-th run kills its parent, before or after it has done its work.
echo >>"$RUNS"
runs=$(wc -l <"$RUNS")
[ "$runs $WHEN" = "$COUNT before" ] && { kill -9 $PPID; exit 1; }
"$NFT" "$@"
rc=$?
[ "$runs $WHEN" = "$COUNT after" ] && kill -9 $PPID
exit $rc
EOF
chmod +x "$TMP/bin/nft"
NFT=$(command -v nft)
export NFT RUNS=$TMP/runs

# killed_at COUNT WHEN: the second configuration over the first; then no module
killed_at() {
	modprobe cfr
	cfr apply "$TMP/first" && cfr killswitch install || return 1
	: >"$RUNS"
	COUNT=$1 WHEN=$2 PATH=$TMP/bin:$PATH cfr apply "$TMP/second"
	[ $? -eq 137 ] && busywait 60 rmmod cfr
}

check "killed before the kill switch is touched" killed_at 1 before
check_both "the first mark is caught" drops "$c1" DARK
check_both "the first bypass is as it was" passes "$c1" OLD
check_both "the second bypass is none" drops "$c1" NEW

check "killed when the kill switch fits both" killed_at 1 after
check_both "the first mark is caught" drops "$c1" DARK
check_both "the second mark is caught" drops "$c2" DARK
check_both "the first bypass has gone" drops "$c1" OLD
check_both "the second bypass is none" drops "$c2" NEW

check "killed when the module has changed" killed_at 2 before
check_both "the first mark is caught" drops "$c1" DARK
check_both "the second mark is caught" drops "$c2" DARK
check_both "the first bypass has gone" drops "$c2" OLD

check "killed when all is done" killed_at 2 after
check_both "the first mark is caught" drops "$c1" DARK
check_both "the second mark is caught" drops "$c2" DARK
check_both "the first bypass has gone" drops "$c2" OLD
check_both "the second bypass is bypassed" passes "$c2" NEW

modprobe cfr
cfr apply "$TMP/first"
cfr killswitch install
busy
kills() {
	local i file pid end

	for i in {1..40}; do
		file=$TMP/first
		[ $((i % 2)) -eq 1 ] && file=$TMP/second
		ip netns exec "$relay" "$CFRCTL" apply "$file" &
		pid=$!
		for ((end = RANDOM % 4000; end > 0; end--)); do :; done
		kill -9 "$pid"
		wait "$pid"
	done
	return 0
}
check "killed at forty moments under traffic" kills
check "the next apply is taken" cfr apply "$TMP/first"
idle
check_both "relayed traffic passes again" relays

# --- it stays

cat >"$TMP/refused" <<EOF
pool web4 prefix $POOL4 prefix $POOL4
policy more mark 0x4/0xff pool web4
EOF
ruleset >"$TMP/before"
check_not "an apply is refused" cfr apply "$TMP/refused"
check "the kill switch is as before" same_ruleset
check "an empty configuration is taken" cfr apply /dev/null
check_both "marked packets under an empty configuration" drops "$c1" DARK
check_both "what was bypassed no longer is" drops "$c1" OLD
check "the wire is clean but for what was bypassed" wire_clean \
	--open "$PRIVATE_4/32" --open "$PRIVATE_6/128" --open "$OLD_4/32" \
	--open "$OLD_6/128" --open "$NEW_4/32" --open "$NEW_6/128"
check "it is removed" cfr killswitch remove
check_both "now they pass" passes "$c1" DARK
finish
