/* SPDX-License-Identifier: GPL-2.0 */
/* Flow objects, the one table that holds them, and their life. */
#ifndef _CFR_FLOW_H
#define _CFR_FLOW_H

#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/checksum.h>

#include "packet.h"
#include "seal.h"
#include "tcp.h"
#include "window.h"

struct cfr_config;
struct cfr_net;
struct cfr_policy;

/* After a failed draw, new flows towards that remote are refused undrawn. */
#define CFR_EXHAUSTED_SLOTS	256

/* How much of the far end a mapping is for. In scope flow there are flows alone.
 * In scope endpoint the flows of a customer's address and port share a binding,
 * which has the relay tuple; where filters go by address, those to one address
 * share a permit, and that shares the binding.
 */
enum cfr_level {
	CFR_LEVEL_FLOW = 0,	/* remote address and port */
	CFR_LEVEL_PERMIT = 2,	/* any port of a remote address */
	CFR_LEVEL_BINDING = 4,	/* any remote */
};

struct cfr_node {
	struct rhash_head head;
	u32 hash;
	u8 dir;			/* enum cfr_dir, index in struct cfr_flow.node,
				 * and enum cfr_level
				 */
	u8 shift;		/* TCP: of the windows advertised in @dir */
};

struct cfr_addrs4 {
	__be32 customer;
	__be32 relay;
	__be32 remote;
};

struct cfr_addrs6 {
	struct in6_addr customer;
	struct in6_addr relay;
	struct in6_addr remote;
	__wsum delta;		/* the relay's sum less the customer's, with ports;
				 * of a sealed flow 0
				 */
	u32 label;		/* of packets that leave, host order */
};

/**
 * struct cfr_flow - one mapping: a flow, or what flows share
 * @node: in the table under the customer's key (CFR_OUT) and the relay's
 *	(CFR_IN); the customer's leaves when the flow ends, the relay's when
 *	the tuple is given up
 * @list: an ended flow: of those to be wiped, then of those held
 * @rcu: frees a flow that has left all of them
 * @ready: TCP: what the sender of either direction is ready to receive
 * @state: enum cfr_state, changed by cmpxchg only
 * @deadline: jiffies; of idleness, then of hold-off
 * @policy: id of the policy that admitted it
 * @scope: enum cfr_scope
 * @filter: enum cfr_filter, as it was when the binding was made
 * @clock: TCP: what its customer's clock lacks to the one shown, or 0
 * @isn: TCP: the same of sequence numbers
 * @irs: TCP: the first octet that the remote has sent, where windows grow by it
 * @touch: what of its packets is normalised: CFR_TOUCH() of enum cfr_field
 * @sealed: the customer's address and port are covered, see seal.c
 * @special: both at once: 0 where a packet that leaves is but rewritten
 * @customer_port: port or echo id
 * @relay_port: port or echo id
 * @remote_port: port, 0 for echo
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6: which of the two below was allocated
 * @proto: IPPROTO_*
 * @check: of a sealed one, the upper half of its tag, whose lower half is the hash
 * @v4: addresses
 * @v6: addresses
 *
 * Readers hold RCU and must check @state. All of it but @node[], @list, @ready,
 * @state and @deadline is constant while the flow is live, and what its first segment
 * says of TCP. A permit has no remote port
 * and is in the table under the relay's key alone; a binding has no remote. They
 * have no deadline: they end when nobody shares them any more.
 */
struct cfr_flow {
	struct cfr_node node[2];
	union {
		struct list_head list;
		struct rcu_head rcu;
	};
	union cfr_ready ready[2];
	u32 state;
	u32 deadline;
	u32 policy : 29;
	u32 scope : 1;
	u32 filter : 2;
	u32 clock;
	u32 isn;
	u32 irs;
	union {
		struct {
			u16 touch;
			bool sealed;
		};
		u32 special;
	};
	__be16 customer_port;
	__be16 relay_port;
	__be16 remote_port;
	u8 family;
	u8 proto;
	u32 check;
	union {
		struct cfr_addrs4 v4;
		struct cfr_addrs6 v6;
	};
};

