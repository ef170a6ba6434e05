// SPDX-License-Identifier: GPL-2.0
// proves: O5 O12 O22 C9
/* What a CONFIG_SET may hold. A small configuration is spoilt in every way,
 * attribute by attribute; then come the rules that are about values. Every
 * refusal must have a sentence, point at the attribute to blame where there is
 * one, and leave the configuration as it was.
 */
#include "tree.h"

/* The message's top, and what the cases change */
static struct {
	struct node top;
	struct node *generation;
	struct node *pool, *pool_name, *prefix, *addr, *len, *low, *high;
	struct node *policy, *policy_name, *mark, *mask, *policy_pool;
	struct node *knobs, *scope, *filter, *epoch, *jitter;
	struct node *bypass, *bypass_prefix, *action;
	struct node *timers, *udp, *hold;
} t;

static struct node *add_pool(const char *name, const char *addr, uint8_t len)
{
	struct node *pool = nest(&t.top, CFR_A_POOL);

	text(pool, CFR_POOL_A_NAME, name);
	add_prefix(pool, CFR_POOL_A_PREFIX, addr, len);
	return pool;
}

static struct node *add_policy(const char *name, uint32_t mark, uint32_t mask,
			       const char *pool)
{
	struct node *policy = nest(&t.top, CFR_A_POLICY);

	text(policy, CFR_POLICY_A_NAME, name);
	u32(policy, CFR_POLICY_A_MARK, mark);
	u32(policy, CFR_POLICY_A_MASK, mask);
	text(policy, CFR_POLICY_A_POOL, pool);
	return policy;
}

static struct node *may_miss(struct node *node)
{
	node->optional = true;
	return node;
}

/* A configuration that nothing is wrong with */
static void start(void)
{
	clear(&t.top);
	t.generation = u32(&t.top, CFR_A_GENERATION, genl_generation());

	t.pool = nest(&t.top, CFR_A_POOL);
	t.pool_name = text(t.pool, CFR_POOL_A_NAME, "a");
	t.prefix = add_prefix(t.pool, CFR_POOL_A_PREFIX, "198.51.100.0", 24);
	t.addr = t.prefix->child[0];
	t.len = t.prefix->child[1];
	t.low = u16(t.pool, CFR_POOL_A_PORT_MIN, 1024);
	t.high = u16(t.pool, CFR_POOL_A_PORT_MAX, 65535);
	t.low->optional = true;
	t.high->optional = true;

	t.policy = nest(&t.top, CFR_A_POLICY);
	t.policy_name = text(t.policy, CFR_POLICY_A_NAME, "p");
	t.mark = u32(t.policy, CFR_POLICY_A_MARK, 0x1);
	t.mask = u32(t.policy, CFR_POLICY_A_MASK, 0xff);
	t.policy_pool = text(t.policy, CFR_POLICY_A_POOL, "a");
	t.policy->optional = true;
	may_miss(u8(t.policy, CFR_POLICY_A_PROFILE, CFR_PROFILE_BALANCED));
	t.knobs = may_miss(nest(t.policy, CFR_POLICY_A_KNOBS));
	t.scope = may_miss(u8(t.knobs, CFR_KNOBS_A_SCOPE, CFR_SCOPE_ENDPOINT));
	t.filter = may_miss(u8(t.knobs, CFR_KNOBS_A_FILTER, CFR_FILTER_ADDRESS));
	may_miss(u8(t.knobs, CFR_KNOBS_A_HAIRPIN, 1));
	may_miss(u8(t.knobs, CFR_KNOBS_A_PAIRING, CFR_PAIRING_CUSTOMER));
	t.epoch = may_miss(u32(t.knobs, CFR_KNOBS_A_EPOCH, 86400));
	t.jitter = may_miss(u32(t.knobs, CFR_KNOBS_A_JITTER, 0));

	t.bypass = nest(&t.top, CFR_A_BYPASS);
	t.bypass_prefix = add_prefix(t.bypass, CFR_BYPASS_A_PREFIX,
				     "2001:db8:f::", 48);
	t.action = u8(t.bypass, CFR_BYPASS_A_ACTION, CFR_BYPASS_DROP);
	t.bypass->optional = true;

	t.timers = may_miss(nest(&t.top, CFR_A_TIMERS));
	t.udp = may_miss(u32(t.timers, CFR_TIMERS_A_UDP, 300));
	t.hold = may_miss(u32(t.timers, CFR_TIMERS_A_HOLD, 120));
	may_miss(u8(&t.top, CFR_A_PRIORITY, CFR_PRIORITY_KEEP));
	may_miss(u8(&t.top, CFR_A_MAPPINGS, CFR_MAPPINGS_SEALED));
}

