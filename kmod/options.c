// SPDX-License-Identifier: GPL-2.0
/* What a TCP header says of its sender.
 *
 * MSS		at most one for all, in either direction (RFC 9293 3.7.1).
 * timestamps	a clock that is told by its offset gets one of the connection's
 *		own (RFC 7323 7.1): what a SYN brings is moved to the relay's time plus
 *		a keyed hash of relay tuple and remote, so that no later connection
 *		of that tuple, whoever's it is, falls behind (RFC 7323 appendix B).
 *		What comes back is moved as far back; 0 means nothing and stays.
 * fast open	a cookie is an identifier that the server gave (RFC 7413).
 * MPTCP	ADD_ADDR names a customer's own addresses (RFC 8684 3.4.1).
 * order	options in the order of most, where all are known.
 * window	a SYN's is lowered. To have one scale for all, those of a live
 *		connection are scaled anew, and never advertise more than the
 *		customer did but for one unit where it advertised anything. They are
 *		one size until a remote has got enough through that hosts with small
 *		buffers have made them larger, and then all grow by what it gets
 *		through, as its congestion window at most does (RFC 5681 3.1, RFC
 *		3465), until they are as large as the customer's.
 * ISN		moved with all that counts from it.
 *
 * A header under a digest (RFC 2385, RFC 5925) stays as it is: whom it is for
 * would not take it.
 */

#include <linux/etherdevice.h>	/* get_unaligned_be32(), wherever it is defined */
#include <linux/timekeeping.h>

#include "flow.h"
#include "normalise.h"
#include "options.h"
#include "rewrite.h"

#define KIND_AO		29	/* RFC 5925 */
#define MPTCP_ADD_ADDR	3	/* RFC 8684 3.4.1 */
#define MSS4		1400	/* with headers of 20 and 20: 1440 octets on the wire, */
#define MSS6		1380	/* and with 40 and 20 as many */
#define SYN_WINDOW	64240	/* 44 segments of 1460 octets */
#define ONE_WINDOW	5840	/* of the least that hosts have begun with: 4 segments */
#define ONE_SHIFT	7
#define GROWS_FROM	61440	/* 480 units; what hosts begin with is a little more */
#define GROWS_AFTER	131072	/* octets: most connections bring fewer */
#define ALIGNED		htonl(TCPOPT_NOP << 24 | TCPOPT_NOP << 16 | \
			      TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP)
#define ALIGNED_LEN	(sizeof(struct tcphdr) + TCPOLEN_TSTAMP_ALIGNED)

/* A header that is being worked on */
struct work {
	struct tcphdr *th;
	const struct cfr_flow *flow;
	u16 touch;
	enum cfr_dir dir;
};

static u8 *options(const struct tcphdr *th)
{
	return (u8 *)(th + 1);
}

static unsigned int options_len(const struct tcphdr *th)
{
	return th->doff * 4 - sizeof(*th);
}

static void blank(u8 *option, unsigned int size)
{
	memset(option, TCPOPT_NOP, size);
}

static void lower_mss(const struct work *w, u8 *option)
{
	u16 most = w->flow->family == NFPROTO_IPV4 ? MSS4 : MSS6;

	if (get_unaligned_be16(option + 2) > most)
		put_unaligned_be16(most, option + 2);
}

static void timestamp(const struct work *w, u8 *option)
{
	u8 *at = option + (w->dir == CFR_OUT ? 2 : 6);
	u32 clock = READ_ONCE(w->flow->clock), time = get_unaligned_be32(at);

	if (w->dir == CFR_OUT && w->th->syn &&
	    w->touch & CFR_TOUCH(NO_TIMESTAMPS))
		blank(option, TCPOLEN_TIMESTAMP);
	else if (w->dir == CFR_OUT)
		put_unaligned_be32(time + clock, at);
	else if (time)
		put_unaligned_be32(time - clock, at);
}

/* The edges that a remote reports are of what the customer has sent. */
static void edges(const struct work *w, u8 *option, unsigned int size)
{
	unsigned int at;

	for (at = 2; at + 4 <= size; at += 4)
		put_unaligned_be32(get_unaligned_be32(option + at) -
				   w->flow->isn, option + at);
}

