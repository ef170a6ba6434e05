/* SPDX-License-Identifier: GPL-2.0 */
/* ICMP errors: translated both ways, and those that the relay sends itself. */
#ifndef _CFR_ICMP_H
#define _CFR_ICMP_H

#include "flow.h"

struct cfr_address;

/* What became of an ICMP error */
enum cfr_icmp {
	CFR_ICMP_NO_FLOW,	/* it is about none that lives */
	CFR_ICMP_FAILED,	/* it is, and must be dropped */
	CFR_ICMP_TRANSLATED,
};

bool cfr_icmp_about_flow(struct cfr_net *cn, struct sk_buff *skb,
			 const struct cfr_packet *pkt);
enum cfr_icmp cfr_icmp_translate(struct cfr_net *cn, struct sk_buff *skb,
				 const struct cfr_packet *pkt, enum cfr_dir dir,
				 enum cfr_stat *why);
bool cfr_icmp_restore(struct sk_buff *skb, const struct cfr_packet *pkt,
		      const struct cfr_quote *quote,
		      const struct cfr_address *sender,
		      const struct cfr_address *receiver);
bool cfr_icmp_from_quoted(struct sk_buff *skb, const struct cfr_packet *pkt);

#endif
