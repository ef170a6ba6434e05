// SPDX-License-Identifier: GPL-2.0
/* A flow's life, in a relay of the test's own that no packet ever reaches:
 * opening, exhaustion, timers to the very jiffy, hold-off, wiping.
 */

#include <kunit/test.h>

#include "config.h"
#include "relay.h"
#include "skb.h"

#define SECOND		((u32)HZ)

/* Two addresses of four ports each, or one /64 of four */
static const struct cfr_span span4 = {
	.base.ip = cpu_to_be32(0xc6336404), .len = 31, .port_min = 2000,
	.port_max = 2003, .addrs_end = 2, .tuples_end = 8,
};

static const struct cfr_span wide = {
	.base.ip = cpu_to_be32(0xc6330000), .len = 16, .port_min = 1024,
	.port_max = 65535, .addrs_end = 1 << 16, .tuples_end = 64512ULL << 16,
};

static const struct cfr_span span6 = {
	.base.in6 = { .s6_addr32 = { cpu_to_be32(0x20010db8) } },
	.len = 64, .port_min = 2000, .port_max = 2003,
	.addrs_end = 1, .tuples_end = 4,
};

static const struct cfr_policy policy = {
	.id = 7, .v4 = { 1, &span4, &any_entropy }, .v6 = { 1, &span6, &any_entropy },
};

static struct cfr_flow *open(struct cfr_net *cn, struct probe *p,
			     enum cfr_stat *why)
{
	return open_by(cn, &policy, p, why);
}

/* The flow of a fresh probe of that kind */
static struct cfr_flow *opened(struct kunit *test, struct probe *p, u8 family,
			       u8 proto)
{
	struct cfr_flow *flow;
	enum cfr_stat why;

	probe_init(p, family, proto);
	flow = open(test->priv, p, &why);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	return flow;
}

static struct cfr_flow *find(struct cfr_net *cn, struct cfr_key *key)
{
	struct cfr_flow *flow;

	rcu_read_lock();
	flow = cfr_flow_find(cn, key);
	rcu_read_unlock();
	return flow;
}

/* What comes back to the flow's relay tuple; @p lends its room. */
static void answer(const struct cfr_flow *flow, struct probe *p)
{
	p->key = (struct cfr_key){
		.near = &p->near, .far = &p->far,
		.near_port = flow->relay_port, .far_port = flow->remote_port,
		.proto = flow->proto, .family = flow->family, .dir = CFR_IN,
	};
	if (flow->family == NFPROTO_IPV4) {
		p->near.ip = flow->v4.relay;
		p->far.ip = flow->v4.remote;
	} else {
		p->near.in6 = flow->v6.relay;
		p->far.in6 = flow->v6.remote;
	}
}

static void reap(struct cfr_net *cn)
{
	flush_work(&cn->flows.reap);
}

static void collect(struct cfr_net *cn)
{
	mod_delayed_work(system_wq, &cn->flows.gc, 0);
	flush_delayed_work(&cn->flows.gc);
	reap(cn);
	rcu_barrier();
}

static const struct {
	u8 family;
	u8 proto;
	unsigned int seconds;	/* RFC 5382 REQ-5, RFC 4787 REQ-5, RFC 5508 REQ-2 */
} kinds[] = {
	{ NFPROTO_IPV4, IPPROTO_TCP, 240 },
	{ NFPROTO_IPV4, IPPROTO_UDP, 300 },
	{ NFPROTO_IPV4, IPPROTO_ICMP, 60 },
	{ NFPROTO_IPV6, IPPROTO_TCP, 240 },
	{ NFPROTO_IPV6, IPPROTO_UDP, 300 },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, 60 },
};

static void flow_opens(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct probe p, back;
	enum cfr_stat why;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cfr_flow *flow;

		flow = opened(test, &p, kinds[i].family, kinds[i].proto);
		KUNIT_EXPECT_PTR_EQ(test, flow, open(cn, &p, &why));
		answer(flow, &back);
		KUNIT_EXPECT_PTR_EQ(test, flow, find(cn, &back.key));
		back.key.far_port ^= cpu_to_be16(1);
		KUNIT_EXPECT_NULL(test, find(cn, &back.key));
		p.key.dir = CFR_IN;
		KUNIT_EXPECT_NULL(test, find(cn, &p.key));
		KUNIT_EXPECT_TRUE(test, flow->policy == policy.id);
	}
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), ARRAY_SIZE(kinds));
}

