// SPDX-License-Identifier: GPL-2.0
/* Address space: prefixes, and ranges made of claims, against a model that asks
 * every claim about every address.
 */

#include <kunit/test.h>
#include <linux/random.h>

#include "space.h"

#define CLAIMS		24
#define ROUNDS		300
#define PROBES		200

static bool bit(u64 hi, u64 lo, unsigned int n)
{
	return n < 64 ? hi >> (63 - n) & 1 : lo >> (127 - n) & 1;
}

/* Bit by bit */
static bool covers(const struct cfr_prefix *p, u64 hi, u64 lo)
{
	unsigned int n;

	for (n = 0; n < p->len; n++)
		if (bit(p->hi, p->lo, n) != bit(hi, lo, n))
			return false;
	return true;
}

/* Few bits vary, so that claims nest and meet */
static struct cfr_prefix random_prefix(u8 family)
{
	struct cfr_prefix p = { .family = family };

	if (family == NFPROTO_IPV4) {
		p.hi = (u64)get_random_u32_below(8) << 61 |
		       (u64)get_random_u32_below(4) << 32;
		p.len = get_random_u32_below(33);
	} else {
		p.hi = (u64)get_random_u32_below(4) << 62 | get_random_u32_below(2);
		p.lo = get_random_u64() & 0xc000000000000003;
		p.len = get_random_u32_below(129);
	}
	cfr_prefix_mask(&p);
	if (family == NFPROTO_IPV4)
		p.lo = 0;
	return p;
}

static void space_prefixes(struct kunit *test)
{
	unsigned int i, n;

	for (i = 0; i < 5000; i++) {
		u8 family = i % 2 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		struct cfr_prefix p = random_prefix(family);
		struct cfr_prefix q = random_prefix(family);
		union nf_inet_addr addr;
		struct cfr_prefix host;
		bool inside;

		inside = p.len <= q.len && covers(&p, q.hi, q.lo);
		KUNIT_EXPECT_EQ(test, cfr_prefix_contains(&p, &q), inside);
		KUNIT_EXPECT_EQ(test, cfr_prefix_overlaps(&p, &q),
				inside || (q.len <= p.len && covers(&q, p.hi, p.lo)));
		KUNIT_EXPECT_EQ(test, cfr_prefix_cmp(&p, &q), -cfr_prefix_cmp(&q, &p));
		KUNIT_EXPECT_FALSE(test, cfr_prefix_has_host_bits(&p));
		if (inside)
			KUNIT_EXPECT_LE(test, cfr_prefix_cmp(&p, &q), 0);
		cfr_prefix_base(&p, &addr);
		host = cfr_prefix_host(family, &addr);
		KUNIT_EXPECT_EQ(test, host.hi, p.hi);
		KUNIT_EXPECT_EQ(test, host.lo, p.lo);
		for (n = p.len; n < cfr_prefix_max_len(family); n += 7) {
			struct cfr_prefix odd = p;

			if (n < 64)
				odd.hi |= 1ULL << (63 - n);
			else
				odd.lo |= 1ULL << (127 - n);
			KUNIT_EXPECT_TRUE(test, cfr_prefix_has_host_bits(&odd));
		}
	}
}

/* The highest rank counts, among equals the longest prefix */
static enum cfr_space ask_all(const struct cfr_claim *claim, unsigned int count,
			      u64 hi, u64 lo)
{
	const struct cfr_claim *best = NULL;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!covers(&claim[i].prefix, hi, lo))
			continue;
		if (!best || claim[i].rank > best->rank ||
		    (claim[i].rank == best->rank &&
		     claim[i].prefix.len >= best->prefix.len))
			best = &claim[i];
	}
	return best ? best->space : CFR_SPACE_WORLD;
}

static enum cfr_space look_up(const struct cfr_range6 *range, unsigned int count,
			      u64 hi, u64 lo)
{
	enum cfr_space space = CFR_SPACE_WORLD;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (range[i].hi < hi || (range[i].hi == hi && range[i].lo <= lo))
			space = range[i].space;
	return space;
}