static bool fast_open(const u8 *option, unsigned int size)
{
	return *option == TCPOPT_FASTOPEN ||
	       (*option == TCPOPT_EXP && size >= TCPOLEN_EXP_FASTOPEN_BASE &&
		get_unaligned_be16(option + 2) == TCPOPT_FASTOPEN_MAGIC);
}

static bool known(u8 kind)
{
	return kind == TCPOPT_NOP || kind == TCPOPT_MSS ||
	       kind == TCPOPT_WINDOW || kind == TCPOPT_SACK_PERM ||
	       kind == TCPOPT_TIMESTAMP;
}

/* Does an option leave as if it had not been there? */
static bool goes(const struct work *w, const u8 *option, unsigned int size)
{
	if (*option == TCPOPT_MPTCP && w->touch & CFR_TOUCH(ADD_ADDR) &&
	    size > 2 && option[2] >> 4 == MPTCP_ADD_ADDR)
		return true;
	if (!w->th->syn)
		return false;
	return (w->touch & CFR_TOUCH(FAST_OPEN) && fast_open(option, size)) ||
	       (w->touch & CFR_TOUCH(NO_MPTCP) && *option == TCPOPT_MPTCP) ||
	       (w->touch & CFR_TOUCH(OPTION_SET) && !known(*option));
}

static void option(const struct work *w, u8 *at, unsigned int size)
{
	if (w->dir == CFR_OUT && goes(w, at, size))
		blank(at, size);
	else if (*at == TCPOPT_MSS && size == TCPOLEN_MSS && w->th->syn &&
		 w->touch & CFR_TOUCH(MSS))
		lower_mss(w, at);
	else if (*at == TCPOPT_WINDOW && size == TCPOLEN_WINDOW && w->th->syn &&
		 w->dir == CFR_OUT && w->touch & CFR_TOUCH(WINDOW))
		at[2] = ONE_SHIFT;
	else if (*at == TCPOPT_TIMESTAMP && size == TCPOLEN_TIMESTAMP)
		timestamp(w, at);
	else if (*at == TCPOPT_SACK && w->dir == CFR_IN)
		edges(w, at, size);
}

static void each(const struct work *w)
{
	unsigned int left = options_len(w->th), size;
	u8 *at = options(w->th);

	cfr_options_for_each(at, size, left)
		option(w, at, size);
}

/* What all connections advertise that have got so far: from then on it doubles as often
 * as the remote's congestion window can.
 */
static u32 grown(const struct work *w)
{
	u32 got = ntohl(w->th->ack_seq) - READ_ONCE(w->flow->irs);

	return clamp_t(u32, got, GROWS_AFTER, BIT(30)) - GROWS_AFTER +
	       GROWS_FROM;
}

static bool scales(const struct cfr_flow *flow)
{
	return READ_ONCE(flow->node[CFR_OUT].shift) != CFR_SHIFT_NONE &&
	       READ_ONCE(flow->node[CFR_IN].shift) != CFR_SHIFT_NONE;
}

/* In units of the one scale, where there is any. None that the customer did not
 * offer, but one.
 */
static u16 advertised(const struct work *w, u16 window)
{
	bool scaled = scales(w->flow);
	u32 size = window;

	if (scaled)
		size <<= READ_ONCE(w->flow->node[CFR_OUT].shift);
	size = min(size, grown(w));
	return size ? clamp_t(u32, scaled ? size >> ONE_SHIFT : size, 1,
			      U16_MAX) : 0;
}

static __be16 window(const struct work *w)
{
	u16 now = ntohs(w->th->window);

	if (!w->th->syn)
		return w->touch & CFR_TOUCH(WINDOW) ?
		       htons(advertised(w, now)) : w->th->window;
	if (w->touch & CFR_TOUCH(WINDOW))
		now = min_t(u16, now, ONE_WINDOW);
	else if (w->touch & CFR_TOUCH(SYN_WINDOW))
		now = min_t(u16, now, SYN_WINDOW);
	return htons(now);
}

/* What is not in an option */
static void fields(const struct work *w)
{
	struct tcphdr *th = w->th;

	if (w->dir == CFR_IN) {
		if (th->ack)
			th->ack_seq = htonl(ntohl(th->ack_seq) - w->flow->isn);
		return;
	}
	th->seq = htonl(ntohl(th->seq) + w->flow->isn);
	th->window = window(w);
	if (w->touch & CFR_TOUCH(URGENT) && !th->urg)
		th->urg_ptr = 0;
}