/* Spoiling one attribute after another */

static bool drop(struct node *parent, unsigned int at)
{
	parent->children--;
	memmove(&parent->child[at], &parent->child[at + 1],
		(parent->children - at) * sizeof(parent->child[0]));
	return true;
}

static bool shorten(struct node *parent, unsigned int at)
{
	struct node *node = parent->child[at];

	if (!node->nest)
		node->len--;
	return !node->nest;
}

static bool lengthen(struct node *parent, unsigned int at)
{
	struct node *node = parent->child[at];

	if (node->nest)
		return false;
	memset(node->data + node->len, 'x', sizeof(node->data) - node->len);
	node->data[0] = node->data[0] ?: 'x';
	node->len = node->len < 4 ? 35 : node->len + 1;
	return true;
}

static bool empty(struct node *parent, unsigned int at)
{
	parent->child[at]->len = 0;
	parent->child[at]->children = 0;
	return true;
}

/* A nest all of whose parts may be missing may be empty, too. */
static bool needs_nothing(const struct node *node)
{
	unsigned int i;

	for (i = 0; i < node->children; i++)
		if (!node->child[i]->optional)
			return false;
	return node->nest;
}

static bool rename_it(struct node *parent, unsigned int at)
{
	parent->child[at]->type = 100;
	return true;
}

static bool flip(struct node *parent, unsigned int at)
{
	parent->child[at]->nest = !parent->child[at]->nest;
	return true;
}

static bool fill(struct node *parent, unsigned int at)
{
	struct node *node = parent->child[at];

	if (!node->nest)
		return false;
	node->children = 0;
	memset(node->data, 0xff, sizeof(node->data));
	node->len = 7;
	return true;
}

static const struct {
	const char *name;
	bool (*spoil)(struct node *parent, unsigned int at);
} spoils[] = {
	{ "missing", drop },
	{ "a byte short", shorten },
	{ "too long", lengthen },
	{ "empty", empty },
	{ "of an unknown type", rename_it },
	{ "with the nested flag wrong", flip },
	{ "filled with rubbish", fill },
};

/* The @nth node of all below @parent, in order */
static struct node *find(struct node *parent, unsigned int *nth,
			 unsigned int *at, char *path)
{
	struct node *found;
	size_t end = strlen(path);
	unsigned int i;

	for (i = 0; i < parent->children; i++) {
		sprintf(path + end, "/%u", parent->child[i]->type);
		*at = i;
		if (!(*nth)--)
			return parent;
		found = find(parent->child[i], nth, at, path);
		if (found)
			return found;
	}
	path[end] = '\0';
	return NULL;
}

static void spoil_all(void)
{
	unsigned int i, n, at, nth;
	struct node *parent;
	char path[64];

	for (n = 0;; n++) {
		for (i = 0; i < ARRAY_SIZE(spoils); i++) {
			struct answer answer;
			uint32_t before, after;
			bool fine;

			start();
			memcpy(&before, t.generation->data, sizeof(before));
			nth = n;
			*path = '\0';
			parent = find(&t.top, &nth, &at, path);
			if (!parent)
				return;
			fine = spoils[i].spoil == drop ?
			       parent->child[at]->optional :
			       spoils[i].spoil == empty &&
			       needs_nothing(parent->child[at]);
			if (!spoils[i].spoil(parent, at))
				continue;
			answer = tree_set(&t.top);
			after = genl_generation();
			if (fine)
				ktap(!answer.err && after == before + 1,
				     "attribute %s %s is accepted", path,
				     spoils[i].name);
			else
				ktap((answer.err == EINVAL ||
				      answer.err == ERANGE ||
				      answer.err == ENOENT) &&
				     *answer.text && after == before,
				     "attribute %s %s is refused", path,
				     spoils[i].name);
		}
	}
}

