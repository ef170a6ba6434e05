// SPDX-License-Identifier: GPL-2.0
/* Bindings, permits and the flows that share them, in a relay of the test's own. */

#include <kunit/test.h>
#include <linux/kthread.h>

#include "endpoint.h"
#include "reap.h"
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

static struct cfr_policy by(u32 id, u8 filter)
{
	return (struct cfr_policy){
		.id = id, .v4 = { 1, &wide4, &any_entropy }, .v6 = { 1, &wide6, &any_entropy },
		.knobs = { .scope = CFR_SCOPE_ENDPOINT, .filter = filter },
	};
}

static const struct {
	u8 family;
	u8 proto;
} kinds[] = {
	{ NFPROTO_IPV4, IPPROTO_UDP }, { NFPROTO_IPV4, IPPROTO_TCP },
	{ NFPROTO_IPV4, IPPROTO_ICMP }, { NFPROTO_IPV6, IPPROTO_UDP },
	{ NFPROTO_IPV6, IPPROTO_TCP }, { NFPROTO_IPV6, IPPROTO_ICMPV6 },
};

static bool same_tuple(const struct cfr_flow *a, const struct cfr_flow *b)
{
	if (a->relay_port != b->relay_port)
		return false;
	return a->family == NFPROTO_IPV4 ? a->v4.relay == b->v4.relay :
		ipv6_addr_equal(&a->v6.relay, &b->v6.relay);
}

static void other_remote(struct probe *p)
{
	p->far.ip6[0] ^= cpu_to_be32(1);
}

static void other_port(struct probe *p)
{
	p->key.far_port ^= cpu_to_be16(1);
}

/* Does a packet from the probe's remote come in to this flow's tuple? */
static bool comes_in(struct cfr_net *cn, const struct cfr_flow *flow,
		     struct probe *p)
{
	union nf_inet_addr relay = {};
	struct cfr_flow *found;
	enum cfr_stat why;
	struct cfr_key in;

	if (flow->family == NFPROTO_IPV4)
		relay.ip = flow->v4.relay;
	else
		relay.in6 = flow->v6.relay;
	in = p->key;
	in.dir = CFR_IN;
	in.near = &relay;
	in.near_port = flow->relay_port;
	rcu_read_lock();
	found = cfr_flow_find(cn, &in) ?: cfr_endpoint_in(cn, &in, &why);
	rcu_read_unlock();
	if (found)
		return true;
	return why != CFR_STAT_in_filtered && why != CFR_STAT_in_no_flow;
}

/* One tuple for all remotes; another port, another policy, another tuple */
static void endpoint_maps(struct kunit *test)
{
	const struct cfr_policy one = by(1, CFR_FILTER_ENDPOINT);
	const struct cfr_policy two = by(2, CFR_FILTER_ENDPOINT);
	struct cfr_net *cn = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cfr_flow *a, *b;
		enum cfr_stat why;
		struct probe p;

		probe_init(&p, kinds[i].family, kinds[i].proto);
		a = open_by(cn, &one, &p, &why);
		KUNIT_ASSERT_NOT_NULL(test, a);
		other_remote(&p);
		b = open_by(cn, &one, &p, &why);
		KUNIT_ASSERT_NOT_NULL(test, b);
		KUNIT_EXPECT_PTR_NE(test, a, b);
		KUNIT_EXPECT_TRUE(test, same_tuple(a, b));
		other_remote(&p);
		KUNIT_EXPECT_PTR_EQ(test, open_by(cn, &one, &p, &why), a);
		p.key.near_port ^= cpu_to_be16(1);
		b = open_by(cn, &one, &p, &why);
		KUNIT_EXPECT_FALSE(test, same_tuple(a, b));
		p.key.near_port ^= cpu_to_be16(1);
		p.far.ip6[0] ^= cpu_to_be32(2);
		b = open_by(cn, &two, &p, &why);
		KUNIT_EXPECT_FALSE(test, same_tuple(a, b));
		KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 4);
		KUNIT_EXPECT_EQ(test, cfr_flow_count_shared(cn), 3);
		cfr_flow_erase(cn);
	}
}

