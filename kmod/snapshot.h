/* SPDX-License-Identifier: GPL-2.0 */
/* Building struct cfr_config. */
#ifndef _CFR_SNAPSHOT_H
#define _CFR_SNAPSHOT_H

#include "config.h"
#include "prefix.h"

struct cfr_model;
struct cfr_net;

/* A prefix that has left its pool, and when that is forgotten */
struct cfr_gone {
	struct cfr_prefix prefix;
	unsigned long until;	/* jiffies */
};

struct cfr_retired {
	u32 count;
	struct cfr_gone gone[];
};

struct cfr_config *cfr_snapshot_build(struct cfr_net *cn, struct cfr_model *m,
				      const struct cfr_retired *r);
void cfr_snapshot_free(struct cfr_config *cfg);

#endif
