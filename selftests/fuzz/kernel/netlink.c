// SPDX-License-Identifier: GPL-2.0
/* netlink SECONDS SEED ROLE: throw messages at the family "cfr".
 *
 * ROLE root		as it is
 *	nobody		after giving up all privileges: nothing may succeed
 *	userns		in a user and a network namespace of its own
 *	exits		configures one network namespace after the other, has traffic in
 *			it and leaves it, so that all of it ends at once
 *	traffic		sends marked packets for others to configure around
 *
 * Configurations are made by the grammar of uapi/linux/cfr.h, then bent: missing,
 * doubled, unknown and wrongly nested attributes, wrong sizes, lying lengths.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/cfr.h>

#include "frame.h"

#define ROOM		(60 * 1024)
#define KEEP_SECONDS	1	/* how long a namespace lasts at most */

static uint8_t message[ROOM], reply[1 << 16], kept[ROOM];
static unsigned int kept_len;
static uint16_t family;
static uint32_t generation;
static bool bend;
static unsigned long accepted, refused;

/* What came back of one message */
struct answer {
	int error;		/* as the last acknowledgement says, or 1: none */
	bool said;		/* with a sentence */
	bool data;		/* messages of the family itself */
};

static struct nlmsghdr *header(void)
{
	return (struct nlmsghdr *)message;
}

static struct nlattr *tail(void)
{
	return (struct nlattr *)(message + NLMSG_ALIGN(header()->nlmsg_len));
}

static void begin(uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct genlmsghdr *genl = (struct genlmsghdr *)(header() + 1);

	memset(message, 0, NLMSG_LENGTH(GENL_HDRLEN));
	header()->nlmsg_type = type;
	header()->nlmsg_flags = NLM_F_REQUEST | flags;
	header()->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	genl->cmd = cmd;
	genl->version = bend && chance(5) ? random64() : CFR_GENL_VERSION;
}

static void attribute(uint16_t type, const void *data, unsigned int len)
{
	struct nlattr *nla = tail();

	if (header()->nlmsg_len + len + 64 > ROOM)
		return;
	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	memset(nla + 1, 0, NLA_ALIGN(len));
	memcpy(nla + 1, data, len);
	header()->nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
}

static void junk(uint16_t type)
{
	uint8_t data[64];

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = random64();
	attribute(type, data, below(sizeof(data)));
}

/* An attribute as it should be, or one of the ways in which it should not */
static void put(uint16_t type, const void *data, unsigned int len)
{
	if (!bend || chance(92))
		return attribute(type, data, len);
	switch (below(8)) {
	case 0:
		return;
	case 1:
		attribute(type, data, len);
		return attribute(type, data, len);
	case 2:
		return attribute(type, data, len ? below(len) : 0);
	case 3:
		return junk(type);
	case 4:
		return junk(chance(50) ? below(20) : random64());
	case 5:
		return attribute(type ^ (chance(50) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER),
				 data, len);
	case 6:	/* longer or shorter than it says */
		attribute(type, data, len);
		((struct nlattr *)((uint8_t *)tail() - NLA_ALIGN(len) - NLA_HDRLEN))
			->nla_len = random64() % (chance(80) ? 64 : 0x10000);
		return;
	default:
		return attribute(random64(), data, len);
	}
}

static struct nlattr *nest(uint16_t type)
{
	struct nlattr *nla = tail();

	attribute(type | (bend && chance(5) ? 0 : NLA_F_NESTED), NULL, 0);
	return nla;
}

static void end(struct nlattr *nla)
{
	nla->nla_len = (uint8_t *)tail() - (uint8_t *)nla;
	if (bend && chance(3))
		nla->nla_len = random64() % (chance(80) ? nla->nla_len + 16u : 0x10000);
	if (bend && chance(2))
		junk(random64() % 8);
}

static void put8(uint16_t type, uint8_t value)
{
	put(type, &value, 1);
}

static void put_u16(uint16_t type, uint16_t value)
{
	put(type, &value, 2);
}

static void put32(uint16_t type, uint32_t value)
{
	put(type, &value, 4);
}

static void put_name(uint16_t type, const char *prefix, unsigned int number)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%u%s", prefix, number,
		 bend && chance(3) ? " so long a name that no room is left for it" : "");
	put(type, name, strlen(name) + 1);
}