static __wsum sum(const struct tcphdr *th)
{
	return csum_partial(th, th->doff * 4, 0);
}

/* What a header has gained, its checksum has to lose. */
static void resum(const struct sk_buff *skb, struct tcphdr *th, __wsum before)
{
	if (!cfr_rewrite_partial(skb, th))
		csum_replace_by_diff(&th->check, csum_sub(sum(th), before));
}

static void work(const struct sk_buff *skb, const struct work *w)
{
	__wsum before = sum(w->th);

	fields(w);
	each(w);
	resum(skb, w->th, before);
}

/* Most segments have nothing to change, or one number, where all have it. */
static bool plain(const struct sk_buff *skb, struct tcphdr *th,
		  const struct cfr_flow *flow, enum cfr_dir dir)
{
	__be32 *time = (__be32 *)(th + 1) + (dir == CFR_OUT ? 1 : 2), to;

	if (flow->touch & (CFR_TOUCH(ISN) | CFR_TOUCH(WINDOW)) || th->urg_ptr ||
	    th->syn)
		return false;
	if (th->doff * 4 == sizeof(*th))
		return true;
	if (th->doff * 4 != ALIGNED_LEN || *(__be32 *)(th + 1) != ALIGNED)
		return false;
	if (dir == CFR_OUT)
		to = htonl(ntohl(*time) + READ_ONCE(flow->clock));
	else
		to = *time ? htonl(ntohl(*time) - READ_ONCE(flow->clock)) : 0;
	if (!cfr_rewrite_partial(skb, th))
		csum_replace4(&th->check, *time, to);
	*time = to;
	return true;
}

/**
 * cfr_options_out() - a customer's segment, on its way to a remote
 * @skb: that it is in, or that is a member of
 * @th: its header, linear and writable as far as its options go; no SYN
 * @flow: that it belongs to
 */
void cfr_options_out(const struct sk_buff *skb, struct tcphdr *th,
		     const struct cfr_flow *flow)
{
	if (!plain(skb, th, flow, CFR_OUT))
		work(skb, &(struct work){ th, flow, flow->touch, CFR_OUT });
}

/**
 * cfr_options_in() - a remote's segment, on its way to a customer
 * @skb: that it is in, or that is a member of
 * @th: its header, linear and writable as far as its options go
 * @flow: that it belongs to
 */
void cfr_options_in(const struct sk_buff *skb, struct tcphdr *th,
		    struct cfr_flow *flow)
{
	if (th->syn)
		cfr_options_begins(flow, ntohl(th->seq) + 1);
	if (!plain(skb, th, flow, CFR_IN))
		work(skb, &(struct work){ th, flow, flow->touch, CFR_IN });
}

/**
 * struct offer - what a SYN brings
 * @mss: where that option is, or NULL; and so with the others
 * @scale: the same
 * @sack: the same
 * @time: the same
 * @digest: it is signed
 * @other: there are options beside these, or what cannot be read
 */
struct offer {
	u8 *mss;
	u8 *scale;
	u8 *sack;
	u8 *time;
	bool digest;
	bool other;
};

static void read_option(struct offer *o, u8 *at, unsigned int size)
{
	if (*at == TCPOPT_MSS && size == TCPOLEN_MSS)
		o->mss = at;
	else if (*at == TCPOPT_WINDOW && size == TCPOLEN_WINDOW)
		o->scale = at;
	else if (*at == TCPOPT_SACK_PERM && size == TCPOLEN_SACK_PERM)
		o->sack = at;
	else if (*at == TCPOPT_TIMESTAMP && size == TCPOLEN_TIMESTAMP)
		o->time = at;
	else if (*at != TCPOPT_NOP)
		o->other = true;
	if (*at == TCPOPT_MD5SIG || *at == KIND_AO)
		o->digest = true;
}

static void read_offer(struct offer *o, const struct tcphdr *th)
{
	unsigned int left = options_len(th), size;
	u8 *at = options(th);

	cfr_options_for_each(at, size, left)
		read_option(o, at, size);
	if (left && *at != TCPOPT_EOL)
		o->other = true;
}

