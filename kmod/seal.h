/* SPDX-License-Identifier: GPL-2.0 */
/* Customers' addresses and ports, unreadable without a key of 32 octets. */
#ifndef _CFR_SEAL_H
#define _CFR_SEAL_H

#include <linux/netfilter.h>
#include <linux/siphash.h>

struct cfr_flow;
struct cfr_key;

/**
 * struct cfr_address - one of a flow's three ends
 * @addr: of the flow's family; IPv4 leaves the rest zero
 * @port: port or echo id
 */
struct cfr_address {
	union nf_inet_addr addr;
	__be16 port;
};

/**
 * struct cfr_seal - a namespace's key
 * @tag: of the tags that sealed flows are found by
 * @stream: of what their customers are covered with
 *
 * Nothing else in the machine's memory opens a sealed flow.
 */
struct cfr_seal {
	siphash_key_t tag;
	siphash_key_t stream;
};

void cfr_seal_renew(struct cfr_seal *seal);
void cfr_seal_wipe(struct cfr_seal *seal);
u64 cfr_seal_tag(const struct cfr_seal *seal, const struct cfr_key *key);
void cfr_seal_key(const struct cfr_seal *seal, struct cfr_key *key);
void cfr_seal_cover(const struct cfr_seal *seal, struct cfr_flow *flow, u32 check);
struct cfr_address cfr_seal_open(const struct cfr_seal *seal,
				 const struct cfr_flow *flow);

#endif
