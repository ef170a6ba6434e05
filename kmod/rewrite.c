// SPDX-License-Identifier: GPL-2.0
/* The pitfalls, all in one place:
 *
 * CHECKSUM_PARTIAL	the checksum field holds the pseudo header's sum only,
 *			so addresses change it and ports do not; unless what is
 *			partial is the packet inside a tunnel's datagram.
 * CHECKSUM_COMPLETE	skb->csum covers the bytes that change, and has to
 *			change with them where they do not balance each other.
 * UDP over IPv4	a checksum of zero means none, and stays; a computed
 *			zero is sent as 0xffff (RFC 768).
 * GSO			one header stands for all segments.
 * SKB_GSO_FRAGLIST	each member on the frag list has its own headers, which
 *			some kernels repair from the head for some protocols:
 *			all are rewritten here, so there is nothing to repair.
 * clones		shared data is copied before the first write.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "rewrite.h"

static __sum16 *checksum_of(u8 proto, u8 *l4)
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

static __wsum delta4(__be32 from, __be32 to)
{
	return csum_sub((__force __wsum)to, (__force __wsum)from);
}

static __wsum delta2(__be16 from, __be16 to)
{
	return csum_sub((__force __wsum)(__force u16)to,
			(__force __wsum)(__force u16)from);
}

/* Is it this header's checksum that the device will complete? */
static __always_inline bool partial(const struct sk_buff *skb, const void *l4)
{
	if (likely(skb->ip_summed != CHECKSUM_PARTIAL))
		return false;
	return skb_checksum_start(skb) == (const unsigned char *)l4 ||
	       (skb_is_gso(skb) &&
		skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM);
}

/* @pseudo is what changes in the pseudo header, @header in the transport
 * header, of which CHECKSUM_PARTIAL's sum knows nothing yet. skb->csum covers
 * the network header too: IPv4's has a checksum that balanced its address
 * already, IPv6's address balances the transport checksum.
 */
static __always_inline void fix_sum(struct sk_buff *skb, const void *l4,
				    __sum16 *check, bool v4, __wsum pseudo,
				    __wsum header)
{
	if (unlikely(partial(skb, l4))) {
		*check = ~csum_fold(csum_add(csum_unfold(*check), pseudo));
		return;
	}
	if (v4 && unlikely(skb->ip_summed == CHECKSUM_COMPLETE))
		skb->csum = ~csum_add(pseudo, ~skb->csum);
	csum_replace_by_diff(check, csum_add(pseudo, header));
}

static __always_inline void fix_udp(struct sk_buff *skb, struct udphdr *uh,
				    bool v4, __wsum pseudo, __wsum header)
{
	if (likely(uh->check) || partial(skb, uh)) {
		fix_sum(skb, uh, &uh->check, v4, pseudo, header);
		if (unlikely(!uh->check) && !partial(skb, uh))
			uh->check = CSUM_MANGLED_0;
	} else if (skb->ip_summed == CHECKSUM_COMPLETE) {
		/* nothing in the packet balances what changes */
		skb->csum = csum_add(skb->csum, v4 ? header :
				     csum_add(pseudo, header));
	}
}

static __always_inline void fix_l4(struct sk_buff *skb, u8 proto, u8 *l4,
				   enum cfr_dir dir, bool v4, __wsum pseudo,
				   __be16 to)
{
	struct udphdr *uh = (struct udphdr *)l4;
	struct icmphdr *ih = (struct icmphdr *)l4;
	/* TCP's ports are where UDP's are */
	__be16 *port = dir == CFR_OUT ? &uh->source : &uh->dest;

	if (proto == IPPROTO_TCP) {
		fix_sum(skb, l4, &((struct tcphdr *)l4)->check, v4, pseudo,
			delta2(*port, to));
	} else if (proto == IPPROTO_UDP) {
		fix_udp(skb, uh, v4, pseudo, delta2(*port, to));
	} else {
		port = &ih->un.echo.id;
		fix_sum(skb, l4, &ih->checksum, v4, v4 ? 0 : pseudo,
			delta2(*port, to));
	}
	*port = to;
}

