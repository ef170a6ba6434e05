# SPDX-License-Identifier: GPL-2.0
# Count the results in one test's KTAP output: prints "PASSED FAILED SKIPPED" and, for what the lines
# themselves do not say, a sentence after them. -v status=EXIT_CODE of the test.
# A parent's line sums up the deeper lines before it, so only leaves count.
{
	line = $0
	match(line, /^ */)
	depth = RLENGTH
	line = substr(line, depth + 1)
}
line ~ /^1\.\.[0-9]+/ && depth == 0 {
	planned = substr(line, 4) + 0
	has_plan = 1
	if (planned == 0 && toupper(line) ~ /# *SKIP/)
		whole_skip = 1
}
line ~ /^(not )?ok [0-9]+/ {
	if (depth == 0)
		top++
	if (depth < last) {
		last = depth
		next
	}
	last = depth
	if (toupper(line) ~ /# *SKIP/)
		skipped++
	else if (line ~ /^ok/ || toupper(line) ~ /# *XFAIL/)
		passed++
	else
		failed++
}
END {
	seen = passed + failed + skipped
	note = ""
	if (status == 124 || status == 137) {
		failed++
		note = "ran out of time"
	} else if (status == 4) {
		if (!seen)
			skipped++
	} else if (status != 0 && !failed) {
		failed++
		note = "exit code " status " without a failed result"
	} else if (has_plan && top < planned) {
		failed++
		note = "planned " planned " results, gave " (top + 0)
	} else if (!seen) {
		if (whole_skip)
			skipped++
		else
			passed++
	}
	printf "%d %d %d %s\n", passed, failed, skipped, note
}
