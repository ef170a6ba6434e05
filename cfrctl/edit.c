// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "follow.h"
#include "lock.h"

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

/* The configuration is what counts: where it was changed and the kill switch
 * was not, that is said, and the kill switch lets too little through.
 */
static int change(const struct conf *was, const struct conf *will,
		  struct nl_reply *reply, struct nl_fault *fault)
{
	struct nl_fault late;
	struct follow follow;
	int err;

	if (follow_tighten(&follow, was, will, fault))
		return -1;
	err = nl_conf_set(will, reply, fault);
	if (!follow_settle(&follow, err ? was : will, err, &late))
		return err;
	if (err) {
		fprintf(stderr, "cfrctl: warning: the kill switch stays closer than before: %s\n",
			late.text);
		return err;
	}
	nl_reply_free(reply);
	memset(fault, 0, sizeof(*fault));
	snprintf(fault->text, sizeof(fault->text),
		 "the configuration has changed, the kill switch has not: %.400s",
		 late.text);
	return -1;
}

static int try(const char *(*edit)(struct conf *conf, const void *data),
	       const void *data, struct nl_reply *reply,
	       struct nl_fault *fault)
{
	struct conf was, will = {};
	const char *why;
	int err = -1;

	memset(reply, 0, sizeof(*reply));
	if (nl_conf_get(&was, fault))
		return -1;
	will.generation = was.generation;
	conf_append(&will, &was);
	why = edit(&will, data);
	if (why)
		snprintf(fault->text, sizeof(fault->text), "%s", why);
	else
		err = change(&was, &will, reply, fault);
	conf_free(&will);
	conf_free(&was);
	return err;
}

int edit_conf(const char *(*edit)(struct conf *conf, const void *data),
	      const void *data, struct nl_reply *reply, struct nl_fault *fault)
{
	int rounds = ROUNDS, lock = lock_take(), err;

	do {
		err = try(edit, data, reply, fault);
	} while (err && fault->code == EAGAIN && --rounds);
	lock_release(lock);
	return err;
}
