// SPDX-License-Identifier: GPL-2.0
/* Quotes of ICMP errors: reading them, and rewriting one end of what they
 * quote. An error quotes a packet of every protocol, cut short at every octet.
 */

#include <linux/random.h>

#include "rewrite.h"
#include "skb.h"

/**
 * struct quoted - an error and what it quotes, as the test made it
 * @flat: the error
 * @l3: where the quote begins
 * @l4: where its transport header does
 * @proto: of the quoted packet
 */
struct quoted {
	struct test_flat flat;
	unsigned int l3;
	unsigned int l4;
	u8 proto;
};

static const struct test_spec whole[] = {
	{ NFPROTO_IPV4, IPPROTO_TCP, .flags = 0x10, .payload = 13 },
	{ NFPROTO_IPV4, IPPROTO_UDP, .payload = 13 },
	{ NFPROTO_IPV4, IPPROTO_ICMP, .payload = 13 },
	{ NFPROTO_IPV4, IPPROTO_ICMP, .reply = true, .payload = 13 },
	{ NFPROTO_IPV6, IPPROTO_TCP, .flags = 0x10, .payload = 13 },
	{ NFPROTO_IPV6, IPPROTO_UDP, .payload = 13 },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, .payload = 13 },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, .reply = true, .payload = 13 },
};

/* An error about @spec, at most @most octets of it quoted */
static void make_error(struct quoted *q, const struct test_spec *spec,
		       unsigned int most)
{
	struct test_spec outer = {
		.family = spec->family, .proto = test_echo(spec->family),
	};
	struct test_flat *inner = kmalloc(sizeof(*inner), GFP_KERNEL);
	unsigned int l4 = test_l4(spec->family);

	test_make(spec, inner);
	outer.payload = min(inner->len, most);
	test_make(&outer, &q->flat);
	q->flat.data[l4] = spec->family == NFPROTO_IPV4 ? 3 : 1;
	q->l3 = l4 + 8;
	q->l4 = q->l3 + l4;
	q->proto = spec->proto;
	memcpy(q->flat.data + q->l3, inner->data, outer.payload);
	kfree(inner);
}

static bool parse(struct sk_buff *skb, u8 family, struct cfr_quote *quote)
{
	struct cfr_packet pkt;

	cfr_packet_parse(skb, family, &pkt);
	return pkt.kind == CFR_KIND_ERROR && cfr_packet_quote(skb, &pkt, quote);
}

/* A quote is understood if 8 octets of a transport header that flows have are
 * there; the flat copy says which.
 */
static bool understood(const struct quoted *q, u8 family)
{
	const u8 *d = q->flat.data + q->l3;
	bool v4 = family == NFPROTO_IPV4;

	if (q->flat.len < q->l4 + 8)
		return false;
	switch (v4 ? d[9] : d[6]) {
	case 6:
	case 17:
		return true;
	case 1:
		return v4 && (q->flat.data[q->l4] == 0 || q->flat.data[q->l4] == 8);
	case 58:
		return !v4 && (q->flat.data[q->l4] == 128 ||
			       q->flat.data[q->l4] == 129);
	default:
		return false;
	}
}

static void quote_protocols(struct kunit *test)
{
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	static const u8 types[] = { 0, 3, 8, 128, 129 };
	struct cfr_quote quote;
	unsigned int i, proto;
	struct sk_buff *skb;

	for (i = 0; i < ARRAY_SIZE(whole) * 256; i++) {
		u8 family = whole[i / 256].family;

		proto = i % 256;
		make_error(q, &whole[i / 256], U32_MAX);
		q->flat.data[q->l3 + (family == NFPROTO_IPV4 ? 9 : 6)] = proto;
		/* of each family's echo, in each family */
		q->flat.data[q->l4] = types[get_random_u32_below(5)];
		/* the fragment header has a test of its own */
		if (family == NFPROTO_IPV6 && proto == 44)
			continue;
		skb = test_skb(test, &q->flat, q->l3);
		KUNIT_EXPECT_EQ_MSG(test, parse(skb, family, &quote),
				    understood(q, family),
				    "family %u proto %u type %u", family, proto,
				    q->flat.data[q->l4]);
		test_free(test, skb);
	}
}

