/* SPDX-License-Identifier: GPL-2.0 */
/* The one table by its whole keys: who is there, who comes, who goes. */
#ifndef _CFR_TABLE_H
#define _CFR_TABLE_H

#include "lookup.h"

static inline u32 cfr_table_hash(const void *data, u32 len, u32 seed)
{
	const struct cfr_key *key = data;

	return key->hash ^ seed;
}

static inline int cfr_table_cmp(struct rhashtable_compare_arg *arg,
				const void *obj)
{
	const struct cfr_key *key = arg->key;
	const struct cfr_node *node = obj;

	return node->hash != key->hash || !cfr_lookup_same(node, key);
}

static const struct rhashtable_params cfr_table_params = {
	.head_offset = offsetof(struct cfr_node, head),
	.hashfn = cfr_table_hash,
	.obj_hashfn = cfr_lookup_obj_hashfn,
	.obj_cmpfn = cfr_table_cmp,
	.automatic_shrinking = true,
};

/* Of a customer where flows are sealed, the tag's halves */
static inline void cfr_table_set_hash(const struct cfr_flow_table *flows,
				      struct cfr_key *key)
{
	if (unlikely(cfr_flow_sealing(flows)) && !(key->dir & CFR_IN))
		return cfr_seal_key(&flows->seal, key);
	key->sealed = false;
	key->hash = cfr_lookup_hash(flows, key);
}

/* Whoever is there; sets the key's hash */
static inline struct cfr_node *cfr_table_get(struct cfr_net *cn,
					     struct cfr_key *key)
{
	cfr_table_set_hash(&cn->flows, key);
	return rhashtable_lookup(&cn->flows.ht, key, cfr_table_params);
}

/* Return: NULL if @node is in now, whoever was there before, or an ERR_PTR.
 * The key's hash is the node's.
 */
static inline struct cfr_node *cfr_table_insert(struct cfr_net *cn,
						const struct cfr_key *key,
						struct cfr_node *node)
{
	return rhashtable_lookup_get_insert_key(&cn->flows.ht, key, &node->head,
						cfr_table_params);
}

static inline void cfr_table_remove(struct cfr_net *cn, struct cfr_node *node)
{
	rhashtable_remove_fast(&cn->flows.ht, &node->head, cfr_table_params);
}

#endif
