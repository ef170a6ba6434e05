// SPDX-License-Identifier: GPL-2.0
/* Who does not see a connection's segments can forge its addresses and ports,
 * but has to guess its sequence numbers. A segment that the receiver would not
 * take (RFC 9293 3.10.7.4, RFC 5961) is relayed all the same, for the relay may
 * have missed something and the receiver knows better what to do with it; but
 * it changes no state.
 */

#include <linux/minmax.h>

#include "flow.h"
#include "options.h"
#include "window.h"

/* RFC 7323 2.2 */
static u8 offered_shift(const u8 *option, unsigned int left)
{
	unsigned int size;

	cfr_options_for_each(option, size, left)
		if (*option == TCPOPT_WINDOW && size == TCPOLEN_WINDOW)
			return min_t(u8, option[2], CFR_SHIFT_MAX);
	return CFR_SHIFT_NONE;
}

static u8 read_shift(const struct sk_buff *skb, unsigned int l4,
		     unsigned int header)
{
	u8 buffer[60 - sizeof(struct tcphdr)];
	unsigned int len = header - sizeof(struct tcphdr);
	const u8 *options;

	options = skb_header_pointer(skb, l4 + sizeof(struct tcphdr), len, buffer);
	return options ? offered_shift(options, len) : CFR_SHIFT_NONE;
}

/**
 * cfr_segment_read() - read the sequence numbers of a segment
 * @segment: filled in
 * @skb: the packet
 * @l4: offset of its TCP header, which is linear and whole but for its options
 */
void cfr_segment_read(struct cfr_segment *segment, const struct sk_buff *skb,
		      unsigned int l4)
{
	const struct tcphdr *th = (const void *)(skb->data + l4);
	unsigned int header = th->doff * 4;

	segment->seq = ntohl(th->seq);
	segment->len = skb->len - l4 - header + th->syn + th->fin;
	segment->ready = cfr_ready(th);
	segment->shift = th->syn ? read_shift(skb, l4, header) : CFR_SHIFT_NONE;
}

static enum cfr_dir other(enum cfr_dir dir)
{
	return dir == CFR_OUT ? CFR_IN : CFR_OUT;
}

/* Up to so many octets from the first that is missing on */
static u32 window(const struct cfr_flow *flow, enum cfr_dir dir)
{
	const struct cfr_node *node = flow->node;
	union cfr_ready ready = { .all = READ_ONCE(flow->ready[dir].all) };
	u32 size = ntohs(ready.window);

	if (ready.flags & CFR_TCP_SYN || node[CFR_OUT].shift == CFR_SHIFT_NONE ||
	    node[CFR_IN].shift == CFR_SHIFT_NONE)
		return size;
	return size << node[dir].shift;
}

/* Is the first octet one that the other end waits for, or the one after the last? */
static bool fits(const struct cfr_flow *flow, enum cfr_dir dir,
		 const struct cfr_segment *segment)
{
	enum cfr_dir back = other(dir);
	u32 next = ntohl(READ_ONCE(flow->ready[back].next));
	u32 size = window(flow, back);

	return segment->seq - next <= size ||
	       segment->seq + segment->len - next <= size;
}

/* Does it acknowledge the other end's SYN? */
static bool answers(const struct cfr_flow *flow, enum cfr_dir dir,
		    const struct cfr_segment *segment)
{
	u32 next = ntohl(READ_ONCE(flow->ready[dir].next));

	return ntohl(segment->ready.next) - next <= window(flow, dir);
}

/**
 * cfr_window_believes() - may a segment change its flow's state?
 * @flow: the flow
 * @state: its state
 * @dir: the segment's direction
 * @segment: it
 */
bool cfr_window_believes(const struct cfr_flow *flow, enum cfr_state state,
			 enum cfr_dir dir, const struct cfr_segment *segment)
{
	u8 flags = segment->ready.flags;

	if (!(flags & CFR_TCP_SYN))
		return fits(flow, dir, segment);
	if (dir == CFR_OUT)
		return true;
	return flags & CFR_TCP_ACK ? answers(flow, dir, segment) :
				     state == CFR_STATE_OPENING;
}

/* What the other end is ready to receive is known before it says so: what comes
 * after the SYN, or after some of the data that came with it (RFC 7413).
 */
static void opens(struct cfr_flow *flow, enum cfr_dir dir,
		  const struct cfr_segment *segment)
{
	union cfr_ready back = {
		.next = htonl(segment->seq + 1),
		.flags = CFR_TCP_SYN,
		.window = htons(segment->len - 1),
	};

	WRITE_ONCE(flow->node[dir].shift, segment->shift);
	cfr_window_note(&flow->ready[other(dir)], back);
	if (segment->ready.flags & CFR_TCP_ACK)
		cfr_window_note(&flow->ready[dir], segment->ready);
}

/**
 * cfr_window_heard() - note what a segment says of its sender
 * @flow: the flow
 * @state: its state before the segment or after it, whichever is the lower
 * @dir: the segment's direction
 * @segment: it
 */
void cfr_window_heard(struct cfr_flow *flow, enum cfr_state state,
		      enum cfr_dir dir, const struct cfr_segment *segment)
{
	u8 flags = segment->ready.flags;

	if (flags & CFR_TCP_RST)
		return;
	if (!(flags & CFR_TCP_SYN))
		cfr_window_note(&flow->ready[dir], segment->ready);
	else if (state <= CFR_STATE_ACCEPTED &&
		 cfr_window_believes(flow, state, dir, segment))
		opens(flow, dir, segment);
}
