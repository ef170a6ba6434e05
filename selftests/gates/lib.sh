# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the gates share: each runs in a fresh copy of the tree and does its work inside a row's root.
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

# in_row ROW COMMAND...: run it with the current copy of the tree as /cfr
in_row() {
	local root
	root=$("$LAB/root" "$1")
	shift
	"$LAB/in-root" "$root" "$PWD" "$@"
}
