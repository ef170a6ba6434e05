/* SPDX-License-Identifier: GPL-2.0 */
/* An skb as a proof sees one: any length, any part of it linear, and an octet
 * behind the linear part is nobody's.
 */
#ifndef _PROVE_SKBUFF_H
#define _PROVE_SKBUFF_H

#include <linux/errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#define CHECKSUM_NONE		0
#define CHECKSUM_UNNECESSARY	1
#define CHECKSUM_COMPLETE	2
#define CHECKSUM_PARTIAL	3

#define SKB_GSO_UDP_TUNNEL_CSUM	(1 << 11)
#define SKB_GSO_FRAGLIST	(1 << 18)

bool nondet_bool(void);
unsigned int nondet_uint(void);

struct skb_shared_info {
	unsigned int gso_type;
	struct sk_buff *frag_list;
};

/**
 * struct sk_buff - what of it the module's own code touches
 * @len: octets of the packet
 * @linear: of these, those at @data
 * @data: a heap object of exactly that size, the network header first
 * @gso: one header stands for many segments
 * @cloned: somebody else has the data, too
 * @ip_summed: what a device has to do with the checksum
 * @csum: CHECKSUM_COMPLETE: the sum of all
 * @csum_start: CHECKSUM_PARTIAL: offset of where to sum from
 * @shinfo: what clones share
 * @next: in a frag list
 */
struct sk_buff {
	unsigned int len;
	unsigned int linear;
	unsigned char *data;
	bool gso;
	bool cloned;
	u8 ip_summed;
	__wsum csum;
	u16 csum_start;
	struct skb_shared_info shinfo;
	struct sk_buff *next;
};

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->linear;
}

static inline bool skb_is_nonlinear(const struct sk_buff *skb)
{
	return skb->len > skb->linear;
}

static inline unsigned char *skb_tail_pointer(const struct sk_buff *skb)
{
	return skb->data + skb_headlen(skb);
}

static inline unsigned char *skb_network_header(const struct sk_buff *skb)
{
	return skb->data;
}

static inline unsigned char *skb_checksum_start(const struct sk_buff *skb)
{
	return skb->data + skb->csum_start;
}

static inline bool skb_is_gso(const struct sk_buff *skb)
{
	return skb->gso;
}

static inline bool skb_cloned(const struct sk_buff *skb)
{
	return skb->cloned;
}

static inline bool skb_shared(const struct sk_buff *skb)
{
	return nondet_bool();
}

static inline void skb_clear_hash(struct sk_buff *skb)
{
}

#define skb_shinfo(skb)	(&(skb)->shinfo)
#define skb_walk_frags(skb, member) \
	for (member = skb_shinfo(skb)->frag_list; member; member = member->next)

/* Have @len octets linear, of which there are some already, and elsewhere */
static inline void prove_move_head(struct sk_buff *skb, unsigned int len)
{
	unsigned char *head = malloc(len);

	memcpy(head, skb->data, skb->linear);
	free(skb->data);
	skb->data = head;
	skb->linear = len;
}

/* The least that the kernel promises, and the worst that it may do: no octet
 * more than was asked for, the head always moves, and there may be no memory.
 */
static inline bool pskb_may_pull(struct sk_buff *skb, unsigned int len)
{
	if (len <= skb->linear)
		return true;
	if (len > skb->len || nondet_bool())
		return false;
	prove_move_head(skb, len);
	return true;
}

/* Nothing asks it for more than is linear. */
static inline int skb_ensure_writable(struct sk_buff *skb, unsigned int len)
{
	assert(len <= skb->linear);
	if (nondet_bool())
		return -ENOMEM;
	prove_move_head(skb, skb->linear);
	return 0;
}

static inline int skb_cow_data(struct sk_buff *skb, int tailbits,
			       struct sk_buff **trailer)
{
	if (nondet_bool())
		return -ENOMEM;
	prove_move_head(skb, skb->linear);
	return 1;
}

#endif
