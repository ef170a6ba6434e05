/* SPDX-License-Identifier: GPL-2.0 */
/* A relay of a test's own, that no packet ever reaches, and first packets for it */
#ifndef _CFR_TESTS_RELAY_H
#define _CFR_TESTS_RELAY_H

#include <kunit/test.h>
#include <linux/percpu.h>
#include <linux/random.h>

#include "config.h"
#include "net.h"
#include "stats.h"

/* Of a policy without a floor */
static struct cfr_entropy any_entropy __maybe_unused = {
	.most = U32_MAX, .draws = CFR_ENTROPY_DRAW,
};

static inline void close_relay(void *data)
{
	struct cfr_net *cn = data;

	cfr_flow_net_exit(cn);
	rcu_barrier();
	free_percpu(cn->stats);
}

static inline int relay_init(struct kunit *test)
{
	struct cfr_net *cn = kunit_kzalloc(test, sizeof(*cn), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cn);
	cn->net = &init_net;
	cn->stats = alloc_percpu(struct cfr_stats);
	KUNIT_ASSERT_NOT_NULL(test, cn->stats);
	KUNIT_ASSERT_EQ(test, 0, cfr_flow_net_init(cn));
	test->priv = cn;
	return kunit_add_action_or_reset(test, close_relay, cn);
}

/* A first packet: a key points into one, so its addresses are somewhere */
struct probe {
	union nf_inet_addr near;
	union nf_inet_addr far;
	struct cfr_key key;
	struct cfr_packet pkt;
};

static inline void probe_init(struct probe *p, u8 family, u8 proto)
{
	bool ports = proto == IPPROTO_TCP || proto == IPPROTO_UDP;

	get_random_bytes(p, sizeof(*p));
	p->key = (struct cfr_key){
		.near = &p->near, .far = &p->far,
		.near_port = cpu_to_be16(40000),
		.far_port = ports ? cpu_to_be16(443) : 0,
		.proto = proto, .family = family, .dir = CFR_OUT,
	};
	p->pkt = (struct cfr_packet){
		.ports.proto = proto, .family = family,
		.kind = proto == IPPROTO_TCP ? CFR_KIND_TCP :
			ports ? CFR_KIND_UDP : CFR_KIND_REQUEST,
		.tcp_flags = CFR_TCP_SYN,
	};
}

static inline struct cfr_flow *open_by(struct cfr_net *cn,
				       const struct cfr_policy *by,
				       struct probe *p, enum cfr_stat *why)
{
	struct cfr_flow *flow;

	rcu_read_lock();
	local_bh_disable();
	flow = cfr_flow_find(cn, &p->key);
	if (!flow)
		flow = cfr_flow_open(cn, by, &p->key, why);
	local_bh_enable();
	rcu_read_unlock();
	return flow;
}

#endif
