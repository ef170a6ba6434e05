// SPDX-License-Identifier: GPL-2.0
/* Headers that say nothing of their sender, for every family, protocol and
 * ip_summed: what comes out is what a slow model makes of a flat copy, and its
 * checksums are right where they were.
 */

#include <linux/netdevice.h>
#include <linux/random.h>
#include <net/net_namespace.h>

#include "normalise.h"
#include "profile.h"
#include "rewrite.h"
#include "skb.h"

#define ALL	CFR_FIELDS_SAFE
#define ROUNDS	50
#define URG	0x20

/**
 * struct look - one packet and what becomes of it
 * @spec: what it looks like
 * @flow: that it belongs to
 * @before: as it comes
 * @after: as it must leave
 * @got: as it left
 */
struct look {
	struct test_spec spec;
	struct cfr_flow flow;
	struct test_flat before;
	struct test_flat after;
	struct test_flat got;
};

static void finish(const struct look *l, struct test_flat *flat)
{
	test_finish(flat, 0, test_l4(l->spec.family), flat->len, l->spec.proto);
}

/* Random in all that may be touched */
static void make(struct look *l)
{
	u8 *p = l->before.data, *th = p + test_l4(l->spec.family);
	u8 random[8];

	get_random_bytes(random, sizeof(random));
	test_make(&l->spec, &l->before);
	if (l->spec.family == NFPROTO_IPV4) {
		p[1] = random[0];
		memcpy(p + 4, random + 1, 2);
		p[6] = random[3] & 0x40;	/* DF */
		p[8] = random[4];
	} else {
		p[0] = 0x60 | (random[0] & 0xf);
		memcpy(p + 1, random + 1, 3);
		p[7] = random[4];
	}
	if (l->spec.proto == IPPROTO_TCP)
		memcpy(th + 18, random + 5, 2);
	finish(l, &l->before);
	l->flow.family = l->spec.family;
	l->flow.proto = l->spec.proto;
	l->flow.v6.label = get_random_u32_below(1 << 20);
}

/* Identifications are drawn: the model believes what it sees. */
static void model4(const struct look *l, u8 *p)
{
	if (l->flow.touch & CFR_TOUCH(HOPS) && p[8] > 32)
		p[8] = 64;
	if (l->flow.touch & CFR_TOUCH(DSCP))
		p[1] &= 3;
	if (l->flow.touch & CFR_TOUCH(ID))
		memcpy(p + 4, l->got.data + 4, 2);
}

static void model6(const struct look *l, u8 *p)
{
	if (l->flow.touch & CFR_TOUCH(HOPS) && p[7] > 32)
		p[7] = 64;
	if (l->flow.touch & CFR_TOUCH(DSCP)) {
		p[0] &= 0xf0;
		p[1] &= 0x3f;
	}
	if (l->flow.touch & CFR_TOUCH(FLOW_LABEL)) {
		p[1] = (p[1] & 0xf0) | l->flow.v6.label >> 16;
		test_put16(p + 2, l->flow.v6.label);
	}
}

static void model(struct look *l)
{
	u8 *p = l->after.data, *th = p + test_l4(l->spec.family);

	l->after = l->before;
	if (l->spec.family == NFPROTO_IPV4)
		model4(l, p);
	else
		model6(l, p);
	if (l->spec.proto == IPPROTO_TCP && l->flow.touch & CFR_TOUCH(URGENT) &&
	    !(l->spec.flags & URG))
		test_put16(th + 18, 0);
	finish(l, &l->after);
}

/* A device completes the checksum: what the stack says is the pseudo header's. */
static void set_partial(struct sk_buff *skb, const struct look *l)
{
	unsigned int l4 = test_l4(l->spec.family);
	u8 pseudo[2];

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + l4;
	skb->csum_offset = test_check(l->spec.proto);
	test_put16(pseudo, ~test_sum(l->before.data + l4, l->before.len - l4));
	skb_store_bits(skb, l4 + skb->csum_offset, pseudo, 2);
}