/* RFC 4787 5: who may send to a tuple that has sent to one remote */
static void endpoint_filters(struct kunit *test)
{
	static const struct {
		u8 filter;
		bool same, port, other;
	} rules[] = {
		{ CFR_FILTER_ADDRESS_PORT, true, false, false },
		{ CFR_FILTER_ADDRESS, true, true, false },
		{ CFR_FILTER_ENDPOINT, true, true, true },
	};
	struct cfr_net *cn = test->priv;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].proto == IPPROTO_ICMP || kinds[i].proto == IPPROTO_ICMPV6)
			continue;
		for (j = 0; j < ARRAY_SIZE(rules); j++) {
			const struct cfr_policy policy = by(1, rules[j].filter);
			struct cfr_flow *flow;
			enum cfr_stat why;
			struct probe p;

			probe_init(&p, kinds[i].family, kinds[i].proto);
			flow = open_by(cn, &policy, &p, &why);
			KUNIT_ASSERT_NOT_NULL(test, flow);
			KUNIT_EXPECT_EQ(test, comes_in(cn, flow, &p), rules[j].same);
			other_port(&p);
			KUNIT_EXPECT_EQ(test, comes_in(cn, flow, &p), rules[j].port);
			other_remote(&p);
			KUNIT_EXPECT_EQ(test, comes_in(cn, flow, &p), rules[j].other);
			/* nothing that came in has made anything */
			KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 1);
			cfr_flow_erase(cn);
			KUNIT_EXPECT_EQ(test, cfr_flow_count_shared(cn), 0);
		}
	}
}

static void collect(struct cfr_net *cn)
{
	mod_delayed_work(system_wq, &cn->flows.gc, 0);
	flush_delayed_work(&cn->flows.gc);
	flush_work(&cn->flows.reap);
}

/* A binding lives as long as one of its flows, a permit as long as one to its
 * address, and of all of them the binding's tuple alone rests.
 */
static void endpoint_ends(struct kunit *test)
{
	const struct cfr_policy policy = by(1, CFR_FILTER_ADDRESS);
	struct cfr_net *cn = test->priv;
	struct cfr_flow *a, *b, *c;
	enum cfr_stat why;
	struct probe p;

	probe_init(&p, NFPROTO_IPV6, IPPROTO_UDP);
	a = open_by(cn, &policy, &p, &why);
	other_port(&p);
	b = open_by(cn, &policy, &p, &why);
	other_remote(&p);
	c = open_by(cn, &policy, &p, &why);
	KUNIT_ASSERT_TRUE(test, a && b && c);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_shared(cn), 3);
	WRITE_ONCE(a->deadline, (u32)jiffies);
	collect(cn);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_shared(cn), 3);
	WRITE_ONCE(b->deadline, (u32)jiffies);
	collect(cn);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_shared(cn), 2);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_held(cn), 0);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 1);
	WRITE_ONCE(c->deadline, (u32)jiffies);
	collect(cn);
	collect(cn);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_shared(cn), 0);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_held(cn), 1);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 0);
	cfr_flow_erase(cn);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, atomic_read(&cn->flows.count), 0);
}

/* A flow that has just ended comes back at once, on its binding's tuple. */
static void endpoint_again(struct kunit *test)
{
	const struct cfr_policy policy = by(1, CFR_FILTER_ADDRESS_PORT);
	struct cfr_net *cn = test->priv;
	struct cfr_flow *stays, *ends, *back;
	enum cfr_stat why;
	struct probe p;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	stays = open_by(cn, &policy, &p, &why);
	other_remote(&p);
	ends = open_by(cn, &policy, &p, &why);
	KUNIT_ASSERT_TRUE(test, stays && ends);
	rcu_read_lock();
	WRITE_ONCE(ends->deadline, (u32)jiffies);
	back = open_by(cn, &policy, &p, &why);
	KUNIT_EXPECT_NOT_NULL(test, back);
	KUNIT_EXPECT_PTR_NE(test, back, ends);
	KUNIT_EXPECT_TRUE(test, back && same_tuple(back, stays));
	rcu_read_unlock();
}

