/* SPDX-License-Identifier: GPL-2.0 */
/* A flow's state, TCP's among them. */
#ifndef _CFR_TCP_H
#define _CFR_TCP_H

#include <linux/types.h>

#include "timers.h"

/* One state per flow, so that no transition of TCP's can revive a flow that
 * has ended. The order matters: CFR_STATE_LIVE and above are live.
 */
enum cfr_state {
	CFR_STATE_ENDED,	/* unlinked from its customer, not yet wiped */
	CFR_STATE_HELD,		/* wiped; the relay tuple is held back */
	CFR_STATE_LIVE,		/* UDP and echo */
	CFR_STATE_OPENING,	/* the customer's SYN was seen */
	CFR_STATE_ANSWERED,	/* and the remote's */
	CFR_STATE_ACCEPTED,	/* the remote's SYN came first, the customer's SYN
				 * ACK was seen
				 */
	CFR_STATE_ESTABLISHED,
	CFR_STATE_FIN_OUT,	/* the customer's FIN was seen */
	CFR_STATE_FIN_IN,	/* the remote's FIN was seen */
	CFR_STATE_CLOSED,	/* both */
	CFR_STATE_RESET,
	CFR_STATE_SHARED = 256,	/* this and more: of a binding or a permit, this
				 * and the number of those that share it
				 */
};

enum cfr_dir {
	CFR_OUT,	/* customer to remote */
	CFR_IN,		/* remote to customer */
};

/**
 * struct cfr_tcp_step - what a segment does to a flow
 * @state: the next state
 * @refresh: whether the idle time starts anew
 */
struct cfr_tcp_step {
	enum cfr_state state;
	bool refresh;
};

struct cfr_tcp_step cfr_tcp_next(enum cfr_state state, enum cfr_dir dir,
				 u8 flags);

/* Which timer says how long a TCP flow may be idle in this state */
static __always_inline enum cfr_timer cfr_tcp_timer(enum cfr_state state)
{
	switch (state) {
	case CFR_STATE_OPENING:
	case CFR_STATE_ANSWERED:
	case CFR_STATE_ACCEPTED:
		return CFR_TIMER_TCP_OPEN;
	case CFR_STATE_ESTABLISHED:
	case CFR_STATE_FIN_OUT:
	case CFR_STATE_FIN_IN:
		return CFR_TIMER_TCP_ESTABLISHED;
	default:
		return CFR_TIMER_TCP_CLOSE;
	}
}

#endif
