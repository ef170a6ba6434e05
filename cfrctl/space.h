/* SPDX-License-Identifier: GPL-2.0 */
/* Address space as ascending, disjoint ranges, which is what nftables takes. */
#ifndef CFRCTL_SPACE_H
#define CFRCTL_SPACE_H

#include "conf.h"

struct range {
	uint8_t first[16];
	uint8_t last[16];
};

struct ranges {
	struct range *range;
	size_t count;
};

/* What is in a pool */
void space_pools(const struct conf *conf, int family, struct ranges *ranges);

/* What both configurations bypass, and neither refuses */
void space_bypasses(const struct conf *a, const struct conf *b, int family,
		    struct ranges *ranges);

void space_free(struct ranges *ranges);

#endif
