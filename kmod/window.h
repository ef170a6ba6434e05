/* SPDX-License-Identifier: GPL-2.0 */
/* What either end of a TCP connection is ready to receive, by which a segment
 * that was sent blindly is told from one that was not.
 */
#ifndef _CFR_WINDOW_H
#define _CFR_WINDOW_H

#include <linux/compiler.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/types.h>

#include "tcp.h"

struct cfr_flow;

/* Octets 8 to 15 of a TCP header, as they are there */
union cfr_ready {
	struct {
		__be32 next;	/* the first octet not received yet */
		u8 offset;
		u8 flags;
		__be16 window;	/* not scaled if @flags have SYN */
	};
	u64 all;
};

#define CFR_SHIFT_MAX	14	/* RFC 7323 2.3 */
#define CFR_SHIFT_NONE	15	/* no window of that direction is scaled */

/**
 * struct cfr_segment - what a TCP header says of sequence numbers
 * @seq: of the first octet
 * @len: of the data, SYN and FIN counted as one octet each
 * @ready: what its sender is ready to receive
 * @shift: with SYN: window scale that the sender offers, or CFR_SHIFT_NONE
 */
struct cfr_segment {
	u32 seq;
	u32 len;
	union cfr_ready ready;
	u8 shift;
};

void cfr_segment_read(struct cfr_segment *segment, const struct sk_buff *skb,
		      unsigned int l4);
bool cfr_window_believes(const struct cfr_flow *flow, enum cfr_state state,
			 enum cfr_dir dir, const struct cfr_segment *segment);
void cfr_window_heard(struct cfr_flow *flow, enum cfr_state state,
		      enum cfr_dir dir, const struct cfr_segment *segment);

static __always_inline union cfr_ready cfr_ready(const struct tcphdr *th)
{
	union cfr_ready ready;

	memcpy(&ready, (const u8 *)th + 8, sizeof(ready));
	return ready;
}

/* Written when it changes, or every packet would dirty the line. */
static __always_inline void cfr_window_note(union cfr_ready *was,
					    union cfr_ready now)
{
	if (READ_ONCE(was->all) != now.all)
		WRITE_ONCE(was->all, now.all);
}

#endif
