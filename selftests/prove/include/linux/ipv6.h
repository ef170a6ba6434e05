/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _PROVE_IPV6_H
#define _PROVE_IPV6_H

#include <linux/skbuff.h>
#include_next <linux/ipv6.h>

static inline struct ipv6hdr *ipv6_hdr(const struct sk_buff *skb)
{
	return (struct ipv6hdr *)skb->data;
}

#endif
