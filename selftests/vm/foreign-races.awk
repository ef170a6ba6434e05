# SPDX-License-Identifier: GPL-2.0
# Leaves out of a kernel's log the reports of KCSAN about races that are not the module's: neither of the
# two accesses is in a function of [cfr]. The kernel has some of its own.
function flush() {
	if (!race || ours)
		printf "%s", block
	block = ""
	race = ours = access = 0
}
/====================/ {
	block = block $0 "\n"
	inside = !inside
	if (!inside)
		flush()
	next
}
{ block = block $0 "\n" }
/BUG: KCSAN/ { race = 1 }
access && /\[cfr\]/ { ours = 1 }
{ access = / (to|of) .* by / && /bytes/ }
!inside { flush() }
END { flush() }
