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
 *	    CFR_POLICY_A_PROFILE	u8, enum cfr_profile, default privacy
 *	    CFR_POLICY_A_KNOBS		nest, what differs from the profile
 *	        CFR_KNOBS_A_SCOPE	u8, enum cfr_scope
 *	        CFR_KNOBS_A_FILTER	u8, enum cfr_filter
 *	        CFR_KNOBS_A_HAIRPIN	u8, 0 or 1
 *	        CFR_KNOBS_A_PAIRING	u8, enum cfr_pairing
 *	        CFR_KNOBS_A_EPOCH	u32, seconds, 60..CFR_EPOCH_MAX
 *	        CFR_KNOBS_A_JITTER	u32, seconds, at most half an epoch
 *	        CFR_KNOBS_A_NORMALISE	u8, enum cfr_normalise
 *	        CFR_KNOBS_A_TOUCH	u32, bits 1 << enum cfr_field: beside those
 *					of that level
 *	        CFR_KNOBS_A_LEAVE	u32, the same: not these of that level
 *	        CFR_KNOBS_A_ENTROPY	u32, bits, 0..CFR_ENTROPY_MAX: what a relay
 *					tuple is drawn from is 2 to this at the
 *					least; 0: no floor
 *	        CFR_KNOBS_A_LOW		u8, enum cfr_low
 *	        CFR_KNOBS_A_ANONYMITY	u32, customers, 0..CFR_ANONYMITY_MAX: behind
 *					each relay address that is in use; 0: no
 *					floor
 *	    CFR_POLICY_A_EFFECT		nest, the same, all of them, with what
 *					the profile says; never in a request
 *	CFR_A_BYPASS		nest, 0..CFR_BYPASSES_MAX times
 *	    CFR_BYPASS_A_PREFIX		nest, as in a pool
 *	    CFR_BYPASS_A_ACTION		u8, enum cfr_bypass_action
 *	CFR_A_TIMERS		nest, in seconds, 1..CFR_TIMER_MAX each
 *	    CFR_TIMERS_A_UDP		u32, idle, default 300, at least 120
 *					(RFC 4787 REQ-5)
 *	    CFR_TIMERS_A_ECHO		u32, idle, 60, 60 (RFC 5508 REQ-2)
 *	    CFR_TIMERS_A_TCP_OPEN	u32, a connection that is not open yet,
 *					240, 240 (RFC 5382 REQ-5)
 *	    CFR_TIMERS_A_TCP_ESTABLISHED u32, idle, 7440, 7440 (the same)
 *	    CFR_TIMERS_A_TCP_CLOSE	u32, closed by both or reset, 240, 240
 *					(RFC 7857 2.1, 2.2)
 *	    CFR_TIMERS_A_HOLD		u32, how long a relay tuple rests, 120,
 *					120 (RFC 6888 REQ-8)
 *	    CFR_TIMERS_A_NONCONFORMANT	flag: they may be less than "at least"
 *	CFR_A_PRIORITY		u8, enum cfr_priority, default clear
 *	CFR_A_MAPPINGS		u8, enum cfr_mappings, default clear
 *	CFR_A_TIMERS_EFFECT	nest, as CFR_A_TIMERS, all of them; in replies
 *				only
 *	CFR_A_COUNTER		nest, in the reply to CFR_CMD_STATS_GET
 *	    CFR_COUNTER_A_NAME		string, stable
 *	    CFR_COUNTER_A_VALUE		u64
 *	    CFR_COUNTER_A_KIND		u8, enum cfr_counter_kind
 *	    CFR_COUNTER_A_TEXT		string, an English sentence
 *	CFR_A_ENTROPY		nest, in the same reply, for each policy and family
 *				that it has a pool of
 *	    CFR_ENTROPY_A_POLICY	string, its name
 *	    CFR_ENTROPY_A_FAMILY	u8, NFPROTO_IPV4 or NFPROTO_IPV6
 *	    CFR_ENTROPY_A_FULL		u32, 1/CFR_ENTROPY_BIT bits: log2 of how many
 *					tuples a port is drawn with when none is taken
 *	    CFR_ENTROPY_A_NOW		u32, the same, less log2 of how many draws
 *					a new flow has taken of late, on average
 *	    CFR_ENTROPY_A_LOW		flag: that is below the policy's floor
 *	CFR_A_ANONYMITY		nest, in the same reply, for each policy with a floor
 *				and each family that it has a pool of
 *	    CFR_ANONYMITY_A_POLICY	string, its name
 *	    CFR_ANONYMITY_A_FAMILY	u8, NFPROTO_IPV4 or NFPROTO_IPV6
 *	    CFR_ANONYMITY_A_CUSTOMERS	u32, an estimate: that have flows behind the
 *					relay address with the fewest of them, of
 *					IPv6 /64s; of pairing flow, behind all
 *					addresses together; 0 where there is no
 *					flow
 *	    CFR_ANONYMITY_A_FLOOR	u32, the policy's
 *	    CFR_ANONYMITY_A_LOW		flag: there are some, but fewer
 *	CFR_A_WARNING		string, repeated, in the reply to
 *				CFR_CMD_CONFIG_SET
 *
 * A pool's prefixes are, in IPv4, /8 to /32 and, in IPv6, /32 to /64; no two
 * of a configuration overlap, none contains an address of the namespace, none
 * lies in unspecified, loopback, link-local, multicast or reserved space.
 * No mark can match two policies. All policies that draw from a pool have one
 * scope. No family of a policy has fewer tuples than its floor asks for.
 */
