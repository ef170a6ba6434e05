// SPDX-License-Identifier: GPL-2.0
/* What a relay may send, told by its inputs alone. Of every packet on the
 * internet side: its source is no customer's, nor is any address in it, outside
 * of the payload that was there before; of every packet that belongs to an
 * input: all but one end and the hop count is as it was, or at least its data
 * where the customer's headers are normalised, checksums are right where they were
 * right; of flows: one customer has one tuple and gets what
 * comes to it.
 */

#include <netinet/in.h>
#include <stdlib.h>

#include "frame.h"

#define PLACES		(1 << 16)

static const char *const own4[] = { "10.83.0.1", "10.83.255.1" };
static const char *const own6[] = { "fd83:c0de::1", "fd83:c0de:ff::1" };

static uint8_t secrets[2][PEERS + 2][16];
static uint8_t gate[2][16], pool[2][16];	/* the relay's own, and its pools */

static struct known by_customer[PLACES], by_relay[PLACES];
static const struct known *recent[256];
static unsigned int recent_count;
static unsigned long relayed;

static struct {
	enum side side;
	uint8_t cookie[COOKIE];
	unsigned int count;
	struct frame frame;	/* the first of @count */
	struct layout at;
	bool sum_right;
	bool odd;	/* it asks for a checksum where none belongs */
} input;

/* What has come out of one input in segments or fragments */
static struct {
	unsigned int count;
	unsigned int len;
	uint8_t data[FRAME_MAX];
} pieces;

void oracle_init(void)
{
	for (int i = 0; i < PEERS; i++) {
		inet_pton(AF_INET, customers4[i], secrets[0][i]);
		inet_pton(AF_INET6, customers6[i], secrets[1][i]);
	}
	for (int i = 0; i < 2; i++) {
		inet_pton(AF_INET, own4[i], secrets[0][PEERS + i]);
		inet_pton(AF_INET6, own6[i], secrets[1][PEERS + i]);
	}
	inet_pton(AF_INET, "192.0.2.1", gate[0]);
	inet_pton(AF_INET6, "2001:db8:1::1", gate[1]);
	inet_pton(AF_INET, "198.51.100.0", pool[0]);
	inet_pton(AF_INET6, "2001:db8:cf::", pool[1]);
}

/* All flows have been flushed. */
void oracle_forget(void)
{
	memset(by_customer, 0, sizeof(by_customer));
	memset(by_relay, 0, sizeof(by_relay));
	recent_count = 0;
}

const struct known *oracle_known(void)
{
	unsigned int most = recent_count < 256 ? recent_count : 256;

	return most ? recent[below(most)] : NULL;
}

unsigned long oracle_relayed(void)
{
	return relayed;
}

static bool in_pool(const uint8_t *addr, unsigned int version)
{
	return version == 4 ? !memcmp(addr, pool[0], 3) : !memcmp(addr, pool[1], 7);
}

static unsigned int place(uint8_t version, uint8_t proto, const struct ends *end,
			  const struct ends *remote)
{
	uint32_t hash = version << 8 | proto;

	for (int i = 0; i < 16; i++)
		hash = (hash ^ end->addr[i] ^ remote->addr[i] << 8) * 0x01000193;
	hash = (hash ^ end->port) * 0x01000193;
	hash = (hash ^ remote->port) * 0x01000193;
	return (hash ^ hash >> 16) % PLACES;
}

static bool same(const struct ends *a, const struct ends *b)
{
	return a->port == b->port && !memcmp(a->addr, b->addr, 16);
}

static bool is_known(const struct known *k, const struct known *like)
{
	return k->version == like->version && k->proto == like->proto &&
	       same(&k->remote, &like->remote);
}

static void read_end(uint8_t *data, const struct layout *at, bool destination,
		     struct ends *end)
{
	uint16_t *port = port_at(data, at, destination);

	memset(end, 0, sizeof(*end));
	memcpy(end->addr, data + address_at(at->version, destination),
	       address_len(at->version));
	end->port = port ? *port : 0;
}

/* A customer's packet left as @out: it has the tuple that its flow had before. */
static const char *learn(struct frame *out, const struct layout *at)
{
	struct known k = { .version = at->version, .proto = at->proto };
	struct known *mine, *theirs;

	read_end(input.frame.data, &input.at, false, &k.customer);
	read_end(out->data, at, false, &k.relay);
	read_end(out->data, at, true, &k.remote);
	mine = &by_customer[place(k.version, k.proto, &k.customer, &k.remote)];
	theirs = &by_relay[place(k.version, k.proto, &k.relay, &k.remote)];
	if (is_known(mine, &k) && same(&mine->customer, &k.customer) &&
	    !same(&mine->relay, &k.relay))
		return "a flow changed its relay tuple";
	if (is_known(theirs, &k) && same(&theirs->relay, &k.relay) &&
	    !same(&theirs->customer, &k.customer))
		return "two customers have one relay tuple";
	*mine = k;
	*theirs = k;
	recent[recent_count++ % 256] = mine;
	return NULL;
}

