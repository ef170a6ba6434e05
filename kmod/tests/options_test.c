// SPDX-License-Identifier: GPL-2.0
/* TCP headers, octet by octet: which come, which leave, and that all else of the
 * packet is as it was, its length and its checksum right.
 */

#include <linux/netdevice.h>
#include <linux/random.h>
#include <net/net_namespace.h>

#include "net.h"
#include "normalise.h"
#include "options.h"
#include "rewrite.h"
#include "skb.h"
#include "stats.h"

#define SYN		0x02
#define ACK		0x10
#define PAYLOAD		33

/* Options, as strings, to be put one behind the other */
#define NOP		"\1"
#define EOL		"\0"
#define MSS_1300	"\2\4\x05\x14"
#define MSS_1380	"\2\4\x05\x64"
#define MSS_1400	"\2\4\x05\x78"
#define MSS_1440	"\2\4\x05\xa0"
#define MSS_1460	"\2\4\x05\xb4"
#define LOWERED		"\2\4\0\0"	/* by what is lowered to, of each family */
#define SACK		"\4\2"
#define SCALE_2		"\3\3\2"
#define SCALE_6		"\3\3\6"
#define SCALE_7		"\3\3\7"
#define SCALE_8		"\3\3\x08"
#define SCALE_9		"\3\3\x09"
#define SCALE_10	"\3\3\x0a"
#define TIME		"\x08\x0a\0\0\0\7\0\0\0\0"
#define COOKIE		"\x22\x0a\1\2\3\4\5\6\7\7"
#define OLD_COOKIE	"\xfe\6\xf9\x89\1\2"
#define JOIN		"\x1e\4\x10\7"
#define ADDRESS		"\x1e\x08\x34\1\x0a\0\0\1"
#define SIGNAL		"\x1e\4\x20\1"
#define DIGEST		"\x13\x12\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2"
#define AO		"\x1d\4\1\1"
#define STRANGE		"\xfd\6\1\2\3\4"

#define OPTIONS(text)	.options = (const u8 *)(text), .len = sizeof(text) - 1

/**
 * struct header - of TCP, as far as it is of interest
 * @options: and padding
 * @len: of these
 * @window: as it stands there
 */
struct header {
	const u8 *options;
	unsigned int len;
	u16 window;
};

/**
 * struct syn - one that comes, and how it must leave
 * @name: of the case
 * @touch: what is normalised; timestamps are left but where they go, for their
 *	clock is drawn
 * @result: what is counted
 * @in: as it comes
 * @out: as it must leave
 */
struct syn {
	const char *name;
	u16 touch;
	enum cfr_options_syn result;
	struct header in;
	struct header out;
};

#define FULL	(CFR_FIELDS_FULL & ~CFR_TOUCH(TIMESTAMPS))
#define UNIFORM	CFR_FIELDS_UNIFORM

