// SPDX-License-Identifier: GPL-2.0
/* Pairing "flow": each draw is uniform over all addresses and ports of the
 * policy's pools (RFC 6056 3.3.1, with the address drawn as well). What is
 * taken already is drawn again by flow.c, so the result is uniform over what
 * is free, however full the pool.
 */

#include <linux/ipv6.h>
#include <linux/random.h>

#include "egress.h"

/* Uniform below @ceil, which is not zero: draws of as many bits as @ceil has,
 * the first that fits. Two are needed on average at the most.
 */
static u64 random_below(u64 ceil)
{
	u64 mask, draw;

	if (ceil <= U32_MAX)
		return get_random_u32_below(ceil);
	mask = ~0ULL >> __builtin_clzll(ceil - 1);
	do {
		draw = get_random_u64() & mask;
	} while (draw >= ceil);
	return draw;
}

/* Interface ids that are not a host's: subnet-router anycast (RFC 4291 2.6.1),
 * the IANA Ethernet block and reserved anycast (RFC 5453, RFC 7136).
 */
static bool iid_reserved(u64 iid)
{
	return iid == 0 ||
	       (iid >= 0x02005efffe000000ULL && iid <= 0x02005efffeffffffULL) ||
	       (iid >= 0xfdffffffffffff80ULL && iid <= 0xfdffffffffffffffULL);
}

static u64 random_iid(void)
{
	u64 iid;

	do {
		iid = get_random_u64();
	} while (iid_reserved(iid));
	return iid;
}

static void pick_address(const struct cfr_span *span, u8 family, u64 index,
			 union nf_inet_addr *addr)
{
	u64 iid;

	if (family == NFPROTO_IPV4) {
		addr->ip = htonl(ntohl(span->base.ip) + (u32)index);
		return;
	}
	iid = random_iid();
	index += (u64)ntohl(span->base.ip6[0]) << 32 | ntohl(span->base.ip6[1]);
	addr->ip6[0] = htonl(index >> 32);
	addr->ip6[1] = htonl((u32)index);
	addr->ip6[2] = htonl(iid >> 32);
	addr->ip6[3] = htonl((u32)iid);
}

/**
 * cfr_egress_draw() - draw a relay address and port
 * @spans: where from; not empty
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @echo: an echo id, 0 to 65535, is drawn instead of one of the pool's ports
 * @addr: the address drawn
 * @port: the port or id drawn
 */
void cfr_egress_draw(const struct cfr_spans *spans, u8 family, bool echo,
		     union nf_inet_addr *addr, __be16 *port)
{
	const struct cfr_span *span = spans->span;
	const struct cfr_span *last = span + spans->count - 1;
	u64 draw, start = 0;
	u32 ports;

	if (echo) {
		draw = random_below(last->addrs_end);
		for (; draw >= span->addrs_end; span++)
			start = span->addrs_end;
		pick_address(span, family, draw - start, addr);
		*port = htons(get_random_u32_below(65536));
		return;
	}
	draw = random_below(last->tuples_end);
	for (; draw >= span->tuples_end; span++)
		start = span->tuples_end;
	draw -= start;
	ports = span->port_max - span->port_min + 1;
	pick_address(span, family, div_u64(draw, ports), addr);
	*port = htons(span->port_min + (u32)(draw - div_u64(draw, ports) * ports));
}
