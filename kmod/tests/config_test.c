// SPDX-License-Identifier: GPL-2.0
/* Configurations: every refusal with its sentence, and what the data path sees
 * of those that are accepted.
 */

#include <kunit/test.h>
#include <linux/inet.h>
#include <linux/random.h>
#include <net/genetlink.h>

#include "model.h"
#include "relay.h"
#include "skb.h"
#include "snapshot.h"
#include "space.h"

/* A message under construction, as netlink hands it over: what the family's
 * policies refuse does not get here.
 */
struct message {
	struct sk_buff *skb;
	struct nlmsghdr *nlh;
	struct netlink_ext_ack extack;
};

static void free_skb(void *skb)
{
	kfree_skb(skb);
}

static struct message *begin(struct kunit *test)
{
	struct message *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->skb = nlmsg_new(65000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->skb);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_skb, m->skb));
	m->nlh = nlmsg_put(m->skb, 0, 0, 0, GENL_HDRLEN, 0);
	return m;
}

static struct cfr_model *end(struct kunit *test, struct message *m)
{
	nlmsg_end(m->skb, m->nlh);
	return cfr_model_parse(m->nlh, &m->extack);
}

static void put_prefix(struct message *m, int type, const char *text)
{
	struct nlattr *nest = nla_nest_start(m->skb, type);
	const char *slash = strchr(text, '/');
	u8 addr[16], len = 0;
	bool v4 = !strchr(text, ':');

	if (v4)
		in4_pton(text, slash - text, addr, '/', NULL);
	else
		in6_pton(text, slash - text, addr, '/', NULL);
	WARN_ON(kstrtou8(slash + 1, 10, &len));
	nla_put(m->skb, CFR_PREFIX_A_ADDR, v4 ? 4 : 16, addr);
	nla_put_u8(m->skb, CFR_PREFIX_A_LEN, len);
	nla_nest_end(m->skb, nest);
}

/* put(): one line of a configuration file, as netlink */
static void pool(struct message *m, const char *name, const char *prefix,
		 u16 low, u16 high)
{
	struct nlattr *nest = nla_nest_start(m->skb, CFR_A_POOL);

	if (name)
		nla_put_string(m->skb, CFR_POOL_A_NAME, name);
	if (prefix)
		put_prefix(m, CFR_POOL_A_PREFIX, prefix);
	if (low)
		nla_put_u16(m->skb, CFR_POOL_A_PORT_MIN, low);
	if (high)
		nla_put_u16(m->skb, CFR_POOL_A_PORT_MAX, high);
	nla_nest_end(m->skb, nest);
}

static void policy(struct message *m, const char *name, u32 mark, u32 mask,
		   const char *pool1, const char *pool2)
{
	struct nlattr *nest = nla_nest_start(m->skb, CFR_A_POLICY);

	if (name)
		nla_put_string(m->skb, CFR_POLICY_A_NAME, name);
	nla_put_u32(m->skb, CFR_POLICY_A_MARK, mark);
	nla_put_u32(m->skb, CFR_POLICY_A_MASK, mask);
	if (pool1)
		nla_put_string(m->skb, CFR_POLICY_A_POOL, pool1);
	if (pool2)
		nla_put_string(m->skb, CFR_POLICY_A_POOL, pool2);
	nla_nest_end(m->skb, nest);
}

static void bypass(struct message *m, const char *prefix, int action)
{
	struct nlattr *nest = nla_nest_start(m->skb, CFR_A_BYPASS);

	if (prefix)
		put_prefix(m, CFR_BYPASS_A_PREFIX, prefix);
	if (action >= 0)
		nla_put_u8(m->skb, CFR_BYPASS_A_ACTION, action);
	nla_nest_end(m->skb, nest);
}

/* One configuration: a pool, a second one, a policy, a second one, a bypass */
struct wanted {
	struct { const char *name, *prefix; u16 low, high; } pool[2];
	struct { const char *name; u32 mark, mask; const char *pool[2]; } policy[2];
	struct { const char *prefix; int action; } bypass[2];
	int err;
	const char *says;
};

