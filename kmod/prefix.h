/* SPDX-License-Identifier: GPL-2.0 */
/* A prefix of either family. An IPv4 address is the uppermost 32 of 128 bits,
 * so lengths, masks and order mean the same in both.
 */
#ifndef _CFR_PREFIX_H
#define _CFR_PREFIX_H

#include <linux/in6.h>
#include <linux/netfilter.h>

struct cfr_prefix {
	u64 hi;			/* host order */
	u64 lo;
	u8 family;		/* NFPROTO_IPV4 or NFPROTO_IPV6 */
	u8 len;
};

static inline struct cfr_prefix cfr_prefix4(__be32 addr, u8 len)
{
	return (struct cfr_prefix){
		.hi = (u64)ntohl(addr) << 32,
		.family = NFPROTO_IPV4,
		.len = len,
	};
}

static inline struct cfr_prefix cfr_prefix6(const struct in6_addr *addr,
					    u8 len)
{
	return (struct cfr_prefix){
		.hi = (u64)ntohl(addr->s6_addr32[0]) << 32 |
		      ntohl(addr->s6_addr32[1]),
		.lo = (u64)ntohl(addr->s6_addr32[2]) << 32 |
		      ntohl(addr->s6_addr32[3]),
		.family = NFPROTO_IPV6,
		.len = len,
	};
}

static inline struct cfr_prefix cfr_prefix_host(u8 family,
						const union nf_inet_addr *addr)
{
	return family == NFPROTO_IPV4 ? cfr_prefix4(addr->ip, 32) :
					cfr_prefix6(&addr->in6, 128);
}

static inline void cfr_prefix_base(const struct cfr_prefix *p,
				   union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (p->family == NFPROTO_IPV4) {
		addr->ip = htonl(p->hi >> 32);
	} else {
		addr->ip6[0] = htonl(p->hi >> 32);
		addr->ip6[1] = htonl((u32)p->hi);
		addr->ip6[2] = htonl(p->lo >> 32);
		addr->ip6[3] = htonl((u32)p->lo);
	}
}

static inline u8 cfr_prefix_max_len(u8 family)
{
	return family == NFPROTO_IPV4 ? 32 : 128;
}

/* The bits of the upper and of the lower half that a prefix does not fix. */
static inline u64 cfr_prefix_host_hi(u8 len)
{
	return len >= 64 ? 0 : ~0ULL >> len;
}

static inline u64 cfr_prefix_host_lo(u8 len)
{
	return len <= 64 ? ~0ULL : len >= 128 ? 0 : ~0ULL >> (len - 64);
}

static inline void cfr_prefix_mask(struct cfr_prefix *p)
{
	p->hi &= ~cfr_prefix_host_hi(p->len);
	p->lo &= ~cfr_prefix_host_lo(p->len);
}

static inline bool cfr_prefix_has_host_bits(const struct cfr_prefix *p)
{
	return p->hi & cfr_prefix_host_hi(p->len) ||
	       (p->family == NFPROTO_IPV6 &&
		p->lo & cfr_prefix_host_lo(p->len));
}

static inline bool cfr_prefix_contains(const struct cfr_prefix *p,
				       const struct cfr_prefix *q)
{
	return p->family == q->family && p->len <= q->len &&
	       !((p->hi ^ q->hi) & ~cfr_prefix_host_hi(p->len)) &&
	       !((p->lo ^ q->lo) & ~cfr_prefix_host_lo(p->len));
}

static inline bool cfr_prefix_overlaps(const struct cfr_prefix *p,
				       const struct cfr_prefix *q)
{
	return cfr_prefix_contains(p, q) || cfr_prefix_contains(q, p);
}

/* By family, address, length: a prefix comes right before what it contains. */
static inline int cfr_prefix_cmp(const struct cfr_prefix *p,
				 const struct cfr_prefix *q)
{
	if (p->family != q->family)
		return p->family < q->family ? -1 : 1;
	if (p->hi != q->hi)
		return p->hi < q->hi ? -1 : 1;
	if (p->lo != q->lo)
		return p->lo < q->lo ? -1 : 1;
	return (int)p->len - q->len;
}

#endif
