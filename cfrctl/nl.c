// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netfilter.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "array.h"
#include "nl.h"
#include "nl_conf.h"
#include "nlmsg.h"

/* The kernel fills at most 32 KiB of a dump at once; a reply to a set is a
 * line for each pool.
 */
#define RECEIVE_MAX	65536

struct nl {
	struct mnl_socket *socket;
	uint32_t seq;
	uint16_t family;
	uint32_t events;
	struct nl_fault *fault;
};

typedef int (*reply_fn)(const struct nlmsghdr *nlh, void *data);

static int fail(struct nl_fault *fault, int code, const char *format, ...)
{
	va_list args;

	fault->code = code;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return -1;
}

static int fail_errno(struct nl_fault *fault, const char *what)
{
	return fail(fault, errno, "%s: %s", what, strerror(errno));
}

/* An error with the sentence that the kernel has for it, if it has one. */
static int refused(struct nl *nl, int code, const struct nlattr *attr,
		   int rest, uint32_t *offset)
{
	const char *text = NULL;

	for (; mnl_attr_ok(attr, rest);
	     rest -= MNL_ALIGN(attr->nla_len), attr = mnl_attr_next(attr)) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			text = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
			*offset = mnl_attr_get_u32(attr);
	}
	if (text)
		return fail(nl->fault, code, "%s", text);
	if (code == EPERM)
		return fail(nl->fault, code, "%s: CAP_NET_ADMIN is needed",
			    strerror(code));
	return fail(nl->fault, code, "%s", strerror(code));
}

/* NLMSG_ERROR and NLMSG_DONE: a code, the request's header after an error,
 * attributes. Returns 1 if all is well.
 */
static int end(struct nl *nl, const struct nlmsghdr *nlh, uint32_t *offset)
{
	size_t skip = sizeof(int);
	const char *payload = mnl_nlmsg_get_payload(nlh);
	int rest = mnl_nlmsg_get_payload_len(nlh);
	int code;

	if (rest < (int)sizeof(code))
		return fail(nl->fault, EBADMSG, "the kernel's answer is cut short");
	memcpy(&code, payload, sizeof(code));
	if (!code || (code > 0 && nlh->nlmsg_type == NLMSG_DONE))
		return 1;
	if (!nlmsg_error_ok(code))
		return fail(nl->fault, EBADMSG, "the kernel's answer makes no sense");
	if (nlh->nlmsg_type == NLMSG_ERROR)
		skip += sizeof(struct nlmsghdr);
	if (rest < (int)skip || !(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		rest = skip;
	return refused(nl, -code, (const void *)(payload + skip), rest - skip,
		       offset);
}

static int receive(struct nl *nl, reply_fn reply, void *data, uint32_t *offset)
{
	static char buffer[RECEIVE_MAX];
	const struct nlmsghdr *nlh;
	ssize_t got;
	int rest, done;

	for (;;) {
		got = mnl_socket_recvfrom(nl->socket, buffer, sizeof(buffer));
		if (got < 0)
			return fail_errno(nl->fault, "receiving from the kernel");
		rest = got;
		for (nlh = (void *)buffer; nlmsg_ok(nlh, rest);
		     nlh = mnl_nlmsg_next(nlh, &rest)) {
			if (!mnl_nlmsg_seq_ok(nlh, nl->seq))
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE) {
				done = end(nl, nlh, offset);
				return done > 0 ? 0 : done;
			}
			if (nlh->nlmsg_type < NLMSG_MIN_TYPE || !reply)
				continue;
			if (reply(nlh, data))
				return fail(nl->fault, EPROTO,
					    "the module has sent what this cfrctl does not understand: use the cfrctl of its version");
		}
	}
}

static struct nlmsghdr *request(struct nl *nl, void *buffer, uint16_t type,
				uint16_t flags, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static int talk(struct nl *nl, const struct nlmsghdr *nlh, reply_fn reply,
		void *data, uint32_t *offset)
{
	if (mnl_socket_sendto(nl->socket, nlh, nlh->nlmsg_len) < 0)
		return fail_errno(nl->fault, "sending to the kernel");
	return receive(nl, reply, data, offset);
}

struct family {
	uint16_t id;
	uint32_t version;
	uint32_t events;	/* number of the group */
};

static void on_group(const struct nlattr *group, struct family *family)
{
	const struct nlattr *attr;
	bool events = false;
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			events = !strcmp(mnl_attr_get_str(attr), CFR_GENL_EVENTS);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(attr);
	}
	if (events)
		family->events = id;
}

static int on_family(const struct nlmsghdr *nlh, void *data)
{
	struct family *family = data;
	const struct nlattr *attr, *group;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			family->id = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_VERSION:
			family->version = mnl_attr_get_u32(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			mnl_attr_for_each_nested(group, attr)
				on_group(group, family);
			break;
		}
	}
	return 0;
}