/* What is allocated: a flow ends with the addresses of its family. */
#define CFR_FLOW_SIZE4	offsetofend(struct cfr_flow, v4)
#define CFR_FLOW_SIZE6	offsetofend(struct cfr_flow, v6)

/**
 * struct cfr_key - what a flow is found by
 * @near: the customer's address (CFR_OUT) or the relay's (CFR_IN)
 * @far: the remote's address
 * @near_port: port or echo id
 * @far_port: port, 0 for echo
 * @proto: IPPROTO_*
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @dir: CFR_OUT or CFR_IN and enum cfr_level: none can be mistaken for another
 * @sealed: whether it is the key of a sealed flow, set by the look-up
 * @hash: keyed hash of all that is above, set by the look-up
 * @check: if @sealed, as many bits more of it
 * @policy: of the binding wanted, where @dir is a customer's
 *
 * It points into a packet, and lasts no longer than that packet's head stays.
 */
struct cfr_key {
	const union nf_inet_addr *near;
	const union nf_inet_addr *far;
	__be16 near_port;
	__be16 far_port;
	u8 proto;
	u8 family;
	u8 dir;
	bool sealed;
	u32 hash;
	u32 check;
	u32 policy;
};

/**
 * cfr_flow_key() - what to look a packet up by
 * @key: filled in, but for its hash
 * @dir: which of a flow's two keys
 * @from_near: whether the near end sent the packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @l3: the packet's network header
 * @ports: of the packet
 */
static __always_inline void cfr_flow_key(struct cfr_key *key, enum cfr_dir dir,
					 bool from_near, u8 family,
					 const void *l3,
					 const struct cfr_ports *ports)
{
	const union nf_inet_addr *src = cfr_packet_src(l3, family);
	const union nf_inet_addr *dst = cfr_packet_dst(l3, family);

	key->near = from_near ? src : dst;
	key->far = from_near ? dst : src;
	key->near_port = from_near ? ports->sport : ports->dport;
	key->far_port = from_near ? ports->dport : ports->sport;
	key->proto = ports->proto;
	key->family = family;
	key->dir = dir;
	key->sealed = false;
}

/* The key of a packet that goes in direction @dir */
static __always_inline void cfr_flow_key_of(struct cfr_key *key, enum cfr_dir dir,
					    const struct sk_buff *skb,
					    const struct cfr_packet *pkt)
{
	cfr_flow_key(key, dir, dir == CFR_OUT, pkt->family, skb->data,
		     &pkt->ports);
}

static inline struct cfr_flow *cfr_flow_of(const struct cfr_node *node)
{
	return container_of(node - (node->dir & CFR_IN), struct cfr_flow, node[0]);
}

static inline enum cfr_level cfr_flow_level(const struct cfr_flow *flow)
{
	return flow->node[CFR_IN].dir & ~CFR_IN;
}

/* To be wiped after use */
static inline struct cfr_address cfr_flow_customer(const struct cfr_seal *seal,
						   const struct cfr_flow *flow)
{
	struct cfr_address end = { .port = flow->customer_port };

	if (flow->sealed)
		return cfr_seal_open(seal, flow);
	if (flow->family == NFPROTO_IPV4)
		end.addr.ip = flow->v4.customer;
	else
		end.addr.in6 = flow->v6.customer;
	return end;
}

static inline struct cfr_address cfr_flow_relay(const struct cfr_flow *flow)
{
	struct cfr_address end = { .port = flow->relay_port };

	if (flow->family == NFPROTO_IPV4)
		end.addr.ip = flow->v4.relay;
	else
		end.addr.in6 = flow->v6.relay;
	return end;
}

static inline struct cfr_address cfr_flow_remote(const struct cfr_flow *flow)
{
	struct cfr_address end = { .port = flow->remote_port };

	if (flow->family == NFPROTO_IPV4)
		end.addr.ip = flow->v4.remote;
	else
		end.addr.in6 = flow->v6.remote;
	return end;
}

