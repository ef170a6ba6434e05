# SPDX-License-Identifier: GPL-2.0
# Leaves out of a kernel's log what is no fault of the module: the reports of KCSAN about races of which neither
# access is in a function of [cfr], for the kernel has some of its own; and the heads of the stacks that are shown
# when memory is refused because a test asks for that.
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
/FAULT_INJECTION: forcing a failure|kmem_cache_create.* failed with error -/ { asked = 1 }
asked && /Call Trace/ { asked = 0; next }
{ block = block $0 "\n" }
/BUG: KCSAN/ { race = 1 }
access && /\[cfr\]/ { ours = 1 }
{ access = / (to|of) .* by / && /bytes/ }
!inside { flush() }
END { flush() }
