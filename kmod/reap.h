/* SPDX-License-Identifier: GPL-2.0 */
/* The end of flows: unlinking, wiping, hold-off, garbage collection. */
#ifndef _CFR_REAP_H
#define _CFR_REAP_H

#include "flow.h"

enum cfr_end {
	CFR_END_IDLE,		/* its time had come */
	CFR_END_COMMAND,	/* flushed, or no longer configured */
};

void cfr_reap_end(struct cfr_net *cn, struct cfr_flow *flow, enum cfr_end why);
void cfr_reap_end_shared(struct cfr_net *cn, struct cfr_flow *shared);
bool cfr_reap_one_held(struct cfr_net *cn);
void cfr_reap_watch(struct cfr_net *cn);

void cfr_reap_net_init(struct cfr_net *cn);
void cfr_reap_net_exit(struct cfr_net *cn);

#endif
