// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/netlink.h>
#include <linux/sort.h>
#include <net/genetlink.h>

#include "model.h"
#include "space.h"

/* Attributes have passed the family's policies: lengths and ranges are right.
 * What is left is what is missing, and what goes together.
 */

struct cfr_model *cfr_model_alloc(u32 npools, u32 nprefixes, u32 npolicies,
				  u32 nbypasses)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO;
	struct cfr_model *m;

	m = kzalloc(sizeof(*m), gfp);
	if (!m)
		return NULL;
	refcount_set(&m->ref, 1);
	cfr_timers_default(&m->timers);
	m->pool = kvmalloc_array(npools, sizeof(*m->pool), gfp);
	m->prefix = kvmalloc_array(nprefixes, sizeof(*m->prefix), gfp);
	m->place = kvmalloc_array(nprefixes, sizeof(*m->place), gfp);
	m->policy = kvmalloc_array(npolicies, sizeof(*m->policy), gfp);
	m->bypass = kvmalloc_array(nbypasses, sizeof(*m->bypass), gfp);
	if (!m->pool || !m->prefix || !m->place || !m->policy || !m->bypass) {
		cfr_model_put(m);
		return NULL;
	}
	return m;
}

struct cfr_model *cfr_model_get(struct cfr_model *m)
{
	refcount_inc(&m->ref);
	return m;
}

void cfr_model_put(struct cfr_model *m)
{
	if (!m || !refcount_dec_and_test(&m->ref))
		return;
	kvfree(m->bypass);
	kvfree(m->policy);
	kvfree(m->place);
	kvfree(m->prefix);
	kvfree(m->pool);
	kfree(m);
}

/* The first place whose prefix is not before @prefix. */
u32 cfr_model_place(const struct cfr_model *m, const struct cfr_prefix *prefix)
{
	u32 lo = 0, hi = m->nprefixes;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (cfr_prefix_cmp(&m->prefix[m->place[mid].prefix], prefix) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The place of the prefix that contains @prefix, or @nprefixes: it is the one
 * at or the one right before its own place, all being disjoint.
 */
u32 cfr_model_find(const struct cfr_model *m, const struct cfr_prefix *prefix)
{
	u32 at = cfr_model_place(m, prefix);

	if (at < m->nprefixes &&
	    cfr_prefix_contains(&m->prefix[m->place[at].prefix], prefix))
		return at;
	if (at-- > 0 &&
	    cfr_prefix_contains(&m->prefix[m->place[at].prefix], prefix))
		return at;
	return m->nprefixes;
}

/* The attribute that the @prefix-th prefix of all pools was parsed from. */
const struct nlattr *cfr_model_attr(const struct nlmsghdr *nlh, u32 prefix)
{
	const struct nlattr *object, *part;
	int rem, rem2;

	nlmsg_for_each_attr(object, nlh, GENL_HDRLEN, rem) {
		if (nla_type(object) != CFR_A_POOL)
			continue;
		nla_for_each_nested(part, object, rem2)
			if (nla_type(part) == CFR_POOL_A_PREFIX && !prefix--)
				return part;
	}
	return NULL;
}

/* The attribute that the @policy-th policy's floor of entropy was parsed from */
const struct nlattr *cfr_model_attr_floor(const struct nlmsghdr *nlh, u32 policy)
{
	const struct nlattr *object, *knobs;
	int rem;

	nlmsg_for_each_attr(object, nlh, GENL_HDRLEN, rem) {
		if (nla_type(object) != CFR_A_POLICY || policy--)
			continue;
		knobs = nla_find_nested(object, CFR_POLICY_A_KNOBS);
		return knobs ? nla_find_nested(knobs, CFR_KNOBS_A_ENTROPY) : NULL;
	}
	return NULL;
}

static bool name_ok(const char *name)
{
	const char *c;

	if (*name == '-')
		return false;
	for (c = name; *c; c++)
		if (!isascii(*c) || (!isalnum(*c) && !strchr("._-", *c)))
			return false;
	return c != name;
}

static int parse_name(const struct nlattr *nla, const struct nlattr *object,
		      char *name, struct netlink_ext_ack *extack)
{
	if (!nla) {
		NL_SET_ERR_MSG_ATTR(extack, object, "the name is missing");
		return -EINVAL;
	}
	nla_strscpy(name, nla, CFR_NAME_MAX);
	if (!name_ok(name)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a name is made of A-Z a-z 0-9 . _ - and does not begin with -");
		return -EINVAL;
	}
	return 0;
}

static int parse_prefix(const struct nlattr *nla, struct cfr_prefix *p,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CFR_PREFIX_A_MAX + 1];
	union nf_inet_addr addr = {};
	u8 family, len;
	int err;

	err = nla_parse_nested(tb, CFR_PREFIX_A_MAX, nla, NULL, extack);
	if (err)
		return err;
	if (!tb[CFR_PREFIX_A_ADDR] || !tb[CFR_PREFIX_A_LEN]) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a prefix needs an address and a length");
		return -EINVAL;
	}
	switch (nla_len(tb[CFR_PREFIX_A_ADDR])) {
	case sizeof(struct in_addr):
		family = NFPROTO_IPV4;
		break;
	case sizeof(struct in6_addr):
		family = NFPROTO_IPV6;
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_PREFIX_A_ADDR],
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	nla_memcpy(&addr, tb[CFR_PREFIX_A_ADDR], sizeof(addr));
	len = nla_get_u8(tb[CFR_PREFIX_A_LEN]);
	if (len > cfr_prefix_max_len(family)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the prefix is longer than an address");
		return -EINVAL;
	}
	*p = cfr_prefix_host(family, &addr);
	p->len = len;
	if (cfr_prefix_has_host_bits(p)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the prefix has bits set beyond its length");
		return -EINVAL;
	}
	return 0;
}

