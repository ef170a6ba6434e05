/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>

#define memzero_explicit(p, n)	memset(p, 0, n)
