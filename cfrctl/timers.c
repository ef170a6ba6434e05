// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "array.h"
#include "command.h"
#include "knobs.h"
#include "print.h"

static bool parse(struct words *w, struct conf *conf, unsigned int line)
{
	static const char expected[] =
		"udp, echo, tcp-open, tcp-established, tcp-close, hold or nonconformant";
	struct timers *timers = &conf->timers;
	const char *word;
	size_t i;

	if (timers->given)
		return words_wrong(w, "timers", "one line of timers");
	timers->given = true;
	timers->line = line;
	do {
		word = words_take(w, expected);
		if (!word)
			return false;
		if (!strcmp(word, "nonconformant")) {
			timers->nonconformant = true;
			continue;
		}
		for (i = 1; i < ARRAY_SIZE(timer_names); i++)
			if (!strcmp(word, timer_names[i]))
				break;
		if (i == ARRAY_SIZE(timer_names))
			return words_wrong(w, word, expected);
		if (timers->seconds[i])
			return words_wrong(w, word, "each timer once");
		if (!words_seconds(w, &timers->seconds[i]))
			return false;
		if (!timers->seconds[i])
			return words_wrong(w, w->word[w->at - 1],
					   "at least a second");
	} while (words_left(w));
	return true;
}

static const char *del(struct conf *conf, const struct key *key)
{
	(void)key;
	memset(&conf->timers, 0, sizeof(conf->timers));
	return NULL;
}

const struct noun timers_noun = {
	.command = &timers_command,
	.part = PRINT_TIMERS,
	.single = true,
	.parse = parse,
	.del = del,
};

static int run(struct words *words, bool json)
{
	return noun_run(&timers_noun, words, json);
}

const struct command timers_command = {
	.name = "timers",
	.summary = "how long mappings last",
	.help =
"Usage: cfrctl timers set TIMER TIME [TIMER TIME ...] [nonconformant]\n"
"       cfrctl timers reset\n"
"       cfrctl timers show\n"
"\n"
"TIMER is udp (300 seconds), echo (60), tcp-open (240), tcp-established (7440),\n"
"tcp-close (240) or hold (120), which is how long a relay tuple rests before it\n"
"serves again. What is not given is as above. TIME is in seconds, or as in 15m,\n"
"12h or 7d. Times below what RFC 4787, 5382, 5508 and 6888 ask for need\n"
"nonconformant. A flow's time counts anew from its next packet.\n",
	.run = run,
};
