/* SPDX-License-Identifier: GPL-2.0 */
/* How many customers a relay address may stand for. */
#ifndef _CFR_ANONYMITY_H
#define _CFR_ANONYMITY_H

#include <linux/types.h>

struct cfr_net;

/**
 * struct cfr_anonymity - of one policy's addresses in one family
 * @floor: the policy's; 0: customers are not counted
 * @customers: an estimate, as they were last counted, behind the address with the
 *	fewest of them; 0: no address is in use, or none was counted yet
 * @told: that it is low
 */
struct cfr_anonymity {
	u32 floor;
	u32 customers;
	bool told;
};

static inline bool cfr_anonymity_low(const struct cfr_anonymity *anonymity)
{
	u32 customers = READ_ONCE(anonymity->customers);

	return customers && customers < anonymity->floor;
}

bool cfr_anonymity_count(struct cfr_net *cn);

#endif
