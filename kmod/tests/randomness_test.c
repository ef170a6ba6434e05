// SPDX-License-Identifier: GPL-2.0
/* Rows R1, R2, R3, R5 and R6 on more than 10^5 draws: what flows that were opened
 * one after the other look like from outside. Chi squared has to lie within five
 * standard deviations, which one sample in a million does not; such a one is drawn
 * once more.
 */

#include <kunit/test.h>
#include <linux/math64.h>

#include "epoch.h"
#include "egress.h"
#include "reap.h"
#include "relay.h"

#define OWN_PORTS	28160	/* that a customer's system numbers through */
#define FLOWS		(4 * OWN_PORTS)
#define PORT_MIN	1024
#define PORTS		64512
#define SIDE		64	/* of a table; both numbers of ports are multiples */

static const struct cfr_span pool4 = {
	.base.ip = cpu_to_be32(0xc6330000), .len = 16, .port_min = PORT_MIN,
	.port_max = 65535, .addrs_end = 1 << 16, .tuples_end = (u64)PORTS << 16,
};

static const struct cfr_span pool6 = {
	.base.in6 = { .s6_addr32 = {
		cpu_to_be32(0x20010db8), cpu_to_be32(0x00cf0000) } },
	.len = 48, .port_min = PORT_MIN, .port_max = 65535,
	.addrs_end = 1 << 16, .tuples_end = (u64)PORTS << 16,
};

static const struct cfr_policy homes = {
	.id = 7, .v4 = { 1, &pool4, &any_entropy }, .v6 = { 1, &pool6, &any_entropy },
};

/* What all the cells of a table have, at @n draws of equal chances */
static bool even(struct kunit *test, const char *what, const u32 *cell, u32 cells,
		 u32 n)
{
	u32 df = cells - 1, five = 5 * int_sqrt(2 * df), i;
	u64 sum = 0, chi;

	for (i = 0; i < cells; i++)
		sum += (u64)cell[i] * cell[i];
	chi = div_u64(sum * cells, n) - n;
	kunit_info(test, "%s: chi squared %llu, %u degrees of freedom", what, chi, df);
	return chi + five > df && chi < df + five;
}

struct seen {
	u64 iid;	/* of IPv6 */
	u16 address;	/* or /64 */
	u16 port;	/* from the pool's first on */
	u16 own;	/* the customer's, likewise */
};

static void look(struct seen *seen, const struct cfr_flow *flow, u32 n)
{
	const struct in6_addr *relay = &flow->v6.relay;
	bool v4 = flow->family == NFPROTO_IPV4;

	seen->own = n % OWN_PORTS;
	seen->port = ntohs(flow->relay_port) - PORT_MIN;
	seen->address = v4 ? ntohl(flow->v4.relay) : ntohl(relay->s6_addr32[1]);
	if (!v4)
		seen->iid = (u64)ntohl(relay->s6_addr32[2]) << 32 |
			    ntohl(relay->s6_addr32[3]);
}

/* One customer's flows, by port after port, to one remote address. Then they end. */
static void sample(struct kunit *test, struct cfr_net *cn, u8 family,
		   struct seen *seen)
{
	struct cfr_flow *flow;
	enum cfr_stat why;
	struct probe p;
	u32 n;

	probe_init(&p, family, IPPROTO_UDP);
	for (n = 0; n < FLOWS; n++) {
		p.key.near_port = cpu_to_be16(32768 + n % OWN_PORTS);
		p.key.far_port = cpu_to_be16(1 + n / OWN_PORTS);
		flow = open_by(cn, &homes, &p, &why);
		KUNIT_ASSERT_NOT_NULL(test, flow);
		look(&seen[n], flow, n);
		cond_resched();
	}
	cfr_flow_erase(cn);
}

/* R1: the customer's port and the relay's are independent, in what part of their
 * ranges they lie and in their low bits.
 */
