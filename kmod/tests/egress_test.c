// SPDX-License-Identifier: GPL-2.0
/* The draw of relay tuples, against a list of all tuples there are. */

#include <kunit/test.h>
#include <linux/ipv6.h>

#include "egress.h"
#include "epoch.h"
#include "relay.h"

#define TUPLES_MAX	256
#define PER_TUPLE	100	/* draws expected of each */

/* Three prefixes of unlike sizes and ports, not one after the other */
static const struct cfr_span spans4[] = {
	{ .base.ip = cpu_to_be32(0xc6336404), .len = 30, .port_min = 1024,
	  .port_max = 1033, .addrs_end = 4, .tuples_end = 40 },
	{ .base.ip = cpu_to_be32(0xc6336500), .len = 32, .port_min = 65535,
	  .port_max = 65535, .addrs_end = 5, .tuples_end = 41 },
	{ .base.ip = cpu_to_be32(0xcb007110), .len = 29, .port_min = 5000,
	  .port_max = 5019, .addrs_end = 13, .tuples_end = 201 },
};

/* Pairing flow: from all of them */
static void draw(const struct cfr_spans *spans, u8 family, bool echo,
		 union nf_inet_addr *addr, __be16 *port)
{
	const struct cfr_egress egress = {
		.spans = spans, .family = family, .echo = echo,
	};

	cfr_egress_draw(&egress, addr, port);
}

struct slow_tuple {
	u32 addr;
	u16 port;
	unsigned int drawn;
};

static unsigned int list_tuples(const struct cfr_span *span, unsigned int count,
				struct slow_tuple *list)
{
	unsigned int n = 0, i, addr, port;

	for (i = 0; i < count; i++)
		for (addr = 0; addr < 1U << (32 - span[i].len); addr++)
			for (port = span[i].port_min; port <= span[i].port_max; port++)
				list[n++] = (struct slow_tuple){
					ntohl(span[i].base.ip) + addr, port,
				};
	return n;
}

static struct slow_tuple *find(struct slow_tuple *list, unsigned int n, u32 addr,
			       u16 port)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (list[i].addr == addr && list[i].port == port)
			return &list[i];
	return NULL;
}

/* Chi squared, in units of what its mean is: n - 1 */
static u64 chi_squared(const struct slow_tuple *list, unsigned int n, u64 each)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < n; i++)
		sum += (list[i].drawn - each) * (list[i].drawn - each);
	return div64_u64(sum, each);
}

/* A tail of about 1e-6 on either side, by Wilson and Hilferty, once repeated */
static bool uniform(struct kunit *test, unsigned int each)
{
	struct slow_tuple *list = kunit_kcalloc(test, TUPLES_MAX, sizeof(*list),
						GFP_KERNEL);
	const struct cfr_spans spans = { ARRAY_SIZE(spans4), spans4 };
	unsigned int n = list_tuples(spans4, ARRAY_SIZE(spans4), list), i;
	u64 chi;

	for (i = 0; i < n * each; i++) {
		union nf_inet_addr addr;
		struct slow_tuple *t;
		__be16 port;

		draw(&spans, NFPROTO_IPV4, false, &addr, &port);
		t = find(list, n, ntohl(addr.ip), ntohs(port));
		if (!t) {
			KUNIT_FAIL(test, "a tuple of no pool was drawn");
			return true;
		}
		t->drawn++;
	}
	chi = chi_squared(list, n, each);
	kunit_info(test, "chi squared %llu, %u degrees of freedom", chi, n - 1);
	return chi > 114 && chi < 309;	/* of 200 */
}

static void egress_uniform(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, uniform(test, PER_TUPLE) ||
				uniform(test, 4 * PER_TUPLE));
}

/* Echo ids have no pool's port range, and all addresses count alike. */
static void egress_echo(struct kunit *test)
{
	const struct cfr_spans spans = { ARRAY_SIZE(spans4), spans4 };
	unsigned int drawn[13] = {}, low = 0, i;

	for (i = 0; i < 13 * 2000; i++) {
		union nf_inet_addr addr;
		__be16 id;
		u32 a;

		draw(&spans, NFPROTO_IPV4, true, &addr, &id);
		a = ntohl(addr.ip);
		low += ntohs(id) < 1024;
		if (a >= 0xc6336404 && a < 0xc6336408)
			drawn[a - 0xc6336404]++;
		else if (a == 0xc6336500)
			drawn[4]++;
		else if (a >= 0xcb007110 && a < 0xcb007118)
			drawn[5 + a - 0xcb007110]++;
		else
			KUNIT_FAIL(test, "an address of no pool was drawn");
	}
	/* seven standard deviations */
	for (i = 0; i < 13; i++)
		KUNIT_EXPECT_LT(test, abs((int)drawn[i] - 2000), 310);
	KUNIT_EXPECT_LT(test, abs((int)low - 406), 145);
}

