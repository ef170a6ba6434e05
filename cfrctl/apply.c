// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "command.h"
#include "print.h"

static const char *replace(struct conf *conf, const void *data)
{
	uint32_t generation = conf->generation;

	conf_free(conf);
	conf->generation = generation;
	conf_append(conf, data);
	return NULL;
}

static int run(struct words *words, bool json)
{
	const char *file = words_take(words, "a file, or - for standard input");
	struct conf conf = {};
	struct nl_reply reply;
	struct nl_fault fault;
	int status;

	if (!file || !words_end(words))
		return misuse(words);
	status = file_read(file, &conf);
	if (status == EXIT_DONE &&
	    edit_conf(replace, &conf, &reply, &fault)) {
		if (fault.line)
			fprintf(stderr, "%s:%u: \"%s\": %s\n", file,
				fault.line, fault.word, fault.text);
		else
			refuse(&fault);
		status = EXIT_REFUSED;
	} else if (status == EXIT_DONE) {
		print_reply(&reply, json);
		nl_reply_free(&reply);
	}
	conf_free(&conf);
	return status;
}

const struct command apply_command = {
	.name = "apply",
	.summary = "replace the whole configuration by a file's",
	.help =
"Usage: cfrctl apply FILE\n"
"\n"
"Replaces the whole configuration of this network namespace by that of FILE\n"
"(- for standard input), all or nothing. Flows that the new configuration has\n"
"room for go on. FILE has one object a line; # begins a comment:\n"
"\n"
"    pool NAME prefix PREFIX [prefix PREFIX ...] [ports LOW-HIGH]\n"
"    policy NAME mark MARK/MASK pool POOL [pool POOL ...] [profile PROFILE]\n"
"           [KNOB VALUE ...]\n"
"    bypass PREFIX [drop]\n"
"    timers TIMER TIME [TIMER TIME ...] [nonconformant]\n"
"    priority clear|keep\n"
"    mappings clear|sealed\n",
	.run = run,
};
