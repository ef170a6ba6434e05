// SPDX-License-Identifier: GPL-2.0
/* Parsing, against a parser that reads a flat copy octet by octet. */

#include <linux/random.h>

#include "skb.h"

#define MUTANTS		5000

/* What both parsers say, in the same words */
struct reading {
	u8 kind;
	u8 why;
	u8 l4;
	u8 flags;
	u16 sport;
	u16 dport;
};

static struct reading refused(u8 why)
{
	return (struct reading){ .kind = CFR_KIND_REFUSED, .why = why };
}

/* RFC 9293 3.10.7: these and no others */
static bool flags_known(u8 flags)
{
	static const u8 known[] = {
		0x02, 0x12, 0x10, 0x11, 0x04, 0x14,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if ((flags & 0x17) == known[i])
			return true;
	return false;
}

static struct reading model_tcp(const u8 *th, unsigned int left)
{
	if (left < 20 || th[12] >> 4 < 5 || (th[12] >> 4) * 4 > left)
		return refused(CFR_STAT_malformed);
	if (!flags_known(th[13]))
		return refused(CFR_STAT_tcp_flags);
	return (struct reading){
		.kind = CFR_KIND_TCP, .flags = th[13],
		.sport = test_get16(th), .dport = test_get16(th + 2),
	};
}

static struct reading model_udp(const u8 *uh, unsigned int left)
{
	if (left < 8 || test_get16(uh + 4) < 8 || test_get16(uh + 4) > left)
		return refused(CFR_STAT_malformed);
	return (struct reading){
		.kind = CFR_KIND_UDP,
		.sport = test_get16(uh), .dport = test_get16(uh + 2),
	};
}

static struct reading model_icmp(const u8 *ih, unsigned int left, bool v4)
{
	static const u8 errors[2][4] = {
		{ 1, 2, 3, 4 },
		{ 3, 11, 12, 12 },
	};

	if (left < 8)
		return refused(CFR_STAT_malformed);
	if (ih[0] == (v4 ? 8 : 128))
		return (struct reading){
			.kind = CFR_KIND_REQUEST, .sport = test_get16(ih + 4),
		};
	if (ih[0] == (v4 ? 0 : 129))
		return (struct reading){
			.kind = CFR_KIND_REPLY, .dport = test_get16(ih + 4),
		};
	if (memchr(errors[v4], ih[0], 4))
		return (struct reading){ .kind = CFR_KIND_ERROR };
	return refused(CFR_STAT_icmp_type);
}

static struct reading model_l4(const struct test_flat *flat, u8 proto)
{
	bool v4 = flat->data[0] >> 4 == 4;
	unsigned int l4 = v4 ? 20 : 40;
	const u8 *at = flat->data + l4;

	if (proto == 6)
		return model_tcp(at, flat->len - l4);
	if (proto == 17)
		return model_udp(at, flat->len - l4);
	if (proto == (v4 ? 1 : 58))
		return model_icmp(at, flat->len - l4, v4);
	return refused(CFR_STAT_protocol);
}

static struct reading model(const struct test_flat *flat)
{
	const u8 *d = flat->data;

	if (d[0] >> 4 == 4) {
		if (test_get16(d + 6) & 0x3fff)
			return refused(CFR_STAT_fragment);
		if ((d[0] & 15) != 5)
			return refused(CFR_STAT_ip_options);
		return model_l4(flat, d[9]);
	}
	if (d[6] == 44)
		return refused(CFR_STAT_fragment);
	if (d[6] == 0 || d[6] == 43 || d[6] == 60)
		return refused(CFR_STAT_ext_header);
	return model_l4(flat, d[6]);
}

static struct reading reading_of(struct sk_buff *skb, u8 family)
{
	struct cfr_packet pkt;
	struct reading r = {};

	memset(&pkt, 0xa5, sizeof(pkt));
	cfr_packet_parse(skb, family, &pkt);
	r.kind = pkt.kind;
	switch (pkt.kind) {
	case CFR_KIND_REFUSED:
		r.why = pkt.why;
		break;
	case CFR_KIND_TCP:
		r.flags = pkt.tcp_flags;
		fallthrough;
	case CFR_KIND_UDP:
	case CFR_KIND_REQUEST:
	case CFR_KIND_REPLY:
		r.sport = ntohs(pkt.ports.sport);
		r.dport = ntohs(pkt.ports.dport);
	}
	return r;
}

static void expect_model(struct kunit *test, const struct test_flat *flat,
			 unsigned int linear)
{
	u8 family = flat->data[0] >> 4 == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct sk_buff *skb = test_skb(test, flat, linear);
	struct reading want = model(flat);
	struct reading got = reading_of(skb, family);

	KUNIT_EXPECT_MEMEQ_MSG(test, &want, &got, sizeof(want),
			       "%*ph", (int)min(flat->len, 64u), flat->data);
	test_free(test, skb);
}

static const struct test_spec kinds[] = {
	{ NFPROTO_IPV4, IPPROTO_TCP, .flags = 0x02, .payload = 9 },
	{ NFPROTO_IPV4, IPPROTO_UDP, .payload = 9 },
	{ NFPROTO_IPV4, IPPROTO_ICMP, .payload = 9 },
	{ NFPROTO_IPV4, IPPROTO_ICMP, .reply = true, .payload = 9 },
	{ NFPROTO_IPV6, IPPROTO_TCP, .flags = 0x02, .payload = 9 },
	{ NFPROTO_IPV6, IPPROTO_UDP, .payload = 9 },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, .payload = 9 },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, .reply = true, .payload = 9 },
};