#define GOOD	{ "a", "198.51.100.0/24" }
#define ONE	{ "p", 1, 0xff, { "a" } }

static const struct wanted wanted[] = {
	{ .err = 0 },
	{ .pool = { GOOD }, .policy = { ONE } },
	{ .pool = { { "a", "2001:db8::/32", 1, 65535 } }, .policy = { ONE } },
	{ .pool = { { "a", "10.0.0.0/8", 5, 5 } }, .policy = { ONE } },
	{ .pool = { { "a", "198.51.100.7/32" } }, .policy = { ONE } },
	{ .pool = { GOOD, { "b", "198.51.101.0/24" } },
	  .policy = { { "p", 1, 0xff, { "a", "b" } }, { "q", 2, 0xff, { "b" } } },
	  .bypass = { { "8.8.8.0/24", 0 }, { "8.8.0.0/16", 1 } } },
	{ .pool = { { NULL, "198.51.100.0/24" } }, .err = -EINVAL,
	  .says = "the name is missing" },
	{ .pool = { { "", "198.51.100.0/24" } }, .err = -EINVAL,
	  .says = "a name is made of A-Z a-z 0-9 . _ - and does not begin with -" },
	{ .pool = { { "-a", "198.51.100.0/24" } }, .err = -EINVAL,
	  .says = "a name is made of A-Z a-z 0-9 . _ - and does not begin with -" },
	{ .pool = { { "a b", "198.51.100.0/24" } }, .err = -EINVAL,
	  .says = "a name is made of A-Z a-z 0-9 . _ - and does not begin with -" },
	{ .pool = { { "\xc3\xa4", "198.51.100.0/24" } }, .err = -EINVAL,
	  .says = "a name is made of A-Z a-z 0-9 . _ - and does not begin with -" },
	{ .pool = { GOOD, GOOD }, .err = -EEXIST,
	  .says = "there is a pool of this name already" },
	{ .pool = { GOOD, { "b", "198.51.100.128/25" } }, .err = -EEXIST,
	  .says = "the prefix overlaps another pool" },
	{ .pool = { { "a", "198.51.100.1/24" } }, .err = -EINVAL,
	  .says = "the prefix has bits set beyond its length" },
	{ .pool = { { "a", "198.51.100.0/33" } }, .err = -EINVAL,
	  .says = "the prefix is longer than an address" },
	{ .pool = { { "a", "64.0.0.0/7" } }, .err = -EINVAL,
	  .says = "an IPv4 prefix of a pool is /8 to /32" },
	{ .pool = { { "a", "2001:db8::/65" } }, .err = -EINVAL,
	  .says = "an IPv6 prefix of a pool is /32 to /64: every flow gets its own interface id" },
	{ .pool = { { "a", "2000::/31" } }, .err = -EINVAL,
	  .says = "an IPv6 prefix of a pool is /32 to /64: every flow gets its own interface id" },
	{ .pool = { { "a", "127.0.0.0/8" } }, .err = -EINVAL,
	  .says = "unspecified, loopback, link-local, multicast and reserved addresses cannot be in a pool" },
	{ .pool = { { "a", "fe80::/64" } }, .err = -EINVAL,
	  .says = "unspecified, loopback, link-local, multicast and reserved addresses cannot be in a pool" },
	{ .pool = { { "a", "198.51.100.0/24", 10, 9 } }, .err = -EINVAL,
	  .says = "the lowest port is above the highest" },
	{ .pool = { { "a", "198.51.100.0/24", 0, 1023 } }, .err = -EINVAL,
	  .says = "the lowest port is above the highest" },
	{ .pool = { { "a" } }, .err = -EINVAL,
	  .says = "the pool is empty: it needs a prefix" },
	{ .pool = { GOOD }, .policy = { { "p", 1, 0xff } }, .err = -EINVAL,
	  .says = "the policy has no pool" },
	{ .pool = { GOOD }, .policy = { { "p", 1, 0xff, { "b" } } }, .err = -ENOENT,
	  .says = "there is no such pool" },
	{ .pool = { GOOD }, .policy = { { "p", 1, 0xff, { "a", "a" } } },
	  .err = -EEXIST, .says = "the policy names this pool twice" },
	{ .pool = { GOOD }, .policy = { { "p", 0, 0xff, { "a" } } }, .err = -EINVAL,
	  .says = "mark 0 is every packet without a mark" },
	{ .pool = { GOOD }, .policy = { { "p", 0x100, 0xff, { "a" } } },
	  .err = -EINVAL, .says = "the mark has bits outside its mask" },
	{ .pool = { GOOD }, .policy = { ONE, { "q", 0x11, 0x1f, { "a" } } } },
	{ .pool = { GOOD }, .policy = { ONE, { "q", 0x100, 0xf00, { "a" } } },
	  .err = -EEXIST,
	  .says = "a packet's mark can match this policy and another one" },
	{ .pool = { GOOD }, .policy = { ONE, { "p", 2, 0xff, { "a" } } },
	  .err = -EEXIST, .says = "there is a policy of this name already" },
	{ .bypass = { { "8.8.8.0/24", 0 }, { "8.8.8.0/24", 1 } }, .err = -EEXIST,
	  .says = "there is a bypass of this prefix already" },
	{ .bypass = { { "8.8.8.0/24", -1 } }, .err = -EINVAL,
	  .says = "a bypass needs a prefix and an action" },
};