static void device_sums(struct look *l)
{
	unsigned int l4 = test_l4(l->spec.family);
	u16 sum = ~test_sum(l->got.data + l4, l->got.len - l4);

	test_put16(l->got.data + l4 + test_check(l->spec.proto),
		   l->spec.proto != IPPROTO_TCP && !sum ? 0xffff : sum);
}

static void normalise(struct kunit *test, struct look *l, u8 how)
{
	struct sk_buff *skb = test_skb(test, &l->before, l->before.len);

	skb->dev = init_net.loopback_dev;
	skb->ip_summed = how;
	if (how == CHECKSUM_PARTIAL)
		set_partial(skb, l);
	if (l->flow.touch)
		cfr_normalise_out(NULL, skb, test_l4(l->spec.family), &l->flow);
	KUNIT_EXPECT_TRUE(test, skb->ip_summed == how ||
			  how == CHECKSUM_COMPLETE);
	if (l->flow.touch)
		KUNIT_EXPECT_FALSE(test, skb->ip_summed == CHECKSUM_COMPLETE);
	test_flatten(skb, &l->got);
	if (how == CHECKSUM_PARTIAL)
		device_sums(l);
	test_free(test, skb);
}

static void one(struct kunit *test, struct look *l, u16 touch, u8 how)
{
	make(l);
	l->flow.touch = l->spec.proto == IPPROTO_TCP ? touch :
			touch & ~CFR_TOUCH_TCP;
	normalise(test, l, how);
	model(l);
	KUNIT_EXPECT_EQ(test, l->got.len, l->after.len);
	KUNIT_EXPECT_MEMEQ_MSG(test, l->got.data, l->after.data, l->after.len,
			       "family %u proto %u flags %x touch %x summed %u",
			       l->spec.family, l->spec.proto, l->spec.flags,
			       touch, how);
}

/* Each bit alone, all, and none */
static void ways(struct kunit *test, struct look *l, u8 how)
{
	unsigned int bit, round;

	for (round = 0; round < ROUNDS; round++) {
		for (bit = 1; bit < CFR_TOUCH(MSS); bit <<= 1)
			one(test, l, bit, how);
		one(test, l, ALL, how);
		one(test, l, 0, how);
	}
}

static void normalise_model(struct kunit *test)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	static const u8 summed[] = {
		CHECKSUM_NONE, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL,
	};
	struct look *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	unsigned int f, p, how, urg;

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->spec.payload = 33;
	for (f = 0; f < ARRAY_SIZE(families); f++) {
		u8 protos[] = {
			IPPROTO_TCP, IPPROTO_UDP, test_echo(families[f]),
		};

		l->spec.family = families[f];
		for (p = 0; p < ARRAY_SIZE(protos); p++)
			for (how = 0; how < ARRAY_SIZE(summed); how++)
				for (urg = 0; urg <= URG; urg += URG) {
					if (protos[p] == IPPROTO_ICMP &&
					    summed[how] == CHECKSUM_PARTIAL)
						continue;
					l->spec.proto = protos[p];
					l->spec.flags = 0x10 | urg;
					ways(test, l, summed[how]);
				}
	}
}

/* RFC 6864: an atomic datagram's means nothing and is drawn, but never 0, by
 * which some stacks are told; another's is unique, as the kernel makes it.
 */
static void normalise_id(struct kunit *test)
{
	struct look *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	unsigned int df, n, same, follows, zero;
	u16 id, last;

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->spec = (struct test_spec){ NFPROTO_IPV4, IPPROTO_UDP, .payload = 8 };
	make(l);
	l->flow.touch = CFR_TOUCH(ID);
	for (df = 0; df <= 0x40; df += 0x40) {
		l->before.data[6] = df;
		finish(l, &l->before);
		for (n = same = follows = zero = last = 0; n < 5000; n++) {
			normalise(test, l, CHECKSUM_NONE);
			id = test_get16(l->got.data + 4);
			same += id == last;
			follows += id == (u16)(last + 1);
			zero += !id;
			last = id;
		}
		/* one in 65535 by chance */
		if (df) {
			KUNIT_EXPECT_EQ(test, zero, 0);
			KUNIT_EXPECT_LT(test, same, 6);
			KUNIT_EXPECT_LT(test, follows, 6);
		} else {
			KUNIT_EXPECT_EQ(test, same, 0);
		}
	}
}

