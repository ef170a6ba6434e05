// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <string.h>

#include "array.h"
#include "knobs.h"
#include "nl_conf.h"

#define NAME_BYTES	(MNL_ATTR_HDRLEN + MNL_ALIGN(CFR_NAME_MAX))
#define NUMBER_BYTES	(MNL_ATTR_HDRLEN + MNL_ALIGNTO)
#define PREFIX_BYTES	(2 * MNL_ATTR_HDRLEN + 16 + NUMBER_BYTES)

size_t nl_conf_bound(const struct conf *conf)
{
	size_t bytes = 2 * NUMBER_BYTES + MNL_ATTR_HDRLEN +
		       CFR_TIMERS_A_MAX * NUMBER_BYTES, i;

	for (i = 0; i < conf->npools; i++)
		bytes += MNL_ATTR_HDRLEN + NAME_BYTES + 2 * NUMBER_BYTES +
			 conf->pool[i].count * PREFIX_BYTES;
	for (i = 0; i < conf->npolicies; i++)
		bytes += 2 * MNL_ATTR_HDRLEN + NAME_BYTES +
			 (3 + CFR_KNOBS_A_MAX) * NUMBER_BYTES +
			 conf->policy[i].count * NAME_BYTES;
	return bytes + conf->nbypasses *
	       (MNL_ATTR_HDRLEN + PREFIX_BYTES + NUMBER_BYTES);
}

/* From @from to where the message ends now. */
static void place(struct nl_places *places, const struct nlmsghdr *nlh,
		  uint32_t from, const char *word, unsigned int line)
{
	struct nl_place *p;

	places->place = grow(places->place, places->count, sizeof(*p));
	p = &places->place[places->count++];
	p->from = from;
	p->to = nlh->nlmsg_len;
	p->line = line;
	snprintf(p->word, sizeof(p->word), "%s", word);
}

static void put_prefix(struct nlmsghdr *nlh, int type,
		       const struct prefix *prefix, unsigned int line,
		       struct nl_places *places)
{
	uint32_t from = nlh->nlmsg_len;
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);
	char text[PREFIX_TEXT_MAX];

	mnl_attr_put(nlh, CFR_PREFIX_A_ADDR, prefix_bytes(prefix),
		     prefix->addr);
	mnl_attr_put_u8(nlh, CFR_PREFIX_A_LEN, prefix->len);
	mnl_attr_nest_end(nlh, nest);
	place(places, nlh, from, prefix_text(prefix, text), line);
}

static void put_pool(struct nlmsghdr *nlh, const struct pool *pool,
		     struct nl_places *places)
{
	uint32_t from = nlh->nlmsg_len, ports;
	struct nlattr *nest = mnl_attr_nest_start(nlh, CFR_A_POOL);
	char text[PREFIX_TEXT_MAX];
	size_t i;

	mnl_attr_put_strz(nlh, CFR_POOL_A_NAME, pool->name);
	for (i = 0; i < pool->count; i++)
		put_prefix(nlh, CFR_POOL_A_PREFIX, &pool->prefix[i],
			   pool->line, places);
	ports = nlh->nlmsg_len;
	mnl_attr_put_u16(nlh, CFR_POOL_A_PORT_MIN, pool->port_min);
	mnl_attr_put_u16(nlh, CFR_POOL_A_PORT_MAX, pool->port_max);
	snprintf(text, sizeof(text), "%u-%u", pool->port_min, pool->port_max);
	place(places, nlh, ports, text, pool->line);
	mnl_attr_nest_end(nlh, nest);
	place(places, nlh, from, pool->name, pool->line);
}

/* Choices are a byte, all else is four. */
static void put_knobs(struct nlmsghdr *nlh, const struct policy *policy,
		      struct nl_places *places)
{
	uint32_t from = nlh->nlmsg_len, part;
	struct nlattr *nest = mnl_attr_nest_start(nlh, CFR_POLICY_A_KNOBS);
	char text[KNOB_TEXT_MAX];
	unsigned int i;

