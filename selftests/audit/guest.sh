#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Process 1 of a customer that is a machine: User-mode Linux with a stack and a clock of its own. boot's words "v4",
# "v6" (addresses) and "gw4", "gw6" are in the environment.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t tmpfs tmp /tmp
ip link set lo up
ip -batch - <<END
link set vec0 up
addr add ${v4:?}/30 dev vec0
addr add ${v6:?}/64 dev vec0 nodad
route add default via ${gw4:?}
route add default via ${gw6:?}
END
# Its clock as it is: no offset of each connection's
sysctl -qw net.ipv4.tcp_timestamps=2
cd /cfr/selftests/audit && exec python3 guest.py
