// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "print.h"

static bool parse(struct words *w, struct conf *conf, unsigned int line)
{
	struct pool *pool = conf_add_pool(conf);
	bool ports = false;
	const char *word;

	pool->line = line;
	if (!words_name(w, "a pool's name", pool->name))
		return false;
	do {
		if (!ports && words_is(w, "ports")) {
			ports = true;
			if (!words_ports(w, &pool->port_min, &pool->port_max))
				return false;
			continue;
		}
		word = words_take(w, "prefix");
		if (!word)
			return false;
		if (strcmp(word, "prefix"))
			return words_wrong(w, word, ports ? "prefix" :
					   "prefix or ports");
		if (pool->count == CFR_POOL_PREFIXES_MAX)
			return words_wrong(w, word,
					   "at most 64 prefixes in a pool");
		if (!words_prefix(w, pool_add_prefix(pool)))
			return false;
	} while (words_left(w));
	if (!pool->count)
		return words_take(w, "prefix");
	return true;
}

static bool parse_key(struct words *w, struct key *key)
{
	return words_name(w, "a pool's name", key->name);
}

static const char *del(struct conf *conf, const struct key *key)
{
	static char used[128];
	size_t at = conf_find_pool(conf, key->name), i, j;

	if (at == conf->npools)
		return "there is no such pool";
	for (i = 0; i < conf->npolicies; i++) {
		const struct policy *policy = &conf->policy[i];

		for (j = 0; j < policy->count; j++) {
			if (strcmp(policy->pool[j], key->name))
				continue;
			snprintf(used, sizeof(used),
				 "policy %s draws from this pool",
				 policy->name);
			return used;
		}
	}
	conf_del_pool(conf, at);
	return NULL;
}

static bool keep(struct conf *conf, const struct key *key)
{
	size_t i = conf->npools;

	while (i--)
		if (strcmp(conf->pool[i].name, key->name))
			conf_del_pool(conf, i);
	return conf->npools;
}

const struct noun pool_noun = {
	.command = &pool_command,
	.part = PRINT_POOLS,
	.parse = parse,
	.parse_key = parse_key,
	.del = del,
	.keep = keep,
};

static int run(struct words *words, bool json)
{
	return noun_run(&pool_noun, words, json);
}

const struct command pool_command = {
	.name = "pool",
	.summary = "addresses and ports that flows are given",
	.help =
"Usage: cfrctl pool add NAME prefix PREFIX [prefix PREFIX ...] [ports LOW-HIGH]\n"
"       cfrctl pool del NAME\n"
"       cfrctl pool show [NAME]\n"
"\n"
"A pool's prefixes are IPv4 (/8 to /32), IPv6 (/32 to /64) or both. Route them\n"
"to this host; do not configure them on an interface. LOW-HIGH is 1024-65535\n"
"if it is not given.\n",
	.run = run,
};
