// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "fields.h"
#include "knobs.h"

const char *const profile_names[PROFILES] = {
	[CFR_PROFILE_PRIVACY] = "privacy",
	[CFR_PROFILE_BALANCED] = "balanced",
	[CFR_PROFILE_STRICT_RFC] = "strict-rfc",
};

const char *const priority_names[CFR_PRIORITY_MAX + 1] = {
	[CFR_PRIORITY_CLEAR] = "clear",
	[CFR_PRIORITY_KEEP] = "keep",
};

const char *const mappings_names[CFR_MAPPINGS_MAX + 1] = {
	[CFR_MAPPINGS_CLEAR] = "clear",
	[CFR_MAPPINGS_SEALED] = "sealed",
};

const char *const timer_names[CFR_TIMERS_A_HOLD + 1] = {
	[CFR_TIMERS_A_UDP] = "udp",
	[CFR_TIMERS_A_ECHO] = "echo",
	[CFR_TIMERS_A_TCP_OPEN] = "tcp-open",
	[CFR_TIMERS_A_TCP_ESTABLISHED] = "tcp-established",
	[CFR_TIMERS_A_TCP_CLOSE] = "tcp-close",
	[CFR_TIMERS_A_HOLD] = "hold",
};

static const char *const scopes[] = {
	[CFR_SCOPE_FLOW] = "flow",
	[CFR_SCOPE_ENDPOINT] = "endpoint",
};

/* RFC 4787 5 */
static const char *const filters[] = {
	[CFR_FILTER_ADDRESS_PORT] = "address-and-port-dependent",
	[CFR_FILTER_ADDRESS] = "address-dependent",
	[CFR_FILTER_ENDPOINT] = "endpoint-independent",
};

static const char *const switches[] = { "off", "on" };

static const char *const pairings[] = {
	[CFR_PAIRING_FLOW] = "flow",
	[CFR_PAIRING_DESTINATION] = "destination",
	[CFR_PAIRING_CUSTOMER] = "customer",
};

static const char *const lows[] = {
	[CFR_LOW_WARN] = "warn",
	[CFR_LOW_REFUSE] = "refuse",
};

static const char *const levels[] = {
	[CFR_NORMALISE_OFF] = "off",
	[CFR_NORMALISE_SAFE] = "safe",
	[CFR_NORMALISE_FULL] = "full",
	[CFR_NORMALISE_UNIFORM] = "uniform",
};

#define CHOICE(word, words) \
	{ word, KNOB_CHOICE, .names = words, .count = ARRAY_SIZE(words) }

const struct knob knob[CFR_KNOBS_A_MAX + 1] = {
	[CFR_KNOBS_A_SCOPE] = CHOICE("scope", scopes),
	[CFR_KNOBS_A_FILTER] = CHOICE("filter", filters),
	[CFR_KNOBS_A_HAIRPIN] = CHOICE("hairpin", switches),
	[CFR_KNOBS_A_PAIRING] = CHOICE("pairing", pairings),
	[CFR_KNOBS_A_EPOCH] = { "epoch", .kind = KNOB_TIME },
	[CFR_KNOBS_A_JITTER] = { "jitter", .kind = KNOB_TIME },
	[CFR_KNOBS_A_NORMALISE] = CHOICE("normalise", levels),
	[CFR_KNOBS_A_TOUCH] = { "touch", .kind = KNOB_FIELDS },
	[CFR_KNOBS_A_LEAVE] = { "leave", .kind = KNOB_FIELDS },
	[CFR_KNOBS_A_ENTROPY] = {
		"entropy", .kind = KNOB_NUMBER, .max = CFR_ENTROPY_MAX,
		.expected = "bits, 0 to 112",
	},
	[CFR_KNOBS_A_LOW] = CHOICE("low", lows),
	[CFR_KNOBS_A_ANONYMITY] = {
		"anonymity", .kind = KNOB_NUMBER, .max = CFR_ANONYMITY_MAX,
		.expected = "customers, 0 to 1024",
	},
};

unsigned int knob_find(const char *name)
{
	unsigned int i;

	for (i = CFR_KNOBS_A_MAX; i; i--)
		if (!strcmp(knob[i].name, name))
			break;
	return i;
}

bool knob_parse(struct words *w, unsigned int number, struct knobs *knobs)
{
	const struct knob *k = &knob[number];

	uint32_t *value = &knobs->value[number];

	knobs->own |= 1U << number;
	switch (k->kind) {
	case KNOB_TIME:
		return words_seconds(w, value);
	case KNOB_FIELDS:
		return fields_parse(w, value);
	case KNOB_NUMBER:
		return words_number(w, k->expected, k->max, value);
	default:
		return words_choice(w, k->names, k->count, value);
	}
}

const char *knob_text(const struct knobs *knobs, unsigned int number,
		      char *text)
{
	const struct knob *k = &knob[number];
	uint32_t value = knobs->value[number];

	switch (k->kind) {
	case KNOB_TIME:
		return seconds_text(value, text);
	case KNOB_FIELDS:
		return fields_text(value, text);
	case KNOB_NUMBER:
		snprintf(text, KNOB_TEXT_MAX, "%" PRIu32, value);
		return text;
	default:
		return value < k->count ? k->names[value] : "?";
	}
}