/* Distinct for distinct numbers, unless bent */
static void put_prefix(uint16_t type, unsigned int number)
{
	struct nlattr *nla = nest(type);
	uint8_t addr[16] = {};

	if (number & 1) {
		inet_pton(AF_INET6, "2001:db8:cf00::", addr);
		addr[6] = number;
		addr[7] = number >> 8;
		if (bend && chance(5))
			addr[below(16)] = random64();
		put(CFR_PREFIX_A_ADDR, addr, 16);
		put8(CFR_PREFIX_A_LEN, bend && chance(10) ? random64() : 64);
	} else {
		inet_pton(AF_INET, "198.18.0.0", addr);
		addr[2] = number >> 1;
		addr[1] += number >> 9;
		if (bend && chance(5))
			addr[below(4)] = random64();
		put(CFR_PREFIX_A_ADDR, addr, 4);
		put8(CFR_PREFIX_A_LEN, bend && chance(10) ? random64() : 24);
	}
	end(nla);
}

/* Each of them or not, and not all at once what fits together: the module says what does not */
static void put_knobs(void)
{
	struct nlattr *nla = nest(CFR_POLICY_A_KNOBS);

	if (chance(50))
		put8(CFR_KNOBS_A_SCOPE, below(__CFR_SCOPE_MAX));
	if (chance(30))
		put8(CFR_KNOBS_A_FILTER, below(__CFR_FILTER_MAX));
	if (chance(30))
		put8(CFR_KNOBS_A_HAIRPIN, below(2));
	if (chance(50))
		put8(CFR_KNOBS_A_PAIRING, below(__CFR_PAIRING_MAX));
	if (chance(30))
		put32(CFR_KNOBS_A_EPOCH, 60 + below(200));
	if (chance(30))
		put32(CFR_KNOBS_A_JITTER, below(100));
	if (chance(30))
		put8(CFR_KNOBS_A_NORMALISE, below(__CFR_NORMALISE_MAX));
	if (chance(30))
		put32(CFR_KNOBS_A_TOUCH, random64() & (chance(90) ? CFR_FIELDS : ~0U));
	if (chance(30))
		put32(CFR_KNOBS_A_LEAVE, random64() & random64() & CFR_FIELDS);
	if (chance(30))
		put32(CFR_KNOBS_A_ENTROPY, below(chance(50) ? 24 : CFR_ENTROPY_MAX + 2));
	if (chance(30))
		put8(CFR_KNOBS_A_LOW, below(__CFR_LOW_MAX));
	if (chance(30))
		put32(CFR_KNOBS_A_ANONYMITY, below(chance(50) ? 4 : CFR_ANONYMITY_MAX + 2));
	end(nla);
}

static void put_policy(unsigned int number, unsigned int pools)
{
	struct nlattr *nla = nest(CFR_A_POLICY);

	put_name(CFR_POLICY_A_NAME, "policy", number);
	put32(CFR_POLICY_A_MARK, number + 1);
	put32(CFR_POLICY_A_MASK, 0xff);
	for (unsigned int i = 1 + (chance(80) ? 0 : below(20)); i; i--)
		put_name(CFR_POLICY_A_POOL, "pool", below(pools));
	if (chance(50))
		put8(CFR_POLICY_A_PROFILE, below(__CFR_PROFILE_MAX));
	if (chance(40))
		put_knobs();
	end(nla);
}

static void put_timers(void)
{
	struct nlattr *nla = nest(CFR_A_TIMERS);

	for (uint16_t type = CFR_TIMERS_A_UDP; type <= CFR_TIMERS_A_HOLD; type++)
		if (chance(40))
			put32(type, 1 + below(chance(50) ? 10 : 10000));
	if (chance(70))
		put(CFR_TIMERS_A_NONCONFORMANT, NULL, 0);
	end(nla);
}

static void put_config(void)
{
	unsigned int pools = chance(90) ? 1 + below(4) : below(300), prefix = 0;
	unsigned int policies = chance(90) ? below(4) : below(40);
	struct nlattr *nla;

	put32(CFR_A_GENERATION, bend && chance(5) ? random64() : generation);
	for (unsigned int i = 0; i < pools; i++) {
		nla = nest(CFR_A_POOL);
		put_name(CFR_POOL_A_NAME, "pool", i);
		for (unsigned int j = 1 + (chance(97) ? below(3) : below(80)); j; j--)
			put_prefix(CFR_POOL_A_PREFIX, prefix++);
		if (chance(30))
			put_u16(CFR_POOL_A_PORT_MIN, 1 + below(1024));
		if (chance(30))
			put_u16(CFR_POOL_A_PORT_MAX, 1024 + below(64000));
		end(nla);
	}
	for (unsigned int i = 0; pools && i < policies; i++)
		put_policy(i, pools);
	for (unsigned int i = chance(95) ? below(4) : below(1200); i; i--) {
		nla = nest(CFR_A_BYPASS);
		put_prefix(CFR_BYPASS_A_PREFIX, 1000 + i);
		put8(CFR_BYPASS_A_ACTION, below(bend ? 3 : 2));
		end(nla);
	}
	if (chance(30))
		put_timers();
	if (chance(30))
		put8(CFR_A_PRIORITY, below(__CFR_PRIORITY_MAX));
	if (chance(20))
		put8(CFR_A_MAPPINGS, below(__CFR_MAPPINGS_MAX));
}

