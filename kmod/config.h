/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration of one namespace: an immutable snapshot behind RCU. */
#ifndef _CFR_CONFIG_H
#define _CFR_CONFIG_H

#include <asm/byteorder.h>
#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <linux/cfr.h>

#include "anonymity.h"
#include "entropy.h"
#include "profile.h"

struct cfr_epoch;
struct cfr_local;
struct cfr_model;
struct cfr_net;
struct netlink_ext_ack;
struct nlmsghdr;

/* What an address means to the relay. */
enum cfr_space {
	CFR_SPACE_WORLD,	/* a remote: marked packets to it are relayed */
	CFR_SPACE_BYPASS,	/* marked packets to it are left untouched: bypassed, or
				 * the namespace's own
				 */
	CFR_SPACE_REFUSE,	/* marked packets to it are dropped */
	CFR_SPACE_POOL,		/* a relay address */
	CFR_SPACE_RETIRED,	/* was a relay address until a moment ago */
};

/* One prefix that a policy draws from. The two running totals make a draw one
 * uniform number and one search: tuples counts addresses times ports, addrs
 * counts addresses; IPv6 addresses are counted in /64s.
 */
struct cfr_span {
	union nf_inet_addr base;
	u64 tuples_end;		/* exclusive */
	u64 addrs_end;		/* exclusive */
	u16 port_min;
	u16 port_max;
	u8 len;
};

struct cfr_spans {
	unsigned int count;	/* 0: the policy has no pool of this family */
	const struct cfr_span *span;
	struct cfr_entropy *entropy;	/* of what is drawn from them */
	struct cfr_anonymity *anonymity;	/* of whom they may stand for */
};

struct cfr_policy {
	u32 id;			/* of the name, for the namespace's life */
	u32 mark;
	u32 mask;
	struct cfr_spans v4;
	struct cfr_spans v6;
	struct cfr_knobs knobs;
	struct cfr_epoch *epoch;	/* NULL where pairing is flow */
	struct cfr_entropy entropy[2];	/* IPv4's, IPv6's; changed by who draws */
	struct cfr_anonymity anonymity[2];	/* the same; by who counts */
	char name[CFR_NAME_MAX];
};

/* Address space cut into ranges, ascending; a range lasts until the next
 * start. Entry 0 starts at address zero, so every search finds one.
 */
struct cfr_range4 {
	u32 start;		/* host order */
	enum cfr_space space;
};

struct cfr_range6 {
	u64 hi;			/* host order */
	u64 lo;
	enum cfr_space space;
};

struct cfr_config {
	u32 marks;		/* all policies' mask bits */
	u32 priority;		/* bits of skb->priority that are kept: all, none */
	u32 relay4_first;	/* bounds of all pools, in use or retired */
	u32 relay4_last;
	u64 relay6_first;	/* of upper halves */
	u64 relay6_last;
	const struct cfr_policy *policy;
	const struct cfr_policy *policy_end;
	unsigned int nrange4;
	const struct cfr_range4 *range4;
	unsigned int nrange6;
	const struct cfr_range6 *range6;
	u32 first4[257];	/* by first octet: the last range that starts */
	u32 first6[257];	/* before it */
	/* config.c's own */
	struct cfr_span *span;	/* of all policies */
	struct cfr_model *model;
};

/* None, where there is no configuration */
#define cfr_for_each_policy(pos, cfg) \
	for ((pos) = (cfg) ? (cfg)->policy : NULL; \
	     (pos) < ((cfg) ? (cfg)->policy_end : NULL); (pos)++)

static inline const struct cfr_spans *
cfr_policy_spans(const struct cfr_policy *policy, bool v4)
{
	return v4 ? &policy->v4 : &policy->v6;
}

/* The policy whose mark this is, or NULL. Masks do not overlap: one at most. */
static inline const struct cfr_policy *
cfr_config_policy(const struct cfr_config *cfg, u32 mark)
{
	const struct cfr_policy *policy;

	if (!(mark & cfg->marks))
		return NULL;
	for (policy = cfg->policy; policy < cfg->policy_end; policy++)
		if ((mark & policy->mask) == policy->mark)
			return policy;
	return NULL;
}

