/* SPDX-License-Identifier: GPL-2.0 */
/* A client of the family on libnl, which shares no code with the tool, and
 * KTAP. Every program here has one socket and one stream of results.
 */
#ifndef UAPI_GENL_H
#define UAPI_GENL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <linux/cfr.h>
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KSFT_SKIP	4
#define MESSAGE_MAX	(1 << 20)

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Results, kept until the plan is known */

static FILE *ktap_lines;
static char *ktap_text;
static size_t ktap_bytes;
static unsigned int ktap_passed, ktap_failed;

static inline bool ktap(bool ok, const char *format, ...)
{
	va_list args;

	if (!ktap_lines)
		ktap_lines = open_memstream(&ktap_text, &ktap_bytes);
	if (ok)
		ktap_passed++;
	else
		ktap_failed++;
	fprintf(ktap_lines, "%sok %u ", ok ? "" : "not ",
		ktap_passed + ktap_failed);
	va_start(args, format);
	vfprintf(ktap_lines, format, args);
	va_end(args);
	fputc('\n', ktap_lines);
	return ok;
}

static inline int ktap_end(void)
{
	fclose(ktap_lines);
	printf("KTAP version 1\n1..%u\n%s# Totals: pass:%u fail:%u\n",
	       ktap_passed + ktap_failed, ktap_text, ktap_passed, ktap_failed);
	return ktap_failed ? 1 : 0;
}

static inline void ktap_skip_all(const char *why)
{
	printf("KTAP version 1\n1..0 # SKIP %s\n", why);
	exit(KSFT_SKIP);
}

static inline void fatal(const char *what)
{
	printf("KTAP version 1\n1..1\nnot ok 1 %s: %s\n", what,
	       strerror(errno));
	exit(1);
}

/* The family */

static struct nl_sock *genl_socket;
static int genl_family;

/* What came back for one request */
struct answer {
	int err;		/* errno, 0 if all went well */
	char text[256];		/* the sentence, "" if there is none */
	uint32_t offset;	/* of the attribute to blame, 0 if none */
	unsigned int messages;
	int (*each)(const struct nlmsghdr *nlh, void *data);
	void *data;
	bool done;
};

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error,
		    void *data)
{
	const struct nlmsghdr *nlh = (void *)((char *)error - NLMSG_HDRLEN);
	struct nlattr *attr = (void *)(error + 1);
	int rest = nlh->nlmsg_len - NLMSG_HDRLEN - sizeof(*error);
	struct answer *answer = data;

	(void)from;
	answer->err = -error->error;
	answer->done = true;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NL_STOP;
	for (; nla_ok(attr, rest); attr = nla_next(attr, &rest)) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			nla_strlcpy(answer->text, attr, sizeof(answer->text));
		else if (nla_type(attr) == NLMSGERR_ATTR_OFFS)
			answer->offset = nla_get_u32(attr);
	}
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *data)
{
	struct answer *answer = data;

	answer->messages++;
	if (answer->each)
		answer->each(nlmsg_hdr(msg), answer->data);
	return NL_OK;
}

static int on_end(struct nl_msg *msg, void *data)
{
	struct answer *answer = data;

	(void)msg;
	answer->done = true;
	return NL_STOP;
}

static inline void genl_open(void)
{
	const int on = 1;
	int fd;

	genl_socket = nl_socket_alloc();
	if (!genl_socket || genl_connect(genl_socket))
		fatal("netlink socket");
	nl_socket_disable_seq_check(genl_socket);
	nl_socket_set_buffer_size(genl_socket, MESSAGE_MAX, MESSAGE_MAX);
	nl_socket_set_msg_buf_size(genl_socket, 65536);
	fd = nl_socket_get_fd(genl_socket);
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)))
		fatal("netlink socket options");
	genl_family = genl_ctrl_resolve(genl_socket, CFR_GENL_NAME);
}

/* Into a namespace of our own, where nothing can be broken. */
static inline void genl_begin(void)
{
	if (geteuid())
		ktap_skip_all("root is needed");
	if (unshare(CLONE_NEWNET))
		fatal("network namespace");
	genl_open();
	if (genl_family < 0)
		ktap_skip_all("the module is not loaded");
}

static inline struct nl_msg *genl_request(uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_MAX);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, genl_family, 0,
				 flags, cmd, CFR_GENL_VERSION))
		fatal("message");
	return msg;
}

static inline void genl_send(struct nl_msg *msg)
{
	nl_complete_msg(genl_socket, msg);
	if (nl_send(genl_socket, msg) < 0)
		fatal("sending");
	nlmsg_free(msg);
}

/* Reads until the answer is complete. */
static inline void genl_receive(struct answer *answer)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);

	nl_cb_err(cb, NL_CB_CUSTOM, on_error, answer);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, answer);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, answer);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, answer);
	while (!answer->done)
		if (nl_recvmsgs(genl_socket, cb) < 0 && !answer->done)
			fatal("receiving");
	nl_cb_put(cb);
}

static inline struct answer
genl_talk(struct nl_msg *msg, int (*each)(const struct nlmsghdr *, void *),
	  void *data)
{
	struct answer answer = { .each = each, .data = data };

	genl_send(msg);
	genl_receive(&answer);
	return answer;
}

/* The generation in force */
static int take_generation(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	attr = nlmsg_find_attr((void *)nlh, GENL_HDRLEN, CFR_A_GENERATION);
	if (attr)
		*(uint32_t *)data = nla_get_u32(attr);
	return 0;
}

static inline uint32_t genl_generation(void)
{
	uint32_t generation = UINT32_MAX;

	genl_talk(genl_request(CFR_CMD_CONFIG_GET, NLM_F_DUMP),
		  take_generation, &generation);
	return generation;
}

#endif
