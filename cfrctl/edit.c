// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

/* Each round, somebody else's edit has got through. */
#define ROUNDS	100

int misuse(const struct words *words)
{
	fprintf(stderr, "cfrctl: %s\n", words->error);
	return EXIT_MISUSE;
}

int refuse(const struct nl_fault *fault)
{
	if (*fault->word)
		fprintf(stderr, "cfrctl: \"%s\": %s\n", fault->word,
			fault->text);
	else
		fprintf(stderr, "cfrctl: %s\n", fault->text);
	return EXIT_REFUSED;
}

int edit_conf(const char *(*edit)(struct conf *conf, const void *data),
	      const void *data, struct nl_reply *reply, struct nl_fault *fault)
{
	int rounds = ROUNDS, err;
	struct conf conf;
	const char *why;

	do {
		memset(reply, 0, sizeof(*reply));
		if (nl_conf_get(&conf, fault))
			return -1;
		why = edit(&conf, data);
		if (why) {
			snprintf(fault->text, sizeof(fault->text), "%s", why);
			err = -1;
		} else {
			err = nl_conf_set(&conf, reply, fault);
		}
		conf_free(&conf);
	} while (err && fault->code == EAGAIN && --rounds);
	return err;
}
