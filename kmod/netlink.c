// SPDX-License-Identifier: GPL-2.0
#include <linux/kexec.h>
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "config.h"
#include "local.h"
#include "model.h"
#include "net.h"
#include "netlink.h"
#include "report.h"

#define WARNING_MAX	128

static struct genl_family cfr_family;
static bool registered;	/* and may be used, for as long as RCU lets a reader be */

/* Values of more than 16 bits; the policies of 6.1 take no const. */
static struct netlink_range_validation epoch_range __ro_after_init = {
	.min = 60,
	.max = CFR_EPOCH_MAX,
};

static struct netlink_range_validation jitter_range __ro_after_init = {
	.max = CFR_EPOCH_MAX / 2,
};

static struct netlink_range_validation timer_range __ro_after_init = {
	.min = 1,
	.max = CFR_TIMER_MAX,
};

static const struct nla_policy prefix_policy[CFR_PREFIX_A_MAX + 1] = {
	[CFR_PREFIX_A_ADDR] = NLA_POLICY_RANGE(NLA_BINARY,
					       sizeof(struct in_addr),
					       sizeof(struct in6_addr)),
	[CFR_PREFIX_A_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
};

static const struct nla_policy pool_policy[CFR_POOL_A_MAX + 1] = {
	[CFR_POOL_A_NAME] = { .type = NLA_NUL_STRING, .len = CFR_NAME_MAX - 1 },
	[CFR_POOL_A_PREFIX] = NLA_POLICY_NESTED(prefix_policy),
	[CFR_POOL_A_PORT_MIN] = NLA_POLICY_MIN(NLA_U16, 1),
	[CFR_POOL_A_PORT_MAX] = NLA_POLICY_MIN(NLA_U16, 1),
};

static const struct nla_policy knobs_policy[CFR_KNOBS_A_MAX + 1] = {
	[CFR_KNOBS_A_SCOPE] = NLA_POLICY_MAX(NLA_U8, CFR_SCOPE_MAX),
	[CFR_KNOBS_A_FILTER] = NLA_POLICY_MAX(NLA_U8, CFR_FILTER_MAX),
	[CFR_KNOBS_A_HAIRPIN] = NLA_POLICY_MAX(NLA_U8, 1),
	[CFR_KNOBS_A_PAIRING] = NLA_POLICY_MAX(NLA_U8, CFR_PAIRING_MAX),
	[CFR_KNOBS_A_EPOCH] = NLA_POLICY_FULL_RANGE(NLA_U32, &epoch_range),
	[CFR_KNOBS_A_JITTER] = NLA_POLICY_FULL_RANGE(NLA_U32, &jitter_range),
	[CFR_KNOBS_A_NORMALISE] = NLA_POLICY_MAX(NLA_U8, CFR_NORMALISE_MAX),
	[CFR_KNOBS_A_TOUCH] = NLA_POLICY_MASK(NLA_U32, CFR_FIELDS),
	[CFR_KNOBS_A_LEAVE] = NLA_POLICY_MASK(NLA_U32, CFR_FIELDS),
	[CFR_KNOBS_A_ENTROPY] = NLA_POLICY_MAX(NLA_U32, CFR_ENTROPY_MAX),
	[CFR_KNOBS_A_LOW] = NLA_POLICY_MAX(NLA_U8, CFR_LOW_MAX),
	[CFR_KNOBS_A_ANONYMITY] = NLA_POLICY_MAX(NLA_U32, CFR_ANONYMITY_MAX),
};

static const struct nla_policy policy_policy[CFR_POLICY_A_MAX + 1] = {
	[CFR_POLICY_A_NAME] = { .type = NLA_NUL_STRING,
				.len = CFR_NAME_MAX - 1 },
	[CFR_POLICY_A_MARK] = { .type = NLA_U32 },
	[CFR_POLICY_A_MASK] = { .type = NLA_U32 },
	[CFR_POLICY_A_POOL] = { .type = NLA_NUL_STRING,
				.len = CFR_NAME_MAX - 1 },
	[CFR_POLICY_A_PROFILE] = NLA_POLICY_MAX(NLA_U8, CFR_PROFILE_MAX),
	[CFR_POLICY_A_KNOBS] = NLA_POLICY_NESTED(knobs_policy),
	[CFR_POLICY_A_EFFECT] = NLA_POLICY_NESTED(knobs_policy),
};

static const struct nla_policy bypass_policy[CFR_BYPASS_A_MAX + 1] = {
	[CFR_BYPASS_A_PREFIX] = NLA_POLICY_NESTED(prefix_policy),
	[CFR_BYPASS_A_ACTION] = NLA_POLICY_MAX(NLA_U8, CFR_BYPASS_ACTION_MAX),
};

static const struct nla_policy timers_policy[CFR_TIMERS_A_MAX + 1] = {
	[CFR_TIMERS_A_UDP ... CFR_TIMERS_A_HOLD] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &timer_range),
	[CFR_TIMERS_A_NONCONFORMANT] = { .type = NLA_FLAG },
};

