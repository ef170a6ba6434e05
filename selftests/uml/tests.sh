#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tests.sh TEST...: run some of the selftests in the guest, each in namespaces that end with it, as the lab's guest
# does. Their results are subtests here.
set -uo pipefail
# shellcheck source=/dev/null
. vm/lib.sh

# run NAME LIMIT
run() {
	(
		cd "$(dirname "$1")" || exit 1
		exec unshare --mount --pid --fork --mount-proc --kill-child \
			bash -c 'timeout -k 5 "$@"; exit $?' first "$2" "./${1##*/}"
	) </dev/null
}

# whoever asks modprobe for the module gets this one
release=$(uname -r)
mount -t tmpfs modules /lib/modules
mkdir -p "/lib/modules/$release"
cp ../cfr.ko "/lib/modules/$release/"
depmod "$release"

echo "KTAP version 1"
echo "1..$#"
number=0 failed=0
for name in "$@"; do
	number=$((number + 1))
	[[ -d /sys/module/cfr ]] || modprobe cfr || exit 1
	limit=$(head_says "$name" timeout)
	run "$name" "${limit:-$(sed -n 's/^timeout=//p' settings)}" 2>&1 | sed -u 's/^/    /'
	status=${PIPESTATUS[0]}
	case $status in
	0) echo "ok $number $name" ;;
	4) echo "ok $number $name # SKIP" ;;
	*) echo "not ok $number $name # exit $status"; failed=1 ;;
	esac
done
exit $failed
