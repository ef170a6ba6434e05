/* SPDX-License-Identifier: GPL-2.0 */
/* The kill switch in nftables' words. */
#ifndef CFRCTL_RULESET_H
#define CFRCTL_RULESET_H

#include <stdio.h>

#include "conf.h"

#define KILLSWITCH_TABLE	"cfr_killswitch"
#define MARK_CHAIN_MAX		32

struct interfaces {
	const char **name;
	size_t count;
};

/* The whole table, in place of the one that is there */
void ruleset_table(FILE *out, const struct conf *conf,
		   const struct interfaces *interfaces);

/* Changes of a table that is there */
void ruleset_judge(FILE *out, const struct conf *pools, const struct conf *a,
		   const struct conf *b);
void ruleset_forward(FILE *out, const struct conf *conf);
void ruleset_add_mark(FILE *out, const struct policy *policy);
void ruleset_del_mark(FILE *out, const struct policy *policy);
void ruleset_remove(FILE *out);

/* The chain of a policy's mark */
const char *ruleset_mark_chain(const struct policy *policy, char *name);

#endif
