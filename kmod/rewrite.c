// SPDX-License-Identifier: GPL-2.0
/* The pitfalls, all in one place:
 *
 * CHECKSUM_PARTIAL	the checksum field holds the pseudo header's sum only,
 *			so addresses change it and ports do not: the kernel's
 *			inet_proto_csum_replace*() are told which is which.
 * CHECKSUM_COMPLETE	skb->csum covers the bytes that change: the same
 *			helpers keep it right.
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

static void swap_port(struct sk_buff *skb, __sum16 *check, __be16 *port,
		      __be16 to)
{
	inet_proto_csum_replace2(check, skb, *port, to, false);
	*port = to;
}

static void ports(struct sk_buff *skb, u8 proto, u8 *l4, enum cfr_side side,
		  __be16 to, __sum16 *check)
{
	if (proto == IPPROTO_TCP) {
		struct tcphdr *th = (struct tcphdr *)l4;

		swap_port(skb, check,
			  side == CFR_SOURCE ? &th->source : &th->dest, to);
	} else if (proto == IPPROTO_UDP) {
		struct udphdr *uh = (struct udphdr *)l4;

		swap_port(skb, check,
			  side == CFR_SOURCE ? &uh->source : &uh->dest, to);
	} else {
		struct icmphdr *ih = (struct icmphdr *)l4;

		swap_port(skb, check, &ih->un.echo.id, to);
	}
}

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

static bool no_checksum(const struct sk_buff *skb, u8 proto, __sum16 check)
{
	return proto == IPPROTO_UDP && !check &&
	       skb->ip_summed != CHECKSUM_PARTIAL;
}

static void one4(struct sk_buff *skb, struct iphdr *iph, u8 *l4,
		 enum cfr_side side, const struct cfr_endpoint *to)
{
	__be32 *addr = side == CFR_SOURCE ? &iph->saddr : &iph->daddr;
	__sum16 *check = checksum_of(iph->protocol, l4);
	__sum16 none = 0;
	bool unsummed = no_checksum(skb, iph->protocol, *check);

	if (unlikely(unsummed))
		check = &none;
	if (iph->protocol != IPPROTO_ICMP)
		inet_proto_csum_replace4(check, skb, *addr, to->addr.ip, true);
	csum_replace4(&iph->check, *addr, to->addr.ip);
	*addr = to->addr.ip;
	ports(skb, iph->protocol, l4, side, to->port, check);
	if (iph->protocol == IPPROTO_UDP && !*check && !unsummed &&
	    skb->ip_summed != CHECKSUM_PARTIAL)
		*check = CSUM_MANGLED_0;
}

static void one6(struct sk_buff *skb, struct ipv6hdr *ip6h, u8 *l4,
		 enum cfr_side side, const struct cfr_endpoint *to)
{
	struct in6_addr *addr = side == CFR_SOURCE ? &ip6h->saddr : &ip6h->daddr;
	__sum16 *check = checksum_of(ip6h->nexthdr, l4);
	__sum16 none = 0;
	bool unsummed = no_checksum(skb, ip6h->nexthdr, *check);

	if (unlikely(unsummed))
		check = &none;
	inet_proto_csum_replace16(check, skb, addr->s6_addr32,
				  to->addr.ip6, true);
	*addr = to->addr.in6;
	ports(skb, ip6h->nexthdr, l4, side, to->port, check);
	if (ip6h->nexthdr == IPPROTO_UDP && !*check && !unsummed &&
	    skb->ip_summed != CHECKSUM_PARTIAL)
		*check = CSUM_MANGLED_0;
}

static void one(struct sk_buff *skb, u8 *l3, const struct cfr_packet *pkt,
		enum cfr_side side, const struct cfr_endpoint *to)
{
	if (pkt->family == NFPROTO_IPV4)
		one4(skb, (struct iphdr *)l3, l3 + pkt->l4, side, to);
	else
		one6(skb, (struct ipv6hdr *)l3, l3 + pkt->l4, side, to);
}

/* Members are parsed by nobody but GRO, which merged them since their headers
 * are alike. skb_cow_data() unshares the whole list at once.
 */
static bool members_writable(struct sk_buff *skb)
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

/**
 * cfr_rewrite_data() - rewrite one end of a TCP, UDP or echo packet
 * @skb: the packet; its head may move
 * @pkt: as parsed
 * @side: which end
 * @to: what to write
 *
 * Return: false, with the packet unchanged, where no writable copy of it
 * could be had.
 */
bool cfr_rewrite_data(struct sk_buff *skb, const struct cfr_packet *pkt,
		      enum cfr_side side, const struct cfr_endpoint *to)
{
	struct sk_buff *member;

	BUILD_BUG_ON(sizeof(struct udphdr) != sizeof(struct icmphdr));
	BUILD_BUG_ON(sizeof(struct icmp6hdr) != sizeof(struct icmphdr));

	if (unlikely(is_fraglist(skb)) && !members_writable(skb))
		return false;
	if (unlikely(skb_ensure_writable(skb, header_len(pkt))))
		return false;
	one(skb, skb_network_header(skb), pkt, side, to);
	if (unlikely(is_fraglist(skb)))
		skb_walk_frags(skb, member)
			one(member, skb_network_header(member), pkt, side, to);
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
