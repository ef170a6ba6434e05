# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Common to all scripts of this folder: KTAP, cleanup, namespaces, the lab.
#
#   c1 eth0 ---- c1 \
#                    acc up ---- cust relay up ---- down inet srv ---- eth0 srv
#   c2 eth0 ---- c2 /
#
#   customers  c1 10.83.101.2 fd83:c0de:101::83:2   c2 10.83.102.2 fd83:c0de:102::83:2
#   pools      198.51.100.0/24 2001:db8:cf::/56, routed to the relay by inet
#   up         192.0.2.1 2001:db8:1::1 (relay)      192.0.2.2 2001:db8:1::2 (inet)
#   servers    203.0.113.20 .21  2001:db8:5::20 ::21
#   dark       198.18.0.0/15 2001:db8:dada::/48: inet discards what goes there
#
# The relay marks at priority raw what enters on cust, forwards by default
# nothing, and lets in from up only what is untracked. inet has no route to the
# customers: what leaves with its own source is seen by the capture on down.

set -u
export LC_ALL=C
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:$PATH
LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PYTHONPATH=$LAB_DIR
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

export POOL4=198.51.100.0/24 POOL6=2001:db8:cf::/56
export C1_4=10.83.101.2 C1_6=fd83:c0de:101::83:2
export C2_4=10.83.102.2 C2_6=fd83:c0de:102::83:2
export ACC_C1_4=10.83.101.1 ACC_C1_6=fd83:c0de:101::83:1
export ACC_C2_4=10.83.102.1 ACC_C2_6=fd83:c0de:102::83:1
export ACC_4=10.83.200.2 ACC_6=fd83:c0de:200::83:2
export CUST_4=10.83.200.1 CUST_6=fd83:c0de:200::83:1
export UP_4=192.0.2.1 UP_6=2001:db8:1::1
export INET_4=192.0.2.2 INET_6=2001:db8:1::2
export GW_4=203.0.113.1 GW_6=2001:db8:5::1
# None of these ends in 10: with a relay port drawn behind it in a header, that
# would look like a customer's address now and then.
export SRV_4=203.0.113.20 SRV_6=2001:db8:5::20
export SRV2_4=203.0.113.21 SRV2_6=2001:db8:5::21
export DARK_4=198.18.5.20 DARK_6=2001:db8:dada::20
export DARK2_4=198.18.5.21 DARK2_6=2001:db8:dada::21
SECRETS=("$C1_4" "$C1_6" "$C2_4" "$C2_6" "$ACC_C1_4" "$ACC_C1_6"
	"$ACC_C2_4" "$ACC_C2_6" "$ACC_4" "$ACC_6" "$CUST_4" "$CUST_6")

# --- cleanup

DEFERRED=()

# defer CMD...: run at exit, last added first
defer() {
	DEFERRED+=("$(printf '%q ' "$@")")
}

cleanup() {
	local rc=$? i

	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}" >/dev/null 2>&1
	done
	exit "$rc"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

TMP=$(mktemp -d "${TMPDIR:-/tmp}/cfr-test.XXXXXX")
export TMP
defer rm -rf "$TMP"

exec {PAUSE_FD}<> <(:)
# pause MILLISECONDS: without a process
pause() {
	local _ seconds

	printf -v seconds '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))"
	read -rt "$seconds" -u "$PAUSE_FD" _
}

# busywait SECONDS CMD...: until CMD succeeds; its last status if it never does.
# CFR_PATIENCE is how much slower than others this machine is. What takes long is asked
# for less often: asking is work, and is all of it in a boot whose clock jumps over
# what is none.
busywait() {
	local end=$((SECONDS + $1 * ${CFR_PATIENCE:-1})) rc milliseconds=50
	shift

	while :; do
		"$@"
		rc=$?
		[ "$rc" -eq 0 ] && return 0
		[ "$SECONDS" -ge "$end" ] && return "$rc"
		pause "$milliseconds"
		[ "$milliseconds" -ge 1000 ] || milliseconds=$((milliseconds * 11 / 10))
	done
}