/* A remote's packet came out as @out: to whom its flow belongs. */
static const char *delivered(struct frame *out, const struct layout *at)
{
	struct known k = { .version = at->version, .proto = at->proto };
	const struct known *theirs;

	read_end(input.frame.data, &input.at, true, &k.relay);
	read_end(input.frame.data, &input.at, false, &k.remote);
	read_end(out->data, at, true, &k.customer);
	theirs = &by_relay[place(k.version, k.proto, &k.relay, &k.remote)];
	if (is_known(theirs, &k) && same(&theirs->relay, &k.relay) &&
	    !same(&theirs->customer, &k.customer))
		return "a packet came to another customer";
	return NULL;
}

/**
 * oracle_input() - a packet is about to be sent
 * @side: into this device
 * @number: that its payload has as its cookie
 * @frame: itself, or its fragments
 * @count: of them
 */
void oracle_input(enum side side, uint64_t number, const struct frame *frame,
		  unsigned int count)
{
	input.side = side;
	input.count = count;
	make_cookie(number, input.cookie);
	input.frame.vnet = frame->vnet;
	input.frame.len = frame->len;
	memcpy(input.frame.data, frame->data, frame->len);
	layout_of(input.frame.data, input.frame.len, &input.at);
	input.odd = frame->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
		    (frame->vnet.csum_start != input.at.l4 ||
		     frame->vnet.csum_offset != check_at(input.at.proto));
	complete(&input.frame);
	input.sum_right = input.at.version && !input.at.fragment && !input.odd &&
			  l4_right(input.frame.data, &input.at);
	pieces.count = 0;
	pieces.len = 0;
}

static bool is_input(const uint8_t *payload, unsigned int len)
{
	return len >= COOKIE && !memcmp(payload, input.cookie, COOKIE);
}

/* Does the packet that went in have these octets in the same place behind its
 * ports and checksum?
 */
static bool from_input(const struct frame *out, unsigned int payload)
{
	unsigned int was;

	if (!input.at.version)
		return false;
	was = payload_at(input.frame.data, &input.at);
	return out->len - payload <= input.frame.len - was &&
	       !memcmp(out->data + payload, input.frame.data + was, out->len - payload);
}

static bool secret_in(const uint8_t *data, unsigned int len, unsigned int version)
{
	for (int i = 0; i < PEERS + 2; i++)
		if (memmem(data, len, secrets[version == 6][i], address_len(version)))
			return true;
	return false;
}

static const char *check_source(const struct frame *out, const struct layout *at)
{
	const uint8_t *src = out->data + address_at(at->version, false);
	unsigned int len = address_len(at->version);
	static const uint8_t none[16];

	if (in_pool(src, at->version) || !memcmp(src, gate[at->version == 6], len))
		return NULL;
	if (at->version == 6 && (src[0] == 0xfe || !memcmp(src, none, 16)))
		return NULL;	/* the host's own, link-local or none */
	/* forwarded from the internet to the internet */
	if (input.side == INTERNET && input.at.version == at->version &&
	    !memcmp(src, input.frame.data + address_at(at->version, false), len))
		return NULL;
	return "a source that is neither a pool's nor the relay's";
}

static const char *check_secrets(const struct frame *out, const struct layout *at)
{
	unsigned int payload = payload_at(out->data, at);

	if (input.side == INTERNET)
		return NULL;	/* who has it from the internet may send it there */
	if (secret_in(out->data, payload, at->version))
		return "a customer's address in the headers";
	if (!secret_in(out->data + payload, out->len - payload, at->version))
		return NULL;
	return from_input(out, payload) ? NULL : "a customer's address in a quote";
}

/* All but one end, the hop count and checksums is what went in. */
static const char *check_same(struct frame *out, const struct layout *at)
{
	static uint8_t want[FRAME_MAX];
	bool destination = input.side == INTERNET;
	unsigned int addr = address_at(at->version, destination);
	int check = check_at(at->proto);
	uint16_t *port;

	if (out->len != input.at.end)
		return "another length";
	memcpy(want, input.frame.data, out->len);
	memcpy(want + addr, out->data + addr, address_len(at->version));
	port = port_at(want, at, destination);
	if (port)
		*port = *port_at(out->data, at, destination);
	memcpy(want + at->l4 + check, out->data + at->l4 + check, 2);
	want[at->version == 4 ? 8 : 7]--;
	if (at->version == 4)
		memcpy(want + 10, out->data + 10, 2);
	return memcmp(want, out->data, out->len) ? "changed beyond one end" : NULL;
}

