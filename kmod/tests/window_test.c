// SPDX-License-Identifier: GPL-2.0
/* Which segments can be meant for their receiver: RFC 9293 3.10.7.4, RFC 5961,
 * RFC 7323 2, RFC 7413.
 */

#include <kunit/test.h>
#include <linux/random.h>

#include "flow.h"
#include "skb.h"
#include "window.h"

#define SYN	CFR_TCP_SYN
#define SYNACK	(CFR_TCP_SYN | CFR_TCP_ACK)
#define ACK	CFR_TCP_ACK
#define FIN	(CFR_TCP_FIN | CFR_TCP_ACK)
#define RST	CFR_TCP_RST
#define NONE	CFR_SHIFT_NONE

/* Sequence numbers at which 32 bits run out */
#define MINE	0xffffff00U	/* the customer's first */
#define THEIRS	0x7fffff00U	/* the remote's */

static struct cfr_segment segment(u8 flags, u32 seq, u32 data, u32 ack,
				  u16 window, u8 shift)
{
	struct cfr_segment s = {
		.seq = seq,
		.len = data + !!(flags & CFR_TCP_SYN) + !!(flags & CFR_TCP_FIN),
		.ready = { .next = htonl(ack), .flags = flags,
			   .window = htons(window) },
		.shift = shift,
	};

	return s;
}

static void heard(struct cfr_flow *flow, enum cfr_state state, enum cfr_dir dir,
		  struct cfr_segment s)
{
	cfr_window_heard(flow, state, dir, &s);
}

static bool believes(const struct cfr_flow *flow, enum cfr_state state,
		     enum cfr_dir dir, struct cfr_segment s)
{
	return cfr_window_believes(flow, state, dir, &s);
}

/* The customer has opened it. It can receive 100 << @mine octets, the remote
 * 200 << @theirs.
 */
static void open(struct cfr_flow *flow, u8 mine, u8 theirs)
{
	*flow = (struct cfr_flow){};
	heard(flow, CFR_STATE_OPENING, CFR_OUT,
	      segment(SYN, MINE, 0, 0, 30000, mine));
	heard(flow, CFR_STATE_OPENING, CFR_IN,
	      segment(SYNACK, THEIRS, 0, MINE + 1, 40000, theirs));
	heard(flow, CFR_STATE_ANSWERED, CFR_OUT,
	      segment(ACK, MINE + 1, 0, THEIRS + 1, 100, NONE));
	heard(flow, CFR_STATE_ESTABLISHED, CFR_IN,
	      segment(ACK, THEIRS + 1, 0, MINE + 1, 200, NONE));
}

/* What is believed of one end reaches from @first to @last and no farther. */
static void expect_range(struct kunit *test, const struct cfr_flow *flow,
			 enum cfr_dir dir, u32 first, u32 last)
{
	static const u8 flags[] = { RST, RST | ACK, ACK, FIN };
	enum cfr_state state = CFR_STATE_ESTABLISHED;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		u32 fin = flags[i] == FIN;

		KUNIT_EXPECT_TRUE(test, believes(flow, state, dir, segment(flags[i], first, 0, 0, 0, NONE)));
		KUNIT_EXPECT_TRUE(test, believes(flow, state, dir, segment(flags[i], last, 0, 0, 0, NONE)));
		KUNIT_EXPECT_FALSE(test, believes(flow, state, dir, segment(flags[i], first - 1 - fin, 0, 0, 0, NONE)));
		KUNIT_EXPECT_FALSE(test, believes(flow, state, dir, segment(flags[i], last + 1, 0, 0, 0, NONE)));
		KUNIT_EXPECT_FALSE(test, believes(flow, state, dir, segment(flags[i], first + BIT(31), 0, 0, 0, NONE)));
	}
	/* sent again, with more behind what was received */
	KUNIT_EXPECT_TRUE(test, believes(flow, state, dir, segment(FIN, first - 500, 499, 0, 0, NONE)));
	KUNIT_EXPECT_FALSE(test, believes(flow, state, dir, segment(FIN, first - 500, 498, 0, 0, NONE)));
}

