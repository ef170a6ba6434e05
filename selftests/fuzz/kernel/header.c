// SPDX-License-Identifier: GPL-2.0
/* Reading packets, slowly and obviously, and their checksums. */

#include <netinet/in.h>

#include "frame.h"

unsigned int address_len(unsigned int version)
{
	return version == 4 ? 4 : 16;
}

unsigned int address_at(unsigned int version, bool destination)
{
	return version == 4 ? destination ? 16 : 12 : destination ? 24 : 8;
}

static bool extension(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_DSTOPTS;
}

static bool layout4(const uint8_t *data, unsigned int len, struct layout *at)
{
	if (len < 20 || (data[0] & 15) < 5)
		return false;
	at->l4 = (data[0] & 15) * 4;
	at->end = get16(data + 2);
	at->proto = data[9];
	at->fragment = get16(data + 6) & 0x3fff;
	at->first = !(get16(data + 6) & 0x1fff);
	return at->l4 <= at->end && at->end <= len;
}

static bool layout6(const uint8_t *data, unsigned int len, struct layout *at)
{
	if (len < 40)
		return false;
	at->l4 = 40;
	at->end = 40 + get16(data + 4);
	at->proto = data[6];
	at->fragment = false;
	at->first = true;
	if (at->end > len)
		return false;
	while (extension(at->proto) && at->l4 + 8 <= at->end &&
	       at->l4 + 8 + data[at->l4 + 1] * 8 <= at->end) {
		at->proto = data[at->l4];
		at->l4 += 8 + data[at->l4 + 1] * 8;
	}
	if (at->proto == IPPROTO_FRAGMENT && at->l4 + 8 <= at->end) {
		at->fragment = true;
		at->first = !(get16(data + at->l4 + 2) & 0xfff8);
		at->proto = data[at->l4];
		at->l4 += 8;
	}
	return true;
}

bool layout_of(const uint8_t *data, unsigned int len, struct layout *at)
{
	memset(at, 0, sizeof(*at));
	if (!len)
		return false;
	at->version = data[0] >> 4;
	if (at->version == 4 ? layout4(data, len, at) :
	    at->version == 6 && layout6(data, len, at))
		return true;
	at->version = 0;
	return false;
}

bool is_echo(const uint8_t *data, const struct layout *at)
{
	uint8_t type = data[at->l4];

	if (at->l4 + 8 > at->end || !at->first)
		return false;
	return at->version == 4 ?
		at->proto == IPPROTO_ICMP && (type == 0 || type == 8) :
		at->proto == IPPROTO_ICMPV6 && (type == 128 || type == 129);
}

bool is_error(const uint8_t *data, const struct layout *at)
{
	uint8_t type = data[at->l4];

	if (at->l4 + 8 > at->end || !at->first)
		return false;
	return at->version == 4 ?
		at->proto == IPPROTO_ICMP && (type == 3 || type == 11 || type == 12) :
		at->proto == IPPROTO_ICMPV6 && type >= 1 && type <= 4;
}

/* Where what passes untouched begins: behind ports or id and checksum */
unsigned int payload_at(const uint8_t *data, const struct layout *at)
{
	if (!at->first)
		return at->l4;
	if (at->proto == IPPROTO_TCP && at->l4 + 20 <= at->end)
		return at->l4 + 20;
	if ((at->proto == IPPROTO_UDP || is_echo(data, at)) && at->l4 + 8 <= at->end)
		return at->l4 + 8;
	return at->end;
}

/* Where data begins: behind TCP's options, too */
unsigned int data_at(const uint8_t *data, const struct layout *at)
{
	unsigned int payload = payload_at(data, at), header;

	if (!at->first || at->proto != IPPROTO_TCP || payload != at->l4 + 20)
		return payload;
	header = (data[at->l4 + 12] >> 4) * 4;
	return header >= 20 && at->l4 + header <= at->end ? at->l4 + header : payload;
}

/* A port, or an echo's id on the side that has one, or NULL */
uint16_t *port_at(uint8_t *data, const struct layout *at, bool destination)
{
	bool reply;

	if (!at->first || at->l4 + 8 > at->end)
		return NULL;
	if (at->proto == IPPROTO_TCP || at->proto == IPPROTO_UDP)
		return (uint16_t *)(data + at->l4 + (destination ? 2 : 0));
	if (!is_echo(data, at))
		return NULL;
	reply = data[at->l4] == 0 || data[at->l4] == 129;
	return reply == destination ? (uint16_t *)(data + at->l4 + 4) : NULL;
}

/* RFC 1071, the sum itself */
uint16_t sum16(const uint8_t *data, unsigned int len, uint32_t start)
{
	uint64_t sum = start;

	for (unsigned int i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Where in a transport header the checksum is, or -1 */
int check_at(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	}
	return -1;
}

/* What a datagram covers is less than its packet, if it says so. */
static unsigned int l4_len(const uint8_t *data, const struct layout *at)
{
	unsigned int len = at->end - at->l4;

	if (at->proto == IPPROTO_UDP && len >= 8 && get16(data + at->l4 + 4) >= 8 &&
	    get16(data + at->l4 + 4) < len)
		return get16(data + at->l4 + 4);
	return len;
}

uint16_t l4_sum(const uint8_t *data, const struct layout *at)
{
	unsigned int len = l4_len(data, at);
	uint32_t pseudo = 0;

	if (at->proto != IPPROTO_ICMP)
		pseudo = sum16(data + address_at(at->version, false),
			       2 * address_len(at->version), at->proto + len);
	return sum16(data + at->l4, len, pseudo);
}

bool ip_right(const uint8_t *data, const struct layout *at)
{
	return at->version == 6 || sum16(data, (data[0] & 15) * 4, 0) == 0xffff;
}

/* Right, or none where none is right too */
bool l4_right(const uint8_t *data, const struct layout *at)
{
	int check = check_at(at->proto);

	if (at->fragment || check < 0 || at->l4 + check + 2 > at->end)
		return true;
	if (at->proto == IPPROTO_UDP && at->version == 4 &&
	    !get16(data + at->l4 + check))
		return true;
	return l4_sum(data, at) == 0xffff;
}

static void set_l4(uint8_t *data, const struct layout *at)
{
	int check = check_at(at->proto);
	uint16_t sum;

	if (check < 0 || at->l4 + check + 2 > at->end)
		return;
	put16(data + at->l4 + check, 0);
	sum = ~l4_sum(data, at);
	put16(data + at->l4 + check, at->proto == IPPROTO_UDP && !sum ? 0xffff : sum);
}

/* Make all checksums of a packet right, as far as its headers make sense. */
void set_sums(uint8_t *data, unsigned int len)
{
	struct layout at;

	if (len >= 20 && data[0] >> 4 == 4 && (data[0] & 15) * 4u <= len) {
		put16(data + 10, 0);
		put16(data + 10, ~sum16(data, (data[0] & 15) * 4, 0));
	}
	if (layout_of(data, len, &at) && !at.fragment)
		set_l4(data, &at);
}

/* What a device does for a sender that left the checksum to it */
void complete(struct frame *frame)
{
	unsigned int start = frame->vnet.csum_start, at = start + frame->vnet.csum_offset;
	struct layout l;
	uint16_t sum;

	if (!(frame->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || at + 2 > frame->len)
		return;
	sum = ~sum16(frame->data + start, frame->len - start, 0);
	if (layout_of(frame->data, frame->len, &l) && l.proto == IPPROTO_UDP && !sum)
		sum = 0xffff;
	put16(frame->data + at, sum);
	frame->vnet.flags = 0;
}
