// SPDX-License-Identifier: GPL-2.0
/* A packet's way through the netfilter hooks, for both families.
 *
 * PRE_ROUTING and LOCAL_OUT run before conntrack: what is ours becomes
 * UNTRACKED. Packets to a pool address are rewritten there. Packets of
 * customers are rewritten in POST_ROUTING only, since a source rewritten before
 * routing would fail reverse path filters, and since the operator's FORWARD
 * rules are written for customers.
 *
 * A marked packet that cannot be relayed is dropped; each drop has its counter.
 */

#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ndisc.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "config.h"
#include "endpoint.h"
#include "hairpin.h"
#include "hook.h"
#include "icmp.h"
#include "inbound.h"
#include "lookup.h"
#include "normalise.h"
#include "own.h"
#include "packet.h"
#include "refuse.h"
#include "rewrite.h"
#include "stats.h"
#include "verdict.h"

/* Before conntrack (-200), after defragmentation (-400) and raw (-300) */
#define PRIORITY_EARLY	(NF_IP_PRI_CONNTRACK - 50)
/* After the operator's source NAT (100) */
#define PRIORITY_LATE	(NF_IP_PRI_NAT_SRC + 10)

static bool untracked(const struct sk_buff *skb)
{
	return (skb_get_nfct((struct sk_buff *)skb) & NFCT_INFOMASK) ==
	       IP_CT_UNTRACKED;
}

static void claim(struct sk_buff *skb, u8 family)
{
	cfr_untrack(skb);
	*cfr_flags(skb, family) |= CFR_CLAIMED;
}

/* IPsec's outer packet: the inner one was judged before. */
static bool transformed(const struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV4 ?
		IPCB(skb)->flags & IPSKB_XFRM_TRANSFORMED :
		IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED;
}

/* In POST_ROUTING: a packet that came in from somewhere, and not a tunnel's
 * outer one, which "came in" on the tunnel. Bridges and multicast routing do
 * not say where it came in.
 */
static bool forwarded(const struct sk_buff *skb,
		      const struct nf_hook_state *state)
{
	if (!skb->skb_iif || transformed(skb, state->pf))
		return false;
	return !state->in || state->in == state->out ||
	       state->in->ifindex == skb->skb_iif;
}

static bool relay_space(enum cfr_space space)
{
	return space == CFR_SPACE_POOL || space == CFR_SPACE_RETIRED;
}

static __always_inline bool source_maybe_relay(const struct cfr_config *cfg,
					       const struct sk_buff *skb,
					       u8 family)
{
	return cfr_config_maybe_relay(cfg, cfr_packet_src(skb->data, family),
				      family);
}

static __always_inline bool source_relay(const struct cfr_config *cfg,
					 const struct sk_buff *skb, u8 family)
{
	const union nf_inet_addr *src = cfr_packet_src(skb->data, family);

	return source_maybe_relay(cfg, skb, family) &&
	       relay_space(cfr_config_space(cfg, src, family));
}

static __always_inline enum cfr_space dest_space(const struct cfr_config *cfg,
						 const struct sk_buff *skb,
						 u8 family)
{
	return cfr_config_space(cfg, cfr_packet_dst(skb->data, family), family);
}

static __always_inline bool dest_maybe_relay(const struct cfr_config *cfg,
					     const struct sk_buff *skb, u8 family)
{
	return cfr_config_maybe_relay(cfg, cfr_packet_dst(skb->data, family),
				      family);
}

static bool is_icmp(const struct sk_buff *skb, u8 family)
{
	const struct iphdr *iph = (const void *)skb->data;
	const struct ipv6hdr *ip6h = (const void *)skb->data;

	return family == NFPROTO_IPV4 ? iph->protocol == IPPROTO_ICMP :
					ip6h->nexthdr == IPPROTO_ICMPV6;
}

/* An error about a packet of a live flow belongs to the flow, marked or not:
 * conntrack, which never saw the flow, would call it INVALID.
 */
static bool error_of_flow(struct cfr_net *cn, struct sk_buff *skb, u8 family)
{
	struct cfr_packet pkt;
	bool ours;

	cfr_packet_parse(skb, family, &pkt);
	ours = cfr_icmp_about_flow(cn, skb, &pkt);
	cfr_packet_wipe(&pkt);
	return ours;
}

/* What a policy's customer sends to be relayed is not conntrack's. The kernel's
 * own error about it would take a source route back, to whomever that names.
 */
