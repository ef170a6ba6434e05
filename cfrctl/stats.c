// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "print.h"

static int run(struct words *words, bool json)
{
	bool explain = words_is(words, "--explain");
	struct nl_stats stats;
	struct nl_fault fault;

	if (!explain && words_left(words)) {
		words_wrong(words, words->word[words->at],
			    "--explain or nothing more");
		return misuse(words);
	}
	if (!words_end(words))
		return misuse(words);
	if (nl_stats_get(&stats, &fault))
		return refuse(&fault);
	print_stats(&stats, explain, json);
	nl_stats_free(&stats);
	return EXIT_DONE;
}

const struct command stats_command = {
	.name = "stats",
	.summary = "how many packets and flows, and why packets were refused",
	.help =
"Usage: cfrctl stats [--explain]\n"
"\n"
"Prints the counters of this network namespace; with --explain, what each of\n"
"them means and what can be done about a refusal.\n",
	.run = run,
};
