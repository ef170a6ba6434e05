/* SPDX-License-Identifier: GPL-2.0 */
/* Nested prefixes flattened into what a lookup wants: ranges. */
#ifndef _CFR_SPACE_H
#define _CFR_SPACE_H

#include "config.h"
#include "prefix.h"

/* Who says what an address means; a later one outweighs an earlier one. */
enum cfr_rank {
	CFR_RANK_BUILTIN,
	CFR_RANK_OPERATOR,
	CFR_RANK_LOCAL,
	CFR_RANK_RETIRED,
	CFR_RANK_POOL,
};

/**
 * struct cfr_claim - one voice about address space
 * @prefix: the space, all claims of one call being of one family
 * @space: what its addresses mean
 * @rank: whose voice it is; among equals the longer prefix counts
 * @up: private to cfr_space_flatten(): the claim around this one
 */
struct cfr_claim {
	struct cfr_prefix prefix;
	enum cfr_space space;
	enum cfr_rank rank;
	u32 up;
};

#define CFR_BUILTIN_COUNT	17

unsigned int cfr_space_builtin(u8 family, struct cfr_claim *claim);
bool cfr_space_reserved(const struct cfr_prefix *prefix);

/* How many ranges @count claims make at most. */
static inline size_t cfr_space_bound(size_t count)
{
	return 2 * count + 1;
}

unsigned int cfr_space_flatten(struct cfr_claim *claim, unsigned int count,
			       struct cfr_range6 *range);

#endif