static __always_inline unsigned int early_customer(struct cfr_net *cn,
						   const struct cfr_config *cfg,
						   struct sk_buff *skb,
						   u8 family)
{
	if (!cfr_config_policy(cfg, skb->mark) ||
	    dest_space(cfg, skb, family) == CFR_SPACE_BYPASS)
		return NF_ACCEPT;
	if (family == NFPROTO_IPV4 && unlikely(*skb->data != 0x45) &&
	    cfr_packet_source_route(skb))
		return cfr_drop(cn, CFR_STAT_ip_options);
	cfr_untrack(skb);
	return NF_ACCEPT;
}

static noinline unsigned int early_icmp(struct cfr_net *cn,
					const struct cfr_config *cfg,
					struct sk_buff *skb, u8 family)
{
	if (!error_of_flow(cn, skb, family))
		return early_customer(cn, cfg, skb, family);
	claim(skb, family);
	return NF_ACCEPT;
}

static __always_inline unsigned int early_other(struct cfr_net *cn,
						const struct cfr_config *cfg,
						struct sk_buff *skb, u8 family)
{
	if (unlikely(is_icmp(skb, family)))
		return early_icmp(cn, cfg, skb, family);
	return early_customer(cn, cfg, skb, family);
}

/* From or to an address that may be a relay's */
static __always_inline unsigned int early_relay(struct cfr_net *cn,
						const struct cfr_config *cfg,
						struct sk_buff *skb, u8 family)
{
	if (unlikely(source_relay(cfg, skb, family)))
		return cfr_drop(cn, CFR_STAT_src_in_pool);
	switch (dest_space(cfg, skb, family)) {
	case CFR_SPACE_POOL:
		return family == NFPROTO_IPV4 ? cfr_inbound4(cn, cfg, skb) :
						cfr_inbound6(cn, cfg, skb);
	case CFR_SPACE_RETIRED:
		return cfr_drop(cn, CFR_STAT_in_retired);
	default:
		return early_other(cn, cfg, skb, family);
	}
}

static noinline unsigned int early_relay4(struct cfr_net *cn,
					  const struct cfr_config *cfg,
					  struct sk_buff *skb)
{
	return early_relay(cn, cfg, skb, NFPROTO_IPV4);
}

static noinline unsigned int early_relay6(struct cfr_net *cn,
					  const struct cfr_config *cfg,
					  struct sk_buff *skb)
{
	return early_relay(cn, cfg, skb, NFPROTO_IPV6);
}

/* What most packets of customers take calls nothing, and saves no register. */
static __always_inline unsigned int prerouting(struct cfr_net *cn,
					       struct sk_buff *skb, u8 family)
{
	const struct cfr_config *cfg = rcu_dereference(cn->config);

	if (!cfg)
		return NF_ACCEPT;
	if (source_maybe_relay(cfg, skb, family) ||
	    dest_maybe_relay(cfg, skb, family))
		return family == NFPROTO_IPV4 ? early_relay4(cn, cfg, skb) :
						early_relay6(cn, cfg, skb);
	return early_other(cn, cfg, skb, family);
}

static unsigned int cfr_hook_prerouting4(void *priv, struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	return prerouting(priv, skb, NFPROTO_IPV4);
}

static unsigned int cfr_hook_prerouting6(void *priv, struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	return prerouting(priv, skb, NFPROTO_IPV6);
}

/* The relay's own errors about packets that had left POST_ROUTING are addressed
 * to the pool address which those have as their source.
 */
static unsigned int own_to_pool(struct cfr_net *cn, const struct cfr_config *cfg,
				struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	enum cfr_stat why = CFR_STAT_to_pool;
	struct cfr_packet pkt;
	bool done;
	int err;

	cfr_packet_parse(skb, state->pf, &pkt);
	done = pkt.kind == CFR_KIND_ERROR &&
	       cfr_inbound_error(cn, cfg, skb, &pkt, &why);
	cfr_packet_wipe(&pkt);
	if (!done)
		return cfr_drop(cn, why);
	if (state->pf == NFPROTO_IPV4)
		err = ip_route_me_harder(state->net, state->sk, skb, RTN_UNSPEC);
	else
		err = ip6_route_me_harder(state->net, state->sk, skb);
	return err ? cfr_drop(cn, CFR_STAT_no_route) : NF_ACCEPT;
}

/* What belongs to a live flow does so without a mark as well: the kernel's own
 * resets and errors have none, and may have a customer as their source.
 */
static bool own_is_ours(struct cfr_net *cn, const struct cfr_config *cfg,
			struct sk_buff *skb, const struct cfr_packet *pkt)
{
	struct cfr_key key;

