/* SPDX-License-Identifier: GPL-2.0 */
/* Subcommands and what they share. */
#ifndef CFRCTL_COMMAND_H
#define CFRCTL_COMMAND_H

#include "nl.h"
#include "words.h"

enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,	/* by the kernel, or by the state of things */
	EXIT_MISUSE = 2,	/* words that make no sense */
};

struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(struct words *words, bool json);
};

/* What a delete or a show names. */
struct key {
	char name[CFR_NAME_MAX];
	struct prefix prefix;
};

/**
 * struct noun - a kind of object of the configuration
 * @command: its subcommand
 * @part: enum print_part
 * @single: there is one, which is set and reset, not added and deleted
 * @parse: the words of a definition; appends the object
 * @parse_key: what names an object
 * @del: takes the object out; returns why not, or NULL
 * @keep: takes all others out; false if there is none
 */
struct noun {
	const struct command *command;
	unsigned int part;
	bool single;
	bool (*parse)(struct words *words, struct conf *conf,
		      unsigned int line);
	bool (*parse_key)(struct words *words, struct key *key);
	const char *(*del)(struct conf *conf, const struct key *key);
	bool (*keep)(struct conf *conf, const struct key *key);
};

extern const struct noun pool_noun, policy_noun, bypass_noun, timers_noun,
	priority_noun, mappings_noun;
extern const struct noun *const nouns[6];

extern const struct command pool_command, policy_command, bypass_command,
	timers_command, priority_command, mappings_command, show_command,
	apply_command, flush_command, stats_command, monitor_command,
	killswitch_command;

int noun_run(const struct noun *noun, struct words *words, bool json);

/* Errors on stderr; these return the exit status. */
int misuse(const struct words *words);
int refuse(const struct nl_fault *fault);

/* A configuration from a file, or from standard input if it is "-"; says what
 * is wrong with it and returns the exit status.
 */
int file_read(const char *file, struct conf *conf);

/**
 * edit_conf - get, edit, set, again if another edit came between
 * @edit: changes the configuration; returns why not, or NULL
 */
int edit_conf(const char *(*edit)(struct conf *conf, const void *data),
	      const void *data, struct nl_reply *reply,
	      struct nl_fault *fault);

#endif