#ifndef _UAPI_LINUX_CFR_H
#define _UAPI_LINUX_CFR_H

#define CFR_GENL_NAME		"cfr"
#define CFR_GENL_EVENTS		"events"	/* multicast group */
#define CFR_GENL_VERSION	1

#define CFR_NAME_MAX		32	/* with the closing zero */
#define CFR_POOLS_MAX		256
#define CFR_POOL_PREFIXES_MAX	64
#define CFR_POLICIES_MAX	32
#define CFR_POLICY_POOLS_MAX	16
#define CFR_BYPASSES_MAX	1024
#define CFR_EPOCH_MAX		2592000	/* 30 days */
#define CFR_TIMER_MAX		604800	/* 7 days */
#define CFR_ENTROPY_MAX		112	/* bits: all of an IPv6 /32 */
#define CFR_ENTROPY_BIT		256
#define CFR_ANONYMITY_MAX	1024	/* customers */

/**
 * enum cfr_cmd - commands
 * @CFR_CMD_CONFIG_GET: dump; takes nothing, returns CFR_A_GENERATION and one
 *	of CFR_A_POOL, CFR_A_POLICY, CFR_A_BYPASS per message, in the first
 *	CFR_A_TIMERS, CFR_A_PRIORITY and CFR_A_TIMERS_EFFECT
 * @CFR_CMD_CONFIG_SET: takes CFR_A_GENERATION, which must be there, and the
 *	whole of CFR_A_POOL, CFR_A_POLICY, CFR_A_BYPASS, CFR_A_TIMERS and
 *	CFR_A_PRIORITY; returns the new CFR_A_GENERATION and any CFR_A_WARNING.
 *	A policy is known by its name: its flows go on if the new configuration
 *	still has the name with the scope that it had, still has their relay
 *	address in the policy's pools and still relays to their remote. New
 *	timers count from a flow's next packet. A prefix that has left its pools
 *	lets nothing in for as long as a tuple rests.
 * @CFR_CMD_FLUSH: ends all flows of the namespace; takes and returns nothing
 * @CFR_CMD_STATS_GET: dump; takes nothing, returns one CFR_A_COUNTER,
 *	CFR_A_ENTROPY or CFR_A_ANONYMITY per message
 * @CFR_CMD_ENTROPY_NTF: a CFR_A_ENTROPY, sent to the group CFR_GENL_EVENTS, whose
 *	members have CAP_NET_ADMIN in the namespace: it has fallen below the
 *	policy's floor, or has risen to it again, which each configuration begins
 *	with; at most once a second
 * @CFR_CMD_ANONYMITY_NTF: a CFR_A_ANONYMITY, to the same group, in the same cases;
 *	customers are counted every ten seconds
 */
