// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "command.h"
#include "print.h"

static bool on_event(const struct nl_entropy *entropy, void *data)
{
	const bool *json = data;

	print_entropy(entropy, *json);
	return !fflush(stdout);
}

static int run(struct words *words, bool json)
{
	struct nl_fault fault;

	if (!words_end(words))
		return misuse(words);
	if (nl_listen(on_event, &json, &fault))
		return refuse(&fault);
	return EXIT_DONE;
}

const struct command monitor_command = {
	.name = "monitor",
	.summary = "prints when entropy falls below a policy's floor, or is back",
	.help =
"Usage: cfrctl monitor\n"
"\n"
"Prints a line, or with --json an object in a line of its own, whenever the\n"
"entropy of a policy's draws falls below its floor, and when it is back. Goes on\n"
"until it is interrupted.\n",
	.run = run,
};