	cfr_flow_key_of(&key, CFR_OUT, skb, pkt);
	if ((cfr_packet_relayable(pkt) && cfr_flow_find(cn, &key)) ||
	    (cfr_packet_resets(pkt) && cfr_endpoint_reached(cn, &key)) ||
	    cfr_icmp_about_flow(cn, skb, pkt))
		return true;
	return cfr_config_policy(cfg, skb->mark) &&
	       dest_space(cfg, skb, pkt->family) != CFR_SPACE_BYPASS &&
	       cfr_own_claimed(skb, pkt);
}

/* The host's advice on a better way quotes what was rewritten already, towards
 * whoever sent it.
 */
static bool is_redirect(const struct sk_buff *skb, u8 family)
{
	bool v4 = family == NFPROTO_IPV4;
	u8 buffer;
	const u8 *type;

	if (!is_icmp(skb, family))
		return false;
	type = skb_header_pointer(skb, v4 ? ip_hdrlen(skb) : sizeof(struct ipv6hdr),
				  sizeof(buffer), &buffer);
	return type && *type == (v4 ? ICMP_REDIRECT : NDISC_REDIRECT);
}

static unsigned int cfr_hook_local_out(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	struct cfr_net *cn = priv;
	const struct cfr_config *cfg = rcu_dereference(cn->config);
	struct cfr_packet pkt;
	u8 family = state->pf;

	if (!cfg)
		return NF_ACCEPT;
	if (unlikely(source_relay(cfg, skb, family)))
		return cfr_drop(cn, CFR_STAT_src_in_pool);
	if (unlikely(is_redirect(skb, family)))
		return cfr_drop(cn, CFR_STAT_redirect);
	if (dest_maybe_relay(cfg, skb, family) &&
	    relay_space(dest_space(cfg, skb, family)))
		return own_to_pool(cn, cfg, skb, state);
	if (!cfr_lookup_any(cn) && !cfr_config_policy(cfg, skb->mark))
		return NF_ACCEPT;
	cfr_packet_parse(skb, family, &pkt);
	if (!cfr_hairpin_own(cn, skb, &pkt) && own_is_ours(cn, cfg, skb, &pkt))
		claim(skb, family);
	cfr_packet_wipe(&pkt);
	return NF_ACCEPT;
}

static unsigned int refuse(struct cfr_net *cn, struct sk_buff *skb,
			   const struct nf_hook_state *state,
			   const struct cfr_packet *pkt, enum cfr_stat why)
{
	if (why == CFR_STAT_tcp_no_flow || forwarded(skb, state))
		cfr_refuse_tell(cn, skb, state, pkt, why);
	return cfr_drop(cn, why);
}

/* A packet without a flow: NULL and a verdict, or the flow that it opens */
static struct cfr_flow *admit(struct cfr_net *cn, const struct cfr_config *cfg,
			      struct sk_buff *skb,
			      const struct nf_hook_state *state,
			      const struct cfr_packet *pkt,
			      const struct cfr_key *key, unsigned int *verdict)
{
	const struct cfr_policy *policy = cfr_config_policy(cfg, skb->mark);
	u8 family = state->pf;
	struct cfr_flow *flow;
	enum cfr_stat why;

	*verdict = NF_ACCEPT;
	if (state->out->flags & IFF_LOOPBACK)
		return NULL;
	if (!policy) {
		if (cfr_packet_unread(pkt))
			*verdict = cfr_drop(cn, pkt->why);
		else if (*cfr_flags(skb, family) & CFR_CLAIMED)
			*verdict = cfr_drop(cn, CFR_STAT_flow_gone);
		return NULL;
	}
	if (!forwarded(skb, state) && !cfr_own_claimed(skb, pkt))
		return NULL;

	switch (dest_space(cfg, skb, family)) {
	case CFR_SPACE_BYPASS:
		return NULL;
	case CFR_SPACE_REFUSE:
		*verdict = refuse(cn, skb, state, pkt, CFR_STAT_bypass_drop);
		return NULL;
	default:
		break;
	}
	why = CFR_STAT_icmp_type;
	if (pkt->kind == CFR_KIND_REFUSED)
		why = pkt->why;
	else if (pkt->kind == CFR_KIND_TCP && !cfr_packet_opens(pkt)) {
		why = CFR_STAT_tcp_no_flow;
		flow = cfr_packet_accepts(pkt) ?
		       cfr_endpoint_accept(cn, policy, key, &why) : NULL;
		if (flow)
			return flow;
	} else if (cfr_packet_relayable(pkt)) {
		flow = cfr_flow_open(cn, policy, key, &why);
		if (flow)
			return flow;
	}
	*verdict = refuse(cn, skb, state, pkt, why);
	return NULL;
}

