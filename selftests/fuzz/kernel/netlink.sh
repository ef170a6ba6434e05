#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# netlink.sh SECONDS SEED...: the netlink fuzzer on this machine, which is a guest of its own, all roles at once,
# in a namespace with a route for marked packets. The time is shared among the seeds.
set -euo pipefail
seconds=$1
shift
[[ -d /sys/module/cfr ]] || insmod ../cfr.ko
ip netns add fuzz
ip -n fuzz link set lo up
ip -n fuzz link add out type dummy
ip -n fuzz link set out up
ip -n fuzz address add 192.0.2.1/24 dev out
ip -n fuzz route add default dev out
sysctl -qw user.max_user_namespaces=100

roles=(root nobody userns exits traffic)
echo "1..$(($# * ${#roles[@]}))"
number=0 failed=0
for seed in "$@"; do
	pids=()
	for role in "${roles[@]}"; do
		ip netns exec fuzz fuzz/kernel/netlink $((seconds / $#)) "$seed" "$role" &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		number=$((number + 1))
		if wait "${pids[i]}"; then
			echo "ok $number netlink, ${roles[i]}, seed $seed"
		else
			echo "not ok $number netlink, ${roles[i]}, seed $seed"
			failed=1
		fi
	done
done
ip netns del fuzz
exit $failed
