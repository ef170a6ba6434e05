// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "json.h"
#include "knobs.h"
#include "print.h"

/* Grows when a key changes its meaning or goes; new keys may come any time. */

static void pool_text(const struct pool *pool)
{
	char text[PREFIX_TEXT_MAX];
	size_t i;

	printf("pool %s", pool->name);
	for (i = 0; i < pool->count; i++)
		printf(" prefix %s", prefix_text(&pool->prefix[i], text));
	if (pool->port_min != PORT_MIN_DEFAULT ||
	    pool->port_max != PORT_MAX_DEFAULT)
		printf(" ports %u-%u", pool->port_min, pool->port_max);
	putchar('\n');
}

static void pool_json(const struct pool *pool)
{
	char text[PREFIX_TEXT_MAX];
	size_t i;

	json_open(NULL, '{');
	json_string("name", pool->name);
	json_open("prefixes", '[');
	for (i = 0; i < pool->count; i++)
		json_string(NULL, prefix_text(&pool->prefix[i], text));
	json_close(']');
	json_open("ports", '{');
	json_number("min", pool->port_min);
	json_number("max", pool->port_max);
	json_close('}');
	json_close('}');
}

static void policy_text(const struct policy *policy)
{
	char text[KNOB_TEXT_MAX];
	size_t i;

	printf("policy %s mark 0x%x/0x%x", policy->name, policy->mark,
	       policy->mask);
	for (i = 0; i < policy->count; i++)
		printf(" pool %s", policy->pool[i]);
	if (policy->profile != CFR_PROFILE_PRIVACY)
		printf(" profile %s", profile_names[policy->profile]);
	for (i = 1; i <= CFR_KNOBS_A_MAX; i++)
		if (policy->knobs.own & 1U << i)
			printf(" %s %s", knob[i].name,
			       knob_text(&policy->knobs, i, text));
	putchar('\n');
}

/* As it is in force; "own" lists those that the profile has otherwise. */
static void knob_json(const struct policy *policy, unsigned int number)
{
	char text[KNOB_TEXT_MAX];

	if (knob[number].kind == KNOB_TIME || knob[number].kind == KNOB_NUMBER)
		json_number(knob[number].name, policy->effect.value[number]);
	else
		json_string(knob[number].name,
			    knob_text(&policy->effect, number, text));
}

static void policy_json(const struct policy *policy)
{
	size_t i;

	json_open(NULL, '{');
	json_string("name", policy->name);
	json_number("mark", policy->mark);
	json_number("mask", policy->mask);
	json_open("pools", '[');
	for (i = 0; i < policy->count; i++)
		json_string(NULL, policy->pool[i]);
	json_close(']');
	json_string("profile", profile_names[policy->profile]);
	json_open("knobs", '{');
	for (i = 1; i <= CFR_KNOBS_A_MAX; i++)
		knob_json(policy, i);
	json_close('}');
	json_open("own", '[');
	for (i = 1; i <= CFR_KNOBS_A_MAX; i++)
		if (policy->knobs.own & 1U << i)
			json_string(NULL, knob[i].name);
	json_close(']');
	json_close('}');
}

static void bypass_text(const struct bypass *bypass)
{
	char text[PREFIX_TEXT_MAX];

	printf("bypass %s%s\n", prefix_text(&bypass->prefix, text),
	       bypass->drop ? " drop" : "");
}

static void bypass_json(const struct bypass *bypass)
{
	char text[PREFIX_TEXT_MAX];

	json_open(NULL, '{');
	json_string("prefix", prefix_text(&bypass->prefix, text));
	json_string("action", bypass->drop ? "drop" : "open");
	json_close('}');
}

static void timers_text(const struct timers *timers)
{
	char time[SECONDS_TEXT_MAX];
	size_t i;

	if (!timers->given)
		return;
	printf("timers");
	for (i = 1; i < ARRAY_SIZE(timer_names); i++)
		if (timers->seconds[i])
			printf(" %s %s", timer_names[i],
			       seconds_text(timers->seconds[i], time));
	printf("%s\n", timers->nonconformant ? " nonconformant" : "");
}

static void timers_json(const struct timers *timers)
{
	size_t i;

	json_open("timers", '{');
	for (i = 1; i < ARRAY_SIZE(timer_names); i++)
		json_number(timer_names[i], timers->seconds[i]);
	json_close('}');
}

static void conf_text(const struct conf *conf, unsigned int parts)
{
	size_t i;

	for (i = 0; parts & PRINT_POOLS && i < conf->npools; i++)
		pool_text(&conf->pool[i]);
	for (i = 0; parts & PRINT_POLICIES && i < conf->npolicies; i++)
		policy_text(&conf->policy[i]);
	for (i = 0; parts & PRINT_BYPASSES && i < conf->nbypasses; i++)
		bypass_text(&conf->bypass[i]);
	if (parts & PRINT_TIMERS)
		timers_text(&conf->timers);
	if (parts & PRINT_PRIORITY && conf->priority.value != CFR_PRIORITY_CLEAR)
		printf("priority %s\n", priority_names[conf->priority.value]);
	if (parts & PRINT_MAPPINGS && conf->mappings.value != CFR_MAPPINGS_CLEAR)
		printf("mappings %s\n", mappings_names[conf->mappings.value]);
}

