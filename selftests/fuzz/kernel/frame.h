/* SPDX-License-Identifier: GPL-2.0 */
/* What the packet fuzzer's parts share: a frame, random numbers, checksums. */
#ifndef FRAME_H
#define FRAME_H

#include <arpa/inet.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FRAME_MAX	65536
#define COOKIE		8	/* octets at the start of a payload that name an input */
#define PEERS		4	/* customers, and remotes */
#define PLAIN		2	/* of the customers: from then on, all is normalised */

/* The two devices of the relay */
enum side {
	CUSTOMERS,
	INTERNET,
};

/**
 * struct frame - an IP packet as a tun device takes and gives it
 * @vnet: what its sender says of checksum and segments
 * @len: octets of @data
 * @data: from the IP header on
 */
struct frame {
	struct virtio_net_hdr vnet;
	unsigned int len;
	uint8_t data[FRAME_MAX];
};

/**
 * struct ends - one end of a flow
 * @addr: 4 or 16 octets
 * @port: network order; or an echo id
 */
struct ends {
	uint8_t addr[16];
	uint16_t port;
};

/**
 * struct known - a flow that was seen to be relayed
 * @version: 4 or 6, 0 for a free place
 * @proto: IPPROTO_*
 * @customer: as it sends
 * @relay: as the remote sees it
 * @remote: to whom; no port for echo
 */
struct known {
	uint8_t version;
	uint8_t proto;
	struct ends customer;
	struct ends relay;
	struct ends remote;
};

/* random.c: reproducible from a seed */
void random_seed(uint64_t seed);
uint64_t random64(void);

static inline unsigned int below(unsigned int ceil)
{
	return (uint32_t)random64() * (uint64_t)ceil >> 32;
}

/* True in @percent of all cases */
static inline bool chance(unsigned int percent)
{
	return below(100) < percent;
}

static inline uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/* header.c: where things are in a packet */

/**
 * struct layout - a packet's headers, as far as they are what they say
 * @version: 4, 6, or 0 if it is no packet
 * @proto: of what follows the IP header and its extensions
 * @l4: offset of that
 * @end: by the IP header's word
 * @fragment: it is a part
 * @first: of the parts the first, or no part
 */
struct layout {
	unsigned int version;
	uint8_t proto;
	unsigned int l4;
	unsigned int end;
	bool fragment;
	bool first;
};

bool layout_of(const uint8_t *data, unsigned int len, struct layout *at);
unsigned int address_len(unsigned int version);
unsigned int address_at(unsigned int version, bool destination);
bool is_echo(const uint8_t *data, const struct layout *at);
bool is_error(const uint8_t *data, const struct layout *at);
unsigned int payload_at(const uint8_t *data, const struct layout *at);
unsigned int data_at(const uint8_t *data, const struct layout *at);
uint16_t *port_at(uint8_t *data, const struct layout *at, bool destination);
uint16_t sum16(const uint8_t *data, unsigned int len, uint32_t start);
int check_at(uint8_t proto);
uint16_t l4_sum(const uint8_t *data, const struct layout *at);
bool ip_right(const uint8_t *data, const struct layout *at);
bool l4_right(const uint8_t *data, const struct layout *at);
void set_sums(uint8_t *data, unsigned int len);
void complete(struct frame *frame);

/* make.c: inputs */
extern const char *const customers4[PEERS], *const customers6[PEERS];
extern const char *const remotes4[PEERS], *const remotes6[PEERS];
void make_init(void);
unsigned int make(enum side side, const struct known *known, uint64_t number,
		  struct frame *frame, unsigned int most);
void make_cookie(uint64_t number, uint8_t cookie[COOKIE]);

/* oracle.c: outputs */
void oracle_init(void);
void oracle_forget(void);
const struct known *oracle_known(void);
void oracle_input(enum side side, uint64_t number, const struct frame *frame,
		  unsigned int count);
const char *oracle_output(enum side side, struct frame *frame);
const char *oracle_done(void);
unsigned long oracle_relayed(void);

#endif
