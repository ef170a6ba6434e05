// SPDX-License-Identifier: GPL-2.0
// proves: O5 C9
/* What is set is what is got: defaults filled in, in the operator's order, as
 * large as it may be, and in one piece even when another takes its place while
 * it is read.
 */
#include "tree.h"

#define BYPASSES	1000

struct seen {
	uint32_t generation;
	unsigned int first;	/* messages without an object */
	unsigned int mixed;	/* messages of another generation */
	unsigned int pools, policies, bypasses;
	unsigned int disorder;
	bool wrong;
};

static void see_pool(struct seen *seen, struct nlattr *nest)
{
	struct nlattr *tb[CFR_POOL_A_MAX + 1];

	nla_parse_nested(tb, CFR_POOL_A_MAX, nest, NULL);
	seen->wrong |= !tb[CFR_POOL_A_NAME] || !tb[CFR_POOL_A_PREFIX] ||
		       !tb[CFR_POOL_A_PORT_MIN] || !tb[CFR_POOL_A_PORT_MAX];
	if (seen->wrong)
		return;
	seen->wrong |= nla_get_u16(tb[CFR_POOL_A_PORT_MIN]) != 1024 ||
		       nla_get_u16(tb[CFR_POOL_A_PORT_MAX]) != 65535;
	seen->disorder += nla_get_string(tb[CFR_POOL_A_NAME])[0] !=
			  'z' - (char)seen->pools;
	seen->pools++;
}

static void see_policy(struct seen *seen, struct nlattr *nest)
{
	struct nlattr *tb[CFR_POLICY_A_MAX + 1];

	nla_parse_nested(tb, CFR_POLICY_A_MAX, nest, NULL);
	seen->wrong |= !tb[CFR_POLICY_A_MARK] || !tb[CFR_POLICY_A_POOL] ||
		       nla_get_u32(tb[CFR_POLICY_A_MARK]) != 1 ||
		       nla_get_u32(tb[CFR_POLICY_A_MASK]) != 0xff ||
		       strcmp(nla_get_string(tb[CFR_POLICY_A_POOL]), "z");
	seen->policies++;
}

static void see_bypass(struct seen *seen, struct nlattr *nest)
{
	struct nlattr *tb[CFR_BYPASS_A_MAX + 1], *part[CFR_PREFIX_A_MAX + 1];
	const unsigned char *addr;

	nla_parse_nested(tb, CFR_BYPASS_A_MAX, nest, NULL);
	nla_parse_nested(part, CFR_PREFIX_A_MAX, tb[CFR_BYPASS_A_PREFIX],
			 NULL);
	addr = nla_data(part[CFR_PREFIX_A_ADDR]);
	seen->wrong |= nla_len(part[CFR_PREFIX_A_ADDR]) != 4 ||
		       nla_get_u8(part[CFR_PREFIX_A_LEN]) != 24 ||
		       nla_get_u8(tb[CFR_BYPASS_A_ACTION]) != CFR_BYPASS_DROP;
	seen->disorder += (unsigned int)(addr[1] << 8 | addr[2]) !=
			  BYPASSES - seen->bypasses;
	seen->bypasses++;
}

static int see(const struct nlmsghdr *nlh, void *data)
{
	struct nlattr *tb[CFR_A_MAX + 1];
	struct seen *seen = data;

	nlmsg_parse((void *)nlh, GENL_HDRLEN, tb, CFR_A_MAX, NULL);
	if (!tb[CFR_A_GENERATION]) {
		seen->wrong = true;
		return 0;
	}
	if (!tb[CFR_A_POOL] && !tb[CFR_A_POLICY] && !tb[CFR_A_BYPASS])
		seen->first++;
	if (nla_get_u32(tb[CFR_A_GENERATION]) != seen->generation)
		seen->mixed++;
	if (tb[CFR_A_POOL])
		see_pool(seen, tb[CFR_A_POOL]);
	if (tb[CFR_A_POLICY])
		see_policy(seen, tb[CFR_A_POLICY]);
	if (tb[CFR_A_BYPASS])
		see_bypass(seen, tb[CFR_A_BYPASS]);
	return 0;
}

