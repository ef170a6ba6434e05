/* SPDX-License-Identifier: GPL-2.0 */
/* Packets for tests, and the slow and obvious ways to check them: everything
 * here works on a flat copy, octet by octet, with none of the kernel's helpers.
 */
#ifndef _CFR_TESTS_SKB_H
#define _CFR_TESTS_SKB_H

#include <kunit/test.h>
#include <linux/sched.h>

#include "packet.h"

#define TEST_MAX	2048

/**
 * struct test_flat - a packet as one piece
 * @len: of @data
 * @data: from the network header on
 */
struct test_flat {
	unsigned int len;
	u8 data[TEST_MAX];
};

/**
 * struct test_spec - what a packet is to look like
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: TCP, UDP, ICMP or ICMPv6
 * @reply: of ICMP: an echo reply, not a request
 * @flags: of TCP
 * @payload: octets of random payload
 * @options: of TCP, or NULL
 * @noptions: octets of them, a multiple of 4
 */
struct test_spec {
	u8 family;
	u8 proto;
	bool reply;
	u8 flags;
	unsigned int payload;
	const u8 *options;
	unsigned int noptions;
};

static inline unsigned int test_l4(u8 family)
{
	return family == NFPROTO_IPV4 ? 20 : 40;
}

static inline u8 test_echo(u8 family)
{
	return family == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

static inline u16 test_get16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

static inline void test_put16(u8 *at, u16 value)
{
	at[0] = value >> 8;
	at[1] = value;
}

#ifdef CONFIG_FAILSLAB
/* Of what this task allocates from now on, the @nth fails. */
static inline void test_fail(unsigned int nth)
{
	current->fail_nth = nth;
}

/* Did it? Nothing fails any more. */
static inline bool test_failed(void)
{
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	return failed;
}
#else
static inline void test_fail(unsigned int nth) { }
static inline bool test_failed(void) { return false; }
#endif

static inline void test_need_faults(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "this kernel injects no faults");
}

unsigned int test_header(u8 proto);
unsigned int test_check(u8 proto);
u16 test_sum(const u8 *data, unsigned int len);
u16 test_l4_sum(const struct test_flat *flat, unsigned int l3, unsigned int l4,
		unsigned int end, u8 proto);
void test_finish(struct test_flat *flat, unsigned int l3, unsigned int l4,
		 unsigned int end, u8 proto);
void test_make(const struct test_spec *spec, struct test_flat *flat);
struct sk_buff *test_skb(struct kunit *test, const struct test_flat *flat,
			 unsigned int linear);
void test_free(struct kunit *test, struct sk_buff *skb);
void test_flatten(struct sk_buff *skb, struct test_flat *flat);

#endif
