/* SPDX-License-Identifier: GPL-2.0 */
/* A message as a tree of attributes, right or wrong ones */
#ifndef UAPI_TREE_H
#define UAPI_TREE_H

#include "genl.h"

#include <arpa/inet.h>

#define CHILDREN_MAX	2048

struct node {
	uint16_t type;
	bool nest;
	bool optional;		/* may be missing */
	unsigned char data[40];
	unsigned int len;
	struct node **child;
	unsigned int children;
	uint32_t offset;	/* in the message, once it is made */
};

static inline struct node *add(struct node *parent, uint16_t type,
			       const void *data, unsigned int len)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!parent->child)
		parent->child = calloc(CHILDREN_MAX, sizeof(node));
	parent->child[parent->children++] = node;
	node->type = type;
	node->len = len;
	if (data)
		memcpy(node->data, data, len);
	else
		node->nest = true;
	return node;
}

static inline struct node *nest(struct node *parent, uint16_t type)
{
	return add(parent, type, NULL, 0);
}

static inline struct node *text(struct node *parent, uint16_t type,
				const char *value)
{
	return add(parent, type, value, strlen(value) + 1);
}

static inline struct node *u32(struct node *parent, uint16_t type,
			       uint32_t value)
{
	return add(parent, type, &value, sizeof(value));
}

static inline struct node *u16(struct node *parent, uint16_t type,
			       uint16_t value)
{
	return add(parent, type, &value, sizeof(value));
}

static inline struct node *u8(struct node *parent, uint16_t type, uint8_t value)
{
	return add(parent, type, &value, sizeof(value));
}

static inline void set_text(struct node *node, const char *value)
{
	node->len = strlen(value) + 1;
	memcpy(node->data, value, node->len);
}

static inline void set_u32(struct node *node, uint32_t value)
{
	memcpy(node->data, &value, sizeof(value));
}

static inline void set_u16(struct node *node, uint16_t value)
{
	memcpy(node->data, &value, sizeof(value));
}

/* Fills in a prefix's nest, which may have parts already. */
static inline void set_prefix(struct node *prefix, const char *addr, uint8_t len)
{
	unsigned char bytes[16];
	bool v6 = strchr(addr, ':');

	inet_pton(v6 ? AF_INET6 : AF_INET, addr, bytes);
	prefix->children = 0;
	add(prefix, CFR_PREFIX_A_ADDR, bytes, v6 ? 16 : 4);
	u8(prefix, CFR_PREFIX_A_LEN, len);
}

static inline struct node *add_prefix(struct node *parent, uint16_t type,
			       const char *addr, uint8_t len)
{
	struct node *prefix = nest(parent, type);

	set_prefix(prefix, addr, len);
	return prefix;
}

static inline void clear(struct node *node)
{
	unsigned int i;

	for (i = 0; i < node->children; i++) {
		clear(node->child[i]);
		free(node->child[i]);
	}
	free(node->child);
	memset(node, 0, sizeof(*node));
}

static inline void encode(struct nl_msg *msg, struct node *node)
{
	struct nlattr *attr;
	unsigned int i;

	node->offset = nlmsg_hdr(msg)->nlmsg_len;
	attr = (void *)((char *)nlmsg_hdr(msg) + node->offset);
	nla_put(msg, node->type | (node->nest ? NLA_F_NESTED : 0), node->len,
		node->data);
	for (i = 0; i < node->children; i++)
		encode(msg, node->child[i]);
	if (node->children)
		attr->nla_len = (char *)nlmsg_tail(nlmsg_hdr(msg)) -
				(char *)attr;
}

static inline struct answer tree_set(struct node *top)
{
	struct nl_msg *msg = genl_request(CFR_CMD_CONFIG_SET, NLM_F_ACK);
	unsigned int i;

	for (i = 0; i < top->children; i++)
		encode(msg, top->child[i]);
	return genl_talk(msg, NULL, NULL);
}

#endif
