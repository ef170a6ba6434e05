/* SPDX-License-Identifier: GPL-2.0 */
/* From an skb to what the relay needs to know of it. */
#ifndef _CFR_PACKET_H
#define _CFR_PACKET_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "stats.h"

/* A packet as hooks see it: skb->data is at the network header. skb->len may
 * be a GSO super-packet's, whose headers stand for all its segments, except
 * with SKB_GSO_FRAGLIST, where each member keeps headers of its own (see
 * rewrite.c). The transport header need not be linear, nor is skb's transport
 * offset set in PRE_ROUTING: offsets here count from the network header.
 */

enum cfr_kind {
	CFR_KIND_REFUSED,	/* not to be relayed: struct cfr_packet.why */
	CFR_KIND_TCP,
	CFR_KIND_UDP,
	CFR_KIND_REQUEST,	/* ICMP or ICMPv6 echo request */
	CFR_KIND_REPLY,		/* ICMP or ICMPv6 echo reply */
	CFR_KIND_ERROR,		/* ICMP or ICMPv6 error */
};

/**
 * struct cfr_ports - what a transport header says of who talks to whom
 * @sport: port; an echo request's id
 * @dport: port; an echo reply's id
 * @proto: IPPROTO_*
 */
struct cfr_ports {
	__be16 sport;
	__be16 dport;
	u8 proto;
};

/**
 * struct cfr_packet - what was read of one skb
 * @ports: for CFR_KIND_ERROR the protocol only
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @l4: offset of the transport header
 * @kind: decides which other members are set
 * @tcp_flags: octet 13 of the TCP header
 * @why: the reason of CFR_KIND_REFUSED
 *
 * Addresses stay where they are: who needs one reads it in the packet, and no
 * copy of a customer's is made. The rest lives in the registers of one hook, or
 * is wiped before the hook returns.
 */
struct cfr_packet {
	struct cfr_ports ports;
	u8 family;
	u8 l4;
	u8 kind;
	u8 tcp_flags;
	u8 why;
};

/**
 * struct cfr_quote - the packet that an ICMP error quotes
 * @ports: of that packet, as the reporter saw it
 * @l3: offset of its network header
 * @l4: offset of its transport header, of which at least 8 octets are there
 * @damaged: a checksum is wrong, or there is too little to read
 * @no_memory: there may be enough to read, but no memory to do so
 */
struct cfr_quote {
	struct cfr_ports ports;
	u16 l3;
	u16 l4;
	bool damaged;
	bool no_memory;
};

#define CFR_TCP_FIN	0x01
#define CFR_TCP_SYN	0x02
#define CFR_TCP_RST	0x04
#define CFR_TCP_ACK	0x10

/* There was no memory to read it: it may be anything. */
static inline bool cfr_packet_unread(const struct cfr_packet *pkt)
{
	return pkt->kind == CFR_KIND_REFUSED && pkt->why == CFR_STAT_no_memory;
}

/* An address in a network header. Not to be kept: a packet's head may move. */
static __always_inline const union nf_inet_addr *cfr_packet_src(const void *l3,
								u8 family)
{
	return l3 + (family == NFPROTO_IPV4 ? offsetof(struct iphdr, saddr) :
					      offsetof(struct ipv6hdr, saddr));
}

static __always_inline const union nf_inet_addr *cfr_packet_dst(const void *l3,
								u8 family)
{
	return l3 + (family == NFPROTO_IPV4 ? offsetof(struct iphdr, daddr) :
					      offsetof(struct ipv6hdr, daddr));
}

/* The combinations of RFC 9293 3.10.7; ECN bits, PSH and URG say nothing about
 * a connection's state. All others are scans.
 */
static __always_inline bool cfr_packet_tcp_flags_valid(u8 flags)
{
	switch (flags & (CFR_TCP_FIN | CFR_TCP_SYN | CFR_TCP_RST | CFR_TCP_ACK)) {
	case CFR_TCP_SYN:
	case CFR_TCP_SYN | CFR_TCP_ACK:
	case CFR_TCP_ACK:
	case CFR_TCP_FIN | CFR_TCP_ACK:
	case CFR_TCP_RST:
	case CFR_TCP_RST | CFR_TCP_ACK:
		return true;
	}
	return false;
}