/* Every /64 of a routed prefix, and an interface id that no host has */
static void egress_ip6(struct kunit *test)
{
	static const struct cfr_span span = {
		.base.in6 = { .s6_addr32 = {
			cpu_to_be32(0x20010db8), cpu_to_be32(0x00cf0000) } },
		.len = 60, .port_min = 1024, .port_max = 65535,
		.addrs_end = 16, .tuples_end = 16ULL * 64512,
	};
	const struct cfr_spans spans = { 1, &span };
	unsigned int nets[16] = {}, ones = 0, i;

	for (i = 0; i < 16000; i++) {
		union nf_inet_addr addr;
		__be16 port;
		u64 iid;

		draw(&spans, NFPROTO_IPV6, false, &addr, &port);
		KUNIT_EXPECT_EQ(test, ntohl(addr.ip6[0]), 0x20010db8);
		KUNIT_EXPECT_EQ(test, ntohl(addr.ip6[1]) & ~15U, 0x00cf0000);
		nets[ntohl(addr.ip6[1]) & 15]++;
		iid = (u64)ntohl(addr.ip6[2]) << 32 | ntohl(addr.ip6[3]);
		KUNIT_EXPECT_NE(test, iid, 0);
		KUNIT_EXPECT_NE(test, iid & ~0x7fULL, 0xfdffffffffffff80ULL);
		KUNIT_EXPECT_NE(test, iid >> 24, 0x02005efffeULL);
		KUNIT_EXPECT_GE(test, ntohs(port), 1024);
		ones += hweight64(iid);
	}
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_LT(test, abs((int)nets[i] - 1000), 215);
	/* half of 64 bits each, within seven standard deviations */
	KUNIT_EXPECT_LT(test, abs((int)ones - 16000 * 32), 3600);
}

/* Totals beyond 32 bits: the largest pools there are */
static void egress_wide(struct kunit *test)
{
	static const struct cfr_span wide[] = {
		{ .base.in6 = { .s6_addr32 = { cpu_to_be32(0x20010db8) } },
		  .len = 32, .port_min = 1, .port_max = 65535,
		  .addrs_end = 1ULL << 32, .tuples_end = 65535ULL << 32 },
		{ .base.in6 = { .s6_addr32 = { cpu_to_be32(0x30010db8) } },
		  .len = 32, .port_min = 1, .port_max = 65535,
		  .addrs_end = 2ULL << 32, .tuples_end = 2 * (65535ULL << 32) },
	};
	const struct cfr_spans spans = { 2, wide };
	unsigned int second = 0, upper = 0, i;

	for (i = 0; i < 4000; i++) {
		union nf_inet_addr addr;
		__be16 port;

		draw(&spans, NFPROTO_IPV6, i % 2, &addr, &port);
		second += addr.ip6[0] == cpu_to_be32(0x30010db8);
		upper += ntohl(addr.ip6[1]) >> 31;
		KUNIT_EXPECT_TRUE(test, addr.ip6[0] == cpu_to_be32(0x20010db8) ||
					addr.ip6[0] == cpu_to_be32(0x30010db8));
	}
	KUNIT_EXPECT_LT(test, abs((int)second - 2000), 222);
	KUNIT_EXPECT_LT(test, abs((int)upper - 2000), 222);
}

/* What a pairing makes of a customer and a destination */
static union nf_inet_addr paired(struct cfr_net *cn,
				 const struct cfr_policy *policy, u8 family,
				 u32 customer, u32 remote, u16 *port)
{
	struct cfr_egress egress;
	union nf_inet_addr addr;
	struct probe p;
	__be16 drawn;

	probe_init(&p, family, IPPROTO_UDP);
	memset(&p.near, 0, sizeof(p.near));
	memset(&p.far, 0, sizeof(p.far));
	p.near.ip6[0] = htonl(customer);
	p.far.ip6[0] = htonl(remote);
	cfr_egress_begin(&egress, policy, &p.key);
	cfr_egress_draw(&egress, &addr, &drawn);
	*port = ntohs(drawn);
	return addr;
}

static const struct cfr_span pair6 = {
	.base.in6 = { .s6_addr32 = {
		cpu_to_be32(0x20010db8), cpu_to_be32(0x00cf0000) } },
	.len = 48, .port_min = 1024, .port_max = 65535,
	.addrs_end = 1 << 16, .tuples_end = 64512ULL << 16,
};

static bool same(union nf_inet_addr a, union nf_inet_addr b, u8 family)
{
	return family == NFPROTO_IPV4 ? a.ip == b.ip :
					ipv6_addr_equal(&a.in6, &b.in6);
}

/* The same customer, and destination prefix if that is the pairing, the same
 * address, on ports that differ; another epoch, another address. Of 65536 that
 * there are, two that were drawn are the same one time in so many.
 */
