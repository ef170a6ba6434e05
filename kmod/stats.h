/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a namespace. Every refusal on the packet path has exactly one
 * entry in stats_list.h, and netlink hands the sentences to the tool.
 */
#ifndef _CFR_STATS_H
#define _CFR_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

enum cfr_stat {
#define EVENT(name, text)	CFR_STAT_##name,
#define REFUSAL(name, text)	CFR_STAT_##name,
#include "stats_list.h"
#undef EVENT
#undef REFUSAL
	CFR_STAT_COUNT
};

struct cfr_stats {
	u64 count[CFR_STAT_COUNT];
};

struct cfr_stat_info {
	const char *name;
	const char *text;
	bool refusal;
};

extern const struct cfr_stat_info cfr_stat_info[CFR_STAT_COUNT];

struct cfr_net;
u64 cfr_stats_read(const struct cfr_net *cn, enum cfr_stat stat);

#define cfr_stats_inc(cn, name) \
	this_cpu_inc((cn)->stats->count[CFR_STAT_##name])

#endif
