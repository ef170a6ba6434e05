// SPDX-License-Identifier: GPL-2.0
/* Inputs: packets made of known parts, then damaged where it hurts. Payload is
 * made of letters, so that no address of a customer can be in it by chance.
 */

#include <netinet/in.h>
#include <stdlib.h>

#include "frame.h"

const char *const customers4[PEERS] = {
	"10.83.1.2", "10.83.1.3", "10.83.77.4", "10.83.200.5",
};
const char *const customers6[PEERS] = {
	"fd83:c0de:1::83:2", "fd83:c0de:1::83:3", "fd83:c0de:77::83:4",
	"fd83:c0de:200::83:5",
};
/* None ends in 10, which with a drawn port behind it could read as a customer's. */
const char *const remotes4[PEERS] = {
	"203.0.113.20", "203.0.113.21", "198.18.5.20", "192.0.2.2",
};
const char *const remotes6[PEERS] = {
	"2001:db8:5::10", "2001:db8:5::11", "2001:db8:dada::10", "2001:db8:1::2",
};

static uint8_t addresses[2][2][PEERS][16];	/* by side and family */

static const uint8_t extensions[] = {
	IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT,
	IPPROTO_AH, IPPROTO_ESP, IPPROTO_NONE, 135, 139, 140, 253, 254,
};
static const uint8_t flag_sets[] = {
	0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0x29, 0x01, 0x03, 0x06,
	0x3f, 0xc2, 0x52,
};
static const uint16_t edges[] = {
	0, 1, 7, 8, 19, 20, 21, 39, 40, 41, 59, 60, 127, 128, 255, 256, 576, 1279,
	1280, 1500, 0x7fff, 0x8000, 0xfff8, 0xffff,
};

void make_init(void)
{
	for (int i = 0; i < PEERS; i++) {
		inet_pton(AF_INET, customers4[i], addresses[CUSTOMERS][0][i]);
		inet_pton(AF_INET6, customers6[i], addresses[CUSTOMERS][1][i]);
		inet_pton(AF_INET, remotes4[i], addresses[INTERNET][0][i]);
		inet_pton(AF_INET6, remotes6[i], addresses[INTERNET][1][i]);
	}
}

void make_cookie(uint64_t number, uint8_t cookie[COOKIE])
{
	for (int i = 0; i < COOKIE; i++, number /= 26)
		cookie[i] = 'a' + number % 26;
}

/* What is being made: the packet, and where it stands in its family */
struct draft {
	uint8_t version;
	uint8_t proto;
	struct ends src;
	struct ends dst;
	uint64_t number;
	uint8_t *data;
	unsigned int len;
	unsigned int l4;
};

static void letters(uint8_t *data, unsigned int len, uint64_t number)
{
	uint8_t cookie[COOKIE];

	for (unsigned int i = 0; i < len; i++)
		data[i] = 'A' + (i * 7 + number) % 26;
	make_cookie(number, cookie);
	memcpy(data, cookie, len < COOKIE ? len : COOKIE);
}

static void add_options4(struct draft *d)
{
	unsigned int room = 4 * (1 + below(10)), at = d->len, end = at + room;

	memset(d->data + at, 0, room);
	while (at + 3 < end && chance(85)) {
		static const uint8_t kinds[] = { 1, 7, 68, 131, 137, 148, 130, 25 };
		unsigned int len = 2 + below(end - at - 1);

		d->data[at] = chance(80) ? kinds[below(sizeof(kinds))] : random64();
		d->data[at + 1] = chance(90) ? len : random64();
		d->data[at + 2] = chance(80) ? 4 + 4 * below(3) : random64();
		at += chance(30) ? 1 : len;
	}
	d->data[0] += room / 4;
	d->len += room;
}

static void begin4(struct draft *d)
{
	d->data[0] = 0x45;
	d->data[1] = chance(80) ? 0 : random64();
	put16(d->data + 4, random64());
	put16(d->data + 6, chance(60) ? 0x4000 : 0);
	d->data[8] = chance(90) ? 64 : below(4);
	d->data[9] = d->proto;
	memcpy(d->data + 12, d->src.addr, 4);
	memcpy(d->data + 16, d->dst.addr, 4);
	d->len = 20;
	if (chance(4))
		add_options4(d);
}

static void add_extensions(struct draft *d)
{
	unsigned int next = 6;

	for (int i = 1 + below(6); i; i--) {
		uint8_t kind = extensions[below(chance(80) ? 4 : sizeof(extensions))];
		unsigned int len = kind == IPPROTO_FRAGMENT ? 8 : 8 * (1 + below(4));
		uint8_t *at = d->data + d->len;

		d->data[next] = kind;
		next = d->len;
		memset(at, 0, len);
		at[1] = chance(90) ? len / 8 - 1 : random64();
		if (kind == IPPROTO_ROUTING) {
			at[2] = below(6);
			at[3] = below(4);
		} else if (kind == IPPROTO_FRAGMENT) {
			put16(at + 2, chance(70) ? 0 : random64());
		} else {
			at[2] = chance(60) ? 1 : random64();
			at[3] = chance(80) ? len - 4 : random64();
		}
		d->len += len;
	}
	d->data[next] = d->proto;
}