static struct cfr_model *make(struct kunit *test, const struct wanted *w,
			      struct message *m)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (w->pool[i].name || w->pool[i].prefix)
			pool(m, w->pool[i].name, w->pool[i].prefix,
			     w->pool[i].low, w->pool[i].high);
		if (w->policy[i].name)
			policy(m, w->policy[i].name, w->policy[i].mark,
			       w->policy[i].mask, w->policy[i].pool[0],
			       w->policy[i].pool[1]);
		if (w->bypass[i].prefix)
			bypass(m, w->bypass[i].prefix, w->bypass[i].action);
	}
	return end(test, m);
}

static void config_refusals(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct message *m = begin(test);
		struct cfr_model *model = make(test, &wanted[i], m);

		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(model), wanted[i].err,
				    "configuration %u: %s", i,
				    m->extack._msg ?: "accepted");
		KUNIT_EXPECT_STREQ(test, m->extack._msg ?: "", wanted[i].says ?: "");
		if (wanted[i].err)
			KUNIT_EXPECT_NOT_NULL_MSG(test, m->extack.bad_attr,
						  "configuration %u", i);
		if (!IS_ERR(model))
			cfr_model_put(model);
	}
}

static void expect_error(struct kunit *test, struct message *m, int err,
			 const char *says)
{
	struct cfr_model *model = end(test, m);

	KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(model), err, "%s", says);
	KUNIT_EXPECT_STREQ(test, m->extack._msg ?: "", says);
	if (!IS_ERR(model))
		cfr_model_put(model);
}

/* What a table of well-formed attributes cannot say */
static void config_incomplete(struct kunit *test)
{
	static const u8 five[5] = { 198, 51, 100, 0, 0 };
	struct nlattr *nest, *prefix;
	struct message *m;

	m = begin(test);
	nest = nla_nest_start(m->skb, CFR_A_POOL);
	nla_put_string(m->skb, CFR_POOL_A_NAME, "a");
	nla_nest_end(m->skb, nla_nest_start(m->skb, CFR_POOL_A_PREFIX));
	nla_nest_end(m->skb, nest);
	expect_error(test, m, -EINVAL, "a prefix needs an address and a length");

	m = begin(test);
	nest = nla_nest_start(m->skb, CFR_A_POOL);
	nla_put_string(m->skb, CFR_POOL_A_NAME, "a");
	prefix = nla_nest_start(m->skb, CFR_POOL_A_PREFIX);
	nla_put(m->skb, CFR_PREFIX_A_ADDR, sizeof(five), five);
	nla_put_u8(m->skb, CFR_PREFIX_A_LEN, 24);
	nla_nest_end(m->skb, prefix);
	nla_nest_end(m->skb, nest);
	expect_error(test, m, -EINVAL, "an address has 4 or 16 bytes");

	m = begin(test);
	nest = nla_nest_start(m->skb, CFR_A_POLICY);
	nla_put_string(m->skb, CFR_POLICY_A_NAME, "p");
	nla_nest_end(m->skb, nest);
	expect_error(test, m, -EINVAL, "a policy needs a mark and a mask");

	m = begin(test);
	nest = nla_nest_start(m->skb, CFR_A_POOL);
	nla_put_string(m->skb, CFR_POOL_A_NAME, "a");
	put_prefix(m, CFR_POOL_A_PREFIX, "198.51.0.0/16");
	put_prefix(m, CFR_POOL_A_PREFIX, "198.51.100.0/24");
	nla_nest_end(m->skb, nest);
	expect_error(test, m, -EEXIST, "the prefix overlaps another prefix of its pool");
}

