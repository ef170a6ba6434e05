// SPDX-License-Identifier: GPL-2.0
/* The end of a flow, in three steps:
 *
 *	ended	unlinked from its customer; packets under way may still use it
 *	held	a grace period later: the customer is wiped, only the relay
 *		tuple is left, so that nobody else gets it yet
 *	gone	out of the table, wiped and freed
 *
 * Ended flows are collected and wiped together after one grace period, by a
 * work item: a callback per flow would need a pointer to the namespace in
 * each.
 */

#include <linux/rhashtable.h>

#include "anonymity.h"
#include "config.h"
#include "endpoint.h"
#include "net.h"
#include "netlink.h"
#include "reap.h"
#include "stats.h"

#define GC_INTERVAL	HZ
#define GC_NODES	4096	/* looked at without a break */
#define GC_PASS		16	/* runs in which all have been looked at */
#define WALK_NODES	1024	/* the same, by another walk */
#define SWEEP_ROUNDS	8
#define CENSUS_INTERVAL	(10 * HZ)

/* How long a flow's relay tuple is still to rest. The time that TCP waits before
 * a flow in these states ends was part of it already.
 */
static u32 rest(const struct cfr_flow_table *table, u32 state, enum cfr_end why)
{
	u32 hold = READ_ONCE(table->timer[CFR_TIMER_HOLD]), waited;

	switch (state) {
	case CFR_STATE_OPENING:
	case CFR_STATE_ANSWERED:
	case CFR_STATE_ACCEPTED:
	case CFR_STATE_CLOSED:
	case CFR_STATE_RESET:
		if (why != CFR_END_IDLE)
			return hold;
		waited = cfr_flow_idle(table, IPPROTO_TCP, state);
		return hold > waited ? hold - waited : 0;
	default:
		return hold;
	}
}

/* The first step: out of the customer's reach */
static void to_be_wiped(struct cfr_net *cn, struct cfr_flow *flow, u32 hold)
{
	struct cfr_flow_table *table = &cn->flows;

	cfr_flow_unlink(cn, flow);
	WRITE_ONCE(flow->deadline, (u32)jiffies + hold);
	spin_lock_bh(&table->lock);
	list_add_tail(&flow->list, &table->ended);
	spin_unlock_bh(&table->lock);
	queue_work(system_power_efficient_wq, &table->reap);
}

/**
 * cfr_reap_end() - end a flow
 * @cn: the namespace
 * @flow: live, or just ended by somebody else
 * @why: decides about the hold-off
 *
 * Context: any, RCU read side.
 */
void cfr_reap_end(struct cfr_net *cn, struct cfr_flow *flow, enum cfr_end why)
{
	struct cfr_flow_table *table = &cn->flows;
	u32 state = READ_ONCE(flow->state);

	do {
		if (state < CFR_STATE_LIVE)
			return;
	} while (!try_cmpxchg(&flow->state, &state, CFR_STATE_ENDED));

	cfr_stats_inc(cn, flows_ended);
	to_be_wiped(cn, flow, cfr_flow_has_tuple(flow) ?
			      rest(table, state, why) : 0);
	if (flow->scope == CFR_SCOPE_ENDPOINT)
		cfr_endpoint_leave(cn, flow);
}

/**
 * cfr_reap_end_shared() - end a binding or a permit, unless it is shared again
 * @cn: the namespace
 * @shared: whose last share was given back
 *
 * Context: as above.
 */
void cfr_reap_end_shared(struct cfr_net *cn, struct cfr_flow *shared)
{
	struct cfr_flow_table *table = &cn->flows;
	u32 state = CFR_STATE_SHARED;
	bool binding = cfr_flow_has_tuple(shared);

	if (!try_cmpxchg(&shared->state, &state, CFR_STATE_ENDED))
		return;
	atomic_dec(&table->shared_count);
	to_be_wiped(cn, shared, binding ?
				READ_ONCE(table->timer[CFR_TIMER_HOLD]) : 0);
	if (!binding)
		cfr_endpoint_leave(cn, shared);
}

static void wipe_customer(struct cfr_flow *flow)
{
	flow->customer_port = 0;
	flow->check = 0;
	flow->node[CFR_OUT].hash = 0;
	memset(flow->ready, 0, sizeof(flow->ready));
	if (flow->family == NFPROTO_IPV4) {
		flow->v4.customer = 0;
	} else {
		memzero_explicit(&flow->v6.customer, sizeof(flow->v6.customer));
		flow->v6.delta = 0;
	}
	barrier_data(flow);
}

