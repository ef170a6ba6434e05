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

void cfr_egress_begin(struct cfr_egress *egress, const struct cfr_policy *policy,
		      const struct cfr_key *key);
void cfr_egress_draw(const struct cfr_egress *egress, union nf_inet_addr *addr,
		     __be16 *port);

#endif
