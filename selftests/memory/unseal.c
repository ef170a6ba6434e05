// SPDX-License-Identifier: GPL-2.0
/* unseal MEMORY [LATER]: whoever has a machine's memory, and knows of one flow whose it is,
 * looks for the key that its mappings are sealed under: each 16 octets could be it. With
 * LATER, the flows are those of MEMORY, and the key is looked for there.
 *
 * Standard input has a line per flow, in hexadecimal digits as the memory has them:
 *	CUSTOMER PORT RELAY PORT REMOTE PORT
 * Prints "flows N keys M": how many flow objects of these were found, and how many
 * places hold a key that opens one of them.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLOWS_MAX	64

/* What struct cfr_flow has before and after its ports, IPv4 */
struct object {
	uint16_t customer_port;
	uint16_t relay_port;
	uint16_t remote_port;
	uint8_t family;
	uint8_t proto;
	uint32_t check;
	uint32_t customer;
	uint32_t relay;
	uint32_t remote;
};

#define TO_HASH		84	/* octets from the hash of the customer's node to it */

struct known {
	uint32_t customer, relay, remote;
	uint16_t customer_port, relay_port, remote_port;
};

/* A flow that was found: its tag, and what its stream begins with */
struct riddle {
	uint64_t tag;
	uint32_t address;
	uint16_t port;
};

static uint64_t rotl(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static void rounds(struct sip *s, int n)
{
	while (n--) {
		s->v0 += s->v1;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static void absorb(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	rounds(s, 2);
	s->v0 ^= word;
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of two words */
static uint64_t siphash(uint64_t a, uint64_t b, const uint64_t key[2])
{
	struct sip s = {
		0x736f6d6570736575ULL ^ key[0], 0x646f72616e646f6dULL ^ key[1],
		0x6c7967656e657261ULL ^ key[0], 0x7465646279746573ULL ^ key[1],
	};

	absorb(&s, a);
	absorb(&s, b);
	absorb(&s, 16ULL << 56);
	s.v2 ^= 0xff;
	rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static bool is_of(const struct object *o, const struct known *k)
{
	return o->relay == k->relay && o->remote == k->remote &&
	       o->relay_port == k->relay_port && o->remote_port == k->remote_port;
}

static size_t find_flows(const uint8_t *memory, size_t size,
			 const struct known *known, size_t count,
			 struct riddle *riddle)
{
	size_t at, i, found = 0;

	for (at = TO_HASH; at + sizeof(struct object) <= size; at += 4) {
		const struct object *o = (const void *)(memory + at);
		uint32_t hash;

		for (i = 0; i < count && found < FLOWS_MAX; i++) {
			if (!is_of(o, &known[i]))
				continue;
			memcpy(&hash, memory + at - TO_HASH, sizeof(hash));
			riddle[found++] = (struct riddle){
				.tag = (uint64_t)o->check << 32 | hash,
				.address = o->customer ^ known[i].customer,
				.port = o->customer_port ^ known[i].customer_port,
			};
		}
	}
	return found;
}

static bool opens(const uint64_t key[2], const struct riddle *r)
{
	uint64_t word = siphash(r->tag, 0, key);

	return word >> 32 == r->address && (uint16_t)word == r->port;
}

static size_t find_keys(const uint8_t *memory, size_t size,
			const struct riddle *riddle, size_t count)
{
	size_t at, i, found = 0;

	for (at = 0; at + 16 <= size; at += 8) {
		const uint64_t *key = (const void *)(memory + at);

		if (!key[0] && !key[1])
			continue;
		for (i = 0; i < count && !opens(key, &riddle[i]); i++)
			;
		found += i < count;
	}
	return found;
}

static const uint8_t *memory_of(const char *path, size_t *size)
{
	const uint8_t *memory;
	struct stat stat;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &stat))
		err(1, "%s", path);
	memory = mmap(NULL, stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		err(1, "%s", path);
	*size = stat.st_size;
	return memory;
}

int main(int argc, char **argv)
{
	struct riddle riddle[FLOWS_MAX];
	struct known known[FLOWS_MAX];
	size_t count = 0, flows, size;
	struct known *k = known;
	const uint8_t *memory;

	if (argc != 2 && argc != 3)
		errx(2, "usage: unseal MEMORY [LATER]");
	while (count < FLOWS_MAX &&
	       scanf("%x %hx %x %hx %x %hx", &k->customer, &k->customer_port,
		     &k->relay, &k->relay_port, &k->remote, &k->remote_port) == 6) {
		k++;
		count++;
	}
	memory = memory_of(argv[1], &size);
	flows = find_flows(memory, size, known, count, riddle);
	if (argc == 3)
		memory = memory_of(argv[2], &size);
	/* two are as good as all */
	printf("flows %zu keys %zu\n", flows,
	       find_keys(memory, size, riddle, flows < 2 ? flows : 2));
	return 0;
}
