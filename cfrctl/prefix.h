/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CFRCTL_PREFIX_H
#define CFRCTL_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#define PREFIX_TEXT_MAX	64

struct prefix {
	int family;		/* AF_INET or AF_INET6 */
	uint8_t addr[16];
	uint8_t len;
};

bool prefix_read(const char *text, struct prefix *prefix);
const char *prefix_text(const struct prefix *prefix, char *text);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
unsigned int prefix_bytes(const struct prefix *prefix);

#endif