/* A TCP header that is linear and whole, whatever its flags */
static __always_inline bool cfr_packet_tcp(const struct sk_buff *skb,
					   struct cfr_packet *pkt)
{
	const struct tcphdr *th = (const void *)(skb->data + pkt->l4);

	if (unlikely(skb_headlen(skb) < pkt->l4 + sizeof(*th)))
		return false;
	if (unlikely(th->doff < 5 || pkt->l4 + th->doff * 4 > skb->len))
		return false;
	pkt->kind = CFR_KIND_TCP;
	pkt->ports.sport = th->source;
	pkt->ports.dport = th->dest;
	pkt->tcp_flags = ((const u8 *)th)[13];
	return true;
}

/* A UDP header that is linear, of a datagram that is whole */
static __always_inline bool cfr_packet_udp(const struct sk_buff *skb,
					   struct cfr_packet *pkt)
{
	const struct udphdr *uh = (const void *)(skb->data + pkt->l4);
	unsigned int len;

	if (unlikely(skb_headlen(skb) < pkt->l4 + sizeof(*uh)))
		return false;
	len = ntohs(uh->len);
	if (unlikely(len < sizeof(*uh) || len > skb->len - pkt->l4) &&
	    !skb_is_gso(skb))
		return false;
	pkt->kind = CFR_KIND_UDP;
	pkt->ports.sport = uh->source;
	pkt->ports.dport = uh->dest;
	return true;
}

/**
 * cfr_packet_plain() - read a packet of the kind that most are
 * @skb: the packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @pkt: filled in where true is returned
 *
 * Return: false for what is not TCP or UDP, is out of the ordinary or not
 * linear: cfr_packet_parse() knows what to make of it.
 */
static __always_inline bool cfr_packet_plain(const struct sk_buff *skb, u8 family,
					     struct cfr_packet *pkt)
{
	const struct iphdr *iph = (const void *)skb->data;
	const struct ipv6hdr *ip6h = (const void *)skb->data;

	pkt->family = family;
	if (family == NFPROTO_IPV4) {
		if (unlikely(*(const u8 *)iph != 0x45 || ip_is_fragment(iph)))
			return false;
		pkt->l4 = sizeof(*iph);
		pkt->ports.proto = iph->protocol;
	} else {
		pkt->l4 = sizeof(*ip6h);
		pkt->ports.proto = ip6h->nexthdr;
	}
	if (pkt->ports.proto == IPPROTO_TCP)
		return cfr_packet_tcp(skb, pkt) &&
		       cfr_packet_tcp_flags_valid(pkt->tcp_flags);
	return pkt->ports.proto == IPPROTO_UDP && cfr_packet_udp(skb, pkt);
}

void cfr_packet_parse(struct sk_buff *skb, u8 family, struct cfr_packet *pkt);
bool cfr_packet_source_route(const struct sk_buff *skb);
bool cfr_packet_quote(struct sk_buff *skb, const struct cfr_packet *pkt,
		      struct cfr_quote *quote);

/* May a flow carry it from a customer to a remote? */
static inline bool cfr_packet_relayable(const struct cfr_packet *pkt)
{
	return pkt->kind == CFR_KIND_TCP || pkt->kind == CFR_KIND_UDP ||
	       pkt->kind == CFR_KIND_REQUEST;
}

/* May it be the first of a flow? */
static inline bool cfr_packet_opens(const struct cfr_packet *pkt)
{
	if (pkt->kind == CFR_KIND_TCP)
		return (pkt->tcp_flags & (CFR_TCP_SYN | CFR_TCP_ACK)) ==
		       CFR_TCP_SYN;
	return cfr_packet_relayable(pkt);
}

/* Does it answer the first of somebody else's? */
static inline bool cfr_packet_accepts(const struct cfr_packet *pkt)
{
	return pkt->kind == CFR_KIND_TCP &&
	       (pkt->tcp_flags & (CFR_TCP_SYN | CFR_TCP_ACK)) ==
	       (CFR_TCP_SYN | CFR_TCP_ACK);
}

static inline bool cfr_packet_resets(const struct cfr_packet *pkt)
{
	return pkt->kind == CFR_KIND_TCP && pkt->tcp_flags & CFR_TCP_RST;
}

static inline void cfr_packet_wipe(struct cfr_packet *pkt)
{
	memzero_explicit(pkt, sizeof(*pkt));
}

#endif
