// SPDX-License-Identifier: GPL-2.0
#include <net/netlink.h>

#include "timers.h"

/* RFC 4787 REQ-5, RFC 5508 REQ-2, RFC 5382 REQ-5, RFC 7857 2, RFC 6888 REQ-8 */
static const struct {
	u32 usual;
	u32 least;
} rules[CFR_TIMER_END] = {
	[CFR_TIMER_UDP] = { 300, 120 },
	[CFR_TIMER_ECHO] = { 60, 60 },
	[CFR_TIMER_TCP_OPEN] = { 240, 240 },
	[CFR_TIMER_TCP_ESTABLISHED] = { 7440, 7440 },
	[CFR_TIMER_TCP_CLOSE] = { 240, 240 },
	[CFR_TIMER_HOLD] = { 120, 120 },
};

/**
 * cfr_timers_default() - what holds where the operator says nothing
 * @timers: filled in
 */
void cfr_timers_default(struct cfr_timers *timers)
{
	unsigned int i;

	for (i = 0; i < CFR_TIMER_END; i++)
		timers->seconds[i] = rules[i].usual;
	timers->own = 0;
	timers->nonconformant = false;
}

/**
 * cfr_timers_parse() - read CFR_A_TIMERS
 * @timers: filled in
 * @nest: the attribute, already checked against the family's policies
 * @extack: says what is wrong with it
 */
int cfr_timers_parse(struct cfr_timers *timers, const struct nlattr *nest,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CFR_TIMERS_A_MAX + 1];
	unsigned int i;
	int err;

	err = nla_parse_nested(tb, CFR_TIMERS_A_MAX, nest, NULL, extack);
	if (err)
		return err;
	cfr_timers_default(timers);
	timers->nonconformant = tb[CFR_TIMERS_A_NONCONFORMANT];
	for (i = 1; i < CFR_TIMER_END; i++) {
		if (!tb[i])
			continue;
		timers->own |= BIT(i);
		timers->seconds[i] = nla_get_u32(tb[i]);
		if (timers->nonconformant ||
		    timers->seconds[i] >= rules[i].least)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[i],
				    "the timer is shorter than the RFCs ask for: say nonconformant if that is meant");
		return -EINVAL;
	}
	return 0;
}
