// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "print.h"

const struct noun *const nouns[6] = {
	&pool_noun, &policy_noun, &bypass_noun, &timers_noun, &priority_noun,
	&mappings_noun,
};

static const char *append(struct conf *conf, const void *more)
{
	conf_append(conf, more);
	return NULL;
}

static int finish(int err, struct nl_reply *reply, const struct nl_fault *fault,
		  bool json)
{
	if (err)
		return refuse(fault);
	print_reply(reply, json);
	nl_reply_free(reply);
	return EXIT_DONE;
}

static int add(const struct noun *noun, struct words *words, bool json)
{
	struct conf more = {};
	struct nl_reply reply;
	struct nl_fault fault;
	int err;

	if (!noun->parse(words, &more, 0)) {
		conf_free(&more);
		return misuse(words);
	}
	err = edit_conf(append, &more, &reply, &fault);
	conf_free(&more);
	return finish(err, &reply, &fault, json);
}

struct removal {
	const struct noun *noun;
	struct key key;
};

static const char *take_out(struct conf *conf, const void *data)
{
	const struct removal *removal = data;

	return removal->noun->del(conf, &removal->key);
}

static int del(const struct noun *noun, struct words *words, bool json)
{
	struct removal removal = { .noun = noun };
	const char *word = words_left(words) ? words->word[words->at] : "";
	struct nl_reply reply;
	struct nl_fault fault;
	int err;

	if ((!noun->single && !noun->parse_key(words, &removal.key)) ||
	    !words_end(words))
		return misuse(words);
	err = edit_conf(take_out, &removal, &reply, &fault);
	if (err && !fault.code)
		snprintf(fault.word, sizeof(fault.word), "%s", word);
	return finish(err, &reply, &fault, json);
}

static int show(const struct noun *noun, struct words *words, bool json)
{
	const char *word = words_left(words) ? words->word[words->at] : NULL;
	struct nl_fault fault;
	struct conf conf;
	struct key key;

	if (word && ((!noun->single && !noun->parse_key(words, &key)) ||
		     !words_end(words)))
		return misuse(words);
	if (nl_conf_get(&conf, &fault))
		return refuse(&fault);
	if (word && !noun->keep(&conf, &key)) {
		fprintf(stderr, "cfrctl: \"%s\": there is no such %s\n", word,
			noun->command->name);
		conf_free(&conf);
		return EXIT_REFUSED;
	}
	print_conf(&conf, noun->part, json);
	conf_free(&conf);
	return EXIT_DONE;
}

int noun_run(const struct noun *noun, struct words *words, bool json)
{
	const char *expected = noun->single ? "set, reset or show" :
					      "add, del or show";
	const char *verb = words_take(words, expected);

	if (!verb)
		return misuse(words);
	if (!strcmp(verb, noun->single ? "set" : "add"))
		return add(noun, words, json);
	if (!strcmp(verb, noun->single ? "reset" : "del"))
		return del(noun, words, json);
	if (!strcmp(verb, "show"))
		return show(noun, words, json);
	words_wrong(words, verb, expected);
	return misuse(words);
}