static const struct syn syns[] = {
	{ "linux", FULL, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1460 SACK TIME NOP SCALE_7), 64240 },
	  { OPTIONS(LOWERED SACK TIME NOP SCALE_7), 64240 } },
	{ "macos", FULL, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1460 NOP SCALE_6 NOP NOP TIME SACK EOL EOL), 65535 },
	  { OPTIONS(LOWERED SACK TIME NOP SCALE_6), 64240 } },
	{ "windows", FULL, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1300 NOP SCALE_8 NOP NOP SACK), 5840 },
	  { OPTIONS(MSS_1300 NOP NOP SACK NOP SCALE_8), 5840 } },
	{ "cookies", FULL, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1380 SACK COOKIE OLD_COOKIE NOP NOP), 100 },
	  { OPTIONS(MSS_1380 NOP NOP SACK), 100 } },
	{ "no order with others", FULL, CFR_OPTIONS_PLAIN,
	  { OPTIONS(NOP MSS_1460 COOKIE NOP STRANGE JOIN NOP NOP), 100 },
	  { OPTIONS(NOP LOWERED NOP NOP NOP NOP NOP NOP NOP NOP NOP NOP NOP STRANGE JOIN NOP
		    NOP), 100 } },
	{ "cut short", FULL, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1460 NOP NOP "\x08\x0a"), 100 },
	  { OPTIONS(LOWERED NOP NOP "\x08\x0a"), 100 } },
	{ "rest behind the end", FULL, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1460 EOL "\x09\x09\x09"), 100 },
	  { OPTIONS(LOWERED), 100 } },
	{ "md5", FULL, CFR_OPTIONS_SIGNED,
	  { OPTIONS(MSS_1460 DIGEST NOP NOP), 65535 },
	  { OPTIONS(MSS_1460 DIGEST NOP NOP), 65535 } },
	{ "ao", UNIFORM, CFR_OPTIONS_SIGNED,
	  { OPTIONS(MSS_1460 AO), 65535 },
	  { OPTIONS(MSS_1460 AO), 65535 } },
	{ "uniform linux", UNIFORM, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1460 SACK TIME NOP SCALE_10), 64240 },
	  { OPTIONS(LOWERED NOP NOP SACK NOP SCALE_7), 5840 } },
	{ "uniform macos", UNIFORM, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1440 NOP SCALE_6 NOP NOP TIME SACK EOL EOL), 65535 },
	  { OPTIONS(LOWERED NOP NOP SACK NOP SCALE_7), 5840 } },
	{ "uniform with others", UNIFORM, CFR_OPTIONS_PLAIN,
	  { OPTIONS(MSS_1440 NOP SCALE_6 STRANGE JOIN SACK EOL EOL EOL EOL), 5840 },
	  { OPTIONS(LOWERED NOP NOP SACK NOP SCALE_7), 5840 } },
	{ "uniform without sack", UNIFORM, CFR_OPTIONS_APART,
	  { OPTIONS(MSS_1460 NOP SCALE_2), 5840 },
	  { OPTIONS(LOWERED NOP SCALE_7), 5840 } },
	{ "uniform with nothing", UNIFORM, CFR_OPTIONS_APART,
	  { .window = 512 }, { .window = 512 } },
	{ "uniform with a small window", UNIFORM, CFR_OPTIONS_APART,
	  { OPTIONS(MSS_1460 NOP SCALE_2 NOP NOP SACK), 5839 },
	  { OPTIONS(LOWERED NOP NOP SACK NOP SCALE_7), 5839 } },
	{ "alone: mss", CFR_TOUCH(MSS), CFR_OPTIONS_PLAIN,
	  { OPTIONS(NOP NOP NOP MSS_1460 NOP COOKIE SACK), 65535 },
	  { OPTIONS(NOP NOP NOP LOWERED NOP COOKIE SACK), 65535 } },
	{ "alone: mptcp", CFR_TOUCH(NO_MPTCP), CFR_OPTIONS_PLAIN,
	  { OPTIONS(JOIN STRANGE SACK), 65535 },
	  { OPTIONS(NOP NOP NOP NOP STRANGE SACK), 65535 } },
};

/**
 * struct bench - what a test works with
 * @cn: a namespace, as far as its counters
 * @flow: the packets'
 * @before: as a packet comes
 * @after: as it must leave
 * @got: as it left
 * @value: time that it showed
 * @echo: time of the other end that it showed
 */
struct bench {
	struct cfr_net cn;
	struct cfr_flow flow;
	struct test_flat before;
	struct test_flat after;
	struct test_flat got;
	u32 value;
	u32 echo;
};

static void free_stats(void *stats)
{
	free_percpu(stats);
}

static struct bench *setup(struct kunit *test, u8 family, u16 touch)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->cn.stats = alloc_percpu(struct cfr_stats);
	KUNIT_ASSERT_NOT_NULL(test, b->cn.stats);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_stats,
						  b->cn.stats));
	b->flow.family = family;
	b->flow.proto = IPPROTO_TCP;
	b->flow.touch = touch;
	get_random_bytes(&b->flow.relay_port, sizeof(b->flow.relay_port));
	return b;
}

static u8 *tcp(struct bench *b, struct test_flat *flat)
{
	return flat->data + test_l4(b->flow.family);
}

static void finish(struct bench *b, struct test_flat *flat)
{
	unsigned int l4 = test_l4(b->flow.family);

	if (b->flow.family == NFPROTO_IPV4)
		test_put16(flat->data + 2, flat->len);
	else
		test_put16(flat->data + 4, flat->len - l4);
	test_finish(flat, 0, l4, flat->len, IPPROTO_TCP);
}