/* Idle flows end at their very jiffy; a second's grace is for the lazy writes. */
static void flow_idles(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct probe p, back;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cfr_flow *flow;
		u32 want;

		flow = opened(test, &p, kinds[i].family, kinds[i].proto);
		want = (u32)jiffies + SECOND + kinds[i].seconds * SECOND;
		KUNIT_EXPECT_LE(test, want - flow->deadline, SECOND);
		answer(flow, &back);
		flow->deadline = (u32)jiffies + 60 * SECOND;
		KUNIT_EXPECT_PTR_EQ(test, flow, find(cn, &p.key));
		flow->deadline = (u32)jiffies;
		KUNIT_EXPECT_NULL(test, find(cn, &p.key));
		KUNIT_EXPECT_NULL(test, find(cn, &back.key));
	}
	reap(cn);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 0);
}

/* The comparison survives the wrap of jiffies. */
static void flow_overdue(struct kunit *test)
{
	struct cfr_flow flow;
	u32 now = jiffies;

	flow.deadline = now - 1;
	KUNIT_EXPECT_TRUE(test, cfr_flow_overdue(&flow));
	flow.deadline = now - S32_MAX + 1000 * SECOND;
	KUNIT_EXPECT_TRUE(test, cfr_flow_overdue(&flow));
	flow.deadline = now + S32_MAX - 1000 * SECOND;
	KUNIT_EXPECT_FALSE(test, cfr_flow_overdue(&flow));
}

/* Each packet of a flow starts its idle time anew, but writes once a second. */
static void flow_refreshes(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct cfr_flow *flow;
	struct probe p;
	u32 was;

	flow = opened(test, &p, NFPROTO_IPV4, IPPROTO_UDP);
	was = flow->deadline -= SECOND / 4;
	cfr_flow_seen(&cn->flows, flow, CFR_OUT, NULL, NULL, &p.pkt);
	KUNIT_EXPECT_EQ(test, flow->deadline, was);
	was = flow->deadline -= 10 * SECOND;
	cfr_flow_seen(&cn->flows, flow, CFR_IN, NULL, NULL, &p.pkt);
	KUNIT_EXPECT_GE(test, flow->deadline - was, 10 * SECOND);
}

/* A segment of a flow's, to be accounted for */
static void segment(struct kunit *test, struct cfr_flow *flow, enum cfr_dir dir,
		    u8 flags, u32 seq, u32 ack)
{
	const struct test_spec spec = {
		.family = NFPROTO_IPV6, .proto = IPPROTO_TCP, .flags = flags,
	};
	struct cfr_net *cn = test->priv;
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	struct cfr_packet pkt;
	struct sk_buff *skb;
	struct tcphdr *th;

	KUNIT_ASSERT_NOT_NULL(test, flat);
	test_make(&spec, flat);
	th = (struct tcphdr *)(flat->data + test_l4(spec.family));
	th->seq = htonl(seq);
	th->ack_seq = htonl(ack);
	th->window = htons(100);
	skb = test_skb(test, flat, flat->len);
	cfr_packet_parse(skb, spec.family, &pkt);
	cfr_flow_seen(&cn->flows, flow, dir, skb, skb->data, &pkt);
}

