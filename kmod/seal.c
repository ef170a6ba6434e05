// SPDX-License-Identifier: GPL-2.0
/* A sealed flow holds no customer's address or port. It is found by a tag, 64 bits of
 * SipHash of the customer's whole key. The tag is also what the customer is covered
 * with a stream from, by another key: as with a synthetic initialisation vector
 * (RFC 5297), two flows of one namespace have one stream only if they are alike in
 * everything, or once in 2^64 pairs; and no octet is spent on a nonce. What is left
 * when the key is wiped is noise beside a relay tuple.
 *
 * siphash is what there is for few octets at a time: it is a PRF on 128 bits of key,
 * and costs less than the set-up of a cipher.
 */

#include <linux/random.h>
#include <linux/string.h>

#include "flow.h"
#include "seal.h"

/**
 * cfr_seal_renew() - another key
 * @seal: of a namespace in which no flow is sealed by the present one any more
 */
void cfr_seal_renew(struct cfr_seal *seal)
{
	get_random_bytes(seal, sizeof(*seal));
}

/**
 * cfr_seal_wipe() - make all sealed flows unreadable
 * @seal: of their namespace
 *
 * Context: any, a panic's too.
 */
void cfr_seal_wipe(struct cfr_seal *seal)
{
	memzero_explicit(seal, sizeof(*seal));
}

/**
 * cfr_seal_tag() - what a sealed flow is found by
 * @seal: of the namespace
 * @key: CFR_OUT, of any level
 */
u64 cfr_seal_tag(const struct cfr_seal *seal, const struct cfr_key *key)
{
	u64 rest = (u64)(__force u16)key->near_port << 48 |
		   (u64)(__force u16)key->far_port << 32 |
		   key->proto << 8 | key->dir;
	u64 words[5];
	u64 tag;

	if (key->family == NFPROTO_IPV4)
		return siphash_2u64((u64)(__force u32)key->near->ip << 32 |
				    (__force u32)key->far->ip, rest, &seal->tag);
	words[0] = rest;
	memcpy(&words[1], &key->near->in6, sizeof(key->near->in6));
	memcpy(&words[3], &key->far->in6, sizeof(key->far->in6));
	tag = siphash(words, sizeof(words), &seal->tag);
	memzero_explicit(words, sizeof(words));
	return tag;
}

/**
 * cfr_seal_key() - have a key find sealed flows
 * @seal: of the namespace
 * @key: CFR_OUT, of any level; its hash and its check become the tag's halves
 */
void cfr_seal_key(const struct cfr_seal *seal, struct cfr_key *key)
{
	u64 tag = cfr_seal_tag(seal, key);

	key->sealed = true;
	key->hash = tag;
	key->check = tag >> 32;
}

static u64 stream(const struct cfr_seal *seal, const struct cfr_flow *flow, u64 i)
{
	u64 tag = (u64)flow->check << 32 | flow->node[CFR_OUT].hash;

	return siphash_2u64(tag, i, &seal->stream);
}

static void apply(const struct cfr_seal *seal, const struct cfr_flow *flow,
		  struct cfr_address *end)
{
	u64 word = stream(seal, flow, 0);
	int i;

	end->port ^= (__force __be16)word;
	end->addr.ip6[0] ^= (__force __be32)(word >> 32);
	if (flow->family == NFPROTO_IPV4)
		return;
	for (i = 1; i < 4; i++)
		end->addr.ip6[i] ^= (__force __be32)stream(seal, flow, i);
}

/**
 * cfr_seal_cover() - let a flow no longer show its customer
 * @seal: of the namespace
 * @flow: with its hash and its customer, and not in the table yet
 * @check: of the key that it will be found by
 */
void cfr_seal_cover(const struct cfr_seal *seal, struct cfr_flow *flow, u32 check)
{
	struct cfr_address customer;

	flow->sealed = true;
	flow->check = check;
	customer = cfr_seal_open(seal, flow);
	flow->customer_port = customer.port;
	if (flow->family == NFPROTO_IPV4)
		flow->v4.customer = customer.addr.ip;
	else
		flow->v6.customer = customer.addr.in6;
}

/**
 * cfr_seal_open() - a sealed flow's customer
 * @seal: of the namespace
 * @flow: live
 *
 * Return: what the caller wipes after use.
 */
struct cfr_address cfr_seal_open(const struct cfr_seal *seal,
				 const struct cfr_flow *flow)
{
	struct cfr_address end = { .port = flow->customer_port };

	if (flow->family == NFPROTO_IPV4)
		end.addr.ip = flow->v4.customer;
	else
		end.addr.in6 = flow->v6.customer;
	apply(seal, flow, &end);
	return end;
}