static void make(struct bench *b, struct test_flat *flat, u8 flags,
		 const struct header *header)
{
	struct test_spec spec = { b->flow.family, IPPROTO_TCP, false, flags,
				  PAYLOAD, header->options, header->len };
	u8 *th;

	test_make(&spec, flat);
	th = tcp(b, flat);
	test_put16(th + 14, header->window);
	test_put16(th + 18, 0);
	finish(b, flat);
}

/* What must leave, of what came: another header, the same data */
static void expect(struct bench *b, const struct header *header)
{
	u8 *th = tcp(b, &b->after), *data = tcp(b, &b->before);

	b->after = b->before;
	data += (data[12] >> 4) * 4;
	th[12] = (5 + header->len / 4) << 4;
	test_put16(th + 14, header->window);
	if (header->len)
		memcpy(th + 20, header->options, header->len);
	memcpy(th + 20 + header->len, data, PAYLOAD);
	b->after.len = th + 20 + header->len + PAYLOAD - b->after.data;
}

static void partial(struct bench *b, struct sk_buff *skb)
{
	unsigned int l4 = test_l4(b->flow.family);
	u8 pseudo[2];

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + l4;
	skb->csum_offset = 16;
	test_put16(pseudo, ~test_sum(b->before.data + l4, b->before.len - l4));
	skb_store_bits(skb, l4 + 16, pseudo, 2);
}

static void pass(struct kunit *test, struct bench *b, enum cfr_dir dir, bool summed)
{
	unsigned int l4 = test_l4(b->flow.family);
	struct sk_buff *skb = test_skb(test, &b->before, b->before.len);

	skb->dev = init_net.loopback_dev;
	if (!summed)
		partial(b, skb);
	if (dir == CFR_OUT)
		cfr_normalise_out(&b->cn, skb, l4, &b->flow);
	else
		cfr_normalise_in(skb, l4, &b->flow);
	test_flatten(skb, &b->got);
	if (!summed)
		test_put16(b->got.data + l4 + 16,
			   ~test_sum(b->got.data + l4, b->got.len - l4));
	test_free(test, skb);
}

/* The IP layer's own fields have tests of their own. */
static void same(struct kunit *test, struct bench *b, const char *name)
{
	unsigned int l4 = test_l4(b->flow.family);

	memcpy(b->after.data, b->got.data, l4);
	finish(b, &b->after);
	KUNIT_EXPECT_EQ_MSG(test, b->got.len, b->after.len, "%s", name);
	KUNIT_EXPECT_MEMEQ_MSG(test, b->got.data, b->after.data, b->after.len,
			       "%s", name);
}

/* One segment of these flags and this header, and how it must leave */
static void leaves(struct kunit *test, struct bench *b, enum cfr_dir dir, u8 flags,
		   const struct header *in, const struct header *out,
		   const char *name)
{
	make(b, &b->before, flags, in);
	expect(b, out);
	pass(test, b, dir, true);
	same(test, b, name);
}

static u64 counted(const struct bench *b)
{
	return cfr_stats_read(&b->cn, CFR_STAT_tcp_signed) * 16 +
	       cfr_stats_read(&b->cn, CFR_STAT_syn_apart);
}

static void lower(struct bench *b, unsigned int len)
{
	u8 *at = tcp(b, &b->after) + 20;

	for (; len >= 4; at++, len--)
		if (!memcmp(at, LOWERED, 4))
			test_put16(at + 2, b->flow.family == NFPROTO_IPV4 ?
				   1400 : 1380);
}

static void syn_case(struct kunit *test, const struct syn *s, u8 family,
		     bool summed)
{
	static const u64 counts[] = {
		[CFR_OPTIONS_PLAIN] = 0,
		[CFR_OPTIONS_SIGNED] = 16,
		[CFR_OPTIONS_APART] = 1,
	};
	struct bench *b = setup(test, family, s->touch);

	make(b, &b->before, SYN, &s->in);
	expect(b, &s->out);
	lower(b, s->out.len);
	pass(test, b, CFR_OUT, summed);
	same(test, b, s->name);
	KUNIT_EXPECT_EQ_MSG(test, counted(b), counts[s->result], "%s", s->name);
	KUNIT_EXPECT_EQ_MSG(test, b->flow.touch, s->result == CFR_OPTIONS_SIGNED ?
			    s->touch & 0xf : s->touch, "%s", s->name);
}

