# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # building is cached's
# Building a kernel of our own configuration from the default row's source with that release's compilers; for
# scripts that have read lib.sh.

# target ARCH: who compiles kernels and modules for an architecture. Sets
#   compiler      the root to do it in
#   kernel_image  what boots, in the build tree
#   words         make's, whatever is made
# shellcheck disable=SC2034 # read by those who source this
target() {
	local row=tools
	case $1 in
	amd64) row=$DEFAULT_ROW kernel_image=arch/x86/boot/bzImage words=() ;;
	arm64) kernel_image=arch/arm64/boot/Image words=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-) ;;
	s390x) kernel_image=arch/s390/boot/bzImage words=(ARCH=s390 CROSS_COMPILE=s390x-linux-gnu-) ;;
	*) die "no compiler is known for kernels of $1" ;;
	esac
	compiler=$("$LAB/root" "$row")
}

# options_of FRAGMENT...: what it must have. Built in, all of it: there is nothing to load modules from.
options_of() { sed -nE '/^CONFIG_/{ s/=m$/=y/; p }' "$@" | sort -u; }

# kernel_key ROOT OPTIONS: what decides the contents, compiled in ROOT, decides the name
kernel_key() {
	local base source
	base=$("$LAB/root" "$DEFAULT_ROW")
	source=$(source_of "$base")
	printf '%s\n' "$source-$(version_of "$base" "$source")" "$(version_of "$1" gcc)" "$2" | sha256sum | cut -c1-12
}

# make_kernel ROOT DIR OPTIONS GOALS [WORD...]: in ROOT configure in DIR, of $building, and make the GOALS there; the
# WORDs are make's, both times
make_kernel() {
	local root=$1 dir=$2 goals=$4 linux
	linux=$("$LAB/linux-source")
	printf '%s\n' "$3" >"$building/wanted"
	shift 4
	say "building the kernel's $goals from ${linux##*/} (once; log: $building.log)"
	# shellcheck disable=SC2016 # the shell in the root expands these
	nice -n 10 "$LAB/in-root" "$root" "$building" --mnt "linux=$linux" --mnt "kernel=$dir" bash -euo pipefail -c '
		read -ra goals <<<"$1"
		shift
		make -C /mnt/linux O=/mnt/kernel "$@" KCONFIG_ALLCONFIG=/cfr/wanted allnoconfig
		# Kconfig drops in silence what depends on something that is off.
		missing=$(grep -vxFf /mnt/kernel/.config wanted || true)
		[[ -z $missing ]] || { echo "not in the configuration that came out: $missing"; exit 1; }
		make -C /mnt/kernel "$@" -j"$(nproc)" "${goals[@]}"
	' make-kernel "$goals" "$@" >"$building.log" 2>&1 || {
		tail -n 40 "$building.log" >&2
		die "the kernel does not build (above)"
	}
}