	for (i = 1; i <= CFR_KNOBS_A_MAX; i++) {
		if (!(policy->knobs.own & 1U << i))
			continue;
		part = nlh->nlmsg_len;
		if (knob[i].kind == KNOB_CHOICE)
			mnl_attr_put_u8(nlh, i, policy->knobs.value[i]);
		else
			mnl_attr_put_u32(nlh, i, policy->knobs.value[i]);
		place(places, nlh, part, knob_text(&policy->knobs, i, text),
		      policy->line);
	}
	mnl_attr_nest_end(nlh, nest);
	place(places, nlh, from, policy->name, policy->line);
}

static void put_policy(struct nlmsghdr *nlh, const struct policy *policy,
		       struct nl_places *places)
{
	uint32_t from = nlh->nlmsg_len, part;
	struct nlattr *nest = mnl_attr_nest_start(nlh, CFR_A_POLICY);
	char text[PREFIX_TEXT_MAX];
	size_t i;

	mnl_attr_put_strz(nlh, CFR_POLICY_A_NAME, policy->name);
	part = nlh->nlmsg_len;
	mnl_attr_put_u32(nlh, CFR_POLICY_A_MARK, policy->mark);
	mnl_attr_put_u32(nlh, CFR_POLICY_A_MASK, policy->mask);
	snprintf(text, sizeof(text), "0x%x/0x%x", policy->mark, policy->mask);
	place(places, nlh, part, text, policy->line);
	for (i = 0; i < policy->count; i++) {
		part = nlh->nlmsg_len;
		mnl_attr_put_strz(nlh, CFR_POLICY_A_POOL, policy->pool[i]);
		place(places, nlh, part, policy->pool[i], policy->line);
	}
	mnl_attr_put_u8(nlh, CFR_POLICY_A_PROFILE, policy->profile);
	put_knobs(nlh, policy, places);
	mnl_attr_nest_end(nlh, nest);
	place(places, nlh, from, policy->name, policy->line);
}

static void put_bypass(struct nlmsghdr *nlh, const struct bypass *bypass,
		       struct nl_places *places)
{
	uint32_t from = nlh->nlmsg_len;
	struct nlattr *nest = mnl_attr_nest_start(nlh, CFR_A_BYPASS);
	char text[PREFIX_TEXT_MAX];

	put_prefix(nlh, CFR_BYPASS_A_PREFIX, &bypass->prefix, bypass->line,
		   places);
	mnl_attr_put_u8(nlh, CFR_BYPASS_A_ACTION,
			bypass->drop ? CFR_BYPASS_DROP : CFR_BYPASS_OPEN);
	mnl_attr_nest_end(nlh, nest);
	place(places, nlh, from, prefix_text(&bypass->prefix, text),
	      bypass->line);
}

static void put_timers(struct nlmsghdr *nlh, const struct timers *timers,
		       struct nl_places *places)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CFR_A_TIMERS);
	char text[PREFIX_TEXT_MAX], time[SECONDS_TEXT_MAX];
	uint32_t part;
	size_t i;

	for (i = 1; i < ARRAY_SIZE(timer_names); i++) {
		if (!timers->seconds[i])
			continue;
		part = nlh->nlmsg_len;
		mnl_attr_put_u32(nlh, i, timers->seconds[i]);
		snprintf(text, sizeof(text), "%s %s", timer_names[i],
			 seconds_text(timers->seconds[i], time));
		place(places, nlh, part, text, timers->line);
	}
	if (timers->nonconformant)
		mnl_attr_put(nlh, CFR_TIMERS_A_NONCONFORMANT, 0, NULL);
	mnl_attr_nest_end(nlh, nest);
}

void nl_conf_encode(struct nlmsghdr *nlh, const struct conf *conf,
		    struct nl_places *places)
{
	size_t i;