static struct nlattr *next(struct nlattr *nla)
{
	return (struct nlattr *)((uint8_t *)nla + NLA_ALIGN(nla->nla_len));
}

/* An object of a dump without what only replies have */
static void keep(const struct nlattr *object)
{
	struct nlattr *copy = (struct nlattr *)(kept + kept_len), *nla = copy + 1;

	if (kept_len + NLA_ALIGN(object->nla_len) > ROOM) {
		kept_len = ROOM;	/* and nothing goes back */
		return;
	}
	memcpy(copy, object, NLA_ALIGN(object->nla_len));
	while ((object->nla_type & NLA_TYPE_MASK) == CFR_A_POLICY &&
	       (uint8_t *)nla < (uint8_t *)next(copy)) {
		if ((nla->nla_type & NLA_TYPE_MASK) == CFR_POLICY_A_EFFECT)
			copy->nla_len = (uint8_t *)nla - (uint8_t *)copy;	/* the last */
		else
			nla = next(nla);
	}
	kept_len += NLA_ALIGN(copy->nla_len);
}

/* Keep what a dump says, for a configuration to go back as it came. */
static void heard(const struct nlmsghdr *nlh, struct answer *answer)
{
	const uint8_t *at = (const uint8_t *)(nlh + 1) + GENL_HDRLEN;
	const uint8_t *last = (const uint8_t *)nlh + nlh->nlmsg_len;

	answer->data = true;
	while (at + NLA_HDRLEN <= last) {
		const struct nlattr *nla = (const struct nlattr *)at;
		unsigned int type = nla->nla_type & NLA_TYPE_MASK;

		if (nla->nla_len < NLA_HDRLEN)
			return;
		if (type == CFR_A_GENERATION)
			memcpy(&generation, nla + 1, 4);
		else if (type <= CFR_A_MAPPINGS)
			keep(nla);
		at += NLA_ALIGN(nla->nla_len);
	}
}

static void heard_error(const struct nlmsghdr *nlh, struct answer *answer)
{
	const struct nlmsgerr *err = (const struct nlmsgerr *)(nlh + 1);

	answer->error = -err->error;
	answer->said = nlh->nlmsg_flags & NLM_F_ACK_TLVS;
}

static struct answer ask(int fd)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct answer answer = { .error = 1 };
	ssize_t got;

	if (sendto(fd, message, header()->nlmsg_len, 0, (void *)&kernel,
		   sizeof(kernel)) < 0)
		return answer;
	while ((got = recv(fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)reply;

		for (; NLMSG_OK(nlh, got); nlh = NLMSG_NEXT(nlh, got)) {
			if (nlh->nlmsg_type == NLMSG_ERROR)
				heard_error(nlh, &answer);
			else if (nlh->nlmsg_type == NLMSG_DONE)
				answer.error = 0;
			else if (nlh->nlmsg_type == family)
				heard(nlh, &answer);
		}
	}
	return answer;
}

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), on = 1;

	if (fd < 0) {
		perror("socket");
		exit(2);
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return fd;
}

