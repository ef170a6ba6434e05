// SPDX-License-Identifier: GPL-2.0
#include "follow.h"
#include "nft.h"
#include "ruleset.h"

/* A mark that the kernel is about to refuse must not shut out everybody. */
static bool sane(const struct policy *policy)
{
	return policy->mark && !(policy->mark & ~policy->mask);
}

static int add_mark(struct follow *follow, const struct policy *policy,
		    FILE *out, struct nl_fault *fault)
{
	char chain[MARK_CHAIN_MAX];
	struct policy *added;
	size_t i;
	int has;

	for (i = 0; i < follow->added.npolicies; i++)
		if (follow->added.policy[i].mark == policy->mark &&
		    follow->added.policy[i].mask == policy->mask)
			return 0;
	ruleset_mark_chain(policy, chain);
	has = nft_has(KILLSWITCH_TABLE, chain, fault);
	if (has)
		return has < 0 ? -1 : 0;
	added = conf_add_policy(&follow->added);
	added->mark = policy->mark;
	added->mask = policy->mask;
	ruleset_add_mark(out, policy);
	return 0;
}

int follow_tighten(struct follow *follow, const struct conf *was,
		   const struct conf *will, struct nl_fault *fault)
{
	int has = nft_has(KILLSWITCH_TABLE, NULL, fault);
	struct nft nft;
	size_t i;

	*follow = (struct follow){ .installed = has > 0 };
	if (has <= 0)
		return has;
	nft_begin(&nft);
	for (i = 0; i < will->npolicies; i++) {
		if (!sane(&will->policy[i]) ||
		    !add_mark(follow, &will->policy[i], nft.out, fault))
			continue;
		nft_abort(&nft);
		conf_free(&follow->added);
		return -1;
	}
	ruleset_judge(nft.out, was, was, will);
	if (!nft_commit(&nft, fault))
		return 0;
	conf_free(&follow->added);
	return -1;
}

int follow_settle(struct follow *follow, const struct conf *is, bool refused,
		  struct nl_fault *fault)
{
	struct nft nft;
	size_t i;

	if (!follow->installed)
		return 0;
	nft_begin(&nft);
	ruleset_judge(nft.out, is, is, is);
	ruleset_forward(nft.out, is);
	for (i = 0; refused && i < follow->added.npolicies; i++)
		ruleset_del_mark(nft.out, &follow->added.policy[i]);
	conf_free(&follow->added);
	return nft_commit(&nft, fault);
}