static void egress_pairing(struct kunit *test)
{
	static const struct cfr_span pair4 = {
		.base.ip = cpu_to_be32(0xc6330000), .len = 16, .port_min = 1024,
		.port_max = 65535, .addrs_end = 1 << 16,
		.tuples_end = 64512ULL << 16,
	};
	struct cfr_knobs knobs = { .epoch = 86400 };
	struct cfr_policy policy = { .v4 = { 1, &pair4 }, .v6 = { 1, &pair6 } };
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	unsigned int i, alike, moved = 0, others = 0, sites = 0;
	u16 port, port2;

	policy.epoch = cfr_epoch_new(test->priv, &knobs);
	KUNIT_ASSERT_NOT_NULL(test, policy.epoch);
	for (i = 0, alike = 0; i < 40; i++) {
		u8 f = families[i & 1];
		union nf_inet_addr a, b;

		policy.knobs.pairing = CFR_PAIRING_CUSTOMER;
		a = paired(test->priv, &policy, f, 0x0a000001, 0x01010101, &port);
		b = paired(test->priv, &policy, f, 0x0a000001, 0x02020202, &port2);
		KUNIT_EXPECT_TRUE(test, same(a, b, f));
		alike += port == port2;
		b = paired(test->priv, &policy, f, 0x0a000002, 0x01010101, &port);
		others += same(a, b, f);

		policy.knobs.pairing = CFR_PAIRING_DESTINATION;
		a = paired(test->priv, &policy, f, 0x0a000001, 0x01010101, &port);
		b = paired(test->priv, &policy, f, 0x0a000001,
			   f == NFPROTO_IPV4 ? 0x010101ff : 0x01010101, &port);
		KUNIT_EXPECT_TRUE(test, same(a, b, f));
		b = paired(test->priv, &policy, f, 0x0a000001, 0x01010201, &port);
		sites += same(a, b, f);
		cfr_epoch_rotate(policy.epoch);
		b = paired(test->priv, &policy, f, 0x0a000001, 0x01010101, &port);
		moved += same(a, b, f);
	}
	KUNIT_EXPECT_LE(test, alike, 2);
	KUNIT_EXPECT_LE(test, others, 2);
	KUNIT_EXPECT_LE(test, sites, 2);
	KUNIT_EXPECT_LE(test, moved, 2);
	cfr_epoch_put(policy.epoch);
}

/* Customers are spread evenly over the addresses. */
static void egress_pairing_even(struct kunit *test)
{
	static const struct cfr_span few = {
		.base.ip = cpu_to_be32(0xc6336400), .len = 28, .port_min = 1024,
		.port_max = 65535, .addrs_end = 16, .tuples_end = 16 * 64512,
	};
	struct cfr_knobs knobs = { .epoch = 86400 };
	struct cfr_policy policy = {
		.knobs.pairing = CFR_PAIRING_CUSTOMER, .v4 = { 1, &few },
	};
	unsigned int drawn[16] = {}, i;
	u16 port;

	policy.epoch = cfr_epoch_new(test->priv, &knobs);
	KUNIT_ASSERT_NOT_NULL(test, policy.epoch);
	for (i = 0; i < 16000; i++)
		drawn[ntohl(paired(test->priv, &policy, NFPROTO_IPV4,
				   0x0a000000 + i, 0, &port).ip) & 15]++;
	/* seven standard deviations */
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_LT(test, abs((int)drawn[i] - 1000), 215);
	cfr_epoch_put(policy.epoch);
}

/* A walk meets every tuple once, whatever first and step were drawn. */
static void egress_walks(struct kunit *test)
{
	const struct cfr_spans spans = { ARRAY_SIZE(spans4), spans4 };
	const struct cfr_egress egress = {
		.spans = &spans, .family = NFPROTO_IPV4,
	};
	struct slow_tuple *list, *found;
	union nf_inet_addr addr;
	unsigned int n, i, round;
	struct cfr_walk walk;
	__be16 port;

	list = kunit_kcalloc(test, TUPLES_MAX, sizeof(*list), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, list);
	n = list_tuples(spans4, ARRAY_SIZE(spans4), list);
	KUNIT_ASSERT_EQ(test, n, cfr_egress_count(&egress));
	for (round = 1; round <= 20; round++) {
		cfr_egress_walk(&egress, &walk);
		for (i = 0; i < n; i++) {
			cfr_egress_nth(&egress, walk.n, &addr, &port);
			found = find(list, n, ntohl(addr.ip), ntohs(port));
			KUNIT_ASSERT_NOT_NULL(test, found);
			found->drawn++;
			cfr_egress_walk_on(&walk);
		}
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, list[i].drawn, round);
	}
}

static struct kunit_case egress_cases[] = {
	KUNIT_CASE(egress_uniform),
	KUNIT_CASE(egress_echo),
	KUNIT_CASE(egress_ip6),
	KUNIT_CASE(egress_wide),
	KUNIT_CASE(egress_walks),
	KUNIT_CASE(egress_pairing),
	KUNIT_CASE(egress_pairing_even),
	{}
};

static struct kunit_suite egress_suite = {
	.name = "cfr_egress",
	.init = relay_init,
	.test_cases = egress_cases,
};

kunit_test_suite(egress_suite);
