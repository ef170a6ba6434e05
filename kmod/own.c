// SPDX-License-Identifier: GPL-2.0
/* The relay's host may be a customer of its own, if its packets are marked. It
 * must stay reachable all the same under a rule that marks everything.
 */

#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/sock.h>

#include "own.h"

/* A segment of a connection that the host opened itself: a service does not
 * listen in the range of ephemeral ports.
 */
static bool own_connection(const struct sk_buff *skb,
			   const struct cfr_packet *pkt)
{
	int low, high, port = ntohs(pkt->ports.sport);

	if (pkt->kind != CFR_KIND_TCP || !sk_fullsock(skb->sk))
		return false;
	if (pkt->tcp_flags & (CFR_TCP_SYN | CFR_TCP_RST))
		return false;
	inet_get_local_port_range(sock_net(skb->sk), &low, &high);
	return port >= low && port <= high;
}

/* A datagram says nothing of who began: a privileged port is a service's. */
static bool answer(const struct cfr_packet *pkt)
{
	return pkt->kind == CFR_KIND_UDP && ntohs(pkt->ports.sport) < PROT_SOCK;
}

/**
 * cfr_own_claimed() - is a marked packet of the host itself a customer's?
 * @skb: the packet
 * @pkt: as parsed
 *
 * Return: false for an answer to somebody who talks to the host, and for what
 * has no socket, as a tunnel's outer packet.
 */
bool cfr_own_claimed(const struct sk_buff *skb, const struct cfr_packet *pkt)
{
	return skb->sk && !answer(pkt) &&
	       (cfr_packet_opens(pkt) || own_connection(skb, pkt));
}
