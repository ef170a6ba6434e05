// SPDX-License-Identifier: GPL-2.0
/* Endpoint-independent mapping (RFC 4787 REQ-1) on top of flows. A binding is a
 * mapping without a far end: it has the relay tuple of a customer's address and
 * port, and is in the table under both of its near ends. The flows of that
 * endpoint have the binding's tuple and a share in it; when the last one ends,
 * the binding does, and then its tuple rests.
 *
 * Filters (RFC 4787 REQ-8). By address and port: the flows are the filter. By
 * address: so are permits, mappings whose far end is an address without a port.
 * Flows share a permit, which shares the binding. By endpoint: the binding is.
 *
 * A packet that only a permit or a binding lets in makes no flow: what remotes
 * send must not fill the table. The customer's answer does.
 */

#include "config.h"
#include "endpoint.h"
#include "lookup.h"
#include "reap.h"

static const union nf_inet_addr nobody;

static struct cfr_key binding_key(const struct cfr_key *key)
{
	struct cfr_key up = *key;

	up.far = &nobody;
	up.far_port = 0;
	up.dir |= CFR_LEVEL_BINDING;
	return up;
}

static struct cfr_key permit_key(const struct cfr_key *key)
{
	struct cfr_key up = *key;

	up.far_port = 0;
	up.dir |= CFR_LEVEL_PERMIT;
	return up;
}

/* The relay's key of whatever has the @relay tuple and @customer's far end */
static struct cfr_key relay_key(const struct cfr_address *relay,
				const struct cfr_key *customer)
{
	struct cfr_key key = *customer;

	key.near = &relay->addr;
	key.near_port = relay->port;
	key.dir = CFR_IN;
	return key;
}

/* Take a share in a binding or a permit, unless it has ended */
static bool enter(struct cfr_flow *shared)
{
	u32 state = READ_ONCE(shared->state);

	do {
		if (state < CFR_STATE_SHARED)
			return false;
	} while (!try_cmpxchg(&shared->state, &state, state + 1));
	return true;
}

/**
 * cfr_endpoint_put() - give a share back
 * @cn: the namespace
 * @shared: a binding or a permit, which ends with its last share
 */
void cfr_endpoint_put(struct cfr_net *cn, struct cfr_flow *shared)
{
	u32 state = READ_ONCE(shared->state);

	while (!try_cmpxchg(&shared->state, &state, state - 1))
		;
	if (state - 1 == CFR_STATE_SHARED)
		cfr_reap_end_shared(cn, shared);
}

/**
 * cfr_endpoint_leave() - give back the share that a mapping has
 * @cn: the namespace
 * @flow: a flow of scope endpoint or a permit, that has just ended
 */
void cfr_endpoint_leave(struct cfr_net *cn, const struct cfr_flow *flow)
{
	struct cfr_address remote = cfr_flow_remote(flow);
	struct cfr_address relay = cfr_flow_relay(flow);
	struct cfr_key key = {
		.near = &relay.addr,
		.near_port = relay.port,
		.far = &remote.addr,
		.proto = flow->proto,
		.family = flow->family,
		.dir = CFR_IN,
	};
	struct cfr_flow *shared;

	if (flow->filter == CFR_FILTER_ADDRESS && !cfr_endpoint_shared(flow))
		key = permit_key(&key);
	else
		key = binding_key(&key);
	shared = cfr_flow_get(cn, &key);
	if (!WARN_ON_ONCE(!shared))
		cfr_endpoint_put(cn, shared);
}

/* A share in the binding of a packet's sender, which is made if need be */
static struct cfr_flow *enter_binding(struct cfr_net *cn,
				      const struct cfr_policy *policy,
				      const struct cfr_key *key,
				      enum cfr_stat *why)
{
	struct cfr_key up = binding_key(key);
	struct cfr_flow *binding;

	up.policy = policy->id;
	binding = cfr_flow_get(cn, &up);
	if (binding && enter(binding))
		return binding;
	binding = cfr_flow_draw(cn, policy, &up, key, why);
	if (!binding || enter(binding))
		return binding;
	*why = CFR_STAT_insert_busy;
	return NULL;
}

/* A share in the permit for a packet's destination, for one in the binding */
static struct cfr_flow *enter_permit(struct cfr_net *cn,
				     const struct cfr_policy *policy,
				     struct cfr_flow *binding,
				     const struct cfr_key *key,
				     enum cfr_stat *why)
{
	struct cfr_address relay = cfr_flow_relay(binding);
	struct cfr_key up = permit_key(key), in;
	struct cfr_flow *permit;

	in = relay_key(&relay, key);
	in = permit_key(&in);
	permit = cfr_flow_get(cn, &in);
	if (permit && enter(permit)) {
		cfr_endpoint_put(cn, binding);
		return permit;
	}
	permit = cfr_flow_share(cn, policy, binding, &up, why);
	if (!permit || enter(permit))
		return permit;
	*why = CFR_STAT_insert_busy;
	return NULL;
}