static int parse_pool_prefix(const struct nlattr *nla, struct cfr_prefix *p,
			     struct netlink_ext_ack *extack)
{
	int err = parse_prefix(nla, p, extack);

	if (err)
		return err;
	if (cfr_space_reserved(p)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "unspecified, loopback, link-local, multicast and reserved addresses cannot be in a pool");
		return -EINVAL;
	}
	if (p->family == NFPROTO_IPV4 && p->len < 8) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "an IPv4 prefix of a pool is /8 to /32");
		return -EINVAL;
	}
	if (p->family == NFPROTO_IPV6 && (p->len < 32 || p->len > 64)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "an IPv6 prefix of a pool is /32 to /64: every flow gets its own interface id");
		return -EINVAL;
	}
	return 0;
}

static int parse_pool(struct cfr_model *m, const struct nlattr *nla,
		      struct netlink_ext_ack *extack)
{
	struct cfr_model_pool *pool = &m->pool[m->npools];
	struct nlattr *tb[CFR_POOL_A_MAX + 1];
	const struct nlattr *part;
	int err, rem;
	u32 i;

	err = nla_parse_nested(tb, CFR_POOL_A_MAX, nla, NULL, extack);
	if (!err)
		err = parse_name(tb[CFR_POOL_A_NAME], nla, pool->name, extack);
	if (err)
		return err;
	for (i = 0; i < m->npools; i++) {
		if (strcmp(m->pool[i].name, pool->name))
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POOL_A_NAME],
				    "there is a pool of this name already");
		return -EEXIST;
	}

	pool->port_min = 1024;
	pool->port_max = 65535;
	if (tb[CFR_POOL_A_PORT_MIN])
		pool->port_min = nla_get_u16(tb[CFR_POOL_A_PORT_MIN]);
	if (tb[CFR_POOL_A_PORT_MAX])
		pool->port_max = nla_get_u16(tb[CFR_POOL_A_PORT_MAX]);
	if (pool->port_min > pool->port_max) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POOL_A_PORT_MIN] ?:
				    tb[CFR_POOL_A_PORT_MAX],
				    "the lowest port is above the highest");
		return -EINVAL;
	}

	pool->first = m->nprefixes;
	nla_for_each_nested(part, nla, rem) {
		if (nla_type(part) != CFR_POOL_A_PREFIX)
			continue;
		if (pool->count == CFR_POOL_PREFIXES_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, part,
					    "too many prefixes in one pool");
			return -E2BIG;
		}
		err = parse_pool_prefix(part, &m->prefix[m->nprefixes], extack);
		if (err)
			return err;
		m->place[m->nprefixes].prefix = m->nprefixes;
		m->place[m->nprefixes].pool = m->npools;
		m->nprefixes++;
		pool->count++;
	}
	if (!pool->count) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POOL_A_NAME],
				    "the pool is empty: it needs a prefix");
		return -EINVAL;
	}
	m->npools++;
	return 0;
}