/* Asking for the family makes the kernel load the module if it can. */
static int find_family(struct nl *nl)
{
	struct family family = {};
	struct nlmsghdr *nlh;
	char buffer[128];
	uint32_t offset;

	nlh = request(nl, buffer, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY,
		      1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, CFR_GENL_NAME);
	if (talk(nl, nlh, on_family, &family, &offset)) {
		if (nl->fault->code == ENOENT)
			return fail(nl->fault, ENOENT,
				    "module not loaded: modprobe cfr");
		return -1;
	}
	if (family.version != CFR_GENL_VERSION)
		return fail(nl->fault, EPROTO,
			    "the module speaks version %u of its interface, this cfrctl version %u: install the same version of both",
			    family.version, CFR_GENL_VERSION);
	nl->family = family.id;
	nl->events = family.events;
	return 0;
}

static void nl_close(struct nl *nl)
{
	mnl_socket_close(nl->socket);
}

static int nl_open(struct nl *nl, struct nl_fault *fault)
{
	const int on = 1;

	memset(fault, 0, sizeof(*fault));
	*nl = (struct nl){ .fault = fault };
	nl->socket = mnl_socket_open(NETLINK_GENERIC);
	if (!nl->socket)
		return fail_errno(fault, "opening a netlink socket");
	/* capped, or an error would carry the whole request back */
	if (mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, (void *)&on,
				  sizeof(on)) ||
	    mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, (void *)&on,
				  sizeof(on)) ||
	    mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID)) {
		fail_errno(fault, "preparing a netlink socket");
		goto err_close;
	}
	if (find_family(nl))
		goto err_close;
	return 0;

err_close:
	nl_close(nl);
	return -1;
}

static int simple(uint8_t cmd, uint16_t flags, reply_fn reply, void *data,
		  struct nl_fault *fault)
{
	char buffer[64];
	uint32_t offset;
	struct nl nl;
	int err;

	if (nl_open(&nl, fault))
		return -1;
	err = talk(&nl, request(&nl, buffer, nl.family, flags, cmd,
				CFR_GENL_VERSION), reply, data, &offset);
	nl_close(&nl);
	return err;
}

int nl_conf_get(struct conf *conf, struct nl_fault *fault)
{
	memset(conf, 0, sizeof(*conf));
	if (!simple(CFR_CMD_CONFIG_GET, NLM_F_DUMP, nl_conf_decode, conf,
		    fault))
		return 0;
	conf_free(conf);
	return -1;
}

static int on_set(const struct nlmsghdr *nlh, void *data)
{
	struct nl_reply *reply = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case CFR_A_GENERATION:
			reply->generation = mnl_attr_get_u32(attr);
			break;
		case CFR_A_WARNING:
			reply->warning = grow(reply->warning, reply->nwarnings,
					      sizeof(*reply->warning));
			reply->warning[reply->nwarnings++] =
				strdup(mnl_attr_get_str(attr));
			break;
		}
	}
	return 0;
}

/* A configuration can be larger than a socket's usual send buffer. */
static void make_room(const struct nl *nl, size_t bytes)
{
	int fd = mnl_socket_get_fd(nl->socket);
	int room = 2 * bytes;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

int nl_conf_set(const struct conf *conf, struct nl_reply *reply,
		struct nl_fault *fault)
{
	size_t room = 64 + nl_conf_bound(conf);
	struct nl_places places = {};
	struct nlmsghdr *nlh;
	uint32_t offset = 0;
	void *buffer;
	struct nl nl;
	int err;

	memset(reply, 0, sizeof(*reply));
	if (nl_open(&nl, fault))
		return -1;
	buffer = grow(NULL, 0, room);
	nlh = request(&nl, buffer, nl.family, NLM_F_ACK, CFR_CMD_CONFIG_SET,
		      CFR_GENL_VERSION);
	nl_conf_encode(nlh, conf, &places);
	make_room(&nl, nlh->nlmsg_len);
	err = talk(&nl, nlh, on_set, reply, &offset);
	if (err)
		nl_places_find(&places, offset, fault);
	nl_places_free(&places);
	free(buffer);
	nl_close(&nl);
	return err;
}

int nl_flush(struct nl_fault *fault)
{
	return simple(CFR_CMD_FLUSH, NLM_F_ACK, NULL, NULL, fault);
}

static void on_counter(const struct nlattr *object, struct nl_stats *stats)
{
	const struct nlattr *attr;
	struct nl_counter *counter;

	stats->counter = grow(stats->counter, stats->count,
			      sizeof(*stats->counter));
	counter = &stats->counter[stats->count++];
	mnl_attr_for_each_nested(attr, object) {
		switch (mnl_attr_get_type(attr)) {
		case CFR_COUNTER_A_NAME:
			snprintf(counter->name, sizeof(counter->name), "%s",
				 mnl_attr_get_str(attr));
			break;
		case CFR_COUNTER_A_TEXT:
			snprintf(counter->text, sizeof(counter->text), "%s",
				 mnl_attr_get_str(attr));
			break;
		case CFR_COUNTER_A_VALUE:
			counter->value = mnl_attr_get_u64(attr);
			break;
		case CFR_COUNTER_A_KIND:
			counter->kind = mnl_attr_get_u8(attr);
			break;
		}
	}
}

static void get_entropy(const struct nlattr *object,
			struct nl_entropy *entropy)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, object) {
		switch (mnl_attr_get_type(attr)) {
		case CFR_ENTROPY_A_POLICY:
			snprintf(entropy->policy, sizeof(entropy->policy), "%s",
				 mnl_attr_get_str(attr));
			break;
		case CFR_ENTROPY_A_FAMILY:
			entropy->v4 = mnl_attr_get_u8(attr) == NFPROTO_IPV4;
			break;
		case CFR_ENTROPY_A_FULL:
			entropy->full = mnl_attr_get_u32(attr);
			break;
		case CFR_ENTROPY_A_NOW:
			entropy->now = mnl_attr_get_u32(attr);
			break;
		case CFR_ENTROPY_A_LOW:
			entropy->low = true;
			break;
		}
	}
}