static void flow_tcp(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct cfr_flow *flow;
	struct probe p;

	flow = opened(test, &p, NFPROTO_IPV6, IPPROTO_TCP);
	segment(test, flow, CFR_OUT, CFR_TCP_SYN, 1000, 0);
	segment(test, flow, CFR_IN, CFR_TCP_SYN | CFR_TCP_ACK, 5000, 1002);
	KUNIT_EXPECT_EQ(test, flow->state, CFR_STATE_OPENING);
	segment(test, flow, CFR_IN, CFR_TCP_SYN | CFR_TCP_ACK, 5000, 1001);
	KUNIT_EXPECT_EQ(test, flow->state, CFR_STATE_ANSWERED);
	segment(test, flow, CFR_OUT, CFR_TCP_ACK, 1001, 5001);
	KUNIT_EXPECT_EQ(test, flow->state, CFR_STATE_ESTABLISHED);
	KUNIT_EXPECT_GT(test, flow->deadline - (u32)jiffies, 7440 * SECOND);
	segment(test, flow, CFR_IN, CFR_TCP_RST, 5000, 0);
	segment(test, flow, CFR_IN, CFR_TCP_RST, 5102, 0);
	segment(test, flow, CFR_OUT, CFR_TCP_RST, 1102, 0);
	KUNIT_EXPECT_EQ(test, flow->state, CFR_STATE_ESTABLISHED);
	segment(test, flow, CFR_OUT, CFR_TCP_ACK, 1001, 5051);
	segment(test, flow, CFR_IN, CFR_TCP_RST, 5051, 0);
	KUNIT_EXPECT_EQ(test, flow->state, CFR_STATE_RESET);
	KUNIT_EXPECT_LE(test, flow->deadline - (u32)jiffies, 241 * SECOND);
	segment(test, flow, CFR_IN, CFR_TCP_ACK, 1, 0);
	KUNIT_EXPECT_EQ(test, flow->state, CFR_STATE_RESET);
	/* An ended flow takes no segment's word; it rests for long enough here. */
	flow->deadline = (u32)jiffies;
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, cfr_flow_find(cn, &p.key));
	rcu_read_unlock();
	segment(test, flow, CFR_OUT, CFR_TCP_ACK, 1001, 5051);
	KUNIT_EXPECT_LT(test, flow->state, CFR_STATE_LIVE);
}

/* Every tuple is given out once and then none; the same ones serve another
 * remote; what was refused is refused undrawn for 100 ms.
 */
static void flow_exhausts(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct cfr_flow *flow, *last = NULL;
	unsigned int port, seen = 0;
	enum cfr_stat why;
	struct probe p;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	for (port = 0; port < 8; port++) {
		p.key.near_port = cpu_to_be16(1000 + port);
		flow = open(cn, &p, &why);
		KUNIT_ASSERT_NOT_NULL(test, flow);
		seen |= BIT((ntohl(flow->v4.relay) & 1) * 4 +
			    ntohs(flow->relay_port) - 2000);
		last = flow;
	}
	KUNIT_EXPECT_EQ(test, seen, 0xff);
	p.key.near_port = cpu_to_be16(999);
	why = CFR_STAT_COUNT;
	KUNIT_EXPECT_NULL(test, open(cn, &p, &why));
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_pool_exhausted);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 8);

	p.far.ip ^= cpu_to_be32(1);
	KUNIT_EXPECT_NOT_NULL(test, open(cn, &p, &why));
	p.far.ip ^= cpu_to_be32(1);

	/* A tuple that comes free now is not drawn before its time. */
	last->deadline = (u32)jiffies - 1;
	last->state = CFR_STATE_OPENING;	/* rested when it ends: no hold-off */
	collect(cn);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 8);
	memset(cn->flows.exhausted, 0, sizeof(cn->flows.exhausted));
	KUNIT_EXPECT_NOT_NULL(test, open(cn, &p, &why));
}

/* Even the last of so many that a thousand draws would miss it is found. */
static void flow_last(struct kunit *test)
{
	static const struct cfr_span span = {
		.base.ip = cpu_to_be32(0xc6336404), .len = 32,
		.port_min = 1024, .port_max = 65535,
		.addrs_end = 1, .tuples_end = 64512,
	};
	static const struct cfr_policy one = { .id = 7, .v4 = { 1, &span, &any_entropy } };
	struct cfr_net *cn = test->priv;
	enum cfr_stat why;
	struct probe p;
	unsigned int i;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_TCP);
	p.key.far_port = 0;
	for (i = 0; i < span.tuples_end; i++) {
		p.near.ip = cpu_to_be32(i);
		if (!open_by(cn, &one, &p, &why))
			break;
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, i, span.tuples_end);
	p.near.ip = cpu_to_be32(i);
	KUNIT_EXPECT_NULL(test, open_by(cn, &one, &p, &why));
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_pool_exhausted);
}

