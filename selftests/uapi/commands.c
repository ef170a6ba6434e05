// SPDX-License-Identifier: GPL-2.0
// proves: L5 O12
/* The family's commands are the ones that the header names, and no others:
 * there is none that could show a flow. All of them are for the namespace's
 * administrator only.
 */
#include "genl.h"

#include <sys/wait.h>

static const struct command {
	uint8_t id;
	bool dump;
	const char *name;
} commands[] = {
	{ CFR_CMD_CONFIG_GET, true, "config-get" },
	{ CFR_CMD_CONFIG_SET, false, "config-set" },
	{ CFR_CMD_FLUSH, false, "flush" },
	{ CFR_CMD_STATS_GET, true, "stats-get" },
};

static const struct command *known(unsigned int id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].id == id)
			return &commands[i];
	return NULL;
}

static int flags_of(bool dump)
{
	return dump ? NLM_F_DUMP : NLM_F_ACK;
}

static void sweep(bool dump)
{
	unsigned int id, wrong = 0, first = 0;

	for (id = 0; id <= UINT8_MAX; id++) {
		const struct command *command = known(id);
		struct answer answer;
		bool exists;

		answer = genl_talk(genl_request(id, flags_of(dump)), NULL,
				   NULL);
		exists = answer.err != EOPNOTSUPP;
		if (exists == (command && command->dump == dump))
			continue;
		if (!wrong++)
			first = id;
	}
	if (wrong)
		ktap(false, "%s requests: %u ids are wrong, the first is %u",
		     dump ? "dump" : "do", wrong, first);
	else
		ktap(true, "%s requests: no id but the known answers",
		     dump ? "dump" : "do");
}

struct family {
	unsigned int ops;
	unsigned int strangers;
	unsigned int open;	/* to others than the administrator */
	unsigned int groups;
	uint32_t version;
};

static int on_family(const struct nlmsghdr *nlh, void *data)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *op[CTRL_ATTR_OP_MAX + 1];
	struct family *family = data;
	struct nlattr *attr;
	int rest;

	if (nlmsg_parse((void *)nlh, GENL_HDRLEN, tb, CTRL_ATTR_MAX, NULL))
		return 0;
	if (tb[CTRL_ATTR_VERSION])
		family->version = nla_get_u32(tb[CTRL_ATTR_VERSION]);
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		nla_for_each_nested(attr, tb[CTRL_ATTR_MCAST_GROUPS], rest)
			family->groups++;
	if (!tb[CTRL_ATTR_OPS])
		return 0;
	nla_for_each_nested(attr, tb[CTRL_ATTR_OPS], rest) {
		nla_parse_nested(op, CTRL_ATTR_OP_MAX, attr, NULL);
		family->ops++;
		if (!known(nla_get_u32(op[CTRL_ATTR_OP_ID])))
			family->strangers++;
		if (!(nla_get_u32(op[CTRL_ATTR_OP_FLAGS]) &
		      GENL_UNS_ADMIN_PERM))
			family->open++;
	}
	return 0;
}

static void check_family(void)
{
	struct nl_msg *msg = nlmsg_alloc_simple(GENL_ID_CTRL, NLM_F_ACK);
	struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct family family = {};

	nlmsg_append(msg, &genl, sizeof(genl), NLMSG_ALIGNTO);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, CFR_GENL_NAME);
	genl_talk(msg, on_family, &family);
	ktap(family.version == CFR_GENL_VERSION, "version");
	ktap(family.ops == ARRAY_SIZE(commands) && !family.strangers,
	     "registered: the known commands");
	ktap(family.ops && !family.open,
	     "registered: all for the administrator only");
	ktap(family.groups == 1, "registered: one group to listen to, of events");
}

/* Refusals that are about the header or about what follows it */
static void header(const struct command *command)
{
	struct nl_msg *msg;
	struct answer answer;

	msg = genl_request(command->id, flags_of(command->dump));
	((struct genlmsghdr *)nlmsg_data(nlmsg_hdr(msg)))->reserved = 1;
	answer = genl_talk(msg, NULL, NULL);
	ktap(answer.err == EINVAL, "%s: reserved bits are refused",
	     command->name);

	msg = genl_request(command->id, flags_of(command->dump));
	nla_put_u32(msg, CFR_A_MAX + 1, 0);
	answer = genl_talk(msg, NULL, NULL);
	ktap(answer.err == EINVAL && *answer.text,
	     "%s: an unknown attribute is refused", command->name);

	msg = genl_request(command->id, flags_of(command->dump));
	nla_put_string(msg, CFR_A_WARNING, "x");
	answer = genl_talk(msg, NULL, NULL);
	ktap(answer.err == EINVAL && *answer.text,
	     "%s: an attribute of another command is refused", command->name);

	msg = genl_request(command->id, flags_of(command->dump));
	memset(nlmsg_reserve(msg, 2, 0), 0xff, 2);
	answer = genl_talk(msg, NULL, NULL);
	ktap(answer.err == EINVAL, "%s: half an attribute is refused",
	     command->name);
}

static void plain(const struct command *command)
{
	struct answer answer;

	answer = genl_talk(genl_request(command->id, flags_of(command->dump)),
			   NULL, NULL);
	if (command->id == CFR_CMD_CONFIG_SET)
		ktap(answer.err == EINVAL && strstr(answer.text, "generation"),
		     "%s without attributes is refused", command->name);
	else
		ktap(!answer.err && !command->dump == !answer.messages,
		     "%s without attributes", command->name);
}

/* In a child, since it never gets its rights back. */
static int as_stranger(bool own_namespace)
{
	unsigned int i;
	int status;

	if (!fork()) {
		if (own_namespace) {
			if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
				_exit(KSFT_SKIP);
		} else if (setgid(65534) || setuid(65534)) {
			_exit(KSFT_SKIP);
		}
		genl_open();
		for (i = 0; i < ARRAY_SIZE(commands); i++) {
			struct answer answer;

			answer = genl_talk(genl_request(commands[i].id,
							flags_of(commands[i].dump)),
					   NULL, NULL);
			if ((answer.err == EPERM) == own_namespace)
				_exit(1);
		}
		_exit(0);
	}
	wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void)
{
	unsigned int i;
	int status;

	genl_begin();
	check_family();
	sweep(false);
	sweep(true);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		plain(&commands[i]);
		header(&commands[i]);
	}
	ktap(as_stranger(false) == 0, "all are refused to an ordinary user");
	status = as_stranger(true);
	ktap(status == 0 || status == KSFT_SKIP,
	     "none is refused to a user namespace's own administrator%s",
	     status == KSFT_SKIP ? " # SKIP no user namespaces" : "");
	return ktap_end();
}
