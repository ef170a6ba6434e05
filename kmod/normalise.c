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
 *
 * For TCP's header see options.c.
 */

#include <linux/net.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "net.h"
#include "normalise.h"
#include "options.h"
#include "profile.h"
#include "rewrite.h"
#include "stats.h"

#define TTL		64
#define TTL_LOW		32	/* hosts begin with more than they lose on the way to here */
#define DSCP_MASK6	htonl(0x0fc00000)
#define LABEL_BITS	20

/* What needs a flow of its own, where a mapping is shared by several */
#define STATEFUL	(CFR_TOUCH(TIMESTAMPS) | CFR_TOUCH(WINDOW) | CFR_TOUCH(ISN))

static const u16 levels[] = {
	[CFR_NORMALISE_OFF] = 0,
	[CFR_NORMALISE_SAFE] = CFR_FIELDS_SAFE,
	[CFR_NORMALISE_FULL] = CFR_FIELDS_FULL,
	[CFR_NORMALISE_UNIFORM] = CFR_FIELDS_UNIFORM,
};

/**
 * cfr_normalise_begin() - decide on what a new mapping's packets look like
 * @flow: the mapping
 * @knobs: of its policy
 */
void cfr_normalise_begin(struct cfr_flow *flow, const struct cfr_knobs *knobs)
{
	u16 touch = (levels[knobs->normalise] | knobs->touch) & ~knobs->leave;

	if (flow->proto != IPPROTO_TCP)
		touch &= ~CFR_TOUCH_TCP;
	if (cfr_flow_level(flow) != CFR_LEVEL_FLOW)
		touch &= ~STATEFUL;
	flow->touch = touch;
	if (touch & CFR_TOUCH(FLOW_LABEL) && flow->family == NFPROTO_IPV6)
		flow->v6.label = get_random_u32_below(1 << LABEL_BITS);
	if (touch & CFR_TOUCH(ISN))
		flow->isn = get_random_u32();
}

/**
 * cfr_normalise_tuple_hash() - a number that is known by relay tuple and remote
 * @flow: that has them
 *
 * Return: the same for whoever has that tuple towards that remote, until the
 * module goes.
 */
u32 cfr_normalise_tuple_hash(const struct cfr_flow *flow)
{
	static siphash_aligned_key_t key;
	struct {
		union nf_inet_addr relay;
		union nf_inet_addr remote;
		u32 ports;
	} __packed ends __aligned(SIPHASH_ALIGNMENT);

	net_get_random_once(&key, sizeof(key));
	ends.relay = cfr_flow_relay(flow).addr;
	ends.remote = cfr_flow_remote(flow).addr;
	ends.ports = (__force u32)flow->relay_port << 16 |
		     (__force u32)flow->remote_port;
	return siphash(&ends, sizeof(ends), &key);
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
	/* What GRO merged of a host that has always the same one */
	if (skb_is_gso(skb))
		skb_shinfo(skb)->gso_type &= ~SKB_GSO_TCP_FIXEDID;
}

static void network4(struct sk_buff *skb, struct iphdr *iph, u16 touch)
{
	if (touch & CFR_TOUCH(HOPS))
		iph->ttl = hops(iph->ttl);
	if (touch & CFR_TOUCH(DSCP))
		iph->tos &= INET_ECN_MASK;
	if (touch & CFR_TOUCH(ID))
		identify(skb, iph);
	ip_send_check(iph);
}

static void network6(struct ipv6hdr *ip6h, const struct cfr_flow *flow)
{
	__be32 *first = (__be32 *)ip6h;

	if (flow->touch & CFR_TOUCH(HOPS))
		ip6h->hop_limit = hops(ip6h->hop_limit);
	if (flow->touch & CFR_TOUCH(DSCP))
		*first &= ~DSCP_MASK6;
	if (flow->touch & CFR_TOUCH(FLOW_LABEL))
		*first = (*first & ~IPV6_FLOWLABEL_MASK) | htonl(flow->v6.label);
}

static void network(struct sk_buff *skb, void *l3, const struct cfr_flow *flow)
{
	if (flow->family == NFPROTO_IPV4)
		network4(skb, l3, flow->touch);
	else
		network6(l3, flow);
}

static struct tcphdr *segment(const struct sk_buff *skb, u8 l4)
{
	return (struct tcphdr *)(skb_network_header(skb) + l4);
}

static void syn(struct cfr_net *cn, struct sk_buff *skb, u8 l4,
		struct cfr_flow *flow)
{
	switch (cfr_options_syn(skb, l4, flow)) {
	case CFR_OPTIONS_SIGNED:
		cfr_stats_inc(cn, tcp_signed);
		break;
	case CFR_OPTIONS_APART:
		cfr_stats_inc(cn, syn_apart);
		break;
	case CFR_OPTIONS_PLAIN:
		break;
	}
}

/**
 * cfr_normalise_out() - make a customer's packet look like anybody's
 * @cn: the namespace
 * @skb: the packet, as cfr_rewrite_data() has left it
 * @l4: offset of its transport header
 * @flow: what it was rewritten by
 */
void cfr_normalise_out(struct cfr_net *cn, struct sk_buff *skb, u8 l4,
		       struct cfr_flow *flow)
{
	bool tcp = flow->touch & CFR_TOUCH_TCP;
	struct sk_buff *member;

	skb_forward_csum(skb);
	if (tcp && segment(skb, l4)->syn)
		syn(cn, skb, l4, flow);
	else if (tcp)
		cfr_options_out(skb, segment(skb, l4), flow);
	network(skb, skb_network_header(skb), flow);
	if (!cfr_rewrite_fraglist(skb))
		return;
	skb_walk_frags(skb, member) {
		network(member, skb_network_header(member), flow);
		if (tcp)
			cfr_options_out(member, segment(member, l4), flow);
	}
}

/**
 * cfr_normalise_in() - undo what the customer must not see, and lower an MSS
 * @skb: a remote's segment, as cfr_rewrite_data() has left it
 * @l4: offset of its header
 * @flow: what it was rewritten by
 */
void cfr_normalise_in(struct sk_buff *skb, u8 l4, struct cfr_flow *flow)
{
	struct sk_buff *member;

	skb_forward_csum(skb);
	cfr_options_in(skb, segment(skb, l4), flow);
	if (!cfr_rewrite_fraglist(skb))
		return;
	skb_walk_frags(skb, member)
		cfr_options_in(member, segment(member, l4), flow);
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
