// SPDX-License-Identifier: GPL-2.0
/* The TCP states of a flow: every segment in every state, and conversations as
 * the RFCs draw them.
 */

#include <kunit/test.h>
#include <linux/jiffies.h>

#include "packet.h"
#include "tcp.h"

#define SYN	0x02
#define SYNACK	0x12
#define ACK	0x10
#define FIN	0x11
#define RST	0x04
#define RSTACK	0x14

/* Short names, so that a table reads like one */
#define OPEN	CFR_STATE_OPENING
#define ANSW	CFR_STATE_ANSWERED
#define ESTB	CFR_STATE_ESTABLISHED
#define FINO	CFR_STATE_FIN_OUT
#define FINI	CFR_STATE_FIN_IN
#define CLOS	CFR_STATE_CLOSED
#define RSET	CFR_STATE_RESET
#define OUT	CFR_OUT
#define IN	CFR_IN

/* What a segment makes of each state; lower case: idle time does not start anew.
 * o(pening) a(nswered) e(stablished) f(in out) i (fin in) c(losed) r(eset)
 */
static const struct {
	u8 dir;
	u8 flags;
	const char *next;	/* of "oaeficr", in this order */
	const char *says;
} segments[] = {
	/* o a e f i c r */
	{ OUT, SYN,    "OaefiOO", "RFC 7857 2.1: a new SYN opens what was closed" },
	{ OUT, SYNACK, "OEeficr", "RFC 5382 REQ-2: simultaneous open is completed" },
	{ OUT, ACK,    "oEEFIcE", "RFC 9293 3.5: the third segment establishes" },
	{ OUT, FIN,    "oFFFCcF", "RFC 7857 2.2: both FINs close" },
	{ OUT, RST,    "oaRRRcr", "RFC 7857 2.2: transitory for four minutes" },
	{ OUT, RSTACK, "oaRRRcr", "the same" },
	{ IN,  SYN,    "Aaeficr", "RFC 5382 REQ-2: both sides may open" },
	{ IN,  SYNACK, "Aaeficr", "RFC 9293 3.5: the second segment" },
	{ IN,  ACK,    "oaEFIcE", "no remote establishes a flow alone" },
	{ IN,  FIN,    "oaICIcI", "nor closes one before it is" },
	{ IN,  RST,    "oaRRRcr", "RFC 5961: a forged reset ends nothing at once" },
	{ IN,  RSTACK, "oaRRRcr", "the same" },
};

static const u8 letters[] = { 'o', 'a', 'e', 'f', 'i', 'c', 'r' };
static const u8 states[] = { OPEN, ANSW, ESTB, FINO, FINI, CLOS, RSET };

static char letter_of(struct cfr_tcp_step step)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		if (states[i] == step.state)
			return step.refresh ? letters[i] - 'a' + 'A' : letters[i];
	return '?';
}

/* ECN bits, PSH and URG decide nothing. */
static void tcp_table(struct kunit *test)
{
	unsigned int i, j, other;

	for (i = 0; i < ARRAY_SIZE(segments); i++)
		for (j = 0; j < ARRAY_SIZE(states); j++)
			for (other = 0; other < 256; other += 8) {
				u8 flags = segments[i].flags | (other & 0xe8);
				struct cfr_tcp_step step;

				step = cfr_tcp_next(states[j], segments[i].dir, flags);
				KUNIT_EXPECT_EQ_MSG(test, letter_of(step),
						    segments[i].next[j],
						    "state %c dir %u flags %#x: %s",
						    letters[j], segments[i].dir,
						    flags, segments[i].says);
			}
}

struct segment {
	u8 dir;
	u8 flags;
	u8 then;
};