static void quote_short(struct kunit *test)
{
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	struct cfr_quote quote;
	unsigned int i, len;
	struct sk_buff *skb;
	bool parsed;

	for (i = 0; i < ARRAY_SIZE(whole); i++)
		for (len = 0; len < 70; len++) {
			u8 family = whole[i].family;

			make_error(q, &whole[i], len);
			skb = test_skb(test, &q->flat, test_l4(family));
			parsed = parse(skb, family, &quote);
			KUNIT_EXPECT_EQ_MSG(test, parsed, understood(q, family),
					    "family %u proto %u length %u",
					    family, whole[i].proto, len);
			if (parsed) {
				KUNIT_EXPECT_EQ(test, quote.l3, q->l3);
				KUNIT_EXPECT_EQ(test, quote.l4, q->l4);
				KUNIT_EXPECT_FALSE(test, quote.damaged);
			}
			test_free(test, skb);
		}
}

static void quote_reading(struct kunit *test)
{
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(whole); i++) {
		bool echo = whole[i].proto == test_echo(whole[i].family);
		const u8 *l4;
		struct cfr_quote quote;
		u16 sport, dport;

		make_error(q, &whole[i], U32_MAX);
		KUNIT_ASSERT_TRUE(test, parse(test_skb(test, &q->flat, 60),
					      whole[i].family, &quote));
		l4 = q->flat.data + q->l4;
		sport = !echo ? test_get16(l4) :
			whole[i].reply ? 0 : test_get16(l4 + 4);
		dport = !echo ? test_get16(l4 + 2) :
			whole[i].reply ? test_get16(l4 + 4) : 0;
		KUNIT_EXPECT_EQ(test, ntohs(quote.ports.sport), sport);
		KUNIT_EXPECT_EQ(test, ntohs(quote.ports.dport), dport);
		KUNIT_EXPECT_EQ(test, quote.ports.proto, whole[i].proto);
	}
}

/* Options are skipped; a wrong header checksum, a later fragment and another
 * version are noticed.
 */
static void quote_ip4(struct kunit *test)
{
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	struct cfr_quote quote;
	unsigned int ihl;
	u8 *l3;

	for (ihl = 5; ihl < 9; ihl++) {
		make_error(q, &whole[1], U32_MAX);
		l3 = q->flat.data + q->l3;
		l3[0] = 0x40 | ihl;
		test_put16(l3 + 10, 0);
		test_put16(l3 + 10, ~test_sum(l3, ihl * 4));
		if (q->flat.len < q->l3 + ihl * 4 + 8)
			break;
		KUNIT_EXPECT_TRUE(test, parse(test_skb(test, &q->flat, 20),
					      NFPROTO_IPV4, &quote));
		KUNIT_EXPECT_EQ(test, quote.l4, q->l3 + ihl * 4);
		KUNIT_EXPECT_FALSE(test, quote.damaged);
	}
	make_error(q, &whole[1], U32_MAX);
	l3 = q->flat.data + q->l3;
	l3[8]++;
	KUNIT_EXPECT_TRUE(test, parse(test_skb(test, &q->flat, 99), NFPROTO_IPV4,
				      &quote));
	KUNIT_EXPECT_TRUE(test, quote.damaged);
	l3[7] = 1;
	KUNIT_EXPECT_FALSE(test, parse(test_skb(test, &q->flat, 99), NFPROTO_IPV4,
				       &quote));
	l3[7] = 0;
	for (ihl = 0; ihl < 5; ihl++) {
		l3[0] = 0x40 | ihl;
		KUNIT_EXPECT_FALSE(test, parse(test_skb(test, &q->flat, 99),
					       NFPROTO_IPV4, &quote));
	}
	l3[0] = 0x65;
	KUNIT_EXPECT_FALSE(test, parse(test_skb(test, &q->flat, 99), NFPROTO_IPV4,
				       &quote));
}

/* What was relayed whole may be quoted as its first fragment. */
static void quote_fragment6(struct kunit *test)
{
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	struct cfr_quote quote;
	unsigned int offset;
	u8 *fh;

	for (offset = 0; offset < 3; offset++) {
		make_error(q, &whole[5], U32_MAX);
		fh = q->flat.data + q->l4;
		memmove(fh + 8, fh, q->flat.len - q->l4);
		q->flat.len += 8;
		q->flat.data[q->l3 + 6] = 44;
		memset(fh, 0, 8);
		fh[0] = IPPROTO_UDP;
		test_put16(fh + 2, offset << 3 | 1);
		KUNIT_EXPECT_EQ(test, parse(test_skb(test, &q->flat, 48),
					    NFPROTO_IPV6, &quote), offset == 0);
		if (!offset)
			KUNIT_EXPECT_EQ(test, quote.l4, q->l4 + 8);
	}
}