static void find_family(int fd)
{
	uint8_t *at;
	ssize_t got;

	begin(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	attribute(CTRL_ATTR_FAMILY_NAME, CFR_GENL_NAME, sizeof(CFR_GENL_NAME));
	ask(fd);
	/* the answer is in reply[]: its second attribute is the id */
	got = ((struct nlmsghdr *)reply)->nlmsg_len;
	for (at = reply + NLMSG_LENGTH(GENL_HDRLEN); at < reply + got;
	     at += NLA_ALIGN(((struct nlattr *)at)->nla_len))
		if (((struct nlattr *)at)->nla_type == CTRL_ATTR_FAMILY_ID)
			memcpy(&family, at + NLA_HDRLEN, 2);
	if (!family) {
		fprintf(stderr, "no family %s\n", CFR_GENL_NAME);
		exit(2);
	}
}

static void fail(const char *what, uint8_t cmd, const struct answer *answer)
{
	printf("# %s: command %u, error %d (%s)\n#", what, cmd, answer->error,
	       strerror(answer->error));
	for (unsigned int i = 0; i < header()->nlmsg_len && i < 512; i++)
		printf(" %02x", message[i]);
	printf("\n");
	exit(1);
}

static void get_config(int fd)
{
	kept_len = 0;
	begin(family, NLM_F_DUMP, CFR_CMD_CONFIG_GET);
	ask(fd);
}

/* What is in force is accepted when it comes again. */
static void put_back(int fd)
{
	struct answer answer;

	bend = false;
	get_config(fd);
	begin(family, NLM_F_ACK, CFR_CMD_CONFIG_SET);
	attribute(CFR_A_GENERATION, &generation, 4);
	if (header()->nlmsg_len + kept_len > ROOM)
		return;
	memcpy(tail(), kept, kept_len);
	header()->nlmsg_len += kept_len;
	answer = ask(fd);
	if (answer.error && answer.error != EAGAIN && answer.error != ENOSPC)
		fail("a configuration is refused as it came", CFR_CMD_CONFIG_SET, &answer);
}

static void one_message(int fd, bool allowed)
{
	uint16_t flags = NLM_F_ACK;
	struct answer answer;
	uint8_t cmd;

	bend = chance(60);
	cmd = chance(60) ? CFR_CMD_CONFIG_SET : chance(80) ? 1 + below(4) : random64();
	if (cmd == CFR_CMD_CONFIG_GET || cmd == CFR_CMD_STATS_GET)
		flags |= NLM_F_DUMP;
	if (bend && chance(10))
		flags ^= random64();
	begin(family, flags, cmd);
	if (cmd == CFR_CMD_CONFIG_SET || (bend && chance(10)))
		put_config();
	if (bend && chance(3))
		header()->nlmsg_len = NLMSG_HDRLEN + below(header()->nlmsg_len);
	kept_len = 0;
	answer = ask(fd);
	if (answer.error)
		refused++;
	else
		accepted++;

	if (!allowed && cmd >= 1 && cmd <= CFR_CMD_MAX && (!answer.error || answer.data))
		fail("the unprivileged got through", cmd, &answer);
	if (!allowed || cmd != CFR_CMD_CONFIG_SET)
		return;
	if (!bend && answer.error && answer.error != EAGAIN && !answer.said)
		fail("a refusal without a sentence", cmd, &answer);
	if (answer.error == EAGAIN || chance(2))
		get_config(fd);
	if (!answer.error && chance(10))
		put_back(fd);
}

static void unprivileged(void)
{
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)) {
		perror("setresuid");
		exit(2);
	}
}

static void new_namespaces(int flags)
{
	if (unshare(flags)) {
		perror("unshare");
		exit(2);
	}
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP, .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
}

/* Marked datagrams of the host's own, to remotes and to pools */
static void send_some(unsigned int count)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), mark = 1 + below(3);

	setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	while (count--) {
		struct sockaddr_in to = {
			.sin_family = AF_INET, .sin_port = htons(1 + below(65535)),
			.sin_addr.s_addr = htonl((chance(90) ? 0xcb007100 : 0xc6120000) +
						 below(256)),
		};

		sendto(fd, "datagram", 8, MSG_DONTWAIT, (void *)&to, sizeof(to));
	}
	close(fd);
}

/* A child's namespace ends with it, its configuration and flows with that. */
static void one_namespace(void)
{
	pid_t child = fork();
	time_t until;
	int fd;

	if (child) {
		waitpid(child, NULL, 0);
		random64();
		return;
	}
	new_namespaces(CLONE_NEWNET);
	loopback_up();
	fd = open_socket();
	until = time(NULL) + KEEP_SECONDS;
	for (int i = below(20); i && time(NULL) < until; i--) {
		one_message(fd, true);
		send_some(below(20));
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *role = argc == 4 ? argv[3] : "";
	bool nobody = !strcmp(role, "nobody");
	unsigned long number = 0;
	time_t start = time(NULL);
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: netlink SECONDS SEED root|nobody|userns|exits|traffic\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	random_seed(strtoull(argv[2], NULL, 0) ^ role[0]);
	find_family(open_socket());
	if (!strcmp(role, "userns"))
		new_namespaces(CLONE_NEWUSER | CLONE_NEWNET);
	if (nobody)
		unprivileged();
	fd = open_socket();
	if (!nobody)
		get_config(fd);
	for (; time(NULL) < start + atoi(argv[1]); number++) {
		if (!strcmp(role, "exits"))
			one_namespace();
		else if (!strcmp(role, "traffic"))
			send_some(100);
		else
			one_message(fd, !nobody);
	}
	printf("# %s, seed %s: %lu rounds, %lu accepted, %lu refused, %.0f per second\n",
	       role, argv[2], number, accepted, refused,
	       number / (double)atoi(argv[1]));
	return 0;
}
