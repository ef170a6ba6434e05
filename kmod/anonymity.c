// SPDX-License-Identifier: GPL-2.0
/* A server takes an address for one customer, unless several are behind it. How
 * many are is counted now and then, by a walk over the live flows: each sets the bit
 * that its customer's keyed hash says, in a bitmap of its relay address. How many
 * bits are set says how many customers there were, nearly (linear counting: Whang,
 * Vander-Zanden and Taylor 1990), and the least of it is kept. Key and bitmaps are
 * wiped when the walk is over: nobody can be asked who was where.
 *
 * Pairing flow draws an address for each flow from all, so that an address says
 * nothing: its policy's customers are counted together. What a pairing goes by is
 * what is counted: IPv4 addresses and IPv6 /64s, of customers and of the relay.
 */

#include <linux/bitmap.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/string.h>

#include "anonymity.h"
#include "config.h"
#include "net.h"

/* Of 1024 customers, which a floor may ask for, the estimate is off by 3 % */
#define CELL_BITS	1024
/* Of more addresses, so many side by side are looked at, others each time */
#define CELLS_MAX	1024

struct cell {
	DECLARE_BITMAP(customers, CELL_BITS);
};

/* One policy's addresses in one family, as far as they are looked at */
struct ward {
	u32 policy;		/* its id */
	u32 count;
	u64 first;
	struct cell *cell;
};

struct census {
	struct cfr_net *cn;
	siphash_key_t key;
	struct ward ward[CFR_POLICIES_MAX][2];
	size_t cells;
	struct cell cell[];
};

static u64 addresses(const struct cfr_spans *spans)
{
	return spans->count ? spans->span[spans->count - 1].addrs_end : 0;
}

static u32 cells_of(const struct cfr_policy *policy, bool v4)
{
	u64 count = addresses(cfr_policy_spans(policy, v4));

	if (!policy->knobs.anonymity)
		return 0;
	if (policy->knobs.pairing == CFR_PAIRING_FLOW)
		return !!count;
	return min_t(u64, count, CELLS_MAX);
}

static size_t cells_needed(const struct cfr_net *cn)
{
	const struct cfr_policy *policy;
	const struct cfr_config *cfg;
	size_t count = 0;

	rcu_read_lock();
	cfg = rcu_dereference(cn->config);
	cfr_for_each_policy(policy, cfg)
		count += cells_of(policy, true) + cells_of(policy, false);
	rcu_read_unlock();
	return count;
}

static void set_ward(struct census *census, const struct cfr_policy *policy,
		     u32 at, bool v4, size_t *used)
{
	u64 all = addresses(cfr_policy_spans(policy, v4));
	struct ward *ward = &census->ward[at][v4];

	ward->policy = policy->id;
	ward->count = cells_of(policy, v4);
	if (ward->count > census->cells - *used)	/* configured since */
		ward->count = 0;
	ward->cell = &census->cell[*used];
	*used += ward->count;
	if (policy->knobs.pairing != CFR_PAIRING_FLOW && all > ward->count)
		ward->first = mul_u64_u64_shr(get_random_u64(),
					      all - ward->count + 1, 64);
}

static struct census *census_begin(struct cfr_net *cn)
{
	size_t cells = cells_needed(cn), used = 0;
	const struct cfr_config *cfg;
	struct census *census;
	u32 i;

	if (!cells)
		return NULL;
	census = kvzalloc(struct_size(census, cell, cells), GFP_KERNEL);
	if (!census)
		return NULL;
	census->cn = cn;
	census->cells = cells;
	get_random_bytes(&census->key, sizeof(census->key));
	rcu_read_lock();
	cfg = rcu_dereference(cn->config);
	for (i = 0; cfg && i < cfg->policy_end - cfg->policy; i++) {
		set_ward(census, &cfg->policy[i], i, true, &used);
		set_ward(census, &cfg->policy[i], i, false, &used);
	}
	rcu_read_unlock();
	return census;
}

