// SPDX-License-Identifier: GPL-2.0
/* A namespace's numbers as netlink messages have them: counters, gauges, and what a
 * policy's entropy and anonymity are.
 */
#include <net/genetlink.h>

#include "config.h"
#include "net.h"
#include "report.h"
#include "stats.h"

static const struct {
	const char *name;
	const char *text;
	u32 (*read)(const struct cfr_net *cn);
} gauges[] = {
	{ "flows", "flows that are live", cfr_flow_count_live },
	{ "shared", "bindings and filter entries that flows share (scope endpoint)",
	  cfr_flow_count_shared },
	{ "held", "relay tuples that rest before they serve again",
	  cfr_flow_count_held },
};

static int put_counter(struct sk_buff *skb, const char *name, u64 value,
		       u8 kind, const char *text)
{
	struct nlattr *nest = nla_nest_start(skb, CFR_A_COUNTER);

	if (!nest ||
	    nla_put_string(skb, CFR_COUNTER_A_NAME, name) ||
	    nla_put_u64_64bit(skb, CFR_COUNTER_A_VALUE, value,
			      CFR_COUNTER_A_PAD) ||
	    nla_put_u8(skb, CFR_COUNTER_A_KIND, kind) ||
	    nla_put_string(skb, CFR_COUNTER_A_TEXT, text))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_stat(struct sk_buff *skb, const struct cfr_net *cn, long at)
{
	const struct cfr_stat_info *info;

	if (at >= CFR_STAT_COUNT) {
		at -= CFR_STAT_COUNT;
		return put_counter(skb, gauges[at].name, gauges[at].read(cn),
				   CFR_COUNTER_GAUGE, gauges[at].text);
	}
	info = &cfr_stat_info[at];
	return put_counter(skb, info->name, cfr_stats_read(cn, at),
			   info->refusal ? CFR_COUNTER_REFUSAL :
					   CFR_COUNTER_EVENT,
			   info->text);
}

/**
 * cfr_report_entropy() - put CFR_A_ENTROPY
 * @skb: the message
 * @policy: the policy
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @spans: what the policy draws from in that family
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfr_report_entropy(struct sk_buff *skb, const struct cfr_policy *policy,
		       u8 family, const struct cfr_spans *spans)
{
	struct nlattr *nest = nla_nest_start(skb, CFR_A_ENTROPY);

	if (!nest ||
	    nla_put_string(skb, CFR_ENTROPY_A_POLICY, policy->name) ||
	    nla_put_u8(skb, CFR_ENTROPY_A_FAMILY, family) ||
	    nla_put_u32(skb, CFR_ENTROPY_A_FULL, spans->entropy->full) ||
	    nla_put_u32(skb, CFR_ENTROPY_A_NOW, cfr_entropy_now(spans->entropy)) ||
	    (cfr_entropy_low(spans->entropy) &&
	     nla_put_flag(skb, CFR_ENTROPY_A_LOW)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * cfr_report_anonymity() - put CFR_A_ANONYMITY
 * @skb: the message
 * @policy: the policy
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @spans: what the policy draws from in that family
 *
 * Return: 0 or -EMSGSIZE.
 */
int cfr_report_anonymity(struct sk_buff *skb, const struct cfr_policy *policy,
			 u8 family, const struct cfr_spans *spans)
{
	const struct cfr_anonymity *anonymity = spans->anonymity;
	struct nlattr *nest = nla_nest_start(skb, CFR_A_ANONYMITY);

	if (!nest ||
	    nla_put_string(skb, CFR_ANONYMITY_A_POLICY, policy->name) ||
	    nla_put_u8(skb, CFR_ANONYMITY_A_FAMILY, family) ||
	    nla_put_u32(skb, CFR_ANONYMITY_A_CUSTOMERS,
			READ_ONCE(anonymity->customers)) ||
	    nla_put_u32(skb, CFR_ANONYMITY_A_FLOOR, anonymity->floor) ||
	    (cfr_anonymity_low(anonymity) &&
	     nla_put_flag(skb, CFR_ANONYMITY_A_LOW)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_gauge(struct sk_buff *skb, const struct cfr_net *cn, long at)
{
	const struct cfr_config *cfg = rcu_dereference(cn->config);
	const struct cfr_policy *policy;
	const struct cfr_spans *spans;
	bool v4 = !(at & 1);
	u8 family = v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

	policy = cfg ? cfg->policy + at / 4 : NULL;
	if (!cfg || policy >= cfg->policy_end)
		return -ENOENT;
	spans = cfr_policy_spans(policy, v4);
	if (!spans->count)
		return 0;
	if (!(at & 2))
		return cfr_report_entropy(skb, policy, family, spans);
	return spans->anonymity->floor ?
	       cfr_report_anonymity(skb, policy, family, spans) : 0;
}

/**
 * cfr_report_number() - put one of the numbers of a namespace
 * @skb: the message
 * @cn: the namespace
 * @at: which, from 0: counters, gauges, then two of each policy's families, of
 *	which one without a pool, or without a floor, puts nothing
 *
 * Context: an RCU reader.
 * Return: 0, -EMSGSIZE, or -ENOENT after the last.
 */
int cfr_report_number(struct sk_buff *skb, const struct cfr_net *cn, long at)
{
	const long stats = CFR_STAT_COUNT + ARRAY_SIZE(gauges);

	return at < stats ? put_stat(skb, cn, at) :
			    put_gauge(skb, cn, at - stats);
}
