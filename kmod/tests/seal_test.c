// SPDX-License-Identifier: GPL-2.0
/* Sealed flows: found, opened, and nothing of their customer in them or in what
 * they share.
 */

#include <kunit/test.h>

#include "endpoint.h"
#include "relay.h"
#include "seal.h"
#include "table.h"

static const struct cfr_span wide4 = {
	.base.ip = cpu_to_be32(0xc6330000), .len = 16, .port_min = 1024,
	.port_max = 65535, .addrs_end = 1 << 16, .tuples_end = 64512ULL << 16,
};

static const struct cfr_span wide6 = {
	.base.in6 = { .s6_addr32 = { cpu_to_be32(0x20010db8) } },
	.len = 48, .port_min = 1024, .port_max = 65535,
	.addrs_end = 1 << 16, .tuples_end = 64512ULL << 16,
};

static struct cfr_policy by(u8 scope, u8 filter)
{
	return (struct cfr_policy){
		.id = 1, .v4 = { 1, &wide4, &any_entropy },
		.v6 = { 1, &wide6, &any_entropy },
		.knobs = { .scope = scope, .filter = filter },
	};
}

static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

static struct cfr_flow *opened(struct kunit *test, struct probe *p, u8 scope,
			       u8 filter)
{
	const struct cfr_policy policy = by(scope, filter);
	struct cfr_flow *flow;
	enum cfr_stat why;

	flow = open_by(test->priv, &policy, p, &why);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	return flow;
}

static bool is_customer(const struct cfr_address *end, const struct probe *p)
{
	if (end->port != p->key.near_port)
		return false;
	return p->key.family == NFPROTO_IPV4 ?
	       end->addr.ip == p->near.ip :
	       ipv6_addr_equal(&end->addr.in6, &p->near.in6);
}

/* Its customer is who opened it, and the same packet finds it again; a packet that
 * differs in anything does not.
 */
static void seal_finds(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct cfr_address end;
	struct cfr_flow *flow;
	struct probe p, other;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		probe_init(&p, families[i & 1], IPPROTO_UDP);
		flow = opened(test, &p, CFR_SCOPE_FLOW, 0);
		KUNIT_EXPECT_TRUE(test, flow->sealed);
		end = cfr_flow_customer(&cn->flows.seal, flow);
		KUNIT_EXPECT_TRUE(test, is_customer(&end, &p));

		rcu_read_lock();
		KUNIT_EXPECT_PTR_EQ(test, flow, cfr_flow_find(cn, &p.key));
		other = p;
		other.key.near = &other.near;
		other.near.ip ^= cpu_to_be32(1);
		KUNIT_EXPECT_NULL(test, cfr_flow_find(cn, &other.key));
		other = p;
		other.key.far = &other.far;
		other.far.ip ^= cpu_to_be32(1);
		KUNIT_EXPECT_NULL(test, cfr_flow_find(cn, &other.key));
		other = p;
		other.key.near_port ^= cpu_to_be16(1);
		KUNIT_EXPECT_NULL(test, cfr_flow_find(cn, &other.key));
		other = p;
		other.key.far_port ^= cpu_to_be16(1);
		KUNIT_EXPECT_NULL(test, cfr_flow_find(cn, &other.key));
		other = p;
		other.key.proto = IPPROTO_TCP;
		KUNIT_EXPECT_NULL(test, cfr_flow_find(cn, &other.key));
		rcu_read_unlock();
	}
}

static bool holds(const struct cfr_flow *flow, const void *what, size_t len)
{
	const u8 *octets = (const u8 *)flow;
	size_t size = flow->family == NFPROTO_IPV4 ? CFR_FLOW_SIZE4 :
						     CFR_FLOW_SIZE6;
	size_t i;

	for (i = 0; i + len <= size; i++)
		if (!memcmp(octets + i, what, len))
			return true;
	return false;
}

/* Nor do 16 bits of a checksum's difference say who it is. A port is too short to
 * be looked for in one flow: noise has any two octets in one of a few hundred.
 */
static unsigned int shows(struct kunit *test, const struct cfr_flow *flow,
			  const struct probe *p)
{
	bool v4 = p->key.family == NFPROTO_IPV4;

	KUNIT_EXPECT_FALSE(test, v4 ? holds(flow, &p->near.ip, 4) :
				      holds(flow, &p->near.in6, 8));
	if (!v4) {
		KUNIT_EXPECT_FALSE(test, holds(flow, &p->near.in6.s6_addr[8], 8));
		KUNIT_EXPECT_EQ(test, flow->v6.delta, 0);
	}
	return flow->customer_port == p->key.near_port;
}

