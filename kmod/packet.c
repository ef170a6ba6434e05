// SPDX-License-Identifier: GPL-2.0
/* Parsing: reads headers, changes nothing, looks nothing up. */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/ipv6.h>

#include "packet.h"
#include "tcp.h"

/* What every ICMP error quotes at least (RFC 792; RFC 4443 3: as much as fits) */
#define QUOTED_L4	8

static void refuse(struct cfr_packet *pkt, enum cfr_stat why)
{
	pkt->kind = CFR_KIND_REFUSED;
	pkt->why = why;
}

/* Have the first @len octets linear. That there is no memory for it says
 * nothing about the packet.
 */
static bool pull(struct sk_buff *skb, unsigned int len, struct cfr_packet *pkt)
{
	if (pskb_may_pull(skb, len))
		return true;
	refuse(pkt, len > skb->len ? CFR_STAT_malformed : CFR_STAT_no_memory);
	return false;
}

static void parse_tcp(struct sk_buff *skb, struct cfr_packet *pkt)
{
	if (!pull(skb, pkt->l4 + sizeof(struct tcphdr), pkt))
		return;
	if (!cfr_packet_tcp(skb, pkt))
		return refuse(pkt, CFR_STAT_malformed);
	if (!cfr_packet_tcp_flags_valid(pkt->tcp_flags))
		refuse(pkt, CFR_STAT_tcp_flags);
}

static void parse_udp(struct sk_buff *skb, struct cfr_packet *pkt)
{
	if (pull(skb, pkt->l4 + sizeof(struct udphdr), pkt) &&
	    !cfr_packet_udp(skb, pkt))
		refuse(pkt, CFR_STAT_malformed);
}

static void set_echo(struct cfr_packet *pkt, bool request, __be16 id)
{
	pkt->kind = request ? CFR_KIND_REQUEST : CFR_KIND_REPLY;
	pkt->ports.sport = request ? id : 0;
	pkt->ports.dport = request ? 0 : id;
}

static void parse_icmp(struct sk_buff *skb, struct cfr_packet *pkt)
{
	const struct icmphdr *ih;

	if (!pull(skb, pkt->l4 + sizeof(*ih), pkt))
		return;
	ih = (const struct icmphdr *)(skb->data + pkt->l4);
	switch (ih->type) {
	case ICMP_ECHO:
	case ICMP_ECHOREPLY:
		return set_echo(pkt, ih->type == ICMP_ECHO, ih->un.echo.id);
	case ICMP_DEST_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		pkt->kind = CFR_KIND_ERROR;
		return;
	}
	refuse(pkt, CFR_STAT_icmp_type);
}

static void parse_icmp6(struct sk_buff *skb, struct cfr_packet *pkt)
{
	const struct icmp6hdr *ih;

	if (!pull(skb, pkt->l4 + sizeof(*ih), pkt))
		return;
	ih = (const struct icmp6hdr *)(skb->data + pkt->l4);
	switch (ih->icmp6_type) {
	case ICMPV6_ECHO_REQUEST:
	case ICMPV6_ECHO_REPLY:
		return set_echo(pkt, ih->icmp6_type == ICMPV6_ECHO_REQUEST,
				ih->icmp6_identifier);
	case ICMPV6_DEST_UNREACH:
	case ICMPV6_PKT_TOOBIG:
	case ICMPV6_TIME_EXCEED:
	case ICMPV6_PARAMPROB:
		pkt->kind = CFR_KIND_ERROR;
		return;
	}
	refuse(pkt, CFR_STAT_icmp_type);
}

static void parse4(struct sk_buff *skb, struct cfr_packet *pkt)
{
	const struct iphdr *iph = ip_hdr(skb);

	pkt->ports.proto = iph->protocol;
	pkt->l4 = sizeof(*iph);
	if (ip_is_fragment(iph))
		return refuse(pkt, CFR_STAT_fragment);
	if (iph->ihl != 5)
		return refuse(pkt, CFR_STAT_ip_options);

	switch (iph->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(skb, pkt);
	case IPPROTO_UDP:
		return parse_udp(skb, pkt);
	case IPPROTO_ICMP:
		return parse_icmp(skb, pkt);
	}
	refuse(pkt, CFR_STAT_protocol);
}

static void parse6(struct sk_buff *skb, struct cfr_packet *pkt)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	pkt->ports.proto = ip6h->nexthdr;
	pkt->l4 = sizeof(*ip6h);

	switch (ip6h->nexthdr) {
	case IPPROTO_TCP:
		return parse_tcp(skb, pkt);
	case IPPROTO_UDP:
		return parse_udp(skb, pkt);
	case IPPROTO_ICMPV6:
		return parse_icmp6(skb, pkt);
	case NEXTHDR_FRAGMENT:
		return refuse(pkt, CFR_STAT_fragment);
	case NEXTHDR_HOP:
	case NEXTHDR_DEST:
	case NEXTHDR_ROUTING:
		return refuse(pkt, CFR_STAT_ext_header);
	}
	refuse(pkt, CFR_STAT_protocol);
}

/**
 * cfr_packet_parse() - read a packet's headers
 * @skb: the packet; its head may move
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @pkt: filled in; wipe it with cfr_packet_wipe() when done
 */
