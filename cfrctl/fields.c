// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "fields.h"
#include "json.h"
#include "knobs.h"

#define NONE	"none"

static const struct {
	const char *name;
	const char *text;
} field[] = {
	[CFR_FIELD_HOPS] = { "hop-count",
		"TTL and hop limit: 64 where above 32" },
	[CFR_FIELD_DSCP] = { "dscp",
		"DSCP: 0; congestion bits stay" },
	[CFR_FIELD_ID] = { "identification",
		"IPv4 identification: drawn, or the kernel's where fragments may need it" },
	[CFR_FIELD_FLOW_LABEL] = { "flow-label",
		"IPv6 flow label: drawn for each flow" },
	[CFR_FIELD_URGENT] = { "urgent-pointer",
		"TCP urgent pointer: 0 without URG" },
	[CFR_FIELD_MSS] = { "mss",
		"TCP MSS, in both directions: at most 1400 in IPv4, 1380 in IPv6" },
	[CFR_FIELD_TIMESTAMPS] = { "timestamps",
		"TCP timestamps: moved to a clock of the connection's own" },
	[CFR_FIELD_FAST_OPEN] = { "fast-open",
		"TCP fast open: no cookie is asked for or shown" },
	[CFR_FIELD_ADD_ADDR] = { "add-addr",
		"MPTCP: no address is advertised" },
	[CFR_FIELD_OPTION_ORDER] = { "option-order",
		"TCP options of a SYN: in one order, where all are known" },
	[CFR_FIELD_SYN_WINDOW] = { "syn-window",
		"TCP window of a SYN: at most 64240" },
	[CFR_FIELD_NO_TIMESTAMPS] = { "no-timestamps",
		"TCP timestamps: not offered" },
	[CFR_FIELD_NO_MPTCP] = { "no-mptcp",
		"MPTCP: not offered" },
	[CFR_FIELD_OPTION_SET] = { "option-set",
		"TCP options of a SYN: none but MSS, SACK, timestamps, window scale" },
	[CFR_FIELD_WINDOW] = { "window",
		"TCP window of a SYN: at most 5840; window scale: 7; windows grow alike" },
	[CFR_FIELD_ISN] = { "isn",
		"TCP sequence numbers: moved by a number drawn for each connection" },
};

static uint32_t find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(field); i++)
		if (strlen(field[i].name) == len &&
		    !memcmp(field[i].name, name, len))
			return 1U << i;
	return 0;
}

bool fields_parse(struct words *w, uint32_t *fields)
{
	static const char expected[] =
		"fields with commas between (see cfrctl show normalisation), or none";
	const char *word = words_take(w, expected), *at = word;
	uint32_t one;
	size_t len;

	*fields = 0;
	if (!word)
		return false;
	if (!strcmp(word, NONE))
		return true;
	for (;;) {
		len = strcspn(at, ",");
		one = find(at, len);
		if (!one || *fields & one)
			return words_wrong(w, word, expected);
		*fields |= one;
		if (!at[len])
			return true;
		at += len + 1;
	}
}

const char *fields_text(uint32_t fields, char *text)
{
	size_t i, end = 0;

	strcpy(text, NONE);
	for (i = 0; i < ARRAY_SIZE(field); i++)
		if (fields & 1U << i)
			end += snprintf(text + end, KNOB_TEXT_MAX - end,
					"%s%s", end ? "," : "", field[i].name);
	return text;
}

/* As the kernel does it */
static uint32_t touched(const struct policy *policy)
{
	static const uint32_t level[] = {
		[CFR_NORMALISE_SAFE] = CFR_FIELDS_SAFE,
		[CFR_NORMALISE_FULL] = CFR_FIELDS_FULL,
		[CFR_NORMALISE_UNIFORM] = CFR_FIELDS_UNIFORM,
	};
	const uint32_t *value = policy->effect.value;

	return (level[value[CFR_KNOBS_A_NORMALISE]] |
		value[CFR_KNOBS_A_TOUCH]) & ~value[CFR_KNOBS_A_LEAVE];
}

static void show_text(const struct policy *policy)
{
	uint32_t fields = touched(policy);
	char text[KNOB_TEXT_MAX];
	size_t i;

	printf("policy %s: normalise %s\n", policy->name,
	       knob_text(&policy->effect, CFR_KNOBS_A_NORMALISE, text));
	for (i = 0; i < ARRAY_SIZE(field); i++)
		printf("  %-8s %-15s %s\n", fields & 1U << i ? "touched" : "left",
		       field[i].name, field[i].text);
}

static void show_json(const struct policy *policy)
{
	uint32_t fields = touched(policy);
	char text[KNOB_TEXT_MAX];
	size_t i;

	json_open(NULL, '{');
	json_string("policy", policy->name);
	json_string("normalise",
		    knob_text(&policy->effect, CFR_KNOBS_A_NORMALISE, text));
	json_open("fields", '[');
	for (i = 0; i < ARRAY_SIZE(field); i++) {
		json_open(NULL, '{');
		json_string("field", field[i].name);
		json_string("state", fields & 1U << i ? "touched" : "left");
		json_string("text", field[i].text);
		json_close('}');
	}
	json_close(']');
	json_close('}');
}

void fields_show(const struct conf *conf, bool json)
{
	size_t i;

	if (json) {
		json_open(NULL, '{');
		json_number("schema", JSON_SCHEMA);
		json_open("policies", '[');
	}
	for (i = 0; i < conf->npolicies; i++)
		(json ? show_json : show_text)(&conf->policy[i]);
	if (json) {
		json_close(']');
		json_close('}');
	}
}