static __always_inline void one4(struct sk_buff *skb, struct iphdr *iph, u8 *l4,
				 enum cfr_dir dir, const struct cfr_flow *flow)
{
	bool out = dir == CFR_OUT;
	__be32 *addr = out ? &iph->saddr : &iph->daddr;
	__be32 to = out ? flow->v4.relay : flow->v4.customer;
	__wsum delta = delta4(*addr, to);

	csum_replace_by_diff(&iph->check, delta);
	*addr = to;
	fix_l4(skb, flow->proto, l4, dir, true, delta,
	       out ? flow->relay_port : flow->customer_port);
}

static __always_inline void one6(struct sk_buff *skb, struct ipv6hdr *ip6h,
				 u8 *l4, enum cfr_dir dir,
				 const struct cfr_flow *flow)
{
	bool out = dir == CFR_OUT;
	struct in6_addr *addr = out ? &ip6h->saddr : &ip6h->daddr;
	const struct in6_addr *to = out ? &flow->v6.relay : &flow->v6.customer;
	__wsum delta = 0;
	unsigned int i;

	for (i = 0; i < 4; i++)
		delta = csum_add(delta, delta4(addr->s6_addr32[i],
					       to->s6_addr32[i]));
	*addr = *to;
	fix_l4(skb, flow->proto, l4, dir, false, delta,
	       out ? flow->relay_port : flow->customer_port);
}

static __always_inline void one(struct sk_buff *skb, u8 *l3, u8 l4,
				enum cfr_dir dir, const struct cfr_flow *flow)
{
	if (flow->family == NFPROTO_IPV4)
		one4(skb, (struct iphdr *)l3, l3 + l4, dir, flow);
	else
		one6(skb, (struct ipv6hdr *)l3, l3 + l4, dir, flow);
}

/* Members are parsed by nobody but GRO, which merged them since their headers
 * are alike. skb_cow_data() unshares the whole list at once.
 */
static noinline bool members_writable(struct sk_buff *skb)
{
	struct sk_buff *member;
	struct sk_buff *trailer;
	bool shared = skb_cloned(skb);

	skb_walk_frags(skb, member)
		shared |= skb_cloned(member) || skb_shared(member);
	return !shared || skb_cow_data(skb, 0, &trailer) >= 0;
}

static bool is_fraglist(const struct sk_buff *skb)
{
	return skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST;
}

static unsigned int header_len(const struct cfr_packet *pkt)
{
	switch (pkt->kind) {
	case CFR_KIND_TCP:
		return pkt->l4 + sizeof(struct tcphdr);
	default:
		return pkt->l4 + sizeof(struct udphdr);
	}
}

static noinline void rewrite_members(struct sk_buff *skb, u8 l4,
				     enum cfr_dir dir,
				     const struct cfr_flow *flow)
{
	struct sk_buff *member;

	skb_walk_frags(skb, member)
		one(member, skb_network_header(member), l4, dir, flow);
}

/**
 * cfr_rewrite_data() - rewrite one end of a TCP, UDP or echo packet
 * @skb: the packet; its head may move
 * @pkt: as parsed
 * @dir: its direction: CFR_OUT gets the relay's source, CFR_IN the customer's
 *	destination
 * @flow: that it belongs to
 *
 * Return: false, with the packet unchanged, where no writable copy of it
 * could be had.
 */
bool cfr_rewrite_data(struct sk_buff *skb, const struct cfr_packet *pkt,
		      enum cfr_dir dir, const struct cfr_flow *flow)
{
	bool fraglist = is_fraglist(skb);

	BUILD_BUG_ON(sizeof(struct udphdr) != sizeof(struct icmphdr));
	BUILD_BUG_ON(sizeof(struct icmp6hdr) != sizeof(struct icmphdr));

