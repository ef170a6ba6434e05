/* SPDX-License-Identifier: GPL-2.0 */
/* What a packet's headers say of its sender, beside addresses and ports. */
#ifndef _CFR_NORMALISE_H
#define _CFR_NORMALISE_H

#include <linux/bits.h>
#include <linux/skbuff.h>

#include "flow.h"

/* What is touched; kept in struct cfr_flow.touch */
enum cfr_touch {
	CFR_TOUCH_TTL		= BIT(0),	/* IPv4 TTL, IPv6 hop limit */
	CFR_TOUCH_DSCP		= BIT(1),
	CFR_TOUCH_ID		= BIT(2),	/* IPv4 identification */
	CFR_TOUCH_LABEL		= BIT(3),	/* IPv6 flow label */
	CFR_TOUCH_URGENT	= BIT(4),	/* TCP urgent pointer without URG */
};

void cfr_normalise_begin(struct cfr_flow *flow, u8 level);
void cfr_normalise_data(struct sk_buff *skb, u8 l4, const struct cfr_flow *flow);
void cfr_normalise_error(struct sk_buff *skb, const struct cfr_flow *flow);

/* A customer's packet that has just been rewritten */
static __always_inline void cfr_normalise(struct sk_buff *skb, u8 l4,
					  const struct cfr_flow *flow)
{
	if (flow->touch)
		cfr_normalise_data(skb, l4, flow);
}

#endif
