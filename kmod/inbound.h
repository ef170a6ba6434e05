/* SPDX-License-Identifier: GPL-2.0 */
/* Packets to a pool address, on their way to a customer. */
#ifndef _CFR_INBOUND_H
#define _CFR_INBOUND_H

#include "config.h"
#include "packet.h"

unsigned int cfr_inbound4(struct cfr_net *cn, const struct cfr_config *cfg,
			  struct sk_buff *skb);
unsigned int cfr_inbound6(struct cfr_net *cn, const struct cfr_config *cfg,
			  struct sk_buff *skb);
bool cfr_inbound_error(struct cfr_net *cn, const struct cfr_config *cfg,
		       struct sk_buff *skb, const struct cfr_packet *pkt,
		       enum cfr_stat *why);

#endif
