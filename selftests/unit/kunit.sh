#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The module's unit tests: loads the module that was built with them, prints what they say, unloads it.
#
# proves: U5 U15 T1 T3 T4 T5 I2 I3 I12 C4 C7 G5 R1 R2 R3 R4 R5 R6 R7
# timeout: 900
#
#	cfr.ko, made with CFR_KUNIT=1 ---- kunit: /sys/kernel/debug/kunit/cfr_*/results
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

if [[ ! -d /sys/kernel/debug/kunit ]]; then
	echo "1..0 # SKIP this kernel has no KUnit"
	exit 4
fi
module=kunit/cfr.ko
[[ -e $module ]] || module=cfr.ko
if ! grep -q kunit_test_suites "$module"; then
	echo "1..0 # SKIP $module was built without its unit tests"
	exit 4
fi

# Where faults are injected, allocations that may wait are to fail as well, and in silence.
if [[ -d /sys/kernel/debug/failslab ]]; then
	echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
	echo 0 >/sys/kernel/debug/failslab/verbose
fi
# Whether a slab needs a new page is chance, and not to be counted.
[[ ! -e /sys/kernel/debug/fail_page_alloc/min-order ]] || echo 10 >/sys/kernel/debug/fail_page_alloc/min-order
[[ ! -d /sys/module/cfr ]] || rmmod cfr || exit 1
insmod "$module" || exit 1
echo "KTAP version 1"
suites=(/sys/kernel/debug/kunit/cfr_*/results)
echo "1..${#suites[@]}"
number=0 failed=0
for results in "${suites[@]}"; do
	number=$((number + 1))
	sed -E '/^KTAP version/d; /^1\.\.1$/d; s/^(not ok|ok) 1 (cfr_)/\1 '"$number"' \2/' "$results"
	! grep -q '^not ok' "$results" || failed=1
done
rmmod cfr || exit 1
exit $failed
