// SPDX-License-Identifier: GPL-2.0
/* Entropy: the logarithm against known ones, the floor, and what an average of
 * draws says of a pool of which a share is taken.
 */

#include <kunit/test.h>
#include <linux/cfr.h>
#include <linux/random.h>

#include "entropy.h"

#define ONE	CFR_ENTROPY_BIT

static void entropy_log2(struct kunit *test)
{
	unsigned int i;
	u64 x;

	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, cfr_entropy_log2(1ULL << i), i * ONE);
	for (i = 1; i < 63; i++) {	/* to either side of a power of two */
		x = 2ULL << i;
		KUNIT_EXPECT_EQ(test, cfr_entropy_log2(x - 1) / ONE, i);
		KUNIT_EXPECT_GE(test, cfr_entropy_log2(x + 1), (i + 1) * ONE);
	}
	/* floor(256 * log2(x)) */
	KUNIT_EXPECT_EQ(test, cfr_entropy_log2(3), 405);
	KUNIT_EXPECT_EQ(test, cfr_entropy_log2(10), 850);
	KUNIT_EXPECT_EQ(test, cfr_entropy_log2(64512), 4090);
	KUNIT_EXPECT_EQ(test, cfr_entropy_log2(1000000007), 7653);
	KUNIT_EXPECT_EQ(test, cfr_entropy_log2(U64_MAX), 64 * ONE - 1);
}

static bool kept(u64 tuples, u32 bits, u32 floor)
{
	struct cfr_entropy entropy;

	cfr_entropy_init(&entropy, tuples, bits, floor);
	return !cfr_entropy_low(&entropy);
}

/* With nothing taken, the floor is exact. */
static void entropy_floor(struct kunit *test)
{
	u32 floor;

	for (floor = 1; floor <= 48; floor++) {
		KUNIT_EXPECT_TRUE(test, kept(1ULL << floor, 0, floor));
		KUNIT_EXPECT_FALSE(test, kept((1ULL << floor) - 1, 0, floor));
		KUNIT_EXPECT_TRUE(test, kept(1ULL << floor, 64, floor + 64));
		KUNIT_EXPECT_FALSE(test, kept((1ULL << floor) - 1, 64, floor + 64));
	}
	KUNIT_EXPECT_TRUE(test, kept(1, 0, 0));
	KUNIT_EXPECT_TRUE(test, kept(1, 64, 64));
	KUNIT_EXPECT_FALSE(test, kept(U32_MAX, 0, CFR_ENTROPY_MAX));
}

/* A flow's draws where @taken of 1000 tuples are */
static u32 draws(u32 taken)
{
	u32 n = 1;

	while (get_random_u32_below(1000) < taken)
		n++;
	return n;
}

static void entropy_follows(struct kunit *test)
{
	/* taken per 1000; bits that this costs, in 1/256 */
	static const struct { u32 taken, lost; } fills[] = {
		{ 500, 256 }, { 900, 850 }, { 990, 1700 }, { 750, 512 }, { 0, 0 },
	};
	struct cfr_entropy entropy;
	u64 sum;
	u32 i, j;

	cfr_entropy_init(&entropy, 1000, 0, 0);
	KUNIT_EXPECT_EQ(test, cfr_entropy_now(&entropy), cfr_entropy_log2(1000));
	for (i = 0; i < ARRAY_SIZE(fills); i++) {
		for (j = 0; j < 1000; j++)
			cfr_entropy_drawn(&entropy, draws(fills[i].taken));
		for (j = 0, sum = 0; j < 20000; j++) {
			cfr_entropy_drawn(&entropy, draws(fills[i].taken));
			sum += entropy.full - cfr_entropy_now(&entropy);
		}
		/* a tenth of a bit, some of it the average's own */
		KUNIT_EXPECT_LE(test, abs((int)div_u64(sum, 20000) -
					  (int)fills[i].lost), 26);
	}
	KUNIT_EXPECT_EQ(test, entropy.draws, CFR_ENTROPY_DRAW);
}

/* Low is what fewer than the floor were free for, and it passes. */
static void entropy_low(struct kunit *test)
{
	struct cfr_entropy entropy;
	u32 i;

	cfr_entropy_init(&entropy, 1 << 10, 0, 8);
	for (i = 0; i < 1000; i++)
		cfr_entropy_drawn(&entropy, 3);
	KUNIT_EXPECT_FALSE(test, cfr_entropy_low(&entropy));
	KUNIT_EXPECT_GT(test, cfr_entropy_now(&entropy), 8 * ONE);
	for (i = 0; i < 1000; i++)
		cfr_entropy_drawn(&entropy, 5);
	KUNIT_EXPECT_TRUE(test, cfr_entropy_low(&entropy));
	KUNIT_EXPECT_LT(test, cfr_entropy_now(&entropy), 8 * ONE);
	for (i = 0; i < 1000; i++)
		cfr_entropy_drawn(&entropy, 1);
	KUNIT_EXPECT_FALSE(test, cfr_entropy_low(&entropy));
	KUNIT_EXPECT_EQ(test, cfr_entropy_now(&entropy), 10 * ONE);
	/* more draws than there are tuples: never less than nothing is left */
	for (i = 0; i < 1000; i++)
		cfr_entropy_drawn(&entropy, 66560);
	KUNIT_EXPECT_EQ(test, cfr_entropy_now(&entropy), 0);
}

static struct kunit_case entropy_cases[] = {
	KUNIT_CASE(entropy_log2),
	KUNIT_CASE(entropy_floor),
	KUNIT_CASE(entropy_follows),
	KUNIT_CASE(entropy_low),
	{}
};

static struct kunit_suite entropy_suite = {
	.name = "cfr_entropy",
	.test_cases = entropy_cases,
};

kunit_test_suite(entropy_suite);