static void begin6(struct draft *d)
{
	memset(d->data, 0, 40);
	d->data[0] = 0x60 | below(16);
	put16(d->data + 2, random64());
	d->data[6] = d->proto;
	d->data[7] = chance(90) ? 64 : below(4);
	memcpy(d->data + 8, d->src.addr, 16);
	memcpy(d->data + 24, d->dst.addr, 16);
	d->len = 40;
	if (chance(4))
		add_extensions(d);
}

static void begin(struct draft *d)
{
	if (d->version == 4)
		begin4(d);
	else
		begin6(d);
	d->l4 = d->len;
}

/* Write lengths and checksums. */
static void finish(struct draft *d)
{
	if (d->version == 4)
		put16(d->data + 2, d->len);
	else
		put16(d->data + 4, d->len - 40);
	set_sums(d->data, d->len);
}

/* Options of every kind and length, mostly to the end of their room */
static unsigned int tcp_options(uint8_t *at)
{
	unsigned int room = 4 * below(11), i = 0;

	memset(at, 1, room);
	while (i + 2 < room && chance(80)) {
		unsigned int len = 2 + below(room - i - 1);

		at[i] = chance(60) ? below(35) : random64();
		at[i + 1] = chance(90) ? len : random64();
		for (unsigned int j = i + 2; j < i + len && j < room; j++)
			at[j] = random64();
		i += len;
	}
	return room;
}

static unsigned int payload_len(void)
{
	static const unsigned int usual[] = { 0, 1, 8, 9, 33, 64, 512, 1200, 1400 };

	return chance(95) ? usual[below(9)] : below(3000);
}

static void add_tcp(struct draft *d, uint8_t flags)
{
	uint8_t *th = d->data + d->len;
	unsigned int options = chance(60) ? tcp_options(th + 20) : 0, len = payload_len();

	for (int i = 4; i < 20; i++)
		th[i] = random64();
	memcpy(th, &d->src.port, 2);
	memcpy(th + 2, &d->dst.port, 2);
	th[12] = (5 + options / 4) << 4 | (chance(90) ? 0 : below(16));
	th[13] = flags;
	letters(th + 20 + options, len, d->number);
	d->len += 20 + options + len;
}

static void add_udp(struct draft *d)
{
	uint8_t *uh = d->data + d->len;
	unsigned int len = payload_len();

	memcpy(uh, &d->src.port, 2);
	memcpy(uh + 2, &d->dst.port, 2);
	put16(uh + 4, 8 + (len && chance(3) ? below(len) : len));
	letters(uh + 8, len, d->number);
	d->len += 8 + len;
}

static void add_echo(struct draft *d, bool reply)
{
	uint8_t *ih = d->data + d->len;
	unsigned int len = payload_len();

	ih[0] = d->version == 4 ? reply ? 0 : 8 : reply ? 129 : 128;
	ih[1] = chance(95) ? 0 : random64();
	memcpy(ih + 4, reply ? &d->dst.port : &d->src.port, 2);
	put16(ih + 6, random64());
	letters(ih + 8, len, d->number);
	d->len += 8 + len;
}

static uint8_t tcp_flags(bool opens)
{
	if (chance(10))
		return random64();
	if (chance(20))
		return flag_sets[below(sizeof(flag_sets))];
	return opens ? 0x02 : 0x10;
}

static void add_transport(struct draft *d, bool opens, bool reply)
{
	switch (d->proto) {
	case IPPROTO_TCP:
		return add_tcp(d, tcp_flags(opens));
	case IPPROTO_UDP:
		return add_udp(d);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return add_echo(d, reply);
	}
	letters(d->data + d->len, 64, d->number);
	d->len += 64;
}

/* Objects of RFC 4884 behind the quote, RFC 5837's names and addresses in it */
static void add_objects(struct draft *d, unsigned int quote)
{
	static const uint8_t object[] = {
		0x20, 0, 0, 0, 0, 16, 2, 0x0a, 0, 1, 0, 0, 10, 83, 200, 1,
		8, 'c', 'u', 's', 't', 'o', 'm', 'e', 'r', 0, 0, 0,
	};
	unsigned int unit = d->version == 4 ? 4 : 8, len = d->len - quote;
	unsigned int padded = (len < 128 ? 128 : len) + unit - 1;

	padded -= padded % unit;
	memset(d->data + d->len, 0, padded - len);
	d->data[d->l4 + (d->version == 4 ? 5 : 4)] = chance(90) ? padded / unit :
								   random64();
	d->len = quote + padded;
	memcpy(d->data + d->len, object, sizeof(object));
	d->len += chance(90) ? sizeof(object) : below(sizeof(object));
}