/* Two comparisons that most addresses fail, before the search is worth it */
static inline bool cfr_config_maybe_relay4(const struct cfr_config *cfg,
					   __be32 addr)
{
	u32 key = ntohl(addr);

	return key >= cfg->relay4_first && key <= cfg->relay4_last;
}

/* Half an IPv6 address, which need not be aligned for it */
static inline u64 cfr_config_half(const __be32 *words)
{
	__be64 half;

	memcpy(&half, words, sizeof(half));
	return be64_to_cpu(half);
}

static inline bool cfr_config_maybe_relay6(const struct cfr_config *cfg,
					   const struct in6_addr *addr)
{
	u64 key = cfr_config_half(&addr->s6_addr32[0]);

	return key >= cfg->relay6_first && key <= cfg->relay6_last;
}

/* The search starts from the range that the address' first octet begins in,
 * and most octets are of one piece.
 */
static inline enum cfr_space cfr_config_space4(const struct cfr_config *cfg,
					       __be32 addr)
{
	u32 key = ntohl(addr);
	u32 first = cfg->first4[key >> 24];
	u32 more = cfg->first4[(key >> 24) + 1] - first;
	const struct cfr_range4 *range = &cfg->range4[first];

	while (more) {
		u32 half = (more + 1) / 2;

		if (range[half].start <= key)
			range += half;
		more -= half;
	}
	return range->space;
}

static __always_inline enum cfr_space
cfr_config_space6(const struct cfr_config *cfg, const struct in6_addr *addr)
{
	u64 key_hi = cfr_config_half(&addr->s6_addr32[0]);
	u64 key_lo = cfr_config_half(&addr->s6_addr32[2]);
	u32 first = cfg->first6[key_hi >> 56];
	u32 more = cfg->first6[(key_hi >> 56) + 1] - first;
	const struct cfr_range6 *range = &cfg->range6[first];

	while (more) {
		u32 half = (more + 1) / 2;
		const struct cfr_range6 *next = &range[half];

		if (next->hi < key_hi ||
		    (next->hi == key_hi && next->lo <= key_lo))
			range = next;
		more -= half;
	}
	return range->space;
}

static __always_inline bool
cfr_config_maybe_relay(const struct cfr_config *cfg,
		       const union nf_inet_addr *addr, u8 family)
{
	return family == NFPROTO_IPV4 ? cfr_config_maybe_relay4(cfg, addr->ip) :
					cfr_config_maybe_relay6(cfg, &addr->in6);
}

static __always_inline enum cfr_space
cfr_config_space(const struct cfr_config *cfg, const union nf_inet_addr *addr,
		 u8 family)
{
	return family == NFPROTO_IPV4 ? cfr_config_space4(cfg, addr->ip) :
					cfr_config_space6(cfg, &addr->in6);
}

/* May a flow with these properties go on under @cfg? (a sweep asks) */
bool cfr_config_allows(const struct cfr_config *cfg, u32 policy_id, u8 scope,
		       u8 family, const union nf_inet_addr *relay,
		       const union nf_inet_addr *remote);

/**
 * struct cfr_change - one CFR_CMD_CONFIG_SET
 * @model: what is to come into force; given away if it does
 * @generation: that it was based on; then its own
 * @local: zeroed; then what to warn of
 * @flushed: then whether all flows have ended
 * @nlh: the message
 * @extack: says why not
 */
struct cfr_change {
	struct cfr_model *model;
	u32 generation;
	struct cfr_local *local;
	bool flushed;
	const struct nlmsghdr *nlh;
	struct netlink_ext_ack *extack;
};

void cfr_config_renew(struct cfr_net *cn);
void cfr_config_forget(struct cfr_net *cn);
void cfr_config_wipe(struct cfr_net *cn);
int cfr_config_swap(struct cfr_net *cn, struct cfr_change *change);
struct cfr_model *cfr_config_model(struct cfr_net *cn);

int cfr_config_net_init(struct cfr_net *cn);
void cfr_config_net_pre_exit(struct cfr_net *cn);
void cfr_config_net_exit(struct cfr_net *cn);
int cfr_config_init(void);
void cfr_config_exit(void);

#endif
