/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What is bypassed without being listed, once for all: included where
 * CFR_BUILTIN4(a, b, c, d, length) and CFR_BUILTIN6(upper, lower, length) are
 * defined to make of a prefix what is wanted.
 *
 * RFC 6890 and its successors: what is not the Internet. The documentation
 * and benchmarking prefixes are not in it: labs need an Internet too.
 */

CFR_BUILTIN4(0, 0, 0, 0, 8)
CFR_BUILTIN4(10, 0, 0, 0, 8)
CFR_BUILTIN4(100, 64, 0, 0, 10)
CFR_BUILTIN4(127, 0, 0, 0, 8)
CFR_BUILTIN4(169, 254, 0, 0, 16)
CFR_BUILTIN4(172, 16, 0, 0, 12)
CFR_BUILTIN4(192, 168, 0, 0, 16)
CFR_BUILTIN4(224, 0, 0, 0, 4)
CFR_BUILTIN4(240, 0, 0, 0, 4)
CFR_BUILTIN6(0, 0, 128)
CFR_BUILTIN6(0, 1, 128)
CFR_BUILTIN6(0, 0x0000ffff00000000, 96)
CFR_BUILTIN6(0x0064ff9b00010000, 0, 48)
CFR_BUILTIN6(0x0100000000000000, 0, 64)
CFR_BUILTIN6(0xfc00000000000000, 0, 7)
CFR_BUILTIN6(0xfe80000000000000, 0, 10)
CFR_BUILTIN6(0xff00000000000000, 0, 8)
