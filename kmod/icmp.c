// SPDX-License-Identifier: GPL-2.0
/* ICMP errors (RFC 5508 REQ-3 to REQ-6).
 *
 * In: a router or the remote reports on a packet that the relay sent. It is
 * addressed to the relay tuple, which the quote has as its source; both become
 * the customer's.
 *
 * Out: the customer, an access router or the relay itself reports on a packet
 * that was already rewritten towards the customer. The reporter's address
 * becomes the flow's relay address and the quote is what the remote sent, so
 * that nothing internal leaves.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "endpoint.h"
#include "icmp.h"
#include "net.h"
#include "normalise.h"
#include "rewrite.h"

static bool checksum_valid(struct sk_buff *skb, const struct cfr_packet *pkt)
{
	if (skb_csum_unnecessary(skb))
		return true;
	if (pkt->family == NFPROTO_IPV4)
		return !nf_ip_checksum(skb, NF_INET_PRE_ROUTING, pkt->l4,
				       IPPROTO_ICMP);
	return !nf_ip6_checksum(skb, NF_INET_PRE_ROUTING, pkt->l4,
				IPPROTO_ICMPV6);
}

/* The error must go to the one who sent what it quotes, or it is none of this
 * flow's.
 */
static bool addressed_to_sender(const struct sk_buff *skb, u8 family,
				const struct cfr_quote *quote)
{
	const union nf_inet_addr *to = cfr_packet_dst(skb->data, family);
	const union nf_inet_addr *sender;

	sender = cfr_packet_src(skb->data + quote->l3, family);
	if (family == NFPROTO_IPV4)
		return to->ip == sender->ip;
	return ipv6_addr_equal(&to->in6, &sender->in6);
}

/* The live flow that an error is about, or NULL. A damaged quote must not be
 * acted on (RFC 5508 REQ-3), nor may it pass for one of no flow.
 */
static struct cfr_flow *flow_of(struct cfr_net *cn, struct sk_buff *skb,
				const struct cfr_packet *pkt, enum cfr_dir dir,
				struct cfr_quote *quote)
{
	struct cfr_flow *flow;
	struct cfr_key key;

	if (!cfr_packet_quote(skb, pkt, quote)) {
		quote->damaged = true;
		return NULL;
	}
	if (!addressed_to_sender(skb, pkt->family, quote))
		return NULL;
	/* what is quoted went the other way */
	cfr_flow_key(&key, dir, dir == CFR_IN, pkt->family,
		     skb->data + quote->l3, &quote->ports);
	flow = cfr_flow_find(cn, &key);
	if (!flow && dir == CFR_OUT)
		flow = cfr_endpoint_reached(cn, &key);
	if (flow && !checksum_valid(skb, pkt))
		quote->damaged = true;
	return flow;
}

/* How far a quote is written to: the TCP checksum is the farthest. */
static unsigned int quoted_end(const struct sk_buff *skb,
			       const struct cfr_quote *quote)
{
	return min_t(unsigned int, skb->len,
		     quote->l4 + offsetofend(struct tcphdr, check));
}

/* Extension objects (RFC 4884) may name the reporter's interfaces (RFC 5837).
 * For IPv4 what RFC 792 asks for is enough to match a flow; for IPv6 the quote
 * ends where the objects begin.
 */
static bool trim4(struct sk_buff *skb, const struct cfr_packet *pkt,
		  const struct cfr_quote *quote)
{
	unsigned int len = quote->l4 + 8;
	struct iphdr *iph;

	if (pskb_trim(skb, len))
		return false;
	iph = ip_hdr(skb);
	csum_replace2(&iph->check, iph->tot_len, htons(len));
	iph->tot_len = htons(len);
	skb->data[pkt->l4 + 5] = 0;	/* length of the quote, RFC 4884 4.1 */
	return true;
}