enum cfr_cmd {
	CFR_CMD_CONFIG_GET = 1,
	CFR_CMD_CONFIG_SET,
	CFR_CMD_FLUSH,
	CFR_CMD_STATS_GET,
	CFR_CMD_ENTROPY_NTF,
	CFR_CMD_ANONYMITY_NTF,

	__CFR_CMD_MAX,
	CFR_CMD_MAX = __CFR_CMD_MAX - 1
};

/* Top level */
enum cfr_a {
	CFR_A_GENERATION = 1,
	CFR_A_POOL,
	CFR_A_POLICY,
	CFR_A_BYPASS,
	CFR_A_TIMERS,
	CFR_A_PRIORITY,
	CFR_A_MAPPINGS,
	CFR_A_TIMERS_EFFECT,
	CFR_A_COUNTER,
	CFR_A_WARNING,
	CFR_A_ENTROPY,
	CFR_A_ANONYMITY,

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
	CFR_POLICY_A_PROFILE,
	CFR_POLICY_A_KNOBS,
	CFR_POLICY_A_EFFECT,

	__CFR_POLICY_A_MAX,
	CFR_POLICY_A_MAX = __CFR_POLICY_A_MAX - 1
};

/* What a profile says, and a policy may say otherwise */
enum cfr_knobs_a {
	CFR_KNOBS_A_SCOPE = 1,
	CFR_KNOBS_A_FILTER,
	CFR_KNOBS_A_HAIRPIN,
	CFR_KNOBS_A_PAIRING,
	CFR_KNOBS_A_EPOCH,
	CFR_KNOBS_A_JITTER,
	CFR_KNOBS_A_NORMALISE,
	CFR_KNOBS_A_TOUCH,
	CFR_KNOBS_A_LEAVE,
	CFR_KNOBS_A_ENTROPY,
	CFR_KNOBS_A_LOW,
	CFR_KNOBS_A_ANONYMITY,

	__CFR_KNOBS_A_MAX,
	CFR_KNOBS_A_MAX = __CFR_KNOBS_A_MAX - 1
};

/**
 * enum cfr_profile - knobs that go together
 * @CFR_PROFILE_PRIVACY: scope flow, every flow an address of its own
 * @CFR_PROFILE_BALANCED: scope endpoint, filter address-dependent, one address
 *	for each customer and destination for about a day
 * @CFR_PROFILE_STRICT_RFC: scope endpoint, filter endpoint-independent, with
 *	hairpinning, one address for each customer for a week: RFC 4787, 5382, 6888
 */
enum cfr_profile {
	CFR_PROFILE_PRIVACY,
	CFR_PROFILE_BALANCED,
	CFR_PROFILE_STRICT_RFC,

	__CFR_PROFILE_MAX,
	CFR_PROFILE_MAX = __CFR_PROFILE_MAX - 1
};

/**
 * enum cfr_scope - what has a relay tuple
 * @CFR_SCOPE_FLOW: each flow; flows to different remotes may share one
 * @CFR_SCOPE_ENDPOINT: each customer's address and port, for all its remotes,
 *	and shares it with nobody (RFC 4787 REQ-1, REQ-3)
 */
enum cfr_scope {
	CFR_SCOPE_FLOW,
	CFR_SCOPE_ENDPOINT,

	__CFR_SCOPE_MAX,
	CFR_SCOPE_MAX = __CFR_SCOPE_MAX - 1
};

/**
 * enum cfr_filter - who may send to a relay tuple (RFC 4787 5)
 * @CFR_FILTER_ADDRESS_PORT: remotes that it has sent to
 * @CFR_FILTER_ADDRESS: any port of addresses that it has sent to; scope
 *	endpoint only
 * @CFR_FILTER_ENDPOINT: everybody; scope endpoint only
 */
enum cfr_filter {
	CFR_FILTER_ADDRESS_PORT,
	CFR_FILTER_ADDRESS,
	CFR_FILTER_ENDPOINT,

