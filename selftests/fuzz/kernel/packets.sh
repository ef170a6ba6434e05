#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# packets.sh SECONDS SEED...: the packet fuzzer on this machine, which is a guest of its own: a relay between
# two tun devices, as an operator sets one up. The time is shared among the seeds.
#
#   customers 10.83.0.0/16 fd83:c0de::/32 ---- cust0  relay  inet0 ---- 0.0.0.0/0 ::/0
#                                          10.83.0.1           192.0.2.1
set -euo pipefail
seconds=$1
shift

[[ -d /sys/module/cfr ]] || insmod ../cfr.ko
ip link show cust0 >/dev/null 2>&1 || {
	for device in cust0 inet0; do
		ip tuntap add dev "$device" mode tun vnet_hdr
		ip link set "$device" up txqueuelen 2000
	done
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.cust0.rp_filter=0 net.ipv4.conf.inet0.rp_filter=0 \
		net.ipv4.icmp_ratemask=0 net.ipv4.icmp_msgs_per_sec=1000000 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.ipfrag_time=1 net.ipv6.ip6frag_time=1
	ip address add 10.83.0.1/16 dev cust0
	ip address add fd83:c0de::1/32 dev cust0 nodad
	ip address add 192.0.2.1/24 dev inet0
	ip address add 2001:db8:1::1/64 dev inet0 nodad
	ip route add default dev inet0
	ip -6 route add default dev inet0
	# What is open by design, private destinations, ends here: the oracle need not know of it.
	for prefix in 10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16; do
		ip route add blackhole "$prefix"
	done
	for prefix in fc00::/7 64:ff9b:1::/48 100::/64; do
		ip -6 route add blackhole "$prefix"
	done
	nft -f - <<-'NFT'
	table inet fuzz {
		chain forged {
			# customers have customers' addresses (BCP 38), or else a router's own error about a forged
			# source goes wherever that is; and before defragmentation (-400), or else one about a
			# fragment that is waited for in vain does, a minute later
			type filter hook prerouting priority -450;
			iifname "cust0" ip saddr != { 10.83.0.0/16, 198.51.100.0/24 } drop
			iifname "cust0" ip6 saddr != { fd83:c0de::/32, 2001:db8:cf::/56, fe80::/10 } drop
		}
		chain early {
			type filter hook prerouting priority raw;
			iifname "cust0" meta mark set 0x1
			iifname "cust0" ip saddr { 10.83.77.4, 10.83.200.5 } meta mark set 0x2
			iifname "cust0" ip6 saddr { fd83:c0de:77::83:4, fd83:c0de:200::83:5 } meta mark set 0x2
		}
		chain between {
			type filter hook forward priority filter; policy drop;
			ct state untracked accept
			ct state established,related accept
			ct state invalid drop
			iifname "inet0" accept
		}
	}
	NFT
}
printf '%s\n' 'pool web4 prefix 198.51.100.0/24' 'pool web6 prefix 2001:db8:cf::/56' \
	'policy homes mark 0x1/0xff pool web4 pool web6 normalise off' \
	'policy firms mark 0x2/0xff pool web4 pool web6 normalise uniform touch isn' >/run/fuzz.conf
cfrctl apply /run/fuzz.conf

echo "1..$#"
number=0 failed=0
for seed in "$@"; do
	number=$((number + 1))
	if (cd "$CFR_OUT" && /cfr/selftests/fuzz/kernel/packets $((seconds / $#)) "$seed"); then
		echo "ok $number packets, seed $seed"
	else
		echo "not ok $number packets, seed $seed"
		failed=1
	fi
done
cfrctl -j stats >"$CFR_OUT/stats.json"
exit $failed
