// SPDX-License-Identifier: GPL-2.0
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sort.h>

#include "config.h"
#include "epoch.h"
#include "erase.h"
#include "hook.h"
#include "local.h"
#include "model.h"
#include "net.h"
#include "snapshot.h"

/* Twice the most that one configuration can let go of. */
#define CFR_RETIRED_MAX	(2 * CFR_POOLS_MAX * CFR_POOL_PREFIXES_MAX)

/* What has just left the pools */

static int gone_cmp(const void *a, const void *b)
{
	const struct cfr_gone *p = a, *q = b;
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
			r->gone[count++] = (struct cfr_gone){
				*p, now + m->timers.seconds[CFR_TIMER_HOLD] * HZ,
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
	mod_delayed_work(system_power_efficient_wq, &cn->renew,
			 time_after(next, jiffies) ? next - jiffies : 0);
}

/* Coming into force */

static struct cfr_config *current_config(const struct cfr_net *cn)
{
	return rcu_dereference_protected(cn->config,
					 lockdep_is_held(&cn->config_mutex));
}

static void cfr_config_renewal(struct work_struct *work)
{
	struct cfr_net *cn = container_of(to_delayed_work(work),
					  struct cfr_net, renew);
	struct cfr_config *old, *next = NULL;
	struct cfr_retired *r;

	mutex_lock(&cn->config_mutex);
	old = current_config(cn);
	r = retire(cn, cn->model);
	if (!IS_ERR(r) && old)
		next = cfr_snapshot_build(cn, cn->model, r);
	if (IS_ERR(r) || (old && !next)) {
		if (!IS_ERR(r))
			kvfree(r);
		mod_delayed_work(system_power_efficient_wq, &cn->renew, HZ);
		goto out_unlock;
	}
	rcu_assign_pointer(cn->config, next);
	kvfree(cn->retired);
	cn->retired = r;
	retire_later(cn);
	if (old) {
		synchronize_rcu();
		cfr_snapshot_free(old);
	}
out_unlock:
	mutex_unlock(&cn->config_mutex);
}

/**
 * cfr_config_renew() - follow a change of the namespace's addresses
 * @cn: the relay
 *
 * Context: any.
 */
void cfr_config_renew(struct cfr_net *cn)
{
	mod_delayed_work(system_power_efficient_wq, &cn->renew, 0);
}

/**
 * cfr_config_forget() - end the epoch of every pairing
 * @cn: the relay
 *
 * Context: process. When it returns, nothing is left of the keys.
 */
void cfr_config_forget(struct cfr_net *cn)
{
	const struct cfr_policy *policy;
	const struct cfr_config *cfg;

	mutex_lock(&cn->config_mutex);
	cfg = current_config(cn);
	cfr_for_each_policy(policy, cfg)
		if (policy->epoch)
			cfr_epoch_rotate(policy->epoch);
	mutex_unlock(&cn->config_mutex);
}

/**
 * cfr_config_wipe() - nothing is left of the keys of pairings, nor will anything work
 * @cn: the relay
 *
 * Context: a panic's.
 */
void cfr_config_wipe(struct cfr_net *cn)
{
	const struct cfr_config *cfg = rcu_dereference_raw(cn->config);
	const struct cfr_policy *policy;

	cfr_for_each_policy(policy, cfg)
		if (policy->epoch)
			memzero_explicit(&policy->epoch->key,
					 sizeof(policy->epoch->key));
}

/* A policy that stays keeps its id; no other ever gets it. */
static int give_ids(struct cfr_net *cn, struct cfr_model *m)
{
	const struct cfr_model *old = cn->model;
	u32 i, j;

	/* as many as a flow has bits for */
	if (cn->last_policy_id > BIT(29) - 1 - CFR_POLICIES_MAX)
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
			cfr_flow_sweep(cn, NULL);
			return err;
		}
	}
	synchronize_rcu();
	if (old || next)
		cfr_flow_sweep(cn, next);
	cfr_snapshot_free(old);
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

static int check_entropy(const struct cfr_config *cfg,
			 const struct cfr_change *change)
{
	const struct cfr_policy *policy;
	const struct nlattr *attr;

	for (policy = cfg->policy; policy < cfg->policy_end; policy++) {
		if (!cfr_entropy_low(&policy->entropy[0]) &&
		    !cfr_entropy_low(&policy->entropy[1]))
			continue;
		attr = cfr_model_attr_floor(change->nlh, policy - cfg->policy);
		NL_SET_ERR_MSG_ATTR(change->extack, attr,
				    "the policy has fewer tuples than its floor of entropy asks for");
		return -ERANGE;
	}
	return 0;
}

static int check_crash_kernel(const struct cfr_change *change)
{
	if (!change->model->npolicies || !cfr_erase_crash_kernel())
		return 0;
	NL_SET_ERR_MSG(change->extack,
		       "a crash kernel is loaded, whose dump would hold mappings: unload it (kexec -p -u) or set the module parameter allow_crash_kernel");
	return -EBUSY;
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
		next = cfr_snapshot_build(cn, change->model, r);
		if (!next) {
			NL_SET_ERR_MSG(change->extack,
				       "no memory for the configuration");
			return -ENOMEM;
		}
		err = check_entropy(next, change);
		if (err) {
			cfr_snapshot_free(next);
			return err;
		}
	}
	err = publish(cn, next);
	if (err) {
		NL_SET_ERR_MSG(change->extack,
			       "the netfilter hooks cannot be registered");
		cfr_snapshot_free(next);
		return err;
	}
	if (next)
		cfr_erase_watch();
	cfr_flow_set_timers(cn, &change->model->timers);
	change->flushed = cfr_flow_set_sealing(cn, change->model->mappings ==
						   CFR_MAPPINGS_SEALED);
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
	err = check_crash_kernel(change);
	if (err)
		goto out_unlock;
	err = check_local(cn, change);
	if (err)
		goto out_unlock;
	r = retire(cn, change->model);
	if (IS_ERR(r)) {
		err = PTR_ERR(r);
		if (err == -ENOSPC)
			NL_SET_ERR_MSG(change->extack,
				       "too many prefixes have just left their pools, and still rest: wait");
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
	INIT_DELAYED_WORK(&cn->renew, cfr_config_renewal);
	return 0;
}

/* No message can come any more: a socket keeps its namespace, and the family
 * is unregistered before the namespaces are. Nor can an address: the devices
 * have gone, or the notifiers have. So the grace period that lies between this
 * and cfr_config_net_exit() is for the hooks alone.
 */
void cfr_config_net_pre_exit(struct cfr_net *cn)
{
	cancel_delayed_work_sync(&cn->renew);
	mutex_lock(&cn->config_mutex);
	if (current_config(cn))
		cfr_hook_unregister(cn);
	mutex_unlock(&cn->config_mutex);
}

void cfr_config_net_exit(struct cfr_net *cn)
{
	struct cfr_config *cfg;

	/* Devices that went after pre_exit took their addresses along. */
	cancel_delayed_work_sync(&cn->renew);
	mutex_lock(&cn->config_mutex);
	cfg = current_config(cn);
	RCU_INIT_POINTER(cn->config, NULL);
	mutex_unlock(&cn->config_mutex);
	cfr_snapshot_free(cfg);
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