static int place_cmp(const void *a, const void *b, const void *model)
{
	const struct cfr_model_place *p = a, *q = b;
	const struct cfr_model *m = model;
	int cmp = cfr_prefix_cmp(&m->prefix[p->prefix], &m->prefix[q->prefix]);

	return cmp ?: p->prefix < q->prefix ? -1 : 1;
}

/* In order of address, a prefix that overlaps any other overlaps its
 * neighbour. The later one in the message is to blame.
 */
static int place_prefixes(struct cfr_model *m, const struct nlmsghdr *nlh,
			  struct netlink_ext_ack *extack)
{
	u32 i;

	sort_r(m->place, m->nprefixes, sizeof(*m->place), place_cmp, NULL, m);
	for (i = 1; i < m->nprefixes; i++) {
		const struct cfr_model_place *p = &m->place[i - 1];
		const struct cfr_model_place *q = &m->place[i];
		const struct nlattr *attr;

		if (!cfr_prefix_contains(&m->prefix[p->prefix],
					 &m->prefix[q->prefix]))
			continue;
		attr = cfr_model_attr(nlh, max(p->prefix, q->prefix));
		if (p->pool == q->pool)
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "the prefix overlaps another prefix of its pool");
		else
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "the prefix overlaps another pool");
		return -EEXIST;
	}
	return 0;
}

/* A relay tuple is taken in one way in scope flow and in another in scope
 * endpoint, and the two would not see each other.
 */
static bool pool_free(const struct cfr_model *m,
		      const struct cfr_model_policy *policy, u32 pool)
{
	u32 i, j;

	for (i = 0; i < m->npolicies; i++) {
		const struct cfr_model_policy *other = &m->policy[i];

		if (other->choice.knobs.scope == policy->choice.knobs.scope)
			continue;
		for (j = 0; j < other->count; j++)
			if (other->pool[j] == pool)
				return false;
	}
	return true;
}

static int parse_policy_pool(const struct cfr_model *m,
			     struct cfr_model_policy *policy,
			     const struct nlattr *nla,
			     struct netlink_ext_ack *extack)
{
	u32 i, j;

	for (i = 0; i < m->npools; i++)
		if (!nla_strcmp(nla, m->pool[i].name))
			break;
	if (i == m->npools) {
		NL_SET_ERR_MSG_ATTR(extack, nla, "there is no such pool");
		return -ENOENT;
	}
	for (j = 0; j < policy->count; j++) {
		if (policy->pool[j] != i)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "the policy names this pool twice");
		return -EEXIST;
	}
	if (policy->count == CFR_POLICY_POOLS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nla, "too many pools in one policy");
		return -E2BIG;
	}
	if (!pool_free(m, policy, i)) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a policy of another scope draws from this pool");
		return -EINVAL;
	}
	policy->pool[policy->count++] = i;
	return 0;
}

