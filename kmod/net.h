/* SPDX-License-Identifier: GPL-2.0 */
/* What CFR keeps for one network namespace. */
#ifndef _CFR_NET_H
#define _CFR_NET_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/ratelimit_types.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "flow.h"

#define CFR_HOOKS	6

struct cfr_config;
struct cfr_model;
struct cfr_retired;
struct cfr_stats;

/**
 * struct cfr_net - one relay
 * @net: the namespace it lives in
 * @config: the current configuration, NULL while there is no policy
 * @stats: per-cpu counters
 * @flows: the flow table, its garbage collection and hold-off
 * @resets: limits those that refuse.c sends
 * @erase: entry in the list of all namespaces, erase.c's
 * @hooks: hook.c's, which lead to this very struct without a look-up
 * @config_mutex: serialises everything that replaces @config
 * @generation: of the configuration as netlink shows it
 * @last_policy_id: policy ids are never reused
 * @model: the configuration as the operator wrote it, never NULL
 * @retired: prefixes that have just left their pools, or NULL
 * @renew: lets go of them, and follows the namespace's addresses
 */
struct cfr_net {
	struct net *net;
	struct cfr_config __rcu *config;
	struct cfr_stats __percpu *stats;
	struct cfr_flow_table flows;
	struct ratelimit_state resets;
	struct list_head erase;
	struct nf_hook_ops hooks[CFR_HOOKS];

	struct mutex config_mutex;	/* protects all below */
	u32 generation;
	u32 last_policy_id;
	struct cfr_model *model;
	struct cfr_retired *retired;
	struct delayed_work renew;
};

extern unsigned int cfr_net_id;

static inline struct cfr_net *cfr_pernet(const struct net *net)
{
	return net_generic(net, cfr_net_id);
}

#endif