/* Rules about values; each change returns the attribute to blame */

static struct node *none(void)
{
	return NULL;
}

static struct node *stale(void)
{
	set_u32(t.generation, genl_generation() - 1);
	return NULL;
}

static struct node *name_with_blank(void)
{
	set_text(t.pool_name, "a b");
	return t.pool_name;
}

static struct node *name_with_dash(void)
{
	set_text(t.policy_name, "-p");
	return t.policy_name;
}

static struct node *port_zero(void)
{
	set_u16(t.low, 0);
	return t.low;
}

static struct node *ports_upside_down(void)
{
	set_u16(t.high, 1023);
	return t.low;
}

static struct node *two_pools_one_name(void)
{
	return add_pool("a", "203.0.112.0", 24)->child[0];
}

static struct node *pools_overlap(void)
{
	return add_pool("b", "198.51.0.0", 16)->child[1];
}

static struct node *pool_overlaps_itself(void)
{
	return add_prefix(t.pool, CFR_POOL_A_PREFIX, "198.51.100.128", 25);
}

static struct node *pool_too_big(void)
{
	char addr[32];
	int i;

	for (i = 1; i <= CFR_POOL_PREFIXES_MAX; i++) {
		snprintf(addr, sizeof(addr), "11.0.%d.0", i);
		add_prefix(t.pool, CFR_POOL_A_PREFIX, addr, 24);
	}
	return t.pool->child[t.pool->children - 1];
}

static struct node *too_many_pools(void)
{
	char name[16], addr[32];
	int i;

	for (i = 0; i < CFR_POOLS_MAX; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		snprintf(addr, sizeof(addr), "11.%d.0.0", i);
		add_pool(name, addr, 16);
	}
	return t.top.child[t.top.children - 1];
}

static struct node *mark_zero(void)
{
	set_u32(t.mark, 0);
	return t.mark;
}

static struct node *mark_outside_mask(void)
{
	set_u32(t.mark, 0x101);
	return t.mark;
}

static struct node *mark_matches_two(void)
{
	return add_policy("q", 0x100, 0x100, "a")->child[1];
}

static struct node *two_policies_one_name(void)
{
	return add_policy("p", 0x2, 0xff, "a")->child[0];
}

static struct node *pool_unknown(void)
{
	set_text(t.policy_pool, "b");
	return t.policy_pool;
}

static struct node *pool_twice(void)
{
	return text(t.policy, CFR_POLICY_A_POOL, "a");
}

static struct node *too_many_policies(void)
{
	char name[16];
	int i;

	for (i = 0; i < CFR_POLICIES_MAX; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		add_policy(name, i + 2, 0xff, "a");
	}
	return t.top.child[t.top.children - 1];
}

static struct node *bypass_twice(void)
{
	struct node *bypass = nest(&t.top, CFR_A_BYPASS);
	struct node *prefix;

	prefix = add_prefix(bypass, CFR_BYPASS_A_PREFIX, "2001:db8:f::", 48);
	u8(bypass, CFR_BYPASS_A_ACTION, CFR_BYPASS_OPEN);
	return prefix;
}

static struct node *bypass_unknown(void)
{
	t.action->data[0] = CFR_BYPASS_ACTION_MAX + 1;
	return t.action;
}

static struct node *bypass_host_bits(void)
{
	set_prefix(t.bypass_prefix, "2001:db8:f::1", 48);
	return t.bypass_prefix;
}

static struct node *bypass_all(void)
{
	set_prefix(t.bypass_prefix, "::", 0);
	return NULL;
}

static struct node *policy_first(void)
{
	struct node *swap = t.top.child[1];

	t.top.child[1] = t.top.child[2];
	t.top.child[2] = swap;
	return NULL;
}

static struct node *names_long(void)
{
	static const char name[] = "0123456789ABCDEFabcdef._-789012";