static void packet_whole(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		test_make(&kinds[i], flat);
		KUNIT_EXPECT_NE(test, model(flat).kind, CFR_KIND_REFUSED);
		expect_model(test, flat, flat->len);
		expect_model(test, flat, test_l4(kinds[i].family));
	}
}

/* Cut short at every octet behind the network header, which the IP layer has
 * seen whole; what lies behind the end must not matter.
 */
static void packet_short(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int i, len, l4;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		test_make(&kinds[i], flat);
		l4 = test_l4(kinds[i].family);
		for (len = flat->len; len >= l4; len--) {
			flat->len = len;
			expect_model(test, flat, len);
			expect_model(test, flat, l4);
		}
	}
}

static void packet_protocols(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int i, proto;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		test_make(&kinds[i], flat);
		for (proto = 0; proto < 256; proto++) {
			flat->data[kinds[i].family == NFPROTO_IPV4 ? 9 : 6] = proto;
			expect_model(test, flat, flat->len);
		}
	}
}

static void packet_tcp(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int i, octet;
	u8 *th;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].proto != IPPROTO_TCP)
			continue;
		test_make(&kinds[i], flat);
		th = flat->data + test_l4(kinds[i].family);
		for (octet = 0; octet < 256; octet++) {
			th[13] = octet;
			expect_model(test, flat, flat->len);
		}
		th[13] = 0x10;
		for (octet = 0; octet < 256; octet++) {
			th[12] = octet;
			expect_model(test, flat, flat->len);
		}
	}
}

static void packet_icmp_types(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int i, type;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].proto != test_echo(kinds[i].family))
			continue;
		test_make(&kinds[i], flat);
		for (type = 0; type < 256; type++) {
			flat->data[test_l4(kinds[i].family)] = type;
			expect_model(test, flat, flat->len);
		}
	}
}

static void packet_udp_length(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	struct reading r;
	struct sk_buff *skb;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].proto != IPPROTO_UDP)
			continue;
		test_make(&kinds[i], flat);
		for (len = 0; len < 32; len++) {
			test_put16(flat->data + test_l4(kinds[i].family) + 4, len);
			expect_model(test, flat, flat->len);
		}
		/* A super-packet's length does not fit where a datagram's does. */
		skb = test_skb(test, flat, flat->len);
		skb_shinfo(skb)->gso_size = 4;
		skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
		r = reading_of(skb, kinds[i].family);
		KUNIT_EXPECT_EQ(test, r.kind, CFR_KIND_UDP);
	}
}

static void packet_ip4(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int ihl, bit;

	test_make(&kinds[1], flat);
	for (ihl = 5; ihl < 16; ihl++) {
		flat->data[0] = 0x40 | ihl;
		expect_model(test, flat, flat->len);
	}
	flat->data[0] = 0x45;
	for (bit = 0; bit < 16; bit++) {
		test_put16(flat->data + 6, BIT(bit));
		expect_model(test, flat, flat->len);
	}
}

