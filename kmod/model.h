/* SPDX-License-Identifier: GPL-2.0 */
/* A configuration as the operator wrote it, immutable once it is parsed. */
#ifndef _CFR_MODEL_H
#define _CFR_MODEL_H

#include <linux/refcount.h>
#include <linux/cfr.h>

#include "prefix.h"
#include "profile.h"
#include "timers.h"

struct netlink_ext_ack;
struct nlattr;
struct nlmsghdr;

struct cfr_model_pool {
	char name[CFR_NAME_MAX];
	u16 port_min;
	u16 port_max;
	u32 first;		/* in cfr_model.prefix */
	u32 count;
};

struct cfr_model_policy {
	char name[CFR_NAME_MAX];
	u32 id;			/* given when the model comes into force */
	u32 mark;
	u32 mask;
	u32 count;
	u16 pool[CFR_POLICY_POOLS_MAX];
	struct cfr_profile_choice choice;
};

struct cfr_model_bypass {
	struct cfr_prefix prefix;
	u8 action;		/* enum cfr_bypass_action */
};

/* The prefixes of all pools in order of address. */
struct cfr_model_place {
	u32 prefix;
	u32 pool;
};

/**
 * struct cfr_model - pools, policies, bypasses and what holds for all
 * @ref: the namespace's, the snapshot's and each dump's
 * @generation: of the configuration, given when it comes into force
 * @timers: of all flows
 * @priority: enum cfr_priority
 * @mappings: enum cfr_mappings
 * @npools: of @pool
 * @nprefixes: of @prefix and @place
 * @npolicies: of @policy
 * @nbypasses: of @bypass
 * @pool: in the operator's order
 * @prefix: of all pools, each pool's together
 * @place: @prefix by address; disjoint, so a search finds the only one
 * @policy: in the operator's order
 * @bypass: in the operator's order
 */
struct cfr_model {
	refcount_t ref;
	u32 generation;
	struct cfr_timers timers;
	u8 priority;
	u8 mappings;
	u32 npools;
	u32 nprefixes;
	u32 npolicies;
	u32 nbypasses;
	struct cfr_model_pool *pool;
	struct cfr_prefix *prefix;
	struct cfr_model_place *place;
	struct cfr_model_policy *policy;
	struct cfr_model_bypass *bypass;
};

struct cfr_model *cfr_model_alloc(u32 npools, u32 nprefixes, u32 npolicies,
				  u32 nbypasses);
struct cfr_model *cfr_model_parse(const struct nlmsghdr *nlh,
				  struct netlink_ext_ack *extack);
struct cfr_model *cfr_model_get(struct cfr_model *model);
void cfr_model_put(struct cfr_model *model);

u32 cfr_model_place(const struct cfr_model *model,
		    const struct cfr_prefix *prefix);
u32 cfr_model_find(const struct cfr_model *model,
		   const struct cfr_prefix *prefix);
const struct nlattr *cfr_model_attr(const struct nlmsghdr *nlh, u32 prefix);
const struct nlattr *cfr_model_attr_floor(const struct nlmsghdr *nlh, u32 policy);

#endif
