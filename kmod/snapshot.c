// SPDX-License-Identifier: GPL-2.0
/* From the operator's words to what the data path looks things up in. */

#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "entropy.h"
#include "epoch.h"
#include "local.h"
#include "model.h"
#include "net.h"
#include "snapshot.h"
#include "space.h"

void cfr_snapshot_free(struct cfr_config *cfg)
{
	const struct cfr_policy *policy;

	if (!cfg)
		return;
	for (policy = cfg->policy; policy < cfg->policy_end; policy++)
		cfr_epoch_put(policy->epoch);
	cfr_model_put(cfg->model);
	kvfree(cfg->range6);
	kvfree(cfg->range4);
	kvfree(cfg->span);
	kvfree(cfg->policy);
	kfree(cfg);
}

static void set_span(struct cfr_span *span, const struct cfr_prefix *prefix,
		     const struct cfr_model_pool *pool,
		     const struct cfr_span *prev)
{
	u64 addrs = 1ULL << ((prefix->family == NFPROTO_IPV4 ? 32 : 64) -
			     prefix->len);

	cfr_prefix_base(prefix, &span->base);
	span->len = prefix->len;
	span->port_min = pool->port_min;
	span->port_max = pool->port_max;
	span->addrs_end = (prev ? prev->addrs_end : 0) + addrs;
	span->tuples_end = (prev ? prev->tuples_end : 0) +
			   addrs * (pool->port_max - pool->port_min + 1);
}

/* The policy's part of all places, hence by address. */
static u32 set_spans(struct cfr_spans *spans, struct cfr_span *span, u8 family,
		     const struct cfr_model *m,
		     const struct cfr_model_policy *policy)
{
	DECLARE_BITMAP(pools, CFR_POOLS_MAX) = {};
	struct cfr_span *prev = NULL;
	u32 i;

	for (i = 0; i < policy->count; i++)
		__set_bit(policy->pool[i], pools);
	spans->span = span;
	for (i = 0; i < m->nprefixes; i++) {
		const struct cfr_model_place *place = &m->place[i];
		const struct cfr_prefix *prefix = &m->prefix[place->prefix];

		if (prefix->family != family || !test_bit(place->pool, pools))
			continue;
		set_span(span, prefix, &m->pool[place->pool], prev);
		prev = span++;
		spans->count++;
	}
	return spans->count;
}

/* A pairing has one address, perhaps that with the fewest ports. */
static void set_entropy(struct cfr_spans *spans, struct cfr_entropy *entropy,
			const struct cfr_knobs *knobs, u32 iid_bits)
{
	const struct cfr_span *span = spans->span, *end = span + spans->count;
	u64 tuples;

	spans->entropy = entropy;
	if (!spans->count)
		return;
	tuples = end[-1].tuples_end;
	if (knobs->pairing != CFR_PAIRING_FLOW) {
		iid_bits = 0;
		for (; span < end; span++)
			tuples = min_t(u64, tuples,
				       span->port_max - span->port_min + 1);
	}
	cfr_entropy_init(entropy, tuples, iid_bits, knobs->entropy);
}

static void set_anonymity(struct cfr_policy *policy)
{
	policy->v4.anonymity = &policy->anonymity[0];
	policy->v6.anonymity = &policy->anonymity[1];
	policy->v4.anonymity->floor = policy->knobs.anonymity;
	policy->v6.anonymity->floor = policy->knobs.anonymity;
}

/* A policy that goes on keeps its key, so that a swap does not show. */
static struct cfr_epoch *epoch_of(struct cfr_net *cn,
				  const struct cfr_policy *policy)
{
	const struct cfr_config *old = rcu_dereference_raw(cn->config);
	const struct cfr_knobs *knobs = &policy->knobs;
	const struct cfr_policy *was;

	cfr_for_each_policy(was, old)
		if (was->id == policy->id && was->epoch &&
		    was->knobs.epoch == knobs->epoch &&
		    was->knobs.jitter == knobs->jitter)
			return cfr_epoch_get(was->epoch);
	return cfr_epoch_new(cn, knobs);
}

static int build_epochs(struct cfr_net *cn, struct cfr_policy *policy,
			const struct cfr_policy *end)
{
	for (; policy < end; policy++) {
		if (policy->knobs.pairing == CFR_PAIRING_FLOW)
			continue;
		policy->epoch = epoch_of(cn, policy);
		if (!policy->epoch)
			return -ENOMEM;
	}
	return 0;
}