/* Conversations; each begins with the SYN that opened the flow. */
static const struct {
	const char *name;
	struct segment segment[10];
} talks[] = {
	{ "RFC 9293 figure 6, three-way handshake, and figure 12, normal close", {
		{ IN, SYNACK, ANSW }, { OUT, ACK, ESTB }, { IN, ACK, ESTB },
		{ OUT, FIN, FINO }, { IN, ACK, FINO }, { IN, FIN, CLOS },
		{ OUT, ACK, CLOS } } },
	{ "RFC 9293 figure 7, simultaneous open", {
		{ IN, SYN, ANSW }, { OUT, SYNACK, ESTB }, { IN, SYNACK, ESTB } } },
	{ "RFC 9293 figure 13, simultaneous close", {
		{ IN, SYNACK, ANSW }, { OUT, ACK, ESTB }, { OUT, FIN, FINO },
		{ IN, FIN, CLOS }, { OUT, ACK, CLOS }, { IN, ACK, CLOS } } },
	{ "the remote closes first", {
		{ IN, SYNACK, ANSW }, { OUT, ACK, ESTB }, { IN, FIN, FINI },
		{ OUT, ACK, FINI }, { OUT, FIN, CLOS } } },
	{ "RFC 9293 figure 10, a reset of a half-open connection", {
		{ IN, SYNACK, ANSW }, { OUT, ACK, ESTB }, { IN, RST, RSET },
		{ OUT, SYN, OPEN }, { IN, SYNACK, ANSW } } },
	{ "a refused connection", {
		{ IN, RSTACK, OPEN }, { OUT, SYN, OPEN }, { IN, SYNACK, ANSW } } },
	{ "a lost SYN-ACK is sent again", {
		{ OUT, SYN, OPEN }, { IN, SYNACK, ANSW }, { OUT, SYN, ANSW },
		{ IN, SYNACK, ANSW }, { OUT, ACK, ESTB } } },
	{ "RFC 7857 2.2, a forged reset is not believed", {
		{ IN, SYNACK, ANSW }, { OUT, ACK, ESTB }, { IN, RST, RSET },
		{ OUT, ACK, ESTB } } },
	{ "a half-closed connection goes on", {
		{ IN, SYNACK, ANSW }, { OUT, ACK, ESTB }, { OUT, FIN, FINO },
		{ IN, ACK, FINO }, { IN, ACK, FINO }, { OUT, ACK, FINO } } },
	{ "a port is used again after the close", {
		{ IN, SYNACK, ANSW }, { OUT, FIN, FINO }, { IN, FIN, CLOS },
		{ OUT, SYN, OPEN }, { IN, SYNACK, ANSW }, { OUT, ACK, ESTB } } },
	{ "a remote that floods gets nothing established", {
		{ IN, ACK, OPEN }, { IN, FIN, OPEN }, { IN, SYNACK, ANSW },
		{ IN, ACK, ANSW }, { IN, FIN, ANSW }, { IN, SYN, ANSW } } },
};

static void tcp_conversations(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(talks); i++) {
		u8 state = CFR_STATE_OPENING;

		for (j = 0; talks[i].segment[j].then; j++) {
			const struct segment *s = &talks[i].segment[j];

			state = cfr_tcp_next(state, s->dir, s->flags).state;
			KUNIT_EXPECT_EQ_MSG(test, state, s->then, "%s: segment %u",
					    talks[i].name, j);
		}
	}
}

/* RFC 5382 REQ-5, RFC 7857 2.1 */
static void tcp_timers(struct kunit *test)
{
	static const enum cfr_timer timers[] = {
		CFR_TIMER_TCP_OPEN, CFR_TIMER_TCP_OPEN,
		CFR_TIMER_TCP_ESTABLISHED, CFR_TIMER_TCP_ESTABLISHED,
		CFR_TIMER_TCP_ESTABLISHED,
		CFR_TIMER_TCP_CLOSE, CFR_TIMER_TCP_CLOSE,
	};
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(timers) != ARRAY_SIZE(states));
	for (i = 0; i < ARRAY_SIZE(states); i++)
		KUNIT_EXPECT_EQ(test, cfr_tcp_timer(states[i]), timers[i]);
}

/* No segment leaves the live states, for no flow may be ended by one. */
static void tcp_stays_live(struct kunit *test)
{
	unsigned int i, dir, flags;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (dir = OUT; dir <= IN; dir++)
			for (flags = 0; flags < 256; flags++)
				KUNIT_EXPECT_GT(test,
						cfr_tcp_next(states[i], dir, flags).state,
						CFR_STATE_LIVE);
}

static struct kunit_case tcp_cases[] = {
	KUNIT_CASE(tcp_table),
	KUNIT_CASE(tcp_conversations),
	KUNIT_CASE(tcp_timers),
	KUNIT_CASE(tcp_stays_live),
	{}
};

static struct kunit_suite tcp_suite = {
	.name = "cfr_tcp",
	.test_cases = tcp_cases,
};

kunit_test_suite(tcp_suite);