/* One rank says one thing of one prefix, as snapshot.c sees to. */
static unsigned int random_claims(struct cfr_claim *claim, u8 family)
{
	static const enum cfr_space says[] = {
		[CFR_RANK_BUILTIN] = CFR_SPACE_BYPASS,
		[CFR_RANK_OPERATOR] = CFR_SPACE_REFUSE,
		[CFR_RANK_LOCAL] = CFR_SPACE_BYPASS,
		[CFR_RANK_RETIRED] = CFR_SPACE_RETIRED,
		[CFR_RANK_POOL] = CFR_SPACE_POOL,
	};
	unsigned int count = get_random_u32_below(CLAIMS + 1), i;

	for (i = 0; i < count; i++) {
		claim[i].prefix = random_prefix(family);
		claim[i].rank = get_random_u32_below(ARRAY_SIZE(says));
		claim[i].space = says[claim[i].rank];
		/* an operator says two things, but one of each prefix */
		if (claim[i].rank == CFR_RANK_OPERATOR && claim[i].prefix.len % 2)
			claim[i].space = CFR_SPACE_BYPASS;
	}
	return count;
}

static void space_flatten(struct kunit *test)
{
	struct cfr_range6 *range = kunit_kcalloc(test, cfr_space_bound(CLAIMS),
						 sizeof(*range), GFP_KERNEL);
	struct cfr_claim *claim = kunit_kcalloc(test, 2 * CLAIMS, sizeof(*claim),
						GFP_KERNEL);
	unsigned int round, i, probe;

	for (round = 0; round < ROUNDS; round++) {
		u8 family = round % 2 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		unsigned int count = random_claims(claim, family), ranges;
		struct cfr_claim *kept = claim + CLAIMS;

		memcpy(kept, claim, count * sizeof(*claim));
		ranges = cfr_space_flatten(claim, count, range);
		KUNIT_EXPECT_GE(test, ranges, 1);
		KUNIT_EXPECT_LE(test, ranges, cfr_space_bound(count));
		KUNIT_EXPECT_EQ(test, range[0].hi | range[0].lo, 0);
		for (i = 1; i < ranges; i++) {
			KUNIT_EXPECT_TRUE(test, range[i].hi > range[i - 1].hi ||
					  (range[i].hi == range[i - 1].hi &&
					   range[i].lo > range[i - 1].lo));
			KUNIT_EXPECT_NE(test, range[i].space, range[i - 1].space);
		}
		for (probe = 0; probe < PROBES; probe++) {
			struct cfr_prefix at = random_prefix(family);

			/* a first or a last address, or one of its neighbours */
			if (probe % 2) {
				at.hi |= cfr_prefix_host_hi(at.len);
				at.lo |= cfr_prefix_host_lo(at.len);
			}
			if (family == NFPROTO_IPV4) {
				at.hi += (u64)(s64)((int)(probe % 3) - 1) << 32;
				at.hi &= ~0ULL << 32;
				at.lo = 0;
			} else {
				at.lo += (int)(probe % 3) - 1;
			}
			KUNIT_EXPECT_EQ(test, ask_all(kept, count, at.hi, at.lo),
					look_up(range, ranges, at.hi, at.lo));
		}
	}
}