static const struct nla_policy config_set_policy[CFR_A_MAPPINGS + 1] = {
	[CFR_A_GENERATION] = { .type = NLA_U32 },
	[CFR_A_POOL] = NLA_POLICY_NESTED(pool_policy),
	[CFR_A_POLICY] = NLA_POLICY_NESTED(policy_policy),
	[CFR_A_BYPASS] = NLA_POLICY_NESTED(bypass_policy),
	[CFR_A_TIMERS] = NLA_POLICY_NESTED(timers_policy),
	[CFR_A_PRIORITY] = NLA_POLICY_MAX(NLA_U8, CFR_PRIORITY_MAX),
	[CFR_A_MAPPINGS] = NLA_POLICY_MAX(NLA_U8, CFR_MAPPINGS_MAX),
};

static void *begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &cfr_family, NLM_F_MULTI, cmd);
}

static int put_prefix(struct sk_buff *skb, int type,
		      const struct cfr_prefix *prefix)
{
	union nf_inet_addr addr;
	struct nlattr *nest;

	cfr_prefix_base(prefix, &addr);
	nest = nla_nest_start(skb, type);
	if (!nest ||
	    nla_put(skb, CFR_PREFIX_A_ADDR, prefix->family == NFPROTO_IPV4 ?
		    sizeof(addr.in) : sizeof(addr.in6), &addr) ||
	    nla_put_u8(skb, CFR_PREFIX_A_LEN, prefix->len))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_pool(struct sk_buff *skb, const struct cfr_model *m, u32 at)
{
	const struct cfr_model_pool *pool = &m->pool[at];
	struct nlattr *nest;
	u32 i;

	nest = nla_nest_start(skb, CFR_A_POOL);
	if (!nest || nla_put_string(skb, CFR_POOL_A_NAME, pool->name))
		return -EMSGSIZE;
	for (i = 0; i < pool->count; i++)
		if (put_prefix(skb, CFR_POOL_A_PREFIX,
			       &m->prefix[pool->first + i]))
			return -EMSGSIZE;
	if (nla_put_u16(skb, CFR_POOL_A_PORT_MIN, pool->port_min) ||
	    nla_put_u16(skb, CFR_POOL_A_PORT_MAX, pool->port_max))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Those of @which bits */
static int put_knobs(struct sk_buff *skb, int type,
		     const struct cfr_knobs *knobs, u32 which)
{
	const u32 value[] = {
		[CFR_KNOBS_A_SCOPE] = knobs->scope,
		[CFR_KNOBS_A_FILTER] = knobs->filter,
		[CFR_KNOBS_A_HAIRPIN] = knobs->hairpin,
		[CFR_KNOBS_A_PAIRING] = knobs->pairing,
		[CFR_KNOBS_A_EPOCH] = knobs->epoch,
		[CFR_KNOBS_A_JITTER] = knobs->jitter,
		[CFR_KNOBS_A_NORMALISE] = knobs->normalise,
		[CFR_KNOBS_A_TOUCH] = knobs->touch,
		[CFR_KNOBS_A_LEAVE] = knobs->leave,
		[CFR_KNOBS_A_ENTROPY] = knobs->entropy,
		[CFR_KNOBS_A_LOW] = knobs->low,
		[CFR_KNOBS_A_ANONYMITY] = knobs->anonymity,
	};
	struct nlattr *nest = nla_nest_start(skb, type);
	int i, err;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i <= CFR_KNOBS_A_MAX; i++) {
		if (!(which & BIT(i)))
			continue;
		if (knobs_policy[i].type == NLA_U32)
			err = nla_put_u32(skb, i, value[i]);
		else
			err = nla_put_u8(skb, i, value[i]);
		if (err)
			return err;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_policy(struct sk_buff *skb, const struct cfr_model *m, u32 at)
{
	const struct cfr_model_policy *policy = &m->policy[at];
	struct nlattr *nest;
	u32 i;

	nest = nla_nest_start(skb, CFR_A_POLICY);
	if (!nest ||
	    nla_put_string(skb, CFR_POLICY_A_NAME, policy->name) ||
	    nla_put_u32(skb, CFR_POLICY_A_MARK, policy->mark) ||
	    nla_put_u32(skb, CFR_POLICY_A_MASK, policy->mask))
		return -EMSGSIZE;
	for (i = 0; i < policy->count; i++)
		if (nla_put_string(skb, CFR_POLICY_A_POOL,
				   m->pool[policy->pool[i]].name))
			return -EMSGSIZE;
	if (nla_put_u8(skb, CFR_POLICY_A_PROFILE, policy->choice.profile) ||
	    put_knobs(skb, CFR_POLICY_A_KNOBS, &policy->choice.knobs,
		      policy->choice.own) ||
	    put_knobs(skb, CFR_POLICY_A_EFFECT, &policy->choice.knobs, U32_MAX))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_bypass(struct sk_buff *skb, const struct cfr_model *m, u32 at)
{
	const struct cfr_model_bypass *bypass = &m->bypass[at];
	struct nlattr *nest;

	nest = nla_nest_start(skb, CFR_A_BYPASS);
	if (!nest ||
	    put_prefix(skb, CFR_BYPASS_A_PREFIX, &bypass->prefix) ||
	    nla_put_u8(skb, CFR_BYPASS_A_ACTION, bypass->action))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Those of @which bits */
static int put_timers(struct sk_buff *skb, int type,
		      const struct cfr_timers *timers, u8 which)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i < CFR_TIMER_END; i++)
		if (which & BIT(i) && nla_put_u32(skb, i, timers->seconds[i]))
			return -EMSGSIZE;
	if (timers->nonconformant &&
	    nla_put_flag(skb, CFR_TIMERS_A_NONCONFORMANT))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What there is one of */
static int put_common(struct sk_buff *skb, const struct cfr_model *m)
{
	if (put_timers(skb, CFR_A_TIMERS, &m->timers, m->timers.own) ||
	    put_timers(skb, CFR_A_TIMERS_EFFECT, &m->timers, U8_MAX) ||
	    nla_put_u8(skb, CFR_A_PRIORITY, m->priority))
		return -EMSGSIZE;
	return nla_put_u8(skb, CFR_A_MAPPINGS, m->mappings);
}

/* The @at-th message of a configuration: the rest, pools, policies, bypasses. */
static int put_object(struct sk_buff *skb, const struct cfr_model *m, u32 at)
{
	if (nla_put_u32(skb, CFR_A_GENERATION, m->generation))
		return -EMSGSIZE;
	if (!at--)
		return put_common(skb, m);
	if (at < m->npools)
		return put_pool(skb, m, at);
	at -= m->npools;
	if (at < m->npolicies)
		return put_policy(skb, m, at);
	at -= m->npolicies;
	return put_bypass(skb, m, at);
}

/* A dump holds on to the model that was in force when it began, so it needs
 * no check whether another has come since.
 */
struct config_dump {
	struct cfr_model *model;
	u32 at;
};

static int cfr_config_get_start(struct netlink_callback *cb)
{
	struct config_dump *dump = (void *)cb->ctx;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	dump->model = cfr_config_model(cfr_pernet(sock_net(cb->skb->sk)));
	return 0;
}

static int cfr_config_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct config_dump *dump = (void *)cb->ctx;
	const struct cfr_model *m = dump->model;

	while (dump->at <= m->npools + m->npolicies + m->nbypasses) {
		void *head = begin(skb, cb, CFR_CMD_CONFIG_GET);

		if (!head)
			break;
		if (put_object(skb, m, dump->at)) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
		dump->at++;
	}
	return skb->len;
}

static int cfr_config_get_done(struct netlink_callback *cb)
{
	struct config_dump *dump = (void *)cb->ctx;

	cfr_model_put(dump->model);
	return 0;
}

static void put_warnings(struct sk_buff *skb, const struct cfr_model *m,
			 const struct cfr_change *change)
{
	const struct cfr_local *local = change->local;
	char text[WARNING_MAX];
	u32 i;

	for (i = 0; i < m->npools; i++) {
		if (!local->device[i][0])
			continue;
		snprintf(text, sizeof(text),
			 "pool %s overlaps a connected prefix of %s: route pools to the relay instead",
			 m->pool[i].name, local->device[i]);
		nla_put_string(skb, CFR_A_WARNING, text);
	}
	if (m->npolicies && kexec_crash_loaded())
		nla_put_string(skb, CFR_A_WARNING,
			       "a crash kernel is loaded: a crash writes all mappings to a disk");
	if (change->flushed)
		nla_put_string(skb, CFR_A_WARNING,
			       "mappings are kept in another way from now on: all flows have ended");
}

static int config_set(struct genl_info *info, struct cfr_change *change)
{
	struct cfr_net *cn = cfr_pernet(genl_info_net(info));
	struct cfr_model *m = change->model;
	struct sk_buff *skb;
	void *head;
	int err;

	/* first, so that nothing can fail once the model is in force */
	skb = genlmsg_new(nla_total_size(sizeof(u32)) +
			  (m->npools + 2) * nla_total_size(WARNING_MAX),
			  GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &cfr_family, 0, CFR_CMD_CONFIG_SET);
	if (!head) {
		err = -EMSGSIZE;
		goto err_free_skb;
	}

	cfr_model_get(m);
	err = cfr_config_swap(cn, change);
	if (!err) {
		nla_put_u32(skb, CFR_A_GENERATION, change->generation);
		put_warnings(skb, m, change);
	}
	cfr_model_put(m);
	if (err)
		goto err_free_skb;

	/* a full receive buffer does not undo the change */
	genlmsg_end(skb, head);
	genlmsg_reply(skb, info);
	return 0;

err_free_skb:
	nlmsg_free(skb);
	return err;
}

static int cfr_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cfr_change change = {
		.nlh = info->nlhdr,
		.extack = info->extack,
	};
	int err;

	if (GENL_REQ_ATTR_CHECK(info, CFR_A_GENERATION)) {
		NL_SET_ERR_MSG(info->extack,
			       "the generation that the change is based on is missing");
		return -EINVAL;
	}
	change.generation = nla_get_u32(info->attrs[CFR_A_GENERATION]);
	change.local = kzalloc(sizeof(*change.local), GFP_KERNEL);
	if (!change.local)
		return -ENOMEM;
	change.model = cfr_model_parse(info->nlhdr, info->extack);
	if (IS_ERR(change.model)) {
		err = PTR_ERR(change.model);
		goto out_free_local;
	}
	err = config_set(info, &change);
	cfr_model_put(change.model);

out_free_local:
	kfree(change.local);
	return err;
}

static int cfr_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	cfr_flow_flush(cfr_pernet(genl_info_net(info)));
	return 0;
}

static int cfr_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	const struct cfr_net *cn = cfr_pernet(sock_net(cb->skb->sk));
	void *head;
	int err;

	for (;; cb->args[0]++) {
		head = begin(skb, cb, CFR_CMD_STATS_GET);
		if (!head)
			break;
		rcu_read_lock();
		err = cfr_report_number(skb, cn, cb->args[0]);
		rcu_read_unlock();
		if (err) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
	}
	return skb->len;
}

