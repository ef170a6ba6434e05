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

#include "normalise.h"
#include "rewrite.h"

/**
 * cfr_rewrite_partial() - is it this header's checksum that the device completes?
 * @skb: the packet
 * @l4: its transport header
 */
bool cfr_rewrite_partial(const struct sk_buff *skb, const void *l4)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return false;
	return skb_checksum_start(skb) == (const unsigned char *)l4 ||
	       (skb_is_gso(skb) &&
		skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM);
}

/**
 * cfr_rewrite_summed() - where a device sums: bring what it works with up to date
 * @skb: of CHECKSUM_PARTIAL or CHECKSUM_COMPLETE
 * @proto: IPPROTO_*
 * @l4: its transport header
 * @v4: it is IPv4
 * @all: what changes of what its checksum covers
 * @port: of that, what changes in the header itself, of which
 *	CHECKSUM_PARTIAL's sum knows nothing yet
 *
 * skb->csum covers the network header too: IPv4's has a checksum that balanced
 * its address already, IPv6's address balances the transport checksum.
 *
 * Return: whether the transport checksum is done with.
 */
bool cfr_rewrite_summed(struct sk_buff *skb, u8 proto, u8 *l4, bool v4,
			__wsum all, __wsum port)
{
	__sum16 *check = cfr_rewrite_check(proto, l4);
	__wsum pseudo = csum_sub(all, port);

	if (cfr_rewrite_partial(skb, l4)) {
		*check = ~csum_fold(csum_add(csum_unfold(*check), pseudo));
		return true;
	}
	if (skb->ip_summed != CHECKSUM_COMPLETE)
		return false;
	if (proto == IPPROTO_UDP && !*check)
		/* nothing in the packet balances what changes */
		skb->csum = csum_add(skb->csum, v4 ? port : all);
	else if (v4)
		skb->csum = ~csum_add(pseudo, ~skb->csum);
	return false;
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

/* How far a packet is written to: where TCP's header is normalised, so are its
 * options, and a SYN's end may move.
 */
static unsigned int written_end(const struct sk_buff *skb, u8 l4,
				const struct cfr_flow *flow)
{
	const struct tcphdr *th = (const void *)(skb->data + l4);

	if (flow->proto != IPPROTO_TCP)
		return l4 + sizeof(struct udphdr);
	if (!(flow->touch & CFR_TOUCH_TCP))
		return l4 + sizeof(*th);
	return th->syn ? skb->len : l4 + th->doff * 4;
}

static void rewrite_members(struct sk_buff *skb, u8 l4, enum cfr_dir dir,
			    const struct cfr_flow *flow)
{
	struct sk_buff *member;

	skb_walk_frags(skb, member)
		cfr_rewrite_one(member, skb_network_header(member), flow->family,
				flow->proto, l4, dir, flow);
}

/* By an address that no flow shows, nor a difference to it */
static void rewrite_to(struct sk_buff *skb, u8 l4, enum cfr_dir dir,
		       const struct cfr_flow *flow, const struct cfr_address *to)
{
	u8 *l3 = skb_network_header(skb);
	struct ipv6hdr *ip6h = (struct ipv6hdr *)l3;
	__wsum delta;

	if (flow->family == NFPROTO_IPV4)
		return cfr_rewrite_one4(skb, (struct iphdr *)l3, flow->proto,
					l3 + l4, dir, to->addr.ip, to->port);
	delta = cfr_flow_end_delta6(dir == CFR_OUT ? &ip6h->saddr : &ip6h->daddr,
				    *cfr_rewrite_port(flow->proto, l3 + l4, dir),
				    &to->addr.in6, to->port);
	cfr_rewrite_one6(skb, ip6h, flow->proto, l3 + l4, dir, &to->addr.in6,
			 to->port, delta);
}

static noinline void rewrite_sealed(const struct cfr_seal *seal,
				    struct sk_buff *skb, u8 l4, enum cfr_dir dir,
				    const struct cfr_flow *flow)
{
	struct cfr_address to = dir == CFR_OUT ? cfr_flow_relay(flow) :
						 cfr_flow_customer(seal, flow);
	struct sk_buff *member;

	rewrite_to(skb, l4, dir, flow, &to);
	if (cfr_rewrite_fraglist(skb))
		skb_walk_frags(skb, member)
			rewrite_to(member, l4, dir, flow, &to);
	memzero_explicit(&to, sizeof(to));
}

/**
 * cfr_rewrite_data() - rewrite one end of a TCP, UDP or echo packet
 * @seal: of the namespace
 * @skb: the packet; its head may move
 * @l4: offset of its transport header, which is linear
 * @dir: its direction: CFR_OUT gets the relay's source, CFR_IN the customer's
 *	destination
 * @flow: that it belongs to
 *
 * Return: false, with the packet unchanged, where no writable copy of it
 * could be had; true with all linear and writable that is normalised afterwards.
 */
bool cfr_rewrite_data(const struct cfr_seal *seal, struct sk_buff *skb, u8 l4,
		      enum cfr_dir dir, const struct cfr_flow *flow)
{
	bool fraglist = cfr_rewrite_fraglist(skb);
	unsigned int end = written_end(skb, l4, flow);

	BUILD_BUG_ON(sizeof(struct udphdr) != sizeof(struct icmphdr));
	BUILD_BUG_ON(sizeof(struct icmp6hdr) != sizeof(struct icmphdr));

	if (fraglist && !members_writable(skb))
		return false;
	if ((skb_cloned(skb) || skb_headlen(skb) < end) &&
	    skb_ensure_writable(skb, end))
		return false;
	skb_clear_hash(skb);
	if (unlikely(flow->sealed)) {
		rewrite_sealed(seal, skb, l4, dir, flow);
		return true;
	}
	cfr_rewrite_one(skb, skb_network_header(skb), flow->family, flow->proto,
			l4, dir, flow);
	if (fraglist)
		rewrite_members(skb, l4, dir, flow);
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
		       const struct cfr_address *to)
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
	__sum16 *check = cfr_rewrite_check(quote->ports.proto, l4);

	if ((u8 *)(check + 1) > skb_tail_pointer(skb))
		return NULL;
	if (quote->ports.proto == IPPROTO_UDP && !*check)
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
 * cfr_rewrite_quoted_seq() - lower the sequence number of a quoted segment
 * @skb: the error, writable as far as its quoted transport header goes
 * @quote: as parsed
 * @less: by how much
 */
void cfr_rewrite_quoted_seq(struct sk_buff *skb, const struct cfr_quote *quote,
			    u32 less)
{
	struct tcphdr *th = (struct tcphdr *)(skb->data + quote->l4);
	__sum16 *check = quoted_checksum(skb, quote, (u8 *)th);
	__be32 to = htonl(ntohl(th->seq) - less);

	if (check)
		csum_replace4(check, th->seq, to);
	th->seq = to;
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
		       const struct cfr_address *to)
{
	u8 *l3 = skb->data + quote->l3;
	u8 *l4 = skb->data + quote->l4;
	__sum16 *check = quoted_checksum(skb, quote, l4);

	quoted_port(l4, quote->ports.proto, side, to->port, check);
	if (family == NFPROTO_IPV4)
		quoted_addr4((struct iphdr *)l3, side, to->addr.ip,
			     quote->ports.proto == IPPROTO_ICMP ? NULL : check);
	else
		quoted_addr6((struct ipv6hdr *)l3, side, &to->addr.in6, check);
	if (check && !*check && quote->ports.proto == IPPROTO_UDP)
		*check = CSUM_MANGLED_0;
}
