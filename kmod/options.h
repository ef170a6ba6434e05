/* SPDX-License-Identifier: GPL-2.0 */
/* TCP headers: what they offer, and what they say of their sender. */
#ifndef _CFR_OPTIONS_H
#define _CFR_OPTIONS_H

#include <linux/skbuff.h>
#include <net/tcp.h>

#include "flow.h"

/**
 * cfr_options_size() - how long a TCP option is
 * @option: where it begins
 * @left: octets from there to the end of the header
 *
 * Return: 0 at the end of what can be read (RFC 9293 3.1).
 */
static inline unsigned int cfr_options_size(const u8 *option, unsigned int left)
{
	if (!left || *option == TCPOPT_EOL)
		return 0;
	if (*option == TCPOPT_NOP)
		return 1;
	return left < 2 || option[1] < 2 || option[1] > left ? 0 : option[1];
}

/* Each option from @at on, of @size octets; where it ends, @left are not read */
#define cfr_options_for_each(at, size, left)				\
	for (; ((size) = cfr_options_size(at, left));			\
	     (at) += (size), (left) -= (size))

/* What a SYN turned out to be */
enum cfr_options_syn {
	CFR_OPTIONS_PLAIN,
	CFR_OPTIONS_SIGNED,	/* with a digest over the header */
	CFR_OPTIONS_APART,	/* it lacks what all others offer */
};

enum cfr_options_syn cfr_options_syn(struct sk_buff *skb, u8 l4,
				     struct cfr_flow *flow);
/* The first octet that a remote sends, by the first SYN of it that is seen */
static inline void cfr_options_begins(struct cfr_flow *flow, u32 first)
{
	cmpxchg(&flow->irs, 0, first);
}

void cfr_options_out(const struct sk_buff *skb, struct tcphdr *th,
		     const struct cfr_flow *flow);
void cfr_options_in(const struct sk_buff *skb, struct tcphdr *th,
		    struct cfr_flow *flow);

#endif