static void put_end(struct test_flat *flat, const struct quoted *q, u8 family,
		    enum cfr_side side, const struct cfr_address *to)
{
	bool v4 = family == NFPROTO_IPV4;
	unsigned int at = q->l3 + (v4 ? 12 : 8);

	if (side == CFR_DESTINATION)
		at += v4 ? 4 : 16;
	memcpy(flat->data + at, &to->addr, v4 ? 4 : 16);
	at = q->l4;
	if (q->proto == test_echo(family))
		at += 4;
	else if (side == CFR_DESTINATION)
		at += 2;
	memcpy(flat->data + at, &to->port, 2);
}

/* Rewriting the quote of a correct packet gives a quote of the correct packet
 * that has the other end, however much of it is there.
 */
static void quote_rewrite(struct kunit *test)
{
	struct test_flat *got = kunit_kzalloc(test, sizeof(*got), GFP_KERNEL);
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	unsigned int i, side, most;

	for (i = 0; i < ARRAY_SIZE(whole) * 2; i++) {
		const struct test_spec *spec = &whole[i / 2];
		unsigned int l4 = test_l4(spec->family);
		unsigned int full = l4 + test_header(spec->proto) + spec->payload;

		side = i % 2 ? CFR_DESTINATION : CFR_SOURCE;
		for (most = l4 + 8; most <= full; most++) {
			struct cfr_address to;
			struct cfr_quote quote;
			struct sk_buff *skb;

			get_random_bytes(&to, sizeof(to));
			make_error(q, spec, full);
			q->flat.len = q->l3 + most;
			skb = test_skb(test, &q->flat, q->flat.len);
			KUNIT_ASSERT_TRUE(test, parse(skb, spec->family, &quote));
			cfr_rewrite_quote(skb, spec->family, &quote, side, &to);
			test_flatten(skb, got);

			q->flat.len = q->l3 + full;
			put_end(&q->flat, q, spec->family, side, &to);
			test_finish(&q->flat, q->l3, q->l4, q->flat.len, q->proto);
			/* half a checksum is left alone */
			if (q->l3 + most == q->l4 + test_check(q->proto) + 1)
				q->flat.data[q->l3 + most - 1] =
					got->data[q->l3 + most - 1];
			KUNIT_EXPECT_EQ(test, got->len, q->l3 + most);
			KUNIT_EXPECT_MEMEQ_MSG(test, got->data, q->flat.data, got->len,
					       "family %u proto %u side %u length %u",
					       spec->family, spec->proto, side, most);
			test_free(test, skb);
		}
	}
}

/* A quoted datagram without a checksum stays without one. */
static void quote_no_checksum(struct kunit *test)
{
	struct test_flat *got = kunit_kzalloc(test, sizeof(*got), GFP_KERNEL);
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	struct cfr_address to;
	struct cfr_quote quote;
	struct sk_buff *skb;

	get_random_bytes(&to, sizeof(to));
	make_error(q, &whole[1], U32_MAX);
	test_put16(q->flat.data + q->l4 + 6, 0);
	skb = test_skb(test, &q->flat, q->flat.len);
	KUNIT_ASSERT_TRUE(test, parse(skb, NFPROTO_IPV4, &quote));
	cfr_rewrite_quote(skb, NFPROTO_IPV4, &quote, CFR_SOURCE, &to);
	test_flatten(skb, got);
	KUNIT_EXPECT_EQ(test, test_get16(got->data + q->l4 + 6), 0);
	KUNIT_EXPECT_EQ(test, test_sum(got->data + q->l3, 20), 0xffff);
}

/* A checksum that comes out as zero was sent as 0xffff: the payload is chosen so
 * that it does.
 */
