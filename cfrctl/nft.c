// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nft.h"
#include "nlmsg.h"

extern char **environ;

static int fail(struct nl_fault *fault, int code, const char *what)
{
	memset(fault, 0, sizeof(*fault));
	fault->code = code;
	snprintf(fault->text, sizeof(fault->text), "%s: %s", what,
		 strerror(code));
	return -1;
}

/* Return: 0 or -errno */
static int ask(struct mnl_socket *socket, const char *table, const char *chain)
{
	char buffer[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *nfg;
	ssize_t got;
	int error;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 |
			  (chain ? NFT_MSG_GETCHAIN : NFT_MSG_GETTABLE);
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_INET;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = 0;
	mnl_attr_put_strz(nlh, chain ? NFTA_CHAIN_TABLE : NFTA_TABLE_NAME,
			  table);
	if (chain)
		mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain);
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	if (got < 0)
		return -errno;
	if (!nlmsg_ok(nlh, got))
		return -EBADMSG;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return 0;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(error))
		return -EBADMSG;
	memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	return nlmsg_error_ok(error) ? error : -EBADMSG;
}

/* A kernel without nftables has no tables. */
int nft_has(const char *table, const char *chain, struct nl_fault *fault)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	int err;

	if (!socket)
		return errno == EPROTONOSUPPORT ? 0 :
			fail(fault, errno, "opening a netlink socket");
	err = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) ? -errno :
		ask(socket, table, chain);
	mnl_socket_close(socket);
	if (err == -ENOENT || err == -EINVAL || err == -EOPNOTSUPP)
		return 0;
	return err ? fail(fault, -err, "asking nftables") : 1;
}

/* The first line that nft has to say */
static void read_complaint(int fd, struct nl_fault *fault)
{
	ssize_t got = pread(fd, fault->text, sizeof(fault->text) - 1, 0);

	fault->text[got < 0 ? 0 : got] = '\0';
	fault->text[strcspn(fault->text, "\n")] = '\0';
	if (!*fault->text)
		snprintf(fault->text, sizeof(fault->text), "nft has failed");
}

static int spawn(int script, int complaint, struct nl_fault *fault)
{
	char *const argv[] = { "nft", "-f", "-", NULL };
	posix_spawn_file_actions_t actions;
	int status, err;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, script, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, complaint, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, complaint, STDERR_FILENO);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err == ENOENT)
		return fail(fault, err, "the nft program (package nftables)");
	if (err)
		return fail(fault, err, "running nft");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(fault, errno, "waiting for nft");
	if (!status)
		return 0;
	memset(fault, 0, sizeof(*fault));
	fault->code = EIO;
	read_complaint(complaint, fault);
	return -1;
}

static int run(const struct nft *nft, struct nl_fault *fault)
{
	int script = memfd_create("script", MFD_CLOEXEC);
	int complaint = memfd_create("complaint", MFD_CLOEXEC);
	int err = -1;

	if (script < 0 || complaint < 0 ||
	    write(script, nft->text, nft->length) != (ssize_t)nft->length ||
	    lseek(script, 0, SEEK_SET))
		fail(fault, errno, "preparing nft's input");
	else
		err = spawn(script, complaint, fault);
	if (script >= 0)
		close(script);
	if (complaint >= 0)
		close(complaint);
	return err;
}

void nft_begin(struct nft *nft)
{
	nft->out = open_memstream(&nft->text, &nft->length);
	if (!nft->out) {
		perror("cfrctl");
		exit(1);
	}
}

void nft_abort(struct nft *nft)
{
	fclose(nft->out);
	free(nft->text);
}

int nft_commit(struct nft *nft, struct nl_fault *fault)
{
	int err;

	fflush(nft->out);
	err = run(nft, fault);
	nft_abort(nft);
	return err;
}
