# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Several runners one after the other, their closing lines added up; for scripts that have read vm/lib.sh.

passed=0 failed=0 skipped=0 failures=

# stage_failures OUTPUT: the last lines that say what failed, or where a kernel ended
stage_failures() {
	grep -E -A 3 '^( *\| )?not ok|without a verdict|^\| ' "$1" | tail -n 40 || true
}

# stage NAME COMMAND...: run it and add up its last line
stage() {
	local name=$1 sum status=0 output
	shift
	output=$(mktemp "${TMPDIR:-/tmp}/cfr-stage-XXXXXX")
	echo "==== $name"
	"$@" </dev/null 2>&1 | tee "$output" || status=$?
	sum=$(tail -n 1 "$output")
	if [[ $sum =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
		[[ $status -eq 0 || ${BASH_REMATCH[2]} -gt 0 ]] || failed=$((failed + 1))
	else
		echo "$name ended without a sum (exit code $status)"
		failed=$((failed + 1))
	fi
	[[ $status -eq 0 ]] || failures+="==== failed: $name"$'\n'$(stage_failures "$output")$'\n'
	rm "$output"
	echo "==== $name: $SECONDS s since the start"
}

# stages_end: once more what failed, for readers of a long log's end; the sum of all, last of what is printed;
# whether it is a success
stages_end() {
	printf %s "$failures"
	echo "$passed passed, $failed failed, $skipped skipped"
	[[ $failed -eq 0 && $passed -gt 0 ]]
}