/* One more than there may be, of everything */
static void config_limits(struct kunit *test)
{
	struct message *m = begin(test);
	struct nlattr *nest;
	char text[32];
	unsigned int i;

	for (i = 0; i <= CFR_POOLS_MAX; i++) {
		snprintf(text, sizeof(text), "198.51.%u.%u/32", i >> 8, i & 255);
		pool(m, text + 7, text, 0, 0);
	}
	expect_error(test, m, -E2BIG, "too many pools, policies or bypasses");

	m = begin(test);
	for (i = 0; i <= CFR_BYPASSES_MAX; i++)
		bypass(m, "8.8.8.0/24", 0);
	expect_error(test, m, -E2BIG, "too many pools, policies or bypasses");

	m = begin(test);
	for (i = 0; i <= CFR_POLICIES_MAX; i++)
		policy(m, "p", 1, 1, NULL, NULL);
	expect_error(test, m, -E2BIG, "too many pools, policies or bypasses");

	m = begin(test);
	nest = nla_nest_start(m->skb, CFR_A_POOL);
	nla_put_string(m->skb, CFR_POOL_A_NAME, "a");
	for (i = 0; i <= CFR_POOL_PREFIXES_MAX; i++) {
		snprintf(text, sizeof(text), "198.51.%u.0/24", i);
		put_prefix(m, CFR_POOL_A_PREFIX, text);
	}
	nla_nest_end(m->skb, nest);
	expect_error(test, m, -E2BIG, "too many prefixes in one pool");

	m = begin(test);
	nest = nla_nest_start(m->skb, CFR_A_POLICY);
	nla_put_string(m->skb, CFR_POLICY_A_NAME, "p");
	nla_put_u32(m->skb, CFR_POLICY_A_MARK, 1);
	nla_put_u32(m->skb, CFR_POLICY_A_MASK, 1);
	for (i = 0; i <= CFR_POLICY_POOLS_MAX; i++) {
		snprintf(text, sizeof(text), "pool%u", i);
		nla_put_string(m->skb, CFR_POLICY_A_POOL, text);
	}
	nla_nest_end(m->skb, nest);
	for (i = 0; i <= CFR_POLICY_POOLS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "pool%u", i);
		snprintf(text, sizeof(text), "198.51.%u.0/24", i);
		pool(m, name, text, 0, 0);
	}
	expect_error(test, m, -E2BIG, "too many pools in one policy");
}

/* Profiles, and knobs that say otherwise; what is 0xff, or 0 in what follows the
 * others, is not said.
 */
