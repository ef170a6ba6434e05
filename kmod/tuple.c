// SPDX-License-Identifier: GPL-2.0
/* To insert a flow's relay node is to take its tuple: there is no other record
 * of what is free. What has just been sought in vain is not sought again at once.
 */

#include "table.h"
#include "tuple.h"

#define DRAWS_MAX		1024
#define WALK_MAX		65536	/* tuples of one IPv4 address */
#define EXHAUSTED_JIFFIES	(HZ / 10)

/* Which slot remembers that a policy had no free tuple towards a remote, at the
 * address of the pairing, if there is one
 */
static u64 *exhausted_slot(struct cfr_net *cn, u32 policy,
			   const struct cfr_key *key,
			   const struct cfr_egress *egress, u32 *tag)
{
	bool v4 = key->family == NFPROTO_IPV4;
	u32 far = v4 ? (__force u32)key->far->ip : ipv6_addr_hash(&key->far->in6);
	u32 near = v4 ? (__force u32)egress->addr.ip :
			ipv6_addr_hash(&egress->addr.in6);
	u32 hash = hsiphash_4u32(policy, far, near,
				 (u32)(__force u16)key->far_port << 8 |
				 key->proto, &cn->flows.hash_key);

	*tag = hash;
	return &cn->flows.exhausted[hash % CFR_EXHAUSTED_SLOTS];
}

/**
 * cfr_tuple_exhausted() - was there no free tuple just now?
 * @cn: the namespace
 * @policy: id of the policy that it is for
 * @key: CFR_OUT, of the mapping that wants one
 * @egress: where it would be from
 */
bool cfr_tuple_exhausted(struct cfr_net *cn, u32 policy,
			 const struct cfr_key *key,
			 const struct cfr_egress *egress)
{
	u32 tag;
	u64 seen = READ_ONCE(*exhausted_slot(cn, policy, key, egress, &tag));

	return seen && seen >> 32 == tag &&
	       (u32)jiffies - (u32)seen < EXHAUSTED_JIFFIES;
}

static void note_exhausted(struct cfr_net *cn, u32 policy,
			   const struct cfr_key *key,
			   const struct cfr_egress *egress)
{
	u32 tag;
	u64 *slot = exhausted_slot(cn, policy, key, egress, &tag);

	WRITE_ONCE(*slot, (u64)tag << 32 | (u32)jiffies);
}

static void set_relay(struct cfr_flow *flow, const struct cfr_key *key)
{
	flow->node[CFR_IN].hash = key->hash;
	flow->relay_port = key->near_port;
	if (flow->family == NFPROTO_IPV4) {
		flow->v4.relay = key->near->ip;
	} else {
		flow->v6.relay = key->near->in6;
		flow->v6.delta = cfr_flow_delta6(flow);
	}
}

/* Unless somebody has it. Return: 0, -EEXIST or what went wrong. */
static int insert(struct cfr_net *cn, struct cfr_flow *flow, struct cfr_key *key)
{
	struct cfr_node *first;

	if (cfr_table_get(cn, key))
		return -EEXIST;
	set_relay(flow, key);
	first = cfr_table_insert(cn, key, &flow->node[CFR_IN]);
	if (likely(!first))
		return 0;
	return IS_ERR(first) ? PTR_ERR(first) : -EEXIST;
}

/* Draw until a free tuple was inserted. Rejection leaves the result uniform over
 * what is free and needs no record of it.
 */
static int insert_drawn(struct cfr_net *cn, const struct cfr_egress *egress,
			struct cfr_flow *flow, struct cfr_key *key,
			union nf_inet_addr *relay, u32 *draws)
{
	int err = -EEXIST;

	while (*draws < DRAWS_MAX && err == -EEXIST) {
		++*draws;
		cfr_egress_draw(egress, relay, &key->near_port);
		err = insert(cn, flow, key);
	}
	return err;
}

/* Nearly all are taken: look at each */
static int insert_last(struct cfr_net *cn, const struct cfr_egress *egress,
		       struct cfr_flow *flow, struct cfr_key *key,
		       union nf_inet_addr *relay, u32 *draws)
{
	struct cfr_walk walk;
	int err = -EEXIST;
	u32 end;

	if (cfr_egress_count(egress) > WALK_MAX)
		return err;
	cfr_egress_walk(egress, &walk);
	for (end = *draws + walk.count; *draws < end && err == -EEXIST; ++*draws) {
		cfr_egress_nth(egress, walk.n, relay, &key->near_port);
		err = insert(cn, flow, key);
		cfr_egress_walk_on(&walk);
	}
	return err;
}

/**
 * cfr_tuple_take() - give a mapping a relay tuple of its own
 * @cn: the namespace
 * @egress: where from
 * @flow: has everything else; its relay's node is in the table then
 * @customer: its key, CFR_OUT
 *
 * Return: 0, 1 where it has one but few are left (see entropy.c), -EEXIST where none
 * was found, or as rhashtable says it.
 */
int cfr_tuple_take(struct cfr_net *cn, const struct cfr_egress *egress,
		   struct cfr_flow *flow, const struct cfr_key *customer)
{
	struct cfr_key key = *customer;
	union nf_inet_addr relay;
	u32 draws = 0;
	int err;

	key.dir |= CFR_IN;
	key.near = &relay;
	err = insert_drawn(cn, egress, flow, &key, &relay, &draws);
	if (err == -EEXIST)
		err = insert_last(cn, egress, flow, &key, &relay, &draws);
	if (err == -EEXIST)
		note_exhausted(cn, flow->policy, customer, egress);
	if (err || egress->echo)	/* whose ids are others */
		return err;
	return cfr_entropy_drawn(egress->spans->entropy, draws);
}
