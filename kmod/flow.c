// SPDX-License-Identifier: GPL-2.0
/* The flow table. A flow is one allocation with two nodes in one rhashtable,
 * under the customer's key and under the relay's.
 *
 * rhashtable's hash functions see no namespace, so the keyed hash is computed
 * before and carried in the key and the node; the table only mixes in its own
 * seed.
 *
 * The end of a flow is in reap.c.
 */

#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "config.h"
#include "endpoint.h"
#include "normalise.h"
#include "reap.h"
#include "stats.h"
#include "table.h"
#include "tuple.h"

static unsigned int max_flows = 1 << 20;
module_param(max_flows, uint, 0644);
MODULE_PARM_DESC(max_flows, "most flows of one network namespace, held tuples among them");

static unsigned int max_flows_total = 1 << 22;
module_param(max_flows_total, uint, 0644);
MODULE_PARM_DESC(max_flows_total, "most flows of all network namespaces together");

DEFINE_STATIC_KEY_FALSE(cfr_flow_any_sealing);

static atomic_t total = ATOMIC_INIT(0);
static enum cfr_stat shut = CFR_STAT_COUNT;	/* why none opens, or that */
static struct kmem_cache *cache4;
static struct kmem_cache *cache6;

/**
 * cfr_flow_get() - the live mapping of a key, of any level
 * @cn: the namespace
 * @key: its hash is set here
 *
 * Context: RCU read side. Return: a flow also if it is overdue.
 */
struct cfr_flow *cfr_flow_get(struct cfr_net *cn, struct cfr_key *key)
{
	struct cfr_node *node = cfr_table_get(cn, key);
	struct cfr_flow *flow;

	if (!node)
		return NULL;
	flow = cfr_flow_of(node);
	return cfr_flow_live(flow) ? flow : NULL;
}

/**
 * cfr_flow_find() - the live flow of a key
 * @cn: the namespace
 * @key: its hash is set here
 *
 * Context: RCU read side. Idle flows end for packets at the very jiffy, gc only
 * cleans up. A flow is ended by who finds it under the customer's key, which is the
 * last to be put into the table: one that is still being made is never ended.
 */
struct cfr_flow *cfr_flow_find(struct cfr_net *cn, struct cfr_key *key)
{
	struct cfr_flow *flow = cfr_flow_get(cn, key);

	if (!flow || likely(!cfr_flow_overdue(flow)))
		return flow;
	if (key->dir == CFR_OUT)
		cfr_reap_end(cn, flow, CFR_END_IDLE);
	return NULL;
}

/**
 * cfr_flow_seen_tcp() - account for a segment that may change its flow's state
 * @flows: the table that it is in
 * @flow: live
 * @dir: the segment's direction
 * @skb: the segment
 * @l4: offset of its TCP header
 */
void cfr_flow_seen_tcp(const struct cfr_flow_table *flows,
		       struct cfr_flow *flow, enum cfr_dir dir,
		       const struct sk_buff *skb, unsigned int l4)
{
	u32 state = READ_ONCE(flow->state);
	struct cfr_segment segment;
	struct cfr_tcp_step step;

	cfr_segment_read(&segment, skb, l4);
	do {
		if (state < CFR_STATE_LIVE)
			return;
		step = cfr_tcp_next(state, dir, segment.ready.flags);
		if (step.state != state &&
		    !cfr_window_believes(flow, state, dir, &segment))
			return;
	} while (step.state != state &&
		 !try_cmpxchg(&flow->state, &state, step.state));
	cfr_window_heard(flow, min(state, step.state), dir, &segment);
	if (step.refresh)
		cfr_flow_refresh(flow, cfr_flow_idle(flows, IPPROTO_TCP,
						     step.state));
}

static void count_down(struct cfr_net *cn)
{
	atomic_dec(&cn->flows.count);
	atomic_dec(&total);
}

static void free_rcu(struct rcu_head *rcu)
{
	struct cfr_flow *flow = container_of(rcu, struct cfr_flow, rcu);
	bool v4 = flow->family == NFPROTO_IPV4;

	memzero_explicit(flow, v4 ? CFR_FLOW_SIZE4 : CFR_FLOW_SIZE6);
	kmem_cache_free(v4 ? cache4 : cache6, flow);
}

