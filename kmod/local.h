/* SPDX-License-Identifier: GPL-2.0 */
/* The namespace's own addresses, and pools that collide with them. */
#ifndef _CFR_LOCAL_H
#define _CFR_LOCAL_H

#include <linux/if.h>
#include <linux/cfr.h>

struct cfr_claim;
struct cfr_model;
struct net;

/**
 * struct cfr_local - how a model sits with a namespace's addresses
 * @prefix: of cfr_model.prefix, a prefix that contains a local address
 * @device: by pool, one whose connected prefix overlaps it, or ""
 */
struct cfr_local {
	u32 prefix;
	char device[CFR_POOLS_MAX][IFNAMSIZ];
};

int cfr_local_check(struct net *net, const struct cfr_model *model,
		    struct cfr_local *local);

u32 cfr_local_count(struct net *net);
u32 cfr_local_claims(struct net *net, u8 family, struct cfr_claim *claim,
		     u32 most);

int cfr_local_init(void);
void cfr_local_exit(void);

#endif
