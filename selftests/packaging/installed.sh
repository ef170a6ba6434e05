#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# installed.sh ROW DIR: install DIR/old with apt into a copy of the row's root, where DKMS builds the module for
# the row's kernel; leave what boots of that in DIR/image; upgrade to DIR/new; purge that. Wants mounts of its own.
# proves: O9
cd "$(dirname "$0")" || exit 1
. ../vm/lib.sh
. ../vm/disk.sh
. ../net/lib.sh
row=$1 dir=$2
base=$(./root "$row") || exit 1
release=$(kernel_of "$base")
version=$(<"$TREE/VERSION")

# The copy is a layer in memory, above what an operator has set up on the host before.
root=$dir/root
layer=$dir/layer
mkdir -p "$root" "$layer"
cp -r host "$dir/host"
mount -t tmpfs layer "$layer"
mkdir "$layer/files" "$layer/work"

in_root() {
	unshare --net -- "$LAB/in-root" --writable "$root" "$dir" env DEBIAN_FRONTEND=noninteractive "$@"
}

# DKMS signs with this key where it is there.
make_key() {
	in_root openssl req -new -x509 -nodes -newkey rsa:2048 -days 2 -subj "/CN=Key of this machine" \
		-keyout /var/lib/dkms/mok.key -outform DER -out /var/lib/dkms/mok.pub
}

install_packages() {
	in_root sh -c 'apt-get install -y --no-install-recommends ./old/cfr-dkms_*.deb ./old/cfrctl_*.deb'
}

# module_built VERSION
module_built() {
	in_root dkms status -m cfr -v "$1" -k "$release" | grep ': installed' &&
		in_root modinfo -k "$release" -F version cfr | grep -Fx "$1"
}

# module_signed: the bytes before the signature are what the key has signed
module_signed() {
	# shellcheck disable=SC2016 # the shell in the root expands these
	in_root bash -euo pipefail -c '
		file=$(modinfo -k "$1" -n cfr)
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dc "$file" ;;
		*) cat "$file" ;;
		esac >/tmp/cfr.ko
		modinfo -F signer /tmp/cfr.ko | grep -Fx "Key of this machine"
		# The end: signature, 12 bytes of which the last four are its length, "~Module signature appended~\n"
		size=$(stat -c %s /tmp/cfr.ko)
		length=$((16#$(tail -c 32 /tmp/cfr.ko | head -c 4 | od -An -tx1 | tr -d " \n")))
		head -c $((size - 40 - length)) /tmp/cfr.ko >/tmp/content
		tail -c $((40 + length)) /tmp/cfr.ko | head -c "$length" >/tmp/signature
		openssl x509 -inform DER -in /var/lib/dkms/mok.pub -out /tmp/certificate
		openssl cms -verify -binary -noverify -inform DER -in /tmp/signature -content /tmp/content \
			-certfile /tmp/certificate -nointern -out /dev/null' module_signed "$release"
}

# other_kernel: DKMS leaves kernels alone that lack what the module needs, and says so (77)
other_kernel() {
	# shellcheck disable=SC2016 # the shell in the root expands these
	in_root bash -c '
		other=/lib/modules/6.1.0-other
		mkdir -p "$other/build/include"
		sed /CONFIG_NF_DEFRAG_IPV6=/d "/lib/modules/$1/build/.config" >"$other/build/.config"
		dkms build -m cfr -v "$2" -k 6.1.0-other
		status=$?
		rm -r "$other"
		[[ $status -eq 77 ]]' other_kernel "$release" "$version"
}

enabled() {
	in_root systemctl is-enabled cfr.service &&
		in_root systemd-analyze verify /usr/lib/systemd/system/cfr.service
}

# bootable: with what the operator would write next
bootable() {
	cat >>"$root/etc/cfr/cfr.conf" <<-CONF
		# written by the operator
		pool web4 prefix $POOL4
		pool web6 prefix $POOL6
		policy homes mark 0x1/0xff pool web4 pool web6
	CONF
	mkdir "$dir/image"
	make_bootable "$root" "$dir/image"
}

# upgrade: what the operator has written stays, and the next version's module takes the place of this one's
upgrade() {
	cp "$root/etc/cfr/cfr.conf" "$dir/conf"
	in_root sh -c 'apt-get install -y --no-install-recommends ./new/cfr-dkms_*.deb ./new/cfrctl_*.deb' &&
		cmp "$dir/conf" "$root/etc/cfr/cfr.conf" && module_built "$version.1"
}

purge() {
	in_root apt-get purge -y cfr-dkms cfrctl
}

# nothing_left: what the layer still holds is as it is in the root below, but for what dpkg, apt and DKMS write
# about themselves
nothing_left() {
	local file left=0

	while read -r file; do
		case $file in
		./var/lib/dpkg/* | ./var/lib/apt/* | ./var/cache/* | ./var/log/* | ./run/* | ./var/lib/dkms/mok.*) continue ;;
		esac
		[[ ! -d $layer/files/$file || ! -d $base/$file ]] || continue
		cmp -s "$layer/files/$file" "$base/$file" && continue
		ls -ld "$layer/files/$file"
		left=1
	done < <(cd "$layer/files" && find . -mindepth 1)
	return "$left"
}

mount -t overlay -o "lowerdir=$dir/host:$base,upperdir=$layer/files,workdir=$layer/work" layer "$root" || exit 1
plan 10
make_key >/dev/null 2>&1
check "row $row: apt installs the packages" install_packages
check "row $row: DKMS has built the module for $release" module_built "$version"
check "row $row: it is signed with this machine's key" module_signed
check "row $row: kernels without what it needs are left alone" other_kernel
check "row $row: the unit is enabled and makes sense" enabled
check "row $row: the manual is there" test -s "$root/usr/share/man/man8/cfrctl.8.gz"
check "row $row: a disk to boot from is made" bootable
check "row $row: apt upgrades to the next version, the configuration stays" upgrade
check "row $row: apt purges the packages" purge
check "row $row: nothing is left" nothing_left
finish