	__CFR_FILTER_MAX,
	CFR_FILTER_MAX = __CFR_FILTER_MAX - 1
};

/**
 * enum cfr_pairing - what decides on a relay address
 * @CFR_PAIRING_FLOW: chance, anew each time
 * @CFR_PAIRING_DESTINATION: customer (IPv4 /32, IPv6 /64), destination (/24,
 *	/48) and the epoch's key
 * @CFR_PAIRING_CUSTOMER: customer and the epoch's key
 */
enum cfr_pairing {
	CFR_PAIRING_FLOW,
	CFR_PAIRING_DESTINATION,
	CFR_PAIRING_CUSTOMER,

	__CFR_PAIRING_MAX,
	CFR_PAIRING_MAX = __CFR_PAIRING_MAX - 1
};

/**
 * enum cfr_normalise - what is made alike of customers' packets that leave, beside
 *	addresses and ports; a flow keeps what it began with
 * @CFR_NORMALISE_OFF: nothing
 * @CFR_NORMALISE_SAFE: CFR_FIELDS_SAFE: what no connection depends on
 * @CFR_NORMALISE_FULL: CFR_FIELDS_FULL: what no conforming host depends on
 * @CFR_NORMALISE_UNIFORM: CFR_FIELDS_UNIFORM: every SYN the same, of those that
 *	offer an MSS, SACK, a window scale and a window of 5840 octets
 */
enum cfr_normalise {
	CFR_NORMALISE_OFF,
	CFR_NORMALISE_SAFE,
	CFR_NORMALISE_FULL,
	CFR_NORMALISE_UNIFORM,

	__CFR_NORMALISE_MAX,
	CFR_NORMALISE_MAX = __CFR_NORMALISE_MAX - 1
};

/**
 * enum cfr_field - what is normalised
 * @CFR_FIELD_HOPS: TTL and hop limit are 64 where above 32
 * @CFR_FIELD_DSCP: is 0; congestion bits stay (RFC 3168)
 * @CFR_FIELD_ID: IPv4 identification is drawn (RFC 6864 4.1), or the kernel's where
 *	the packet may be fragmented
 * @CFR_FIELD_FLOW_LABEL: of IPv6, is drawn for each flow (RFC 6437 3)
 * @CFR_FIELD_URGENT: TCP's urgent pointer is 0 without URG
 * @CFR_FIELD_MSS: is at most 1400 in IPv4, 1380 in IPv6, in both directions
 * @CFR_FIELD_TIMESTAMPS: TCP's are of a clock of the connection's own (RFC 7323)
 * @CFR_FIELD_FAST_OPEN: no cookie is asked for or shown (RFC 7413)
 * @CFR_FIELD_ADD_ADDR: MPTCP names no address (RFC 8684 3.4.1)
 * @CFR_FIELD_OPTION_ORDER: options of a SYN are in one order, where all are known:
 *	MSS, SACK permitted, timestamps, window scale
 * @CFR_FIELD_SYN_WINDOW: window of a SYN is at most 64240 octets
 * @CFR_FIELD_NO_TIMESTAMPS: a SYN offers no timestamps
 * @CFR_FIELD_NO_MPTCP: a SYN offers no MPTCP
 * @CFR_FIELD_OPTION_SET: a SYN offers nothing but the options above
 * @CFR_FIELD_WINDOW: window of a SYN is at most 5840 octets, window scale is 7, and
 *	windows grow from 61440 octets on by what the remote has sent
 * @CFR_FIELD_ISN: TCP sequence numbers begin anywhere
 */
enum cfr_field {
	CFR_FIELD_HOPS,
	CFR_FIELD_DSCP,
	CFR_FIELD_ID,
	CFR_FIELD_FLOW_LABEL,
	CFR_FIELD_URGENT,
	CFR_FIELD_MSS,
	CFR_FIELD_TIMESTAMPS,
	CFR_FIELD_FAST_OPEN,
	CFR_FIELD_ADD_ADDR,
	CFR_FIELD_OPTION_ORDER,
	CFR_FIELD_SYN_WINDOW,
	CFR_FIELD_NO_TIMESTAMPS,
	CFR_FIELD_NO_MPTCP,
	CFR_FIELD_OPTION_SET,
	CFR_FIELD_WINDOW,
	CFR_FIELD_ISN,