static int parse_mark(const struct cfr_model *m,
		      struct cfr_model_policy *policy, struct nlattr **tb,
		      const struct nlattr *nla, struct netlink_ext_ack *extack)
{
	u32 i;

	if (!tb[CFR_POLICY_A_MARK] || !tb[CFR_POLICY_A_MASK]) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a policy needs a mark and a mask");
		return -EINVAL;
	}
	policy->mark = nla_get_u32(tb[CFR_POLICY_A_MARK]);
	policy->mask = nla_get_u32(tb[CFR_POLICY_A_MASK]);
	if (!policy->mark) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POLICY_A_MARK],
				    "mark 0 is every packet without a mark");
		return -EINVAL;
	}
	if (policy->mark & ~policy->mask) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POLICY_A_MARK],
				    "the mark has bits outside its mask");
		return -EINVAL;
	}
	for (i = 0; i < m->npolicies; i++) {
		const struct cfr_model_policy *other = &m->policy[i];

		if ((policy->mark ^ other->mark) & policy->mask & other->mask)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POLICY_A_MARK],
				    "a packet's mark can match this policy and another one");
		return -EEXIST;
	}
	return 0;
}

static int parse_profile(struct cfr_model_policy *policy, struct nlattr **tb,
			 struct netlink_ext_ack *extack)
{
	if (tb[CFR_POLICY_A_EFFECT]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POLICY_A_EFFECT],
				    "what comes of profile and knobs is not a request's to say");
		return -EINVAL;
	}
	return cfr_profile_parse(&policy->choice, tb[CFR_POLICY_A_PROFILE],
				 tb[CFR_POLICY_A_KNOBS], extack);
}

static int parse_policy(struct cfr_model *m, const struct nlattr *nla,
			struct netlink_ext_ack *extack)
{
	struct cfr_model_policy *policy = &m->policy[m->npolicies];
	struct nlattr *tb[CFR_POLICY_A_MAX + 1];
	const struct nlattr *part;
	int err, rem;
	u32 i;

	err = nla_parse_nested(tb, CFR_POLICY_A_MAX, nla, NULL, extack);
	if (!err)
		err = parse_name(tb[CFR_POLICY_A_NAME], nla, policy->name,
				 extack);
	if (err)
		return err;
	for (i = 0; i < m->npolicies; i++) {
		if (strcmp(m->policy[i].name, policy->name))
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POLICY_A_NAME],
				    "there is a policy of this name already");
		return -EEXIST;
	}
	err = parse_mark(m, policy, tb, nla, extack);
	if (!err)
		err = parse_profile(policy, tb, extack);
	if (err)
		return err;
	nla_for_each_nested(part, nla, rem) {
		if (nla_type(part) != CFR_POLICY_A_POOL)
			continue;
		err = parse_policy_pool(m, policy, part, extack);
		if (err)
			return err;
	}
	if (!policy->count) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_POLICY_A_NAME],
				    "the policy has no pool");
		return -EINVAL;
	}
	m->npolicies++;
	return 0;
}

static int parse_bypass(struct cfr_model *m, const struct nlattr *nla,
			struct netlink_ext_ack *extack)
{
	struct cfr_model_bypass *bypass = &m->bypass[m->nbypasses];
	struct nlattr *tb[CFR_BYPASS_A_MAX + 1];
	int err;
	u32 i;

	err = nla_parse_nested(tb, CFR_BYPASS_A_MAX, nla, NULL, extack);
	if (err)
		return err;
	if (!tb[CFR_BYPASS_A_PREFIX] || !tb[CFR_BYPASS_A_ACTION]) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "a bypass needs a prefix and an action");
		return -EINVAL;
	}
	err = parse_prefix(tb[CFR_BYPASS_A_PREFIX], &bypass->prefix, extack);
	if (err)
		return err;
	bypass->action = nla_get_u8(tb[CFR_BYPASS_A_ACTION]);
	for (i = 0; i < m->nbypasses; i++) {
		if (cfr_prefix_cmp(&m->bypass[i].prefix, &bypass->prefix))
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[CFR_BYPASS_A_PREFIX],
				    "there is a bypass of this prefix already");
		return -EEXIST;
	}
	m->nbypasses++;
	return 0;
}

