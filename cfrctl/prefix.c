// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prefix.h"

unsigned int prefix_bytes(const struct prefix *prefix)
{
	return prefix->family == AF_INET ? 4 : 16;
}

/* ADDRESS[/LENGTH]; whether bits are set beyond the length is the kernel's to
 * say.
 */
bool prefix_read(const char *text, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	size_t addr_len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];
	unsigned long len;
	char *end;

	if (addr_len >= sizeof(addr))
		return false;
	memcpy(addr, text, addr_len);
	addr[addr_len] = '\0';

	memset(prefix, 0, sizeof(*prefix));
	prefix->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(prefix->family, addr, prefix->addr) != 1)
		return false;
	prefix->len = 8 * prefix_bytes(prefix);
	if (!slash)
		return true;
	if (slash[1] < '0' || slash[1] > '9')
		return false;
	len = strtoul(slash + 1, &end, 10);
	if (*end || len > prefix->len)
		return false;
	prefix->len = len;
	return true;
}

const char *prefix_text(const struct prefix *prefix, char *text)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(prefix->family, prefix->addr, addr, sizeof(addr));
	snprintf(text, PREFIX_TEXT_MAX, "%s/%u", addr, prefix->len);
	return text;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->len == b->len &&
	       !memcmp(a->addr, b->addr, prefix_bytes(a));
}
