// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "print.h"

static int run(struct words *words, bool json)
{
	struct nl_fault fault;
	struct conf conf;

	if (!words_end(words))
		return misuse(words);
	if (nl_conf_get(&conf, &fault))
		return refuse(&fault);
	print_conf(&conf, PRINT_ALL, json);
	conf_free(&conf);
	return EXIT_DONE;
}

const struct command show_command = {
	.name = "show",
	.summary = "the whole configuration, as apply reads it",
	.help =
"Usage: cfrctl show\n"
"\n"
"Prints the whole configuration of this network namespace as cfrctl apply\n"
"reads it.\n",
	.run = run,
};
