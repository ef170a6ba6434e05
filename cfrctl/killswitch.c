// SPDX-License-Identifier: GPL-2.0
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "command.h"
#include "json.h"
#include "lock.h"
#include "nft.h"
#include "print.h"
#include "ruleset.h"

struct wishes {
	const char *file;
	struct interfaces interfaces;
};

/* As nftables takes it between quotes; the * at its end stands for more. */
static bool parse_interface(struct words *w, struct interfaces *interfaces)
{
	static const char expected[] = "an interface's name";
	const char *word = words_take(w, expected), *c;

	if (!word)
		return false;
	for (c = word; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("/:\"\\", *c) ||
		    (*c == '*' && c[1]))
			return words_wrong(w, word, expected);
	if (c == word || c - word >= IFNAMSIZ || !strcmp(word, "*"))
		return words_wrong(w, word, expected);
	interfaces->name = grow(interfaces->name, interfaces->count,
				sizeof(*interfaces->name));
	interfaces->name[interfaces->count++] = word;
	return true;
}

static bool parse(struct words *w, struct wishes *wishes)
{
	if (words_is(w, "file")) {
		wishes->file = words_take(w, "a file, or - for standard input");
		if (!wishes->file)
			return false;
	}
	while (words_left(w)) {
		if (!words_is(w, "interface"))
			return words_wrong(w, w->word[w->at],
					   w->at == 2 ? "file or interface" :
					   "interface or nothing more");
		if (!parse_interface(w, &wishes->interfaces))
			return false;
	}
	return true;
}

/* The module would refuse the file, but may not be there to say so. */
static const char *wrong(const struct conf *conf, unsigned int *line)
{
	size_t i, j;

	for (i = 0; i < conf->npolicies; i++) {
		const struct policy *policy = &conf->policy[i];

		*line = policy->line;
		if (!policy->mark)
			return "mark 0 is every packet without a mark";
		if (policy->mark & ~policy->mask)
			return "the mark has bits outside its mask";
	}
	for (i = 0; i < conf->npools; i++) {
		const struct pool *pool = &conf->pool[i];

		*line = pool->line;
		for (j = 0; j < pool->count; j++)
			if (pool->prefix[j].len <
			    (prefix_bytes(&pool->prefix[j]) == 4 ? 8 : 32))
				return "a pool's prefixes are /8 or longer, in IPv6 /32 or longer";
	}
	return NULL;
}

static int load(const struct wishes *wishes, struct conf *conf)
{
	struct nl_fault fault;
	unsigned int line;
	const char *why;
	int status;

	if (!wishes->file)
		return nl_conf_get(conf, &fault) ? refuse(&fault) : EXIT_DONE;
	status = file_read(wishes->file, conf);
	why = status == EXIT_DONE ? wrong(conf, &line) : NULL;
	if (!why)
		return status;
	fprintf(stderr, "%s:%u: %s\n", wishes->file, line, why);
	return EXIT_REFUSED;
}

static int commit(struct nft *nft, bool json)
{
	struct nl_fault fault;

	if (nft_commit(nft, &fault))
		return refuse(&fault);
	if (json) {
		json_open(NULL, '{');
		json_close('}');
	}
	return EXIT_DONE;
}

static void print(struct nft *nft, bool json)
{
	fflush(nft->out);
	if (json) {
		json_open(NULL, '{');
		json_string("ruleset", nft->text);
		json_close('}');
	} else {
		fputs(nft->text, stdout);
	}
	nft_abort(nft);
}

static int put(struct words *words, bool install, bool json)
{
	struct wishes wishes = {};
	struct conf conf = {};
	struct nft nft;
	int status, lock;

	if (!parse(words, &wishes)) {
		free(wishes.interfaces.name);
		return misuse(words);
	}
	lock = install ? lock_take() : -1;
	status = load(&wishes, &conf);
	if (status == EXIT_DONE) {
		nft_begin(&nft);
		ruleset_table(nft.out, &conf, &wishes.interfaces);
		if (install)
			status = commit(&nft, json);
		else
			print(&nft, json);
	}
	lock_release(lock);
	conf_free(&conf);
	free(wishes.interfaces.name);
	return status;
}

static int take_away(struct words *words, bool json)
{
	struct nl_fault fault;
	int status, has, lock;
	struct nft nft;

	if (!words_end(words))
		return misuse(words);
	lock = lock_take();
	has = nft_has(KILLSWITCH_TABLE, NULL, &fault);
	if (has < 0) {
		status = refuse(&fault);
	} else if (!has) {
		fputs("cfrctl: the kill switch is not installed\n", stderr);
		status = EXIT_REFUSED;
	} else {
		nft_begin(&nft);
		ruleset_remove(nft.out);
		status = commit(&nft, json);
	}
	lock_release(lock);
	return status;
}

static int run(struct words *words, bool json)
{
	static const char expected[] = "print, install or remove";
	const char *verb = words_take(words, expected);

	if (!verb)
		return misuse(words);
	if (!strcmp(verb, "print") || !strcmp(verb, "install"))
		return put(words, !strcmp(verb, "install"), json);
	if (!strcmp(verb, "remove"))
		return take_away(words, json);
	words_wrong(words, verb, expected);
	return misuse(words);
}

const struct command killswitch_command = {
	.name = "killswitch",
	.summary = "what drops customers' packets while the module does not",
	.help =
"Usage: cfrctl killswitch print [file FILE] [interface NAME ...]\n"
"       cfrctl killswitch install [file FILE] [interface NAME ...]\n"
"       cfrctl killswitch remove\n"
"\n"
"Prints, installs or removes an nftables table that needs no module: it drops\n"
"what carries a policy's mark, or came in on an interface NAME, unless its\n"
"source is in a pool or its destination is bypassed, and what is forwarded to a\n"
"pool. The table is made of the configuration in force, or of FILE's, which\n"
"needs no module either. It follows each change of the configuration, keeps the\n"
"marks of policies that are gone until it is installed anew, and stays until it\n"
"is removed. NAME may end in *, for all interfaces that begin so.\n",
	.run = run,
};
