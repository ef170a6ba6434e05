// SPDX-License-Identifier: GPL-2.0
#include <net/netlink.h>

#include "profile.h"

#define HOUR	3600
#define DAY	(24 * HOUR)

static const struct cfr_knobs profiles[] = {
	[CFR_PROFILE_PRIVACY] = {
		.scope = CFR_SCOPE_FLOW,
		.filter = CFR_FILTER_ADDRESS_PORT,
		.pairing = CFR_PAIRING_FLOW,
		.normalise = CFR_NORMALISE_FULL,
		.epoch = DAY,
		.jitter = 4 * HOUR,
	},
	[CFR_PROFILE_BALANCED] = {
		.scope = CFR_SCOPE_ENDPOINT,
		.filter = CFR_FILTER_ADDRESS,
		.pairing = CFR_PAIRING_DESTINATION,
		.normalise = CFR_NORMALISE_FULL,
		.epoch = DAY,
		.jitter = 4 * HOUR,
		.leave = 1U << CFR_FIELD_TIMESTAMPS,
	},
	[CFR_PROFILE_STRICT_RFC] = {
		.scope = CFR_SCOPE_ENDPOINT,
		.filter = CFR_FILTER_ENDPOINT,
		.hairpin = true,
		.pairing = CFR_PAIRING_CUSTOMER,
		.epoch = 7 * DAY,
	},
};

static void take(struct cfr_knobs *knobs, struct nlattr **tb)
{
	if (tb[CFR_KNOBS_A_SCOPE])
		knobs->scope = nla_get_u8(tb[CFR_KNOBS_A_SCOPE]);
	if (tb[CFR_KNOBS_A_FILTER])
		knobs->filter = nla_get_u8(tb[CFR_KNOBS_A_FILTER]);
	if (tb[CFR_KNOBS_A_HAIRPIN])
		knobs->hairpin = nla_get_u8(tb[CFR_KNOBS_A_HAIRPIN]);
	if (tb[CFR_KNOBS_A_PAIRING])
		knobs->pairing = nla_get_u8(tb[CFR_KNOBS_A_PAIRING]);
	if (tb[CFR_KNOBS_A_EPOCH])
		knobs->epoch = nla_get_u32(tb[CFR_KNOBS_A_EPOCH]);
	if (tb[CFR_KNOBS_A_JITTER])
		knobs->jitter = nla_get_u32(tb[CFR_KNOBS_A_JITTER]);
	if (tb[CFR_KNOBS_A_NORMALISE])
		knobs->normalise = nla_get_u8(tb[CFR_KNOBS_A_NORMALISE]);
	if (tb[CFR_KNOBS_A_TOUCH])
		knobs->touch = nla_get_u32(tb[CFR_KNOBS_A_TOUCH]);
	if (tb[CFR_KNOBS_A_LEAVE])
		knobs->leave = nla_get_u32(tb[CFR_KNOBS_A_LEAVE]);
	if (tb[CFR_KNOBS_A_ENTROPY])
		knobs->entropy = nla_get_u32(tb[CFR_KNOBS_A_ENTROPY]);
	if (tb[CFR_KNOBS_A_LOW])
		knobs->low = nla_get_u8(tb[CFR_KNOBS_A_LOW]);
	if (tb[CFR_KNOBS_A_ANONYMITY])
		knobs->anonymity = nla_get_u32(tb[CFR_KNOBS_A_ANONYMITY]);
}

/* What does not go together; the first that the operator said is to blame. */
static int check(const struct cfr_knobs *knobs, struct nlattr **tb,
		 const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	const struct nlattr *blame = tb[CFR_KNOBS_A_SCOPE] ?: nest;

	if (knobs->scope == CFR_SCOPE_FLOW &&
	    knobs->filter != CFR_FILTER_ADDRESS_PORT) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_KNOBS_A_FILTER] ?: blame,
				    "scope flow filters by address and port: its relay tuples are shared");
		return -EINVAL;
	}
	if (knobs->scope == CFR_SCOPE_FLOW && knobs->hairpin) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_KNOBS_A_HAIRPIN] ?: blame,
				    "scope flow has no hairpinning: its relay tuples are nobody's address");
		return -EINVAL;
	}
	if (knobs->touch & knobs->leave) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_KNOBS_A_TOUCH],
				    "a field is both to be touched and to be left alone");
		return -EINVAL;
	}
	if (knobs->jitter > knobs->epoch / 2) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_KNOBS_A_JITTER] ?:
				    tb[CFR_KNOBS_A_EPOCH],
				    "the jitter is more than half an epoch");
		return -EINVAL;
	}
	return 0;
}

/**
 * cfr_profile_parse() - read a policy's profile and knobs
 * @choice: filled in
 * @profile: CFR_POLICY_A_PROFILE or NULL
 * @nest: CFR_POLICY_A_KNOBS or NULL, already checked against the family's
 *	policies
 * @extack: says what is wrong with them
 */
int cfr_profile_parse(struct cfr_profile_choice *choice,
		      const struct nlattr *profile, const struct nlattr *nest,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CFR_KNOBS_A_MAX + 1];
	unsigned int i;
	int err;

	choice->profile = profile ? nla_get_u8(profile) : CFR_PROFILE_PRIVACY;
	choice->knobs = profiles[choice->profile];
	if (!nest)
		return 0;
	err = nla_parse_nested(tb, CFR_KNOBS_A_MAX, nest, NULL, extack);
	if (err)
		return err;
	for (i = 1; i <= CFR_KNOBS_A_MAX; i++)
		if (tb[i])
			choice->own |= BIT(i);
	take(&choice->knobs, tb);
	return check(&choice->knobs, tb, nest, extack);
}
