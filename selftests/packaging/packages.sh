#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# packages.sh ROW DIR: Debian packages of this tree (left in DIR/old) and of a next version (DIR/new), built in
# the row's own release; on the default row RPM packages, too.
# proves: O9
cd "$(dirname "$0")" || exit 1
. ../vm/lib.sh
. ../net/lib.sh
row=$1 dir=$2
root=$(./root "$row") || exit 1
version=$(<"$TREE/VERSION")

# in_root COMMAND...: with DIR as its directory and no network, so that nothing can be fetched
in_root() {
	unshare --net -- "$LAB/in-root" "$root" "$dir" "$@"
}

# copy_of NAME: a copy of the tree to build from, in DIR/NAME/cfr
copy_of() {
	mkdir -p "$dir/$1"
	"$LAB/snapshot" "$dir/$1/cfr"
}

# released DIRECTORY VERSION: the source there as it will be at its next release, a day later and with another unit
released() {
	local trailer
	echo "$2" >"$1/VERSION"
	sed -i 's/^Description=.*/&, the next version/' "$1/dist/cfr.service"
	trailer=$(grep -m 1 '^ -- ' "$TREE/debian/changelog")
	{
		printf 'cfr (%s) unstable; urgency=medium\n\n  * The next version.\n\n' "$2"
		printf '%s  %s\n\n' "${trailer%  *}" "$(date -R -d "${trailer##*  } + 1 day")"
		cat "$TREE/debian/changelog"
	} >"$1/debian/changelog"
}

# build NAME UMASK
build() {
	# shellcheck disable=SC2016 # the shell in the root expands these
	in_root sh -c 'cd "$1/cfr" && umask "$2" && make deb && ls ../cfrctl_*.deb ../cfr-dkms_*.deb' build "$1" "$2"
}

# An old lintian does not know the newest policy, which the packages follow.
lintian_clean() {
	in_root sh -c 'lintian --fail-on error,warning --suppress-tags newer-standards-version old/*.changes 2>&1 && lintian --version'
}

# cleaned: a build leaves nothing behind in the tree
cleaned() {
	in_root sh -c 'cd old/cfr && dpkg-buildpackage --rules-target=clean --no-check-builddeps' &&
		diff -r "$dir/pristine/cfr" "$dir/old/cfr"
}

# same_bytes: another directory, another umask, another hour
same_bytes() {
	copy_of again/elsewhere
	build again/elsewhere 077 || return
	(cd "$dir/old" && sha256sum ./*.deb ./*.dsc ./*.tar.*) | (cd "$dir/again/elsewhere" && sha256sum -c)
}

# rpm_builds: without what RPM distributions have and Debian has not, the macros of systemd and a database of
# what is installed
rpm_builds() {
	cat >"$dir/rpm/.rpmmacros" <<-'MACROS'
	%_dbpath /tmp/rpmdb
	%_tmppath /tmp
	%_unitdir /usr/lib/systemd/system
	%_modulesloaddir /usr/lib/modules-load.d
	%systemd_post() %{nil}
	%systemd_preun() %{nil}
	%systemd_postun() %{nil}
	MACROS
	in_root sh -c 'export HOME=/cfr/rpm && cd rpm/cfr && make rpm RPMBUILD="rpmbuild --nodeps" && ls ../rpmbuild/RPMS/*/*.rpm'
}

rpmlint_clean() {
	in_root sh -c 'rpmlint -r rpm/cfr/selftests/packaging/rpmlintrc rpm/rpmbuild/cfr.spec rpm/rpmbuild/SRPMS/*.rpm rpm/rpmbuild/RPMS/*/*.rpm'
}

# rpm_module: the module's source as the RPM brings it builds for the row's kernel
rpm_module() {
	# shellcheck disable=SC2016 # the shell in the root expands these
	in_root sh -euc 'mkdir /tmp/files /tmp/dkms && cd /tmp/files && rpm2cpio /cfr/rpm/rpmbuild/RPMS/noarch/cfr-dkms-*.rpm | cpio -idm
		release=$(ls /lib/modules)
		dkms --sourcetree /tmp/files/usr/src --dkmstree /tmp/dkms build -m cfr -v "$1" -k "$release" ||
			{ cat /tmp/dkms/cfr/"$1"/build/make.log; exit 1; }' rpm_module "$version"
}

if [[ $row == "$DEFAULT_ROW" ]]; then plan 8; else plan 5; fi
copy_of pristine
copy_of old
copy_of new
released "$dir/new/cfr" "$version.1"
check "row $row: packages build without a network" build old 022
check "row $row: packages of a next version build" build new 022
check "row $row: lintian finds no error and no warning" lintian_clean
check "row $row: the same source gives the same packages" same_bytes
check "row $row: a cleaned tree is as it was" cleaned
if [[ $row == "$DEFAULT_ROW" ]]; then
	copy_of rpm
	check "row $row: RPM packages build" rpm_builds
	check "row $row: rpmlint accepts the spec and the RPM packages" rpmlint_clean
	check "row $row: DKMS builds the module from the RPM's source" rpm_module
fi
finish