	mnl_attr_put_u32(nlh, CFR_A_GENERATION, conf->generation);
	for (i = 0; i < conf->npools; i++)
		put_pool(nlh, &conf->pool[i], places);
	for (i = 0; i < conf->npolicies; i++)
		put_policy(nlh, &conf->policy[i], places);
	for (i = 0; i < conf->nbypasses; i++)
		put_bypass(nlh, &conf->bypass[i], places);
	put_timers(nlh, &conf->timers, places);
	mnl_attr_put_u8(nlh, CFR_A_PRIORITY, conf->priority.value);
	mnl_attr_put_u8(nlh, CFR_A_MAPPINGS, conf->mappings.value);
}

/* The innermost place around an attribute: inner ones come first. */
void nl_places_find(const struct nl_places *places, uint32_t offset,
		    struct nl_fault *fault)
{
	size_t i;

	for (i = 0; i < places->count; i++) {
		const struct nl_place *p = &places->place[i];

		if (offset < p->from || offset >= p->to)
			continue;
		memcpy(fault->word, p->word, sizeof(p->word));
		fault->line = p->line;
		return;
	}
}

void nl_places_free(struct nl_places *places)
{
	free(places->place);
}

/* Decoding refuses what it does not know: an edit would lose it unseen. One
 * function per nest takes an attribute, for libmnl to call on each.
 */

static int get_name(const struct nlattr *attr, char *name)
{
	const char *text = mnl_attr_get_str(attr);

	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ||
	    strlen(text) >= CFR_NAME_MAX)
		return MNL_CB_ERROR;
	strcpy(name, text);
	return MNL_CB_OK;
}

static int on_prefix(const struct nlattr *attr, void *data)
{
	unsigned int bytes = mnl_attr_get_payload_len(attr);
	struct prefix *prefix = data;

	switch (mnl_attr_get_type(attr)) {
	case CFR_PREFIX_A_ADDR:
		if (bytes != 4 && bytes != 16)
			return MNL_CB_ERROR;
		prefix->family = bytes == 4 ? AF_INET : AF_INET6;
		memcpy(prefix->addr, mnl_attr_get_payload(attr), bytes);
		return MNL_CB_OK;
	case CFR_PREFIX_A_LEN:
		prefix->len = mnl_attr_get_u8(attr);
		return MNL_CB_OK;
	default:
		return MNL_CB_ERROR;
	}
}

static int get_prefix(const struct nlattr *nest, struct prefix *prefix)
{
	int err = mnl_attr_parse_nested(nest, on_prefix, prefix);

	return prefix->family ? err : MNL_CB_ERROR;
}

static int on_pool(const struct nlattr *attr, void *data)
{
	struct pool *pool = data;

	switch (mnl_attr_get_type(attr)) {
	case CFR_POOL_A_NAME:
		return get_name(attr, pool->name);
	case CFR_POOL_A_PREFIX:
		return get_prefix(attr, pool_add_prefix(pool));
	case CFR_POOL_A_PORT_MIN:
		pool->port_min = mnl_attr_get_u16(attr);
		return MNL_CB_OK;
	case CFR_POOL_A_PORT_MAX:
		pool->port_max = mnl_attr_get_u16(attr);
		return MNL_CB_OK;
	default:
		return MNL_CB_ERROR;
	}
}

