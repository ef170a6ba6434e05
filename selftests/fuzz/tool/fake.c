// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "command.h"
#include "fake.h"
#include "nl_conf.h"
#include "nlmsg.h"
#include "print.h"
#include "ruleset.h"

#define FAMILY_ID	0x20

static struct {
	const uint8_t *data;
	size_t size;
	bool honest;
	bool family;
	bool listens;	/* to events, which are the input's, or none */
	/* the beginning of the last one */
	uint64_t request[8];
	unsigned int answers;	/* to it */
} kernel;

void fake_kernel(const uint8_t *data, size_t size, bool family)
{
	kernel.data = data;
	kernel.size = size;
	kernel.family = family;
	kernel.honest = false;
}

void fake_kernel_honest(void)
{
	kernel.honest = true;
}

/* --- libmnl's sockets */

struct mnl_socket *mnl_socket_open(int bus)
{
	(void)bus;
	return (struct mnl_socket *)&kernel;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	kernel.listens = false;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf,
			  socklen_t len)
{
	(void)nl;
	(void)buf;
	(void)len;
	kernel.listens |= type == NETLINK_ADD_MEMBERSHIP;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return -1;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req,
			  size_t size)
{
	size_t kept = size < sizeof(kernel.request) ? size :
		      sizeof(kernel.request);

	(void)nl;
	memcpy(kernel.request, req, kept);
	kernel.answers = 0;
	return size;
}

/* Nothing but the number of the request is made to fit. */
static void set_seq(void *buffer, size_t size)
{
	const struct nlmsghdr *request = (const void *)kernel.request;
	struct nlmsghdr *nlh = buffer;
	int rest = size;

	while (nlmsg_ok(nlh, rest)) {
		nlh->nlmsg_seq = request->nlmsg_seq;
		nlh->nlmsg_pid = 0;
		nlh = mnl_nlmsg_next(nlh, &rest);
	}
}

static ssize_t from_input(void *buffer, size_t room)
{
	size_t size;

	if (kernel.size < 2) {
		errno = ECONNRESET;
		return -1;
	}
	size = kernel.data[0] | kernel.data[1] << 8;
	kernel.data += 2;
	kernel.size -= 2;
	if (size > kernel.size)
		size = kernel.size;
	if (size > room)
		size = room;
	memcpy(buffer, kernel.data, size);
	kernel.data += size;
	kernel.size -= size;
	set_seq(buffer, size);
	return size;
}

static ssize_t end(void *buffer, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nlmsgerr *error;

	nlh->nlmsg_type = type;
	error = mnl_nlmsg_put_extra_header(nlh, sizeof(*error));
	error->error = 0;
	set_seq(buffer, nlh->nlmsg_len);
	return nlh->nlmsg_len;
}

static struct nlmsghdr *genl(void *buffer, uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *header;

	nlh->nlmsg_type = type;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->cmd = cmd;
	return nlh;
}

static ssize_t tell_family(void *buffer)
{
	struct nlmsghdr *nlh;

	if (kernel.answers++)
		return end(buffer, NLMSG_ERROR);
	nlh = genl(buffer, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY_ID);
	mnl_attr_put_u32(nlh, CTRL_ATTR_VERSION, CFR_GENL_VERSION);
	set_seq(buffer, nlh->nlmsg_len);
	return nlh->nlmsg_len;
}

/* A configuration with one of each, whatever was set before */
static ssize_t tell_conf(void *buffer)
{
	struct prefix prefix = { .family = AF_INET, .addr = { 198, 51, 100 },
				 .len = 24 };
	struct nl_places places = {};
	struct conf conf = {};
	struct nlmsghdr *nlh;

	strcpy(conf_add_pool(&conf)->name, "web4");
	*pool_add_prefix(&conf.pool[0]) = prefix;
	*conf_add_policy(&conf) = (struct policy){
		.name = "homes", .mark = 1, .mask = 0xff,
	};
	strcpy(policy_add_pool(&conf.policy[0]), "web4");
	prefix.addr[2]++;
	conf_add_bypass(&conf)->prefix = prefix;
	nlh = genl(buffer, FAMILY_ID, CFR_CMD_CONFIG_GET);
	nl_conf_encode(nlh, &conf, &places);
	nl_places_free(&places);
	conf_free(&conf);
	set_seq(buffer, nlh->nlmsg_len);
	return nlh->nlmsg_len;
}

