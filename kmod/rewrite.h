/* SPDX-License-Identifier: GPL-2.0 */
/* Changing bytes: addresses, ports, ids and the checksums over them. */
#ifndef _CFR_REWRITE_H
#define _CFR_REWRITE_H

#include "flow.h"

/**
 * struct cfr_endpoint - what to write
 * @addr: of the packet's family
 * @port: port or echo id
 */
struct cfr_endpoint {
	union nf_inet_addr addr;
	__be16 port;
};

static inline struct cfr_endpoint cfr_flow_customer(const struct cfr_flow *flow)
{
	struct cfr_endpoint end = { .port = flow->customer_port };

	if (flow->family == NFPROTO_IPV4)
		end.addr.ip = flow->v4.customer;
	else
		end.addr.in6 = flow->v6.customer;
	return end;
}

static inline struct cfr_endpoint cfr_flow_relay(const struct cfr_flow *flow)
{
	struct cfr_endpoint end = { .port = flow->relay_port };

	if (flow->family == NFPROTO_IPV4)
		end.addr.ip = flow->v4.relay;
	else
		end.addr.in6 = flow->v6.relay;
	return end;
}

/* Which end of a packet is rewritten */
enum cfr_side {
	CFR_SOURCE,
	CFR_DESTINATION,
};

bool cfr_rewrite_data(struct sk_buff *skb, const struct cfr_packet *pkt,
		      enum cfr_dir dir, const struct cfr_flow *flow);
void cfr_rewrite_outer(struct sk_buff *skb, u8 family, enum cfr_side side,
		       const struct cfr_endpoint *to);
void cfr_rewrite_quote(struct sk_buff *skb, u8 family,
		       const struct cfr_quote *quote, enum cfr_side side,
		       const struct cfr_endpoint *to);

#endif
