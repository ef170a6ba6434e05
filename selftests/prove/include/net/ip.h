/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _PROVE_NET_IP_H
#define _PROVE_NET_IP_H

#include <linux/ip.h>

/* RFC 791 3.1 */
#define IP_MF		0x2000
#define IP_OFFSET	0x1fff

static inline bool ip_is_fragment(const struct iphdr *iph)
{
	return iph->frag_off & htons(IP_MF | IP_OFFSET);
}

__sum16 nondet_sum16(void);

/* Reads that many words; what it makes of them is no matter here. */
static inline __sum16 ip_fast_csum(const void *iph, unsigned int ihl)
{
	assert(__CPROVER_r_ok(iph, ihl * 4));
	return nondet_sum16();
}

#endif
