/* SPDX-License-Identifier: GPL-2.0 */
/* Scope endpoint: bindings, which flows share, and filters. */
#ifndef _CFR_ENDPOINT_H
#define _CFR_ENDPOINT_H

#include "flow.h"

/* Bindings and permits take part in no packet's accounting. */
static inline bool cfr_endpoint_shared(const struct cfr_flow *flow)
{
	return cfr_flow_level(flow) != CFR_LEVEL_FLOW;
}

struct cfr_flow *cfr_endpoint_open(struct cfr_net *cn,
				   const struct cfr_policy *policy,
				   const struct cfr_key *key,
				   enum cfr_stat *why);
struct cfr_flow *cfr_endpoint_accept(struct cfr_net *cn,
				     const struct cfr_policy *policy,
				     const struct cfr_key *key,
				     enum cfr_stat *why);
struct cfr_flow *cfr_endpoint_in(struct cfr_net *cn, const struct cfr_key *key,
				 enum cfr_stat *why);
struct cfr_flow *cfr_endpoint_of(struct cfr_net *cn, const struct cfr_key *key);
struct cfr_flow *cfr_endpoint_reached(struct cfr_net *cn,
				      const struct cfr_key *key);
void cfr_endpoint_put(struct cfr_net *cn, struct cfr_flow *shared);
void cfr_endpoint_leave(struct cfr_net *cn, const struct cfr_flow *flow);

#endif
