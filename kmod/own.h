/* SPDX-License-Identifier: GPL-2.0 */
/* What the relay's own host sends. */
#ifndef _CFR_OWN_H
#define _CFR_OWN_H

#include "packet.h"

bool cfr_own_claimed(const struct sk_buff *skb, const struct cfr_packet *pkt);

#endif