/**
 * cfr_flow_release() - give up a relay tuple and the flow with it
 * @cn: the namespace
 * @flow: ended and unlinked, on no list
 */
void cfr_flow_release(struct cfr_net *cn, struct cfr_flow *flow)
{
	if (cfr_flow_has_tuple(flow))
		cfr_table_remove(cn, &flow->node[CFR_IN]);
	count_down(cn);
	call_rcu(&flow->rcu, free_rcu);
}

/**
 * cfr_flow_unlink() - take out of the table what no packet must find any more
 * @cn: the namespace
 * @flow: just ended, by the caller
 *
 * The relay's node stays where it keeps a tuple from others. Where it does not,
 * it goes first: who finds the customer's place free will want the relay's, too.
 */
void cfr_flow_unlink(struct cfr_net *cn, struct cfr_flow *flow)
{
	if (!cfr_flow_has_tuple(flow))
		cfr_table_remove(cn, &flow->node[CFR_IN]);
	if (cfr_flow_level(flow) != CFR_LEVEL_PERMIT)
		cfr_table_remove(cn, &flow->node[CFR_OUT]);
}

static bool over_cap(const struct cfr_net *cn)
{
	return (u32)atomic_read(&cn->flows.count) > READ_ONCE(max_flows) ||
	       (u32)atomic_read(&total) > READ_ONCE(max_flows_total);
}

/* Live and held flows share the cap. Held ones make room, live ones never: two
 * for one, so that a cap that was lowered is reached, step by step.
 */
static bool count_up(struct cfr_net *cn)
{
	unsigned int give_up = 2;

	atomic_inc(&cn->flows.count);
	atomic_inc(&total);
	while (unlikely(over_cap(cn))) {
		if (!give_up-- || !cfr_reap_one_held(cn)) {
			count_down(cn);
			return false;
		}
	}
	return true;
}

static enum cfr_state first_state(const struct cfr_key *key)
{
	if (key->dir != CFR_OUT)
		return CFR_STATE_SHARED;	/* and nobody yet */
	return key->proto == IPPROTO_TCP ? CFR_STATE_OPENING : CFR_STATE_LIVE;
}

/* @flow is all zero: so its cache has made it, and so it was given back. */
static void fill(const struct cfr_net *cn, struct cfr_flow *flow,
		 const struct cfr_policy *policy, const struct cfr_key *key)
{
	flow->node[CFR_OUT].dir = key->dir;
	flow->node[CFR_OUT].hash = key->hash;
	flow->node[CFR_IN].dir = key->dir | CFR_IN;
	flow->node[CFR_OUT].shift = CFR_SHIFT_MAX;	/* until a SYN tells */
	flow->node[CFR_IN].shift = CFR_SHIFT_MAX;
	flow->policy = policy->id;
	flow->scope = policy->knobs.scope;
	flow->filter = policy->knobs.filter;
	flow->customer_port = key->near_port;
	flow->remote_port = key->far_port;
	flow->family = key->family;
	flow->proto = key->proto;
	if (key->family == NFPROTO_IPV4) {
		flow->v4.customer = key->near->ip;
		flow->v4.remote = key->far->ip;
	} else {
		flow->v6.customer = key->near->in6;
		flow->v6.remote = key->far->in6;
	}
	if (unlikely(key->sealed))
		cfr_seal_cover(&cn->flows.seal, flow, key->check);
	cfr_normalise_begin(flow, &policy->knobs);
	flow->state = first_state(key);
	flow->deadline = (u32)jiffies + HZ +
			 cfr_flow_idle(&cn->flows, flow->proto, flow->state);
}

static struct cfr_flow *flow_alloc(struct cfr_net *cn,
				   const struct cfr_policy *policy,
				   const struct cfr_key *key,
				   enum cfr_stat *why)
{
	bool v4 = key->family == NFPROTO_IPV4;
	struct cfr_flow *flow;