static void hold(struct cfr_net *cn, struct cfr_flow *flow)
{
	struct cfr_flow_table *table = &cn->flows;
	u32 latest = (u32)jiffies + READ_ONCE(table->timer[CFR_TIMER_HOLD]);

	wipe_customer(flow);
	if (!cfr_flow_has_tuple(flow) || cfr_flow_overdue(flow))
		return cfr_flow_release(cn, flow);
	/* A packet that was under way may have refreshed the ended flow. */
	if ((s32)(flow->deadline - latest) > 0)
		flow->deadline = latest;
	WRITE_ONCE(flow->state, CFR_STATE_HELD);
	atomic_inc(&table->held_count);
	spin_lock_bh(&table->lock);
	list_add_tail(&flow->list, &table->held);
	spin_unlock_bh(&table->lock);
}

static void cfr_reap_ended(struct work_struct *work)
{
	struct cfr_net *cn = container_of(work, struct cfr_net, flows.reap);
	struct cfr_flow *flow, *next;
	LIST_HEAD(ended);

	spin_lock_bh(&cn->flows.lock);
	list_splice_init(&cn->flows.ended, &ended);
	spin_unlock_bh(&cn->flows.lock);
	synchronize_rcu();
	list_for_each_entry_safe(flow, next, &ended, list) {
		hold(cn, flow);
		cond_resched();
	}
}

/* The oldest held flow, off the list, if there is one that @all allows */
static struct cfr_flow *take_held(struct cfr_net *cn, bool all)
{
	struct cfr_flow_table *table = &cn->flows;
	struct cfr_flow *flow;

	spin_lock_bh(&table->lock);
	flow = list_first_entry_or_null(&table->held, struct cfr_flow, list);
	if (flow && (all || cfr_flow_overdue(flow)))
		list_del(&flow->list);
	else
		flow = NULL;
	spin_unlock_bh(&table->lock);
	if (flow)
		atomic_dec(&table->held_count);
	return flow;
}

/**
 * cfr_reap_one_held() - make room for a live flow
 * @cn: the namespace
 *
 * Return: false if no tuple is held.
 */
bool cfr_reap_one_held(struct cfr_net *cn)
{
	struct cfr_flow *flow = take_held(cn, true);

	if (!flow)
		return false;
	cfr_stats_inc(cn, held_early);
	cfr_flow_release(cn, flow);
	return true;
}

static void end_if_idle(struct cfr_net *cn, const struct cfr_node *node)
{
	struct cfr_flow *flow = cfr_flow_of(node);

	if (node->dir == CFR_OUT && cfr_flow_live(flow) &&
	    cfr_flow_overdue(flow))
		cfr_reap_end(cn, flow, CFR_END_IDLE);
}

struct sweep {
	const struct cfr_config *cfg;
	unsigned int ended;
};

static void end_unless_allowed(struct cfr_net *cn, struct cfr_flow *flow,
			       void *data)
{
	union nf_inet_addr relay, remote;
	struct sweep *sweep = data;

	if (flow->family == NFPROTO_IPV4) {
		relay.ip = flow->v4.relay;
		remote.ip = flow->v4.remote;
	} else {
		relay.in6 = flow->v6.relay;
		remote.in6 = flow->v6.remote;
	}
	if (sweep->cfg && cfr_config_allows(sweep->cfg, flow->policy, flow->scope,
					    flow->family, &relay, &remote))
		return;
	cfr_reap_end(cn, flow, CFR_END_COMMAND);
	sweep->ended++;
}

/* A stretch of the walk that gc does over and over */
static void collect(struct cfr_net *cn)
{
	struct cfr_flow_table *table = &cn->flows;
	struct cfr_node *node;
	unsigned int budget;

	if (!table->walking)
		rhashtable_walk_enter(&table->ht, &table->walk);
	table->walking = true;
	rhashtable_walk_start(&table->walk);
	for (budget = GC_NODES; budget; budget--) {
		node = rhashtable_walk_next(&table->walk);
		if (!node)
			break;
		if (!IS_ERR(node))	/* -EAGAIN: the table was resized */
			end_if_idle(cn, node);
	}
	rhashtable_walk_stop(&table->walk);
	if (budget) {
		rhashtable_walk_exit(&table->walk);
		table->walking = false;
	}
}

/* As many stretches as see every node once in GC_PASS runs */
static void collect_some(struct cfr_net *cn)
{
	unsigned int nodes = 2 * atomic_read(&cn->flows.count);
	unsigned int stretches = nodes / (GC_NODES * GC_PASS) + 1;

	while (stretches--) {
		collect(cn);
		cond_resched();
	}
}

