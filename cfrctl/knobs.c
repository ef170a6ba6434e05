// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "array.h"
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

static const char *const levels[] = {
	[CFR_NORMALISE_OFF] = "off",
	[CFR_NORMALISE_SAFE] = "safe",
};

const struct knob knob[CFR_KNOBS_A_MAX + 1] = {
	[CFR_KNOBS_A_SCOPE] = { "scope", scopes, ARRAY_SIZE(scopes) },
	[CFR_KNOBS_A_FILTER] = { "filter", filters, ARRAY_SIZE(filters) },
	[CFR_KNOBS_A_HAIRPIN] = { "hairpin", switches, ARRAY_SIZE(switches) },
	[CFR_KNOBS_A_PAIRING] = { "pairing", pairings, ARRAY_SIZE(pairings) },
	[CFR_KNOBS_A_EPOCH] = { .name = "epoch" },
	[CFR_KNOBS_A_JITTER] = { .name = "jitter" },
	[CFR_KNOBS_A_NORMALISE] = { "normalise", levels, ARRAY_SIZE(levels) },
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

	knobs->own |= 1U << number;
	if (!k->names)
		return words_seconds(w, &knobs->value[number]);
	return words_choice(w, k->names, k->count, &knobs->value[number]);
}

/* @text has SECONDS_TEXT_MAX bytes, and is used for times only. */
const char *knob_text(const struct knobs *knobs, unsigned int number,
		      char *text)
{
	const struct knob *k = &knob[number];
	uint32_t value = knobs->value[number];

	if (!k->names)
		return seconds_text(value, text);
	return value < k->count ? k->names[value] : "?";
}