	if (!count_up(cn)) {
		*why = CFR_STAT_table_full;
		return NULL;
	}
	flow = kmem_cache_alloc(v4 ? cache4 : cache6, GFP_ATOMIC | __GFP_NOWARN);
	if (!flow) {
		count_down(cn);
		*why = CFR_STAT_no_memory;
		return NULL;
	}
	fill(cn, flow, policy, key);
	return flow;
}

/* A flow that nobody has seen */
static void discard(struct cfr_net *cn, struct cfr_flow *flow)
{
	bool v4 = flow->family == NFPROTO_IPV4;

	count_down(cn);
	memzero_explicit(flow, v4 ? CFR_FLOW_SIZE4 : CFR_FLOW_SIZE6);
	kmem_cache_free(v4 ? cache4 : cache6, flow);
}

static void opened(struct cfr_net *cn, const struct cfr_flow *flow)
{
	if (cfr_flow_level(flow) == CFR_LEVEL_FLOW)
		cfr_stats_inc(cn, flows_created);
	else
		atomic_inc(&cn->flows.shared_count);
	cfr_reap_watch(cn);
}

static enum cfr_stat insert_failure(int err)
{
	switch (err) {
	case -ENOMEM:
		return CFR_STAT_no_memory;
	case -E2BIG:
		return CFR_STAT_table_full;
	case -EEXIST:
		return CFR_STAT_pool_exhausted;
	default:
		return CFR_STAT_insert_busy;
	}
}

/* Another CPU was first with the same key: its flow is used, if it is live. */
static struct cfr_flow *use_first(struct cfr_net *cn, struct cfr_node *first,
				  enum cfr_stat *why)
{
	struct cfr_flow *flow;

	if (IS_ERR(first)) {
		*why = insert_failure(PTR_ERR(first));
		return NULL;
	}
	cfr_stats_inc(cn, flows_raced);
	flow = cfr_flow_of(first);
	if (cfr_flow_live(flow))
		return flow;
	*why = CFR_STAT_insert_busy;
	return NULL;
}

/* A flow that has a tuple, which nobody saw, but will not open */
static void give_back(struct cfr_net *cn, struct cfr_flow *flow)
{
	WRITE_ONCE(flow->state, CFR_STATE_ENDED);
	cfr_flow_release(cn, flow);
}

/* Fewer tuples are free than the policy's floor asks for. */
static bool low_refuses(struct cfr_net *cn, const struct cfr_policy *policy)
{
	if (policy->knobs.low == CFR_LOW_REFUSE)
		return true;
	cfr_stats_inc(cn, entropy_low);
	return false;
}

/* The customer's node is the last to be put in: from now on the flow can end. Two
 * CPUs may hold the first packets of one flow: the second to come uses the first
 * one's flow and forgets its own, whose tuple nobody saw.
 */
static struct cfr_flow *insert_customer(struct cfr_net *cn,
					struct cfr_flow *flow,
					const struct cfr_key *key,
					enum cfr_stat *why)
{
	struct cfr_node *first;

	first = cfr_table_insert(cn, key, &flow->node[CFR_OUT]);
	if (likely(!first)) {
		opened(cn, flow);
		return flow;
	}
	give_back(cn, flow);
	return use_first(cn, first, why);
}

/**
 * cfr_flow_draw() - make a mapping with a relay tuple of its own
 * @cn: the namespace
 * @policy: that admits it
 * @key: CFR_OUT, of a flow or a binding
 * @first: CFR_OUT, of the flow, or of the binding's first one
 * @why: set where NULL is returned
 *
 * Return: it, or another CPU's of the same key, or NULL if refused.
 */
struct cfr_flow *cfr_flow_draw(struct cfr_net *cn,
			       const struct cfr_policy *policy,
			       const struct cfr_key *key,
			       const struct cfr_key *first, enum cfr_stat *why)
{
	struct cfr_egress egress;
	struct cfr_flow *flow;
	int err;

	cfr_egress_begin(&egress, policy, first);
	if (cfr_tuple_exhausted(cn, policy->id, key, &egress)) {
		*why = CFR_STAT_pool_exhausted;
		return NULL;
	}
	flow = flow_alloc(cn, policy, key, why);
	if (!flow)
		return NULL;
	err = cfr_tuple_take(cn, &egress, flow, key);
	if (unlikely(err < 0)) {
		*why = insert_failure(err);
		discard(cn, flow);
		return NULL;
	}
	if (unlikely(err) && low_refuses(cn, policy)) {
		*why = CFR_STAT_entropy_floor;
		give_back(cn, flow);
		return NULL;
	}
	return insert_customer(cn, flow, key, why);
}