/* Now and then, and when all have gone */
static void count_customers(struct cfr_net *cn)
{
	struct cfr_flow_table *table = &cn->flows;

	if (time_before(jiffies, table->census) && atomic_read(&table->count))
		return;
	if (cfr_anonymity_count(cn))
		table->census = jiffies + CENSUS_INTERVAL;
}

static void cfr_reap_gc(struct work_struct *work)
{
	struct cfr_net *cn = container_of(to_delayed_work(work), struct cfr_net,
					  flows.gc);
	struct cfr_flow *flow;

	while ((flow = take_held(cn, false))) {
		cfr_flow_release(cn, flow);
		cond_resched();
	}
	collect_some(cn);
	count_customers(cn);
	cfr_netlink_tell(cn);
	if (atomic_read(&cn->flows.count))
		cfr_reap_watch(cn);
}

/**
 * cfr_reap_watch() - have gc run while there are flows
 * @cn: the namespace
 */
void cfr_reap_watch(struct cfr_net *cn)
{
	if (!delayed_work_pending(&cn->flows.gc))
		queue_delayed_work(system_power_efficient_wq, &cn->flows.gc,
				   GC_INTERVAL);
}

/**
 * cfr_flow_walk() - look at each live flow
 * @cn: the namespace
 * @each: called for one after the other, RCU read side; may end it
 * @data: for @each
 *
 * One that comes or goes meanwhile may be left out, or come twice.
 *
 * Context: process.
 */
void cfr_flow_walk(struct cfr_net *cn,
		   void (*each)(struct cfr_net *cn, struct cfr_flow *flow, void *data),
		   void *data)
{
	unsigned int budget = WALK_NODES;
	struct rhashtable_iter walk;
	struct cfr_node *node;

	rhashtable_walk_enter(&cn->flows.ht, &walk);
	rhashtable_walk_start(&walk);
	while ((node = rhashtable_walk_next(&walk))) {
		/* -EAGAIN: the table was resized */
		if (!IS_ERR(node) && node->dir == CFR_OUT &&
		    cfr_flow_live(cfr_flow_of(node)))
			each(cn, cfr_flow_of(node), data);
		if (--budget)
			continue;
		budget = WALK_NODES;
		rhashtable_walk_stop(&walk);
		cond_resched();
		rhashtable_walk_start(&walk);
	}
	rhashtable_walk_stop(&walk);
	rhashtable_walk_exit(&walk);
}

/**
 * cfr_flow_sweep() - end the flows that a configuration does not allow
 * @cn: the namespace
 * @cfg: published, and a grace period has passed; NULL ends all
 *
 * A walk that was stopped goes on from the node it stopped at; if that one has
 * left the table, it skips others. So a sweep is over when it has found nothing
 * to end, or, where traffic brings new flows as fast as all are ended, after
 * some rounds.
 *
 * Context: process. When it returns, their customers are wiped.
 */
void cfr_flow_sweep(struct cfr_net *cn, const struct cfr_config *cfg)
{
	struct sweep sweep = { .cfg = cfg };
	unsigned int round, before;

	for (round = 0; round < SWEEP_ROUNDS; round++) {
		before = sweep.ended;
		cfr_flow_walk(cn, end_unless_allowed, &sweep);
		if (sweep.ended == before)
			break;
	}
	flush_work(&cn->flows.reap);
}

/**
 * cfr_flow_flush() - end all flows
 * @cn: the namespace
 *
 * Context: process. When it returns, their customers are wiped.
 */
void cfr_flow_flush(struct cfr_net *cn)
{
	cfr_flow_sweep(cn, NULL);
}

/**
 * cfr_flow_erase() - leave nothing of any flow, not even held tuples
 * @cn: the namespace
 *
 * Context: process. An rcu_barrier() later the memory is wiped as well.
 */
void cfr_flow_erase(struct cfr_net *cn)
{
	struct cfr_flow *flow;

	cfr_flow_flush(cn);
	while ((flow = take_held(cn, true)))
		cfr_flow_release(cn, flow);
}

void cfr_reap_net_init(struct cfr_net *cn)
{
	struct cfr_flow_table *table = &cn->flows;

	spin_lock_init(&table->lock);
	INIT_LIST_HEAD(&table->ended);
	INIT_LIST_HEAD(&table->held);
	INIT_WORK(&table->reap, cfr_reap_ended);
	INIT_DELAYED_WORK(&table->gc, cfr_reap_gc);
	table->census = jiffies;
}

/* Context: no packet can find the table any more. */
void cfr_reap_net_exit(struct cfr_net *cn)
{
	struct cfr_flow_table *table = &cn->flows;

	cancel_delayed_work_sync(&table->gc);
	if (table->walking)
		rhashtable_walk_exit(&table->walk);
	cfr_flow_erase(cn);
}