/* No tuple is shared by two endpoints, not even towards different remotes. */
static void endpoint_overloads_nothing(struct kunit *test)
{
	static const struct cfr_span span = {
		.base.ip = cpu_to_be32(0xc6336404), .len = 31, .port_min = 2000,
		.port_max = 2003, .addrs_end = 2, .tuples_end = 8,
	};
	struct cfr_policy policy = by(1, CFR_FILTER_ENDPOINT);
	struct cfr_net *cn = test->priv;
	unsigned int port, seen = 0;
	struct cfr_flow *flow;
	enum cfr_stat why;
	struct probe p;

	policy.v4.span = &span;
	for (port = 0; port < 8; port++) {
		probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
		flow = open_by(cn, &policy, &p, &why);
		KUNIT_ASSERT_NOT_NULL(test, flow);
		seen |= BIT((ntohl(flow->v4.relay) & 1) * 4 +
			    ntohs(flow->relay_port) - 2000);
	}
	KUNIT_EXPECT_EQ(test, seen, 0xff);
	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	KUNIT_EXPECT_NULL(test, open_by(cn, &policy, &p, &why));
	KUNIT_EXPECT_EQ(test, why, CFR_STAT_pool_exhausted);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 8);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_shared(cn), 8);
}

struct ender {
	struct cfr_net *cn;
	struct cfr_key key;
};

static void end(struct cfr_net *cn, struct cfr_key *key)
{
	struct cfr_flow *flow;

	rcu_read_lock();
	flow = cfr_flow_get(cn, key);
	if (flow)
		cfr_reap_end(cn, flow, CFR_END_COMMAND);
	rcu_read_unlock();
}

static int keep_ending(void *data)
{
	struct ender *ender = data;

	while (!kthread_should_stop()) {
		end(ender->cn, &ender->key);
		cond_resched();
	}
	return 0;
}

/* Whoever makes a flow may be interrupted anywhere, and find that it was ended the
 * moment that it could be found: nothing of it is left in the table.
 */
static void endpoint_ends_at_birth(struct kunit *test)
{
	const struct cfr_policy policy = by(1, CFR_FILTER_ENDPOINT);
	struct ender ender = { .cn = test->priv };
	struct task_struct *other;
	struct cfr_flow *stays;
	enum cfr_stat why;
	unsigned long until;
	struct probe p;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	stays = open_by(ender.cn, &policy, &p, &why);
	KUNIT_ASSERT_NOT_NULL(test, stays);
	other_remote(&p);
	ender.key = p.key;
	other = kthread_run(keep_ending, &ender, "cfr_ender");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	for (until = jiffies + 2 * HZ; time_before(jiffies, until); cond_resched()) {
		rcu_read_lock();
		cfr_flow_open(ender.cn, &policy, &p.key, &why);
		rcu_read_unlock();
		end(ender.cn, &p.key);
	}
	kthread_stop(other);
	cfr_flow_erase(ender.cn);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, atomic_read(&ender.cn->flows.count), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&ender.cn->flows.ht.nelems), 0);
}

static struct kunit_case endpoint_cases[] = {
	KUNIT_CASE(endpoint_maps),
	KUNIT_CASE(endpoint_filters),
	KUNIT_CASE(endpoint_ends),
	KUNIT_CASE(endpoint_again),
	KUNIT_CASE(endpoint_overloads_nothing),
	KUNIT_CASE(endpoint_ends_at_birth),
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "cfr_endpoint",
	.init = relay_init,
	.test_cases = endpoint_cases,
};

kunit_test_suite(endpoint_suite);
