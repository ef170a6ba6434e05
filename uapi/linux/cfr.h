/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * CFR, the Customer-Facing Relay: generic netlink interface.
 *
 * Family "cfr", version 1, one instance per network namespace. Every command
 * needs CAP_NET_ADMIN in the user namespace that owns the network namespace.
 * No command returns, and none will ever return, a customer's address or
 * which relay address a flow uses.
 *
 * A configuration is one whole. CFR_CMD_CONFIG_GET returns it with its
 * generation. CFR_CMD_CONFIG_SET replaces it, all or nothing, if the
 * generation that it was based on is still the current one (else -EAGAIN:
 * get it again, edit, set again). Every refusal carries an extack sentence
 * and, where one attribute is to blame, that attribute's offset.
 *
 * CFR_CMD_CONFIG_GET and CFR_CMD_STATS_GET are dumps. Every message of a dump
 * has CFR_A_GENERATION (configuration) and at most one object; the first
 * message of a configuration has no object, so an empty one has a generation
 * too. A dump shows one configuration from beginning to end, even when
 * another replaces it meanwhile.
 *
 * Lists are repeated attributes. An attribute that is no list and comes twice
 * counts as it came last. Unknown attributes are refused.
 *
 *	CFR_A_GENERATION	u32
 *	CFR_A_POOL		nest, 0..CFR_POOLS_MAX times
 *	    CFR_POOL_A_NAME		string, 1..CFR_NAME_MAX - 1 bytes of
 *					A-Z a-z 0-9 . _ -, no - in front
 *	    CFR_POOL_A_PREFIX		nest, 1..CFR_POOL_PREFIXES_MAX times
 *	        CFR_PREFIX_A_ADDR	4 or 16 bytes, network order
 *	        CFR_PREFIX_A_LEN	u8
 *	    CFR_POOL_A_PORT_MIN		u16, host order, default 1024
 *	    CFR_POOL_A_PORT_MAX		u16, host order, default 65535
 *	CFR_A_POLICY		nest, 0..CFR_POLICIES_MAX times
 *	    CFR_POLICY_A_NAME		string, as a pool's
 *	    CFR_POLICY_A_MARK		u32, not 0
 *	    CFR_POLICY_A_MASK		u32, contains every bit of the mark
 *	    CFR_POLICY_A_POOL		string, the name of a pool,
 *					1..CFR_POLICY_POOLS_MAX times
 *	CFR_A_BYPASS		nest, 0..CFR_BYPASSES_MAX times
 *	    CFR_BYPASS_A_PREFIX		nest, as in a pool
 *	    CFR_BYPASS_A_ACTION		u8, enum cfr_bypass_action
 *	CFR_A_COUNTER		nest, in the reply to CFR_CMD_STATS_GET
 *	    CFR_COUNTER_A_NAME		string, stable
 *	    CFR_COUNTER_A_VALUE		u64
 *	    CFR_COUNTER_A_KIND		u8, enum cfr_counter_kind
 *	    CFR_COUNTER_A_TEXT		string, an English sentence
 *	CFR_A_WARNING		string, repeated, in the reply to
 *				CFR_CMD_CONFIG_SET
 *
 * A pool's prefixes are, in IPv4, /8 to /32 and, in IPv6, /32 to /64; no two
 * of a configuration overlap, none contains an address of the namespace, none
 * lies in unspecified, loopback, link-local, multicast or reserved space.
 * No mark can match two policies.
 */
#ifndef _UAPI_LINUX_CFR_H
#define _UAPI_LINUX_CFR_H

#define CFR_GENL_NAME		"cfr"
#define CFR_GENL_VERSION	1

#define CFR_NAME_MAX		32	/* with the closing zero */
#define CFR_POOLS_MAX		256
#define CFR_POOL_PREFIXES_MAX	64
#define CFR_POLICIES_MAX	32
#define CFR_POLICY_POOLS_MAX	16
#define CFR_BYPASSES_MAX	1024