/* Random damage, mostly where it matters */
static void packet_mutants(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int i, j, at, version;

	for (i = 0; i < MUTANTS; i++) {
		test_make(&kinds[get_random_u32_below(ARRAY_SIZE(kinds))], flat);
		version = flat->data[0] & 0xf0;
		for (j = get_random_u32_below(4); j; j--) {
			at = get_random_u32_below(flat->len);
			flat->data[at] = get_random_u8();
		}
		flat->data[0] = version | (flat->data[0] & 15);
		if (version == 0x40 && flat->data[0] < 0x45)
			flat->data[0] = 0x45;
		if (get_random_u8() < 64)
			flat->len = max(test_l4(version == 0x40 ? NFPROTO_IPV4 :
								  NFPROTO_IPV6),
					get_random_u32_below(flat->len));
		expect_model(test, flat, get_random_u32_inclusive(20, flat->len) |
			     (version == 0x60 ? 40 : 0));
	}
}

static void packet_opens(struct kunit *test)
{
	struct cfr_packet pkt = { .kind = CFR_KIND_TCP };
	unsigned int flags, kind;

	for (flags = 0; flags < 256; flags++) {
		pkt.tcp_flags = flags;
		KUNIT_EXPECT_EQ(test, cfr_packet_opens(&pkt),
				(flags & 0x12) == 0x02);
		KUNIT_EXPECT_TRUE(test, cfr_packet_relayable(&pkt));
	}
	for (kind = CFR_KIND_UDP; kind <= CFR_KIND_ERROR; kind++) {
		pkt.kind = kind;
		KUNIT_EXPECT_EQ(test, cfr_packet_opens(&pkt),
				kind == CFR_KIND_UDP || kind == CFR_KIND_REQUEST);
		KUNIT_EXPECT_EQ(test, cfr_packet_relayable(&pkt),
				kind == CFR_KIND_UDP || kind == CFR_KIND_REQUEST);
	}
	pkt.kind = CFR_KIND_REFUSED;
	KUNIT_EXPECT_FALSE(test, cfr_packet_opens(&pkt));
	KUNIT_EXPECT_FALSE(test, cfr_packet_relayable(&pkt));
}

static void packet_wiped(struct kunit *test)
{
	static const struct cfr_packet zero;
	struct cfr_packet pkt;

	memset(&pkt, 0xa5, sizeof(pkt));
	cfr_packet_wipe(&pkt);
	KUNIT_EXPECT_MEMEQ(test, &pkt, &zero, sizeof(pkt));
}

/* What could not be read is not taken for what cannot be. */
static void packet_no_memory(struct kunit *test)
{
	struct test_flat *flat = kunit_kmalloc(test, sizeof(*flat), GFP_KERNEL);
	static const struct test_spec specs[] = {
		{ NFPROTO_IPV4, IPPROTO_TCP, .flags = 0x10 },
		{ NFPROTO_IPV4, IPPROTO_UDP },
		{ NFPROTO_IPV4, IPPROTO_ICMP },
		{ NFPROTO_IPV6, IPPROTO_TCP, .flags = 0x10 },
		{ NFPROTO_IPV6, IPPROTO_UDP },
		{ NFPROTO_IPV6, IPPROTO_ICMPV6 },
	};
	struct sk_buff *skb, *other;
	struct cfr_packet pkt;
	unsigned int i;

	test_need_faults(test);
	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		test_make(&specs[i], flat);
		skb = test_skb(test, flat, test_l4(specs[i].family));
		other = skb_clone(skb, GFP_KERNEL);
		test_fail(1);
		cfr_packet_parse(skb, specs[i].family, &pkt);
		KUNIT_EXPECT_TRUE(test, test_failed());
		KUNIT_EXPECT_TRUE(test, cfr_packet_unread(&pkt));
		cfr_packet_parse(skb, specs[i].family, &pkt);
		KUNIT_EXPECT_NE(test, pkt.kind, CFR_KIND_REFUSED);
		kfree_skb(other);
	}
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE(packet_whole),
	KUNIT_CASE(packet_short),
	KUNIT_CASE(packet_protocols),
	KUNIT_CASE(packet_tcp),
	KUNIT_CASE(packet_icmp_types),
	KUNIT_CASE(packet_udp_length),
	KUNIT_CASE(packet_ip4),
	KUNIT_CASE(packet_mutants),
	KUNIT_CASE(packet_opens),
	KUNIT_CASE(packet_wiped),
	KUNIT_CASE(packet_no_memory),
	{}
};

static struct kunit_suite packet_suite = {
	.name = "cfr_packet",
	.test_cases = packet_cases,
};

kunit_test_suite(packet_suite);
