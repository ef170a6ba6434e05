/* SPDX-License-Identifier: GPL-2.0 */
/* Words of a command or of a line, taken one by one. */
#ifndef CFRCTL_WORDS_H
#define CFRCTL_WORDS_H

#include "prefix.h"

#define SECONDS_TEXT_MAX	16

struct words {
	char **word;
	int count;
	int at;
	char error[256];	/* why a function has returned false or NULL */
};

bool words_left(const struct words *words);
const char *words_take(struct words *words, const char *expected);
bool words_is(struct words *words, const char *keyword);
bool words_end(struct words *words);
bool words_wrong(struct words *words, const char *word, const char *expected);

bool words_name(struct words *words, const char *whose, char *name);
bool words_prefix(struct words *words, struct prefix *prefix);
bool words_ports(struct words *words, uint16_t *min, uint16_t *max);
bool words_choice(struct words *words, const char *const *names, size_t count,
		  uint32_t *value);
bool words_number(struct words *words, const char *expected, uint32_t max,
		  uint32_t *value);
bool words_seconds(struct words *words, uint32_t *seconds);
bool words_mark(struct words *words, uint32_t *mark, uint32_t *mask);

/* As words_seconds() reads it: in the largest unit that leaves no rest */
const char *seconds_text(uint32_t seconds, char *text);

#endif