static void quote_udp_zero(struct kunit *test)
{
	struct test_flat *got = kunit_kzalloc(test, sizeof(*got), GFP_KERNEL);
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	struct quoted *want = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	struct cfr_address to;
	struct cfr_quote quote;
	struct sk_buff *skb;
	unsigned int f;
	u16 check;

	for (f = 1; f < ARRAY_SIZE(whole); f += 4) {
		u8 family = whole[f].family;

		get_random_bytes(&to, sizeof(to));
		make_error(q, &whole[f], U32_MAX);
		test_put16(q->flat.data + q->l4 + 8, 0);
		*want = *q;
		put_end(&want->flat, want, family, CFR_SOURCE, &to);
		test_finish(&want->flat, q->l3, q->l4, want->flat.len, IPPROTO_UDP);
		check = test_get16(want->flat.data + q->l4 + 6);
		test_put16(q->flat.data + q->l4 + 8, check);
		test_finish(&q->flat, q->l3, q->l4, q->flat.len, IPPROTO_UDP);

		skb = test_skb(test, &q->flat, q->flat.len);
		KUNIT_ASSERT_TRUE(test, parse(skb, family, &quote));
		cfr_rewrite_quote(skb, family, &quote, CFR_SOURCE, &to);
		test_flatten(skb, got);
		KUNIT_EXPECT_EQ(test, test_get16(got->data + q->l4 + 6), 0xffff);
	}
}

static void quote_outer(struct kunit *test)
{
	struct test_flat *got = kunit_kzalloc(test, sizeof(*got), GFP_KERNEL);
	struct quoted *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(whole) * 2; i++) {
		const struct test_spec *spec = &whole[i / 2];
		bool v4 = spec->family == NFPROTO_IPV4;
		unsigned int at = v4 ? 12 : 8;
		struct cfr_address to;
		struct sk_buff *skb;

		get_random_bytes(&to, sizeof(to));
		make_error(q, spec, U32_MAX);
		skb = test_skb(test, &q->flat, 64);
		cfr_rewrite_outer(skb, spec->family,
				  i % 2 ? CFR_DESTINATION : CFR_SOURCE, &to);
		test_flatten(skb, got);
		if (i % 2)
			at += v4 ? 4 : 16;
		memcpy(q->flat.data + at, &to.addr, v4 ? 4 : 16);
		if (v4) {
			test_put16(q->flat.data + 10, 0);
			test_put16(q->flat.data + 10, ~test_sum(q->flat.data, 20));
		}
		KUNIT_EXPECT_MEMEQ(test, got->data, q->flat.data, got->len);
	}
}

/* What could not be read is not taken for what cannot be. */
static void quote_no_memory(struct kunit *test)
{
	struct quoted *q = kunit_kmalloc(test, sizeof(*q), GFP_KERNEL);
	struct sk_buff *skb, *other;
	struct cfr_quote quote;
	unsigned int i;

	test_need_faults(test);
	for (i = 0; i < 2 * ARRAY_SIZE(whole); i++) {
		const struct test_spec *spec = &whole[i / 2];

		make_error(q, spec, U32_MAX);
		skb = test_skb(test, &q->flat, i % 2 ? q->l4 : q->l3);
		other = skb_clone(skb, GFP_KERNEL);
		test_fail(1);
		KUNIT_EXPECT_FALSE(test, parse(skb, spec->family, &quote));
		KUNIT_EXPECT_TRUE(test, test_failed());
		KUNIT_EXPECT_TRUE(test, quote.no_memory);
		KUNIT_EXPECT_TRUE(test, parse(skb, spec->family, &quote));
		KUNIT_EXPECT_FALSE(test, quote.no_memory);
		kfree_skb(other);
	}
}

static struct kunit_case quote_cases[] = {
	KUNIT_CASE(quote_protocols),
	KUNIT_CASE(quote_short),
	KUNIT_CASE(quote_reading),
	KUNIT_CASE(quote_ip4),
	KUNIT_CASE(quote_fragment6),
	KUNIT_CASE(quote_rewrite),
	KUNIT_CASE(quote_no_checksum),
	KUNIT_CASE(quote_udp_zero),
	KUNIT_CASE(quote_outer),
	KUNIT_CASE(quote_no_memory),
	{}
};

static struct kunit_suite quote_suite = {
	.name = "cfr_quote",
	.test_cases = quote_cases,
};

kunit_test_suite(quote_suite);
