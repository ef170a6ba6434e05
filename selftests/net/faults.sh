#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Memory is refused at each place where the module asks for some, one after the other, while it is loaded,
# configured and sent packets of every kind. What fails says so, nothing leaves with a customer's address, and
# afterwards everything works.
# timeout: 3600
# proves: L1 L2 O12 O13 V7
#
#   c1 ---- acc up ---- cust relay up ---- down inet: counts leaks ---- srv
. "$(dirname "$0")/lib.sh"

need_cfr
need_scapy
need objdump addr2line ethtool
[ -e /sys/kernel/debug/failslab/require-start ] ||
	skip_all "this kernel cannot have memory refused to a module"
[ -e /proc/self/fail-nth ] || skip_all "this kernel cannot have the n-th allocation of a task fail"
export CFR_TREE=$LAB_DIR/../..
[ -e "$CFR_TREE/cfr.ko" ] || skip_all "the module was not built beside the selftests"

plan 6
# Without namespaces, which would all be set up each time
cases python3 "$LAB_DIR/faults.py" loading "$TMP/loading"

setup_lab
setup_cfr
no_error_limits "$relay"
kill_switch
hairpins
in_ns "$relay" nft -f - <<EOF
add rule inet lab premark iifname "cust" ip saddr $C2_4 meta mark set 0x2
add rule inet lab premark iifname "cust" ip6 saddr $C2_6 meta mark set 0x2
EOF
watch_leaks down
wire_start "$inet" down
for link in "$acc up" "$relay cust" "$relay up" "$inet down"; do
	ip -n "${link% *}" link set dev "${link#* }" mtu 9000
done
# A router that is not there
in_ns "$relay" sysctl -qw net.ipv4.neigh.up.retrans_time_ms=50 net.ipv6.neigh.up.retrans_time_ms=50 \
	net.ipv4.neigh.up.mcast_solicit=1 net.ipv6.neigh.up.mcast_solicit=1
ip -n "$relay" route add 198.18.6.0/24 via 192.0.2.77
ip -n "$relay" route add 2001:db8:dead::/48 via 2001:db8:1::77

cases python3 "$LAB_DIR/faults.py" working "$TMP/loading"

check "the counter of leaks can count" test "$(nft_counter "$inet" watch seen)" -gt 100
check_eq "no packet had a customer's address" "$(nft_counter "$inet" watch leaked)" 0
check "the wire is clean" wire_clean
finish
