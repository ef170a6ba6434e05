# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a VM boots from, made of a root: for scripts that have read lib.sh.

# make_disk ROOT FILE: nothing is mounted in the root. Itself it may be an overlay, whose files are on several devices.
make_disk() {
	local size=$(($(du -sm "$1" | cut -f1) * 5 / 4 + 256))
	mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -m 0 -d "$1" "$2" "${size}M" >/dev/null
}

# modules_needed ROOT: the files of its kernel's modules that reach the disk and the ports to the host, each after what it
# depends on
modules_needed() {
	local base name
	base=$1/lib/modules/$(kernel_of "$1")
	# ext4 asks for the crc32c algorithm by name, which no modules.dep says.
	for name in virtio_pci virtio_blk virtio_console crc32c_generic ext4 overlay; do
		# A module that this kernel has built in is in neither list below.
		awk -v name="$name" -v base="$base" -F: '{
			file = $1
			sub(".*/", "", file)
			sub("[.]ko.*", "", file)
			gsub("-", "_", file)
			if (file != name)
				next
			count = split($2, deps, " ")
			for (i = count; i > 0; i--)
				print base "/" deps[i]
			print base "/" $1
		}' "$base/modules.dep"
	done | awk '!seen[$0]++'
}

# unpacked FILE: a module's bytes, whatever the kernel packed it with
unpacked() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -dcq "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# make_initramfs ROOT DIR [MODULE...]: DIR/initramfs.cpio with the files of these modules
make_initramfs() {
	local root=$1 dir=$2/initramfs file name
	shift 2
	mkdir -p "$dir"/{bin,modules,proc,sys,dev,lower,upper,new}
	cp "$root/bin/busybox" "$dir/bin/busybox"
	install -m 755 "$LAB/guest/initramfs" "$dir/init"
	for file in "$@"; do
		name=${file##*/}
		name=${name%%.ko*}.ko
		unpacked "$file" >"$dir/modules/$name"
		echo "$name"
	done >"$dir/modules/order"
	(cd "$dir" && find . -print0 | cpio --quiet -0 -o -H newc) >"$dir.cpio"
	rm -r "$dir"
}

# make_bootable ROOT DIR: root.img, vmlinuz and initramfs.cpio, with the root's own kernel
make_bootable() {
	local modules
	mapfile -t modules < <(modules_needed "$1")
	make_disk "$1" "$2/root.img" && cp "$1/boot/vmlinuz-$(kernel_of "$1")" "$2/vmlinuz" &&
		make_initramfs "$1" "$2" "${modules[@]}"
}