static struct seen get(uint32_t generation)
{
	struct seen seen = { .generation = generation };

	genl_talk(genl_request(CFR_CMD_CONFIG_GET, NLM_F_DUMP), see, &seen);
	return seen;
}

static struct answer set_empty(void)
{
	struct node top = {};

	u32(&top, CFR_A_GENERATION, genl_generation());
	return tree_set(&top);
}

static struct answer set_large(void)
{
	struct node top = {}, *object;
	char text_of[32];
	int i;

	u32(&top, CFR_A_GENERATION, genl_generation());
	object = nest(&top, CFR_A_POLICY);
	text(object, CFR_POLICY_A_NAME, "p");
	u32(object, CFR_POLICY_A_MARK, 1);
	u32(object, CFR_POLICY_A_MASK, 0xff);
	text(object, CFR_POLICY_A_POOL, "z");
	for (i = 0; i < 26; i++) {
		object = nest(&top, CFR_A_POOL);
		snprintf(text_of, sizeof(text_of), "%c", 'z' - i);
		text(object, CFR_POOL_A_NAME, text_of);
		snprintf(text_of, sizeof(text_of), "11.%d.0.0", 26 - i);
		add_prefix(object, CFR_POOL_A_PREFIX, text_of, 16);
	}
	for (i = BYPASSES; i > 0; i--) {
		object = nest(&top, CFR_A_BYPASS);
		snprintf(text_of, sizeof(text_of), "20.%d.%d.0", i >> 8,
			 i & 0xff);
		add_prefix(object, CFR_BYPASS_A_PREFIX, text_of, 24);
		u8(object, CFR_BYPASS_A_ACTION, CFR_BYPASS_DROP);
	}
	return tree_set(&top);
}

static bool whole(const struct seen *seen)
{
	return !seen->wrong && !seen->mixed && !seen->disorder &&
	       seen->first == 1 && seen->pools == 26 && seen->policies == 1 &&
	       seen->bypasses == BYPASSES;
}

/* A dump fills the socket's buffer only once it is read on: what is between
 * its first message and its last is a change.
 */
static void replaced_meanwhile(void)
{
	struct seen seen = { .generation = genl_generation() };
	struct answer reading = { .each = see, .data = &seen };
	struct nl_sock *reader = genl_socket;
	struct answer answer;

	genl_send(genl_request(CFR_CMD_CONFIG_GET, NLM_F_DUMP));
	genl_open();
	answer = set_empty();
	ktap(!answer.err && genl_generation() == seen.generation + 1,
	     "another takes its place while it is read");
	nl_socket_free(genl_socket);
	genl_socket = reader;
	genl_receive(&reading);
	ktap(!reading.err && whole(&seen), "what was begun is read to its end");
	seen = get(seen.generation + 1);
	ktap(seen.first == 1 && !seen.mixed && !seen.pools && !seen.bypasses,
	     "the next read is of the other");
}

/* A socket that is closed in the middle of a dump lets go of what it read. */
static void abandoned(void)
{
	struct nl_sock *reader = genl_socket;

	genl_open();
	genl_send(genl_request(CFR_CMD_CONFIG_GET, NLM_F_DUMP));
	nl_socket_free(genl_socket);
	genl_socket = reader;
	ktap(!set_empty().err && !set_large().err,
	     "a change after a dump that nobody read to its end");
}

int main(void)
{
	struct answer answer;
	struct seen seen;

	genl_begin();
	seen = get(0);
	ktap(seen.first == 1 && !seen.pools && !seen.policies &&
	     !seen.bypasses && !seen.wrong,
	     "a new namespace has an empty configuration");
	answer = set_large();
	ktap(!answer.err, "a large configuration is accepted");
	seen = get(genl_generation());
	ktap(whole(&seen), "it is read back whole, in order, with defaults");
	abandoned();
	replaced_meanwhile();
	return ktap_end();
}
