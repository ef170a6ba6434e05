#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# booted.sh ROW DIR NAME: boot DIR/image under systemd and run booted/NAME.sh there, with the packages of DIR/new
# at hand. Leaves what lab's boot leaves in DIR/NAME.
set -euo pipefail
cd "$(dirname "$0")"
. ../vm/lib.sh
row=$1 dir=$2 name=$3
test=packaging/booted/$name.sh
work=$dir/work-$name
logs=$dir/$name

"$LAB/snapshot" "$work/cfr"
mkdir -p "$work/cfr/.lab/new" "$logs"
cp "$dir"/new/*.deb "$work/cfr/.lab/new/"
cp "$("$LAB/root" "$row")/bin/busybox" "$work/cfr/.lab/"
plan_boot "$row" systemd "$work/cfr/.lab"
echo "$(($(head_says "$test" timeout) * $(row_patience "$row"))) $test" >"$work/cfr/.lab/tests"
CFR_CMDLINE+=" init=/sbin/init systemd.wants=lab.service $(head_says "$test" cmdline)"
export CFR_CMDLINE
exec "$LAB/boot" "$dir/image" systemd "$work" "$logs"
