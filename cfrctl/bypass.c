// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "print.h"

static bool parse(struct words *w, struct conf *conf, unsigned int line)
{
	struct bypass *bypass = conf_add_bypass(conf);

	bypass->line = line;
	if (!words_prefix(w, &bypass->prefix))
		return false;
	if (!words_left(w))
		return true;
	if (!words_is(w, "drop"))
		return words_wrong(w, w->word[w->at], "drop or nothing more");
	bypass->drop = true;
	return words_end(w);
}

static bool parse_key(struct words *w, struct key *key)
{
	return words_prefix(w, &key->prefix);
}

static const char *del(struct conf *conf, const struct key *key)
{
	size_t at = conf_find_bypass(conf, &key->prefix);

	if (at == conf->nbypasses)
		return "there is no such bypass";
	conf_del_bypass(conf, at);
	return NULL;
}

static bool keep(struct conf *conf, const struct key *key)
{
	size_t i = conf->nbypasses;

	while (i--)
		if (!prefix_equal(&conf->bypass[i].prefix, &key->prefix))
			conf_del_bypass(conf, i);
	return conf->nbypasses;
}

const struct noun bypass_noun = {
	.command = &bypass_command,
	.part = PRINT_BYPASSES,
	.parse = parse,
	.parse_key = parse_key,
	.del = del,
	.keep = keep,
};

static int run(struct words *words, bool json)
{
	return noun_run(&bypass_noun, words, json);
}

const struct command bypass_command = {
	.name = "bypass",
	.summary = "destinations that are not relayed",
	.help =
"Usage: cfrctl bypass add PREFIX [drop]\n"
"       cfrctl bypass del PREFIX\n"
"       cfrctl bypass show [PREFIX]\n"
"\n"
"A marked packet to PREFIX goes on untouched, so its destination sees the\n"
"customer's own address; with drop it is refused. The longest prefix counts.\n"
"Private, link-local, multicast and other special prefixes are bypassed\n"
"without being listed; what is listed outweighs them, a pool outweighs both.\n",
	.run = run,
};