	__CFR_FIELD_MAX,
	CFR_FIELD_MAX = __CFR_FIELD_MAX - 1
};

/* Of each level; a level has what is of the ones below */
#define CFR_FIELDS		((1U << __CFR_FIELD_MAX) - 1)
#define CFR_FIELDS_SAFE		((1U << CFR_FIELD_MSS) - 1)
#define CFR_FIELDS_FULL		((1U << CFR_FIELD_NO_TIMESTAMPS) - 1)
#define CFR_FIELDS_UNIFORM	((1U << CFR_FIELD_ISN) - 1)

/**
 * enum cfr_low - what becomes of a new flow while draws are below the floor
 * @CFR_LOW_WARN: it is counted
 * @CFR_LOW_REFUSE: it is refused
 */
enum cfr_low {
	CFR_LOW_WARN,
	CFR_LOW_REFUSE,

	__CFR_LOW_MAX,
	CFR_LOW_MAX = __CFR_LOW_MAX - 1
};

/* How long things last */
enum cfr_timers_a {
	CFR_TIMERS_A_UDP = 1,
	CFR_TIMERS_A_ECHO,
	CFR_TIMERS_A_TCP_OPEN,
	CFR_TIMERS_A_TCP_ESTABLISHED,
	CFR_TIMERS_A_TCP_CLOSE,
	CFR_TIMERS_A_HOLD,
	CFR_TIMERS_A_NONCONFORMANT,

	__CFR_TIMERS_A_MAX,
	CFR_TIMERS_A_MAX = __CFR_TIMERS_A_MAX - 1
};

/**
 * enum cfr_priority - skb->priority and tc_index of relayed packets, which a
 *	device may turn into a VLAN's priority
 * @CFR_PRIORITY_CLEAR: 0
 * @CFR_PRIORITY_KEEP: as the customer's packet, or the operator, had them
 */
enum cfr_priority {
	CFR_PRIORITY_CLEAR,
	CFR_PRIORITY_KEEP,

	__CFR_PRIORITY_MAX,
	CFR_PRIORITY_MAX = __CFR_PRIORITY_MAX - 1
};

/**
 * enum cfr_mappings - how mappings are kept; a change ends all flows
 * @CFR_MAPPINGS_CLEAR: with the customer's address and port
 * @CFR_MAPPINGS_SEALED: with both under a key, so that what is left of a crash says
 *	of no mapping whose it was
 */
enum cfr_mappings {
	CFR_MAPPINGS_CLEAR,
	CFR_MAPPINGS_SEALED,

	__CFR_MAPPINGS_MAX,
	CFR_MAPPINGS_MAX = __CFR_MAPPINGS_MAX - 1
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

/* How hard to guess the tuples of a policy are */
enum cfr_entropy_a {
	CFR_ENTROPY_A_POLICY = 1,
	CFR_ENTROPY_A_FAMILY,
	CFR_ENTROPY_A_FULL,
	CFR_ENTROPY_A_NOW,
	CFR_ENTROPY_A_LOW,

	__CFR_ENTROPY_A_MAX,
	CFR_ENTROPY_A_MAX = __CFR_ENTROPY_A_MAX - 1
};

/* How many customers a relay address may stand for */
enum cfr_anonymity_a {
	CFR_ANONYMITY_A_POLICY = 1,
	CFR_ANONYMITY_A_FAMILY,
	CFR_ANONYMITY_A_CUSTOMERS,
	CFR_ANONYMITY_A_FLOOR,
	CFR_ANONYMITY_A_LOW,

	__CFR_ANONYMITY_A_MAX,
	CFR_ANONYMITY_A_MAX = __CFR_ANONYMITY_A_MAX - 1
};

#endif /* _UAPI_LINUX_CFR_H */