void print_conf(const struct conf *conf, unsigned int parts, bool json)
{
	size_t i;

	if (!json) {
		conf_text(conf, parts);
		return;
	}
	json_open(NULL, '{');
	json_number("schema", JSON_SCHEMA);
	json_number("generation", conf->generation);
	if (parts & PRINT_POOLS) {
		json_open("pools", '[');
		for (i = 0; i < conf->npools; i++)
			pool_json(&conf->pool[i]);
		json_close(']');
	}
	if (parts & PRINT_POLICIES) {
		json_open("policies", '[');
		for (i = 0; i < conf->npolicies; i++)
			policy_json(&conf->policy[i]);
		json_close(']');
	}
	if (parts & PRINT_BYPASSES) {
		json_open("bypasses", '[');
		for (i = 0; i < conf->nbypasses; i++)
			bypass_json(&conf->bypass[i]);
		json_close(']');
	}
	if (parts & PRINT_TIMERS)
		timers_json(&conf->timers_effect);
	if (parts & PRINT_PRIORITY)
		json_string("priority", priority_names[conf->priority.value]);
	if (parts & PRINT_MAPPINGS)
		json_string("mappings", mappings_names[conf->mappings.value]);
	json_close('}');
}

void print_reply(const struct nl_reply *reply, bool json)
{
	size_t i;

	for (i = 0; i < reply->nwarnings; i++)
		fprintf(stderr, "cfrctl: warning: %s\n", reply->warning[i]);
	if (!json)
		return;
	json_open(NULL, '{');
	json_number("schema", JSON_SCHEMA);
	json_number("generation", reply->generation);
	json_open("warnings", '[');
	for (i = 0; i < reply->nwarnings; i++)
		json_string(NULL, reply->warning[i]);
	json_close(']');
	json_close('}');
}

static const struct {
	enum cfr_counter_kind kind;
	const char *name;
} kinds[] = {
	{ CFR_COUNTER_EVENT, "counters" },
	{ CFR_COUNTER_REFUSAL, "refusals" },
	{ CFR_COUNTER_GAUGE, "gauges" },
};

static void entropy_text(const struct nl_entropy *e)
{
	printf("%s %s: %.2f of %.2f bits%s\n", e->policy, e->v4 ? "IPv4" : "IPv6",
	       (double)e->now / CFR_ENTROPY_BIT,
	       (double)e->full / CFR_ENTROPY_BIT, e->low ? ", too few" : "");
}

static void entropy_json(const struct nl_entropy *e)
{
	json_open(NULL, '{');
	json_string("policy", e->policy);
	json_string("family", e->v4 ? "ipv4" : "ipv6");
	json_fraction("now", (double)e->now / CFR_ENTROPY_BIT);
	json_fraction("full", (double)e->full / CFR_ENTROPY_BIT);
	json_bool("low", e->low);
	json_close('}');
}

void print_entropy(const struct nl_entropy *entropy, bool json)
{
	if (json)
		entropy_json(entropy);
	else
		entropy_text(entropy);
}

static void anonymity_text(const struct nl_anonymity *a)
{
	printf("%s %s: %" PRIu32 " customers, floor %" PRIu32 "%s\n", a->policy,
	       a->v4 ? "IPv4" : "IPv6", a->customers, a->floor,
	       a->low ? ", too few" : "");
}

static void anonymity_json(const struct nl_anonymity *a)
{
	json_open(NULL, '{');
	json_string("policy", a->policy);
	json_string("family", a->v4 ? "ipv4" : "ipv6");
	json_number("customers", a->customers);
	json_number("floor", a->floor);
	json_bool("low", a->low);
	json_close('}');
}

void print_anonymity(const struct nl_anonymity *anonymity, bool json)
{
	if (json)
		anonymity_json(anonymity);
	else
		anonymity_text(anonymity);
}

static void stats_text(const struct nl_stats *stats, bool explain)
{
	size_t i, k, width = 0;

	for (i = 0; i < stats->count; i++)
		if (strlen(stats->counter[i].name) > width)
			width = strlen(stats->counter[i].name);
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		printf("%s\n", kinds[k].name);
		for (i = 0; i < stats->count; i++) {
			const struct nl_counter *c = &stats->counter[i];

			if (c->kind != kinds[k].kind)
				continue;
			printf("  %-*s %12" PRIu64 "%s%s\n", (int)width,
			       c->name, c->value, explain ? "  " : "",
			       explain ? c->text : "");
		}
	}
	if (stats->nentropies)
		puts("entropy");
	for (i = 0; i < stats->nentropies; i++) {
		fputs("  ", stdout);
		entropy_text(&stats->entropy[i]);
	}
	if (stats->nanonymities)
		puts("anonymity");
	for (i = 0; i < stats->nanonymities; i++) {
		fputs("  ", stdout);
		anonymity_text(&stats->anonymity[i]);
	}
}

void print_stats(const struct nl_stats *stats, bool explain, bool json)
{
	size_t i, k;

	if (!json) {
		stats_text(stats, explain);
		return;
	}
	json_open(NULL, '{');
	json_number("schema", JSON_SCHEMA);
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		json_open(kinds[k].name, '{');
		for (i = 0; i < stats->count; i++)
			if (stats->counter[i].kind == kinds[k].kind)
				json_number(stats->counter[i].name,
					    stats->counter[i].value);
		json_close('}');
	}
	json_open("entropy", '[');
	for (i = 0; i < stats->nentropies; i++)
		entropy_json(&stats->entropy[i]);
	json_close(']');
	json_open("anonymity", '[');
	for (i = 0; i < stats->nanonymities; i++)
		anonymity_json(&stats->anonymity[i]);
	json_close(']');
	if (explain) {
		json_open("texts", '{');
		for (i = 0; i < stats->count; i++)
			json_string(stats->counter[i].name,
				    stats->counter[i].text);
		json_close('}');
	}
	json_close('}');
}
