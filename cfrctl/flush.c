// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "json.h"

static int run(struct words *words, bool json)
{
	struct nl_fault fault;

	if (!words_end(words))
		return misuse(words);
	if (nl_flush(&fault))
		return refuse(&fault);
	if (json) {
		json_open(NULL, '{');
		json_close('}');
	}
	return EXIT_DONE;
}

const struct command flush_command = {
	.name = "flush",
	.summary = "end all flows",
	.help =
"Usage: cfrctl flush\n"
"\n"
"Ends all flows of this network namespace. The configuration stays.\n",
	.run = run,
};
