// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "fields.h"
#include "print.h"

static int run(struct words *words, bool json)
{
	struct nl_fault fault;
	struct conf conf;

	bool normalisation = words_is(words, "normalisation");

	if (!words_end(words))
		return misuse(words);
	if (nl_conf_get(&conf, &fault))
		return refuse(&fault);
	if (normalisation)
		fields_show(&conf, json);
	else
		print_conf(&conf, PRINT_ALL, json);
	conf_free(&conf);
	return EXIT_DONE;
}

const struct command show_command = {
	.name = "show",
	.summary = "the whole configuration, as apply reads it",
	.help =
"Usage: cfrctl show [normalisation]\n"
"\n"
"Prints the whole configuration of this network namespace as cfrctl apply\n"
"reads it. With normalisation, what of each policy's packets is made alike, beside\n"
"addresses and ports, and what is left as it is.\n",
	.run = run,
};
