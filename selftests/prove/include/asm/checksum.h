/* SPDX-License-Identifier: GPL-2.0 */
/* An architecture without a checksum of its own: the kernel's generic one */
#include <linux/types.h>
#include <include/asm-generic/checksum.h>

#define _HAVE_ARCH_COPY_AND_CSUM_FROM_USER
#define HAVE_CSUM_COPY_USER
#define _HAVE_ARCH_CSUM_AND_COPY