static void seal_covers(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct cfr_flow *flow, *binding;
	struct cfr_key key;
	unsigned int i, ports = 0;
	struct probe p;

	for (i = 0; i < 400; i++) {
		probe_init(&p, families[i & 1], IPPROTO_TCP);
		flow = opened(test, &p, i & 2, CFR_FILTER_ADDRESS);
		ports += shows(test, flow, &p);
		if (!(i & 2))
			continue;
		/* the binding, and the permit, by the relay's end */
		rcu_read_lock();
		key = p.key;
		binding = cfr_endpoint_of(cn, &key);
		rcu_read_unlock();
		if (binding)
			ports += shows(test, binding, &p);
	}
	KUNIT_EXPECT_LE(test, ports, 2);

	/* as selftests/memory/unseal.c has it */
	KUNIT_EXPECT_EQ(test, offsetof(struct cfr_flow, customer_port) -
			offsetof(struct cfr_flow, node[CFR_OUT].hash), 84);
	KUNIT_EXPECT_EQ(test, offsetof(struct cfr_flow, v4) -
			offsetof(struct cfr_flow, customer_port), 12);

	/* The search sees what is not sealed. */
	cfr_flow_set_sealing(cn, false);
	probe_init(&p, NFPROTO_IPV6, IPPROTO_TCP);
	flow = opened(test, &p, CFR_SCOPE_FLOW, 0);
	KUNIT_EXPECT_TRUE(test, holds(flow, &p.near.in6, 16));
	KUNIT_EXPECT_FALSE(test, flow->sealed);
}

/* Without the key, tags and streams are others, and noise: of all bits, one half
 * differs, to within seven standard deviations.
 */
static void seal_wiped(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct cfr_seal was;
	struct cfr_address end;
	struct cfr_flow *flow;
	unsigned int i, bits = 0;
	struct probe p;
	u64 tag;

	for (i = 0; i < 100; i++) {
		probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
		flow = opened(test, &p, CFR_SCOPE_FLOW, 0);
		was = cn->flows.seal;
		tag = cfr_seal_tag(&was, &p.key);
		cfr_seal_wipe(&cn->flows.seal);
		end = cfr_flow_customer(&cn->flows.seal, flow);
		bits += hweight32((__force u32)(end.addr.ip ^ p.near.ip));
		bits += hweight64(tag ^ cfr_seal_tag(&cn->flows.seal, &p.key));
		rcu_read_lock();
		KUNIT_EXPECT_NULL(test, cfr_flow_find(cn, &p.key));
		rcu_read_unlock();
		cn->flows.seal = was;
	}
	KUNIT_EXPECT_LT(test, abs((int)bits - 48 * 100), 7 * 49);
}

/* A switch ends what was sealed the other way. */
static void seal_switches(struct kunit *test)
{
	struct cfr_net *cn = test->priv;
	struct cfr_flow *flow;
	struct probe p;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	flow = opened(test, &p, CFR_SCOPE_FLOW, 0);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 1);
	cfr_flow_set_sealing(cn, true);	/* as it is */
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 1);
	cfr_flow_set_sealing(cn, false);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 0);
	KUNIT_EXPECT_EQ(test, flow->customer_port, 0);	/* held: wiped */
	flow = opened(test, &p, CFR_SCOPE_FLOW, 0);
	KUNIT_EXPECT_FALSE(test, flow->sealed);
	cfr_flow_set_sealing(cn, true);
	KUNIT_EXPECT_EQ(test, cfr_flow_count_live(cn), 0);
}

static int seal_init(struct kunit *test)
{
	int err = relay_init(test);

	if (!err)
		cfr_flow_set_sealing(test->priv, true);
	return err;
}

static struct kunit_case seal_cases[] = {
	KUNIT_CASE(seal_finds),
	KUNIT_CASE(seal_covers),
	KUNIT_CASE(seal_wiped),
	KUNIT_CASE(seal_switches),
	{}
};

static struct kunit_suite seal_suite = {
	.name = "cfr_seal",
	.init = seal_init,
	.test_cases = seal_cases,
};

kunit_test_suite(seal_suite);
