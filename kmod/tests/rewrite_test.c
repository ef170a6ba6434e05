// SPDX-License-Identifier: GPL-2.0
/* Rewriting one end of a packet, for every ip_summed, protocol, family and
 * direction: what comes out is the correct packet that has the other end, octet
 * by octet, and what skb says about its checksum is true.
 */

#include <linux/random.h>

#include "rewrite.h"
#include "skb.h"

#define ROUNDS		12	/* of random addresses, ports and payload */

static const u8 summed[] = {
	CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL,
};

/* Empty, odd, even, and more than one page fragment's worth of either */
static const unsigned int payloads[] = { 0, 1, 2, 3, 17, 64, 999, 1400 };

/**
 * struct change - one packet and what it must become
 * @spec: what it looks like
 * @dir: its direction
 * @flow: whose other end it gets
 * @before: as it comes
 * @after: as it must leave
 * @got: as it left
 */
struct change {
	struct test_spec spec;
	enum cfr_dir dir;
	struct cfr_flow flow;
	struct test_flat before;
	struct test_flat after;
	struct test_flat got;
};

/* The two ends of a flow as they lie in it */
static void *address_of(struct change *c, bool relay)
{
	if (c->spec.family == NFPROTO_IPV4)
		return relay ? &c->flow.v4.relay : &c->flow.v4.customer;
	return relay ? (void *)&c->flow.v6.relay : (void *)&c->flow.v6.customer;
}

/* A flow of random ends; that of the packet's direction gets the other's. */
static void put_end(struct change *c, struct test_flat *flat, bool relay)
{
	bool v4 = c->spec.family == NFPROTO_IPV4, out = c->dir == CFR_OUT;
	unsigned int port = test_l4(c->spec.family);

	memcpy(flat->data + (v4 ? out ? 12 : 16 : out ? 8 : 24),
	       address_of(c, relay), v4 ? 4 : 16);
	if (c->spec.proto == test_echo(c->spec.family))
		port += 4;
	else if (!out)
		port += 2;
	memcpy(flat->data + port, relay ? &c->flow.relay_port :
					  &c->flow.customer_port, 2);
}

/* The difference that cfr_flow_open() keeps, for no code under test to err with */
static __wsum slow_delta(const struct cfr_flow *flow)
{
	u16 relay = test_sum((const u8 *)&flow->v6.relay, 16);
	u16 customer = ~test_sum((const u8 *)&flow->v6.customer, 16);

	return (__force __wsum)((u32)(__force u16)htons(relay) +
				(__force u16)htons(customer) +
				(__force u16)flow->relay_port +
				(__force u16)~flow->customer_port);
}

/* A packet of a random flow */
static void make_before(struct change *c)
{
	get_random_bytes(&c->flow, sizeof(c->flow));
	c->flow.family = c->spec.family;
	c->flow.proto = c->spec.proto;
	c->flow.sealed = false;
	if (c->spec.family == NFPROTO_IPV6)
		c->flow.v6.delta = slow_delta(&c->flow);
	test_make(&c->spec, &c->before);
	put_end(c, &c->before, c->dir == CFR_IN);
	test_finish(&c->before, 0, test_l4(c->spec.family), c->before.len,
		    c->spec.proto);
}

static void expect_after(struct change *c)
{
	c->after = c->before;
	put_end(c, &c->after, c->dir == CFR_OUT);
	test_finish(&c->after, 0, test_l4(c->spec.family), c->after.len,
		    c->spec.proto);
}

/* Have skb say about its checksum what a device or a socket would. */
static void set_summed(struct sk_buff *skb, const struct change *c, u8 how)
{
	unsigned int l4 = test_l4(c->spec.family);
	u8 pseudo[2];

	skb->ip_summed = how;
	if (how == CHECKSUM_COMPLETE) {
		skb->csum = (__force __wsum)htons(test_sum(c->before.data,
							   c->before.len));
	} else if (how == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + l4;
		skb->csum_offset = test_check(c->spec.proto);
		/* the pseudo header's sum is what the rest's lacks */
		test_put16(pseudo, ~test_sum(c->before.data + l4,
					     c->before.len - l4));
		skb_store_bits(skb, l4 + skb->csum_offset, pseudo, 2);
	}
}