# --- KTAP

KTAP_PLANNED=0
KTAP_RAN=0
KTAP_FAILED=0
KTAP_SKIPPED=0

plan() {
	KTAP_PLANNED=$1
	echo "KTAP version 1"
	echo "1..$1"
}

skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

diag() {
	sed 's/^/# /'
}

ok() {
	KTAP_RAN=$((KTAP_RAN + 1))
	echo "ok $KTAP_RAN $*"
}

not_ok() {
	KTAP_RAN=$((KTAP_RAN + 1))
	KTAP_FAILED=$((KTAP_FAILED + 1))
	echo "not ok $KTAP_RAN $*"
}

# skip NAME WHY...
skip() {
	local name=$1
	shift

	KTAP_RAN=$((KTAP_RAN + 1))
	KTAP_SKIPPED=$((KTAP_SKIPPED + 1))
	echo "ok $KTAP_RAN $name # SKIP $*"
}

# check NAME CMD...: the test NAME passes if CMD succeeds
check() {
	local name=$1
	shift

	if "$@" >"$TMP/check" 2>&1; then
		ok "$name"
	else
		echo "# failed: $*"
		diag <"$TMP/check"
		not_ok "$name"
	fi
}

check_not() {
	local name=$1
	shift

	check "$name" not "$@"
}

not() {
	! "$@"
}

# check_eq NAME GOT WANT
check_eq() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		echo "# got '$2', want '$3'"
		not_ok "$1"
	fi
}

# cases CMD...: CMD prints "ok NAME", "not ok NAME" and "# ..." lines, which
# are numbered and counted here; a status other than 0 is one more failure
cases() {
	local line name rc

	"$@" >"$TMP/cases" 2>"$TMP/cases.err"
	rc=$?
	while IFS= read -r line; do
		case $line in
		"ok "*" # SKIP "*)
			name=${line%% # SKIP *}
			skip "${name#ok }" "${line#* # SKIP }"
			;;
		"ok "*) ok "${line#ok }" ;;
		"not ok "*) not_ok "${line#not ok }" ;;
		*) echo "$line" | diag ;;
		esac
	done <"$TMP/cases"
	if [ "$rc" -ne 0 ]; then
		diag <"$TMP/cases.err"
		not_ok "$1 ended with status $rc"
	fi
}

# Prints the verdict and leaves; a run that stopped short of its plan fails.
finish() {
	if [ "$KTAP_RAN" -ne "$KTAP_PLANNED" ]; then
		echo "# planned $KTAP_PLANNED, ran $KTAP_RAN"
		exit 1
	fi
	echo "# totals: pass:$((KTAP_RAN - KTAP_FAILED - KTAP_SKIPPED))" \
		"fail:$KTAP_FAILED skip:$KTAP_SKIPPED"
	[ "$KTAP_FAILED" -eq 0 ] || exit 1
	[ "$KTAP_SKIPPED" -lt "$KTAP_RAN" ] || exit 4
	exit 0
}

# --- what the machine must have

need() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip_all "no $tool"
	done
}

need_scapy() {
	python3 -c 'import importlib.util as u, sys
sys.exit(not u.find_spec("scapy"))' || skip_all "no python3-scapy"
}

if [ -z "${CFRCTL:-}" ]; then
	if [ -x "$LAB_DIR/../../cfrctl/cfrctl" ]; then
		CFRCTL=$(cd "$LAB_DIR/../../cfrctl" && pwd)/cfrctl
	else
		CFRCTL=cfrctl
	fi
fi
export CFRCTL

need_cfr() {
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
	need ip nft tcpdump python3 jq "$CFRCTL"
	if ! "$CFRCTL" show >/dev/null 2>&1; then
		modprobe cfr 2>/dev/null
		"$CFRCTL" show >/dev/null 2>&1 || skip_all "cfr is not loaded"
	fi
}