static int build_policies(struct cfr_config *cfg, struct cfr_net *cn,
			  const struct cfr_model *m)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO;
	struct cfr_policy *policy;
	u32 nspans = 0, i, j;

	for (i = 0; i < m->npolicies; i++)
		for (j = 0; j < m->policy[i].count; j++)
			nspans += m->pool[m->policy[i].pool[j]].count;
	policy = kvmalloc_array(m->npolicies, sizeof(*policy), gfp);
	cfg->policy = policy;
	cfg->span = kvmalloc_array(nspans, sizeof(*cfg->span), gfp);
	if (!policy || !cfg->span)
		return -ENOMEM;

	nspans = 0;
	for (i = 0; i < m->npolicies; i++) {
		policy[i].id = m->policy[i].id;
		policy[i].mark = m->policy[i].mark;
		policy[i].mask = m->policy[i].mask;
		policy[i].knobs = m->policy[i].choice.knobs;
		strscpy(policy[i].name, m->policy[i].name, CFR_NAME_MAX);
		cfg->marks |= policy[i].mask;
		nspans += set_spans(&policy[i].v4, &cfg->span[nspans],
				    NFPROTO_IPV4, m, &m->policy[i]);
		nspans += set_spans(&policy[i].v6, &cfg->span[nspans],
				    NFPROTO_IPV6, m, &m->policy[i]);
		set_entropy(&policy[i].v4, &policy[i].entropy[0],
			    &policy[i].knobs, 0);
		set_entropy(&policy[i].v6, &policy[i].entropy[1],
			    &policy[i].knobs, 64);
		set_anonymity(&policy[i]);
	}
	cfg->policy_end = policy + m->npolicies;
	return build_epochs(cn, policy, cfg->policy_end);
}

static u32 set_claims(struct cfr_claim *claim, u8 family, struct net *net,
		      u32 nlocal, const struct cfr_model *m,
		      const struct cfr_retired *r)
{
	u32 count = cfr_space_builtin(family, claim), i;

	count += cfr_local_claims(net, family, claim + count, nlocal);
	for (i = 0; i < m->nbypasses; i++)
		if (m->bypass[i].prefix.family == family)
			claim[count++] = (struct cfr_claim){
				.prefix = m->bypass[i].prefix,
				.space = m->bypass[i].action == CFR_BYPASS_DROP ?
					 CFR_SPACE_REFUSE : CFR_SPACE_BYPASS,
				.rank = CFR_RANK_OPERATOR,
			};
	for (i = 0; r && i < r->count; i++)
		if (r->gone[i].prefix.family == family)
			claim[count++] = (struct cfr_claim){
				.prefix = r->gone[i].prefix,
				.space = CFR_SPACE_RETIRED,
				.rank = CFR_RANK_RETIRED,
			};
	for (i = 0; i < m->nprefixes; i++)
		if (m->prefix[i].family == family)
			claim[count++] = (struct cfr_claim){
				.prefix = m->prefix[i],
				.space = CFR_SPACE_POOL,
				.rank = CFR_RANK_POOL,
			};
	return count;
}

static bool relay_space(enum cfr_space space)
{
	return space == CFR_SPACE_POOL || space == CFR_SPACE_RETIRED;
}

static void bound4(struct cfr_config *cfg)
{
	const struct cfr_range4 *range = cfg->range4;
	unsigned int i;

	cfg->relay4_first = U32_MAX;
	for (i = 0; i < cfg->nrange4; i++) {
		if (!relay_space(range[i].space))
			continue;
		cfg->relay4_first = min(cfg->relay4_first, range[i].start);
		cfg->relay4_last = i + 1 < cfg->nrange4 ? range[i + 1].start - 1 :
							  U32_MAX;
	}
}

/* Pools are /64s at the least: the upper half of an address will do. */
static void bound6(struct cfr_config *cfg)
{
	const struct cfr_range6 *range = cfg->range6;
	unsigned int i;

	cfg->relay6_first = U64_MAX;
	for (i = 0; i < cfg->nrange6; i++) {
		if (!relay_space(range[i].space))
			continue;
		cfg->relay6_first = min(cfg->relay6_first, range[i].hi);
		cfg->relay6_last = i + 1 < cfg->nrange6 ? range[i + 1].hi : U64_MAX;
	}
}

/* first[octet] is the last range that starts before the octet's addresses do,
 * or range 0.
 */
