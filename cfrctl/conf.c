// SPDX-License-Identifier: GPL-2.0
#include "conf.h"
#include "array.h"

struct pool *conf_add_pool(struct conf *conf)
{
	struct pool *pool;

	conf->pool = grow(conf->pool, conf->npools, sizeof(*conf->pool));
	pool = &conf->pool[conf->npools++];
	pool->port_min = PORT_MIN_DEFAULT;
	pool->port_max = PORT_MAX_DEFAULT;
	return pool;
}

struct prefix *pool_add_prefix(struct pool *pool)
{
	pool->prefix = grow(pool->prefix, pool->count, sizeof(*pool->prefix));
	return &pool->prefix[pool->count++];
}

struct policy *conf_add_policy(struct conf *conf)
{
	conf->policy = grow(conf->policy, conf->npolicies,
			    sizeof(*conf->policy));
	return &conf->policy[conf->npolicies++];
}

char *policy_add_pool(struct policy *policy)
{
	policy->pool = grow(policy->pool, policy->count,
			    sizeof(*policy->pool));
	return policy->pool[policy->count++];
}

struct bypass *conf_add_bypass(struct conf *conf)
{
	conf->bypass = grow(conf->bypass, conf->nbypasses,
			    sizeof(*conf->bypass));
	return &conf->bypass[conf->nbypasses++];
}

size_t conf_find_pool(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->npools; i++)
		if (!strcmp(conf->pool[i].name, name))
			break;
	return i;
}

size_t conf_find_policy(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->npolicies; i++)
		if (!strcmp(conf->policy[i].name, name))
			break;
	return i;
}

size_t conf_find_bypass(const struct conf *conf, const struct prefix *prefix)
{
	size_t i;

	for (i = 0; i < conf->nbypasses; i++)
		if (prefix_equal(&conf->bypass[i].prefix, prefix))
			break;
	return i;
}

static void cut(void *array, size_t *count, size_t at, size_t size)
{
	char *element = (char *)array + at * size;

	memmove(element, element + size, (--*count - at) * size);
}

void conf_del_pool(struct conf *conf, size_t at)
{
	free(conf->pool[at].prefix);
	cut(conf->pool, &conf->npools, at, sizeof(*conf->pool));
}

void conf_del_policy(struct conf *conf, size_t at)
{
	free(conf->policy[at].pool);
	cut(conf->policy, &conf->npolicies, at, sizeof(*conf->policy));
}

void conf_del_bypass(struct conf *conf, size_t at)
{
	cut(conf->bypass, &conf->nbypasses, at, sizeof(*conf->bypass));
}

/* Copies, since an edit that meets another one is done once more. */
void conf_append(struct conf *conf, const struct conf *more)
{
	size_t i, j;

	if (more->timers.given)
		conf->timers = more->timers;
	if (more->priority.given)
		conf->priority = more->priority;
	if (more->mappings.given)
		conf->mappings = more->mappings;
	for (i = 0; i < more->npools; i++) {
		const struct pool *from = &more->pool[i];
		struct pool *to = conf_add_pool(conf);

		*to = *from;
		to->prefix = NULL;
		to->count = 0;
		for (j = 0; j < from->count; j++)
			*pool_add_prefix(to) = from->prefix[j];
	}
	for (i = 0; i < more->npolicies; i++) {
		const struct policy *from = &more->policy[i];
		struct policy *to = conf_add_policy(conf);

		*to = *from;
		to->pool = NULL;
		to->count = 0;
		for (j = 0; j < from->count; j++)
			strcpy(policy_add_pool(to), from->pool[j]);
	}
	for (i = 0; i < more->nbypasses; i++)
		*conf_add_bypass(conf) = more->bypass[i];
}

void conf_free(struct conf *conf)
{
	while (conf->npools)
		conf_del_pool(conf, conf->npools - 1);
	while (conf->npolicies)
		conf_del_policy(conf, conf->npolicies - 1);
	free(conf->pool);
	free(conf->policy);
	free(conf->bypass);
	memset(conf, 0, sizeof(*conf));
}
