// SPDX-License-Identifier: GPL-2.0
/* Packets to a pool address: those of a live flow go to its customer, all
 * others are dropped, and the host's own stack sees none of them.
 */

#include "endpoint.h"
#include "hairpin.h"
#include "icmp.h"
#include "inbound.h"
#include "lookup.h"
#include "normalise.h"
#include "rewrite.h"
#include "verdict.h"

/**
 * cfr_inbound_error() - rewrite an ICMP error towards the customer it is for
 * @cn: the namespace
 * @cfg: its configuration
 * @skb: the error, to a pool address; its head may move
 * @pkt: as parsed, of CFR_KIND_ERROR
 * @why: set where false is returned
 */
bool cfr_inbound_error(struct cfr_net *cn, const struct cfr_config *cfg,
		       struct sk_buff *skb, const struct cfr_packet *pkt,
		       enum cfr_stat *why)
{
	if (cfr_icmp_translate(cn, skb, pkt, CFR_IN, why) != CFR_ICMP_TRANSLATED)
		return false;
	cfr_settle(cfg, skb);
	*cfr_flags(skb, pkt->family) |= CFR_TRANSLATED;
	cfr_stats_inc(cn, errors_in);
	return true;
}

/* No flow wants it: unsolicited, or a customer's own attempt on a pool */
static unsigned int drop_unwanted(struct cfr_net *cn,
				  const struct cfr_config *cfg,
				  const struct sk_buff *skb)
{
	return cfr_drop(cn, cfr_config_policy(cfg, skb->mark) ?
			CFR_STAT_to_pool : CFR_STAT_in_no_flow);
}

static __always_inline unsigned int relayed_in(struct cfr_net *cn,
					       const struct cfr_config *cfg,
					       struct sk_buff *skb, u8 family)
{
	cfr_settle(cfg, skb);
	*cfr_flags(skb, family) |= CFR_TRANSLATED;
	skb_dst_drop(skb);
	cfr_stats_inc(cn, relayed_in);
	return NF_ACCEPT;
}

/* A connection's state is kept in the numbers of its customer. */
static noinline unsigned int relay_in(struct cfr_net *cn,
				      const struct cfr_config *cfg,
				      struct sk_buff *skb,
				      const struct cfr_packet *pkt,
				      struct cfr_flow *flow)
{
	if (!cfr_rewrite_data(&cn->flows.seal, skb, pkt->l4, CFR_IN, flow))
		return cfr_drop(cn, CFR_STAT_no_memory);
	if (flow->touch & CFR_TOUCH_IN)
		cfr_normalise_in(skb, pkt->l4, flow);
	if (cfr_flow_level(flow) == CFR_LEVEL_FLOW)
		cfr_flow_seen(&cn->flows, flow, CFR_IN, skb, skb->data, pkt);
	return relayed_in(cn, cfg, skb, pkt->family);
}

static unsigned int data_to_customer(struct cfr_net *cn,
				     const struct cfr_config *cfg,
				     struct sk_buff *skb,
				     const struct cfr_packet *pkt)
{
	struct cfr_flow *flow;
	enum cfr_stat why;
	struct cfr_key key;

	cfr_flow_key_of(&key, CFR_IN, skb, pkt);
	flow = cfr_flow_find(cn, &key);
	if (!flow && cfr_config_policy(cfg, skb->mark))
		return cfr_hairpin_in(cn, cfg, skb, pkt);
	if (!flow)
		flow = cfr_endpoint_in(cn, &key, &why);
	return flow ? relay_in(cn, cfg, skb, pkt, flow) : cfr_drop(cn, why);
}

static unsigned int to_customer(struct cfr_net *cn,
				const struct cfr_config *cfg,
				struct sk_buff *skb,
				const struct cfr_packet *pkt)
{
	enum cfr_stat why;

	switch (pkt->kind) {
	case CFR_KIND_TCP:
	case CFR_KIND_UDP:
	case CFR_KIND_REPLY:
		return data_to_customer(cn, cfg, skb, pkt);
	case CFR_KIND_ERROR:
		if (cfr_hairpin_error(cn, skb, pkt))
			return NF_ACCEPT;
		if (!cfr_inbound_error(cn, cfg, skb, pkt, &why))
			return cfr_drop(cn, why);
		skb_dst_drop(skb);
		return NF_ACCEPT;
	case CFR_KIND_REFUSED:
		if (pkt->why != CFR_STAT_protocol &&
		    pkt->why != CFR_STAT_icmp_type)
			return cfr_drop(cn, pkt->why);
		fallthrough;
	default:
		return drop_unwanted(cn, cfg, skb);
	}
}

static noinline unsigned int in_unusual(struct cfr_net *cn,
					const struct cfr_config *cfg,
					struct sk_buff *skb, u8 family)
{
	struct cfr_packet pkt;
	unsigned int verdict;

	cfr_packet_parse(skb, family, &pkt);
	verdict = to_customer(cn, cfg, skb, &pkt);
	cfr_packet_wipe(&pkt);
	return verdict;
}

/* The copy is what lets the original live in registers. */
static __always_inline unsigned int in_whole(struct cfr_net *cn,
					     const struct cfr_config *cfg,
					     struct sk_buff *skb,
					     const struct cfr_packet *pkt,
					     struct cfr_flow *flow)
{
	struct cfr_packet copy = *pkt;
	unsigned int verdict = relay_in(cn, cfg, skb, &copy, flow);

	cfr_packet_wipe(&copy);
	return verdict;
}

static __always_inline unsigned int in(struct cfr_net *cn,
				       const struct cfr_config *cfg,
				       struct sk_buff *skb, u8 family)
{
	u8 *l3 = skb->data;
	struct cfr_packet pkt;
	struct cfr_flow *flow = cfr_lookup_plain(cn, skb, family, CFR_IN, &pkt);

	if (unlikely(!flow))
		return in_unusual(cn, cfg, skb, family);
	if (flow->touch & CFR_TOUCH_IN || flow->sealed ||
	    unlikely(!cfr_rewrite_alone(skb)))
		return in_whole(cn, cfg, skb, &pkt, flow);
	cfr_flow_seen(&cn->flows, flow, CFR_IN, skb, l3, &pkt);
	cfr_rewrite_plain(skb, l3, &pkt, CFR_IN, flow);
	return relayed_in(cn, cfg, skb, family);
}

/**
 * cfr_inbound4() - relay a packet to a pool address, or drop it
 * @cn: the namespace
 * @cfg: its configuration
 * @skb: the packet, IPv4, in PRE_ROUTING
 *
 * Return: NF_ACCEPT, its destination the customer's, or NF_DROP.
 */
unsigned int cfr_inbound4(struct cfr_net *cn, const struct cfr_config *cfg,
			  struct sk_buff *skb)
{
	return in(cn, cfg, skb, NFPROTO_IPV4);
}

/**
 * cfr_inbound6() - cfr_inbound4() of IPv6
 * @cn: the namespace
 * @cfg: its configuration
 * @skb: the packet
 */
unsigned int cfr_inbound6(struct cfr_net *cn, const struct cfr_config *cfg,
			  struct sk_buff *skb)
{
	return in(cn, cfg, skb, NFPROTO_IPV6);
}
