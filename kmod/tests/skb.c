// SPDX-License-Identifier: GPL-2.0
#include <linux/etherdevice.h>
#include <linux/random.h>

#include "skb.h"

/* Octets of a transport header */
unsigned int test_header(u8 proto)
{
	return proto == IPPROTO_TCP ? 20 : 8;
}

/* Where in it the checksum is */
unsigned int test_check(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	default:
		return 2;
	}
}

/* RFC 1071 as it is written: the sum, not its complement */
u16 test_sum(const u8 *data, unsigned int len)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < len; i++)
		sum += i % 2 ? data[i] : data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static u16 add(u32 a, u32 b)
{
	return (a + b) % 0x10000 + (a + b) / 0x10000;
}

/* The sum over a transport header, what is behind it and the pseudo header:
 * 0xffff where the checksum is right.
 */
u16 test_l4_sum(const struct test_flat *flat, unsigned int l3, unsigned int l4,
		unsigned int end, u8 proto)
{
	bool v4 = flat->data[l3] >> 4 == 4;
	u16 sum = test_sum(flat->data + l4, end - l4);

	if (proto == IPPROTO_ICMP)
		return sum;
	sum = add(sum, proto);
	sum = add(sum, end - l4);
	return add(sum, test_sum(flat->data + l3 + (v4 ? 12 : 8), v4 ? 8 : 32));
}

/* Set the checksums of the packet at @l3 that ends at @end. */
void test_finish(struct test_flat *flat, unsigned int l3, unsigned int l4,
		 unsigned int end, u8 proto)
{
	u8 *check = flat->data + l4 + test_check(proto);
	u16 sum;

	if (flat->data[l3] >> 4 == 4) {
		test_put16(flat->data + l3 + 10, 0);
		test_put16(flat->data + l3 + 10,
			   ~test_sum(flat->data + l3, l4 - l3));
	}
	test_put16(check, 0);
	sum = ~test_l4_sum(flat, l3, l4, end, proto);
	test_put16(check, proto != IPPROTO_TCP && !sum ? 0xffff : sum);
}

/* A whole and correct packet of random addresses, ports and payload */
void test_make(const struct test_spec *spec, struct test_flat *flat)
{
	unsigned int l4 = test_l4(spec->family);
	u8 *l3 = flat->data, *th = flat->data + l4;

	flat->len = l4 + test_header(spec->proto) + spec->noptions +
		    spec->payload;
	get_random_bytes(flat->data, flat->len);
	if (spec->family == NFPROTO_IPV4) {
		l3[0] = 0x45;
		test_put16(l3 + 2, flat->len);
		test_put16(l3 + 6, 0x4000);
		l3[9] = spec->proto;
	} else {
		l3[0] = 0x60;
		test_put16(l3 + 4, flat->len - l4);
		l3[6] = spec->proto;
	}
	switch (spec->proto) {
	case IPPROTO_TCP:
		th[12] = (5 + spec->noptions / 4) << 4;
		th[13] = spec->flags;
		if (spec->noptions)
			memcpy(th + 20, spec->options, spec->noptions);
		break;
	case IPPROTO_UDP:
		test_put16(th + 4, flat->len - l4);
		break;
	case IPPROTO_ICMP:
		th[0] = spec->reply ? 0 : 8;
		th[1] = 0;
		break;
	default:
		th[0] = spec->reply ? 129 : 128;
		th[1] = 0;
	}
	test_finish(flat, 0, l4, flat->len, spec->proto);
}

static void free_skb(void *skb)
{
	kfree_skb(skb);
}

/* The packet as a hook gets it, @linear octets of it in the head and the rest
 * in pages; it goes with the test.
 */
struct sk_buff *test_skb(struct kunit *test, const struct test_flat *flat,
			 unsigned int linear)
{
	unsigned int in_pages;
	struct sk_buff *skb;
	int err;

	linear = min(linear, flat->len);
	in_pages = flat->len - linear;
	skb = alloc_skb_with_frags(ETH_HLEN + linear, in_pages, 0, &err,
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, ETH_HLEN);
	skb_put(skb, linear);
	skb->data_len = in_pages;
	skb->len += in_pages;
	KUNIT_ASSERT_EQ(test, 0, skb_store_bits(skb, 0, flat->data, flat->len));
	skb_reset_network_header(skb);
	skb->protocol = flat->data[0] >> 4 == 4 ? htons(ETH_P_IP) :
						  htons(ETH_P_IPV6);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_skb, skb));
	return skb;
}

/* For tests of so many packets that they cannot wait for their end */
void test_free(struct kunit *test, struct sk_buff *skb)
{
	kunit_release_action(test, free_skb, skb);
}

void test_flatten(struct sk_buff *skb, struct test_flat *flat)
{
	flat->len = skb->len;
	WARN_ON(skb->len > TEST_MAX ||
		skb_copy_bits(skb, 0, flat->data, skb->len));
}