static bool rewrite_sealed(struct sk_buff *skb, const struct change *c, u8 l4)
{
	struct cfr_flow flow = c->flow;
	struct cfr_seal seal;

	cfr_seal_renew(&seal);
	flow.v6.delta = c->spec.family == NFPROTO_IPV6 ? 0 : flow.v6.delta;
	cfr_seal_cover(&seal, &flow, get_random_u32());
	return cfr_rewrite_data(&seal, skb, l4, c->dir, &flow);
}

/* Each way that there is */
static bool rewrite(struct sk_buff *skb, const struct change *c)
{
	struct cfr_packet pkt;

	cfr_packet_parse(skb, c->spec.family, &pkt);
	if (get_random_u32_below(3) == 0)
		return rewrite_sealed(skb, c, pkt.l4);
	if (cfr_rewrite_alone(skb) && get_random_u32() & 1 &&
	    (pkt.ports.proto == IPPROTO_TCP || pkt.ports.proto == IPPROTO_UDP)) {
		cfr_rewrite_plain(skb, skb->data, &pkt, c->dir, &c->flow);
		return true;
	}
	return cfr_rewrite_data(NULL, skb, pkt.l4, c->dir, &c->flow);
}

/* Two representations of one sum: 0 and 0xffff */
static u16 canonical(u16 sum)
{
	return sum == 0xffff ? 0 : sum;
}

static void check_summed(struct kunit *test, struct sk_buff *skb,
			 struct change *c, u8 how)
{
	unsigned int l4 = test_l4(c->spec.family);
	u8 *check = c->got.data + l4 + test_check(c->spec.proto);
	u16 said = (__force u16)~csum_fold(skb->csum);

	KUNIT_EXPECT_TRUE(test, skb->ip_summed == how);
	if (how == CHECKSUM_COMPLETE)
		KUNIT_EXPECT_EQ(test, canonical(ntohs((__force __be16)said)),
				canonical(test_sum(c->got.data, c->got.len)));
	if (how == CHECKSUM_PARTIAL) {
		/* as a device completes it */
		u16 sum = ~test_sum(c->got.data + l4, c->got.len - l4);

		test_put16(check, c->spec.proto != IPPROTO_TCP && !sum ?
			   0xffff : sum);
	}
}

static void one_change(struct kunit *test, struct change *c, u8 how,
		       unsigned int linear)
{
	struct sk_buff *skb = test_skb(test, &c->before, linear);

	set_summed(skb, c, how);
	KUNIT_EXPECT_TRUE(test, rewrite(skb, c));
	test_flatten(skb, &c->got);
	check_summed(test, skb, c, how);
	KUNIT_EXPECT_EQ(test, c->got.len, c->after.len);
	KUNIT_EXPECT_MEMEQ_MSG(test, c->got.data, c->after.data, c->after.len,
			       "family %u proto %u dir %u summed %u payload %u",
			       c->spec.family, c->spec.proto, c->dir, how,
			       c->spec.payload);
	KUNIT_EXPECT_EQ(test, skb->hash, 0);
	test_free(test, skb);
}

/* Every family, protocol and direction */
static void try_ways(struct kunit *test,
		     void (*try)(struct kunit *test, struct change *c))
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct change *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int f, p, dir;

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (f = 0; f < ARRAY_SIZE(families); f++) {
		u8 protos[] = {
			IPPROTO_TCP, IPPROTO_UDP, test_echo(families[f]),
		};

		for (p = 0; p < ARRAY_SIZE(protos); p++)
			for (dir = CFR_OUT; dir <= CFR_IN; dir++) {
				c->spec.family = families[f];
				c->spec.proto = protos[p];
				c->spec.reply = dir == CFR_IN;
				c->spec.flags = 0x10;
				c->dir = dir;
				try(test, c);
			}
	}
}