static bool own_ports_hidden(struct kunit *test, const struct seen *seen, u32 *cell)
{
	bool ok;
	u32 n;

	memset(cell, 0, SIDE * SIDE * sizeof(*cell));
	for (n = 0; n < FLOWS; n++)
		cell[seen[n].own / (OWN_PORTS / SIDE) * SIDE +
		     seen[n].port / (PORTS / SIDE)]++;
	ok = even(test, "customer's port, relay's", cell, SIDE * SIDE, FLOWS);
	memset(cell, 0, SIDE * SIDE * sizeof(*cell));
	for (n = 0; n < FLOWS; n++)
		cell[seen[n].own % SIDE * SIDE + seen[n].port % SIDE]++;
	return even(test, "their low bits", cell, SIDE * SIDE, FLOWS) && ok;
}

/* R2: the ports of two successive flows are adjacent, 4 are by chance, or near each
 * other less than twice as often as chance has it, which is eight standard
 * deviations; and upon a port any other may follow.
 */
static bool successive(struct kunit *test, const struct seen *seen, u32 *cell)
{
	u32 n, near = 0, adjacent = 0, expected;

	memset(cell, 0, SIDE * SIDE * sizeof(*cell));
	for (n = 1; n < FLOWS; n++) {
		adjacent += abs(seen[n].port - seen[n - 1].port) == 1;
		near += abs(seen[n].port - seen[n - 1].port) <= 16;
		cell[seen[n - 1].port / (PORTS / SIDE) * SIDE +
		     seen[n].port / (PORTS / SIDE)]++;
	}
	expected = div_u64(33ULL * FLOWS, PORTS);	/* 72 at most 16 apart */
	kunit_info(test, "%u adjacent, %u near, %u expected", adjacent, near,
		   expected);
	return adjacent < 20 && near < 2 * expected &&
	       even(test, "ports one after the other", cell, SIDE * SIDE, FLOWS - 1);
}

/* R3: addresses and ports are uniform, and together. */
static bool uniform(struct kunit *test, const struct seen *seen, u32 *cell)
{
	bool ok;
	u32 n;

	memset(cell, 0, SIDE * SIDE * sizeof(*cell));
	for (n = 0; n < FLOWS; n++)
		cell[seen[n].address / (65536 / SIDE) * SIDE +
		     seen[n].port / (PORTS / SIDE)]++;
	ok = even(test, "addresses, ports", cell, SIDE * SIDE, FLOWS);
	memset(cell, 0, SIDE * SIDE * sizeof(*cell));
	for (n = 0; n < FLOWS; n++)
		cell[seen[n].address % SIDE * SIDE + seen[n].port % SIDE]++;
	return even(test, "their low bits", cell, SIDE * SIDE, FLOWS) && ok;
}

/* R3: each octet of interface ids */
static bool iids_uniform(struct kunit *test, const struct seen *seen, u32 *cell)
{
	bool ok = true;
	u32 n, octet;

	for (octet = 0; octet < 8; octet++) {
		memset(cell, 0, 256 * sizeof(*cell));
		for (n = 0; n < FLOWS; n++)
			cell[seen[n].iid >> 8 * octet & 255]++;
		ok = even(test, "octet of interface ids", cell, 256, FLOWS) && ok;
	}
	return ok;
}

struct scratch {
	struct seen *seen;
	struct seen *other;
	u32 *cell;
};

static void scratch(struct kunit *test, struct scratch *s)
{
	s->seen = kunit_kcalloc(test, FLOWS, sizeof(*s->seen), GFP_KERNEL);
	s->other = kunit_kcalloc(test, FLOWS, sizeof(*s->other), GFP_KERNEL);
	s->cell = kunit_kcalloc(test, SIDE * SIDE, sizeof(*s->cell), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, s->seen && s->other && s->cell);
}

static bool by_chance(struct kunit *test, u8 family, struct scratch *s)
{
	bool ok;

	sample(test, test->priv, family, s->seen);
	ok = own_ports_hidden(test, s->seen, s->cell);
	ok = successive(test, s->seen, s->cell) && ok;
	ok = uniform(test, s->seen, s->cell) && ok;
	return family == NFPROTO_IPV4 ? ok :
					iids_uniform(test, s->seen, s->cell) && ok;
}

static void randomness_ip4(struct kunit *test)
{
	struct scratch s;

	scratch(test, &s);
	if (!by_chance(test, NFPROTO_IPV4, &s))
		KUNIT_EXPECT_TRUE(test, by_chance(test, NFPROTO_IPV4, &s));
}

