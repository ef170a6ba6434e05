// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "command.h"
#include "knobs.h"
#include "print.h"

static bool parse_pool(struct words *w, struct policy *policy)
{
	const char *word = words_take(w, "pool");

	if (!word)
		return false;
	if (strcmp(word, "pool"))
		return words_wrong(w, word, "pool");
	if (policy->count == CFR_POLICY_POOLS_MAX)
		return words_wrong(w, word, "at most 16 pools in a policy");
	return words_name(w, "a pool's name", policy_add_pool(policy));
}

/* Another pool, the profile, or a knob of its own */
static bool parse_more(struct words *w, struct policy *policy, bool *profile)
{
	const char *word = w->word[w->at];
	unsigned int number = knob_find(word);
	uint32_t value;

	if (!strcmp(word, "pool"))
		return parse_pool(w, policy);
	w->at++;
	if (!strcmp(word, "profile") && !*profile) {
		*profile = true;
		if (!words_choice(w, profile_names, PROFILES, &value))
			return false;
		policy->profile = value;
		return true;
	}
	if (!number)
		return words_wrong(w, word,
				   "pool, profile, scope, filter, hairpin, pairing, epoch, jitter, normalise, touch, leave, entropy, low or anonymity");
	if (policy->knobs.own & 1U << number)
		return words_wrong(w, word, "each of them once");
	return knob_parse(w, number, &policy->knobs);
}

static bool parse(struct words *w, struct conf *conf, unsigned int line)
{
	struct policy *policy = conf_add_policy(conf);
	bool profile = false;
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
	if (!parse_pool(w, policy))
		return false;
	while (words_left(w))
		if (!parse_more(w, policy, &profile))
			return false;
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
"                         [profile privacy|balanced|strict-rfc] [KNOB VALUE ...]\n"
"       cfrctl policy del NAME\n"
"       cfrctl policy show [NAME]\n"
"\n"
"Packets whose mark, under MASK, is MARK are relayed. They must be marked at\n"
"priority raw (-300) or earlier. A family of which no POOL has a prefix is\n"
"refused. No mark may match two policies. The flows of a policy that is\n"
"deleted end.\n"
"\n"
"A profile sets all knobs, of which a policy may set some otherwise:\n"
"             privacy (default)           balanced           strict-rfc\n"
"  scope      flow                        endpoint           endpoint\n"
"  filter     address-and-port-dependent  address-dependent  endpoint-independent\n"
"  hairpin    off                         off                on\n"
"  pairing    flow                        destination        customer\n"
"  epoch      1d                          1d                 7d\n"
"  jitter     4h                          4h                 0s\n"
"  normalise  full                        full               off\n"
"  leave      none                        timestamps         none\n"
"  entropy    0                           0                  0\n"
"  low        warn                        warn               warn\n"
"  anonymity  0                           0                  0\n"
"Scope says what has a relay tuple: a flow, or a customer's address and port for\n"
"all its remotes. A pool serves one scope. Filter says who may send to a relay\n"
"tuple, and other than address-and-port-dependent needs scope endpoint, as does\n"
"hairpin. Pairing says what decides on the relay address: chance for each flow, or\n"
"the customer, with the destination or without, under a key that is replaced when\n"
"an epoch of about that length, give or take the jitter, is over. No live flow\n"
"ever moves. Normalise says what is made alike of packets that leave, beside\n"
"addresses and ports: nothing; what no connection depends on; what no host that\n"
"conforms depends on; or all, SYNs included. touch FIELD[,FIELD ...] and leave\n"
"FIELD[,FIELD ...] differ from that level: cfrctl show normalisation lists all.\n"
"Entropy is a floor, in bits: no family of the policy has fewer than two to this\n"
"tuples, and while fewer are free where its flows go to, new ones are counted\n"
"(low warn) or refused (low refuse). cfrctl stats prints how many there are.\n"
"Anonymity is a floor of customers behind each relay address that is in use, of\n"
"which cfrctl monitor tells: to refuse others would keep them few.\n",
	.run = run,
};