static bool trim6(struct sk_buff *skb, const struct cfr_packet *pkt,
		  const struct cfr_quote *quote)
{
	struct icmp6hdr *ih = (struct icmp6hdr *)(skb->data + pkt->l4);
	unsigned int len = quote->l3 + ih->icmp6_datagram_len * 8;

	if (ih->icmp6_type != ICMPV6_DEST_UNREACH &&
	    ih->icmp6_type != ICMPV6_TIME_EXCEED)
		return true;
	if (!ih->icmp6_datagram_len)
		return true;
	ih->icmp6_datagram_len = 0;	/* RFC 4884 4.4, 4.5 */
	len = max_t(unsigned int, len, quote->l4 + 8);
	if (pskb_trim(skb, min(len, skb->len)))
		return false;
	ipv6_hdr(skb)->payload_len = htons(skb->len - sizeof(struct ipv6hdr));
	return true;
}

/* Beyond the ports and a sequence number, what is quoted of a segment was put into
 * the customer's terms.
 */
static bool bare6(struct sk_buff *skb, const struct cfr_quote *quote)
{
	if (pskb_trim(skb, quote->l4 + 8))
		return false;
	ipv6_hdr(skb)->payload_len = htons(skb->len - sizeof(struct ipv6hdr));
	return true;
}

static void checksum4(struct sk_buff *skb, const struct cfr_packet *pkt)
{
	struct icmphdr *ih = (struct icmphdr *)(skb->data + pkt->l4);

	ih->checksum = 0;
	ih->checksum = csum_fold(skb_checksum(skb, pkt->l4,
					      skb->len - pkt->l4, 0));
}

static void checksum6(struct sk_buff *skb, const struct cfr_packet *pkt)
{
	struct icmp6hdr *ih = (struct icmp6hdr *)(skb->data + pkt->l4);
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	unsigned int len = skb->len - pkt->l4;

	ih->icmp6_cksum = 0;
	ih->icmp6_cksum = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len,
					  IPPROTO_ICMPV6,
					  skb_checksum(skb, pkt->l4, len, 0));
}

/* The length, where the quote is trimmed, and the checksum of what was rewritten */
static bool finish(struct sk_buff *skb, const struct cfr_packet *pkt,
		   const struct cfr_quote *quote, bool trim)
{
	bool v4 = pkt->family == NFPROTO_IPV4;

	if (trim && !(v4 ? trim4(skb, pkt, quote) : trim6(skb, pkt, quote)))
		return false;
	if (v4)
		checksum4(skb, pkt);
	else
		checksum6(skb, pkt);
	skb->ip_summed = CHECKSUM_NONE;
	return true;
}

static bool translate(struct cfr_net *cn, struct sk_buff *skb,
		      const struct cfr_packet *pkt,
		      const struct cfr_quote *quote, const struct cfr_flow *flow,
		      enum cfr_dir dir)
{
	bool out = dir == CFR_OUT;
	struct cfr_address to;

	if (skb_ensure_writable(skb, quoted_end(skb, quote)))
		return false;
	to = out ? cfr_flow_relay(flow) :
	     cfr_flow_customer(&cn->flows.seal, flow);
	cfr_rewrite_quote(skb, pkt->family, quote,
			  out ? CFR_DESTINATION : CFR_SOURCE, &to);
	cfr_rewrite_outer(skb, pkt->family, out ? CFR_SOURCE : CFR_DESTINATION,
			  &to);
	memzero_explicit(&to, sizeof(to));
	if (!out && flow->isn)
		cfr_rewrite_quoted_seq(skb, quote, flow->isn);
	if (out && flow->touch & CFR_TOUCH_IN && pkt->family == NFPROTO_IPV6 &&
	    !bare6(skb, quote))
		return false;
	if (!finish(skb, pkt, quote, out))
		return false;
	if (out && flow->touch)
		cfr_normalise_error(skb, flow);
	return true;
}