static u8 *put(u8 *to, unsigned int nops, const u8 *option)
{
	memset(to, TCPOPT_NOP, nops);
	memcpy(to + nops, option, option[1]);
	return to + nops + option[1];
}

/* In the order of Linux, without gaps. Return: how many octets. */
static unsigned int arrange(u8 *to, const struct offer *o)
{
	u8 *at = to;

	if (o->mss)
		at = put(at, 0, o->mss);
	if (o->sack)
		at = put(at, o->time ? 0 : 2, o->sack);
	if (o->time)
		at = put(at, o->sack ? 0 : 2, o->time);
	if (o->scale)
		at = put(at, 1, o->scale);
	return at - to;
}

/* Take @cut octets from between a header that has become shorter and the data. */
static void shorten(struct sk_buff *skb, u8 l4, struct tcphdr *th,
		    unsigned int cut)
{
	u8 *to = (u8 *)th + th->doff * 4, *from = to + cut;

	memmove(to, from, skb_tail_pointer(skb) - from);
	skb_trim(skb, skb->len - cut);
	if (ip_hdr(skb)->version == 4) {
		ip_hdr(skb)->tot_len = htons(skb->len);
		ip_send_check(ip_hdr(skb));
	} else {
		ipv6_hdr(skb)->payload_len = htons(skb->len -
						   sizeof(struct ipv6hdr));
	}
	/* The pseudo header has the length, too. */
	if (cfr_rewrite_partial(skb, th))
		th->check = ~csum_fold(csum_sub(csum_unfold(th->check),
						(__force __wsum)htons(cut)));
	else
		csum_replace2(&th->check, htons(skb->len - l4 + cut),
			      htons(skb->len - l4));
}

/* All known options, in one order */
static void order(struct sk_buff *skb, u8 l4, struct tcphdr *th)
{
	u8 arranged[MAX_TCP_OPTION_SPACE];
	struct offer o = {};
	unsigned int len, cut;
	__wsum before;

	read_offer(&o, th);
	if (o.other)
		return;
	before = sum(th);
	len = arrange(arranged, &o);
	cut = options_len(th) - len;
	memcpy(options(th), arranged, len);
	memset(options(th) + len, TCPOPT_EOL, cut);
	th->doff -= cut / 4;
	resum(skb, th, before);
	if (cut)
		shorten(skb, l4, th, cut);
}

/* The clock of a connection begins with the first time that it tells. */
static void begin_clock(struct cfr_flow *flow, const u8 *option)
{
	u32 now = ktime_to_ms(ktime_get());
	u32 clock = cfr_normalise_tuple_hash(flow) + now -
		    get_unaligned_be32(option + 2);

	cmpxchg(&flow->clock, 0, clock ?: 1);
}

static bool apart(const struct work *w, const struct offer *o)
{
	return w->touch & CFR_TOUCH(WINDOW) &&
	       (!o->mss || !o->sack || !o->scale ||
		ntohs(w->th->window) < ONE_WINDOW);
}

/**
 * cfr_options_syn() - a customer's SYN, or answer to one
 * @skb: that it is in, linear and writable
 * @l4: offset of its header
 * @flow: that it belongs to; under a digest, it is touched no more
 */
enum cfr_options_syn cfr_options_syn(struct sk_buff *skb, u8 l4,
				     struct cfr_flow *flow)
{
	struct tcphdr *th = (struct tcphdr *)(skb->data + l4);
	struct work w = { th, flow, flow->touch, CFR_OUT };
	struct offer o = {};

	read_offer(&o, th);
	if (o.digest) {
		WRITE_ONCE(flow->touch, w.touch & ~CFR_TOUCH_TCP);
		flow->isn = 0;
		return CFR_OPTIONS_SIGNED;
	}
	if (o.time && w.touch & CFR_TOUCH(TIMESTAMPS) &&
	    !(w.touch & CFR_TOUCH(NO_TIMESTAMPS)))
		begin_clock(flow, o.time);
	if (th->ack)
		cfr_options_begins(flow, ntohl(th->ack_seq));
	work(skb, &w);
	if (w.touch & CFR_TOUCH(OPTION_ORDER) && !skb_is_gso(skb))
		order(skb, l4, th);
	return apart(&w, &o) ? CFR_OPTIONS_APART : CFR_OPTIONS_PLAIN;
}
