// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <string.h>
#include <sys/socket.h>

#include "array.h"
#include "space.h"

/* An IPv4 address is the uppermost 32 of 128 bits. */
#define CFR_BUILTIN4(a, b, c, d, bits) { \
	.family = AF_INET, .len = (bits), \
	.half = { (uint64_t)((a##u) << 24 | (b) << 16 | (c) << 8 | (d)) << 32 } },
#define CFR_BUILTIN6(upper, lower, bits) { \
	.family = AF_INET6, .len = (bits), .half = { (upper), (lower) } },

static const struct {
	int family;
	uint8_t len;
	uint64_t half[2];
} builtin[] = {
#include <linux/cfr_builtin.h>
};

static struct prefix builtin_prefix(size_t i)
{
	uint64_t half[] = { htobe64(builtin[i].half[0]),
			    htobe64(builtin[i].half[1]) };
	struct prefix prefix = { .family = builtin[i].family,
				 .len = builtin[i].len };

	memcpy(prefix.addr, half, sizeof(half));
	return prefix;
}

static struct range range_of(const struct prefix *prefix)
{
	struct range range = {};
	unsigned int i;

	for (i = 0; i < prefix_bytes(prefix); i++) {
		int bits = prefix->len - 8 * (int)i;
		uint8_t host = bits <= 0 ? 0xff : bits >= 8 ? 0 : 0xff >> bits;

		range.first[i] = prefix->addr[i] & ~host;
		range.last[i] = prefix->addr[i] | host;
	}
	return range;
}

static bool contains(const struct prefix *prefix, const uint8_t *addr)
{
	unsigned int bytes = prefix_bytes(prefix);
	struct range range = range_of(prefix);

	return memcmp(range.first, addr, bytes) <= 0 &&
	       memcmp(addr, range.last, bytes) <= 0;
}

/* False if there is no next one. */
static bool next(uint8_t *addr, unsigned int bytes)
{
	while (bytes--)
		if (++addr[bytes])
			return true;
	return false;
}

static void previous(uint8_t *addr, unsigned int bytes)
{
	while (bytes-- && !addr[bytes]--)
		;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void append(struct ranges *ranges, const struct range *range)
{
	ranges->range = grow(ranges->range, ranges->count, sizeof(*range));
	ranges->range[ranges->count++] = *range;
}

/* Prefixes nest or are disjoint: in order, what begins inside of another range
 * is no more than a part of it.
 */
static void unite(struct ranges *ranges)
{
	size_t count = 0, i;

	if (ranges->count)
		qsort(ranges->range, ranges->count, sizeof(*ranges->range),
		      compare);
	for (i = 0; i < ranges->count; i++) {
		struct range *range = &ranges->range[i];
		struct range *last = count ? &ranges->range[count - 1] : NULL;

		if (!last || memcmp(last->last, range->first, 16) < 0)
			ranges->range[count++] = *range;
		else if (memcmp(last->last, range->last, 16) < 0)
			memcpy(last->last, range->last, 16);
	}
	ranges->count = count;
}

void space_pools(const struct conf *conf, int family, struct ranges *ranges)
{
	size_t i, j;

	memset(ranges, 0, sizeof(*ranges));
	for (i = 0; i < conf->npools; i++) {
		const struct pool *pool = &conf->pool[i];

		for (j = 0; j < pool->count; j++) {
			struct range range = range_of(&pool->prefix[j]);

			if (pool->prefix[j].family == family)
				append(ranges, &range);
		}
	}
	unite(ranges);
}

/* The longest of the operator's prefixes counts, any of them outweighs the
 * built-in ones.
 */
static bool bypassed(const struct conf *conf, int family, const uint8_t *addr)
{
	const struct bypass *best = NULL;
	size_t i;

	for (i = 0; i < conf->nbypasses; i++) {
		const struct bypass *bypass = &conf->bypass[i];

		if (bypass->prefix.family == family &&
		    (!best || best->prefix.len < bypass->prefix.len) &&
		    contains(&bypass->prefix, addr))
			best = bypass;
	}
	if (best)
		return !best->drop;
	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		struct prefix prefix = builtin_prefix(i);

		if (prefix.family == family && contains(&prefix, addr))
			return true;
	}
	return false;
}

struct edges {
	uint8_t (*at)[16];
	size_t count;
};

static void add_edge(struct edges *edges, const uint8_t *addr)
{
	edges->at = grow(edges->at, edges->count, sizeof(*edges->at));
	memcpy(edges->at[edges->count++], addr, 16);
}

/* Where a prefix begins and where what is behind it does */
static void add_edges(struct edges *edges, int family,
		      const struct prefix *prefix)
{
	struct range range = range_of(prefix);

	if (prefix->family != family)
		return;
	add_edge(edges, range.first);
	if (next(range.last, prefix_bytes(prefix)))
		add_edge(edges, range.last);
}

/* Between two edges, all addresses are alike. */
void space_bypasses(const struct conf *a, const struct conf *b, int family,
		    struct ranges *ranges)
{
	unsigned int bytes = family == AF_INET ? 4 : 16;
	struct edges edges = {};
	struct range range;
	size_t i;

	memset(ranges, 0, sizeof(*ranges));
	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		struct prefix prefix = builtin_prefix(i);

		add_edges(&edges, family, &prefix);
	}
	for (i = 0; i < a->nbypasses; i++)
		add_edges(&edges, family, &a->bypass[i].prefix);
	for (i = 0; i < b->nbypasses; i++)
		add_edges(&edges, family, &b->bypass[i].prefix);
	qsort(edges.at, edges.count, sizeof(*edges.at), compare);

	for (i = 0; i < edges.count; i++) {
		memset(&range, 0, sizeof(range));
		memcpy(range.first, edges.at[i], 16);
		memset(range.last, 0xff, bytes);
		if (i + 1 < edges.count) {
			memcpy(range.last, edges.at[i + 1], 16);
			if (!compare(range.first, range.last))
				continue;
			previous(range.last, bytes);
		}
		if (bypassed(a, family, range.first) &&
		    bypassed(b, family, range.first))
			append(ranges, &range);
	}
	free(edges.at);
}

void space_free(struct ranges *ranges)
{
	free(ranges->range);
}