/* The relay's node of what has its parent's tuple */
static struct cfr_node *insert_shared(struct cfr_net *cn, struct cfr_flow *flow,
				      const struct cfr_key *customer)
{
	struct cfr_address relay = cfr_flow_relay(flow);
	struct cfr_key key = *customer;

	key.dir |= CFR_IN;
	key.near = &relay.addr;
	key.near_port = relay.port;
	cfr_table_set_hash(&cn->flows, &key);
	flow->node[CFR_IN].hash = key.hash;
	return cfr_table_insert(cn, &key, &flow->node[CFR_IN]);
}

static void take_tuple(struct cfr_flow *flow, const struct cfr_flow *parent)
{
	flow->filter = parent->filter;
	flow->relay_port = parent->relay_port;
	if (flow->family == NFPROTO_IPV4) {
		flow->v4.relay = parent->v4.relay;
	} else {
		flow->v6.relay = parent->v6.relay;
		flow->v6.delta = cfr_flow_delta6(flow);
	}
}

/* The flow's own nodes. Two CPUs with its first packets meet at the relay's. A
 * permit has no other. Return: NULL, who was first, or an ERR_PTR.
 */
static struct cfr_node *insert_both(struct cfr_net *cn, struct cfr_flow *flow,
				    const struct cfr_key *key)
{
	struct cfr_node *first = insert_shared(cn, flow, key);

	if (first || key->dir != CFR_OUT)
		return first;
	first = cfr_table_insert(cn, key, &flow->node[CFR_OUT]);
	if (likely(!first))
		return NULL;
	WRITE_ONCE(flow->state, CFR_STATE_ENDED);
	cfr_table_remove(cn, &flow->node[CFR_IN]);
	return first;
}

/**
 * cfr_flow_share() - make a flow or a permit that has its parent's relay tuple
 * @cn: the namespace
 * @policy: that admits it
 * @parent: a binding or a permit; the caller's share in it is given away, to
 *	what is made or back
 * @key: CFR_OUT, of the flow or the permit
 * @why: set where NULL is returned
 *
 * Return: it, or another CPU's of the same key, or NULL.
 */
struct cfr_flow *cfr_flow_share(struct cfr_net *cn,
				const struct cfr_policy *policy,
				struct cfr_flow *parent,
				const struct cfr_key *key, enum cfr_stat *why)
{
	struct cfr_flow *flow = flow_alloc(cn, policy, key, why);
	struct cfr_node *first;

	if (!flow)
		goto err_put_parent;
	take_tuple(flow, parent);
	first = insert_both(cn, flow, key);
	if (likely(!first)) {
		opened(cn, flow);
		return flow;
	}
	give_back(cn, flow);	/* it may have been seen for a moment */
	flow = use_first(cn, first, why);

err_put_parent:
	cfr_endpoint_put(cn, parent);
	return flow;
}

/**
 * cfr_flow_open() - make a flow for a first packet
 * @cn: the namespace
 * @policy: that admits it
 * @key: CFR_OUT, of a SYN, a UDP datagram or an echo request
 * @why: set where NULL is returned
 *
 * Context: softirq, RCU read side. Return: the flow, or NULL if refused.
 */
struct cfr_flow *cfr_flow_open(struct cfr_net *cn,
			       const struct cfr_policy *policy,
			       const struct cfr_key *key, enum cfr_stat *why)
{
	bool v4 = key->family == NFPROTO_IPV4;
	enum cfr_stat closed = READ_ONCE(shut);

	if (!cfr_policy_spans(policy, v4)->count) {
		*why = CFR_STAT_no_pool;
		return NULL;
	}
	if (unlikely(closed != CFR_STAT_COUNT)) {
		*why = closed;
		return NULL;
	}
	if (policy->knobs.scope == CFR_SCOPE_ENDPOINT)
		return cfr_endpoint_open(cn, policy, key, why);
	return cfr_flow_draw(cn, policy, key, key, why);
}