static void window_scales(struct kunit *test)
{
	static const struct {
		u8 mine, theirs;	/* offered */
		u8 in, out;		/* in force */
	} cases[] = {
		{ 7, 9, 7, 9 }, { 0, 14, 0, 14 }, { 14, 0, 14, 0 },
		{ NONE, 9, 0, 0 }, { 7, NONE, 0, 0 }, { NONE, NONE, 0, 0 },
	};
	struct cfr_flow flow;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		open(&flow, cases[i].mine, cases[i].theirs);
		expect_range(test, &flow, CFR_IN, THEIRS + 1,
			     THEIRS + 1 + (100 << cases[i].in));
		expect_range(test, &flow, CFR_OUT, MINE + 1,
			     MINE + 1 + (200 << cases[i].out));
	}
}

/* The window moves with what is acknowledged, in either direction for itself. */
static void window_moves(struct kunit *test)
{
	struct cfr_flow flow;

	open(&flow, 2, 3);
	cfr_window_note(&flow.ready[CFR_OUT],
			segment(ACK, 0, 0, THEIRS + 5001, 50, NONE).ready);
	expect_range(test, &flow, CFR_IN, THEIRS + 5001, THEIRS + 5001 + (50 << 2));
	expect_range(test, &flow, CFR_OUT, MINE + 1, MINE + 1 + (200 << 3));
	cfr_window_note(&flow.ready[CFR_IN],
			segment(ACK, 0, 0, MINE + 1001, 0, NONE).ready);
	expect_range(test, &flow, CFR_OUT, MINE + 1001, MINE + 1001);
}

/* The window of a SYN is not scaled. */
static void window_of_syn(struct kunit *test)
{
	struct cfr_flow flow = {};

	heard(&flow, CFR_STATE_OPENING, CFR_OUT,
	      segment(SYN, MINE, 0, 0, 30000, 7));
	heard(&flow, CFR_STATE_OPENING, CFR_IN,
	      segment(SYNACK, THEIRS, 0, MINE + 1, 40000, 7));
	expect_range(test, &flow, CFR_OUT, MINE + 1, MINE + 1 + 40000);
}

/* A remote must acknowledge the SYN, or some of the data with it (RFC 7413). */
static void window_answers(struct kunit *test)
{
	enum cfr_state opening = CFR_STATE_OPENING;
	struct cfr_flow flow = {};

	heard(&flow, opening, CFR_OUT, segment(SYN, MINE, 0, 0, 30000, 7));
	KUNIT_EXPECT_TRUE(test, believes(&flow, opening, CFR_IN, segment(SYNACK, THEIRS, 0, MINE + 1, 0, 7)));
	KUNIT_EXPECT_FALSE(test, believes(&flow, opening, CFR_IN, segment(SYNACK, THEIRS, 0, MINE, 0, 7)));
	KUNIT_EXPECT_FALSE(test, believes(&flow, opening, CFR_IN, segment(SYNACK, THEIRS, 0, MINE + 2, 0, 7)));
	heard(&flow, opening, CFR_OUT, segment(SYN, MINE, 300, 0, 30000, 7));
	KUNIT_EXPECT_TRUE(test, believes(&flow, opening, CFR_IN, segment(SYNACK, THEIRS, 0, MINE + 1, 0, 7)));
	KUNIT_EXPECT_TRUE(test, believes(&flow, opening, CFR_IN, segment(SYNACK, THEIRS, 0, MINE + 301, 0, 7)));
	KUNIT_EXPECT_FALSE(test, believes(&flow, opening, CFR_IN, segment(SYNACK, THEIRS, 0, MINE + 302, 0, 7)));
	/* both open at once (RFC 9293 3.5): it knows of no SYN */
	KUNIT_EXPECT_TRUE(test, believes(&flow, opening, CFR_IN, segment(SYN, THEIRS, 0, 0, 0, 7)));
	KUNIT_EXPECT_FALSE(test, believes(&flow, CFR_STATE_ANSWERED, CFR_IN, segment(SYN, THEIRS, 0, 0, 0, 7)));
}

/* Who opens with data may close with it, too. */
static void window_fast_open(struct kunit *test)
{
	struct cfr_flow flow = {};

	heard(&flow, CFR_STATE_OPENING, CFR_OUT, segment(SYN, MINE, 300, 0, 30000, 7));
	KUNIT_EXPECT_TRUE(test, believes(&flow, CFR_STATE_ANSWERED, CFR_OUT, segment(FIN, MINE + 301, 0, 0, 0, NONE)));
}