static const struct {
	u8 profile, scope, filter, hairpin;
	u32 epoch, jitter;
	struct cfr_knobs knobs;
	const char *says;
	u8 level;
	u32 touch, leave;
} knobs[] = {
	{ 0xff, 0xff, 0xff, 0xff, 0, 0, { 0, 0, 0, 0, 2, 86400, 14400 } },
	{ 0, 0xff, 0xff, 0xff, 0, 0, { 0, 0, 0, 0, 2, 86400, 14400 } },
	{ 1, 0xff, 0xff, 0xff, 0, 0, { 1, 1, 0, 1, 2, 86400, 14400, 0, 0x40 } },
	{ 2, 0xff, 0xff, 0xff, 0, 0, { 1, 2, 1, 2, 0, 604800, 0 } },
	{ 2, 0xff, 0, 0, 600, 300, { 1, 0, 0, 2, 0, 600, 300 } },
	{ 0, 1, 2, 1, 0, 0, { 1, 2, 1, 0, 2, 86400, 14400 } },
	{ 0, 0xff, 0xff, 0xff, 0, 0, { 0, 0, 0, 0, 1, 86400, 14400, 0x8000, 8 },
	  .level = 1, .touch = 0x8000, .leave = 8 },
	{ 1, 0xff, 0xff, 0xff, 0, 0, { 1, 1, 0, 1, 3, 86400, 14400, 0, 1 },
	  .level = 3, .leave = 1 },
	{ 0, 0xff, 0xff, 0xff, 0, 0, .touch = 3, .leave = 6,
	  .says = "a field is both to be touched and to be left alone" },
	{ 0, 0xff, 1, 0xff, 0, 0, .says = "scope flow filters by address and port: its relay tuples are shared" },
	{ 2, 0, 0xff, 0xff, 0, 0, .says = "scope flow filters by address and port: its relay tuples are shared" },
	{ 2, 0, 0, 0xff, 0, 0, .says = "scope flow has no hairpinning: its relay tuples are nobody's address" },
	{ 0, 0xff, 0xff, 0xff, 600, 0, .says = "the jitter is more than half an epoch" },
	{ 2, 0xff, 0xff, 0xff, 600, 301, .says = "the jitter is more than half an epoch" },
};

static void put_choice(struct message *m, unsigned int i)
{
	struct nlattr *nest;

	if (knobs[i].profile != 0xff)
		nla_put_u8(m->skb, CFR_POLICY_A_PROFILE, knobs[i].profile);
	nest = nla_nest_start(m->skb, CFR_POLICY_A_KNOBS);
	if (knobs[i].scope != 0xff)
		nla_put_u8(m->skb, CFR_KNOBS_A_SCOPE, knobs[i].scope);
	if (knobs[i].filter != 0xff)
		nla_put_u8(m->skb, CFR_KNOBS_A_FILTER, knobs[i].filter);
	if (knobs[i].hairpin != 0xff)
		nla_put_u8(m->skb, CFR_KNOBS_A_HAIRPIN, knobs[i].hairpin);
	if (knobs[i].epoch)
		nla_put_u32(m->skb, CFR_KNOBS_A_EPOCH, knobs[i].epoch);
	if (knobs[i].jitter)
		nla_put_u32(m->skb, CFR_KNOBS_A_JITTER, knobs[i].jitter);
	if (knobs[i].level)
		nla_put_u8(m->skb, CFR_KNOBS_A_NORMALISE, knobs[i].level);
	if (knobs[i].touch)
		nla_put_u32(m->skb, CFR_KNOBS_A_TOUCH, knobs[i].touch);
	if (knobs[i].leave)
		nla_put_u32(m->skb, CFR_KNOBS_A_LEAVE, knobs[i].leave);
	nla_nest_end(m->skb, nest);
}

/* A policy of pool "a" with choice @i */
static void put_chosen(struct message *m, const char *name, u32 mark,
		       unsigned int i)
{
	struct nlattr *nest = nla_nest_start(m->skb, CFR_A_POLICY);

	nla_put_string(m->skb, CFR_POLICY_A_NAME, name);
	nla_put_u32(m->skb, CFR_POLICY_A_MARK, mark);
	nla_put_u32(m->skb, CFR_POLICY_A_MASK, 0xff);
	nla_put_string(m->skb, CFR_POLICY_A_POOL, "a");
	put_choice(m, i);
	nla_nest_end(m->skb, nest);
}

