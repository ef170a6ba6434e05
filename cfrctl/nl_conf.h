/* SPDX-License-Identifier: GPL-2.0 */
/* A configuration as attributes, and back. */
#ifndef CFRCTL_NL_CONF_H
#define CFRCTL_NL_CONF_H

#include <libmnl/libmnl.h>

#include "nl.h"

/* Where each word went, to find the one that the kernel points at. */
struct nl_place {
	uint32_t from;
	uint32_t to;
	char word[PREFIX_TEXT_MAX];
	unsigned int line;
};

struct nl_places {
	struct nl_place *place;
	size_t count;
};

size_t nl_conf_bound(const struct conf *conf);
void nl_conf_encode(struct nlmsghdr *nlh, const struct conf *conf,
		    struct nl_places *places);
int nl_conf_decode(const struct nlmsghdr *nlh, void *conf);

void nl_places_find(const struct nl_places *places, uint32_t offset,
		    struct nl_fault *fault);
void nl_places_free(struct nl_places *places);

#endif
