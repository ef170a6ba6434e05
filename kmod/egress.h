/* SPDX-License-Identifier: GPL-2.0 */
/* The choice of a relay address and port. */
#ifndef _CFR_EGRESS_H
#define _CFR_EGRESS_H

#include "config.h"

struct cfr_key;

/**
 * struct cfr_egress - what draws are made from
 * @spans: the policy's, of the family
 * @span: the one with the pairing's address; NULL: any
 * @addr: the pairing's address
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @echo: ids are drawn instead of ports
 */
struct cfr_egress {
	const struct cfr_spans *spans;
	const struct cfr_span *span;
	union nf_inet_addr addr;
	u8 family;
	bool echo;
};

#define CFR_ECHO_IDS	65536

/**
 * struct cfr_walk - on the way through all tuples
 * @count: how many there are
 * @n: the present one
 * @step: to the next
 */
struct cfr_walk {
	u32 count;
	u32 n;
	u32 step;
};

void cfr_egress_begin(struct cfr_egress *egress, const struct cfr_policy *policy,
		      const struct cfr_key *key);
u64 cfr_egress_count(const struct cfr_egress *egress);
void cfr_egress_nth(const struct cfr_egress *egress, u64 n,
		    union nf_inet_addr *addr, __be16 *port);
void cfr_egress_draw(const struct cfr_egress *egress, union nf_inet_addr *addr,
		     __be16 *port);
void cfr_egress_walk(const struct cfr_egress *egress, struct cfr_walk *walk);

static inline void cfr_egress_walk_on(struct cfr_walk *walk)
{
	walk->n = ((u64)walk->n + walk->step) % walk->count;
}

#endif
