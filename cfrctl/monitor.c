// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "command.h"
#include "print.h"

static bool on_entropy(const struct nl_entropy *entropy, void *data)
{
	const bool *json = data;

	print_entropy(entropy, *json);
	return !fflush(stdout);
}

static bool on_anonymity(const struct nl_anonymity *anonymity, void *data)
{
	const bool *json = data;

	print_anonymity(anonymity, *json);
	return !fflush(stdout);
}

static int run(struct words *words, bool json)
{
	const struct nl_events events = { on_entropy, on_anonymity, &json };
	struct nl_fault fault;

	if (!words_end(words))
		return misuse(words);
	if (nl_listen(&events, &fault))
		return refuse(&fault);
	return EXIT_DONE;
}

const struct command monitor_command = {
	.name = "monitor",
	.summary = "prints when entropy or anonymity falls below a policy's floor, or is back",
	.help =
"Usage: cfrctl monitor\n"
"\n"
"Prints a line, or with --json an object in a line of its own, whenever the\n"
"entropy of a policy's draws or the number of customers behind its addresses falls\n"
"below its floor, and when it is back. Goes on until it is interrupted.\n",
	.run = run,
};
