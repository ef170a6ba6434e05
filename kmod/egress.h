/* SPDX-License-Identifier: GPL-2.0 */
/* The choice of a relay tuple. */
#ifndef _CFR_EGRESS_H
#define _CFR_EGRESS_H

#include "config.h"

void cfr_egress_draw(const struct cfr_spans *spans, u8 family, bool echo,
		     union nf_inet_addr *addr, __be16 *port);

#endif