static int on_knobs(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct knobs *knobs = data;

	if (!type || type > CFR_KNOBS_A_MAX)
		return MNL_CB_ERROR;
	knobs->own |= 1U << type;
	if (knob[type].kind == KNOB_CHOICE) {
		knobs->value[type] = mnl_attr_get_u8(attr);
		return knobs->value[type] < knob[type].count ? MNL_CB_OK :
							       MNL_CB_ERROR;
	}
	knobs->value[type] = mnl_attr_get_u32(attr);
	if (knob[type].kind == KNOB_FIELDS && knobs->value[type] & ~CFR_FIELDS)
		return MNL_CB_ERROR;
	if (knob[type].kind == KNOB_NUMBER && knobs->value[type] > knob[type].max)
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static int on_timers(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct timers *timers = data;

	timers->given = true;
	if (type == CFR_TIMERS_A_NONCONFORMANT) {
		timers->nonconformant = true;
		return MNL_CB_OK;
	}
	if (!type || type >= ARRAY_SIZE(timer_names))
		return MNL_CB_ERROR;
	timers->seconds[type] = mnl_attr_get_u32(attr);
	return timers->seconds[type] ? MNL_CB_OK : MNL_CB_ERROR;
}

static int on_policy(const struct nlattr *attr, void *data)
{
	struct policy *policy = data;

	switch (mnl_attr_get_type(attr)) {
	case CFR_POLICY_A_NAME:
		return get_name(attr, policy->name);
	case CFR_POLICY_A_MARK:
		policy->mark = mnl_attr_get_u32(attr);
		return MNL_CB_OK;
	case CFR_POLICY_A_MASK:
		policy->mask = mnl_attr_get_u32(attr);
		return MNL_CB_OK;
	case CFR_POLICY_A_POOL:
		return get_name(attr, policy_add_pool(policy));
	case CFR_POLICY_A_PROFILE:
		policy->profile = mnl_attr_get_u8(attr);
		return policy->profile < PROFILES ? MNL_CB_OK : MNL_CB_ERROR;
	case CFR_POLICY_A_KNOBS:
		return mnl_attr_parse_nested(attr, on_knobs, &policy->knobs);
	case CFR_POLICY_A_EFFECT:
		return mnl_attr_parse_nested(attr, on_knobs, &policy->effect);
	default:
		return MNL_CB_ERROR;
	}
}

static int on_bypass(const struct nlattr *attr, void *data)
{
	struct bypass *bypass = data;
	uint8_t action;

	switch (mnl_attr_get_type(attr)) {
	case CFR_BYPASS_A_PREFIX:
		return get_prefix(attr, &bypass->prefix);
	case CFR_BYPASS_A_ACTION:
		action = mnl_attr_get_u8(attr);
		bypass->drop = action == CFR_BYPASS_DROP;
		return action > CFR_BYPASS_ACTION_MAX ? MNL_CB_ERROR :
							MNL_CB_OK;
	default:
		return MNL_CB_ERROR;
	}
}

static int get_bypass(const struct nlattr *nest, struct bypass *bypass)
{
	int err = mnl_attr_parse_nested(nest, on_bypass, bypass);

	return bypass->prefix.family ? err : MNL_CB_ERROR;
}

static int on_conf(const struct nlattr *attr, void *data)
{
	struct conf *conf = data;

	switch (mnl_attr_get_type(attr)) {
	case CFR_A_GENERATION:
		conf->generation = mnl_attr_get_u32(attr);
		return MNL_CB_OK;
	case CFR_A_POOL:
		return mnl_attr_parse_nested(attr, on_pool,
					     conf_add_pool(conf));
	case CFR_A_POLICY:
		return mnl_attr_parse_nested(attr, on_policy,
					     conf_add_policy(conf));
	case CFR_A_BYPASS:
		return get_bypass(attr, conf_add_bypass(conf));
	case CFR_A_TIMERS:
		return mnl_attr_parse_nested(attr, on_timers, &conf->timers);
	case CFR_A_TIMERS_EFFECT:
		return mnl_attr_parse_nested(attr, on_timers,
					     &conf->timers_effect);
	case CFR_A_PRIORITY:
		conf->priority.value = mnl_attr_get_u8(attr);
		return conf->priority.value <= CFR_PRIORITY_MAX ? MNL_CB_OK :
								  MNL_CB_ERROR;
	case CFR_A_MAPPINGS:
		conf->mappings.value = mnl_attr_get_u8(attr);
		return conf->mappings.value <= CFR_MAPPINGS_MAX ? MNL_CB_OK :
								  MNL_CB_ERROR;
	default:
		return MNL_CB_ERROR;
	}
}

int nl_conf_decode(const struct nlmsghdr *nlh, void *conf)
{
	return mnl_attr_parse(nlh, GENL_HDRLEN, on_conf, conf) == MNL_CB_OK ?
	       0 : -1;
}