static int parse_timers(struct cfr_model *m, const struct nlattr *nla,
			struct netlink_ext_ack *extack)
{
	return cfr_timers_parse(&m->timers, nla, extack);
}

static int parse_priority(struct cfr_model *m, const struct nlattr *nla,
			  struct netlink_ext_ack *extack)
{
	m->priority = nla_get_u8(nla);
	return 0;
}

static int parse_mappings(struct cfr_model *m, const struct nlattr *nla,
			  struct netlink_ext_ack *extack)
{
	m->mappings = nla_get_u8(nla);
	return 0;
}

static struct cfr_model *alloc_for(const struct nlmsghdr *nlh,
				   struct netlink_ext_ack *extack)
{
	u32 npools = 0, nprefixes = 0, npolicies = 0, nbypasses = 0;
	const struct nlattr *nla, *part;
	struct cfr_model *m;
	int rem, rem2;

	nlmsg_for_each_attr(nla, nlh, GENL_HDRLEN, rem) {
		switch (nla_type(nla)) {
		case CFR_A_POOL:
			npools++;
			nla_for_each_nested(part, nla, rem2)
				nprefixes += nla_type(part) == CFR_POOL_A_PREFIX;
			break;
		case CFR_A_POLICY:
			npolicies++;
			break;
		case CFR_A_BYPASS:
			nbypasses++;
			break;
		default:
			continue;
		}
		if (npools > CFR_POOLS_MAX || npolicies > CFR_POLICIES_MAX ||
		    nbypasses > CFR_BYPASSES_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "too many pools, policies or bypasses");
			return ERR_PTR(-E2BIG);
		}
	}
	m = cfr_model_alloc(npools, nprefixes, npolicies, nbypasses);
	if (!m) {
		NL_SET_ERR_MSG(extack, "no memory for the configuration");
		return ERR_PTR(-ENOMEM);
	}
	return m;
}

static int parse_all(struct cfr_model *m, const struct nlmsghdr *nlh, int type,
		     int (*parse)(struct cfr_model *m, const struct nlattr *nla,
				  struct netlink_ext_ack *extack),
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *nla;
	int err, rem;

	nlmsg_for_each_attr(nla, nlh, GENL_HDRLEN, rem) {
		if (nla_type(nla) != type)
			continue;
		err = parse(m, nla, extack);
		if (err)
			return err;
	}
	return 0;
}

/**
 * cfr_model_parse - make a model of a CFR_CMD_CONFIG_SET
 * @nlh: the message, already checked against the family's policies
 * @extack: says what is wrong with it, and where
 *
 * Objects may come in any order: policies look for pools once all are there.
 *
 * Return: the model or an ERR_PTR.
 */
struct cfr_model *cfr_model_parse(const struct nlmsghdr *nlh,
				  struct netlink_ext_ack *extack)
{
	struct cfr_model *m;
	int err;

	m = alloc_for(nlh, extack);
	if (IS_ERR(m))
		return m;
	err = parse_all(m, nlh, CFR_A_POOL, parse_pool, extack);
	if (!err)
		err = place_prefixes(m, nlh, extack);
	if (!err)
		err = parse_all(m, nlh, CFR_A_POLICY, parse_policy, extack);
	if (!err)
		err = parse_all(m, nlh, CFR_A_BYPASS, parse_bypass, extack);
	if (!err)
		err = parse_all(m, nlh, CFR_A_TIMERS, parse_timers, extack);
	if (!err)
		err = parse_all(m, nlh, CFR_A_PRIORITY, parse_priority, extack);
	if (!err)
		err = parse_all(m, nlh, CFR_A_MAPPINGS, parse_mappings, extack);
	if (err) {
		cfr_model_put(m);
		return ERR_PTR(err);
	}
	return m;
}
