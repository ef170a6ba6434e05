/* SPDX-License-Identifier: GPL-2.0 */
/* What a customer is told of a packet that was refused. */
#ifndef _CFR_REFUSE_H
#define _CFR_REFUSE_H

#include <linux/netfilter.h>

#include "net.h"
#include "packet.h"
#include "stats.h"

void cfr_refuse_tell(struct cfr_net *cn, struct sk_buff *skb,
		     const struct nf_hook_state *state,
		     const struct cfr_packet *pkt, enum cfr_stat why);
void cfr_refuse_net_init(struct cfr_net *cn);

#endif