/* A SYN in an open connection tells nothing, nor does any reset. */
static void window_ignores(struct kunit *test)
{
	struct cfr_flow flow, was;

	open(&flow, 7, 7);
	was = flow;
	heard(&flow, CFR_STATE_ESTABLISHED, CFR_IN, segment(SYN, 5, 0, 0, 9, NONE));
	heard(&flow, CFR_STATE_ESTABLISHED, CFR_IN, segment(SYNACK, 5, 0, MINE, 9, NONE));
	heard(&flow, CFR_STATE_ESTABLISHED, CFR_OUT, segment(SYN, 5, 0, 0, 9, NONE));
	heard(&flow, CFR_STATE_ESTABLISHED, CFR_IN, segment(RST | ACK, 5, 0, 7, 9, NONE));
	KUNIT_EXPECT_MEMEQ(test, &flow, &was, sizeof(flow));
	/* nor one that answers nothing */
	heard(&flow, CFR_STATE_ANSWERED, CFR_IN, segment(SYNACK, 5, 0, MINE, 9, NONE));
	KUNIT_EXPECT_MEMEQ(test, &flow, &was, sizeof(flow));
}

/* Options as they are on the wire, and the window scale in them */
static const struct {
	const char *option;
	u8 len, shift;
} options[] = {
	{ "", 0, NONE },
	{ "\3\3\7\0", 4, 7 },
	{ "\1\3\3\0", 4, 0 },
	{ "\3\3\17\1", 4, 14 },
	{ "\2\4\5\264\1\3\3\10", 8, 8 },
	{ "\2\4\5\264\4\2\10\12\3\3\5\0\3\3\5\0\1\3\3\11", 20, 9 },
	{ "\0\3\3\7", 4, NONE },
	{ "\3\2\7\0", 4, NONE },
	{ "\3\4\7\0", 4, NONE },
	{ "\1\1\1\3", 4, NONE },
	{ "\1\1\3\3", 4, NONE },
	{ "\2\0\3\3\7\0\0\0", 8, NONE },
	{ "\2\1\3\3\7\0\0\0", 8, NONE },
	{ "\2\11\3\3\7\0\0\0", 8, NONE },
};

static void window_reads(struct kunit *test)
{
	struct test_flat *flat = kunit_kzalloc(test, sizeof(*flat), GFP_KERNEL);
	unsigned int i, linear;

	KUNIT_ASSERT_NOT_NULL(test, flat);
	for (i = 0; i < ARRAY_SIZE(options) * 4; i++) {
		unsigned int len = options[i / 4].len;
		struct test_spec spec = {
			.family = i & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4,
			.proto = IPPROTO_TCP, .flags = i & 2 ? SYNACK : ACK,
			.payload = 100 + len,
		};
		unsigned int l4 = test_l4(spec.family);
		struct cfr_segment s;
		u8 *th = flat->data + l4;

		test_make(&spec, flat);
		th[12] = 5 * 16 + len * 4;
		memcpy(th + 20, options[i / 4].option, len);
		/* the options in the head or in pages */
		for (linear = l4 + 20; linear <= l4 + 60; linear += 40) {
			cfr_segment_read(&s, test_skb(test, flat, linear), l4);
			KUNIT_EXPECT_EQ(test, s.seq, test_get16(th + 4) << 16 | test_get16(th + 6));
			KUNIT_EXPECT_EQ(test, s.len, 100 + !!(i & 2));
			KUNIT_EXPECT_MEMEQ(test, &s.ready, th + 8, 8);
			KUNIT_EXPECT_EQ_MSG(test, s.shift, i & 2 ? options[i / 4].shift : NONE, "options %u", i / 4);
		}
	}
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE(window_scales),
	KUNIT_CASE(window_moves),
	KUNIT_CASE(window_of_syn),
	KUNIT_CASE(window_answers),
	KUNIT_CASE(window_fast_open),
	KUNIT_CASE(window_ignores),
	KUNIT_CASE(window_reads),
	{}
};

static struct kunit_suite window_suite = {
	.name = "cfr_window",
	.test_cases = window_cases,
};

kunit_test_suite(window_suite);