static const struct {
	const char *what;
	u8 family;
	u64 hi;
	u64 lo;
	bool builtin;
	bool reserved;
} places[] = {
	{ "0.0.0.0", NFPROTO_IPV4, 0, 0, true, true },
	{ "9.255.255.255", NFPROTO_IPV4, 0x09ffffffULL << 32, 0, false, false },
	{ "10.0.0.0", NFPROTO_IPV4, 0x0a000000ULL << 32, 0, true, false },
	{ "10.255.255.255", NFPROTO_IPV4, 0x0affffffULL << 32, 0, true, false },
	{ "11.0.0.0", NFPROTO_IPV4, 0x0b000000ULL << 32, 0, false, false },
	{ "100.63.255.255", NFPROTO_IPV4, 0x643fffffULL << 32, 0, false, false },
	{ "100.64.0.0", NFPROTO_IPV4, 0x64400000ULL << 32, 0, true, false },
	{ "100.127.255.255", NFPROTO_IPV4, 0x647fffffULL << 32, 0, true, false },
	{ "127.0.0.1", NFPROTO_IPV4, 0x7f000001ULL << 32, 0, true, true },
	{ "169.254.1.1", NFPROTO_IPV4, 0xa9fe0101ULL << 32, 0, true, true },
	{ "172.15.255.255", NFPROTO_IPV4, 0xac0fffffULL << 32, 0, false, false },
	{ "172.31.255.255", NFPROTO_IPV4, 0xac1fffffULL << 32, 0, true, false },
	{ "172.32.0.0", NFPROTO_IPV4, 0xac200000ULL << 32, 0, false, false },
	{ "192.168.1.1", NFPROTO_IPV4, 0xc0a80101ULL << 32, 0, true, false },
	{ "198.51.100.1", NFPROTO_IPV4, 0xc6336401ULL << 32, 0, false, false },
	{ "223.255.255.255", NFPROTO_IPV4, 0xdfffffffULL << 32, 0, false, false },
	{ "224.0.0.1", NFPROTO_IPV4, 0xe0000001ULL << 32, 0, true, true },
	{ "255.255.255.255", NFPROTO_IPV4, 0xffffffffULL << 32, 0, true, true },
	{ "::", NFPROTO_IPV6, 0, 0, true, true },
	{ "::1", NFPROTO_IPV6, 0, 1, true, true },
	{ "::ffff:1.2.3.4", NFPROTO_IPV6, 0, 0xffff01020304, true, true },
	{ "64:ff9b::1", NFPROTO_IPV6, 0x0064ff9b00000000, 1, false, false },
	{ "64:ff9b:1::1", NFPROTO_IPV6, 0x0064ff9b00010000, 1, true, false },
	{ "100::1", NFPROTO_IPV6, 0x0100000000000000, 1, true, false },
	{ "2001:db8::1", NFPROTO_IPV6, 0x20010db800000000, 1, false, false },
	{ "fbff::1", NFPROTO_IPV6, 0xfbff000000000000, 1, false, false },
	{ "fc00::1", NFPROTO_IPV6, 0xfc00000000000000, 1, true, false },
	{ "fdff::1", NFPROTO_IPV6, 0xfdff000000000000, 1, true, false },
	{ "fe80::1", NFPROTO_IPV6, 0xfe80000000000000, 1, true, true },
	{ "fec0::1", NFPROTO_IPV6, 0xfec0000000000000, 1, false, false },
	{ "ff02::1", NFPROTO_IPV6, 0xff02000000000000, 1, true, true },
};

/* RFC 6890's special purposes, at their edges */
static void space_builtin(struct kunit *test)
{
	struct cfr_claim claim[CFR_BUILTIN_COUNT];
	unsigned int i, count;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct cfr_prefix host = {
			places[i].hi, places[i].lo, places[i].family,
			cfr_prefix_max_len(places[i].family),
		};

		count = cfr_space_builtin(places[i].family, claim);
		KUNIT_EXPECT_EQ_MSG(test, ask_all(claim, count, host.hi, host.lo),
				    places[i].builtin ? CFR_SPACE_BYPASS :
							CFR_SPACE_WORLD,
				    "%s", places[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cfr_space_reserved(&host),
				    places[i].reserved, "%s", places[i].what);
	}
}

static struct kunit_case space_cases[] = {
	KUNIT_CASE(space_prefixes),
	KUNIT_CASE(space_flatten),
	KUNIT_CASE(space_builtin),
	{}
};

static struct kunit_suite space_suite = {
	.name = "cfr_space",
	.test_cases = space_cases,
};

kunit_test_suite(space_suite);