static void config_knobs(struct kunit *test)
{
	struct cfr_model *model;
	struct message *m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		m = begin(test);
		pool(m, "a", "198.51.100.0/24", 0, 0);
		put_chosen(m, "p", 1, i);
		if (knobs[i].says) {
			expect_error(test, m, -EINVAL, knobs[i].says);
			KUNIT_EXPECT_NOT_NULL(test, m->extack.bad_attr);
			continue;
		}
		model = end(test, m);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(model), "choice %u: %s", i,
				       m->extack._msg);
		KUNIT_EXPECT_MEMEQ(test, &model->policy[0].choice.knobs,
				   &knobs[i].knobs, sizeof(knobs[i].knobs));
		cfr_model_put(model);
	}
	m = begin(test);
	pool(m, "a", "198.51.100.0/24", 0, 0);
	put_chosen(m, "p", 1, 0);
	put_chosen(m, "q", 2, 2);
	expect_error(test, m, -EINVAL,
		     "a policy of another scope draws from this pool");
}

static void put_timer(struct message *m, unsigned int timer, u32 seconds,
		      bool nonconformant)
{
	struct nlattr *nest = nla_nest_start(m->skb, CFR_A_TIMERS);

	nla_put_u32(m->skb, timer, seconds);
	if (nonconformant)
		nla_put_flag(m->skb, CFR_TIMERS_A_NONCONFORMANT);
	nla_nest_end(m->skb, nest);
}

/* What may be said of each timer, and what holds where nothing is said */
static void config_timers(struct kunit *test)
{
	static const u32 usual[CFR_TIMER_END] = { 0, 300, 60, 240, 7440, 240, 120 };
	static const u32 least[CFR_TIMER_END] = { 0, 120, 60, 240, 7440, 240, 120 };
	struct cfr_model *model;
	struct message *m;
	unsigned int i, j;

	for (i = 1; i < CFR_TIMER_END; i++) {
		m = begin(test);
		put_timer(m, i, least[i] - 1, false);
		expect_error(test, m, -EINVAL,
			     "the timer is shorter than the RFCs ask for: say nonconformant if that is meant");
		m = begin(test);
		put_timer(m, i, least[i] - 1, true);
		model = end(test, m);
		KUNIT_ASSERT_FALSE(test, IS_ERR(model));
		KUNIT_EXPECT_EQ(test, model->timers.own, BIT(i));
		for (j = 1; j < CFR_TIMER_END; j++)
			KUNIT_EXPECT_EQ(test, model->timers.seconds[j],
					j == i ? least[i] - 1 : usual[j]);
		cfr_model_put(model);
		m = begin(test);
		put_timer(m, i, least[i], false);
		model = end(test, m);
		KUNIT_ASSERT_FALSE(test, IS_ERR(model));
		cfr_model_put(model);
	}
}

static const struct wanted live = {
	.pool = { { "a", "198.51.100.0/24", 2000, 2999 }, { "b", "2001:db8:cf::/56" } },
	.policy = { { "p", 1, 0xff, { "a", "b" } }, { "q", 0x20, 0xf0, { "b" } } },
	.bypass = { { "8.8.0.0/16", CFR_BYPASS_OPEN }, { "8.8.8.0/24", CFR_BYPASS_DROP } },
};

static struct cfr_config *snapshot(struct kunit *test, struct cfr_retired *r)
{
	struct message *m = begin(test);
	struct cfr_model *model = make(test, &live, m);
	struct cfr_config *cfg;

	KUNIT_ASSERT_FALSE(test, IS_ERR(model));
	model->policy[0].id = 10;
	model->policy[1].id = 11;
	cfg = cfr_snapshot_build(test->priv, model, r);
	cfr_model_put(model);
	KUNIT_ASSERT_NOT_NULL(test, cfg);
	return cfg;
}

static void config_marks(struct kunit *test)
{
	struct cfr_config *cfg = snapshot(test, NULL);
	u32 mark;

	for (mark = 0; mark < 0x400; mark++) {
		const struct cfr_policy *p = cfr_config_policy(cfg, mark);
		const char *want = (mark & 0xff) == 1 ? "p" :
				   (mark & 0xf0) == 0x20 ? "q" : "";

		KUNIT_EXPECT_STREQ(test, p ? p->name : "", want);
	}
	KUNIT_EXPECT_EQ(test, cfg->marks, 0xff);
	KUNIT_EXPECT_EQ(test, cfg->policy[0].v4.count, 1);
	KUNIT_EXPECT_EQ(test, cfg->policy[0].v6.count, 1);
	KUNIT_EXPECT_EQ(test, cfg->policy[1].v4.count, 0);
	KUNIT_EXPECT_EQ(test, cfg->policy[0].v4.span->tuples_end, 256 * 1000);
	KUNIT_EXPECT_EQ(test, cfg->policy[0].v6.span->tuples_end, 256 * 64512);
	cfr_snapshot_free(cfg);
}

