// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <linux/cfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "words.h"

bool words_left(const struct words *w)
{
	return w->at < w->count;
}

/* A file may hold what a terminal would obey. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

bool words_wrong(struct words *w, const char *word, const char *expected)
{
	snprintf(w->error, sizeof(w->error), "\"%.100s\": expected %s", word,
		 expected);
	make_plain(w->error);
	return false;
}

const char *words_take(struct words *w, const char *expected)
{
	if (words_left(w))
		return w->word[w->at++];
	if (w->at)
		snprintf(w->error, sizeof(w->error),
			 "expected %s after \"%.100s\"", expected,
			 w->word[w->at - 1]);
	else
		snprintf(w->error, sizeof(w->error), "expected %s", expected);
	make_plain(w->error);
	return NULL;
}

/* Takes the next word if it is this one. */
bool words_is(struct words *w, const char *keyword)
{
	if (!words_left(w) || strcmp(w->word[w->at], keyword))
		return false;
	w->at++;
	return true;
}

bool words_end(struct words *w)
{
	return !words_left(w) || words_wrong(w, w->word[w->at], "nothing more");
}

bool words_name(struct words *w, const char *whose, char *name)
{
	const char *word = words_take(w, whose);

	if (!word)
		return false;
	if (!*word || *word == '-')
		return words_wrong(w, word, whose);
	if (strlen(word) >= CFR_NAME_MAX)
		return words_wrong(w, word, "a name of at most 31 characters");
	strcpy(name, word);
	return true;
}

bool words_prefix(struct words *w, struct prefix *prefix)
{
	const char *word = words_take(w, "a prefix");

	if (!word)
		return false;
	return prefix_read(word, prefix) ||
	       words_wrong(w, word, "a prefix, as in 198.51.100.0/24 or 2001:db8::/56");
}

/* Decimal, or hexadecimal after 0x: strtoull() on its own also takes signs,
 * blanks and octal.
 */
static bool number(const char **text, unsigned long long max,
		   unsigned long long *value)
{
	int base = strncmp(*text, "0x", 2) ? 10 : 16;
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*value = strtoull(*text, &end, base);
	*text = end;
	return *value <= max;
}

bool words_ports(struct words *w, uint16_t *min, uint16_t *max)
{
	static const char expected[] = "ports, as in 1024-65535";
	const char *word = words_take(w, expected);
	const char *at = word;
	unsigned long long a, b;

	if (!word)
		return false;
	if (!number(&at, 65535, &a) || *at++ != '-' ||
	    !number(&at, 65535, &b) || *at || !a || a > b)
		return words_wrong(w, word, expected);
	*min = a;
	*max = b;
	return true;
}

bool words_mark(struct words *w, uint32_t *mark, uint32_t *mask)
{
	static const char expected[] = "a mark and its mask, as in 0x1/0xff";
	const char *word = words_take(w, expected);
	const char *at = word;
	unsigned long long a, b;

	if (!word)
		return false;
	if (!number(&at, UINT32_MAX, &a) || *at++ != '/' ||
	    !number(&at, UINT32_MAX, &b) || *at)
		return words_wrong(w, word, expected);
	*mark = a;
	*mask = b;
	return true;
}

/* One of some names, by its index */
bool words_choice(struct words *w, const char *const *names, size_t count,
		  uint32_t *value)
{
	char expected[128] = "";
	const char *word;
	size_t i, end = 0;

	for (i = 0; i < count; i++)
		end += snprintf(expected + end, sizeof(expected) - end, "%s%s",
				!i ? "" : i + 1 < count ? ", " : " or ",
				names[i]);
	word = words_take(w, expected);
	if (!word)
		return false;
	for (i = 0; i < count; i++) {
		if (strcmp(word, names[i]))
			continue;
		*value = i;
		return true;
	}
	return words_wrong(w, word, expected);
}

static const struct {
	char letter;
	uint32_t seconds;
} units[] = {
	{ 'd', 24 * 60 * 60 },
	{ 'h', 60 * 60 },
	{ 'm', 60 },
	{ 's', 1 },
};

bool words_number(struct words *w, const char *expected, uint32_t max,
		  uint32_t *value)
{
	const char *word = words_take(w, expected);
	const char *at = word;
	unsigned long long parsed;

	if (!word)
		return false;
	if (!number(&at, max, &parsed) || *at)
		return words_wrong(w, word, expected);
	*value = parsed;
	return true;
}

bool words_seconds(struct words *w, uint32_t *seconds)
{
	static const char expected[] =
		"a time, as in 90 or 90s (seconds), 15m, 12h or 7d";
	const char *word = words_take(w, expected);
	unsigned long long value, unit = 1;
	const char *at = word;
	size_t i;

	if (!word)
		return false;
	if (!number(&at, UINT32_MAX, &value))
		return words_wrong(w, word, expected);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (*at != units[i].letter)
			continue;
		unit = units[i].seconds;
		at++;
		break;
	}
	if (*at || value * unit > UINT32_MAX)
		return words_wrong(w, word, expected);
	*seconds = value * unit;
	return true;
}

const char *seconds_text(uint32_t seconds, char *text)
{
	size_t i = 0;

	while (seconds % units[i].seconds)
		i++;
	if (!seconds)
		i = ARRAY_SIZE(units) - 1;
	snprintf(text, SECONDS_TEXT_MAX, "%u%c", seconds / units[i].seconds,
		 units[i].letter);
	return text;
}
