// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "command.h"
#include "print.h"

static bool parse(struct words *w, struct conf *conf, unsigned int line)
{
	struct policy *policy = conf_add_policy(conf);
	const char *word;

	policy->line = line;
	if (!words_name(w, "a policy's name", policy->name))
		return false;
	word = words_take(w, "mark");
	if (!word)
		return false;
	if (strcmp(word, "mark"))
		return words_wrong(w, word, "mark");
	if (!words_mark(w, &policy->mark, &policy->mask))
		return false;
	do {
		word = words_take(w, "pool");
		if (!word)
			return false;
		if (strcmp(word, "pool"))
			return words_wrong(w, word, "pool");
		if (policy->count == CFR_POLICY_POOLS_MAX)
			return words_wrong(w, word,
					   "at most 16 pools in a policy");
		if (!words_name(w, "a pool's name", policy_add_pool(policy)))
			return false;
	} while (words_left(w));
	return true;
}

static bool parse_key(struct words *w, struct key *key)
{
	return words_name(w, "a policy's name", key->name);
}

static const char *del(struct conf *conf, const struct key *key)
{
	size_t at = conf_find_policy(conf, key->name);

	if (at == conf->npolicies)
		return "there is no such policy";
	conf_del_policy(conf, at);
	return NULL;
}

static bool keep(struct conf *conf, const struct key *key)
{
	size_t i = conf->npolicies;

	while (i--)
		if (strcmp(conf->policy[i].name, key->name))
			conf_del_policy(conf, i);
	return conf->npolicies;
}

const struct noun policy_noun = {
	.command = &policy_command,
	.part = PRINT_POLICIES,
	.parse = parse,
	.parse_key = parse_key,
	.del = del,
	.keep = keep,
};

static int run(struct words *words, bool json)
{
	return noun_run(&policy_noun, words, json);
}

const struct command policy_command = {
	.name = "policy",
	.summary = "which marked packets are relayed from which pools",
	.help =
"Usage: cfrctl policy add NAME mark MARK/MASK pool POOL [pool POOL ...]\n"
"       cfrctl policy del NAME\n"
"       cfrctl policy show [NAME]\n"
"\n"
"Packets whose mark, under MASK, is MARK are relayed. They must be marked at\n"
"priority raw (-300) or earlier. A family of which no POOL has a prefix is\n"
"refused. No mark may match two policies. The flows of a policy that is\n"
"deleted end.\n",
	.run = run,
};