/**
 * cfr_endpoint_open() - make a flow in scope endpoint
 * @cn: the namespace
 * @policy: that admits it
 * @key: CFR_OUT, of its first packet
 * @why: set where NULL is returned
 */
struct cfr_flow *cfr_endpoint_open(struct cfr_net *cn,
				   const struct cfr_policy *policy,
				   const struct cfr_key *key,
				   enum cfr_stat *why)
{
	struct cfr_flow *parent = enter_binding(cn, policy, key, why);

	if (parent && parent->filter == CFR_FILTER_ADDRESS)
		parent = enter_permit(cn, policy, parent, key, why);
	return parent ? cfr_flow_share(cn, policy, parent, key, why) : NULL;
}

/* Does a binding, or a permit, let this key's far end in? */
static struct cfr_flow *let_in(struct cfr_net *cn, struct cfr_flow *binding,
			       const struct cfr_key *in)
{
	struct cfr_key up;

	switch (binding->filter) {
	case CFR_FILTER_ENDPOINT:
		return binding;
	case CFR_FILTER_ADDRESS:
		up = permit_key(in);
		return cfr_flow_get(cn, &up);
	default:
		return NULL;
	}
}

/**
 * cfr_endpoint_in() - what lets in a packet of no flow
 * @cn: the namespace
 * @key: CFR_IN, of the packet
 * @why: set where NULL is returned
 *
 * Return: a binding or a permit, by which the packet is rewritten.
 */
struct cfr_flow *cfr_endpoint_in(struct cfr_net *cn, const struct cfr_key *key,
				 enum cfr_stat *why)
{
	struct cfr_key up = binding_key(key);
	struct cfr_flow *binding, *in = NULL;

	*why = CFR_STAT_in_no_flow;
	if (!cfr_flow_count_shared(cn))
		return NULL;
	binding = cfr_flow_get(cn, &up);
	if (binding)
		in = let_in(cn, binding, key);
	if (binding && !in)
		*why = CFR_STAT_in_filtered;
	return in;
}

/**
 * cfr_endpoint_of() - the binding of a customer's address and port
 * @cn: the namespace
 * @key: CFR_OUT, of any packet of it
 *
 * Return: of whichever policy, since who asks has no mark to go by; or NULL.
 */
struct cfr_flow *cfr_endpoint_of(struct cfr_net *cn, const struct cfr_key *key)
{
	const struct cfr_config *cfg = rcu_dereference(cn->config);
	struct cfr_key up = binding_key(key);
	const struct cfr_policy *policy;
	struct cfr_flow *binding;

	if (!cfg || !cfr_flow_count_shared(cn))
		return NULL;
	for (policy = cfg->policy; policy < cfg->policy_end; policy++) {
		up.policy = policy->id;
		binding = policy->knobs.scope == CFR_SCOPE_ENDPOINT ?
			  cfr_flow_get(cn, &up) : NULL;
		if (binding)
			return binding;
	}
	return NULL;
}

/**
 * cfr_endpoint_reached() - may a packet of no flow have come in?
 * @cn: the namespace
 * @key: CFR_OUT, of an answer to it, or of what an error quotes turned around
 *
 * Return: the binding or the permit by which it came, or NULL.
 */
struct cfr_flow *cfr_endpoint_reached(struct cfr_net *cn,
				      const struct cfr_key *key)
{
	struct cfr_flow *binding = cfr_endpoint_of(cn, key);
	struct cfr_address relay;
	struct cfr_key in;

	if (!binding)
		return NULL;
	relay = cfr_flow_relay(binding);
	in = relay_key(&relay, key);
	return let_in(cn, binding, &in);
}

/**
 * cfr_endpoint_accept() - make a flow for a SYN ACK
 * @cn: the namespace
 * @policy: that admits it
 * @key: CFR_OUT, of the SYN ACK
 * @why: set where NULL is returned, and nothing else was known
 *
 * Context: RCU read side. Return: NULL where no SYN can have come in.
 */
struct cfr_flow *cfr_endpoint_accept(struct cfr_net *cn,
				     const struct cfr_policy *policy,
				     const struct cfr_key *key,
				     enum cfr_stat *why)
{
	struct cfr_flow *via = cfr_endpoint_reached(cn, key);
	struct cfr_flow *flow;
	u32 state = CFR_STATE_OPENING;

	if (!via || via->policy != policy->id)
		return NULL;
	flow = cfr_flow_open(cn, policy, key, why);
	if (flow)
		try_cmpxchg(&flow->state, &state, CFR_STATE_ACCEPTED);
	return flow;
}