/* An error quotes what its addressee sent: the packet from @d's destination. */
static void add_error(struct draft *d, const struct ends *quoted_dst, uint8_t proto)
{
	static const uint8_t types4[] = { 3, 11, 12 };
	uint8_t *ih = d->data + d->len;
	unsigned int quote = d->len + 8;
	struct draft inner = {
		.version = d->version, .proto = proto, .src = d->dst,
		.dst = *quoted_dst, .number = d->number, .data = d->data + quote,
	};

	memset(ih, 0, 8);
	ih[0] = d->version == 4 ? types4[below(3)] : 1 + below(4);
	ih[1] = below(16);
	if (chance(50))
		put16(ih + 6, edges[below(24)]);
	begin(&inner);
	add_transport(&inner, chance(50), chance(50));
	finish(&inner);
	if (chance(10))
		inner.data[below(inner.len)] = random64();
	if (chance(50))
		inner.len = below(inner.len + 1);
	d->len = quote + inner.len;
	if (inner.len && chance(20))
		add_objects(d, quote);
}

static void random_ends(struct draft *d, enum side side)
{
	int v6 = d->version == 6;

	memcpy(d->src.addr, addresses[side][v6][below(PEERS)], 16);
	memcpy(d->dst.addr, addresses[!side][v6][below(PEERS)], 16);
	d->src.port = htons(1024 + below(64));
	d->dst.port = chance(80) ? htons(443) : random64();
	if (side == INTERNET) {
		/* Into the pool, where there may or may not be a flow, or to one of its
		 * own. The internet knows no customer: an error about a packet that it
		 * had sent to one would tell it what it wrote itself.
		 */
		memcpy(d->dst.addr, addresses[INTERNET][v6][below(PEERS)], 16);
		if (chance(10))
			return;
		inet_pton(v6 ? AF_INET6 : AF_INET, v6 ? "2001:db8:cf:7::1" :
							"198.51.100.0", d->dst.addr);
		d->dst.addr[v6 ? 15 : 3] = random64();
		d->dst.port = random64();
	}
}

/* A packet in the direction that @from sends of a flow that lives, or lived */
static void known_ends(struct draft *d, enum side from, const struct known *k)
{
	d->version = k->version;
	d->proto = k->proto;
	d->src = from == CUSTOMERS ? k->customer : k->remote;
	d->dst = from == CUSTOMERS ? k->remote : k->relay;
}

static void error_about(struct draft *d, enum side from, const struct known *k)
{
	struct ends quoted = from == CUSTOMERS ? k->customer : k->remote;
	uint8_t proto = k->proto;

	known_ends(d, from, k);
	/* a router on the way, or the quoted destination itself */
	if (chance(40))
		memcpy(d->src.addr, addresses[from][d->version == 6][below(PEERS)], 16);
	d->proto = d->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	begin(d);
	add_error(d, &quoted, chance(80) ? proto : random64());
}

static void anything(struct draft *d, enum side side)
{
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6,
	};

	d->version = chance(50) ? 4 : 6;
	d->proto = chance(75) ? protos[below(4)] : random64();
	random_ends(d, side);
	begin(d);
	if ((d->proto == IPPROTO_ICMP || d->proto == IPPROTO_ICMPV6) && chance(30)) {
		struct ends quoted = d->src;

		add_error(d, &quoted, chance(50) ? protos[below(4)] : random64());
		return;
	}
	add_transport(d, chance(60), chance(50));
	if (chance(20))
		d->data[d->l4] = random64();	/* another ICMP type */
}

static void damage(struct frame *f)
{
	for (int i = 1 + below(3); i && f->len > 1; i--) {
		unsigned int at = below(f->len < 80 || chance(30) ? f->len : 80);

		switch (below(7)) {
		case 0:
			f->data[at] ^= 1 << below(8);
			break;
		case 1:
			f->data[at] = random64();
			break;
		case 2:
			if (at + 1 < f->len)
				put16(f->data + at, edges[below(24)]);
			break;
		case 3:
			f->len = 1 + below(f->len);
			break;
		case 4:	/* link padding, or what a NIC adds */
			at = below(40);
			memset(f->data + f->len, 'P', at);
			f->len += at;
			break;
		case 5:
			put16(f->data + (f->data[0] >> 4 == 4 ? 2 : 4), edges[below(24)]);
			break;
		case 6:
			f->data[at] = edges[below(15)];
			break;
		}
	}
	if (chance(75))
		set_sums(f->data, f->len);
}

