// SPDX-License-Identifier: GPL-2.0
/* The parser reads no octet but a packet's linear ones, whatever these are, and
 * what it says is there is there.
 */
#include <kmod/packet.c>

/* Hooks of either family get packets whose network header is linear. */
static void any_skb(struct sk_buff *skb, u8 family)
{
	skb->len = nondet_uint();
	skb->linear = nondet_uint();
	__CPROVER_assume(skb->linear <= skb->len);
	__CPROVER_assume(skb->linear >= (family == NFPROTO_IPV4 ?
					 sizeof(struct iphdr) :
					 sizeof(struct ipv6hdr)));
	skb->data = malloc(skb->linear);
	skb->gso = nondet_bool();
}

static u8 any_family(void)
{
	return nondet_bool() ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

static void check_packet(const struct sk_buff *skb, const struct cfr_packet *pkt)
{
	unsigned int need = 8;

	if (pkt->kind == CFR_KIND_REFUSED) {
		assert(pkt->why < CFR_STAT_COUNT);
		return;
	}
	if (pkt->kind == CFR_KIND_TCP)
		need = 20;
	assert(pkt->l4 + need <= skb_headlen(skb));
}

void plain(void)
{
	struct cfr_packet pkt;
	struct sk_buff skb;
	u8 family = any_family();

	any_skb(&skb, family);
	if (cfr_packet_plain(&skb, family, &pkt))
		check_packet(&skb, &pkt);
}

void parse(void)
{
	struct cfr_packet pkt;
	struct sk_buff skb;
	u8 family = any_family();

	any_skb(&skb, family);
	cfr_packet_parse(&skb, family, &pkt);
	check_packet(&skb, &pkt);
}

void quote(void)
{
	struct cfr_packet pkt;
	struct cfr_quote quote;
	struct sk_buff skb;
	u8 family = any_family();

	any_skb(&skb, family);
	cfr_packet_parse(&skb, family, &pkt);
	if (pkt.kind != CFR_KIND_ERROR)
		return;
	if (cfr_packet_quote(&skb, &pkt, &quote))
		assert(quote.l4 + 8 <= skb_headlen(&skb));
}
