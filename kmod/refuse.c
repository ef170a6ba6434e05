// SPDX-License-Identifier: GPL-2.0
/* What a customer is told of a packet that was refused: an ICMP error, or a reset
 * for a segment of a connection that the relay knows nothing of any more.
 */

#include <linux/icmpv6.h>
#include <net/icmp.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "refuse.h"

#define RESETS_PER_SECOND	1000

static void refuse4(struct sk_buff *skb, enum cfr_stat why)
{
	switch (why) {
	case CFR_STAT_protocol:
		return icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
	case CFR_STAT_pool_exhausted:
	case CFR_STAT_entropy_floor:
	case CFR_STAT_table_full:
	case CFR_STAT_no_memory:
		return icmp_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	case CFR_STAT_no_pool:
	case CFR_STAT_crash_kernel:
	case CFR_STAT_bypass_drop:
	case CFR_STAT_ip_options:
		return icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, 0);
	default:
		return;
	}
}

static void refuse6(struct sk_buff *skb, enum cfr_stat why)
{
	switch (why) {
	case CFR_STAT_protocol:
		return icmpv6_send(skb, ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR,
				   offsetof(struct ipv6hdr, nexthdr));
	case CFR_STAT_pool_exhausted:
	case CFR_STAT_entropy_floor:
	case CFR_STAT_table_full:
	case CFR_STAT_no_memory:
		return icmpv6_send(skb, ICMPV6_DEST_UNREACH,
				   ICMPV6_ADDR_UNREACH, 0);
	case CFR_STAT_no_pool:
	case CFR_STAT_crash_kernel:
	case CFR_STAT_bypass_drop:
	case CFR_STAT_ext_header:
		return icmpv6_send(skb, ICMPV6_DEST_UNREACH,
				   ICMPV6_ADM_PROHIBITED, 0);
	default:
		return;
	}
}

/* There is nothing that a reset could answer, or there were too many. */
static bool quiet(struct cfr_net *cn, const struct cfr_packet *pkt)
{
	return cfr_packet_resets(pkt) || !__ratelimit(&cn->resets);
}

static void reset(struct cfr_net *cn, struct sk_buff *skb,
		  const struct nf_hook_state *state,
		  const struct cfr_packet *pkt)
{
	if (quiet(cn, pkt))
		return;
	cfr_stats_inc(cn, resets_sent);
	if (state->pf == NFPROTO_IPV4)
		nf_send_reset(state->net, state->sk, skb, state->hook);
	else
		nf_send_reset6(state->net, state->sk, skb, state->hook);
}

/**
 * cfr_refuse_tell() - tell a customer that a packet was refused
 * @cn: the namespace
 * @skb: the packet, in POST_ROUTING and unchanged; of the host's own, only a
 *	segment of no flow
 * @state: the hook's
 * @pkt: as parsed
 * @why: the reason; silent where an answer would help nobody but a scanner
 *
 * The kernel's own limits on ICMP errors apply, and one on resets.
 */
void cfr_refuse_tell(struct cfr_net *cn, struct sk_buff *skb,
		     const struct nf_hook_state *state,
		     const struct cfr_packet *pkt, enum cfr_stat why)
{
	if (why == CFR_STAT_tcp_no_flow)
		reset(cn, skb, state, pkt);
	else if (state->pf == NFPROTO_IPV4)
		refuse4(skb, why);
	else
		refuse6(skb, why);
}

/**
 * cfr_refuse_net_init() - prepare a namespace's limit on resets
 * @cn: the namespace
 */
void cfr_refuse_net_init(struct cfr_net *cn)
{
	ratelimit_state_init(&cn->resets, HZ, RESETS_PER_SECOND);
	/* or it would say in the log what it held back */
	ratelimit_set_flags(&cn->resets, RATELIMIT_MSG_ON_RELEASE);
}