static void options_syn(struct kunit *test)
{
	unsigned int i, summed;

	for (i = 0; i < ARRAY_SIZE(syns); i++)
		for (summed = 0; summed < 2; summed++) {
			syn_case(test, &syns[i], NFPROTO_IPV4, summed);
			syn_case(test, &syns[i], NFPROTO_IPV6, summed);
		}
}

static void put32(u8 *at, u32 value)
{
	test_put16(at, value >> 16);
	test_put16(at + 2, value);
}

static u32 get32(const u8 *at)
{
	return (u32)test_get16(at) << 16 | test_get16(at + 2);
}

/* What of a segment with these times is seen, on its way out or in */
static void times(struct kunit *test, struct bench *b, enum cfr_dir dir, u8 flags,
		  bool aligned, u32 value, u32 echo, bool summed)
{
	struct header header = { NULL, aligned ? 12 : 16, 1000 };
	unsigned int at = aligned ? 2 : 5;
	u8 options[16], *got;

	memset(options, 1, sizeof(options));
	options[at] = 8;
	options[at + 1] = 10;
	put32(options + at + 2, value);
	put32(options + at + 6, echo);
	header.options = options;
	make(b, &b->before, flags, &header);
	pass(test, b, dir, summed);
	got = tcp(b, &b->got) + 20 + at;
	b->value = get32(got + 2);
	b->echo = get32(got + 6);
	memcpy(options + at + 2, got + 2, 8);
	expect(b, &header);
	same(test, b, "times");
}

/* N6: a clock of the connection's own, and the customer's for the customer */
static void timestamps(struct kunit *test, u8 family, bool summed)
{
	struct bench *b = setup(test, family, CFR_FIELDS_FULL);
	u32 first, n, aligned;

	times(test, b, CFR_OUT, SYN, true, 1000, 0, summed);
	first = b->value;
	KUNIT_EXPECT_EQ(test, first, 1000 + b->flow.clock);
	KUNIT_EXPECT_NE(test, b->flow.clock, 0);
	KUNIT_EXPECT_EQ(test, b->echo, 0);
	for (n = 0; n < 4; n++)
		for (aligned = 0; aligned < 2; aligned++) {
			u32 ago = n * 0x40000000 + n;

			times(test, b, CFR_OUT, ACK, aligned, 1000 + ago, n,
			      summed);
			KUNIT_EXPECT_EQ(test, b->value, first + ago);
			KUNIT_EXPECT_EQ(test, b->echo, n);
			times(test, b, CFR_IN, ACK, aligned, n, first + ago,
			      summed);
			KUNIT_EXPECT_EQ(test, b->value, n);
			KUNIT_EXPECT_EQ(test, b->echo, 1000 + ago);
			times(test, b, CFR_IN, ACK, aligned, n, 0, summed);
			KUNIT_EXPECT_EQ(test, b->echo, 0);
		}
	/* A SYN that is sent again is of the same clock. */
	times(test, b, CFR_OUT, SYN, true, 3000, 0, summed);
	KUNIT_EXPECT_EQ(test, b->value, first + 2000);
}

static void options_timestamps(struct kunit *test)
{
	unsigned int summed;

	for (summed = 0; summed < 2; summed++) {
		timestamps(test, NFPROTO_IPV4, summed);
		timestamps(test, NFPROTO_IPV6, summed);
	}
}

/* T10: whoever gets the tuple next does not fall behind; others are elsewhere. */
static void options_clock(struct kunit *test)
{
	struct bench *b = setup(test, NFPROTO_IPV6, CFR_FIELDS_FULL);
	unsigned int n, behind = 0, near = 0;
	u32 last = 0, other;
	u16 tuple = b->flow.relay_port;

	for (n = 0; n < 200; n++) {
		b->flow.clock = 0;
		times(test, b, CFR_OUT, SYN, true, get_random_u32(), 0, true);
		behind += n && (s32)(b->value - last) < 0;
		near += n && b->value - last < 60000;
		last = b->value;
	}
	KUNIT_EXPECT_EQ(test, behind, 0);
	KUNIT_EXPECT_EQ(test, near, 199);
	for (n = near = 0; n < 200; n++) {
		b->flow.clock = 0;
		b->flow.relay_port = (__force __be16)(tuple + 1 + n);
		times(test, b, CFR_OUT, SYN, true, 1000, 0, true);
		other = b->value - last;
		near += other + 60000 < 120000;
	}
	KUNIT_EXPECT_LT(test, near, 3);
}

