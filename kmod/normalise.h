/* SPDX-License-Identifier: GPL-2.0 */
/* What a packet's headers say of its sender, beside addresses and ports. */
#ifndef _CFR_NORMALISE_H
#define _CFR_NORMALISE_H

#include <linux/bits.h>
#include <linux/cfr.h>
#include <linux/skbuff.h>

#include "flow.h"

struct cfr_knobs;

/* struct cfr_flow.touch has a bit for each enum cfr_field. */
#define CFR_TOUCH(field)	BIT(CFR_FIELD_##field)

/* Of TCP's header */
#define CFR_TOUCH_TCP	GENMASK(CFR_FIELD_MAX, CFR_FIELD_URGENT)
/* Of what goes to customers */
#define CFR_TOUCH_IN	(CFR_TOUCH(MSS) | CFR_TOUCH(TIMESTAMPS) | \
			 CFR_TOUCH(WINDOW) | CFR_TOUCH(ISN))

void cfr_normalise_begin(struct cfr_flow *flow, const struct cfr_knobs *knobs);
u32 cfr_normalise_tuple_hash(const struct cfr_flow *flow);
void cfr_normalise_out(struct cfr_net *cn, struct sk_buff *skb, u8 l4,
		       struct cfr_flow *flow);
void cfr_normalise_in(struct sk_buff *skb, u8 l4, struct cfr_flow *flow);
void cfr_normalise_error(struct sk_buff *skb, const struct cfr_flow *flow);

#endif