/**
 * cfr_flow_shut() - let no flow open, in any namespace
 * @why: what it is refused for; CFR_STAT_COUNT lets them open again
 *
 * Context: process. When it returns, no flow is being opened.
 */
void cfr_flow_shut(enum cfr_stat why)
{
	WRITE_ONCE(shut, why);
	synchronize_rcu();
}

u32 cfr_flow_count_live(const struct cfr_net *cn)
{
	return atomic_read(&cn->flows.count) - cfr_flow_count_held(cn) -
	       cfr_flow_count_shared(cn);
}

u32 cfr_flow_count_shared(const struct cfr_net *cn)
{
	return atomic_read(&cn->flows.shared_count);
}

u32 cfr_flow_count_held(const struct cfr_net *cn)
{
	return atomic_read(&cn->flows.held_count);
}

/**
 * cfr_flow_set_timers() - how long things last from now on
 * @cn: the namespace
 * @timers: in seconds; a live flow's count from its next packet
 */
void cfr_flow_set_timers(struct cfr_net *cn, const struct cfr_timers *timers)
{
	unsigned int i;

	for (i = 0; i < CFR_TIMER_END; i++)
		WRITE_ONCE(cn->flows.timer[i], timers->seconds[i] * HZ);
}

/**
 * cfr_flow_set_sealing() - whether flows are sealed from now on
 * @cn: the namespace, whose flows end if that is new
 * @sealing: see seal.c
 *
 * Context: process. Return: whether it is new.
 */
bool cfr_flow_set_sealing(struct cfr_net *cn, bool sealing)
{
	if (cn->flows.sealing == sealing)
		return false;
	if (sealing)
		static_branch_inc(&cfr_flow_any_sealing);
	else
		static_branch_dec(&cfr_flow_any_sealing);
	WRITE_ONCE(cn->flows.sealing, sealing);
	synchronize_rcu();	/* flows that are being opened the old way */
	cfr_flow_flush(cn);
	return true;
}

int cfr_flow_net_init(struct cfr_net *cn)
{
	struct cfr_timers timers;

	cfr_timers_default(&timers);
	cfr_flow_set_timers(cn, &timers);
	get_random_bytes(&cn->flows.hash_key, sizeof(cn->flows.hash_key));
	get_random_bytes(cn->flows.fold_key, sizeof(cn->flows.fold_key));
	cfr_seal_renew(&cn->flows.seal);
	cfr_reap_net_init(cn);
	return rhashtable_init(&cn->flows.ht, &cfr_table_params);
}

/* Context: the hooks are gone and a grace period has passed. */
void cfr_flow_net_exit(struct cfr_net *cn)
{
	cfr_reap_net_exit(cn);
	rhashtable_destroy(&cn->flows.ht);
	if (cn->flows.sealing)
		static_branch_dec(&cfr_flow_any_sealing);
	cfr_seal_wipe(&cn->flows.seal);
	memzero_explicit(&cn->flows.hash_key, sizeof(cn->flows.hash_key));
	memzero_explicit(cn->flows.fold_key, sizeof(cn->flows.fold_key));
}

/* A cache with a constructor is never merged with another, on any kernel, and
 * keeps SLUB's free pointer out of the object, so a freed flow stays zero.
 */
static void construct4(void *flow)
{
	memset(flow, 0, CFR_FLOW_SIZE4);
}

static void construct6(void *flow)
{
	memset(flow, 0, CFR_FLOW_SIZE6);
}

int cfr_flow_init(void)
{
	cache4 = kmem_cache_create("cfr_flow4", CFR_FLOW_SIZE4, 0, SLAB_ACCOUNT,
				   construct4);
	if (!cache4)
		return -ENOMEM;
	cache6 = kmem_cache_create("cfr_flow6", CFR_FLOW_SIZE6, 0, SLAB_ACCOUNT,
				   construct6);
	if (!cache6) {
		kmem_cache_destroy(cache4);
		return -ENOMEM;
	}
	return 0;
}

void cfr_flow_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(cache6);
	kmem_cache_destroy(cache4);
}