/* Whose end gives the relay tuple back, after a rest */
static inline bool cfr_flow_has_tuple(const struct cfr_flow *flow)
{
	return flow->scope == CFR_SCOPE_FLOW ||
	       cfr_flow_level(flow) == CFR_LEVEL_BINDING;
}

/* What a checksum's sum gains when @to takes @from's place */
static __always_inline __wsum cfr_flow_port_delta(__be16 from, __be16 to)
{
	return csum_sub((__force __wsum)(__force u16)to,
			(__force __wsum)(__force u16)from);
}

/* The same when an IPv6 address and a port take others' */
static inline __wsum cfr_flow_end_delta6(const struct in6_addr *from,
					 __be16 from_port,
					 const struct in6_addr *to, __be16 to_port)
{
	__wsum delta = cfr_flow_port_delta(from_port, to_port);
	int i;

	for (i = 0; i < 4; i++) {
		delta = csum_add(delta, (__force __wsum)to->s6_addr32[i]);
		delta = csum_sub(delta, (__force __wsum)from->s6_addr32[i]);
	}
	return delta;
}

/* The same when the relay's take the customer's, for struct cfr_addrs6 */
static inline __wsum cfr_flow_delta6(const struct cfr_flow *flow)
{
	if (flow->sealed)
		return 0;
	return cfr_flow_end_delta6(&flow->v6.customer, flow->customer_port,
				   &flow->v6.relay, flow->relay_port);
}

static inline bool cfr_flow_live(const struct cfr_flow *flow)
{
	return READ_ONCE(flow->state) >= CFR_STATE_LIVE;
}

static inline bool cfr_flow_overdue(const struct cfr_flow *flow)
{
	return (s32)((u32)jiffies - READ_ONCE(flow->deadline)) >= 0;
}

/**
 * struct cfr_flow_table - a namespace's flows
 * @ht: both nodes of every flow
 * @hash_key: never leaves the namespace, wiped with it
 * @fold_key: the same, for what keys are folded with before
 * @seal: key of sealed flows
 * @sealing: whether new ones are, and customers are looked up by tags
 * @timer: how long things last, in jiffies
 * @count: flows in any state
 * @held_count: flows on @held
 * @shared_count: bindings and permits that are live
 * @lock: protects @ended and @held
 * @ended: flows to be wiped after a grace period
 * @held: wiped flows, in the order of their deadlines
 * @reap: wipes what is in @ended
 * @gc: ends idle flows, gives up held tuples
 * @walk: where @gc is in @ht
 * @walking: @walk is in use
 * @census: jiffies: when customers are to be counted again
 * @exhausted: tag and jiffies of the last failed draws
 */
struct cfr_flow_table {
	struct rhashtable ht;
	hsiphash_key_t hash_key;
	u64 fold_key[10];
	struct cfr_seal seal;
	bool sealing;
	u32 timer[CFR_TIMER_END];
	atomic_t count;
	atomic_t held_count;
	atomic_t shared_count;
	spinlock_t lock;	/* protects ended and held */
	struct list_head ended;
	struct list_head held;
	struct work_struct reap;
	struct delayed_work gc;
	struct rhashtable_iter walk;
	bool walking;
	unsigned long census;
	u64 exhausted[CFR_EXHAUSTED_SLOTS];
};

/* That of the machine's namespaces one seals its flows */
DECLARE_STATIC_KEY_FALSE(cfr_flow_any_sealing);

/* Costs nothing where none does */
static __always_inline bool cfr_flow_sealing(const struct cfr_flow_table *flows)
{
	return static_branch_unlikely(&cfr_flow_any_sealing) &&
	       unlikely(READ_ONCE(flows->sealing));
}

/* How long a flow may be idle, in jiffies */
static __always_inline u32 cfr_flow_idle(const struct cfr_flow_table *flows,
					 u8 proto, enum cfr_state state)
{
	enum cfr_timer timer = CFR_TIMER_ECHO;

	if (proto == IPPROTO_TCP)
		timer = cfr_tcp_timer(state);
	else if (proto == IPPROTO_UDP)
		timer = CFR_TIMER_UDP;
	return READ_ONCE(flows->timer[timer]);
}