	set_text(t.pool_name, name);
	set_text(t.policy_pool, name);
	return NULL;
}

static struct node *another_profile(void)
{
	struct node *policy = add_policy("q", 0x2, 0xff, "a");

	u8(policy, CFR_POLICY_A_PROFILE, CFR_PROFILE_PRIVACY);
	return policy->child[3];
}

static struct node *profile_unknown(void)
{
	return u8(t.policy, CFR_POLICY_A_PROFILE, CFR_PROFILE_MAX + 1);
}

static struct node *filter_of_scope_flow(void)
{
	t.scope->data[0] = CFR_SCOPE_FLOW;
	return t.filter;
}

static struct node *epoch_short(void)
{
	set_u32(t.epoch, 59);
	return t.epoch;
}

static struct node *jitter_long(void)
{
	set_u32(t.jitter, 43201);
	return t.jitter;
}

static struct node *effect(void)
{
	return nest(t.policy, CFR_POLICY_A_EFFECT);
}

static struct node *timer_short(void)
{
	set_u32(t.udp, 119);
	return t.udp;
}

static struct node *timer_short_meant(void)
{
	set_u32(t.udp, 1);
	add(t.timers, CFR_TIMERS_A_NONCONFORMANT, "", 0);
	return NULL;
}

static struct node *timer_zero(void)
{
	set_u32(t.hold, 0);
	add(t.timers, CFR_TIMERS_A_NONCONFORMANT, "", 0);
	return t.hold;
}

static struct node *timer_long(void)
{
	set_u32(t.hold, CFR_TIMER_MAX + 1);
	return t.hold;
}

static struct node *priority_unknown(void)
{
	return u8(&t.top, CFR_A_PRIORITY, CFR_PRIORITY_MAX + 1);
}

static struct node *mappings_unknown(void)
{
	return u8(&t.top, CFR_A_MAPPINGS, CFR_MAPPINGS_MAX + 1);
}

static struct node *nothing(void)
{
	t.top.children = 1;
	return NULL;
}

/* What a pool's only prefix may be */
static const struct {
	const char *name;
	const char *addr;
	uint8_t len;
	int err;
	const char *text;
} prefixes[] = {
	{ "an IPv4 prefix with host bits", "198.51.100.1", 24, EINVAL, "beyond its length" },
	{ "an IPv6 prefix with host bits", "2001:db8:0:0:1::", 64, EINVAL, "beyond its length" },
	{ "an IPv4 prefix of /33", "198.51.100.0", 33, EINVAL, "longer than an address" },
	{ "an IPv4 pool of /7", "12.0.0.0", 7, EINVAL, "/8 to /32" },
	{ "an IPv4 pool of /32", "198.51.100.7", 32, 0, "" },
	{ "an IPv6 pool of /31", "2001:db8::", 31, EINVAL, "/32 to /64" },
	{ "an IPv6 pool of /32", "2001:db8::", 32, 0, "" },
	{ "an IPv6 pool of /64", "2001:db8::", 64, 0, "" },
	{ "an IPv6 pool of /65", "2001:db8::", 65, EINVAL, "/32 to /64" },
	{ "a pool of IPv4 loopback", "127.0.0.0", 8, EINVAL, "cannot be in a pool" },
	{ "a pool of IPv4 multicast", "233.252.0.0", 24, EINVAL, "cannot be in a pool" },
	{ "a pool of 0/8", "0.0.0.0", 8, EINVAL, "cannot be in a pool" },
	{ "a pool of IPv6 loopback", "::", 64, EINVAL, "cannot be in a pool" },
	{ "a pool of IPv6 link-local", "fe80::", 64, EINVAL, "cannot be in a pool" },
	{ "a pool of IPv6 multicast", "ff0e::", 64, EINVAL, "cannot be in a pool" },
	{ "a pool with an address of the host", "203.0.113.0", 24, EADDRINUSE, "address of this host" },
};