/**
 * enum cfr_cmd - commands
 * @CFR_CMD_CONFIG_GET: dump; takes nothing, returns CFR_A_GENERATION and one
 *	of CFR_A_POOL, CFR_A_POLICY, CFR_A_BYPASS per message
 * @CFR_CMD_CONFIG_SET: takes CFR_A_GENERATION, which must be there, and the
 *	whole of CFR_A_POOL, CFR_A_POLICY and CFR_A_BYPASS; returns the new
 *	CFR_A_GENERATION and any CFR_A_WARNING. A policy is known by its name:
 *	its flows go on if the new configuration still has the name, still has
 *	their relay address in the policy's pools and still relays to their
 *	remote. A prefix that has left its pools lets nothing in for 120 s.
 * @CFR_CMD_FLUSH: ends all flows of the namespace; takes and returns nothing
 * @CFR_CMD_STATS_GET: dump; takes nothing, returns one CFR_A_COUNTER per
 *	message
 */
enum cfr_cmd {
	CFR_CMD_CONFIG_GET = 1,
	CFR_CMD_CONFIG_SET,
	CFR_CMD_FLUSH,
	CFR_CMD_STATS_GET,

	__CFR_CMD_MAX,
	CFR_CMD_MAX = __CFR_CMD_MAX - 1
};

/* Top level */
enum cfr_a {
	CFR_A_GENERATION = 1,
	CFR_A_POOL,
	CFR_A_POLICY,
	CFR_A_BYPASS,
	CFR_A_COUNTER,
	CFR_A_WARNING,

	__CFR_A_MAX,
	CFR_A_MAX = __CFR_A_MAX - 1
};

/* Address space; host bits are zero */
enum cfr_prefix_a {
	CFR_PREFIX_A_ADDR = 1,
	CFR_PREFIX_A_LEN,

	__CFR_PREFIX_A_MAX,
	CFR_PREFIX_A_MAX = __CFR_PREFIX_A_MAX - 1
};

/* Addresses and ports that flows are given */
enum cfr_pool_a {
	CFR_POOL_A_NAME = 1,
	CFR_POOL_A_PREFIX,
	CFR_POOL_A_PORT_MIN,
	CFR_POOL_A_PORT_MAX,

	__CFR_POOL_A_MAX,
	CFR_POOL_A_MAX = __CFR_POOL_A_MAX - 1
};

/* Packets with (mark & MASK) == MARK are relayed from these pools; a family
 * of which they have no prefix is refused
 */
enum cfr_policy_a {
	CFR_POLICY_A_NAME = 1,
	CFR_POLICY_A_MARK,
	CFR_POLICY_A_MASK,
	CFR_POLICY_A_POOL,

	__CFR_POLICY_A_MAX,
	CFR_POLICY_A_MAX = __CFR_POLICY_A_MAX - 1
};

/* Destinations that are not relayed. The longest of these prefixes counts;
 * any of them outweighs the module's built-in list, any pool outweighs both.
 */
enum cfr_bypass_a {
	CFR_BYPASS_A_PREFIX = 1,
	CFR_BYPASS_A_ACTION,

	__CFR_BYPASS_A_MAX,
	CFR_BYPASS_A_MAX = __CFR_BYPASS_A_MAX - 1
};

/**
 * enum cfr_bypass_action - what happens to a marked packet to the prefix
 * @CFR_BYPASS_OPEN: it goes on untouched, with the customer's own source
 * @CFR_BYPASS_DROP: it is refused
 */
enum cfr_bypass_action {
	CFR_BYPASS_OPEN,
	CFR_BYPASS_DROP,

	__CFR_BYPASS_ACTION_MAX,
	CFR_BYPASS_ACTION_MAX = __CFR_BYPASS_ACTION_MAX - 1
};

/* A number about the namespace as a whole */
enum cfr_counter_a {
	CFR_COUNTER_A_NAME = 1,
	CFR_COUNTER_A_VALUE,
	CFR_COUNTER_A_KIND,
	CFR_COUNTER_A_TEXT,
	CFR_COUNTER_A_PAD,

	__CFR_COUNTER_A_MAX,
	CFR_COUNTER_A_MAX = __CFR_COUNTER_A_MAX - 1
};

/**
 * enum cfr_counter_kind - how to read a number
 * @CFR_COUNTER_EVENT: how often something has happened
 * @CFR_COUNTER_REFUSAL: how many packets were refused for one reason
 * @CFR_COUNTER_GAUGE: how many there are now
 */
enum cfr_counter_kind {
	CFR_COUNTER_EVENT,
	CFR_COUNTER_REFUSAL,
	CFR_COUNTER_GAUGE,

	__CFR_COUNTER_KIND_MAX,
	CFR_COUNTER_KIND_MAX = __CFR_COUNTER_KIND_MAX - 1
};

#endif /* _UAPI_LINUX_CFR_H */
