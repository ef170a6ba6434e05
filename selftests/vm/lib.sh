# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by those who source it
# What the lab's scripts share: where things are, what a row is, how they speak.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$(cd "$LAB/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cfr
DEFAULT_ROW=13

# Progress goes to stderr, so that stdout stays what a caller reads.
say() { printf 'lab: %s\n' "$*" >&2; }
die() { printf 'lab: %s\n' "$*" >&2; exit 2; }

need_root() {
	[[ $(id -u) -eq 0 ]] ||
		die "this needs root (chroots, private mounts): run it as root or with sudo"
}

# rows all|ci|slow: the names of the rows that run then, in the order of the table
rows() { awk -v when="$1" '!/^#/ && NF && $6 != "-" && (when == "all" || $6 == when) { print $1 }' "$LAB/rows"; }

# row_field ROW N: column N of a row; an unknown row ends the script
row_field() {
	local field
	field=$(awk -v row="$1" -v n="$2" '$1 == row { print $n }' "$LAB/rows")
	[[ -n $field ]] || die "no row '$1': expected one of $(rows all | paste -sd' ')"
	printf '%s\n' "$field"
}

# own_kernel ROW: whether its kernel is built here
own_kernel() { [[ $(row_field "$1" 4) == - ]]; }

# root_row ROW: the row whose root it has: its own, where it has no other's
root_row() {
	local suite
	suite=$(row_field "$1" 2)
	if [[ $suite == =* ]]; then echo "${suite#=}"; else echo "$1"; fi
}

# row_variant ROW: what sort of kernel it is
row_variant() { if own_kernel "$1"; then echo "$1"; else row_field "$1" 4; fi; }

# row_patience ROW: what its limits in time are multiplied by. CFR_PATIENCE is for hosts so loaded that
# all of them are too tight.
row_patience() { echo $((${CFR_PATIENCE:-1} * $(row_field "$1" 7))); }

# head_says TEST KEY: the value of a "# KEY: value" line among the first lines of a script in selftests/
head_says() {
	local file=$TREE/selftests/$1
	[[ $1 == *.sh && -f $file ]] || return 0
	head -n 30 "$file" | sed -nE "s/^# ?$2:? *//p" | head -n 1
}

# record_figures: what tests have measured, read from standard input, one FIGURE=VALUE a line
record_figures() {
	local figures
	mapfile -t figures
	[[ ${#figures[@]} -eq 0 ]] || "$TREE/selftests/trust/record" "${figures[@]}"
}

# record_tests ROW KERNEL: tests' results, read from standard input, "PASSED FAILED SKIPPED TEST" a line. A table that
# cannot be made of them is the gate's to refuse.
record_tests() {
	"$TREE/selftests/conformance/record" "$1" "$2"
	"$TREE/selftests/conformance/report" || true
}

# tests_of PLANNED TESTS: boot's lines about the tests planned ("LIMIT TEST" a line); one that the boot never came to the
# end of has failed
tests_of() {
	local name
	while read -r _ name; do
		grep -s " $name\$" "$2" || echo "0 1 0 $name"
	done <"$1"
}

# plan_boot ROW BOOT DIR: write what the guest is to know of its boot, with a nonce that makes its words its own
plan_boot() {
	cat >"$3/plan" <<-PLAN
		NONCE=$(od -An -N16 -tx8 /dev/urandom | tr -d ' \n')
		BOOT=$2
		ROW=$1
		PATIENCE=$(row_patience "$1")
	PLAN
}

# row_packages ROW: its packages, one a line, sorted
row_packages() {
	local kernel vm=vm
	kernel=$(row_field "$1" 4)
	[[ $(row_field "$1" 6) != - ]] || vm=none
	awk -v row="$1" -v vm=$vm '$1 == "all" || $1 == vm || $1 == row { for (i = 2; i <= NF; i++) print $i }' \
		"$LAB/packages" | sed "s/@KERNEL@/$kernel/" | sort -u
}

# kernel_of ROOT: the release of the one kernel in a row's root
kernel_of() {
	local release
	release=$(cd "$1/boot" && printf '%s\n' vmlinuz-*)
	[[ $release != *$'\n'* && -f $1/boot/$release ]] || die "not one kernel in $1/boot: $release"
	printf '%s\n' "${release#vmlinuz-}"
}

# source_of ROOT: the name of its kernel's source, as Debian packs it
source_of() { echo "linux-source-$(kernel_of "$1" | cut -d. -f1,2)"; }

# version_of ROOT PACKAGE
version_of() { dpkg-query --admindir="$1/var/lib/dpkg" -W -f '${Version}' "$2"; }

# lock NAME: one builder at a time per cached thing; held until the script ends
lock() {
	mkdir -p "$CACHE" || die "cannot write the cache $CACHE: set XDG_CACHE_HOME"
	exec {lock_fd}>"$CACHE/$1.lock"
	flock -n "$lock_fd" || { say "another run builds $1: waiting for it"; flock "$lock_fd"; }
}

# cached NAME MAKE: print the directory of that name in the cache. Where there is none, the function MAKE fills
# $building, with $building.log beside it as long as that takes: under its final name a thing is whole.
cached() {
	if [[ ! -d $CACHE/$1 ]]; then
		lock "$1"
	fi
	if [[ ! -d $CACHE/$1 ]]; then
		building=$(mktemp -d "$CACHE/building-$1-XXXXXX")
		trap 'rm -rf --one-file-system "$building" "$building.log"' EXIT
		"$2"
		chmod 755 "$building"
		mv -T "$building" "$CACHE/$1"
	fi
	printf '%s\n' "$CACHE/$1"
}