static __always_inline unsigned int relayed_out(struct cfr_net *cn,
						const struct cfr_config *cfg,
						struct sk_buff *skb)
{
	cfr_shed(cfg, skb);
	cfr_stats_inc(cn, relayed_out);
	return NF_ACCEPT;
}

static noinline unsigned int relay_out(struct cfr_net *cn,
				       const struct cfr_config *cfg,
				       struct sk_buff *skb, u8 l4,
				       struct cfr_flow *flow)
{
	if (!cfr_rewrite_data(&cn->flows.seal, skb, l4, CFR_OUT, flow))
		return cfr_drop(cn, CFR_STAT_no_memory);
	if (flow->touch)
		cfr_normalise_out(cn, skb, l4, flow);
	return relayed_out(cn, cfg, skb);
}

static unsigned int data_to_remote(struct cfr_net *cn,
				   const struct cfr_config *cfg,
				   struct sk_buff *skb,
				   const struct nf_hook_state *state,
				   const struct cfr_packet *pkt)
{
	struct cfr_flow *flow = NULL;
	unsigned int verdict;
	struct cfr_key key;

	cfr_flow_key_of(&key, CFR_OUT, skb, pkt);
	if (cfr_packet_relayable(pkt))
		flow = cfr_flow_find(cn, &key);
	if (!flow && cfr_packet_resets(pkt)) {
		/* to a packet of no flow that had come in */
		flow = cfr_endpoint_reached(cn, &key);
		if (flow)
			return relay_out(cn, cfg, skb, pkt->l4, flow);
	}
	if (!flow) {
		flow = admit(cn, cfg, skb, state, pkt, &key, &verdict);
		if (!flow)
			return verdict;
	}
	cfr_flow_seen(&cn->flows, flow, CFR_OUT, skb, skb->data, pkt);
	return relay_out(cn, cfg, skb, pkt->l4, flow);
}

static unsigned int error_to_remote(struct cfr_net *cn,
				    const struct cfr_config *cfg,
				    struct sk_buff *skb,
				    const struct nf_hook_state *state,
				    const struct cfr_packet *pkt)
{
	enum cfr_stat why;

	switch (cfr_icmp_translate(cn, skb, pkt, CFR_OUT, &why)) {
	case CFR_ICMP_TRANSLATED:
		cfr_shed(cfg, skb);
		cfr_untrack(skb);
		cfr_stats_inc(cn, errors_out);
		return NF_ACCEPT;
	case CFR_ICMP_FAILED:
		return cfr_drop(cn, why);
	case CFR_ICMP_NO_FLOW:
		break;
	}
	if (*cfr_flags(skb, pkt->family) & CFR_CLAIMED || why == CFR_STAT_no_memory)
		return cfr_drop(cn, why);
	if (!cfr_config_policy(cfg, skb->mark) || !forwarded(skb, state) ||
	    dest_space(cfg, skb, pkt->family) == CFR_SPACE_BYPASS)
		return NF_ACCEPT;
	return cfr_drop(cn, why);
}

/* Marked, but conntrack saw it, or would have, had it been loaded */
static noinline unsigned int marked_late(struct cfr_net *cn,
					 const struct cfr_config *cfg,
					 struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	u8 family = state->pf;
	struct cfr_packet pkt;
	bool late;

	if (likely(!cfr_config_policy(cfg, skb->mark)) ||
	    state->out->flags & IFF_LOOPBACK ||
	    dest_space(cfg, skb, family) == CFR_SPACE_BYPASS)
		return NF_ACCEPT;
	if (forwarded(skb, state))
		return cfr_drop(cn, CFR_STAT_mark_too_late);
	cfr_packet_parse(skb, family, &pkt);
	late = cfr_own_claimed(skb, &pkt);
	cfr_packet_wipe(&pkt);
	return late ? cfr_drop(cn, CFR_STAT_mark_too_late) : NF_ACCEPT;
}

static noinline unsigned int out_unusual(struct cfr_net *cn,
					 const struct cfr_config *cfg,
					 struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	struct cfr_packet pkt;
	unsigned int verdict;

	cfr_packet_parse(skb, state->pf, &pkt);
	if (pkt.kind == CFR_KIND_ERROR)
		verdict = error_to_remote(cn, cfg, skb, state, &pkt);
	else
		verdict = data_to_remote(cn, cfg, skb, state, &pkt);
	cfr_packet_wipe(&pkt);
	return verdict;
}

