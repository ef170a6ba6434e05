/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CFR_REPORT_H
#define _CFR_REPORT_H

#include <linux/types.h>

struct cfr_net;
struct cfr_policy;
struct cfr_spans;
struct sk_buff;

int cfr_report_entropy(struct sk_buff *skb, const struct cfr_policy *policy,
		       u8 family, const struct cfr_spans *spans);
int cfr_report_anonymity(struct sk_buff *skb, const struct cfr_policy *policy,
			 u8 family, const struct cfr_spans *spans);
int cfr_report_number(struct sk_buff *skb, const struct cfr_net *cn, long at);

#endif