void cfr_packet_parse(struct sk_buff *skb, u8 family, struct cfr_packet *pkt)
{
	if (cfr_packet_plain(skb, family, pkt))
		return;
	if (family == NFPROTO_IPV4)
		parse4(skb, pkt);
	else
		parse6(skb, pkt);
}

/**
 * cfr_packet_source_route() - whether an IPv4 packet names a way (RFC 791, 3.1)
 * @skb: the packet, its network header and the options linear
 *
 * Return: true if there is a loose or strict source route before the end of
 * the options or the first that is malformed.
 */
bool cfr_packet_source_route(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const u8 *option = (const u8 *)(iph + 1);
	const u8 *end = (const u8 *)iph + iph->ihl * 4;

	while (option < end && *option != IPOPT_END) {
		if (*option == IPOPT_LSRR || *option == IPOPT_SSRR)
			return true;
		if (*option == IPOPT_NOOP) {
			option++;
			continue;
		}
		if (end - option < 2 || option[1] < 2)
			return false;
		option += option[1];
	}
	return false;
}

static bool pull_quote(struct sk_buff *skb, unsigned int len,
		       struct cfr_quote *quote)
{
	if (pskb_may_pull(skb, len))
		return true;
	quote->no_memory = len <= skb->len;
	return false;
}

static bool quote_ports(struct sk_buff *skb, struct cfr_quote *quote)
{
	const u8 *l4;
	bool request;

	if (!pull_quote(skb, quote->l4 + QUOTED_L4, quote))
		return false;
	l4 = skb->data + quote->l4;
	switch (quote->ports.proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		quote->ports.sport = ((const struct udphdr *)l4)->source;
		quote->ports.dport = ((const struct udphdr *)l4)->dest;
		return true;
	case IPPROTO_ICMP:
		if (l4[0] != ICMP_ECHO && l4[0] != ICMP_ECHOREPLY)
			return false;
		request = l4[0] == ICMP_ECHO;
		break;
	case IPPROTO_ICMPV6:
		if (l4[0] != ICMPV6_ECHO_REQUEST && l4[0] != ICMPV6_ECHO_REPLY)
			return false;
		request = l4[0] == ICMPV6_ECHO_REQUEST;
		break;
	default:
		return false;
	}
	quote->ports.sport = request ? ((const struct icmphdr *)l4)->un.echo.id : 0;
	quote->ports.dport = request ? 0 : ((const struct icmphdr *)l4)->un.echo.id;
	return true;
}

static bool quote4(struct sk_buff *skb, struct cfr_quote *quote)
{
	const struct iphdr *iph;

	if (!pull_quote(skb, quote->l3 + sizeof(*iph), quote))
		return false;
	iph = (const struct iphdr *)(skb->data + quote->l3);
	if (iph->version != 4 || iph->ihl < 5 ||
	    !pull_quote(skb, quote->l3 + iph->ihl * 4, quote))
		return false;
	iph = (const struct iphdr *)(skb->data + quote->l3);
	if (iph->frag_off & htons(IP_OFFSET))
		return false;
	quote->damaged = ip_fast_csum(iph, iph->ihl) != 0;
	quote->ports.proto = iph->protocol;
	quote->l4 = quote->l3 + iph->ihl * 4;
	return iph->protocol != IPPROTO_ICMPV6 && quote_ports(skb, quote);
}

static bool quote6(struct sk_buff *skb, struct cfr_quote *quote)
{
	const struct ipv6hdr *ip6h;
	const struct frag_hdr *fh;

	if (!pull_quote(skb, quote->l3 + sizeof(*ip6h), quote))
		return false;
	ip6h = (const struct ipv6hdr *)(skb->data + quote->l3);
	if (ip6h->version != 6)
		return false;
	quote->ports.proto = ip6h->nexthdr;
	quote->l4 = quote->l3 + sizeof(*ip6h);
	/* What was relayed whole may have been fragmented on its way. */
	if (quote->ports.proto == NEXTHDR_FRAGMENT) {
		if (!pull_quote(skb, quote->l4 + sizeof(*fh), quote))
			return false;
		fh = (const struct frag_hdr *)(skb->data + quote->l4);
		if (fh->frag_off & htons(IP6_OFFSET))
			return false;
		quote->ports.proto = fh->nexthdr;
		quote->l4 += sizeof(*fh);
	}
	return quote->ports.proto != IPPROTO_ICMP && quote_ports(skb, quote);
}

/**
 * cfr_packet_quote() - read the packet that an ICMP error quotes
 * @skb: the error
 * @pkt: as parsed, of CFR_KIND_ERROR
 * @quote: filled in
 *
 * Return: false where the quote is cut short, not a first fragment, of a kind
 * that is never relayed, or where there was no memory to read it.
 */
bool cfr_packet_quote(struct sk_buff *skb, const struct cfr_packet *pkt,
		      struct cfr_quote *quote)
{
	quote->l3 = pkt->l4 + sizeof(struct icmphdr);
	quote->damaged = false;
	quote->no_memory = false;
	return pkt->family == NFPROTO_IPV4 ? quote4(skb, quote) :
					     quote6(skb, quote);
}
