// SPDX-License-Identifier: GPL-2.0
/* Anonymity: the estimate against customers that were counted, and what it is an
 * estimate of: all customers of pairing flow, those of the loneliest address of
 * another.
 */

#include <kunit/test.h>

#include "anonymity.h"
#include "epoch.h"
#include "relay.h"

static const struct cfr_span wide4 = {
	.base.ip = cpu_to_be32(0xc6330000), .len = 16, .port_min = 1024,
	.port_max = 65535, .addrs_end = 1 << 16, .tuples_end = 64512ULL << 16,
};

static const struct cfr_span wide6 = {
	.base.in6 = { .s6_addr32 = { cpu_to_be32(0x20010db8) } },
	.len = 48, .port_min = 1024, .port_max = 65535,
	.addrs_end = 1 << 16, .tuples_end = 64512ULL << 16,
};

/* Two prefixes, of four addresses and of two */
static const struct cfr_span few4[] = {
	{ .base.ip = cpu_to_be32(0xc6336404), .len = 30, .port_min = 1024,
	  .port_max = 65535, .addrs_end = 4, .tuples_end = 64512 * 4 },
	{ .base.ip = cpu_to_be32(0xc6336500), .len = 31, .port_min = 1024,
	  .port_max = 65535, .addrs_end = 6, .tuples_end = 64512 * 6 },
};

static const struct cfr_span few6[] = {
	{ .base.in6 = { .s6_addr32 = { cpu_to_be32(0x20010db8) } }, .len = 62,
	  .port_min = 1024, .port_max = 65535, .addrs_end = 4,
	  .tuples_end = 64512 * 4 },
	{ .base.in6 = { .s6_addr32 = { cpu_to_be32(0x20010db9) } }, .len = 63,
	  .port_min = 1024, .port_max = 65535, .addrs_end = 6,
	  .tuples_end = 64512 * 6 },
};

/* A configuration of one policy that has a floor, which the relay's gc may read */
struct town {
	struct cfr_net *cn;
	struct cfr_policy policy;
	struct cfr_config config;
};

static void move_out(void *data)
{
	struct town *town = data;

	RCU_INIT_POINTER(town->cn->config, NULL);
	cancel_delayed_work_sync(&town->cn->flows.gc);
	cfr_epoch_put(town->policy.epoch);
}

static struct town *found(struct kunit *test, u8 pairing, bool few)
{
	struct town *town = kunit_kzalloc(test, sizeof(*town), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, town);
	town->cn = test->priv;
	town->policy.id = 7;
	town->policy.knobs.pairing = pairing;
	town->policy.knobs.anonymity = 10;
	town->policy.knobs.epoch = 86400;
	town->policy.anonymity[0].floor = 10;
	town->policy.anonymity[1].floor = 10;
	town->policy.v4 = (struct cfr_spans){
		few ? 2 : 1, few ? few4 : &wide4, &any_entropy,
		&town->policy.anonymity[0],
	};
	town->policy.v6 = (struct cfr_spans){
		few ? 2 : 1, few ? few6 : &wide6, &any_entropy,
		&town->policy.anonymity[1],
	};
	if (pairing != CFR_PAIRING_FLOW) {
		town->policy.epoch = cfr_epoch_new(town->cn, &town->policy.knobs);
		KUNIT_ASSERT_NOT_NULL(test, town->policy.epoch);
	}
	town->config.policy = &town->policy;
	town->config.policy_end = &town->policy + 1;
	rcu_assign_pointer(town->cn->config, &town->config);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, move_out, town));
	return town;
}

/* The nth customer opens a flow to a remote of its own */
static struct cfr_flow *open_nth(struct kunit *test, struct town *town, u8 family,
				 u32 nth)
{
	struct cfr_flow *flow;
	enum cfr_stat why;
	struct probe p;

	probe_init(&p, family, IPPROTO_UDP);	/* IPv6: in a /64, anywhere */
	p.near.ip6[0] = cpu_to_be32(0x0a000000 + (family == NFPROTO_IPV4 ? nth : 0));
	if (family == NFPROTO_IPV6)
		p.near.ip6[1] = cpu_to_be32(nth);
	flow = open_by(town->cn, &town->policy, &p, &why);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	return flow;
}

