/* SPDX-License-Identifier: GPL-2.0 */
/* From one customer to another's relay tuple. */
#ifndef _CFR_HAIRPIN_H
#define _CFR_HAIRPIN_H

#include "config.h"
#include "packet.h"

unsigned int cfr_hairpin_in(struct cfr_net *cn, const struct cfr_config *cfg,
			    struct sk_buff *skb, const struct cfr_packet *pkt);
bool cfr_hairpin_error(struct cfr_net *cn, struct sk_buff *skb,
		       const struct cfr_packet *pkt);
bool cfr_hairpin_own(struct cfr_net *cn, struct sk_buff *skb,
		     const struct cfr_packet *pkt);
unsigned int cfr_hairpin_out(struct cfr_net *cn, const struct cfr_config *cfg,
			     struct sk_buff *skb, u8 family);

#endif
