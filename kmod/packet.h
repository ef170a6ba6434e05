/* SPDX-License-Identifier: GPL-2.0 */
/* From an skb to what the relay needs to know of it. */
#ifndef _CFR_PACKET_H
#define _CFR_PACKET_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/string.h>

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
 * struct cfr_tuple - who talks to whom
 * @src: address
 * @dst: address
 * @sport: port; an echo request's id
 * @dport: port; an echo reply's id
 * @proto: IPPROTO_*
 */
struct cfr_tuple {
	union nf_inet_addr src;
	union nf_inet_addr dst;
	__be16 sport;
	__be16 dport;
	u8 proto;
};

/**
 * struct cfr_key - what a flow is found by
 * @near: the customer's address (CFR_OUT) or the relay's (CFR_IN)
 * @far: the remote's address
 * @near_port: port or echo id
 * @far_port: port, 0 for echo
 * @proto: IPPROTO_*
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @dir: CFR_OUT or CFR_IN: the two cannot be mistaken for each other
 * @hash: keyed hash of all the others, set by cfr_flow_find()
 */
struct cfr_key {
	union nf_inet_addr near;
	union nf_inet_addr far;
	__be16 near_port;
	__be16 far_port;
	u8 proto;
	u8 family;
	u8 dir;
	u32 hash;
};

/* The tuple of a packet from the near end to the far end is that key. */
static_assert(offsetof(struct cfr_key, near) == offsetof(struct cfr_tuple, src));
static_assert(offsetof(struct cfr_key, far) == offsetof(struct cfr_tuple, dst));
static_assert(offsetof(struct cfr_key, near_port) ==
	      offsetof(struct cfr_tuple, sport));
static_assert(offsetof(struct cfr_key, far_port) ==
	      offsetof(struct cfr_tuple, dport));
static_assert(offsetof(struct cfr_key, proto) ==
	      offsetof(struct cfr_tuple, proto));

/**
 * struct cfr_packet - what was read of one skb
 * @tuple: for CFR_KIND_ERROR without ports
 * @key: the same, as the key of a packet that goes out
 * @l4: offset of the transport header
 * @kind: decides which other members are set
 * @tcp_flags: octet 13 of the TCP header
 * @why: the reason of CFR_KIND_REFUSED
 *
 * Lives on the stack of one hook and is wiped before the hook returns.
 */
struct cfr_packet {
	union {
		struct cfr_tuple tuple;
		struct cfr_key key;
	};
	u8 l4;
	u8 kind;
	u8 tcp_flags;
	u8 why;
};

/**
 * struct cfr_quote - the packet that an ICMP error quotes
 * @tuple: of that packet, as the reporter saw it
 * @l3: offset of its network header
 * @l4: offset of its transport header, of which at least 8 octets are there
 * @damaged: a checksum is wrong, or there is too little to read
 */
struct cfr_quote {
	struct cfr_tuple tuple;
	u16 l3;
	u16 l4;
	bool damaged;
};

#define CFR_TCP_FIN	0x01
#define CFR_TCP_SYN	0x02
#define CFR_TCP_RST	0x04
#define CFR_TCP_ACK	0x10

void cfr_packet_parse(struct sk_buff *skb, u8 family, struct cfr_packet *pkt);
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

static inline void cfr_packet_wipe(struct cfr_packet *pkt)
{
	memzero_explicit(pkt, sizeof(*pkt));
}

#endif