static void randomness_ip6(struct kunit *test)
{
	struct scratch s;

	scratch(test, &s);
	if (!by_chance(test, NFPROTO_IPV6, &s))
		KUNIT_EXPECT_TRUE(test, by_chance(test, NFPROTO_IPV6, &s));
}

/* R3 at every fill: a pool is filled to 95 %, again and again. If each draw is
 * uniform over what is free then, each tuple is as often as any other among the
 * first tenth, among those up to a half, among those up to 95 %, and among the rest.
 */
#define FEW		2048
#define ROUNDS		64	/* 125000 draws */

/* Nor does a tuple gain by what its neighbours are. Of those that are free, @ends
 * follow upon one that is taken; so many are drawn of them as chance has it.
 */
struct fill {
	bool taken[FEW];
	u32 ends;
	u32 drawn;
	u64 expected;	/* in 1/65536 */
};

static void fill_take(struct fill *fill, u32 n, u32 taken)
{
	fill->expected += div_u64((u64)fill->ends << 16, FEW - taken);
	if (fill->taken[(n + FEW - 1) % FEW]) {
		fill->drawn++;
		fill->ends--;
	}
	fill->taken[n] = true;
	fill->ends += !fill->taken[(n + 1) % FEW];
}

static const u32 fill_end[] = { FEW / 10, FEW / 2, FEW / 20 * 19, FEW };

static void fill_once(struct kunit *test, const struct cfr_policy *policy,
		      u32 (*stage)[FEW], struct fill *fill)
{
	struct cfr_flow *flow;
	enum cfr_stat why;
	struct probe p;
	u32 n, i;

	memset(fill->taken, 0, sizeof(fill->taken));
	fill->ends = 0;
	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	for (i = 0, n = 0; n < fill_end[2]; n++) {
		i += n == fill_end[i];
		p.key.near_port = cpu_to_be16(1024 + n);
		flow = open_by(test->priv, policy, &p, &why);
		KUNIT_ASSERT_NOT_NULL(test, flow);
		stage[i][ntohs(flow->relay_port) - PORT_MIN]++;
		fill_take(fill, ntohs(flow->relay_port) - PORT_MIN, n);
	}
	cfr_flow_erase(test->priv);
}

static bool fills_even(struct kunit *test, u32 (*stage)[FEW], struct fill *fill)
{
	static const struct cfr_span span = {
		.base.ip = cpu_to_be32(0xc6336404), .len = 32, .port_min = PORT_MIN,
		.port_max = PORT_MIN + FEW - 1, .addrs_end = 1, .tuples_end = FEW,
	};
	static const struct cfr_policy policy = {
		.id = 8, .v4 = { 1, &span, &any_entropy },
	};
	u32 i, j, first = 0, five = 5 * int_sqrt(2 * FEW);
	bool ok = true;

	memset(stage, 0, 3 * sizeof(*stage));
	memset(fill, 0, sizeof(*fill));
	for (i = 0; i < ROUNDS; i++)
		fill_once(test, &policy, stage, fill);
	for (i = 0; i < 3; first = fill_end[i++]) {
		/* binomial: ROUNDS at the chance of share / FEW */
		u64 share = fill_end[i] - first, sum = 0, chi;

		for (j = 0; j < FEW; j++)
			sum += (u64)stage[i][j] * stage[i][j];
		chi = sum - div_u64(ROUNDS * ROUNDS * share * share, FEW);
		chi = div64_u64(chi * FEW * FEW,
				ROUNDS * share * (FEW - share));
		kunit_info(test, "up to %u of %u: chi squared %llu", fill_end[i],
			   FEW, chi);
		ok = ok && chi + five > FEW && chi < FEW + five;
	}
	fill->expected >>= 16;
	kunit_info(test, "%u upon one that was taken, %llu expected", fill->drawn,
		   fill->expected);
	/* six times the deviation of as many throws of a coin */
	return ok && abs((int)fill->drawn - (int)fill->expected) <
		     3 * int_sqrt(ROUNDS * fill_end[2]);
}

