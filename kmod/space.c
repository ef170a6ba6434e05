// SPDX-License-Identifier: GPL-2.0
#include <linux/sort.h>

#include "space.h"

#define P4(a, b, c, d, bits) { \
	.hi = (u64)((a) << 24 | (b) << 16 | (c) << 8 | (d)) << 32, \
	.family = NFPROTO_IPV4, .len = (bits) }
#define P6(upper, lower, bits) { \
	.hi = (upper), .lo = (lower), .family = NFPROTO_IPV6, .len = (bits) }

#define CFR_BUILTIN4(a, b, c, d, bits)		P4(a##u, b, c, d, bits),
#define CFR_BUILTIN6(upper, lower, bits)	P6(upper, lower, bits),

static const struct cfr_prefix builtin[] = {
#include <linux/cfr_builtin.h>
};

/* Space that nobody can route to a relay. Private space is not in it: a relay
 * may stand in front of another one.
 */
static const struct cfr_prefix reserved[] = {
	P4(0u, 0, 0, 0, 8),
	P4(127u, 0, 0, 0, 8),
	P4(169u, 254, 0, 0, 16),
	P4(224u, 0, 0, 0, 4),
	P4(240u, 0, 0, 0, 4),
	P6(0, 0, 64),
	P6(0xfe80000000000000, 0, 10),
	P6(0xff00000000000000, 0, 8),
};

unsigned int cfr_space_builtin(u8 family, struct cfr_claim *claim)
{
	unsigned int count = 0, i;

	BUILD_BUG_ON(ARRAY_SIZE(builtin) != CFR_BUILTIN_COUNT);
	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		if (builtin[i].family != family)
			continue;
		claim[count++] = (struct cfr_claim){
			.prefix = builtin[i],
			.space = CFR_SPACE_BYPASS,
			.rank = CFR_RANK_BUILTIN,
		};
	}
	return count;
}

bool cfr_space_reserved(const struct cfr_prefix *prefix)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		if (cfr_prefix_overlaps(&reserved[i], prefix))
			return true;
	return false;
}

static int claim_cmp(const void *a, const void *b)
{
	const struct cfr_claim *p = a, *q = b;
	int cmp = cfr_prefix_cmp(&p->prefix, &q->prefix);

	return cmp ?: (int)p->rank - (int)q->rank;
}

struct ranges {
	struct cfr_range6 *range;
	unsigned int count;
};

static void begin(struct ranges *r, u64 hi, u64 lo, enum cfr_space space)
{
	struct cfr_range6 *last = r->count ? &r->range[r->count - 1] : NULL;

	if (last && last->hi == hi && last->lo == lo) {
		r->count--;
		last = r->count ? last - 1 : NULL;
	}
	if (last && last->space == space)
		return;
	r->range[r->count++] = (struct cfr_range6){ hi, lo, space };
}

#define NONE	U32_MAX

/* The claim ends: what is around it holds from the next address on. */
static u32 leave(struct ranges *r, const struct cfr_claim *claim, u32 top)
{
	const struct cfr_claim *c = &claim[top];
	u64 hi = c->prefix.hi | cfr_prefix_host_hi(c->prefix.len);
	u64 lo = c->prefix.lo | cfr_prefix_host_lo(c->prefix.len);

	if (!++lo && !++hi)
		return c->up;
	begin(r, hi, lo, c->up == NONE ? CFR_SPACE_WORLD : claim[c->up].space);
	return c->up;
}

/**
 * cfr_space_flatten - make ascending ranges of nested claims
 * @claim: prefixes of one family; sorted and overwritten
 * @count: of @claim
 * @range: room for cfr_space_bound(@count)
 *
 * Prefixes either nest or are disjoint: one pass over them in order, with the
 * enclosing claims as a stack that is threaded through @up.
 *
 * Return: the number of ranges; the first starts at zero.
 */
unsigned int cfr_space_flatten(struct cfr_claim *claim, unsigned int count,
			       struct cfr_range6 *range)
{
	struct ranges r = { .range = range };
	u32 top = NONE, i;

	sort(claim, count, sizeof(*claim), claim_cmp, NULL);
	begin(&r, 0, 0, CFR_SPACE_WORLD);
	for (i = 0; i < count; i++) {
		struct cfr_claim *c = &claim[i];

		while (top != NONE &&
		       !cfr_prefix_contains(&claim[top].prefix, &c->prefix))
			top = leave(&r, claim, top);
		c->up = top;
		if (top != NONE && claim[top].rank > c->rank) {
			c->rank = claim[top].rank;
			c->space = claim[top].space;
		}
		begin(&r, c->prefix.hi, c->prefix.lo, c->space);
		top = i;
	}
	while (top != NONE)
		top = leave(&r, claim, top);
	return r.count;
}