/* A sender that leaves checksum and segmentation to its device */
static void offload(struct frame *f)
{
	struct layout at;
	uint16_t sum, rest;
	int check;

	if (!layout_of(f->data, f->len, &at) || at.fragment)
		return;
	check = check_at(at.proto);
	if (check < 0 || at.proto == IPPROTO_ICMP || at.l4 + check + 2 > at.end)
		return;
	if (at.proto != IPPROTO_ICMPV6 && f->len < 1500 && chance(70)) {
		unsigned int more = below(16000);

		memset(f->data + f->len, 'z', more);
		f->len += more;
		put16(f->data + (at.version == 4 ? 2 : 4),
		      f->len - (at.version == 4 ? 0 : 40));
		if (at.proto == IPPROTO_UDP)
			put16(f->data + at.l4 + 4, f->len - at.l4);
		f->vnet.gso_type = at.proto == IPPROTO_UDP ? VIRTIO_NET_HDR_GSO_UDP_L4 :
				   at.version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
						     VIRTIO_NET_HDR_GSO_TCPV6;
		f->vnet.gso_size = chance(80) ? 500 + below(800) : edges[below(24)];
		f->vnet.hdr_len = payload_at(f->data, &at);
		set_sums(f->data, f->len);
		layout_of(f->data, f->len, &at);
	}
	put16(f->data + at.l4 + check, 0);
	/* the pseudo header's sum: what the rest's lacks to the whole's */
	sum = l4_sum(f->data, &at);
	rest = ~sum16(f->data + at.l4, at.end - at.l4, 0);
	put16(f->data + at.l4 + check, sum16((uint8_t []){ sum >> 8, sum }, 2, rest));
	f->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	f->vnet.csum_start = at.l4;
	f->vnet.csum_offset = check;
	if (chance(4))
		f->vnet.csum_start = random64();
	if (chance(4))
		f->vnet.csum_offset = random64() % 64;
	if (chance(4))
		f->vnet.gso_type = random64();
}

/* Cut a packet into parts, which arrive in any order, some twice or never. */
static unsigned int fragment(struct frame *f, unsigned int most)
{
	static uint8_t whole[FRAME_MAX];
	unsigned int head, body, count = 0, at = 0, step, extra;
	struct layout l;

	if (f->vnet.flags || f->len < 64 || f->len > 4000 ||
	    !layout_of(f->data, f->len, &l) || l.fragment)
		return 1;
	memcpy(whole, f->data, f->len);
	head = l.version == 4 ? l.l4 : 40;
	extra = l.version == 4 ? 0 : 8;
	body = l.end - head;
	step = 8 * (1 + below(body / 8 + 1));
	if (body / step + 1 > most)
		step = 8 * (body / 8 / most + 2);
	for (; at < body && count < most; at += step, count++) {
		unsigned int len = body - at < step ? body - at : step;
		bool more = at + len < body;
		struct frame *part = f + count;

		memset(&part->vnet, 0, sizeof(part->vnet));
		memcpy(part->data, whole, head);
		memcpy(part->data + head + extra, whole + head + at, len);
		part->len = head + extra + len;
		if (l.version == 4) {
			put16(part->data + 2, part->len);
			put16(part->data + 6, at / 8 | (more ? 0x2000 : 0));
			put16(part->data + 10, 0);
			put16(part->data + 10, ~sum16(part->data, head, 0));
		} else {
			put16(part->data + 4, part->len - 40);
			part->data[40] = whole[6];
			part->data[6] = IPPROTO_FRAGMENT;
			part->data[41] = 0;
			put16(part->data + 42, at | more);
			memcpy(part->data + 44, whole + 2, 2);
			memcpy(part->data + 46, whole + head, 2);
		}
		if (chance(2))
			put16(part->data + (l.version == 4 ? 6 : 42), random64());
	}
	return count;
}

/**
 * make() - the next input
 * @side: where it comes from
 * @known: a flow, or NULL
 * @number: names it
 * @frame: at most @most of them, which belong to one packet
 */
unsigned int make(enum side side, const struct known *known, uint64_t number,
		  struct frame *frame, unsigned int most)
{
	struct draft d = { .number = number, .data = frame->data };
	unsigned int kind = below(100);

	memset(&frame->vnet, 0, sizeof(frame->vnet));
	if (known && kind < 45) {
		known_ends(&d, side, known);
		begin(&d);
		add_transport(&d, false, side == INTERNET);
	} else if (known && kind < 70) {
		error_about(&d, side, known);
	} else {
		anything(&d, side);
	}
	finish(&d);
	frame->len = d.len;
	if (chance(30))
		damage(frame);
	if (chance(12))
		offload(frame);
	return chance(8) ? fragment(frame, most) : 1;
}