/* In units of the customer's scale and of the one */
static void options_window(struct kunit *test)
{
	enum { flat = 131072 };
	static const struct {
		u8 shift;
		u16 in;
		u16 out;
		u32 got;	/* of the remote's octets */
	} cases[] = {
		{ 7, 0, 0, 9999999 }, { 7, 1, 1 }, { 7, 65535, 480 },
		{ 7, 65535, 480, flat }, { 7, 65535, 480 + 78, flat + 10000 },
		{ 7, 65535, 65535, 9999999 },
		{ 0, 65535, 480 }, { 0, 65535, 511, flat + 5000 }, { 0, 128, 1 },
		{ 0, 127, 1 }, { 0, 1, 1 }, { 0, 0, 0 }, { 2, 1000, 31 },
		{ 8, 1000, 480 }, { 8, 1000, 2000, 400000 },
		{ 14, 1, 128 }, { 14, 65535, 65535, 9999999 },
		{ 14, 65535, 65535, 0xffffffff }, { 14, 65535, 65535, BIT(31) },
		{ CFR_SHIFT_NONE, 1234, 1234 },
		{ CFR_SHIFT_NONE, 65535, 61440 },
		{ CFR_SHIFT_NONE, 65535, 64440, flat + 3000 },
		{ CFR_SHIFT_NONE, 65535, 65535, flat + 6000 },
	};
	struct bench *b = setup(test, NFPROTO_IPV4, CFR_TOUCH(WINDOW));
	unsigned int i, summed;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		for (summed = 0; summed < 2; summed++) {
			b->flow.node[CFR_OUT].shift = cases[i].shift;
			make(b, &b->before, ACK,
			     &(struct header){ .window = cases[i].in });
			b->flow.irs = get32(tcp(b, &b->before) + 8) -
				      cases[i].got;
			expect(b, &(struct header){ .window = cases[i].out });
			pass(test, b, CFR_OUT, summed);
			same(test, b, "window");
		}
	/* The remote did not offer any: nothing is scaled. */
	b->flow.node[CFR_OUT].shift = 8;
	b->flow.node[CFR_IN].shift = CFR_SHIFT_NONE;
	leaves(test, b, CFR_OUT, ACK, &(struct header){ .window = 1000 },
	       &(struct header){ .window = 1000 }, "unscaled window");
}

/* Windows grow from the first SYN of a remote on, whichever comes first. */
static void options_irs(struct kunit *test)
{
	struct bench *b = setup(test, NFPROTO_IPV6, CFR_TOUCH(WINDOW));
	u32 first;

	make(b, &b->before, SYN | ACK, &(struct header){ .window = 1000 });
	first = get32(tcp(b, &b->before) + 4) + 1;
	pass(test, b, CFR_IN, true);
	KUNIT_EXPECT_EQ(test, b->flow.irs, first);
	make(b, &b->before, SYN | ACK, &(struct header){ .window = 1000 });
	pass(test, b, CFR_IN, true);
	KUNIT_EXPECT_EQ(test, b->flow.irs, first);

	b->flow.irs = 0;
	make(b, &b->before, SYN | ACK, &(struct header){ .window = 1000 });
	pass(test, b, CFR_OUT, true);
	KUNIT_EXPECT_EQ(test, b->flow.irs, get32(tcp(b, &b->before) + 8));
	b->flow.irs = 0;
	make(b, &b->before, SYN, &(struct header){ .window = 1000 });
	pass(test, b, CFR_OUT, true);
	KUNIT_EXPECT_EQ(test, b->flow.irs, 0);
}

