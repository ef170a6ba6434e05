// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "array.h"
#include "command.h"
#include "knobs.h"
#include "print.h"

static bool parse(struct words *w, struct conf *conf, unsigned int line)
{
	struct priority *priority = &conf->priority;
	uint32_t value;

	if (priority->given)
		return words_wrong(w, "priority", "one line of priority");
	priority->given = true;
	priority->line = line;
	if (!words_choice(w, priority_names, ARRAY_SIZE(priority_names), &value))
		return false;
	priority->value = value;
	return words_end(w);
}

static const char *del(struct conf *conf, const struct key *key)
{
	(void)key;
	memset(&conf->priority, 0, sizeof(conf->priority));
	return NULL;
}

const struct noun priority_noun = {
	.command = &priority_command,
	.part = PRINT_PRIORITY,
	.single = true,
	.parse = parse,
	.del = del,
};

static int run(struct words *words, bool json)
{
	return noun_run(&priority_noun, words, json);
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
	.run = run,
};