static __always_inline unsigned int postrouting(struct cfr_net *cn,
						struct sk_buff *skb,
						const struct nf_hook_state *state,
						u8 family)
{
	const struct cfr_config *cfg = rcu_dereference(cn->config);
	u8 *l3 = skb->data;
	struct cfr_packet pkt;
	struct cfr_flow *flow;

	if (unlikely(!cfg))
		return NF_ACCEPT;
	if (!untracked(skb))
		return marked_late(cn, cfg, skb, state);
	if (*cfr_flags(skb, family) & CFR_TRANSLATED) {
		if (likely(!(*cfr_flags(skb, family) & CFR_HAIRPIN)))
			return NF_ACCEPT;
		return cfr_hairpin_out(cn, cfg, skb, family);
	}
	if (unlikely(cfr_flow_sealing(&cn->flows)))
		return out_unusual(cn, cfg, skb, state);
	flow = cfr_lookup_plain(cn, skb, family, CFR_OUT, &pkt);
	if (unlikely(!flow))
		return out_unusual(cn, cfg, skb, state);
	cfr_flow_seen(&cn->flows, flow, CFR_OUT, skb, l3, &pkt);
	if (flow->special || unlikely(!cfr_rewrite_alone(skb)))
		return relay_out(cn, cfg, skb, pkt.l4, flow);
	cfr_rewrite_plain(skb, l3, &pkt, CFR_OUT, flow);
	return relayed_out(cn, cfg, skb);
}

static unsigned int cfr_hook_postrouting4(void *priv, struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	return postrouting(priv, skb, state, NFPROTO_IPV4);
}

static unsigned int cfr_hook_postrouting6(void *priv, struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	return postrouting(priv, skb, state, NFPROTO_IPV6);
}

#define HOOK(function, family, number, order) {	\
	.hook		= function,		\
	.pf		= family,		\
	.hooknum	= number,		\
	.priority	= order,		\
}

static const struct nf_hook_ops hooks[CFR_HOOKS] = {
	HOOK(cfr_hook_prerouting4, NFPROTO_IPV4, NF_INET_PRE_ROUTING, PRIORITY_EARLY),
	HOOK(cfr_hook_local_out, NFPROTO_IPV4, NF_INET_LOCAL_OUT, PRIORITY_EARLY),
	HOOK(cfr_hook_postrouting4, NFPROTO_IPV4, NF_INET_POST_ROUTING, PRIORITY_LATE),
	HOOK(cfr_hook_prerouting6, NFPROTO_IPV6, NF_INET_PRE_ROUTING, PRIORITY_EARLY),
	HOOK(cfr_hook_local_out, NFPROTO_IPV6, NF_INET_LOCAL_OUT, PRIORITY_EARLY),
	HOOK(cfr_hook_postrouting6, NFPROTO_IPV6, NF_INET_POST_ROUTING, PRIORITY_LATE),
};

/**
 * cfr_hook_register() - begin to see packets
 * @cn: the namespace, its configuration published
 *
 * Context: process, config_mutex held. Return: 0 or -errno.
 */
int cfr_hook_register(struct cfr_net *cn)
{
	unsigned int i;
	int err;

	memcpy(cn->hooks, hooks, sizeof(hooks));
	for (i = 0; i < CFR_HOOKS; i++)
		cn->hooks[i].priv = cn;
	err = nf_defrag_ipv4_enable(cn->net);
	if (err)
		return err;
	err = nf_defrag_ipv6_enable(cn->net);
	if (err)
		goto err_disable_defrag4;
	err = nf_register_net_hooks(cn->net, cn->hooks, CFR_HOOKS);
	if (err)
		goto err_disable_defrag6;
	return 0;

err_disable_defrag6:
	nf_defrag_ipv6_disable(cn->net);
err_disable_defrag4:
	nf_defrag_ipv4_disable(cn->net);
	return err;
}

/**
 * cfr_hook_unregister() - see no packets any more
 * @cn: the namespace
 *
 * Context: process, config_mutex held. Packets may be inside the hooks until
 * the next grace period has passed.
 */
void cfr_hook_unregister(struct cfr_net *cn)
{
	nf_unregister_net_hooks(cn->net, cn->hooks, CFR_HOOKS);
	nf_defrag_ipv6_disable(cn->net);
	nf_defrag_ipv4_disable(cn->net);
}