/* N10: with all that counts from it, and back */
static void options_isn(struct kunit *test)
{
	u8 options[] = { 1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4 };
	struct header header = { options, sizeof(options), 1000 };
	struct bench *b = setup(test, NFPROTO_IPV6, CFR_TOUCH(ISN));
	unsigned int i, summed;
	u8 *th;

	for (summed = 0; summed < 2; summed++) {
		b->flow.isn = get_random_u32();
		make(b, &b->before, ACK, &header);
		expect(b, &header);
		th = tcp(b, &b->after);
		put32(th + 4, get32(th + 4) + b->flow.isn);
		pass(test, b, CFR_OUT, summed);
		same(test, b, "sequence number");

		expect(b, &header);
		put32(th + 8, get32(th + 8) - b->flow.isn);
		for (i = 24; i < 40; i += 4)
			put32(th + i, get32(th + i) - b->flow.isn);
		pass(test, b, CFR_IN, summed);
		same(test, b, "acknowledgement and edges");

		/* a reset that acknowledges nothing */
		make(b, &b->before, 0x04, &(struct header){ .window = 0 });
		expect(b, &(struct header){ .window = 0 });
		pass(test, b, CFR_IN, summed);
		same(test, b, "no acknowledgement");
	}
}

/* T12: a live connection's options go on, but no address */
static void options_address(struct kunit *test)
{
	struct header in = {
		OPTIONS(SIGNAL NOP ADDRESS NOP NOP NOP), 1000
	};
	struct header out = {
		OPTIONS(SIGNAL "\1\1\1\1\1\1\1\1\1\1\1\1"), 1000
	};
	struct bench *b = setup(test, NFPROTO_IPV4, CFR_FIELDS_FULL);

	leaves(test, b, CFR_OUT, ACK, &in, &out, "out");
	leaves(test, b, CFR_IN, ACK, &in, &in, "in");
}

/* Of what a remote answers, the MSS alone is lowered. */
static void options_answer(struct kunit *test)
{
	struct header in = {
		OPTIONS(MSS_1460 NOP COOKIE NOP SCALE_9 NOP), 65535
	};
	struct header out = {
		OPTIONS(MSS_1400 NOP COOKIE NOP SCALE_9 NOP), 65535
	};
	struct bench *b = setup(test, NFPROTO_IPV4, CFR_FIELDS_UNIFORM);

	leaves(test, b, CFR_IN, SYN | ACK, &in, &out, "answer");
	/* no SYN, no offer */
	leaves(test, b, CFR_IN, ACK, &in, &in, "later");
}

/* What is to be normalised is linear once it has been rewritten: options that are in
 * pages, and with a SYN all of it.
 */
static void options_paged(struct kunit *test)
{
	struct header in = { OPTIONS(NOP NOP TIME), 9 };
	struct bench *b = setup(test, NFPROTO_IPV4, CFR_FIELDS_FULL);
	struct sk_buff *skb;
	u8 flags;

	for (flags = SYN; flags <= ACK; flags += ACK - SYN) {
		make(b, &b->before, flags, &in);
		skb = test_skb(test, &b->before, 40);
		KUNIT_ASSERT_TRUE(test, cfr_rewrite_data(NULL, skb, 20, CFR_OUT,
							 &b->flow));
		KUNIT_EXPECT_EQ(test, skb_headlen(skb),
				flags == SYN ? b->before.len : 52);
	}
	b->flow.touch = CFR_FIELDS_SAFE & ~CFR_TOUCH_TCP;
	skb = test_skb(test, &b->before, 40);
	KUNIT_ASSERT_TRUE(test, cfr_rewrite_data(NULL, skb, 20, CFR_OUT,
							 &b->flow));
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), 40);
}

static struct kunit_case options_cases[] = {
	KUNIT_CASE(options_syn),
	KUNIT_CASE(options_timestamps),
	KUNIT_CASE(options_clock),
	KUNIT_CASE(options_window),
	KUNIT_CASE(options_irs),
	KUNIT_CASE(options_isn),
	KUNIT_CASE(options_address),
	KUNIT_CASE(options_answer),
	KUNIT_CASE(options_paged),
	{}
};

static struct kunit_suite options_suite = {
	.name = "cfr_options",
	.test_cases = options_cases,
};

kunit_test_suite(options_suite);