static void flow_refused_undrawn(struct kunit *test)
{
	static const struct cfr_policy grown = { .id = 7, .v4 = { 1, &wide, &any_entropy } };
	struct cfr_net *cn = test->priv;
	unsigned int port;
	unsigned long then;
	enum cfr_stat why;
	struct probe p;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	for (port = 0; port < 9; port++) {
		p.key.near_port = cpu_to_be16(1000 + port);
		then = jiffies;
		open(cn, &p, &why);
	}
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_pool_exhausted);
	/* on a machine that was busy elsewhere, the time may be over */
	if (open_by(cn, &grown, &p, &why))
		KUNIT_EXPECT_GE(test, jiffies - then, HZ / 10);
	else
		KUNIT_EXPECT_EQ(test, why, CFR_STAT_pool_exhausted);
	schedule_timeout_uninterruptible(HZ / 10 + 2);
	KUNIT_EXPECT_NOT_NULL(test, open_by(cn, &grown, &p, &why));
}

/* Its customer is wiped, its tuple rests for 120 s, then nothing is left. */
static void flow_held(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		static const struct in6_addr none;
		struct cfr_flow *flow;
		struct probe p;

		flow = opened(test, &p, kinds[i].family, kinds[i].proto);
		cfr_flow_flush(cn);
		KUNIT_EXPECT_EQ(test, flow->state, CFR_STATE_HELD);
		KUNIT_EXPECT_EQ(test, flow->customer_port, 0);
		KUNIT_EXPECT_EQ(test, flow->node[CFR_OUT].hash, 0);
		if (flow->family == NFPROTO_IPV4)
			KUNIT_EXPECT_EQ(test, flow->v4.customer, 0);
		else
			KUNIT_EXPECT_MEMEQ(test, &flow->v6.customer, &none, 16);
		KUNIT_EXPECT_LE(test, flow->deadline - (u32)jiffies, 120 * SECOND);
		KUNIT_EXPECT_GT(test, flow->deadline - (u32)jiffies, 110 * SECOND);
		KUNIT_EXPECT_EQ(test, cfr_flow_count_held(cn), 1);

		collect(cn);
		KUNIT_EXPECT_EQ(test, cfr_flow_count_held(cn), 1);
		flow->deadline = (u32)jiffies;
		collect(cn);
		KUNIT_EXPECT_EQ(test, cfr_flow_count_held(cn), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&cn->flows.count), 0);
	}
}

/* TCP's own wait is a hold-off; UDP's idle time is not. */
static void flow_rests(struct kunit *test)
{
	static const struct {
		u8 proto;
		u8 state;
		u8 held;
	} ends[] = {
		{ IPPROTO_TCP, CFR_STATE_OPENING, 0 },
		{ IPPROTO_TCP, CFR_STATE_ANSWERED, 0 },
		{ IPPROTO_TCP, CFR_STATE_CLOSED, 0 },
		{ IPPROTO_TCP, CFR_STATE_RESET, 0 },
		{ IPPROTO_TCP, CFR_STATE_ESTABLISHED, 1 },
		{ IPPROTO_TCP, CFR_STATE_FIN_OUT, 1 },
		{ IPPROTO_TCP, CFR_STATE_FIN_IN, 1 },
		{ IPPROTO_UDP, CFR_STATE_LIVE, 1 },
	};
	struct cfr_net *cn = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct cfr_flow *flow;
		struct probe p;

		flow = opened(test, &p, NFPROTO_IPV4, ends[i].proto);
		flow->state = ends[i].state;
		flow->deadline = (u32)jiffies;
		collect(cn);
		KUNIT_EXPECT_EQ_MSG(test, cfr_flow_count_held(cn), ends[i].held,
				    "state %u", ends[i].state);
		cfr_flow_erase(cn);
	}
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, atomic_read(&cn->flows.count), 0);
}

/* A policy without a pool of the family, and a relay that is shut, refuse. */
static void flow_refused(struct kunit *test)
{
	static const struct cfr_policy empty = { .id = 8 };
	struct cfr_net *cn = test->priv;
	enum cfr_stat why;
	struct probe p;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	KUNIT_EXPECT_NULL(test, open_by(cn, &empty, &p, &why));
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_no_pool);
	cfr_flow_shut(CFR_STAT_suspended);
	KUNIT_EXPECT_NULL(test, open(cn, &p, &why));
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_suspended);
	cfr_flow_shut(CFR_STAT_COUNT);
	KUNIT_EXPECT_NOT_NULL(test, open(cn, &p, &why));
}

