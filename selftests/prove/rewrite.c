// SPDX-License-Identifier: GPL-2.0
/* Each checksum follows what it covers when an end of a packet is rewritten. */
#include "lawful.h"
#include <kmod/rewrite.c>

/* The value of what a sum gains when @to takes @from's place */
static u32 gain(u32 from, u32 to)
{
	return plus(v(to), minus(v(from)));
}

/* The value of a checksum once what it covers has gained @gained */
static u32 follows(u16 check, u32 gained)
{
	return minus(plus(gained, minus(v(check))));
}

/* No device sums. Whether it is TCP, UDP or echo, a flow's ends are anything. */
static void check_l4(u8 proto, u16 was, u16 now, u32 gained)
{
	if (proto == IPPROTO_UDP && !was) {
		assert(!now);
		return;
	}
	__CPROVER_assume(law_zero());
	assert(v(now) == follows(was, gained));
	/* Full recomputation never gives a TCP segment's as all ones, and a UDP
	 * datagram's never as zero.
	 */
	assert(proto == IPPROTO_TCP ? now != 0xffff : now != 0);
}

static void rewrite4(u8 proto)
{
	enum cfr_dir dir = nondet_bool() ? CFR_OUT : CFR_IN;
	struct sk_buff skb = { .ip_summed = CHECKSUM_NONE };
	struct iphdr iph, old;
	struct tcphdr th;
	__be16 to_port;
	__be32 to;
	u8 *l4 = (u8 *)&th;
	u16 check = *cfr_rewrite_check(proto, l4);
	u16 from = *cfr_rewrite_port(proto, l4, dir);
	u32 addr, port;

	old = iph;
	cfr_rewrite_one4(&skb, &iph, proto, l4, dir, to, to_port);
	assert(*cfr_rewrite_port(proto, l4, dir) == to_port);
	assert(iph.saddr == (dir == CFR_OUT ? to : old.saddr));
	assert(iph.daddr == (dir == CFR_OUT ? old.daddr : to));
	addr = dir == CFR_OUT ? gain(old.saddr, iph.saddr) :
				gain(old.daddr, iph.daddr);
	port = gain(from, *cfr_rewrite_port(proto, l4, dir));
	assert(v(iph.check) == follows(old.check, addr));
	assert(iph.check != 0xffff);
	check_l4(proto, check, *cfr_rewrite_check(proto, l4),
		 proto == IPPROTO_ICMP ? port : plus(port, addr));
}

static void rewrite6(u8 proto)
{
	enum cfr_dir dir = nondet_bool() ? CFR_OUT : CFR_IN;
	struct sk_buff skb = { .ip_summed = CHECKSUM_NONE };
	struct ipv6hdr ip6h;
	struct tcphdr th;
	struct in6_addr to;
	__be16 to_port;
	__wsum delta;
	u8 *l4 = (u8 *)&th;
	u16 check = *cfr_rewrite_check(proto, l4);

	__CPROVER_assume(law_not(delta));
	cfr_rewrite_one6(&skb, &ip6h, proto, l4, dir, &to, to_port,
			 dir == CFR_OUT ? delta : ~delta);
	check_l4(proto, check, *cfr_rewrite_check(proto, l4),
		 dir == CFR_OUT ? v(delta) : minus(v(delta)));
}

void tcp4(void)
{
	rewrite4(IPPROTO_TCP);
}

void udp4(void)
{
	rewrite4(IPPROTO_UDP);
}

void echo4(void)
{
	rewrite4(IPPROTO_ICMP);
}

void tcp6(void)
{
	rewrite6(IPPROTO_TCP);
}

void udp6(void)
{
	rewrite6(IPPROTO_UDP);
}

void echo6(void)
{
	rewrite6(IPPROTO_ICMPV6);
}

/* What a flow of IPv6 keeps is what its packets' checksums gain. */
void delta6(void)
{
	struct cfr_flow flow;
	u32 gained = gain(flow.customer_port, flow.relay_port);
	int i;

	flow.sealed = false;
	for (i = 0; i < 4; i++) {
		gained = plus(gained, v(flow.v6.relay.s6_addr32[i]));
		gained = plus(gained, minus(v(flow.v6.customer.s6_addr32[i])));
	}
	assert(v(cfr_flow_delta6(&flow)) == gained);
}