static void index_octets(struct cfr_config *cfg)
{
	u32 i, octet;

	for (octet = 0, i = 0; octet <= 256; octet++) {
		while (i < cfg->nrange4 && cfg->range4[i].start >> 24 < octet)
			i++;
		cfg->first4[octet] = i ? i - 1 : 0;
	}
	for (octet = 0, i = 0; octet <= 256; octet++) {
		while (i < cfg->nrange6 && cfg->range6[i].hi >> 56 < octet)
			i++;
		cfg->first6[octet] = i ? i - 1 : 0;
	}
}

static int build_ranges(struct cfr_config *cfg, struct net *net,
			const struct cfr_model *m, const struct cfr_retired *r)
{
	u32 nlocal = cfr_local_count(net);
	size_t max = CFR_BUILTIN_COUNT + nlocal + m->nbypasses + m->nprefixes +
		     (r ? r->count : 0);
	struct cfr_range4 *range4;
	struct cfr_range6 *range6;
	struct cfr_claim *claim;
	int err = -ENOMEM;
	u32 count, i;

	claim = kvmalloc_array(max, sizeof(*claim), GFP_KERNEL_ACCOUNT);
	range6 = kvmalloc_array(cfr_space_bound(max), sizeof(*range6),
				GFP_KERNEL_ACCOUNT);
	cfg->range6 = range6;
	if (!claim || !range6)
		goto out_free_claims;

	count = set_claims(claim, NFPROTO_IPV4, net, nlocal, m, r);
	count = cfr_space_flatten(claim, count, range6);
	range4 = kvmalloc_array(count, sizeof(*range4), GFP_KERNEL_ACCOUNT);
	cfg->range4 = range4;
	if (!range4)
		goto out_free_claims;
	for (i = 0; i < count; i++) {
		range4[i].start = range6[i].hi >> 32;
		range4[i].space = range6[i].space;
	}
	cfg->nrange4 = count;

	count = set_claims(claim, NFPROTO_IPV6, net, nlocal, m, r);
	cfg->nrange6 = cfr_space_flatten(claim, count, range6);
	bound4(cfg);
	bound6(cfg);
	index_octets(cfg);
	err = 0;

out_free_claims:
	kvfree(claim);
	return err;
}

/**
 * cfr_snapshot_build() - what the data path is to see
 * @cn: the namespace, whose own addresses it leaves alone and whose keys it keeps
 * @m: as the operator wrote it
 * @r: what has just left the pools, or NULL
 *
 * Context: process, config_mutex held, takes RTNL. Return: the snapshot, or NULL without memory.
 */
struct cfr_config *cfr_snapshot_build(struct cfr_net *cn, struct cfr_model *m,
				      const struct cfr_retired *r)
{
	struct cfr_config *cfg;
	int err;

	cfg = kzalloc(sizeof(*cfg), GFP_KERNEL_ACCOUNT);
	if (!cfg)
		return NULL;
	cfg->model = cfr_model_get(m);
	cfg->priority = m->priority == CFR_PRIORITY_KEEP ? U32_MAX : 0;
	rtnl_lock();
	err = build_policies(cfg, cn, m) ?: build_ranges(cfg, cn->net, m, r);
	rtnl_unlock();
	if (err) {
		cfr_snapshot_free(cfg);
		return NULL;
	}
	return cfg;
}

static bool spans_contain(const struct cfr_spans *spans, u8 family,
			  const union nf_inet_addr *addr)
{
	struct cfr_prefix host = cfr_prefix_host(family, addr);
	u32 lo = 0, hi = spans->count;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		const struct cfr_span *span = &spans->span[mid];
		struct cfr_prefix p = cfr_prefix_host(family, &span->base);

		p.len = span->len;
		if (cfr_prefix_contains(&p, &host))
			return true;
		if (cfr_prefix_cmp(&p, &host) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

bool cfr_config_allows(const struct cfr_config *cfg, u32 policy_id, u8 scope,
		       u8 family, const union nf_inet_addr *relay,
		       const union nf_inet_addr *remote)
{
	enum cfr_space space = cfr_config_space(cfg, remote, family);
	const struct cfr_policy *policy;

	for (policy = cfg->policy; policy < cfg->policy_end; policy++) {
		if (policy->id != policy_id)
			continue;
		if (policy->knobs.scope != scope)
			return false;
		if (space != CFR_SPACE_WORLD &&
		    !(space == CFR_SPACE_POOL && policy->knobs.hairpin))
			return false;
		return spans_contain(family == NFPROTO_IPV4 ? &policy->v4 :
							      &policy->v6,
				     family, relay);
	}
	return false;
}
