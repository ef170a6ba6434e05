#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# runner.sh TEST...: run tests one by one as kselftest's own runner does: KTAP, each test's output
# behind "# ", exit code 4 is a skip, the limit comes from settings. Scripts whose timers need a
# machine with skipped idle time ("# boot: warp") or a machine to reboot ("# boot: last") are skipped.
set -uo pipefail
cd "$(dirname "$0")" || exit 1

default_limit=$(sed -n 's/^timeout=//p' settings)
number=0 failed=0
echo "TAP version 13"
echo "1..$#"
for test in "$@"; do
	number=$((number + 1))
	name="selftests: cfr: $test"
	limit=$(head -n 30 "$test" | tr -d '\0' | sed -nE 's/^# ?timeout: *//p' | head -n 1)
	boot=$(head -n 30 "$test" | tr -d '\0' | sed -nE 's/^# ?boot: *//p' | head -n 1)
	if [[ -n $boot && $boot != normal && $boot != "${CFR_BOOT:-}" ]]; then
		echo "ok $number $name # SKIP needs a $boot boot of the VM lab"
		continue
	fi
	(cd "$(dirname "$test")" && timeout -k 5 "${limit:-$default_limit}" "./${test##*/}") 2>&1 |
		sed -u 's/^/# /'
	status=${PIPESTATUS[0]}
	case $status in
	0) echo "ok $number $name" ;;
	4) echo "ok $number $name # SKIP" ;;
	124) echo "not ok $number $name # TIMEOUT ${limit:-$default_limit} seconds" ;;
	*) echo "not ok $number $name # exit=$status" ;;
	esac
	[[ $status -eq 0 || $status -eq 4 ]] || failed=$((failed + 1))
done
[[ $failed -eq 0 && $number -gt 0 ]]
