#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# proves: O10
# The netlink spec and the uapi header say the same.

cd "$(dirname "$0")" || exit 1
if ! python3 -c 'import yaml' 2>/dev/null; then
	echo "KTAP version 1"
	echo "1..0 # SKIP python3 with yaml is not installed"
	exit 4
fi
if [ ! -e ../../uapi/cfr.yaml ]; then
	echo "KTAP version 1"
	echo "1..0 # SKIP the spec lies beside the sources only"
	exit 4
fi
exec python3 spec.py ../../uapi/cfr.yaml ../../uapi/linux/cfr.h