/* Which of the policy's a relay address is; U64_MAX if it is none of them */
static u64 index_of(const struct cfr_spans *spans, const union nf_inet_addr *addr,
		    bool v4)
{
	const struct cfr_span *span = spans->span;
	u64 start = 0, index;

	for (; span < spans->span + spans->count; span++) {
		index = v4 ? ntohl(addr->ip) - (u64)ntohl(span->base.ip) :
			     cfr_config_half(&addr->ip6[0]) -
			     cfr_config_half(&span->base.ip6[0]);
		if (index < span->addrs_end - start)
			return start + index;
		start = span->addrs_end;
	}
	return U64_MAX;
}

/* Where a flow's customer is counted, or NULL */
static struct cell *cell_of(struct census *census, const struct cfr_flow *flow)
{
	const struct cfr_config *cfg = rcu_dereference(census->cn->config);
	bool v4 = flow->family == NFPROTO_IPV4;
	struct cfr_address relay = cfr_flow_relay(flow);
	const struct cfr_policy *policy;
	const struct ward *ward;
	u64 index = 0;

	cfr_for_each_policy(policy, cfg)
		if (policy->id == flow->policy)
			break;
	if (!cfg || policy == cfg->policy_end)
		return NULL;
	ward = &census->ward[policy - cfg->policy][v4];
	if (ward->policy != policy->id)
		return NULL;
	if (policy->knobs.pairing != CFR_PAIRING_FLOW)
		index = index_of(cfr_policy_spans(policy, v4), &relay.addr, v4) - ward->first;
	return index < ward->count ? &ward->cell[index] : NULL;
}

static void count_flow(struct cfr_net *cn, struct cfr_flow *flow, void *data)
{
	struct census *census = data;
	struct cfr_address customer;
	struct cell *cell;
	u64 hash;

	cell = cell_of(census, flow);
	if (!cell)
		return;
	customer = cfr_flow_customer(&cn->flows.seal, flow);
	hash = siphash_2u32((__force u32)customer.addr.ip6[0],
			    flow->family == NFPROTO_IPV4 ? 0 :
			    (__force u32)customer.addr.ip6[1], &census->key);
	memzero_explicit(&customer, sizeof(customer));
	__set_bit(hash % CELL_BITS, cell->customers);
}

/* How many leave about so many bits clear, where each sets one at random. None clear
 * is about 8000, and all beyond.
 */
static u32 customers(u32 clear)
{
	u64 left = (u64)CELL_BITS << 32, enough = ((u64)clear << 32) + (1U << 31);
	u32 count = 0;

	for (; left > enough; count++)
		left -= left / CELL_BITS;
	return count;
}

/* Behind the address with the fewest; 0 if none is in use */
static u32 fewest(const struct ward *ward)
{
	u32 least = CELL_BITS + 1, i;

	for (i = 0; i < ward->count; i++) {
		u32 set = bitmap_weight(ward->cell[i].customers, CELL_BITS);

		if (set && set < least)
			least = set;
	}
	return least > CELL_BITS ? 0 : customers(CELL_BITS - least);
}

static void publish(const struct census *census)
{
	const struct cfr_config *cfg;
	u32 i, v4;

	rcu_read_lock();
	cfg = rcu_dereference(census->cn->config);
	for (i = 0; cfg && i < cfg->policy_end - cfg->policy; i++)
		for (v4 = 0; v4 < 2; v4++) {
			const struct cfr_policy *policy = &cfg->policy[i];
			const struct ward *ward = &census->ward[i][v4];

			if (ward->policy == policy->id)
				WRITE_ONCE(cfr_policy_spans(policy, v4)->anonymity->customers,
					   fewest(ward));
		}
	rcu_read_unlock();
}

/**
 * cfr_anonymity_count() - how many customers each policy's addresses may stand for
 * @cn: the namespace
 *
 * Without memory it stays as it was. A policy that was configured meanwhile is
 * counted the next time.
 *
 * Context: process, one at a time for a namespace. Return: false if none has a floor,
 * or without memory.
 */
bool cfr_anonymity_count(struct cfr_net *cn)
{
	struct census *census = census_begin(cn);

	if (!census)
		return false;
	cfr_flow_walk(cn, count_flow, census);
	publish(census);
	kvfree_sensitive(census, struct_size(census, cell, census->cells));
	return true;
}
