/* SPDX-License-Identifier: GPL-2.0 */
/* ICMP errors: translated both ways, and those that the relay sends itself. */
#ifndef _CFR_ICMP_H
#define _CFR_ICMP_H

#include "flow.h"

struct cfr_flow *cfr_icmp_flow(struct cfr_net *cn, struct sk_buff *skb,
			       const struct cfr_packet *pkt, enum cfr_dir dir,
			       struct cfr_quote *quote);
bool cfr_icmp_translate(struct sk_buff *skb, const struct cfr_packet *pkt,
			const struct cfr_quote *quote,
			const struct cfr_flow *flow, enum cfr_dir dir);
void cfr_icmp_refuse(struct sk_buff *skb, u8 family, enum cfr_stat why);

#endif
