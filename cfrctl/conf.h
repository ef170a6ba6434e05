/* SPDX-License-Identifier: GPL-2.0 */
/* A configuration: plain containers, in the operator's order. */
#ifndef CFRCTL_CONF_H
#define CFRCTL_CONF_H

#include <linux/cfr.h>
#include <stddef.h>

#include "prefix.h"

#define PORT_MIN_DEFAULT	1024
#define PORT_MAX_DEFAULT	65535

struct pool {
	char name[CFR_NAME_MAX];
	struct prefix *prefix;
	size_t count;
	uint16_t port_min;
	uint16_t port_max;
	unsigned int line;	/* of the file it came from, or 0 */
};

/* By CFR_KNOBS_A_*: those that "own" has the bits of, or all of them */
struct knobs {
	uint32_t value[CFR_KNOBS_A_MAX + 1];
	unsigned int own;
};

struct policy {
	char name[CFR_NAME_MAX];
	uint32_t mark;
	uint32_t mask;
	uint8_t profile;
	struct knobs knobs;
	struct knobs effect;	/* as the kernel says */
	char (*pool)[CFR_NAME_MAX];
	size_t count;
	unsigned int line;
};

struct bypass {
	struct prefix prefix;
	bool drop;
	unsigned int line;
};

/* By CFR_TIMERS_A_*, in seconds; 0 where the operator has said nothing */
struct timers {
	uint32_t seconds[CFR_TIMERS_A_MAX + 1];
	bool nonconformant;
	bool given;		/* there is a line of it */
	unsigned int line;
};

/* What there is one of, and a word says */
struct setting {
	uint8_t value;
	bool given;
	unsigned int line;
};

struct conf {
	uint32_t generation;
	struct timers timers;
	struct timers timers_effect;	/* as the kernel says */
	struct setting priority;
	struct setting mappings;
	struct pool *pool;
	size_t npools;
	struct policy *policy;
	size_t npolicies;
	struct bypass *bypass;
	size_t nbypasses;
};

struct pool *conf_add_pool(struct conf *conf);
struct prefix *pool_add_prefix(struct pool *pool);
struct policy *conf_add_policy(struct conf *conf);
char *policy_add_pool(struct policy *policy);
struct bypass *conf_add_bypass(struct conf *conf);

/* Indices; the count if there is none. */
size_t conf_find_pool(const struct conf *conf, const char *name);
size_t conf_find_policy(const struct conf *conf, const char *name);
size_t conf_find_bypass(const struct conf *conf, const struct prefix *prefix);

void conf_del_pool(struct conf *conf, size_t at);
void conf_del_policy(struct conf *conf, size_t at);
void conf_del_bypass(struct conf *conf, size_t at);

void conf_append(struct conf *conf, const struct conf *more);
void conf_free(struct conf *conf);

#endif