static void try_summed(struct kunit *test, struct change *c)
{
	unsigned int round, how, at;

	for (at = 0; at < ARRAY_SIZE(payloads); at++)
		for (how = 0; how < ARRAY_SIZE(summed); how++)
			for (round = 0; round < ROUNDS; round++) {
				/* ICMPv4 has no pseudo header to be partial with */
				if (summed[how] == CHECKSUM_PARTIAL &&
				    c->spec.proto == IPPROTO_ICMP)
					continue;
				c->spec.payload = payloads[at];
				make_before(c);
				expect_after(c);
				one_change(test, c, summed[how], round % 2 ?
					   c->before.len : test_l4(c->spec.family));
			}
}

static void rewrite_summed(struct kunit *test)
{
	try_ways(test, try_summed);
}

/* What was wrong stays wrong, by as much: the relay repairs nobody's damage. */
static void try_wrong(struct kunit *test, struct change *c)
{
	unsigned int l4 = test_l4(c->spec.family);
	struct sk_buff *skb;
	u16 sum;

	c->spec.payload = 64;
	make_before(c);
	c->before.data[l4 + test_header(c->spec.proto) + 10] ^= 0x40;
	sum = test_l4_sum(&c->before, 0, l4, c->before.len, c->spec.proto);
	skb = test_skb(test, &c->before, c->before.len);
	KUNIT_EXPECT_TRUE(test, rewrite(skb, c));
	test_flatten(skb, &c->got);
	KUNIT_EXPECT_NE(test, sum, 0xffff);
	KUNIT_EXPECT_EQ(test, sum, test_l4_sum(&c->got, 0, l4, c->got.len,
					       c->spec.proto));
}

static void rewrite_wrong(struct kunit *test)
{
	try_ways(test, try_wrong);
}

/* No checksum stays none (RFC 768), whatever skb says of the whole. */
static void rewrite_udp_none(struct kunit *test)
{
	struct change *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int how, dir;

	for (dir = CFR_OUT; dir <= CFR_IN; dir++)
		for (how = 0; how < 3; how++) {
			c->spec = (struct test_spec){
				NFPROTO_IPV4, IPPROTO_UDP, .payload = 33,
			};
			c->dir = dir;
			make_before(c);
			test_put16(c->before.data + 26, 0);
			expect_after(c);
			test_put16(c->after.data + 26, 0);
			one_change(test, c, summed[how], 28);
		}
}

/* A checksum that comes out as zero is sent as 0xffff: the payload is chosen
 * so that it does.
 */
static void rewrite_udp_zero(struct kunit *test)
{
	struct change *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int f, how, l4;
	u16 sum;

	for (f = 0; f < 2; f++)
		for (how = 0; how < 3; how++) {
			c->spec = (struct test_spec){
				f ? NFPROTO_IPV6 : NFPROTO_IPV4, IPPROTO_UDP,
				.payload = 16,
			};
			c->dir = CFR_OUT;
			l4 = test_l4(c->spec.family);
			make_before(c);
			test_put16(c->before.data + l4 + 8, 0);
			expect_after(c);
			sum = test_get16(c->after.data + l4 + 6);
			test_put16(c->before.data + l4 + 8, sum);
			test_finish(&c->before, 0, l4, c->before.len, IPPROTO_UDP);
			expect_after(c);
			KUNIT_EXPECT_EQ(test, test_get16(c->after.data + l4 + 6),
					0xffff);
			one_change(test, c, summed[how], c->before.len);
		}
}

