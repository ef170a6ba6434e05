// SPDX-License-Identifier: GPL-2.0
/* packets SECONDS SEED: throw packets at a relay from both sides and look at all
 * that comes out.
 *
 *	customers ---- cust0 (tun)  relay  inet0 (tun) ---- internet
 *
 * Both devices and the relay are packets.sh's. A tun device hands a packet to
 * the stack before write() returns, and what is forwarded waits on the other
 * device: one input is done when both have nothing to read. The last input is
 * kept in the file "input", for the kernel to find guilty of a splat.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

#define PARTS		24
#define FLUSH_SECONDS	20	/* well before a flow can end by itself */
#define CUSTOMER_SHARE	60	/* percent of all inputs */

#ifndef TUN_F_USO4
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif

static int tun[2];
static struct frame frames[PARTS];
static struct frame output;

static int open_tun(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strcpy(ifr.ifr_name, name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr)) {
		perror(name);
		exit(2);
	}
	return fd;
}

/* Whether the devices take partial checksums and super-packets */
static void set_offload(bool on)
{
	unsigned int what = on ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 |
				 TUN_F_USO6 : 0;

	if (ioctl(tun[CUSTOMERS], TUNSETOFFLOAD, what) ||
	    ioctl(tun[INTERNET], TUNSETOFFLOAD, what))
		perror("TUNSETOFFLOAD");
}

static void hex(const char *what, const struct frame *f)
{
	printf("# %s: %u octets, gso %u size %u flags %u start %u offset %u\n#", what,
	       f->len, f->vnet.gso_type, f->vnet.gso_size, f->vnet.flags,
	       f->vnet.csum_start, f->vnet.csum_offset);
	for (unsigned int i = 0; i < f->len && i < 256; i++)
		printf(" %02x", f->data[i]);
	printf("\n");
}

static void fail(const char *wrong, enum side from, unsigned int count, enum side to)
{
	printf("# %s: from the %s side, to the %s side\n", wrong,
	       from == CUSTOMERS ? "customers'" : "internet",
	       to == CUSTOMERS ? "customers'" : "internet");
	for (unsigned int i = 0; i < count; i++)
		hex("input", &frames[i]);
	hex("output", &output);
	exit(1);
}

static struct iovec *pair(struct frame *f, unsigned int len)
{
	static struct iovec io[2];

	io[0] = (struct iovec){ &f->vnet, sizeof(f->vnet) };
	io[1] = (struct iovec){ f->data, len };
	return io;
}

static bool receive(enum side side)
{
	ssize_t got = readv(tun[side], pair(&output, FRAME_MAX), 2);

	if (got < (ssize_t)sizeof(output.vnet))
		return false;
	output.len = got - sizeof(output.vnet);
	return true;
}

/* Before it is sent: afterwards there may be no kernel to write it. */
static void keep(int file, const struct frame *f)
{
	if (pwritev(file, pair((struct frame *)f, f->len), 2, 0) < 0)
		perror("input");
}

static void drain(enum side from, unsigned int count)
{
	const char *wrong;

	for (int side = CUSTOMERS; side <= INTERNET; side++)
		while (receive(side)) {
			wrong = oracle_output(side, &output);
			if (wrong)
				fail(wrong, from, count, side);
		}
	wrong = oracle_done();
	if (wrong)
		fail(wrong, from, count, INTERNET);
}

static void one_input(uint64_t number, int file)
{
	enum side side = chance(CUSTOMER_SHARE) ? CUSTOMERS : INTERNET;
	unsigned int count = make(side, oracle_known(), number, frames, PARTS);

	oracle_input(side, number, frames, count);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int at = count > 1 && chance(20) ? below(count) : i;

		keep(file, &frames[at]);
		/* the device itself refuses what makes no sense */
		if (writev(tun[side], pair(&frames[at], frames[at].len), 2) < 0 &&
		    errno != EINVAL && errno != EIO && errno != EFAULT)
			perror("write");
		drain(side, count);
	}
}

int main(int argc, char **argv)
{
	time_t end, flush;
	uint64_t number = 0;
	struct timespec t0, t1;
	double seconds;
	int file;

	if (argc != 3) {
		fprintf(stderr, "usage: packets SECONDS SEED\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	random_seed(strtoull(argv[2], NULL, 0));
	make_init();
	oracle_init();
	tun[CUSTOMERS] = open_tun("cust0");
	tun[INTERNET] = open_tun("inet0");
	file = open("input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	end = time(NULL) + atoi(argv[1]);
	flush = 0;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (; time(NULL) < end; number++) {
		if (time(NULL) >= flush) {
			if (system("cfrctl flush"))
				return 1;
			oracle_forget();
			set_offload(number & 1);
			flush = time(NULL) + FLUSH_SECONDS;
		}
		one_input(number, file);
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	seconds = t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("# seed %s: %llu inputs, %lu relayed, %.0f per second\n", argv[2],
	       (unsigned long long)number, oracle_relayed(), number / seconds);
	return 0;
}
