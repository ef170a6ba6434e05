#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who talked to whom does not reach the next kernel, which finds the old one's
# memory: kexec and reboot wipe all flows first, and say so on the console.
# proves: L7
# boot: last
# timeout: 900
# console: 2 cfr: all mappings erased
#
#   c1 ---- acc ---- relay ---- inet ---- srv
. "$(dirname "$0")/lib.sh"

[ "${CFR_BOOT:-}" = last ] || skip_all "restarts the machine: for the lab's last boot only"
need_cfr
need kexec
if [ "$CFR_BOOT_NUMBER" -gt 2 ]; then
	plan 1
	ok "the machine has come back from kexec and from reboot"
	finish
fi
setup_lab
setup_cfr
busywait 60 flows >/dev/null || exit 1
dmesg -n 7
if [ "$CFR_BOOT_NUMBER" -eq 1 ]; then
	kexec -l "/boot/vmlinuz-$(uname -r)" --initrd=/dev/vdc --reuse-cmdline || exit 1
	kexec -e
else
	python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x01234567)'
fi
