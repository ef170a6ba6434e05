/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/types.h>

struct rhash_head {
	struct rhash_head *next;
};

struct rhashtable {
	int nelems;
};

struct rhashtable_iter {
	struct rhashtable *ht;
};