static const struct {
	const char *addr;
	enum cfr_space space;
} meanings[] = {
	{ "198.51.99.255", CFR_SPACE_WORLD },
	{ "198.51.100.0", CFR_SPACE_POOL },
	{ "198.51.100.255", CFR_SPACE_POOL },
	{ "198.51.101.0", CFR_SPACE_WORLD },
	{ "203.0.113.5", CFR_SPACE_RETIRED },
	{ "203.0.113.4", CFR_SPACE_WORLD },
	{ "8.7.255.255", CFR_SPACE_WORLD },
	{ "8.8.0.0", CFR_SPACE_BYPASS },
	{ "8.8.8.0", CFR_SPACE_REFUSE },
	{ "8.8.8.255", CFR_SPACE_REFUSE },
	{ "8.8.9.0", CFR_SPACE_BYPASS },
	{ "8.9.0.0", CFR_SPACE_WORLD },
	{ "10.1.2.3", CFR_SPACE_BYPASS },
	{ "127.0.0.1", CFR_SPACE_BYPASS },
	{ "255.255.255.255", CFR_SPACE_BYPASS },
	{ "2001:db8:ce:ffff::", CFR_SPACE_WORLD },
	{ "2001:db8:cf::", CFR_SPACE_POOL },
	{ "2001:db8:cf:ff:ffff:ffff:ffff:ffff", CFR_SPACE_POOL },
	{ "2001:db8:cf:100::", CFR_SPACE_WORLD },
	{ "fd00::1", CFR_SPACE_BYPASS },
	{ "::1", CFR_SPACE_BYPASS },
};

static void config_space(struct kunit *test)
{
	struct cfr_retired *r = kunit_kzalloc(test, struct_size(r, gone, 1), GFP_KERNEL);
	struct cfr_config *cfg;
	unsigned int i;

	r->count = 1;
	r->gone[0].prefix = cfr_prefix4(cpu_to_be32(0xcb007105), 32);
	cfg = snapshot(test, r);
	for (i = 0; i < ARRAY_SIZE(meanings); i++) {
		const char *text = meanings[i].addr;
		bool v4 = !strchr(text, ':'), relay, maybe;
		enum cfr_space space;
		struct in6_addr a;

		if (v4)
			in4_pton(text, -1, (u8 *)&a, '\0', NULL);
		else
			in6_pton(text, -1, (u8 *)&a, '\0', NULL);
		space = v4 ? cfr_config_space4(cfg, a.s6_addr32[0]) :
			     cfr_config_space6(cfg, &a);
		maybe = v4 ? cfr_config_maybe_relay4(cfg, a.s6_addr32[0]) :
			     cfr_config_maybe_relay6(cfg, &a);
		relay = space == CFR_SPACE_POOL || space == CFR_SPACE_RETIRED;
		KUNIT_EXPECT_EQ_MSG(test, space, meanings[i].space, "%s", text);
		if (relay)
			KUNIT_EXPECT_TRUE_MSG(test, maybe, "%s", text);
	}
	cfr_snapshot_free(cfg);
}