/* What GRO has merged of a host whose identifications are all the same must not be
 * cut into segments that are.
 */
static void normalise_fixed_id(struct kunit *test)
{
	struct look *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	struct sk_buff *skb;

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->spec = (struct test_spec){ NFPROTO_IPV4, IPPROTO_TCP, .payload = 80 };
	make(l);
	l->before.data[6] = 0x40;
	l->flow.touch = CFR_TOUCH(ID);
	skb = test_skb(test, &l->before, l->before.len);
	skb->dev = init_net.loopback_dev;
	skb_shinfo(skb)->gso_size = 40;
	skb_shinfo(skb)->gso_segs = 2;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_TCP_FIXEDID;
	cfr_normalise_out(NULL, skb, 20, &l->flow);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type, SKB_GSO_TCPV4);
}

static u16 begin(u8 proto, u8 dir, const struct cfr_knobs *knobs)
{
	struct cfr_flow flow = { .family = NFPROTO_IPV6, .proto = proto };

	flow.node[CFR_IN].dir = dir | CFR_IN;
	cfr_normalise_begin(&flow, knobs);
	return flow.touch;
}

/* What a level is, as the interface says it; switches; what fits a protocol, and
 * what fits a mapping that flows share
 */
static void normalise_levels(struct kunit *test)
{
	static const u16 fields[] = { 0, 0x1f, 0x7ff, 0x7fff };
	struct cfr_knobs knobs = {};
	u8 level;

	for (level = 0; level <= CFR_NORMALISE_MAX; level++) {
		knobs = (struct cfr_knobs){ .normalise = level };
		KUNIT_EXPECT_EQ(test, begin(IPPROTO_TCP, CFR_OUT, &knobs),
				fields[level]);
		KUNIT_EXPECT_EQ(test, begin(IPPROTO_UDP, CFR_OUT, &knobs),
				fields[level] & 0xf);
		KUNIT_EXPECT_EQ(test, begin(IPPROTO_TCP, CFR_LEVEL_BINDING,
					    &knobs), fields[level] & 0x3fbf);
		knobs.touch = 0x8001;
		knobs.leave = 0x0060;
		KUNIT_EXPECT_EQ(test, begin(IPPROTO_TCP, CFR_OUT, &knobs),
				(fields[level] | 0x8001) & 0xff9f);
	}
}

/* Each flow a label and a beginning of its own */
static void normalise_draws(struct kunit *test)
{
	struct cfr_knobs knobs = { .normalise = CFR_NORMALISE_UNIFORM,
				   .touch = CFR_TOUCH(ISN) };
	struct cfr_flow flow = { .family = NFPROTO_IPV6, .proto = IPPROTO_TCP };
	unsigned int n, labels = 0, isns = 0;
	u32 label = 0, isn = 0;

	for (n = 0; n < 100; n++) {
		cfr_normalise_begin(&flow, &knobs);
		labels += flow.v6.label != label;
		isns += flow.isn != isn;
		KUNIT_EXPECT_EQ(test, flow.v6.label >> 20, 0);
		label = flow.v6.label;
		isn = flow.isn;
	}
	KUNIT_EXPECT_GT(test, labels, 97);
	KUNIT_EXPECT_GT(test, isns, 98);
}

static struct kunit_case normalise_cases[] = {
	KUNIT_CASE(normalise_model),
	KUNIT_CASE(normalise_id),
	KUNIT_CASE(normalise_fixed_id),
	KUNIT_CASE(normalise_levels),
	KUNIT_CASE(normalise_draws),
	{}
};

static struct kunit_suite normalise_suite = {
	.name = "cfr_normalise",
	.test_cases = normalise_cases,
};

kunit_test_suite(normalise_suite);
