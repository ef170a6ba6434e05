/* SPDX-License-Identifier: GPL-2.0 */
/* Taking a relay tuple that is free. */
#ifndef _CFR_TUPLE_H
#define _CFR_TUPLE_H

#include "egress.h"
#include "flow.h"

int cfr_tuple_take(struct cfr_net *cn, const struct cfr_egress *egress,
		   struct cfr_flow *flow, const struct cfr_key *customer);
bool cfr_tuple_exhausted(struct cfr_net *cn, u32 policy,
			 const struct cfr_key *key,
			 const struct cfr_egress *egress);

#endif