/* The search from an octet's index finds what a search of all ranges does. */
static void config_search(struct kunit *test)
{
	struct cfr_config *cfg = snapshot(test, NULL);
	unsigned int i, at;

	for (i = 0; i < 20000; i++) {
		struct in6_addr a;
		u64 hi, lo;
		u32 key;

		get_random_bytes(&a, sizeof(a));
		/* every third beside the start of a range */
		if (i % 3 == 0) {
			key = cfg->range4[i % cfg->nrange4].start + i % 5 - 2;
			a.s6_addr32[0] = htonl(key);
		}
		key = ntohl(a.s6_addr32[0]);
		for (at = cfg->nrange4 - 1; cfg->range4[at].start > key; at--)
			;
		KUNIT_EXPECT_EQ(test, cfr_config_space4(cfg, a.s6_addr32[0]),
				cfg->range4[at].space);
		hi = (u64)ntohl(a.s6_addr32[0]) << 32 | ntohl(a.s6_addr32[1]);
		lo = (u64)ntohl(a.s6_addr32[2]) << 32 | ntohl(a.s6_addr32[3]);
		for (at = cfg->nrange6 - 1; cfg->range6[at].hi > hi ||
		     (cfg->range6[at].hi == hi && cfg->range6[at].lo > lo); at--)
			;
		KUNIT_EXPECT_EQ(test, cfr_config_space6(cfg, &a),
				cfg->range6[at].space);
	}
	cfr_snapshot_free(cfg);
}

/* A sweep's question: may a flow of this policy, relay and remote go on? */
static void config_allows(struct kunit *test)
{
	static const struct {
		u32 id;
		u32 relay;
		u32 remote;
		bool allowed;
	} asks[] = {
		{ 10, 0xc6336401, 0x01010101, true },
		{ 10, 0xc6336501, 0x01010101, false },	/* left the pool */
		{ 11, 0xc6336401, 0x01010101, false },	/* another policy's pool */
		{ 12, 0xc6336401, 0x01010101, false },	/* no such policy */
		{ 10, 0xc6336401, 0x08080101, false },	/* bypassed */
		{ 10, 0xc6336401, 0x08080801, false },	/* refused */
		{ 10, 0xc6336401, 0xc6336402, false },	/* a pool address */
	};
	struct cfr_config *cfg = snapshot(test, NULL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		union nf_inet_addr relay = { .ip = htonl(asks[i].relay) };
		union nf_inet_addr remote = { .ip = htonl(asks[i].remote) };

		KUNIT_EXPECT_EQ_MSG(test, cfr_config_allows(cfg, asks[i].id, 0,
							    NFPROTO_IPV4, &relay,
							    &remote),
				    asks[i].allowed, "question %u", i);
		/* no flow of another scope goes on */
		KUNIT_EXPECT_FALSE(test, cfr_config_allows(cfg, asks[i].id, 1,
							   NFPROTO_IPV4, &relay,
							   &remote));
	}
	cfr_snapshot_free(cfg);
}

/* Whatever is asked for first, second and so on fails: all or nothing. What the
 * kernel asks for beside it, and does without, counts, too.
 */
static void config_no_memory(struct kunit *test)
{
	struct message *m = begin(test);
	struct cfr_model *good = make(test, &live, m), *model;
	unsigned int nth, refused = 0;
	struct cfr_config *cfg;
	bool failed = true;

	test_need_faults(test);
	for (nth = 1; failed; nth++) {
		test_fail(nth);
		model = cfr_model_parse(m->nlh, &m->extack);
		failed = test_failed();
		refused += IS_ERR(model);
		if (!IS_ERR(model))
			cfr_model_put(model);
	}
	KUNIT_EXPECT_FALSE(test, IS_ERR(model));
	for (nth = 1, failed = true; failed; nth++) {
		test_fail(nth);
		cfg = cfr_snapshot_build(test->priv, good, NULL);
		failed = test_failed();
		refused += !cfg;
		cfr_snapshot_free(cfg);
	}
	KUNIT_EXPECT_NOT_NULL(test, cfg);
	KUNIT_EXPECT_EQ(test, refused, 12);
	cfr_model_put(good);
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE(config_refusals),
	KUNIT_CASE(config_incomplete),
	KUNIT_CASE(config_limits),
	KUNIT_CASE(config_knobs),
	KUNIT_CASE(config_timers),
	KUNIT_CASE(config_marks),
	KUNIT_CASE(config_space),
	KUNIT_CASE(config_search),
	KUNIT_CASE(config_allows),
	KUNIT_CASE(config_no_memory),
	{}
};

static struct kunit_suite config_suite = {
	.name = "cfr_config",
	.init = relay_init,
	.test_cases = config_cases,
};

kunit_test_suite(config_suite);
