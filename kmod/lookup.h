/* SPDX-License-Identifier: GPL-2.0 */
/* The one table's hash and comparison, inlined into whoever looks up: a key
 * whose family and direction the caller knows costs no more than its own.
 */
#ifndef _CFR_LOOKUP_H
#define _CFR_LOOKUP_H

#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <net/ipv6.h>

#include "flow.h"
#include "net.h"

static inline u32 cfr_lookup_obj_hashfn(const void *data, u32 len, u32 seed)
{
	const struct cfr_node *node = data;

	return node->hash ^ seed;
}

static __always_inline bool cfr_lookup_same4(const struct cfr_flow *flow,
					     const struct cfr_key *key)
{
	__be32 near = key->dir & CFR_IN ? flow->v4.relay : flow->v4.customer;

	return (key->sealed || near == key->near->ip) &&
	       flow->v4.remote == key->far->ip;
}

static __always_inline bool cfr_lookup_same6(const struct cfr_flow *flow,
					     const struct cfr_key *key)
{
	const struct in6_addr *near;

	near = key->dir & CFR_IN ? &flow->v6.relay : &flow->v6.customer;
	return (key->sealed || ipv6_addr_equal(near, &key->near->in6)) &&
	       ipv6_addr_equal(&flow->v6.remote, &key->far->in6);
}

/* Is it this node that the key is for? */
static __always_inline bool cfr_lookup_same(const struct cfr_node *node,
					    const struct cfr_key *key)
{
	const struct cfr_flow *flow;
	__be16 near_port;

	if (node->dir != key->dir)
		return false;
	flow = container_of(node, struct cfr_flow, node[key->dir & CFR_IN]);
	near_port = key->dir & CFR_IN ? flow->relay_port : flow->customer_port;
	if (key->sealed ? !flow->sealed || flow->check != key->check :
			  near_port != key->near_port)
		return false;
	if (flow->remote_port != key->far_port ||
	    flow->proto != key->proto || flow->family != key->family)
		return false;
	if (key->dir == (CFR_OUT | CFR_LEVEL_BINDING) &&
	    flow->policy != key->policy)
		return false;
	return key->family == NFPROTO_IPV4 ? cfr_lookup_same4(flow, key) :
					     cfr_lookup_same6(flow, key);
}

/* The table by nothing but the hash, whose address rhashtable takes; a whole
 * key's would have it kept in memory. For the table by its keys see flow.c.
 */
static inline u32 cfr_lookup_hashfn(const void *data, u32 len, u32 seed)
{
	return *(const u32 *)data ^ seed;
}

static inline int cfr_lookup_cmp(struct rhashtable_compare_arg *arg,
				 const void *obj)
{
	const struct cfr_node *node = obj;

	return node->hash != *(const u32 *)arg->key;
}

static const struct rhashtable_params cfr_lookup_params = {
	.head_offset = offsetof(struct cfr_node, head),
	.hashfn = cfr_lookup_hashfn,
	.obj_hashfn = cfr_lookup_obj_hashfn,
	.obj_cmpfn = cfr_lookup_cmp,
	.automatic_shrinking = true,
};

/* One word less to hash; the few keys that share it differ in their ports. */
static __always_inline u32 cfr_lookup_tail(const struct cfr_key *key)
{
	return ((u32)(__force u16)key->near_port << 16 |
		(__force u16)key->far_port) ^ (key->proto << 8 | key->dir);
}

/* Multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is
 * fast", 2014): any two keys that somebody chose without seeing a result fold
 * alike with a chance of 2^-32.
 */
static __always_inline u32 cfr_lookup_fold(const struct cfr_key *key,
					   const u64 random[10])
{
	const u32 *near = key->near->all, *far = key->far->all;
	u64 sum = random[0] + random[1] * cfr_lookup_tail(key);

	sum += random[2] * near[0] + random[6] * far[0];
	if (key->family == NFPROTO_IPV6) {
		sum += random[3] * near[1] + random[7] * far[1];
		sum += random[4] * near[2] + random[8] * far[2];
		sum += random[5] * near[3] + random[9] * far[3];
	}
	return sum >> 32;
}

/* Addresses and ports are chosen by customers and by remotes, so the hash is
 * keyed: SipHash-1-3, or HalfSipHash-1-3 on 32 bits. A key is folded into 32 bits
 * first. Two keys fold alike no more often than two hashes of 32 bits are alike,
 * which they would be anyway; and nobody ever sees what they fold into, since
 * SipHash comes after it: all there is to see, from afar, is the time that a
 * bucket takes in which two keys met, and they meet in buckets a thousand times
 * more often than in folds.
 */
static __always_inline u32 cfr_lookup_hash(const struct cfr_flow_table *flows,
					   const struct cfr_key *key)
{
	return hsiphash_1u32(cfr_lookup_fold(key, flows->fold_key),
			     &flows->hash_key);
}

/* Is there any flow, in whatever state? */
static inline bool cfr_lookup_any(const struct cfr_net *cn)
{
	return atomic_read(&cn->flows.count);
}

/**
 * cfr_lookup() - the live flow of a key, with as little as that takes
 * @cn: the namespace
 * @key: its hash need not be set
 *
 * Context: RCU read side. Return: NULL also for a flow that is overdue, but not
 * yet ended, for one that another's hash hides, and for a customer's that is sealed:
 * cfr_flow_find() knows.
 */
static __always_inline struct cfr_flow *cfr_lookup(struct cfr_net *cn,
						   const struct cfr_key *key)
{
	u32 hash = cfr_lookup_hash(&cn->flows, key);
	struct cfr_node *node;
	struct cfr_flow *flow;

	node = rhashtable_lookup(&cn->flows.ht, &hash, cfr_lookup_params);
	if (unlikely(!node || !cfr_lookup_same(node, key)))
		return NULL;
	flow = container_of(node, struct cfr_flow, node[key->dir]);
	if (unlikely(!cfr_flow_live(flow) || cfr_flow_overdue(flow)))
		return NULL;
	return flow;
}

/* The live flow of a plain packet, the kind that most are; or NULL, and @pkt
 * says nothing. Nothing here leaves the registers.
 */
static __always_inline struct cfr_flow *
cfr_lookup_plain(struct cfr_net *cn, const struct sk_buff *skb, u8 family,
		 enum cfr_dir dir, struct cfr_packet *pkt)
{
	struct cfr_key key;

	if (unlikely(!cfr_packet_plain(skb, family, pkt)))
		return NULL;
	cfr_flow_key_of(&key, dir, skb, pkt);
	return cfr_lookup(cn, &key);
}

#endif
