// SPDX-License-Identifier: GPL-2.0
/* Operating systems, and single hosts, are told by what they put into headers. A
 * flow keeps the normalisation that it began with: a swap of the configuration
 * must not show in the middle of a connection.
 *
 * TTL		all alike; but low ones, which ask who is on the way, stay and
 *		expire. A loop ends all the same: what has a pool's source is
 *		never relayed.
 * DSCP		0; ECN's two bits are the ends' (RFC 3168).
 * IPv4 ID	of an atomic datagram it means nothing (RFC 6864 4.1): drawn, for
 *		each packet of the stack's anew, and segments count on from there.
 *		Of one that may be fragmented it must be unique, so that it is
 *		the kernel's own.
 * flow label	drawn for each flow (RFC 6437 3): routers that balance by it need it
 *		to stay.
 * urgent	a pointer without URG means nothing (RFC 9293 3.1).
 */

#include <linux/random.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "normalise.h"
#include "rewrite.h"

#define TTL		64
#define TTL_LOW		32	/* hosts begin with more than they lose on the way to here */
#define DSCP_MASK6	htonl(0x0fc00000)
#define LABEL_BITS	20

static const u16 touched[] = {
	[CFR_NORMALISE_OFF] = 0,
	[CFR_NORMALISE_SAFE] = CFR_TOUCH_TTL | CFR_TOUCH_DSCP | CFR_TOUCH_ID |
			       CFR_TOUCH_LABEL | CFR_TOUCH_URGENT,
};

/**
 * cfr_normalise_begin() - decide on what a new mapping's packets look like
 * @flow: the mapping
 * @level: enum cfr_normalise
 */
void cfr_normalise_begin(struct cfr_flow *flow, u8 level)
{
	flow->touch = touched[level];
	if (flow->touch & CFR_TOUCH_LABEL && flow->family == NFPROTO_IPV6)
		flow->label = get_random_u32_below(1 << LABEL_BITS);
}

static u8 hops(u8 ttl)
{
	return ttl > TTL_LOW ? TTL : ttl;
}

/* The network of the device that it leaves by is the namespace's. */
static void identify(struct sk_buff *skb, struct iphdr *iph)
{
	if (!(iph->frag_off & htons(IP_DF)))
		return __ip_select_ident(dev_net(skb->dev), iph,
					 skb_shinfo(skb)->gso_segs ?: 1);
	iph->id = htons(1 + get_random_u32_below(U16_MAX));
}

static void network4(struct sk_buff *skb, struct iphdr *iph, u16 touch)
{
	if (touch & CFR_TOUCH_TTL)
		iph->ttl = hops(iph->ttl);
	if (touch & CFR_TOUCH_DSCP)
		iph->tos &= INET_ECN_MASK;
	if (touch & CFR_TOUCH_ID)
		identify(skb, iph);
	ip_send_check(iph);
}

static void network6(struct ipv6hdr *ip6h, const struct cfr_flow *flow)
{
	__be32 *first = (__be32 *)ip6h;

	if (flow->touch & CFR_TOUCH_TTL)
		ip6h->hop_limit = hops(ip6h->hop_limit);
	if (flow->touch & CFR_TOUCH_DSCP)
		*first &= ~DSCP_MASK6;
	if (flow->touch & CFR_TOUCH_LABEL)
		*first = (*first & ~IPV6_FLOWLABEL_MASK) | htonl(flow->label);
}

static void network(struct sk_buff *skb, void *l3, const struct cfr_flow *flow)
{
	if (flow->family == NFPROTO_IPV4)
		network4(skb, l3, flow->touch);
	else
		network6(l3, flow);
}

static void urgent(const struct sk_buff *skb, struct tcphdr *th)
{
	if (th->urg || !th->urg_ptr)
		return;
	if (!cfr_rewrite_partial(skb, th))
		csum_replace2(&th->check, th->urg_ptr, 0);
	th->urg_ptr = 0;
}

/* One packet's headers */
static void one(struct sk_buff *skb, u8 *l3, u8 l4, const struct cfr_flow *flow)
{
	network(skb, l3, flow);
	if (flow->proto == IPPROTO_TCP && flow->touch & CFR_TOUCH_URGENT)
		urgent(skb, (struct tcphdr *)(l3 + l4));
}

/**
 * cfr_normalise_data() - make a customer's packet look like anybody's
 * @skb: the packet, rewritten: its headers are linear and writable
 * @l4: offset of its transport header
 * @flow: what it was rewritten by
 */
void cfr_normalise_data(struct sk_buff *skb, u8 l4, const struct cfr_flow *flow)
{
	struct sk_buff *member;

	skb_forward_csum(skb);
	one(skb, skb_network_header(skb), l4, flow);
	if (!cfr_rewrite_fraglist(skb))
		return;
	skb_walk_frags(skb, member)
		one(member, skb_network_header(member), l4, flow);
}

/**
 * cfr_normalise_error() - the same of an ICMP error about a flow
 * @skb: the error, translated, and its checksum no device's business
 * @flow: that it is about
 */
void cfr_normalise_error(struct sk_buff *skb, const struct cfr_flow *flow)
{
	network(skb, skb_network_header(skb), flow);
}