static u32 counted(struct kunit *test, struct town *town, u8 family)
{
	KUNIT_EXPECT_TRUE(test, cfr_anonymity_count(town->cn));
	return town->policy.anonymity[family == NFPROTO_IPV6].customers;
}

static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

/* By how much a count may be off. A customer whose bit is another's is missed: of a
 * few, four at once are about one count in a million.
 */
static int off(u32 count)
{
	return 3 + (int)count / 9;
}

/* However many flows each has, and wherever these go */
static void grow(struct kunit *test, struct town *town, u8 family)
{
	u32 n, power = 1;

	for (n = 1; n <= 1024; n++) {
		open_nth(test, town, family, n);
		if (n % 3 == 0)
			open_nth(test, town, family, n);
		if (n != power)
			continue;
		power *= 2;
		KUNIT_EXPECT_LE(test, abs((int)counted(test, town, family) - (int)n),
				off(n));
	}
	cfr_flow_erase(town->cn);
	KUNIT_EXPECT_EQ(test, counted(test, town, family), 0);
}

static void anonymity_all(struct kunit *test)
{
	struct town *town = found(test, CFR_PAIRING_FLOW, false);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		grow(test, town, families[i]);
		cfr_flow_set_sealing(town->cn, true);
		grow(test, town, families[i]);
		cfr_flow_set_sealing(town->cn, false);
	}
}

static u32 relay_index(const struct cfr_flow *flow)
{
	u32 index = flow->family == NFPROTO_IPV4 ?
		    ntohl(flow->v4.relay) :
		    ntohl(flow->v6.relay.s6_addr32[0]) * 16 +
		    ntohl(flow->v6.relay.s6_addr32[1]);

	return index & 0xff;
}

/* Of six addresses, those that are in use: the one with the fewest customers */
static void anonymity_fewest(struct kunit *test)
{
	u32 behind[256], i, n, least;
	struct town *town = found(test, CFR_PAIRING_CUSTOMER, true);

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		memset(behind, 0, sizeof(behind));
		for (n = 0; n < 90; n++) {
			behind[relay_index(open_nth(test, town, families[i], n))]++;
			open_nth(test, town, families[i], n);
			for (u32 j = least = 0; j < ARRAY_SIZE(behind); j++)
				if (behind[j] && (!least || behind[j] < least))
					least = behind[j];
			KUNIT_EXPECT_LE(test, abs((int)counted(test, town, families[i]) -
						  (int)least),
					off(least));
			KUNIT_EXPECT_EQ(test, cfr_anonymity_low(&town->policy.anonymity[i]),
					town->policy.anonymity[i].customers < 10);
		}
		cfr_flow_erase(town->cn);
	}
}

/* More addresses than are looked at: now these, now others */
static void anonymity_sample(struct kunit *test)
{
	struct town *town = found(test, CFR_PAIRING_CUSTOMER, false);
	u32 n, i, seen = 0;

	for (n = 0; n < 64; n++)
		open_nth(test, town, NFPROTO_IPV4, n);
	for (i = 0; i < 200; i++)
		seen += !!counted(test, town, NFPROTO_IPV4);
	/* 1024 of 65536 are about one of those that the 64 have */
	KUNIT_EXPECT_GT(test, seen, 40);
	KUNIT_EXPECT_LT(test, seen, 190);
}

/* Nobody has asked for it: nothing is counted */
static void anonymity_none(struct kunit *test)
{
	struct town *town = found(test, CFR_PAIRING_FLOW, false);

	town->policy.knobs.anonymity = 0;
	open_nth(test, town, NFPROTO_IPV4, 1);
	KUNIT_EXPECT_FALSE(test, cfr_anonymity_count(town->cn));
	KUNIT_EXPECT_EQ(test, town->policy.anonymity[0].customers, 0);
}

static struct kunit_case anonymity_cases[] = {
	KUNIT_CASE(anonymity_all),
	KUNIT_CASE(anonymity_fewest),
	KUNIT_CASE(anonymity_sample),
	KUNIT_CASE(anonymity_none),
	{}
};

static struct kunit_suite anonymity_suite = {
	.name = "cfr_anonymity",
	.init = relay_init,
	.test_cases = anonymity_cases,
};

kunit_test_suite(anonymity_suite);