static void randomness_fills(struct kunit *test)
{
	u32 (*stage)[FEW] = kunit_kcalloc(test, 3, sizeof(*stage), GFP_KERNEL);
	struct fill *fill = kunit_kzalloc(test, sizeof(*fill), GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, stage && fill);
	if (!fills_even(test, stage, fill))
		KUNIT_EXPECT_TRUE(test, fills_even(test, stage, fill));
}

/* Two tables of what the same flows got have nothing in common but by chance. */
static bool unlike(struct kunit *test, const struct scratch *s)
{
	u32 n, same = 0, expected = FLOWS / 65536;	/* 2 */

	memset(s->cell, 0, SIDE * SIDE * sizeof(*s->cell));
	for (n = 0; n < FLOWS; n++) {
		same += s->seen[n].address == s->other[n].address;
		s->cell[s->seen[n].address / (65536 / SIDE) * SIDE +
			s->other[n].address / (65536 / SIDE)]++;
	}
	kunit_info(test, "%u addresses the same, %u expected", same, expected);
	return same < 20 && even(test, "addresses, theirs", s->cell, SIDE * SIDE, FLOWS);
}

/* What the policy's key pairs many customers with, towards one destination */
static void pair_all(const struct cfr_policy *policy, struct seen *seen)
{
	struct cfr_egress egress;
	struct probe p;
	u32 n;

	probe_init(&p, NFPROTO_IPV4, IPPROTO_UDP);
	p.far.ip = cpu_to_be32(0x01010101);
	for (n = 0; n < FLOWS; n++) {
		p.near.ip = cpu_to_be32(0x0a000000 + n);
		cfr_egress_begin(&egress, policy, &p.key);
		seen[n].address = ntohl(egress.addr.ip);
	}
}

static struct cfr_policy paired(struct kunit *test)
{
	static const struct cfr_knobs knobs = {
		.pairing = CFR_PAIRING_DESTINATION, .epoch = 86400,
	};
	struct cfr_policy policy = {
		.id = 9, .knobs = knobs, .v4 = { 1, &pool4, &any_entropy },
		.epoch = cfr_epoch_new(test->priv, &knobs),
	};

	KUNIT_ASSERT_NOT_NULL(test, policy.epoch);
	return policy;
}

/* R5: after a rotation the address of each customer is an independent one; R6: so
 * is that of another relay, or another boot.
 */
static void randomness_epochs(struct kunit *test)
{
	struct cfr_policy one = paired(test), two = paired(test);
	struct scratch s;
	u32 tries;

	scratch(test, &s);
	for (tries = 0; tries < 2; tries++) {
		pair_all(&one, s.seen);
		cfr_epoch_rotate(one.epoch);
		pair_all(&one, s.other);
		if (unlike(test, &s))
			break;
	}
	KUNIT_EXPECT_LT(test, tries, 2);
	for (tries = 0; tries < 2; tries++, cfr_epoch_rotate(one.epoch)) {
		pair_all(&one, s.seen);
		pair_all(&two, s.other);
		if (unlike(test, &s))
			break;
	}
	KUNIT_EXPECT_LT(test, tries, 2);
	cfr_epoch_put(one.epoch);
	cfr_epoch_put(two.epoch);
}

/* R6: the same flows, through the same pool, as a relay has them that has forgotten
 * all about the first ones
 */
static void randomness_relays(struct kunit *test)
{
	struct scratch s;
	u32 tries;

	scratch(test, &s);
	for (tries = 0; tries < 2; tries++) {
		sample(test, test->priv, NFPROTO_IPV4, s.seen);
		sample(test, test->priv, NFPROTO_IPV4, s.other);
		if (unlike(test, &s))
			break;
	}
	KUNIT_EXPECT_LT(test, tries, 2);
}

static struct kunit_case randomness_cases[] = {
	KUNIT_CASE_SLOW(randomness_ip4),
	KUNIT_CASE_SLOW(randomness_ip6),
	KUNIT_CASE_SLOW(randomness_fills),
	KUNIT_CASE_SLOW(randomness_epochs),
	KUNIT_CASE_SLOW(randomness_relays),
	{}
};

static struct kunit_suite randomness_suite = {
	.name = "cfr_randomness",
	.init = relay_init,
	.test_cases = randomness_cases,
};

kunit_test_suite(randomness_suite);
