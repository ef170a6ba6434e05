/* SPDX-License-Identifier: GPL-2.0 */
/* How long things last. */
#ifndef _CFR_TIMERS_H
#define _CFR_TIMERS_H

#include <linux/types.h>
#include <linux/cfr.h>

struct netlink_ext_ack;
struct nlattr;

/* Indices are the attributes' numbers. */
enum cfr_timer {
	CFR_TIMER_UDP = CFR_TIMERS_A_UDP,
	CFR_TIMER_ECHO = CFR_TIMERS_A_ECHO,
	CFR_TIMER_TCP_OPEN = CFR_TIMERS_A_TCP_OPEN,
	CFR_TIMER_TCP_ESTABLISHED = CFR_TIMERS_A_TCP_ESTABLISHED,
	CFR_TIMER_TCP_CLOSE = CFR_TIMERS_A_TCP_CLOSE,
	CFR_TIMER_HOLD = CFR_TIMERS_A_HOLD,
	CFR_TIMER_END
};

/**
 * struct cfr_timers - as the operator wrote them, and what comes of it
 * @seconds: by enum cfr_timer
 * @own: bits CFR_TIMERS_A_*: the operator's, not what is usual
 * @nonconformant: they may be less than the RFCs ask for
 */
struct cfr_timers {
	u32 seconds[CFR_TIMER_END];
	u8 own;
	bool nonconformant;
};

void cfr_timers_default(struct cfr_timers *timers);
int cfr_timers_parse(struct cfr_timers *timers, const struct nlattr *nest,
		     struct netlink_ext_ack *extack);

#endif
