// SPDX-License-Identifier: GPL-2.0
/* Hairpinning (RFC 4787 REQ-9, RFC 5382 REQ-8, RFC 5508 REQ-7): a customer sends
 * to a relay tuple, which is another customer's, who sees the sender's relay
 * tuple and nothing else of it.
 *
 * In PRE_ROUTING the sender gets its flow as if the packet were to leave, the
 * receiver's filter is asked, and the destination becomes the receiver. Routing
 * and FORWARD see both customers. In POST_ROUTING the source becomes the sender's
 * relay tuple, by its binding: nothing else is left to find it by.
 */

#include "endpoint.h"
#include "hairpin.h"
#include "icmp.h"
#include "lookup.h"
#include "normalise.h"
#include "rewrite.h"
#include "verdict.h"

static void goes_on(struct sk_buff *skb, u8 family)
{
	cfr_untrack(skb);
	*cfr_flags(skb, family) |= CFR_TRANSLATED | CFR_HAIRPIN;
}

/* The flow of the sender's, which may be new */
static struct cfr_flow *flow_of(struct cfr_net *cn,
				const struct cfr_policy *policy,
				const struct cfr_packet *pkt,
				struct cfr_key *key, enum cfr_stat *why)
{
	struct cfr_flow *flow = cfr_flow_find(cn, key);

	if (flow)
		return flow;
	*why = CFR_STAT_tcp_no_flow;
	if (cfr_packet_opens(pkt))
		return cfr_flow_open(cn, policy, key, why);
	if (cfr_packet_accepts(pkt))
		return cfr_endpoint_accept(cn, policy, key, why);
	if (cfr_packet_resets(pkt))
		return cfr_endpoint_reached(cn, key);
	return NULL;
}

/* Whoever has the tuple that @skb is addressed to, if it may be sent to by @from;
 * a flow or what lets it in
 */
static struct cfr_flow *receiver(struct cfr_net *cn, const struct sk_buff *skb,
				 const struct cfr_packet *pkt,
				 const struct cfr_flow *from, enum cfr_stat *why)
{
	struct cfr_address relay = cfr_flow_relay(from);
	struct cfr_flow *to;
	struct cfr_key key;

	cfr_flow_key_of(&key, CFR_IN, skb, pkt);
	key.far = &relay.addr;
	key.far_port = relay.port;
	to = cfr_flow_find(cn, &key);
	return to ?: cfr_endpoint_in(cn, &key, why);
}

static void account(struct cfr_net *cn, struct cfr_flow *flow, enum cfr_dir dir,
		    const struct sk_buff *skb, const struct cfr_packet *pkt)
{
	if (!cfr_endpoint_shared(flow))
		cfr_flow_seen(&cn->flows, flow, dir, skb, skb->data, pkt);
}

/**
 * cfr_hairpin_in() - turn a customer's packet to a relay tuple around
 * @cn: the namespace
 * @cfg: its configuration
 * @skb: the packet, marked, in PRE_ROUTING
 * @pkt: as parsed
 *
 * Return: NF_ACCEPT, its destination the other customer's, or NF_DROP.
 */
unsigned int cfr_hairpin_in(struct cfr_net *cn, const struct cfr_config *cfg,
			    struct sk_buff *skb, const struct cfr_packet *pkt)
{
	const struct cfr_policy *policy = cfr_config_policy(cfg, skb->mark);
	enum cfr_stat why = CFR_STAT_to_pool;
	struct cfr_flow *from, *to;
	struct cfr_key key;

	if (!policy->knobs.hairpin ||
	    (pkt->kind != CFR_KIND_TCP && pkt->kind != CFR_KIND_UDP))
		return cfr_drop(cn, why);
	cfr_flow_key_of(&key, CFR_OUT, skb, pkt);
	from = flow_of(cn, policy, pkt, &key, &why);
	if (!from)
		return cfr_drop(cn, why);
	to = receiver(cn, skb, pkt, from, &why);
	if (!to)
		return cfr_drop(cn, why);
	account(cn, from, CFR_OUT, skb, pkt);
	account(cn, to, CFR_IN, skb, pkt);
	if (!cfr_rewrite_data(&cn->flows.seal, skb, pkt->l4, CFR_IN, to))
		return cfr_drop(cn, CFR_STAT_no_memory);
	goes_on(skb, pkt->family);
	skb_dst_drop(skb);
	cfr_stats_inc(cn, hairpinned);
	return NF_ACCEPT;
}

/* What an ICMP error about a hairpinned packet quotes: that packet was turned
 * around already, and its destination is the receiver.
 */
struct quoted {
	struct cfr_quote quote;
	struct cfr_address sender;	/* what it is to be once more */
	struct cfr_address receiver;
};