# --- namespaces and programs in them

# what setup_ns fills in
export c1='' c2='' acc='' relay='' inet='' srv=''

in_ns() {
	ip netns exec "$@"
}

# Gone with all that runs in it.
drop_ns() {
	# shellcheck disable=SC2046 # one word per process
	kill -9 $(ip netns pids "$1") 2>/dev/null
	ip netns del "$1"
}

# setup_ns NAME...: makes namespaces and puts their names into $NAME
setup_ns() {
	local name ns

	for name in "$@"; do
		ns=$name-$(mktemp -u XXXXXX)
		ip netns add "$ns" || exit 1
		defer drop_ns "$ns"
		export "$name=$ns"
		ip -n "$ns" link set lo up
		in_ns "$ns" sysctl -qw \
			net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.dad_transmits=0 \
			net.ipv6.conf.default.router_solicitations=0 \
			net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
}

router() {
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0
}

# No test but those about the limits waits for the kernel's error limits.
no_error_limits() {
	in_ns "$1" sysctl -qw net.ipv4.icmp_ratelimit=0 \
		net.ipv6.icmp.ratelimit=0
}

stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# spawn NS CMD...: runs CMD beside the test, its pid in SPAWNED
spawn() {
	local log

	log=$(mktemp "$TMP/spawn.XXXXXX")
	ip netns exec "$@" >"$log" 2>&1 &
	SPAWNED=$!
	SPAWNED_LOG=$log
	defer stop "$SPAWNED"
}

listening() {
	in_ns "$1" ss -Hlntu "sport = :$2" | grep -q .
}

# --- the lab

# Marks what enters on cust, forwards nothing by default. The untracked rule is
# the one an operator adds for the relayed replies.
relay_firewall() {
	in_ns "$1" nft -f - <<'EOF'
table inet lab {
	chain premark {
		type filter hook prerouting priority raw; policy accept;
		iifname "cust" meta mark set 0x1
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		iifname "cust" oifname "up" accept
		iifname "up" oifname "cust" ct state untracked accept
	}
}
EOF
}

# setup_lab: the drawing above; no CFR configuration yet
setup_lab() {
	setup_ns c1 c2 acc relay inet srv
	router "$acc"
	router "$relay"
	router "$inet"
	for ns in "$acc" "$relay" "$inet" "$srv"; do
		no_error_limits "$ns"
	done
	in_ns "$relay" sysctl -qw net.ipv4.conf.all.rp_filter=1 \
		net.ipv4.conf.default.rp_filter=1

	ip -batch - <<EOF || exit 1
link add name eth0 netns $c1 type veth peer name c1 netns $acc
link add name eth0 netns $c2 type veth peer name c2 netns $acc
link add name up netns $acc type veth peer name cust netns $relay
link add name up netns $relay type veth peer name down netns $inet
link add name srv netns $inet type veth peer name eth0 netns $srv
EOF
	for ns in 1 2; do
		local cust="c$ns" a4="C${ns}_4" a6="C${ns}_6"
		local g4="ACC_C${ns}_4" g6="ACC_C${ns}_6"

		ip -n "${!cust}" -batch - <<EOF || exit 1
addr add ${!a4}/24 dev eth0
addr add ${!a6}/64 dev eth0 nodad
link set dev eth0 up
route add default via ${!g4}
route add default via ${!g6}
EOF
	done
	ip -n "$acc" -batch - <<EOF || exit 1
addr add $ACC_C1_4/24 dev c1
addr add $ACC_C1_6/64 dev c1 nodad
addr add $ACC_C2_4/24 dev c2
addr add $ACC_C2_6/64 dev c2 nodad
addr add $ACC_4/24 dev up
addr add $ACC_6/64 dev up nodad
link set dev c1 up
link set dev c2 up
link set dev up up
route add default via $CUST_4
route add default via $CUST_6
EOF
	ip -n "$relay" -batch - <<EOF || exit 1
addr add $CUST_4/24 dev cust
addr add $CUST_6/64 dev cust nodad
addr add $UP_4/24 dev up
addr add $UP_6/64 dev up nodad
link set dev cust up
link set dev up up
route add 10.83.0.0/16 via $ACC_4
route add fd83:c0de::/32 via $ACC_6
route add default via $INET_4
route add default via $INET_6
EOF
	ip -n "$inet" -batch - <<EOF || exit 1
addr add $INET_4/24 dev down
addr add $INET_6/64 dev down nodad
addr add $GW_4/24 dev srv
addr add $GW_6/64 dev srv nodad
link set dev down up
link set dev srv up
route add $POOL4 via $UP_4
route add blackhole 198.18.0.0/15
route add blackhole 2001:db8:dada::/48
route add $POOL6 via $UP_6
EOF
	ip -n "$srv" -batch - <<EOF || exit 1
addr add $SRV_4/24 dev eth0
addr add $SRV2_4/24 dev eth0
addr add $SRV_6/64 dev eth0 nodad
addr add $SRV2_6/64 dev eth0 nodad
link set dev eth0 up
route add default via $GW_4
route add default via $GW_6
EOF
	relay_firewall "$relay" || exit 1
}