static const struct {
	const char *name;
	struct node *(*change)(void);
	int err;
	const char *text;
} rules[] = {
	{ "nothing wrong", none, 0, "" },
	{ "a stale generation", stale, EAGAIN, "has changed" },
	{ "a name with a blank", name_with_blank, EINVAL, "a name is made of" },
	{ "a name with a dash in front", name_with_dash, EINVAL, "does not begin" },
	{ "names of 31 bytes", names_long, 0, "" },
	{ "port 0", port_zero, ERANGE, "range" },
	{ "ports upside down", ports_upside_down, EINVAL, "lowest port" },
	{ "two pools of one name", two_pools_one_name, EEXIST, "pool of this name" },
	{ "two pools that overlap", pools_overlap, EEXIST, "overlaps another pool" },
	{ "a pool that overlaps itself", pool_overlaps_itself, EEXIST, "of its pool" },
	{ "a pool of too many prefixes", pool_too_big, E2BIG, "too many" },
	{ "too many pools", too_many_pools, E2BIG, "too many" },
	{ "mark 0", mark_zero, EINVAL, "mark 0" },
	{ "a mark outside its mask", mark_outside_mask, EINVAL, "outside its mask" },
	{ "a mark that matches two policies", mark_matches_two, EEXIST, "another one" },
	{ "two policies of one name", two_policies_one_name, EEXIST, "policy of this name" },
	{ "a policy of an unknown pool", pool_unknown, ENOENT, "no such pool" },
	{ "a policy of a pool twice", pool_twice, EEXIST, "twice" },
	{ "too many policies", too_many_policies, E2BIG, "too many" },
	{ "a policy before its pool", policy_first, 0, "" },
	{ "a bypass twice", bypass_twice, EEXIST, "already" },
	{ "a bypass with host bits", bypass_host_bits, EINVAL, "beyond its length" },
	{ "a bypass of an unknown action", bypass_unknown, ERANGE, "range" },
	{ "a bypass of everything", bypass_all, 0, "" },
	{ "a pool of two scopes", another_profile, EINVAL, "another scope" },
	{ "an unknown profile", profile_unknown, ERANGE, "range" },
	{ "scope flow with a filter of scope endpoint", filter_of_scope_flow, EINVAL, "scope flow filters" },
	{ "an epoch of 59 seconds", epoch_short, ERANGE, "range" },
	{ "a jitter of more than half an epoch", jitter_long, EINVAL, "half an epoch" },
	{ "what only replies have", effect, EINVAL, "not a request's" },
	{ "a timer below its RFC", timer_short, EINVAL, "say nonconformant" },
	{ "a timer below its RFC that is meant", timer_short_meant, 0, "" },
	{ "a timer of 0 seconds", timer_zero, ERANGE, "range" },
	{ "a timer of more than 7 days", timer_long, ERANGE, "range" },
	{ "an unknown priority", priority_unknown, ERANGE, "range" },
	{ "an unknown way to keep mappings", mappings_unknown, ERANGE, "range" },
	{ "nothing at all", nothing, 0, "" },
};

/* Sets what has been changed. */
static void check(const char *name, const struct node *blame, int err,
		  const char *sentence)
{
	struct answer answer = tree_set(&t.top);
	uint32_t before;

	memcpy(&before, t.generation->data, sizeof(before));
	if (err == EAGAIN)
		before++;	/* it was stale */
	if (ktap(answer.err == err && strstr(answer.text, sentence) &&
		 (!err || !blame || answer.offset == blame->offset) &&
		 genl_generation() == before + !err,
		 "%s is %s", name, err ? "refused" : "accepted"))
		return;
	fprintf(ktap_lines, "# errno %d at %u (not %u): %s\n", answer.err,
		answer.offset, blame ? blame->offset : 0, answer.text);
}

static void check_rules(void)
{
	struct node *blame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		start();
		set_prefix(t.prefix, prefixes[i].addr, prefixes[i].len);
		check(prefixes[i].name, t.prefix, prefixes[i].err,
		      prefixes[i].text);
	}
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		start();
		blame = rules[i].change();
		check(rules[i].name, blame, rules[i].err, rules[i].text);
	}
}

int main(void)
{
	genl_begin();
	if (system("ip link set lo up && ip address add 203.0.113.1/32 dev lo"))
		fatal("an address on lo");
	spoil_all();
	check_rules();
	return ktap_end();
}
