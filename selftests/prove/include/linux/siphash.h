/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/types.h>

typedef struct {
	u64 key[2];
} hsiphash_key_t;
