# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a guest looks for when its tests are through, on QEMU and on User-mode Linux.

# unload: take CFR out; false, with the reason in /run/rmmod, where it does not go
unload() {
	local try
	[[ -d /sys/module/cfr ]] || return 0
	# The last references of namespaces that have just gone are dropped by a worker.
	for ((try = 0; try < 100; try++)); do
		rmmod cfr 2>/run/rmmod && return 0
		sleep 0.1
	done
	[[ ! -d /sys/module/cfr ]]
}

# What kmemleak has found, if this kernel has it. An object is reported once it is some seconds old and
# was unreachable, unchanged, in two scans. The kernel itself forgets the name of a slab cache for which it
# had no memory to make files in sysfs (mm/slub.c, up to Linux 6.12 at least): net/faults.sh makes that happen.
leaks() {
	local kmemleak=/sys/kernel/debug/kmemleak
	[[ -e $kmemleak ]] || return 0
	sleep 6
	echo scan >$kmemleak
	echo scan >$kmemleak
	awk '
		function object() { if (!foreign) printf "%s", lines; lines = ""; foreign = 0 }
		/^unreferenced object/ { object() }
		/ sysfs_slab_add\+/ { foreign = 1 }
		{ lines = lines $0 "\n" }
		END { object() }' $kmemleak
}

# Out-of-tree (12), unsigned (13) and a unit test (18) are ours to cause; any other taint is a fault.
unexpected_taint() {
	echo $(($(</proc/sys/kernel/tainted) & ~(1 << 12 | 1 << 13 | 1 << 18)))
}
