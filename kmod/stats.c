// SPDX-License-Identifier: GPL-2.0
/* Reading the counters. */

#include "net.h"
#include "stats.h"

const struct cfr_stat_info cfr_stat_info[CFR_STAT_COUNT] = {
#define EVENT(stat, sentence) \
	[CFR_STAT_##stat] = { .name = #stat, .text = sentence },
#define REFUSAL(stat, sentence) \
	[CFR_STAT_##stat] = { .name = #stat, .text = sentence, .refusal = true },
#include "stats_list.h"
#undef EVENT
#undef REFUSAL
};

/**
 * cfr_stats_read() - a counter's value since the namespace met the module
 * @cn: the namespace
 * @stat: which
 */
u64 cfr_stats_read(const struct cfr_net *cn, enum cfr_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(cn->stats, cpu)->count[stat]);
	return sum;
}
