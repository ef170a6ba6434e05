// SPDX-License-Identifier: GPL-2.0
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sort.h>

#include "config.h"
#include "hook.h"
#include "local.h"
#include "model.h"
#include "net.h"
#include "space.h"

/* Twice the most that one configuration can let go of. */
#define CFR_RETIRED_MAX	(2 * CFR_POOLS_MAX * CFR_POOL_PREFIXES_MAX)

struct gone {
	struct cfr_prefix prefix;
	unsigned long until;	/* jiffies */
};

struct cfr_retired {
	u32 count;
	struct gone gone[];
};

/* What the data path sees */

static void config_free(struct cfr_config *cfg)
{
	if (!cfg)
		return;
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

static int build_policies(struct cfr_config *cfg, const struct cfr_model *m)
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
		strscpy(policy[i].name, m->policy[i].name, CFR_NAME_MAX);
		cfg->marks |= policy[i].mask;
		nspans += set_spans(&policy[i].v4, &cfg->span[nspans],
				    NFPROTO_IPV4, m, &m->policy[i]);
		nspans += set_spans(&policy[i].v6, &cfg->span[nspans],
				    NFPROTO_IPV6, m, &m->policy[i]);
	}
	cfg->npolicies = m->npolicies;
	return 0;
}

static u32 set_claims(struct cfr_claim *claim, u8 family,
		      const struct cfr_model *m, const struct cfr_retired *r)
{
	u32 count = cfr_space_builtin(family, claim), i;

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

static int build_ranges(struct cfr_config *cfg, const struct cfr_model *m,
			const struct cfr_retired *r)
{
	size_t max = CFR_BUILTIN_COUNT + m->nbypasses + m->nprefixes +
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

	count = set_claims(claim, NFPROTO_IPV4, m, r);
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

	count = set_claims(claim, NFPROTO_IPV6, m, r);
	cfg->nrange6 = cfr_space_flatten(claim, count, range6);
	err = 0;

out_free_claims:
	kvfree(claim);
	return err;
}

static struct cfr_config *build(struct cfr_model *m,
				const struct cfr_retired *r)
{
	struct cfr_config *cfg;

	cfg = kzalloc(sizeof(*cfg), GFP_KERNEL_ACCOUNT);
	if (!cfg)
		return NULL;
	cfg->model = cfr_model_get(m);
	if (build_policies(cfg, m) || build_ranges(cfg, m, r)) {
		config_free(cfg);
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

bool cfr_config_allows(const struct cfr_config *cfg, u32 policy_id, u8 family,
		       const union nf_inet_addr *relay,
		       const union nf_inet_addr *remote)
{
	enum cfr_space space;
	unsigned int i;

	space = family == NFPROTO_IPV4 ? cfr_config_space4(cfg, remote->ip) :
					 cfr_config_space6(cfg, &remote->in6);
	if (space != CFR_SPACE_WORLD)
		return false;
	for (i = 0; i < cfg->npolicies; i++) {
		const struct cfr_policy *policy = &cfg->policy[i];

		if (policy->id == policy_id)
			return spans_contain(family == NFPROTO_IPV4 ?
					     &policy->v4 : &policy->v6,
					     family, relay);
	}
	return false;
}

/* What has just left the pools */

static int gone_cmp(const void *a, const void *b)
{
	const struct gone *p = a, *q = b;
	int cmp = cfr_prefix_cmp(&p->prefix, &q->prefix);

	return cmp ?: time_after(p->until, q->until) ? -1 : 1;
}

/**
 * retire - the retired prefixes that go with a model
 * @cn: whose @model and @retired are still the old ones
 * @m: the next, or the same again to let go of what is due
 *
 * Return: them, NULL if there are none, or an ERR_PTR.
 */
static struct cfr_retired *retire(const struct cfr_net *cn,
				  const struct cfr_model *m)
{
	const struct cfr_retired *old = cn->retired;
	u32 max = cn->model->nprefixes + (old ? old->count : 0), count = 0, i;
	unsigned long now = jiffies;
	struct cfr_retired *r;

	r = kvmalloc(struct_size(r, gone, max), GFP_KERNEL_ACCOUNT);
	if (!r)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < cn->model->nprefixes; i++) {
		const struct cfr_prefix *p = &cn->model->prefix[i];

		if (cfr_model_find(m, p) == m->nprefixes)
			r->gone[count++] = (struct gone){
				*p, now + CFR_HOLD_SECONDS * HZ,
			};
	}
	for (i = 0; old && i < old->count; i++)
		if (time_before(now, old->gone[i].until) &&
		    cfr_model_find(m, &old->gone[i].prefix) == m->nprefixes)
			r->gone[count++] = old->gone[i];

	sort(r->gone, count, sizeof(*r->gone), gone_cmp, NULL);
	r->count = 0;
	for (i = 0; i < count; i++)
		if (!r->count ||
		    cfr_prefix_cmp(&r->gone[r->count - 1].prefix,
				   &r->gone[i].prefix))
			r->gone[r->count++] = r->gone[i];
	if (r->count && r->count <= CFR_RETIRED_MAX)
		return r;
	count = r->count;
	kvfree(r);
	return count ? ERR_PTR(-ENOSPC) : NULL;
}

static void retire_later(struct cfr_net *cn)
{
	const struct cfr_retired *r = cn->retired;
	unsigned long next;
	u32 i;

	if (!r)
		return;
	next = r->gone[0].until;
	for (i = 1; i < r->count; i++)
		if (time_before(r->gone[i].until, next))
			next = r->gone[i].until;
	mod_delayed_work(system_power_efficient_wq, &cn->retire,
			 time_after(next, jiffies) ? next - jiffies : 0);
}

/* Coming into force */

static struct cfr_config *current_config(const struct cfr_net *cn)
{
	return rcu_dereference_protected(cn->config,
					 lockdep_is_held(&cn->config_mutex));
}

static void cfr_config_retire(struct work_struct *work)
{
	struct cfr_net *cn = container_of(to_delayed_work(work),
					  struct cfr_net, retire);
	struct cfr_config *old, *next = NULL;
	struct cfr_retired *r;

	mutex_lock(&cn->config_mutex);
	old = current_config(cn);
	r = retire(cn, cn->model);
	if (!IS_ERR(r) && old)
		next = build(cn->model, r);
	if (IS_ERR(r) || (old && !next)) {
		if (!IS_ERR(r))
			kvfree(r);
		mod_delayed_work(system_power_efficient_wq, &cn->retire, HZ);
		goto out_unlock;
	}
	rcu_assign_pointer(cn->config, next);
	kvfree(cn->retired);
	cn->retired = r;
	retire_later(cn);
	if (old) {
		synchronize_rcu();
		config_free(old);
	}
out_unlock:
	mutex_unlock(&cn->config_mutex);
}

/* A policy that stays keeps its id; no other ever gets it. */
static int give_ids(struct cfr_net *cn, struct cfr_model *m)
{
	const struct cfr_model *old = cn->model;
	u32 i, j;

	if (cn->last_policy_id > U32_MAX - CFR_POLICIES_MAX)
		return -EOVERFLOW;
	for (i = 0; i < m->npolicies; i++) {
		for (j = 0; j < old->npolicies; j++)
			if (!strcmp(old->policy[j].name, m->policy[i].name))
				break;
		m->policy[i].id = j < old->npolicies ? old->policy[j].id :
						       ++cn->last_policy_id;
	}
	return 0;
}

/* Publish @next, which may be NULL. No hook ever sees no configuration. */
static int publish(struct cfr_net *cn, struct cfr_config *next)
{
	struct cfr_config *old = current_config(cn);
	int err;

	if (old && !next) {
		cfr_hook_unregister(cn);
		synchronize_net();
	}
	rcu_assign_pointer(cn->config, next);
	if (!old && next) {
		err = cfr_hook_register(cn);
		if (err) {
			RCU_INIT_POINTER(cn->config, NULL);
			synchronize_rcu();
			return err;
		}
	}
	synchronize_rcu();
	if (old || next)
		cfr_flow_sweep(cn, next);
	config_free(old);
	return 0;
}

static int check_local(struct cfr_net *cn, struct cfr_change *change)
{
	const struct nlattr *attr;
	int err;

	rtnl_lock();
	err = cfr_local_check(cn->net, change->model, change->local);
	rtnl_unlock();
	if (!err)
		return 0;
	attr = cfr_model_attr(change->nlh, change->local->prefix);
	NL_SET_ERR_MSG_ATTR(change->extack, attr,
			    "the prefix contains an address of this host");
	return err;
}

static int swap_model(struct cfr_net *cn, struct cfr_change *change,
		      struct cfr_retired *r)
{
	struct cfr_config *next = NULL;
	int err;

	err = give_ids(cn, change->model);
	if (err) {
		NL_SET_ERR_MSG(change->extack,
			       "this namespace has used up its policy ids");
		return err;
	}
	if (change->model->npolicies) {
		next = build(change->model, r);
		if (!next) {
			NL_SET_ERR_MSG(change->extack,
				       "no memory for the configuration");
			return -ENOMEM;
		}
	}
	err = publish(cn, next);
	if (err) {
		NL_SET_ERR_MSG(change->extack,
			       "the netfilter hooks cannot be registered");
		config_free(next);
		return err;
	}
	change->generation = ++cn->generation;
	change->model->generation = cn->generation;
	cfr_model_put(cn->model);
	cn->model = change->model;
	change->model = NULL;
	return 0;
}

/**
 * cfr_config_swap - replace the configuration, all or nothing
 * @cn: the relay
 * @change: the new one, and how to report on it
 *
 * Return: 0, -EAGAIN if @change was based on another generation, or an error
 * that leaves everything as it was.
 */
int cfr_config_swap(struct cfr_net *cn, struct cfr_change *change)
{
	struct cfr_retired *r;
	int err;

	mutex_lock(&cn->config_mutex);
	if (change->generation != cn->generation) {
		NL_SET_ERR_MSG(change->extack,
			       "the configuration has changed since it was read");
		err = -EAGAIN;
		goto out_unlock;
	}
	err = check_local(cn, change);
	if (err)
		goto out_unlock;
	r = retire(cn, change->model);
	if (IS_ERR(r)) {
		err = PTR_ERR(r);
		if (err == -ENOSPC)
			NL_SET_ERR_MSG(change->extack,
				       "too many prefixes have left their pools in the last two minutes: wait");
		goto out_unlock;
	}
	err = swap_model(cn, change, r);
	if (err) {
		kvfree(r);
		goto out_unlock;
	}
	kvfree(cn->retired);
	cn->retired = r;
	retire_later(cn);

out_unlock:
	mutex_unlock(&cn->config_mutex);
	return err;
}

/* The configuration in force; the caller puts it. */
struct cfr_model *cfr_config_model(struct cfr_net *cn)
{
	struct cfr_model *m;

	mutex_lock(&cn->config_mutex);
	m = cfr_model_get(cn->model);
	mutex_unlock(&cn->config_mutex);
	return m;
}

/* Life of a namespace */

int cfr_config_net_init(struct cfr_net *cn)
{
	cn->model = cfr_model_alloc(0, 0, 0, 0);
	if (!cn->model)
		return -ENOMEM;
	mutex_init(&cn->config_mutex);
	INIT_DELAYED_WORK(&cn->retire, cfr_config_retire);
	return 0;
}

/* No message can come any more: a socket keeps its namespace, and the family
 * is unregistered before the namespaces are. Nor can an address: the devices
 * have gone, or the notifiers have. So the grace period that lies between this
 * and cfr_config_net_exit() is for the hooks alone.
 */
void cfr_config_net_pre_exit(struct cfr_net *cn)
{
	cancel_delayed_work_sync(&cn->retire);
	mutex_lock(&cn->config_mutex);
	if (current_config(cn))
		cfr_hook_unregister(cn);
	mutex_unlock(&cn->config_mutex);
}

void cfr_config_net_exit(struct cfr_net *cn)
{
	struct cfr_config *cfg;

	mutex_lock(&cn->config_mutex);
	cfg = current_config(cn);
	RCU_INIT_POINTER(cn->config, NULL);
	mutex_unlock(&cn->config_mutex);
	config_free(cfg);
	kvfree(cn->retired);
	cfr_model_put(cn->model);
	mutex_destroy(&cn->config_mutex);
}

int cfr_config_init(void)
{
	return cfr_local_init();
}

void cfr_config_exit(void)
{
	cfr_local_exit();
}