static ssize_t tell_honestly(void *buffer)
{
	const struct nlmsghdr *nlh = (const void *)kernel.request;
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == GENL_ID_CTRL)
		return tell_family(buffer);
	if (nlh->nlmsg_type == FAMILY_ID && nlh->nlmsg_flags & NLM_F_DUMP) {
		if (kernel.answers++)
			return end(buffer, NLMSG_DONE);
		if (header->cmd == CFR_CMD_CONFIG_GET)
			return tell_conf(buffer);
	}
	return end(buffer, NLMSG_ERROR);
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
			    size_t bufsiz)
{
	const struct nlmsghdr *request = (const void *)kernel.request;

	(void)nl;
	if (kernel.listens)
		return from_input(buf, bufsiz);
	if (kernel.honest)
		return tell_honestly(buf);
	if (kernel.family && request->nlmsg_type == GENL_ID_CTRL)
		return tell_family(buf);
	return from_input(buf, bufsiz);
}

/* --- files and programs, under the names that the Makefile gives them */

FILE *fake_fopen(const char *path, const char *mode)
{
	static const char text[] =
		"pool web4 prefix 198.51.100.0/24\n"
		"policy homes mark 0x1/0xff pool web4\n";

	if (*path == '/')
		return fmemopen((void *)text, sizeof(text) - 1, mode);
	errno = ENOENT;
	return NULL;
}

int fake_open(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	errno = EACCES;
	return -1;
}

int fake_spawnp(pid_t *pid, const char *file,
		const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attr, char *const argv[],
		char *const envp[])
{
	(void)file;
	(void)actions;
	(void)attr;
	(void)argv;
	(void)envp;
	*pid = 1;
	return 0;
}

pid_t fake_waitpid(pid_t pid, int *status, int options)
{
	(void)options;
	*status = 0;
	return pid;
}

void fake_stdin(const uint8_t *data, size_t size)
{
	static FILE *file;

	if (file)
		fclose(file);
	file = size ? fmemopen((void *)data, size, "r") :
		      fopen("/dev/null", "r");
	stdin = file;
}

/* --- oracles */

char *fake_show(const struct conf *conf)
{
	FILE *out = stdout;
	char *text = NULL;
	size_t length;

	stdout = open_memstream(&text, &length);
	print_conf(conf, PRINT_ALL, false);
	fclose(stdout);
	stdout = out;
	return text;
}

static void must_show(const struct conf *conf, const char *want)
{
	char *text = fake_show(conf);

	if (strcmp(text, want))
		abort();
	free(text);
}

static void through_netlink(const struct conf *conf, const char *want)
{
	void *buffer = calloc(1, 64 + nl_conf_bound(conf));
	struct nlmsghdr *nlh = genl(buffer, FAMILY_ID, CFR_CMD_CONFIG_SET);
	struct nl_places places = {};
	struct conf again = {};

	nl_conf_encode(nlh, conf, &places);
	if (nl_conf_decode(nlh, &again))
		abort();
	must_show(&again, want);
	conf_free(&again);
	nl_places_free(&places);
	free(buffer);
}

void fake_check(const struct conf *conf)
{
	struct interfaces none = {};
	char *text = fake_show(conf);
	size_t length;
	char *rules;
	FILE *out;

	through_netlink(conf, text);
	print_conf(conf, PRINT_ALL, true);
	out = open_memstream(&rules, &length);
	ruleset_table(out, conf, &none);
	fclose(out);
	free(rules);
	free(text);
}
