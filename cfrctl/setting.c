// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "array.h"
#include "command.h"
#include "knobs.h"
#include "print.h"

static bool parse(struct words *w, const char *name, struct setting *setting,
		  unsigned int line, const char *const *names, size_t count)
{
	uint32_t value;

	if (setting->given)
		return words_wrong(w, name, "one line of it");
	setting->given = true;
	setting->line = line;
	if (!words_choice(w, names, count, &value))
		return false;
	setting->value = value;
	return words_end(w);
}

static bool parse_priority(struct words *w, struct conf *conf, unsigned int line)
{
	return parse(w, "priority", &conf->priority, line, priority_names,
		     ARRAY_SIZE(priority_names));
}

static bool parse_mappings(struct words *w, struct conf *conf, unsigned int line)
{
	return parse(w, "mappings", &conf->mappings, line, mappings_names,
		     ARRAY_SIZE(mappings_names));
}

static const char *del_priority(struct conf *conf, const struct key *key)
{
	(void)key;
	memset(&conf->priority, 0, sizeof(conf->priority));
	return NULL;
}

static const char *del_mappings(struct conf *conf, const struct key *key)
{
	(void)key;
	memset(&conf->mappings, 0, sizeof(conf->mappings));
	return NULL;
}

const struct noun priority_noun = {
	.command = &priority_command,
	.part = PRINT_PRIORITY,
	.single = true,
	.parse = parse_priority,
	.del = del_priority,
};

const struct noun mappings_noun = {
	.command = &mappings_command,
	.part = PRINT_MAPPINGS,
	.single = true,
	.parse = parse_mappings,
	.del = del_mappings,
};

static int run_priority(struct words *words, bool json)
{
	return noun_run(&priority_noun, words, json);
}

static int run_mappings(struct words *words, bool json)
{
	return noun_run(&mappings_noun, words, json);
}

const struct command priority_command = {
	.name = "priority",
	.summary = "what devices may read off a relayed packet",
	.help =
"Usage: cfrctl priority set clear|keep\n"
"       cfrctl priority reset\n"
"       cfrctl priority show\n"
"\n"
"The kernel gives a packet a priority by its DSCP, queues by it, and a VLAN may\n"
"write it into its header. It is cleared on packets that are relayed, as is the\n"
"tc_index, unless they are to be kept.\n",
	.run = run_priority,
};

const struct command mappings_command = {
	.name = "mappings",
	.summary = "whether the kernel's memory shows whose they are",
	.help =
"Usage: cfrctl mappings set clear|sealed\n"
"       cfrctl mappings reset\n"
"       cfrctl mappings show\n"
"\n"
"Sealed mappings have the customer's address and port under a key, which a panic,\n"
"a suspend or a reboot wipes: 32 octets, and nothing that is left in memory says\n"
"whose a mapping was. It costs time for each packet. A change ends all flows.\n",
	.run = run_mappings,
};