/* Of zeros alone, an echo reply's checksum is 0xffff: with 0 it would be wrong. */
static void rewrite_echo_zeros(struct kunit *test)
{
	struct change *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int how;

	c->spec = (struct test_spec){
		NFPROTO_IPV4, IPPROTO_ICMP, .reply = true, .payload = 56,
	};
	c->dir = CFR_IN;
	for (how = 0; how < 3; how++) {
		make_before(c);
		c->flow.customer_port = 0;
		memset(c->before.data + 22, 0, c->before.len - 22);
		put_end(c, &c->before, true);
		test_finish(&c->before, 0, 20, c->before.len, IPPROTO_ICMP);
		expect_after(c);
		KUNIT_EXPECT_EQ(test, test_get16(c->after.data + 22), 0xffff);
		one_change(test, c, summed[how], c->before.len);
	}
}

/* A packet to be changed, and another that shares its data */
static struct sk_buff *shared(struct kunit *test, struct change *c,
			      struct sk_buff **other)
{
	struct sk_buff *skb;

	c->spec.payload = 100;
	make_before(c);
	expect_after(c);
	skb = test_skb(test, &c->before, 60);
	*other = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, *other);
	return skb;
}

/* Others that share the data keep theirs. */
static void try_clone(struct kunit *test, struct change *c)
{
	struct sk_buff *other, *skb = shared(test, c, &other);

	KUNIT_EXPECT_TRUE(test, rewrite(skb, c));
	test_flatten(skb, &c->got);
	KUNIT_EXPECT_MEMEQ(test, c->got.data, c->after.data, c->after.len);
	test_flatten(other, &c->got);
	KUNIT_EXPECT_MEMEQ(test, c->got.data, c->before.data, c->before.len);
	kfree_skb(other);
}

static void rewrite_clone(struct kunit *test)
{
	try_ways(test, try_clone);
}

/* Where no copy can be had, the packet stays as it is. */
static void try_no_memory(struct kunit *test, struct change *c)
{
	struct sk_buff *other, *skb = shared(test, c, &other);

	test_fail(1);
	KUNIT_EXPECT_FALSE(test, rewrite(skb, c));
	KUNIT_EXPECT_TRUE(test, test_failed());
	test_flatten(skb, &c->got);
	KUNIT_EXPECT_MEMEQ(test, c->got.data, c->before.data, c->before.len);
	kfree_skb(other);
}

static void rewrite_no_memory(struct kunit *test)
{
	test_need_faults(test);
	try_ways(test, try_no_memory);
}

/* A super-packet's partial checksum says nothing of its length. */
static void try_gso(struct kunit *test, struct change *c)
{
	unsigned int l4 = test_l4(c->spec.family);
	struct sk_buff *skb;
	u16 was;

	if (c->spec.proto == test_echo(c->spec.family))
		return;
	c->spec.payload = 1200;
	make_before(c);
	expect_after(c);
	skb = test_skb(test, &c->before, 64);
	skb_shinfo(skb)->gso_size = 300;
	skb_shinfo(skb)->gso_segs = 4;
	skb_shinfo(skb)->gso_type = c->spec.proto == IPPROTO_UDP ? SKB_GSO_UDP_L4 :
				    c->spec.family == NFPROTO_IPV4 ?
				    SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	set_summed(skb, c, CHECKSUM_PARTIAL);
	was = skb_shinfo(skb)->gso_size;
	KUNIT_EXPECT_TRUE(test, rewrite(skb, c));
	test_flatten(skb, &c->got);
	check_summed(test, skb, c, CHECKSUM_PARTIAL);
	KUNIT_EXPECT_MEMEQ(test, c->got.data, c->after.data, c->after.len);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, was);
	KUNIT_EXPECT_EQ(test, test_get16(c->got.data + l4),
			test_get16(c->after.data + l4));
}

static void rewrite_gso(struct kunit *test)
{
	try_ways(test, try_gso);
}