	if (unlikely(fraglist) && !members_writable(skb))
		return false;
	/* parsing has pulled the headers */
	if (unlikely(skb_cloned(skb)) &&
	    skb_ensure_writable(skb, header_len(pkt)))
		return false;
	one(skb, skb_network_header(skb), pkt->l4, dir, flow);
	if (unlikely(fraglist))
		rewrite_members(skb, pkt->l4, dir, flow);
	skb_clear_hash(skb);
	return true;
}

/**
 * cfr_rewrite_outer() - rewrite one address of an ICMP error
 * @skb: the error, writable up to its transport header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @side: which address
 * @to: what to write
 *
 * The ICMP checksum is the caller's: it changes with the quote.
 */
void cfr_rewrite_outer(struct sk_buff *skb, u8 family, enum cfr_side side,
		       const struct cfr_endpoint *to)
{
	if (family == NFPROTO_IPV4) {
		struct iphdr *iph = ip_hdr(skb);
		__be32 *addr = side == CFR_SOURCE ? &iph->saddr : &iph->daddr;

		csum_replace4(&iph->check, *addr, to->addr.ip);
		*addr = to->addr.ip;
	} else {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		*(side == CFR_SOURCE ? &ip6h->saddr : &ip6h->daddr) =
			to->addr.in6;
	}
	skb_clear_hash(skb);
}

/* The quoted checksum, where the quote reaches that far and there is one */
static __sum16 *quoted_checksum(const struct sk_buff *skb,
				const struct cfr_quote *quote, u8 *l4)
{
	__sum16 *check = checksum_of(quote->tuple.proto, l4);

	if ((u8 *)(check + 1) > skb_tail_pointer(skb))
		return NULL;
	if (quote->tuple.proto == IPPROTO_UDP && !*check)
		return NULL;
	return check;
}

static void quoted_port(u8 *l4, u8 proto, enum cfr_side side, __be16 to,
			__sum16 *check)
{
	__be16 *port = &((struct udphdr *)l4)->source;

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		port = &((struct icmphdr *)l4)->un.echo.id;
	else if (side == CFR_DESTINATION)
		port = &((struct udphdr *)l4)->dest;
	if (check)
		csum_replace2(check, *port, to);
	*port = to;
}

static void quoted_addr4(struct iphdr *iph, enum cfr_side side, __be32 to,
			 __sum16 *check)
{
	__be32 *addr = side == CFR_SOURCE ? &iph->saddr : &iph->daddr;

	csum_replace4(&iph->check, *addr, to);
	if (check)
		csum_replace4(check, *addr, to);
	*addr = to;
}

static void quoted_addr6(struct ipv6hdr *ip6h, enum cfr_side side,
			 const struct in6_addr *to, __sum16 *check)
{
	struct in6_addr *addr = side == CFR_SOURCE ? &ip6h->saddr : &ip6h->daddr;
	int i;

	for (i = 0; check && i < 4; i++)
		csum_replace4(check, addr->s6_addr32[i], to->s6_addr32[i]);
	*addr = *to;
}

/**
 * cfr_rewrite_quote() - rewrite one end of the packet that an error quotes
 * @skb: the error, writable as far as its quoted transport header goes
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @quote: as parsed
 * @side: which end of the quoted packet
 * @to: what to write
 */
void cfr_rewrite_quote(struct sk_buff *skb, u8 family,
		       const struct cfr_quote *quote, enum cfr_side side,
		       const struct cfr_endpoint *to)
{
	u8 *l3 = skb->data + quote->l3;
	u8 *l4 = skb->data + quote->l4;
	__sum16 *check = quoted_checksum(skb, quote, l4);

	quoted_port(l4, quote->tuple.proto, side, to->port, check);
	if (family == NFPROTO_IPV4)
		quoted_addr4((struct iphdr *)l3, side, to->addr.ip,
			     quote->tuple.proto == IPPROTO_ICMP ? NULL : check);
	else
		quoted_addr6((struct ipv6hdr *)l3, side, &to->addr.in6, check);
}
