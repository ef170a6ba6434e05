/* SPDX-License-Identifier: GPL-2.0 */
/* Results on stdout, as text or as JSON. */
#ifndef CFRCTL_PRINT_H
#define CFRCTL_PRINT_H

#include <stdbool.h>

#include "nl.h"

enum print_part {
	PRINT_POOLS = 1,
	PRINT_POLICIES = 2,
	PRINT_BYPASSES = 4,
	PRINT_TIMERS = 8,
	PRINT_PRIORITY = 16,
	PRINT_MAPPINGS = 32,
	PRINT_ALL = 63,
};

void print_conf(const struct conf *conf, unsigned int parts, bool json);
void print_reply(const struct nl_reply *reply, bool json);
void print_stats(const struct nl_stats *stats, bool explain, bool json);
void print_entropy(const struct nl_entropy *entropy, bool json);
void print_anonymity(const struct nl_anonymity *anonymity, bool json);

#endif