/* A pool of 1024 tuples towards one remote, of which 512 are to be free */
static unsigned int fill_to_floor(struct kunit *test, u8 low, enum cfr_stat *why)
{
	static const struct cfr_span span = {
		.base.ip = cpu_to_be32(0xc6336404), .len = 32,
		.port_min = 1024, .port_max = 2047,
		.addrs_end = 1, .tuples_end = 1024,
	};
	struct cfr_entropy entropy;
	const struct cfr_policy floored = {
		.id = 10, .v4 = { 1, &span, &entropy }, .knobs.low = low,
	};
	struct probe p;
	unsigned int i, opened = 0;

	cfr_entropy_init(&entropy, 1024, 0, 9);
	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	for (i = 0; i < 1024; i++) {
		p.near.ip = cpu_to_be32(i);
		opened += !!open_by(test->priv, &floored, &p, why);
	}
	return opened;
}

/* Below the floor, a policy that refuses keeps half of its pool free, as near as
 * an average of draws tells: seven standard deviations of it.
 */
static void flow_floor(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	enum cfr_stat why = CFR_STAT_COUNT;
	unsigned int opened;

	opened = fill_to_floor(test, CFR_LOW_REFUSE, &why);
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_entropy_floor);
	KUNIT_EXPECT_GT(test, opened, 256);
	KUNIT_EXPECT_LT(test, opened, 700);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), opened);
	KUNIT_EXPECT_EQ(test, cfr_stats_read(cn, CFR_STAT_entropy_low), 0);
	cfr_flow_sweep(cn, NULL);

	KUNIT_EXPECT_EQ(test, fill_to_floor(test, CFR_LOW_WARN, &why), 1024);
	KUNIT_EXPECT_GT(test, cfr_stats_read(cn, CFR_STAT_entropy_low), 256);
}

/* Many flows, through resizes of the table, and a sweep that ends them all */
static void flow_many(struct kunit *test)
{
	static const struct cfr_policy roomy = { .id = 9, .v4 = { 1, &wide, &any_entropy } };
	struct cfr_net *cn = test->priv;
	unsigned int i, opened = 0;
	enum cfr_stat why;

	for (i = 0; i < 5000; i++) {
		struct probe p;

		probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
		opened += !!open_by(cn, &roomy, &p, &why);
		cond_resched();
	}
	/* while the table grows, one may be refused */
	KUNIT_EXPECT_GE(test, opened, 4900);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), opened);
	collect(cn);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), opened);
	cfr_flow_flush(cn);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 0);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_held(cn), opened);
	cfr_flow_erase(cn);
	KUNIT_EXPECT_EQ(test, atomic_read(&cn->flows.count), 0);
}

static void flow_no_memory(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	enum cfr_stat why = 0;
	struct probe p;

	test_need_faults(test);
	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	test_fail(1);
	KUNIT_EXPECT_NULL(test, open(cn, &p, &why));
	KUNIT_EXPECT_TRUE(test, test_failed());
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_no_memory);
	KUNIT_EXPECT_EQ(test, atomic_read(&cn->flows.count), 0);
	KUNIT_EXPECT_NOT_NULL(test, open(cn, &p, &why));
}

static struct kunit_case flow_cases[] = {
	KUNIT_CASE(flow_opens),
	KUNIT_CASE(flow_idles),
	KUNIT_CASE(flow_overdue),
	KUNIT_CASE(flow_refreshes),
	KUNIT_CASE(flow_tcp),
	KUNIT_CASE(flow_exhausts),
	KUNIT_CASE(flow_last),
	KUNIT_CASE(flow_refused_undrawn),
	KUNIT_CASE(flow_held),
	KUNIT_CASE(flow_rests),
	KUNIT_CASE(flow_refused),
	KUNIT_CASE(flow_floor),
	KUNIT_CASE(flow_many),
	KUNIT_CASE(flow_no_memory),
	{}
};

static struct kunit_suite flow_suite = {
	.name = "cfr_flow",
	.init = relay_init,
	.test_cases = flow_cases,
};

kunit_test_suite(flow_suite);
