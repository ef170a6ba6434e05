// SPDX-License-Identifier: GPL-2.0
/* What a relayed packet leaves behind: marks of policies always, and priority and
 * tc_index if it is so configured.
 */

#include <kunit/test.h>

#include "skb.h"
#include "verdict.h"

#define MARKS	0xffU

static u16 *tc_index(struct sk_buff *skb)
{
#ifdef CONFIG_NET_SCHED
	return &skb->tc_index;
#else
	return NULL;
#endif
}

static void shed(struct kunit *test, u32 keep)
{
	struct cfr_config *cfg = kunit_kzalloc(test, sizeof(*cfg), GFP_KERNEL);
	struct test_spec spec = { NFPROTO_IPV4, IPPROTO_UDP, .payload = 8 };
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	struct sk_buff *skb;

	KUNIT_ASSERT_NOT_NULL(test, cfg);
	KUNIT_ASSERT_NOT_NULL(test, flat);
	cfg->marks = MARKS;
	cfg->priority = keep;
	test_make(&spec, flat);
	skb = test_skb(test, flat, flat->len);
	skb->mark = 0x12345678;
	skb->priority = 0x00010006;
	if (tc_index(skb))
		*tc_index(skb) = 0x1234;
	cfr_shed(cfg, skb);
	KUNIT_EXPECT_EQ(test, skb->mark, 0x12345600);
	KUNIT_EXPECT_EQ(test, skb->priority, 0x00010006 & keep);
	if (tc_index(skb))
		KUNIT_EXPECT_EQ(test, *tc_index(skb), 0x1234 & keep);
}

static void verdict_shed(struct kunit *test)
{
	shed(test, 0);
	shed(test, ~0U);
}

static struct kunit_case verdict_cases[] = {
	KUNIT_CASE(verdict_shed),
	{}
};

static struct kunit_suite verdict_suite = {
	.name = "cfr_verdict",
	.test_cases = verdict_cases,
};

kunit_test_suite(verdict_suite);