# cfr ARG...: the tool inside the relay
cfr() {
	in_ns "$relay" "$CFRCTL" "$@"
}

# One policy on both pools, with KNOBS.
setup_cfr() {
	cfr apply - <<EOF || exit 1
pool web4 prefix $POOL4
pool web6 prefix $POOL6
policy homes mark 0x1/0xff pool web4 pool web6 ${KNOBS:-}
${COMMON:-}
EOF
}

# kill_switch: what stands in for the relay while the module is away. It comes
# behind POST_ROUTING's relay hook, which clears the mark of what it rewrote.
kill_switch() {
	in_ns "$relay" nft -f - <<'EOF' || exit 1
table inet killswitch {
	counter caught { }
	chain out {
		type filter hook postrouting priority 300; policy accept;
		oifname "up" meta mark & 0xff { 0x1, 0x2 } counter name caught drop
	}
}
EOF
}

# watch_leaks DEV: count what arrives there on the internet, "seen", and what of it has a customer's address,
# "leaked", in table watch
watch_leaks() {
	in_ns "$inet" nft -f - <<EOF || exit 1
table inet watch {
	counter leaked { }
	counter seen { }
	chain pre {
		type filter hook prerouting priority raw; policy accept;
		iifname "$1" counter name seen
		iifname "$1" ip saddr 10.83.0.0/16 counter name leaked
		iifname "$1" ip6 saddr fd83:c0de::/32 counter name leaked
	}
}
EOF
}

# nft_counter NS TABLE NAME: how many packets; without a namespace's name, in this one
nft_counter() {
	${1:+in_ns "$1"} nft -j list counter inet "$2" "$3" |
		jq '[.nftables[].counter? | select(.) | .packets][0]'
}

# make_cert: a server's, "$TMP/cert.pem", and its key, "$TMP/key.pem"
make_cert() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-days 2 -subj /CN=cfr.test -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
		2>/dev/null
}

# hairpins: the relay forwards from customer to customer, too
hairpins() {
	in_ns "$relay" nft -f - <<'EOF' || exit 1
table inet lab {
	chain forward {
		iifname "cust" oifname "cust" ct state untracked accept
	}
}
EOF
}