/* Each member of a frag list is a packet with headers of its own, shared or not. */
static void try_fraglist(struct kunit *test, struct change *c)
{
	struct sk_buff *head, *member, *other = NULL;
	struct change *m;
	unsigned int shared;

	if (c->spec.proto == test_echo(c->spec.family))
		return;
	m = kunit_kmalloc(test, sizeof(*m), GFP_KERNEL);
	c->spec.payload = 40;
	for (shared = 0; shared < 2; shared++) {
		make_before(c);
		expect_after(c);
		*m = *c;
		m->before.data[m->before.len - 1] ^= 0x55;
		test_finish(&m->before, 0, test_l4(c->spec.family), m->before.len,
			    c->spec.proto);
		expect_after(m);

		head = test_skb(test, &c->before, c->before.len);
		member = skb_get(test_skb(test, &m->before, m->before.len));
		if (shared)
			other = skb_clone(member, GFP_KERNEL);
		/* as skb_gro_receive_list() leaves it: data at the payload */
		test_free(test, member);
		skb_pull(member, m->before.len - 40);
		skb_shinfo(head)->frag_list = member;
		skb_shinfo(head)->gso_size = 40;
		skb_shinfo(head)->gso_segs = 2;
		skb_shinfo(head)->gso_type = SKB_GSO_FRAGLIST |
			(c->spec.proto == IPPROTO_UDP ? SKB_GSO_UDP_L4 :
			 c->spec.family == NFPROTO_IPV4 ? SKB_GSO_TCPV4 :
							  SKB_GSO_TCPV6);
		head->data_len += member->len;
		head->len += member->len;
		head->truesize += member->truesize;
		head->ip_summed = CHECKSUM_UNNECESSARY;

		KUNIT_EXPECT_TRUE(test, rewrite(head, c));
		KUNIT_EXPECT_MEMEQ(test, head->data, c->after.data, c->after.len);
		member = skb_shinfo(head)->frag_list;
		KUNIT_EXPECT_MEMEQ(test, skb_network_header(member), m->after.data,
				   m->after.len);
		if (shared)
			KUNIT_EXPECT_MEMEQ(test, skb_network_header(other),
					   m->before.data, m->before.len);
		kfree_skb(other);
	}
}

static void rewrite_fraglist(struct kunit *test)
{
	try_ways(test, try_fraglist);
}

/* The inner packet of a tunnel's datagram is partial, not the datagram itself,
 * whose checksum is then whole.
 */
static void rewrite_tunnel(struct kunit *test)
{
	struct change *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct sk_buff *skb;

	c->spec = (struct test_spec){ NFPROTO_IPV4, IPPROTO_UDP, .payload = 90 };
	make_before(c);
	expect_after(c);
	skb = test_skb(test, &c->before, c->before.len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + 28 + 40;
	skb->csum_offset = 16;
	KUNIT_EXPECT_TRUE(test, rewrite(skb, c));
	test_flatten(skb, &c->got);
	KUNIT_EXPECT_MEMEQ(test, c->got.data, c->after.data, c->after.len);
	/* none stays none there, too */
	make_before(c);
	test_put16(c->before.data + 26, 0);
	expect_after(c);
	test_put16(c->after.data + 26, 0);
	skb = test_skb(test, &c->before, c->before.len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + 28 + 40;
	skb->csum_offset = 16;
	KUNIT_EXPECT_TRUE(test, rewrite(skb, c));
	test_flatten(skb, &c->got);
	KUNIT_EXPECT_MEMEQ(test, c->got.data, c->after.data, c->after.len);
}

static struct kunit_case rewrite_cases[] = {
	KUNIT_CASE(rewrite_summed),
	KUNIT_CASE(rewrite_wrong),
	KUNIT_CASE(rewrite_udp_none),
	KUNIT_CASE(rewrite_udp_zero),
	KUNIT_CASE(rewrite_echo_zeros),
	KUNIT_CASE(rewrite_clone),
	KUNIT_CASE(rewrite_no_memory),
	KUNIT_CASE(rewrite_gso),
	KUNIT_CASE(rewrite_fraglist),
	KUNIT_CASE(rewrite_tunnel),
	{}
};

static struct kunit_suite rewrite_suite = {
	.name = "cfr_rewrite",
	.test_cases = rewrite_cases,
};

kunit_test_suite(rewrite_suite);