/* Both ends of the quote; its source is the sender's relay tuple (@seen_outside),
 * or the sender itself
 */
static bool quoted_ends(struct cfr_net *cn, struct sk_buff *skb,
			const struct cfr_packet *pkt, bool seen_outside,
			struct quoted *q)
{
	struct cfr_flow *from, *to;
	struct cfr_key key;

	if (!cfr_flow_count_shared(cn) || !cfr_packet_quote(skb, pkt, &q->quote))
		return false;
	/* the receiver: what is quoted came to it */
	cfr_flow_key(&key, CFR_OUT, false, pkt->family,
		     skb->data + q->quote.l3, &q->quote.ports);
	to = cfr_endpoint_of(cn, &key);
	if (!to)
		return false;
	q->receiver = cfr_flow_relay(to);
	/* the sender, of whom there is a flow to the receiver's tuple */
	cfr_flow_key(&key, seen_outside ? CFR_IN : CFR_OUT, true, pkt->family,
		     skb->data + q->quote.l3, &q->quote.ports);
	key.far = &q->receiver.addr;
	key.far_port = q->receiver.port;
	from = cfr_flow_find(cn, &key);
	if (!from)
		return false;
	q->sender = cfr_flow_customer(&cn->flows.seal, from);
	return cfr_icmp_restore(skb, pkt, &q->quote, &q->sender, &q->receiver);
}

/**
 * cfr_hairpin_error() - turn around what the receiver's side reports
 * @cn: the namespace
 * @skb: an ICMP error to a pool address, in PRE_ROUTING; its head may move
 * @pkt: as parsed
 *
 * Return: false if it is about no hairpinned packet.
 */
bool cfr_hairpin_error(struct cfr_net *cn, struct sk_buff *skb,
		       const struct cfr_packet *pkt)
{
	struct quoted q = {};
	bool ours = quoted_ends(cn, skb, pkt, true, &q);

	if (ours) {
		goes_on(skb, pkt->family);
		skb_dst_drop(skb);
		cfr_stats_inc(cn, errors_in);
	}
	memzero_explicit(&q, sizeof(q));
	return ours;
}

/**
 * cfr_hairpin_own() - the same of what the relay's own host says to the sender
 * @cn: the namespace
 * @skb: an ICMP error or a reset, in LOCAL_OUT
 * @pkt: as parsed
 */
bool cfr_hairpin_own(struct cfr_net *cn, struct sk_buff *skb,
		     const struct cfr_packet *pkt)
{
	struct cfr_key from, to;
	struct quoted q = {};
	bool ours;

	if (!cfr_flow_count_shared(cn))
		return false;
	if (pkt->kind == CFR_KIND_ERROR) {
		ours = quoted_ends(cn, skb, pkt, false, &q);
		memzero_explicit(&q, sizeof(q));
	} else {
		cfr_flow_key_of(&from, CFR_OUT, skb, pkt);
		cfr_flow_key(&to, CFR_OUT, false, pkt->family, skb->data,
			     &pkt->ports);
		ours = cfr_packet_resets(pkt) && cfr_endpoint_of(cn, &from) &&
		       cfr_endpoint_of(cn, &to);
	}
	if (ours)
		goes_on(skb, pkt->family);
	return ours;
}

/**
 * cfr_hairpin_out() - give a packet that was turned around the sender's tuple
 * @cn: the namespace
 * @cfg: its configuration
 * @skb: the packet, in POST_ROUTING
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 */
unsigned int cfr_hairpin_out(struct cfr_net *cn, const struct cfr_config *cfg,
			     struct sk_buff *skb, u8 family)
{
	struct cfr_flow *binding;
	struct cfr_packet pkt;
	struct cfr_key key;
	bool done;

	cfr_packet_parse(skb, family, &pkt);
	if (pkt.kind == CFR_KIND_ERROR) {
		done = cfr_icmp_from_quoted(skb, &pkt);
	} else {
		cfr_flow_key_of(&key, CFR_OUT, skb, &pkt);
		binding = cfr_endpoint_of(cn, &key);
		if (!binding) {
			cfr_packet_wipe(&pkt);
			return cfr_drop(cn, CFR_STAT_flow_gone);
		}
		done = cfr_rewrite_data(&cn->flows.seal, skb, pkt.l4, CFR_OUT,
					binding);
		if (done && binding->touch)
			cfr_normalise_out(cn, skb, pkt.l4, binding);
	}
	cfr_packet_wipe(&pkt);
	if (!done)
		return cfr_drop(cn, CFR_STAT_no_memory);
	cfr_shed(cfg, skb);
	return NF_ACCEPT;
}
