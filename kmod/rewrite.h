/* SPDX-License-Identifier: GPL-2.0 */
/* Changing bytes: addresses, ports, ids and the checksums over them. */
#ifndef _CFR_REWRITE_H
#define _CFR_REWRITE_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "flow.h"

/* Each member has headers of its own. */
static inline bool cfr_rewrite_fraglist(const struct sk_buff *skb)
{
	return skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST;
}

/* Which end of a packet is rewritten */
enum cfr_side {
	CFR_SOURCE,
	CFR_DESTINATION,
};

bool cfr_rewrite_summed(struct sk_buff *skb, u8 proto, u8 *l4, bool v4,
			__wsum all, __wsum port);

static __always_inline __sum16 *cfr_rewrite_check(u8 proto, u8 *l4)
{
	switch (proto) {
	case IPPROTO_TCP:
		return &((struct tcphdr *)l4)->check;
	case IPPROTO_UDP:
		return &((struct udphdr *)l4)->check;
	default:
		return &((struct icmphdr *)l4)->checksum;
	}
}

static __always_inline __be16 *cfr_rewrite_port(u8 proto, u8 *l4, enum cfr_dir dir)
{
	struct udphdr *uh = (struct udphdr *)l4;

	/* TCP's ports are where UDP's are */
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP)
		return dir == CFR_OUT ? &uh->source : &uh->dest;
	return &((struct icmphdr *)l4)->un.echo.id;
}

/* @all is what changes of what the checksum covers */
static __always_inline void cfr_rewrite_l4(struct sk_buff *skb, u8 proto, u8 *l4,
					   __be16 *port, __be16 to, bool v4,
					   __wsum all)
{
	__sum16 *check = cfr_rewrite_check(proto, l4);
	bool udp = proto == IPPROTO_UDP, summed;

	/* or CHECKSUM_PARTIAL, which has that bit, too */
	summed = unlikely(skb->ip_summed & CHECKSUM_COMPLETE) &&
		 cfr_rewrite_summed(skb, proto, l4, v4, all,
				    cfr_flow_port_delta(*port, to));
	*port = to;
	if (summed || (udp && unlikely(!*check)))
		return;
	csum_replace_by_diff(check, all);
	/* 0 is UDP's word for none, and no sum of zeros, which echoes may be */
	if (proto != IPPROTO_TCP && unlikely(!*check))
		*check = CSUM_MANGLED_0;
}

static __always_inline void cfr_rewrite_one4(struct sk_buff *skb,
					     struct iphdr *iph, u8 proto,
					     u8 *l4, enum cfr_dir dir,
					     __be32 to, __be16 port_to)
{
	__be16 *port = cfr_rewrite_port(proto, l4, dir);
	__be32 *addr = dir == CFR_OUT ? &iph->saddr : &iph->daddr;
	__wsum delta = csum_sub((__force __wsum)to, (__force __wsum)*addr);
	__wsum all = cfr_flow_port_delta(*port, port_to);

	csum_replace_by_diff(&iph->check, delta);
	*addr = to;
	/* ICMP's checksum covers no addresses */
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP)
		all = csum_add(all, delta);
	cfr_rewrite_l4(skb, proto, l4, port, port_to, true, all);
}

/* @delta: what the checksum gains by both */
static __always_inline void cfr_rewrite_one6(struct sk_buff *skb,
					     struct ipv6hdr *ip6h, u8 proto,
					     u8 *l4, enum cfr_dir dir,
					     const struct in6_addr *to,
					     __be16 port_to, __wsum delta)
{
	if (dir == CFR_OUT)
		ip6h->saddr = *to;
	else
		ip6h->daddr = *to;
	cfr_rewrite_l4(skb, proto, l4, cfr_rewrite_port(proto, l4, dir), port_to,
		       false, delta);
}

/* One packet's headers, which are linear and writable, by a flow that is not sealed */
static __always_inline void cfr_rewrite_one(struct sk_buff *skb, u8 *l3,
					    u8 family, u8 proto, u8 l4,
					    enum cfr_dir dir,
					    const struct cfr_flow *flow)
{
	bool out = dir == CFR_OUT;
	__be16 port = out ? flow->relay_port : flow->customer_port;

	if (family == NFPROTO_IPV4)
		cfr_rewrite_one4(skb, (struct iphdr *)l3, proto, l3 + l4, dir,
				 out ? flow->v4.relay : flow->v4.customer, port);
	else
		cfr_rewrite_one6(skb, (struct ipv6hdr *)l3, proto, l3 + l4, dir,
				 out ? &flow->v6.relay : &flow->v6.customer, port,
				 out ? flow->v6.delta : ~flow->v6.delta);
}

bool cfr_rewrite_partial(const struct sk_buff *skb, const void *l4);
bool cfr_rewrite_data(const struct cfr_seal *seal, struct sk_buff *skb, u8 l4,
		      enum cfr_dir dir, const struct cfr_flow *flow);

/* Is a packet nobody else's and in one piece? */
static __always_inline bool cfr_rewrite_alone(const struct sk_buff *skb)
{
	return !skb->cloned && !skb_is_nonlinear(skb);
}

/* The same of TCP and UDP, inlined for packets that are */
static __always_inline void cfr_rewrite_plain(struct sk_buff *skb, u8 *l3,
					      const struct cfr_packet *pkt,
					      enum cfr_dir dir,
					      const struct cfr_flow *flow)
{
	/* Where the protocol is known, nothing asks for it. */
	if (pkt->ports.proto == IPPROTO_TCP)
		cfr_rewrite_one(skb, l3, pkt->family, IPPROTO_TCP,
				pkt->l4, dir, flow);
	else
		cfr_rewrite_one(skb, l3, pkt->family, IPPROTO_UDP,
				pkt->l4, dir, flow);
	skb_clear_hash(skb);
}

void cfr_rewrite_outer(struct sk_buff *skb, u8 family, enum cfr_side side,
		       const struct cfr_address *to);
void cfr_rewrite_quoted_seq(struct sk_buff *skb, const struct cfr_quote *quote,
			    u32 less);
void cfr_rewrite_quote(struct sk_buff *skb, u8 family,
		       const struct cfr_quote *quote, enum cfr_side side,
		       const struct cfr_address *to);

#endif