static void on_entropy(const struct nlattr *object, struct nl_stats *stats)
{
	stats->entropy = grow(stats->entropy, stats->nentropies,
			      sizeof(*stats->entropy));
	get_entropy(object, &stats->entropy[stats->nentropies++]);
}

static void get_anonymity(const struct nlattr *object,
			  struct nl_anonymity *anonymity)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, object) {
		switch (mnl_attr_get_type(attr)) {
		case CFR_ANONYMITY_A_POLICY:
			snprintf(anonymity->policy, sizeof(anonymity->policy),
				 "%s", mnl_attr_get_str(attr));
			break;
		case CFR_ANONYMITY_A_FAMILY:
			anonymity->v4 = mnl_attr_get_u8(attr) == NFPROTO_IPV4;
			break;
		case CFR_ANONYMITY_A_CUSTOMERS:
			anonymity->customers = mnl_attr_get_u32(attr);
			break;
		case CFR_ANONYMITY_A_FLOOR:
			anonymity->floor = mnl_attr_get_u32(attr);
			break;
		case CFR_ANONYMITY_A_LOW:
			anonymity->low = true;
			break;
		}
	}
}

static void on_anonymity(const struct nlattr *object, struct nl_stats *stats)
{
	stats->anonymity = grow(stats->anonymity, stats->nanonymities,
				sizeof(*stats->anonymity));
	get_anonymity(object, &stats->anonymity[stats->nanonymities++]);
}

static int on_stats(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *object;

	mnl_attr_for_each(object, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(object) == CFR_A_COUNTER)
			on_counter(object, data);
		else if (mnl_attr_get_type(object) == CFR_A_ENTROPY)
			on_entropy(object, data);
		else if (mnl_attr_get_type(object) == CFR_A_ANONYMITY)
			on_anonymity(object, data);
	}
	return 0;
}

int nl_stats_get(struct nl_stats *stats, struct nl_fault *fault)
{
	memset(stats, 0, sizeof(*stats));
	return simple(CFR_CMD_STATS_GET, NLM_F_DUMP, on_stats, stats, fault);
}

static bool on_event(const struct nlattr *attr, const struct nl_events *events)
{
	struct nl_anonymity anonymity = {};
	struct nl_entropy entropy = {};

	switch (mnl_attr_get_type(attr)) {
	case CFR_A_ENTROPY:
		get_entropy(attr, &entropy);
		return events->entropy(&entropy, events->data);
	case CFR_A_ANONYMITY:
		get_anonymity(attr, &anonymity);
		return events->anonymity(&anonymity, events->data);
	default:
		return true;
	}
}

/* Those of one datagram. Returns false if no more is wanted. */
static bool on_events(const void *buffer, int rest,
		      const struct nl_events *events)
{
	const struct nlmsghdr *nlh;
	const struct nlattr *attr;

	for (nlh = buffer; nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
		if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
			if (!on_event(attr, events))
				return false;
	}
	return true;
}

int nl_listen(const struct nl_events *events, struct nl_fault *fault)
{
	char buffer[8192];
	ssize_t got;
	struct nl nl;

	if (nl_open(&nl, fault))
		return -1;
	if (mnl_socket_setsockopt(nl.socket, NETLINK_ADD_MEMBERSHIP, &nl.events,
				  sizeof(nl.events))) {
		fail_errno(fault, "joining the group of events");
		nl_close(&nl);
		return -1;
	}
	do {
		got = mnl_socket_recvfrom(nl.socket, buffer, sizeof(buffer));
	} while (got < 0 ? errno == ENOBUFS :	/* some were lost: more will come */
			   on_events(buffer, got, events));
	if (got < 0)
		fail_errno(fault, "receiving from the kernel");
	nl_close(&nl);
	return got < 0 ? -1 : 0;
}

void nl_stats_free(struct nl_stats *stats)
{
	free(stats->entropy);
	free(stats->anonymity);
	free(stats->counter);
}

void nl_reply_free(struct nl_reply *reply)
{
	while (reply->nwarnings)
		free(reply->warning[--reply->nwarnings]);
	free(reply->warning);
}