/* Is a customer one of those whose headers are normalised? */
static bool normalised(struct frame *out, const struct layout *at)
{
	bool in = input.side == INTERNET;
	const uint8_t *addr = in ? out->data + address_at(at->version, true) :
		input.frame.data + address_at(input.at.version, false);

	for (int i = PLAIN; i < PEERS; i++)
		if (!memcmp(addr, secrets[at->version == 6][i], address_len(at->version)))
			return true;
	return false;
}

/* What customers and remotes say to each other is what went in. */
static const char *check_payload(const struct frame *out, const struct layout *at)
{
	unsigned int data = data_at(out->data, at), was = data_at(input.frame.data, &input.at);

	if (out->len != at->end)
		return "octets behind the end";
	if (at->end - data != input.at.end - was)
		return "data of another length";
	return memcmp(out->data + data, input.frame.data + was, at->end - data) ?
	       "changed data" : NULL;
}

static void collect(const uint8_t *data, unsigned int len)
{
	if (pieces.len + len > sizeof(pieces.data))
		return;
	memcpy(pieces.data + pieces.len, data, len);
	pieces.len += len;
	pieces.count++;
}

static bool relayed_kind(const struct frame *out, const struct layout *at)
{
	return at->proto == IPPROTO_TCP || at->proto == IPPROTO_UDP ||
	       is_echo(out->data, at);
}

static const char *check_data(enum side side, struct frame *out,
			      const struct layout *at)
{
	unsigned int payload = payload_at(out->data, at), data = data_at(out->data, at);
	bool whole = input.count == 1 && !at->fragment && !input.at.fragment &&
		     !input.odd && !input.frame.vnet.gso_type;
	const char *wrong;

	if (input.frame.vnet.gso_type || at->fragment)
		collect(out->data + payload, at->end - payload);
	if (side == input.side || !is_input(out->data + data, at->end - data))
		return NULL;
	if (!input.at.version || !input.at.first || input.at.version != at->version)
		return NULL;
	/* to a customer directly: forwarded as by any router */
	if (input.side == INTERNET &&
	    !in_pool(input.frame.data + address_at(at->version, true), at->version))
		return NULL;
	relayed++;
	if (input.sum_right && input.count == 1 && !at->fragment &&
	    !l4_right(out->data, at))
		return "a checksum that was right is wrong";
	if (whole) {
		wrong = normalised(out, at) ? check_payload(out, at) : check_same(out, at);
		if (wrong)
			return wrong;
	}
	if (input.count > 1 || input.odd)
		return NULL;
	return side == INTERNET ? learn(out, at) : delivered(out, at);
}

static const char *check_error(const struct frame *out, const struct layout *at)
{
	return at->fragment || l4_right(out->data, at) ? NULL :
	       "an ICMP error with a wrong checksum";
}

/**
 * oracle_output() - look at what has come out
 * @side: of this device
 * @frame: as it was read
 *
 * Return: what is wrong with it, or NULL
 */
const char *oracle_output(enum side side, struct frame *frame)
{
	const char *wrong = NULL;
	struct layout at;

	complete(frame);
	if (!layout_of(frame->data, frame->len, &at))
		return "no packet";
	if (!ip_right(frame->data, &at))
		return "a wrong IP checksum";
	if (side == INTERNET) {
		wrong = check_source(frame, &at) ?: check_secrets(frame, &at);
		if (wrong)
			return wrong;
	}
	if (is_error(frame->data, &at))
		return check_error(frame, &at);
	if (!at.first || relayed_kind(frame, &at))
		return check_data(side, frame, &at);
	return NULL;
}

/* All of one input's outputs have been seen: do its segments hold its payload? */
const char *oracle_done(void)
{
	unsigned int payload, len;

	if (input.count > 1 || input.odd || !input.frame.vnet.gso_type || pieces.count == 0 ||
	    input.at.proto != IPPROTO_UDP || !input.at.version)
		return NULL;
	payload = payload_at(input.frame.data, &input.at);
	len = input.at.end - payload;
	if (!is_input(pieces.data, pieces.len))
		return NULL;
	return pieces.len == len &&
	       !memcmp(pieces.data, input.frame.data + payload, len) ?
	       NULL : "segments that do not make the payload";
}