/**
 * cfr_icmp_restore() - what a hairpinned packet's error quotes, as it was sent
 * @skb: the error; its head may move
 * @pkt: as parsed
 * @quote: as parsed
 * @sender: who sent it, and whom the error is for
 * @receiver: to whom it had sent it
 *
 * Return: false, with the packet unchanged, if it is damaged or there is no
 * memory.
 */
bool cfr_icmp_restore(struct sk_buff *skb, const struct cfr_packet *pkt,
		      const struct cfr_quote *quote,
		      const struct cfr_address *sender,
		      const struct cfr_address *receiver)
{
	if (!checksum_valid(skb, pkt) ||
	    skb_ensure_writable(skb, quoted_end(skb, quote)))
		return false;
	cfr_rewrite_quote(skb, pkt->family, quote, CFR_SOURCE, sender);
	cfr_rewrite_quote(skb, pkt->family, quote, CFR_DESTINATION, receiver);
	cfr_rewrite_outer(skb, pkt->family, CFR_DESTINATION, sender);
	return finish(skb, pkt, quote, true);
}

/**
 * cfr_icmp_from_quoted() - have an error come from whom the quoted packet went to
 * @skb: the error, restored before; its head may move
 * @pkt: as parsed
 *
 * Return: false if there is no memory.
 */
bool cfr_icmp_from_quoted(struct sk_buff *skb, const struct cfr_packet *pkt)
{
	struct cfr_address from = {};
	struct cfr_quote quote;

	if (!cfr_packet_quote(skb, pkt, &quote) ||
	    skb_ensure_writable(skb, quoted_end(skb, &quote)))
		return false;
	if (pkt->family == NFPROTO_IPV4)
		from.addr.ip = cfr_packet_dst(skb->data + quote.l3,
					      pkt->family)->ip;
	else
		from.addr.in6 = cfr_packet_dst(skb->data + quote.l3,
					       pkt->family)->in6;
	cfr_rewrite_outer(skb, pkt->family, CFR_SOURCE, &from);
	return finish(skb, pkt, &quote, false);
}

/**
 * cfr_icmp_about_flow() - is an ICMP error of a customer's side about a live flow?
 * @cn: the namespace
 * @skb: the packet; its head may move
 * @pkt: as parsed
 *
 * Return: true as well for what could not be read for want of memory: taken
 * for nobody's, it would leave as it is.
 */
bool cfr_icmp_about_flow(struct cfr_net *cn, struct sk_buff *skb,
			 const struct cfr_packet *pkt)
{
	struct cfr_quote quote;
	bool ours;

	if (pkt->kind != CFR_KIND_ERROR)
		return cfr_packet_unread(pkt);
	ours = flow_of(cn, skb, pkt, CFR_OUT, &quote) || quote.no_memory;
	memzero_explicit(&quote, sizeof(quote));
	return ours;
}

/**
 * cfr_icmp_translate() - rewrite an ICMP error about a live flow
 * @cn: the namespace
 * @skb: the error; its head may move
 * @pkt: as parsed, of CFR_KIND_ERROR
 * @dir: the error's direction
 * @why: set but for CFR_ICMP_TRANSLATED
 */
enum cfr_icmp cfr_icmp_translate(struct cfr_net *cn, struct sk_buff *skb,
				 const struct cfr_packet *pkt, enum cfr_dir dir,
				 enum cfr_stat *why)
{
	enum cfr_icmp result = CFR_ICMP_NO_FLOW;
	struct cfr_quote quote;
	struct cfr_flow *flow;

	flow = flow_of(cn, skb, pkt, dir, &quote);
	*why = flow ? CFR_STAT_no_memory : CFR_STAT_icmp_no_flow;
	if (quote.damaged)
		*why = quote.no_memory ? CFR_STAT_no_memory : CFR_STAT_icmp_invalid;
	if (flow && !quote.damaged && translate(cn, skb, pkt, &quote, flow, dir))
		result = CFR_ICMP_TRANSLATED;
	else if (flow)
		result = CFR_ICMP_FAILED;
	memzero_explicit(&quote, sizeof(quote));
	return result;
}
