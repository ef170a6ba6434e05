/* SPDX-License-Identifier: GPL-2.0 */
/* The words for what a policy's knobs and the timers may be */
#ifndef CFRCTL_KNOBS_H
#define CFRCTL_KNOBS_H

#include "conf.h"
#include "words.h"

#define PROFILES	(CFR_PROFILE_MAX + 1)

extern const char *const profile_names[PROFILES];
extern const char *const priority_names[CFR_PRIORITY_MAX + 1];
extern const char *const mappings_names[CFR_MAPPINGS_MAX + 1];
extern const char *const timer_names[CFR_TIMERS_A_HOLD + 1];

enum knob_kind {
	KNOB_CHOICE,
	KNOB_TIME,
	KNOB_FIELDS,
	KNOB_NUMBER,
};

#define KNOB_TEXT_MAX	256

/**
 * struct knob - one of CFR_KNOBS_A_*
 * @name: its word
 * @kind: how its values are written
 * @names: KNOB_CHOICE: words for its values
 * @count: of @names
 * @max: KNOB_NUMBER: the most
 * @expected: KNOB_NUMBER: what to say to other words
 */
struct knob {
	const char *name;
	enum knob_kind kind;
	const char *const *names;
	size_t count;
	uint32_t max;
	const char *expected;
};

extern const struct knob knob[CFR_KNOBS_A_MAX + 1];

/* The knob of this name, or 0 */
unsigned int knob_find(const char *name);
bool knob_parse(struct words *words, unsigned int number, struct knobs *knobs);
/* @text has KNOB_TEXT_MAX bytes. */
const char *knob_text(const struct knobs *knobs, unsigned int number,
		      char *text);

#endif
