/* SPDX-License-Identifier: GPL-2.0 */
/* What the hooks do to a packet but rewrite it. */
#ifndef _CFR_VERDICT_H
#define _CFR_VERDICT_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "config.h"
#include "net.h"
#include "stats.h"

/* In the IP layer's control block, from PRE_ROUTING or LOCAL_OUT to
 * POST_ROUTING: this packet was rewritten towards a customer already, and it came
 * from another one, who is still to be rewritten; or it belonged to a live flow
 * and must not leave as it is if that has ended since.
 */
#define CFR_TRANSLATED	BIT(15)
#define CFR_CLAIMED	BIT(14)
#define CFR_HAIRPIN	BIT(13)

static inline u16 *cfr_flags(struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV4 ? &IPCB(skb)->flags : &IP6CB(skb)->flags;
}

static inline unsigned int cfr_drop(struct cfr_net *cn, enum cfr_stat why)
{
	this_cpu_inc(cn->stats->count[why]);
	return NF_DROP;
}

static __always_inline void cfr_untrack(struct sk_buff *skb)
{
	if (unlikely(skb_nfct(skb)))
		nf_reset_ct(skb);
	skb_set_nfct(skb, IP_CT_UNTRACKED);
}

/* What is the customer's of a packet's metadata must not show outside: devices
 * make VLAN priorities of the one and choose queues by the other.
 */
static __always_inline void cfr_shed(const struct cfr_config *cfg,
				     struct sk_buff *skb)
{
	u32 priority = cfg->priority;

	skb->mark &= ~cfg->marks;
	skb->priority &= priority;
#ifdef CONFIG_NET_SCHED
	skb->tc_index &= priority;
#endif
}

/* What the rest of the stack must not learn, or act upon, of a packet that was
 * rewritten: a mark would have it relayed again once a tunnel wrapped it.
 */
static inline void cfr_settle(const struct cfr_config *cfg, struct sk_buff *skb)
{
	skb->mark &= ~cfg->marks;
	cfr_untrack(skb);
}

#endif