# stun_server: coturn's, as RFC 5780 has it: two addresses of each family, two ports of each
stun_server() {
	spawn "$srv" turnserver -n --stun-only --no-tcp --no-tls --no-dtls --no-cli --simple-log --log-file stdout \
		--pidfile "$TMP/turnserver.pid" --userdb "$TMP/turnserver.db" \
		-L "$SRV_4" -L "$SRV2_4" -L "$SRV_6" -L "$SRV2_6" --listening-port 3478 --alt-listening-port 3479
	busywait 60 listening "$srv" 3479
}

# rehearse_sleep: let no suspend go farther than freezing and thawing all processes
rehearse_sleep() {
	[ -w /sys/power/pm_test ] || return
	echo freezer >/sys/power/pm_test || return
	defer eval 'echo none >/sys/power/pm_test'
	echo 0 >/sys/module/suspend/parameters/pm_test_delay 2>/dev/null
	return 0
}

# stat NAME: one counter or gauge
stat() {
	cfr -j stats | jq -r --arg n "$1" '(.counters + .refusals + .gauges)[$n]'
}

stats_mark() {
	cfr -j stats >"$TMP/stats"
}

# What moved since stats_mark, "name=+n" sorted, refusals only
refused() {
	cfr -j stats | jq -r --slurpfile was "$TMP/stats" '
		[.refusals | to_entries[]
		 | .value -= $was[0].refusals[.key]
		 | select(.value != 0) | "\(.key)=+\(.value)"] | sort | join(" ")'
}

# grown NAME: how much a counter moved since stats_mark
grown() {
	cfr -j stats | jq -r --slurpfile was "$TMP/stats" --arg n "$1" '
		(.counters + .refusals)[$n]
		- ($was[0] | .counters + .refusals)[$n]'
}

# flows: a customer has one in each family
flows() {
	local family server

	for family in 4 6; do
		server=SRV_$family
		in_ns "$c1" ping -"$family" -q -c 1 -W 20 "${!server}" || return
	done
	[ "$(stat flows)" -ge 2 ]
}

# --- the wire

WIRES=()

# wire_start NS DEV [OCTETS]: capture all frames of DEV from now on, none longer than OCTETS. In immediate mode
# every frame takes a slot of that length: a super-packet's, of which the ring has room for two thousand, or of a test
# that knows its frames.
wire_start() {
	local file=$TMP/wire.$1.$2.${#WIRES[@]}.pcap

	spawn "$1" tcpdump -i "$2" -s "${3:-65600}" -U -B 131072 \
		--immediate-mode -Z root -w "$file"
	busywait 60 grep -q 'listening on' "$SPAWNED_LOG" || exit 1
	ln -s "$SPAWNED_LOG" "$file.log"
	WIRES+=("$SPAWNED:$file")
}

# wire_clean [--open PREFIX]...: no customer and no inner router anywhere in
# what was captured, which is all there was and not nothing; wire.py says more
wire_clean() {
	local wire files=()

	for wire in "${WIRES[@]}"; do
		kill -INT "${wire%%:*}" 2>/dev/null
		wait "${wire%%:*}" 2>/dev/null
		files+=("${wire#*:}")
		grep '^[1-9][0-9]* packets dropped by kernel' "${wire#*:}.log" && return 1
	done
	python3 "$LAB_DIR/wire.py" "$@" -- "${SECRETS[@]}" -- "${files[@]}"
}

# on_wire FILTER: how many such frames the first capture has
on_wire() {
	tcpdump -nr "${WIRES[0]#*:}" "$1" 2>/dev/null | wc -l
}

df_kept() {
	local all

	all=$(on_wire "ip and udp port 443")
	[ "$all" -gt 0 ] &&
		[ "$(on_wire "udp port 443 and ip[6] & 0x40 != 0" | tee /dev/stderr)" -eq "$all" ]
}

# quic_unharmed: two results about all that the first capture has, once it has ended
quic_unharmed() {
	check "IPv4: all QUIC packets have DF" df_kept
	check_eq "nothing was fragmented" \
		"$(on_wire "ip[6:2] & 0x3fff != 0 or ip6[6] == 44")" 0
}