static const struct genl_multicast_group cfr_groups[] = {
	{ .name = CFR_GENL_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

/* @put: what of @spans, if that has changed since @told was the last */
static void tell(const struct cfr_net *cn, u8 cmd, bool low, bool *told,
		 int (*put)(struct sk_buff *skb, const struct cfr_policy *policy,
			    u8 family, const struct cfr_spans *spans),
		 const struct cfr_policy *policy, u8 family,
		 const struct cfr_spans *spans)
{
	struct sk_buff *skb;
	void *head;

	if (likely(low == *told))
		return;
	*told = low;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &cfr_family, 0, cmd);
	if (!head || put(skb, policy, family, spans)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast_netns(&cfr_family, cn->net, skb, 0, 0, GFP_ATOMIC);
}

static void tell_of(const struct cfr_net *cn, const struct cfr_policy *policy,
		    bool v4)
{
	const struct cfr_spans *spans = cfr_policy_spans(policy, v4);
	u8 family = v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

	tell(cn, CFR_CMD_ENTROPY_NTF, cfr_entropy_low(spans->entropy),
	     &spans->entropy->told, cfr_report_entropy, policy, family, spans);
	tell(cn, CFR_CMD_ANONYMITY_NTF, cfr_anonymity_low(spans->anonymity),
	     &spans->anonymity->told, cfr_report_anonymity, policy, family, spans);
}

/**
 * cfr_netlink_tell() - tell who listens what has changed
 * @cn: the namespace
 *
 * Context: process, one at a time for a namespace.
 */
void cfr_netlink_tell(const struct cfr_net *cn)
{
	const struct cfr_policy *policy;
	const struct cfr_config *cfg;

	rcu_read_lock();
	cfg = READ_ONCE(registered) ? rcu_dereference(cn->config) : NULL;
	cfr_for_each_policy(policy, cfg) {
		tell_of(cn, policy, true);
		tell_of(cn, policy, false);
	}
	rcu_read_unlock();
}

/* An operation without a policy takes no attribute at all. */
static const struct genl_ops cfr_ops[] = {
	{
		.cmd = CFR_CMD_CONFIG_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.start = cfr_config_get_start,
		.dumpit = cfr_config_get_dumpit,
		.done = cfr_config_get_done,
	},
	{
		.cmd = CFR_CMD_CONFIG_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = config_set_policy,
		.maxattr = ARRAY_SIZE(config_set_policy) - 1,
		.doit = cfr_config_set_doit,
	},
	{
		.cmd = CFR_CMD_FLUSH,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = cfr_flush_doit,
	},
	{
		.cmd = CFR_CMD_STATS_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.dumpit = cfr_stats_get_dumpit,
	},
};

/* Parallel, because a swap waits for a grace period: other families' users
 * need not wait with it.
 */
static struct genl_family cfr_family __ro_after_init = {
	.name = CFR_GENL_NAME,
	.version = CFR_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = cfr_ops,
	.n_ops = ARRAY_SIZE(cfr_ops),
	.mcgrps = cfr_groups,
	.n_mcgrps = ARRAY_SIZE(cfr_groups),
};

int cfr_netlink_init(void)
{
	int err = genl_register_family(&cfr_family);

	WRITE_ONCE(registered, !err);
	return err;
}

void cfr_netlink_exit(void)
{
	WRITE_ONCE(registered, false);
	synchronize_rcu();
	genl_unregister_family(&cfr_family);
}

MODULE_ALIAS_GENL_FAMILY(CFR_GENL_NAME);
