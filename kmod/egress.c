// SPDX-License-Identifier: GPL-2.0
/* Pairing "flow": each draw is uniform over all addresses and ports of the
 * policy's pools (RFC 6056 3.3.1, with the address drawn as well). The other
 * pairings have one address, by the epoch's key, and each draw is uniform over its
 * ports. What is taken already is drawn again by flow.c, so the result is uniform
 * over what is free, however full the pool; and where a pairing's address is full,
 * nothing is found, for it has no other.
 */

#include <linux/gcd.h>
#include <linux/ipv6.h>
#include <linux/math64.h>
#include <linux/random.h>

#include "egress.h"
#include "epoch.h"
#include "flow.h"

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

static void put_address(const struct cfr_span *span, u8 family, u64 index,
			u64 iid, union nf_inet_addr *addr)
{
	if (family == NFPROTO_IPV4) {
		addr->ip = htonl(ntohl(span->base.ip) + (u32)index);
		return;
	}
	index += (u64)ntohl(span->base.ip6[0]) << 32 | ntohl(span->base.ip6[1]);
	addr->ip6[0] = htonl(index >> 32);
	addr->ip6[1] = htonl((u32)index);
	addr->ip6[2] = htonl(iid >> 32);
	addr->ip6[3] = htonl((u32)iid);
}

/* What a pairing goes by: IPv4 by address, IPv6 by /64; destinations by /24 and
 * /48, the longest prefixes that are announced on their own.
 */
struct paired {
	__be32 customer[2];
	__be32 remote[2];
	u32 policy;
	u32 draw;
};

static void pair(struct paired *paired, const struct cfr_policy *policy,
		 const struct cfr_key *key)
{
	bool v4 = key->family == NFPROTO_IPV4;

	memset(paired, 0, sizeof(*paired));
	paired->policy = policy->id;
	paired->customer[0] = key->near->ip6[0];
	if (!v4)
		paired->customer[1] = key->near->ip6[1];
	if (policy->knobs.pairing != CFR_PAIRING_DESTINATION)
		return;
	paired->remote[0] = key->far->ip6[0] & htonl(v4 ? ~0xffU : ~0U);
	if (!v4)
		paired->remote[1] = key->far->ip6[1] & htonl(~0xffffU);
}

static u64 paired_iid(struct cfr_epoch *epoch, struct paired *paired)
{
	u64 iid;

	do {
		paired->draw++;
		iid = cfr_epoch_hash(epoch, paired, sizeof(*paired));
	} while (iid_reserved(iid));
	return iid;
}

/* The one address of a pairing, uniform over the policy's */
static void place(struct cfr_egress *egress, const struct cfr_policy *policy,
		  const struct cfr_key *key)
{
	const struct cfr_span *span = egress->spans->span;
	const struct cfr_span *last = span + egress->spans->count - 1;
	u64 index, iid = 0, start = 0;
	struct paired paired;

	pair(&paired, policy, key);
	index = mul_u64_u64_shr(cfr_epoch_hash(policy->epoch, &paired,
					       sizeof(paired)),
				last->addrs_end, 64);
	for (; index >= span->addrs_end; span++)
		start = span->addrs_end;
	if (key->family == NFPROTO_IPV6)
		iid = paired_iid(policy->epoch, &paired);
	memzero_explicit(&paired, sizeof(paired));
	put_address(span, key->family, index - start, iid, &egress->addr);
	egress->span = span;
}

/**
 * cfr_egress_begin() - what a flow's or a binding's tuple is drawn from
 * @egress: filled in
 * @policy: that admits it, with a pool of its family
 * @key: CFR_OUT, of its first packet
 */
void cfr_egress_begin(struct cfr_egress *egress, const struct cfr_policy *policy,
		      const struct cfr_key *key)
{
	memset(egress, 0, sizeof(*egress));
	egress->family = key->family;
	egress->echo = key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP;
	egress->spans = cfr_policy_spans(policy, key->family == NFPROTO_IPV4);
	if (policy->epoch)
		place(egress, policy, key);
}

static u32 ports_of(const struct cfr_egress *egress, const struct cfr_span *span)
{
	return egress->echo ? CFR_ECHO_IDS : span->port_max - span->port_min + 1;
}

/* How many tuples come before the end of a span */
static u64 tuples_end(const struct cfr_egress *egress, const struct cfr_span *span)
{
	return egress->echo ? span->addrs_end * CFR_ECHO_IDS : span->tuples_end;
}

/**
 * cfr_egress_count() - how many tuples there are
 * @egress: where from
 *
 * Interface ids, of IPv6 without a pairing's address, are not counted.
 */
u64 cfr_egress_count(const struct cfr_egress *egress)
{
	const struct cfr_spans *spans = egress->spans;

	if (egress->span)
		return ports_of(egress, egress->span);
	return tuples_end(egress, &spans->span[spans->count - 1]);
}

/**
 * cfr_egress_nth() - a relay address and port
 * @egress: where from
 * @n: which, below cfr_egress_count()
 * @addr: its address, or the one that the pairing says; the interface id is drawn
 * @port: its port; an echo has an id, 0 to 65535, instead
 */
void cfr_egress_nth(const struct cfr_egress *egress, u64 n,
		    union nf_inet_addr *addr, __be16 *port)
{
	const struct cfr_span *span = egress->span;
	u64 start = 0, index = 0;
	u32 ports;

	if (!span) {
		for (span = egress->spans->span; n >= tuples_end(egress, span); span++)
			start = tuples_end(egress, span);
		n -= start;
		ports = ports_of(egress, span);
		index = div_u64(n, ports);
		n -= index * ports;
		put_address(span, egress->family, index,
			    egress->family == NFPROTO_IPV6 ? random_iid() : 0, addr);
	} else {
		*addr = egress->addr;
	}
	*port = htons((egress->echo ? 0 : span->port_min) + (u32)n);
}

/**
 * cfr_egress_draw() - draw a relay address and port
 * @egress: where from
 * @addr: as above
 * @port: as above
 */
void cfr_egress_draw(const struct cfr_egress *egress, union nf_inet_addr *addr,
		     __be16 *port)
{
	cfr_egress_nth(egress, random_below(cfr_egress_count(egress)), addr, port);
}

/**
 * cfr_egress_walk() - begin to go through all tuples, each once
 * @egress: where from
 * @walk: its first
 *
 * Both the first and the distance from each to the next are drawn, so that none
 * gains by what its neighbours are.
 */
void cfr_egress_walk(const struct cfr_egress *egress, struct cfr_walk *walk)
{
	walk->count = cfr_egress_count(egress);
	walk->n = random_below(walk->count);
	do {
		walk->step = 1 + random_below(walk->count);
	} while (gcd(walk->step, walk->count) != 1);
}