/* Written at most once a second, or every packet would dirty the line. */
static __always_inline void cfr_flow_refresh(struct cfr_flow *flow, u32 idle)
{
	u32 deadline = (u32)jiffies + HZ + idle;

	if (unlikely(deadline - READ_ONCE(flow->deadline) >= HZ))
		WRITE_ONCE(flow->deadline, deadline);
}

struct cfr_flow *cfr_flow_find(struct cfr_net *cn, struct cfr_key *key);
struct cfr_flow *cfr_flow_open(struct cfr_net *cn,
			       const struct cfr_policy *policy,
			       const struct cfr_key *key, enum cfr_stat *why);
struct cfr_flow *cfr_flow_draw(struct cfr_net *cn,
			       const struct cfr_policy *policy,
			       const struct cfr_key *key,
			       const struct cfr_key *first, enum cfr_stat *why);
struct cfr_flow *cfr_flow_share(struct cfr_net *cn,
				const struct cfr_policy *policy,
				struct cfr_flow *parent,
				const struct cfr_key *key, enum cfr_stat *why);
struct cfr_flow *cfr_flow_get(struct cfr_net *cn, struct cfr_key *key);
void cfr_flow_seen_tcp(const struct cfr_flow_table *flows,
		       struct cfr_flow *flow, enum cfr_dir dir,
		       const struct sk_buff *skb, unsigned int l4);

/**
 * cfr_flow_seen() - account for a packet that is about to be relayed
 * @flows: the table that it is in
 * @flow: live
 * @dir: the packet's direction
 * @skb: the packet, in the customer's numbers
 * @l3: its network header
 * @pkt: as parsed: TCP, UDP or echo; an ICMP error never refreshes (RFC 4787
 *	REQ-12)
 */
static __always_inline void cfr_flow_seen(const struct cfr_flow_table *flows,
					  struct cfr_flow *flow, enum cfr_dir dir,
					  const struct sk_buff *skb,
					  const u8 *l3,
					  const struct cfr_packet *pkt)
{
	u8 proto = pkt->ports.proto;

	if (proto != IPPROTO_TCP)
		return cfr_flow_refresh(flow, cfr_flow_idle(flows, proto,
							    CFR_STATE_LIVE));
	if (READ_ONCE(flow->state) != CFR_STATE_ESTABLISHED ||
	    pkt->tcp_flags & (CFR_TCP_FIN | CFR_TCP_SYN | CFR_TCP_RST))
		return cfr_flow_seen_tcp(flows, flow, dir, skb, pkt->l4);
	cfr_window_note(&flow->ready[dir],
			cfr_ready((const void *)(l3 + pkt->l4)));
	cfr_flow_refresh(flow, cfr_flow_idle(flows, IPPROTO_TCP,
					     CFR_STATE_ESTABLISHED));
}

/* For reap.c, which ends flows */
void cfr_flow_unlink(struct cfr_net *cn, struct cfr_flow *flow);
void cfr_flow_release(struct cfr_net *cn, struct cfr_flow *flow);

void cfr_flow_set_timers(struct cfr_net *cn, const struct cfr_timers *timers);
bool cfr_flow_set_sealing(struct cfr_net *cn, bool sealing);
void cfr_flow_walk(struct cfr_net *cn,
		   void (*each)(struct cfr_net *cn, struct cfr_flow *flow, void *data),
		   void *data);
void cfr_flow_sweep(struct cfr_net *cn, const struct cfr_config *cfg);
void cfr_flow_flush(struct cfr_net *cn);
void cfr_flow_erase(struct cfr_net *cn);
void cfr_flow_shut(enum cfr_stat why);
u32 cfr_flow_count_live(const struct cfr_net *cn);
u32 cfr_flow_count_held(const struct cfr_net *cn);
u32 cfr_flow_count_shared(const struct cfr_net *cn);

int cfr_flow_net_init(struct cfr_net *cn);
void cfr_flow_net_exit(struct cfr_net *cn);
int cfr_flow_init(void);
void cfr_flow_exit(void);

#endif
