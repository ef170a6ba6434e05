/* SPDX-License-Identifier: GPL-2.0 */
/* The module's netlink family. */
#ifndef CFRCTL_NL_H
#define CFRCTL_NL_H

#include "conf.h"

/* What went wrong: the kernel's sentence and, where one word of the
 * configuration is to blame, that word and the line it came from.
 */
struct nl_fault {
	int code;		/* errno */
	char text[512];
	char word[PREFIX_TEXT_MAX];
	unsigned int line;
};

struct nl_counter {
	char name[64];
	char text[256];
	uint64_t value;
	enum cfr_counter_kind kind;
};

/* Of a policy's tuples; in 1/CFR_ENTROPY_BIT bits */
struct nl_entropy {
	char policy[CFR_NAME_MAX];
	bool v4;
	uint32_t full;
	uint32_t now;
	bool low;
};

/* How many customers a policy's addresses may stand for */
struct nl_anonymity {
	char policy[CFR_NAME_MAX];
	bool v4;
	uint32_t customers;
	uint32_t floor;
	bool low;
};

struct nl_stats {
	struct nl_counter *counter;
	size_t count;
	struct nl_entropy *entropy;
	size_t nentropies;
	struct nl_anonymity *anonymity;
	size_t nanonymities;
};

struct nl_reply {
	uint32_t generation;
	char **warning;
	size_t nwarnings;
};

/* All return 0 or -1 and fill in @fault. */
int nl_conf_get(struct conf *conf, struct nl_fault *fault);
int nl_conf_set(const struct conf *conf, struct nl_reply *reply,
		struct nl_fault *fault);
int nl_flush(struct nl_fault *fault);
int nl_stats_get(struct nl_stats *stats, struct nl_fault *fault);
/* What comes of itself; each returns false if no more is wanted. */
struct nl_events {
	bool (*entropy)(const struct nl_entropy *entropy, void *data);
	bool (*anonymity)(const struct nl_anonymity *anonymity, void *data);
	void *data;
};

int nl_listen(const struct nl_events *events, struct nl_fault *fault);

void nl_reply_free(struct nl_reply *reply);
void nl_stats_free(struct nl_stats *stats);

#endif
