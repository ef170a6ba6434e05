// SPDX-License-Identifier: GPL-2.0
/* Sends flows through a relay and counts what each packet costs.
 *
 * One generator for UDP and TCP, because its own cost is part of every figure
 * until it is subtracted: pktgen cannot send TCP, and two generators would not
 * be comparable. Frames are prebuilt, so a slice times nothing but sendmmsg.
 * They leave by packet_snd, not by a ring: ring frames are paged skbs, which
 * no NIC driver hands to a relay for packets this small.
 *
 * Under QEMU's icount the time stamp counter counts guest instructions. Both
 * ends run in this one thread: a veth hands the frame on in the softirq that
 * ends the send, so when sendmmsg returns, the sink has seen it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#define PAYLOAD		18	/* makes UDP over IPv4 a minimal frame */
#define FRAME_MAX	128
#define BATCH		64
#define SLICE_MAX	20000
#define REMOTE_PORT	443
#define ISN_CLIENT	1000000000u
#define ISN_SERVER	2000000000u

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct end {			/* one side of the relay */
	const char *netns;
	const char *dev;
	int tx;
	int rx;
	int counters;		/* /proc/net/dev of its namespace */
	uint8_t mac[6];
	uint8_t gateway[6];
};

struct tuple {
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
};

struct frame {
	uint8_t data[FRAME_MAX];
	unsigned int len;
};

static struct end client = { .dev = "client" };
static struct end server = { .dev = "server" };
static int family = 4;
static bool tcp;
static int softnet;

static void die(const char *what)
{
	fprintf(stderr, "flowgen: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void fail(const char *what, uint32_t flow)
{
	fprintf(stderr, "flowgen: flow %u: %s\n", flow, what);
	exit(1);
}

/* Opens what needs the namespace, once; the fds keep working afterwards. */
static void end_open(struct end *e)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET };
	struct ifreq ifr = { 0 };
	char path[128];
	int fd, one = 1;

	snprintf(path, sizeof(path), "/run/netns/%s", e->netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);

	e->tx = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	e->counters = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	if (e->tx < 0 || e->counters < 0)
		die("open");
	addr.sll_ifindex = if_nametoindex(e->dev);
	if (!addr.sll_ifindex || bind(e->tx, (void *)&addr, sizeof(addr)))
		die(e->dev);
	if (setsockopt(e->tx, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		die("PACKET_QDISC_BYPASS");
	strncpy(ifr.ifr_name, e->dev, IFNAMSIZ - 1);
	if (ioctl(e->tx, SIOCGIFHWADDR, &ifr))
		die("SIOCGIFHWADDR");
	memcpy(e->mac, ifr.ifr_hwaddr.sa_data, 6);
}

/* A tap costs instructions per packet, so it exists only while warming up. */
static void end_listen(struct end *e)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	socklen_t len = sizeof(addr);
	int one = 1, size = 4 << 20;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", e->netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
	if (getsockname(e->tx, (void *)&addr, &len))
		die("getsockname");
	addr.sll_protocol = htons(ETH_P_ALL);
	e->rx = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->rx < 0 ||
	    setsockopt(e->rx, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(e->rx, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(e->rx, (void *)&addr, sizeof(addr)))
		die("listen");
}

static uint32_t sum(const void *data, unsigned int len, uint32_t acc)
{
	const uint8_t *p = data;
	unsigned int i;

	for (i = 0; i + 1 < len; i += 2)
		acc += p[i] << 8 | p[i + 1];
	if (len & 1)
		acc += p[len - 1] << 8;
	return acc;
}

static uint16_t fold(uint32_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return ~acc;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* Many customers, many remotes. No two indices below 12 million share a
 * customer tuple, and below 200 million none share (source port, remote), so
 * that masquerade never has to search for a port: its best case.
 */
static void flow_tuple(struct tuple *t, uint32_t flow)
{
	unsigned int customer = 256 + flow % 4096;
	unsigned int remote = 256 + flow / 16 % 4096;

	memset(t, 0, sizeof(*t));
	if (family == 4) {
		put32(t->src, 198u << 24 | 18 << 16 | customer);
		put32(t->dst, 198u << 24 | 19 << 16 | remote);
	} else {
		put32(t->src, 0x20010db8);
		put16(t->src + 4, 0x18);
		put16(t->src + 14, customer);
		put32(t->dst, 0x20010db8);
		put16(t->dst + 4, 0x19);
		put16(t->dst + 14, remote);
	}
	t->sport = 10000 + flow % 50000;
	t->dport = REMOTE_PORT;
}

static void frame_build(struct frame *f, const struct end *from,
			const struct tuple *t, uint8_t flags, uint32_t seq,
			uint32_t ack, unsigned int payload)
{
	unsigned int alen = family == 4 ? 4 : 16;
	unsigned int iplen = family == 4 ? 20 : 40;
	unsigned int opts = tcp && (flags & SYN) ? 4 : 0;
	unsigned int l4len = (tcp ? 20 + opts : 8) + payload;
	uint8_t proto = tcp ? IPPROTO_TCP : IPPROTO_UDP;
	uint8_t *ip = f->data + ETH_HLEN, *l4 = ip + iplen;
	uint32_t acc;

	memset(f->data, 0, sizeof(f->data));
	memcpy(f->data, from->gateway, 6);
	memcpy(f->data + 6, from->mac, 6);
	put16(f->data + 12, family == 4 ? ETH_P_IP : ETH_P_IPV6);
	f->len = ETH_HLEN + iplen + l4len;

	if (family == 4) {
		ip[0] = 0x45;
		put16(ip + 2, iplen + l4len);
		put16(ip + 6, 0x4000);
		ip[8] = 64;
		ip[9] = proto;
		memcpy(ip + 12, t->src, 4);
		memcpy(ip + 16, t->dst, 4);
		put16(ip + 10, fold(sum(ip, iplen, 0)));
	} else {
		ip[0] = 0x60;
		put16(ip + 4, l4len);
		ip[6] = proto;
		ip[7] = 64;
		memcpy(ip + 8, t->src, 16);
		memcpy(ip + 24, t->dst, 16);
	}

	put16(l4, t->sport);
	put16(l4 + 2, t->dport);
	memset(l4 + l4len - payload, 'x', payload);
	acc = sum(t->src, alen, sum(t->dst, alen, proto + l4len));
	if (tcp) {
		put32(l4 + 4, seq);
		put32(l4 + 8, ack);
		l4[12] = (20 + opts) << 2;
		l4[13] = flags;
		put16(l4 + 14, 65535);
		if (opts) {	/* scale 14: a slice never leaves the window */
			memcpy(l4 + 20, "\x01\x03\x03\x0e", 4);
		}
		put16(l4 + 16, fold(sum(l4, l4len, acc)));
	} else {
		put16(l4 + 4, l4len);
		put16(l4 + 6, fold(sum(l4, l4len, acc)));
	}
}

/* The next frame of the measured protocol, with its tuple as it was on the
 * wire; neighbour discovery and other chatter is skipped.
 */
static bool frame_receive(const struct end *at, struct tuple *t)
{
	unsigned int iplen = family == 4 ? 20 : 40;
	const uint8_t proto = tcp ? IPPROTO_TCP : IPPROTO_UDP;
	uint8_t data[2048];
	const uint8_t *ip = data + ETH_HLEN;
	ssize_t len;

	while ((len = recv(at->rx, data, sizeof(data), 0)) > 0) {
		if (len < ETH_HLEN + (ssize_t)iplen + 8)
			continue;
		memset(t, 0, sizeof(*t));
		if (family == 4 && get16(data + 12) == ETH_P_IP && ip[9] == proto) {
			memcpy(t->src, ip + 12, 4);
			memcpy(t->dst, ip + 16, 4);
		} else if (family == 6 && get16(data + 12) == ETH_P_IPV6 &&
			   ip[6] == proto) {
			memcpy(t->src, ip + 8, 16);
			memcpy(t->dst, ip + 24, 16);
		} else {
			continue;
		}
		t->sport = get16(ip + iplen);
		t->dport = get16(ip + iplen + 2);
		return true;
	}
	return false;
}

/* One packet from one end to the other; @t becomes the tuple on arrival. */
static bool pass(struct end *from, const struct end *to, struct tuple *t,
		 uint8_t flags, uint32_t seq, uint32_t ack, unsigned int payload)
{
	struct frame f;

	frame_build(&f, from, t, flags, seq, ack, payload);
	if (send(from->tx, f.data, f.len, 0) != (ssize_t)f.len)
		die("send");
	return frame_receive(to, t);
}

static void reverse(struct tuple *t)
{
	struct tuple r = { .sport = t->dport, .dport = t->sport };

	memcpy(r.src, t->dst, 16);
	memcpy(r.dst, t->src, 16);
	*t = r;
}

/* The first packet of a flow, and with @established both directions, as far
 * as it takes until the relay calls the flow that; the tuples that arrive
 * prove what the relay did with it.
 */
static void flow_warm(uint32_t flow, bool rewritten, bool established)
{
	struct tuple sent, relayed, t;

	flow_tuple(&sent, flow);
	t = sent;
	if (!pass(&client, &server, &t, SYN, ISN_CLIENT, 0, tcp ? 0 : PAYLOAD))
		fail("the first packet did not arrive", flow);
	if (memcmp(t.dst, sent.dst, 16) || t.dport != sent.dport)
		fail("arrived with another destination", flow);
	if (rewritten != !!memcmp(t.src, sent.src, 16))
		fail(rewritten ? "its source was not rewritten" :
				 "its source was rewritten", flow);

	if (!established)
		return;

	reverse(&t);
	relayed = t;
	if (!pass(&server, &client, &t, SYN | ACK, ISN_SERVER, ISN_CLIENT + 1,
		  tcp ? 0 : PAYLOAD))
		fail("the reply did not arrive", flow);
	reverse(&t);
	if (memcmp(&t, &sent, sizeof(t)))
		fail("the reply arrived with another tuple", flow);

	t = sent;
	if (!pass(&client, &server, &t, ACK, ISN_CLIENT + 1, ISN_SERVER + 1,
		  tcp ? 0 : PAYLOAD))
		fail("the second packet did not arrive", flow);
	reverse(&t);
	if (memcmp(&t, &relayed, sizeof(t)))
		fail("the second packet arrived from another tuple", flow);
	/* a SYN's window is not scaled: only this opens the window wide */
	if (tcp && !pass(&server, &client, &t, ACK, ISN_SERVER + 1,
			 ISN_CLIENT + 1, 0))
		fail("the server's acknowledgement did not arrive", flow);
}

static uint64_t dev_packets(const struct end *e)
{
	unsigned long long bytes, packets;
	char text[4096], *line;
	ssize_t len = pread(e->counters, text, sizeof(text) - 1, 0);

	if (len <= 0)
		die("/proc/net/dev");
	text[len] = 0;
	line = strstr(text, e->dev);
	if (!line || sscanf(line + strlen(e->dev), ": %llu %llu", &bytes,
			    &packets) != 2)
		die(e->dev);
	return packets;
}

static uint64_t softnet_drops(void)
{
	char text[8192], *line, *save;
	ssize_t len = pread(softnet, text, sizeof(text) - 1, 0);
	unsigned int dropped;
	uint64_t total = 0;

	if (len <= 0)
		die("/proc/net/softnet_stat");
	text[len] = 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%*x %x", &dropped) == 1)
			total += dropped;
	return total;
}

/* One slice: @count packets round the flows from @start on. Prints a line
 * only if every packet reached @sink.
 */
static bool slice(uint32_t first, uint32_t flows, uint64_t start,
		  unsigned int count, bool new_flows, const struct end *sink)
{
	static struct frame frames[SLICE_MAX];
	static struct mmsghdr msgs[SLICE_MAX];
	static struct iovec iov[SLICE_MAX];
	uint64_t arrived, dropped, begin, end;
	unsigned int i, n;

	for (i = 0; i < count; i++) {
		uint64_t k = start + i;
		struct tuple t;

		if (new_flows) {
			flow_tuple(&t, first + k);
			frame_build(&frames[i], &client, &t, SYN, ISN_CLIENT, 0,
				    tcp ? 0 : PAYLOAD);
		} else {
			flow_tuple(&t, first + k % flows);
			frame_build(&frames[i], &client, &t, PSH | ACK,
				    ISN_CLIENT + 1 + k / flows * PAYLOAD,
				    ISN_SERVER + 1, PAYLOAD);
		}
		iov[i].iov_base = frames[i].data;
		iov[i].iov_len = frames[i].len;
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}

	arrived = dev_packets(sink);
	dropped = softnet_drops();
	begin = __rdtsc();
	for (i = 0; i < count; i += n) {
		n = count - i < BATCH ? count - i : BATCH;
		if (sendmmsg(client.tx, msgs + i, n, 0) != (int)n)
			die("sendmmsg");
	}
	end = __rdtsc();
	arrived = dev_packets(sink) - arrived;
	dropped = softnet_drops() - dropped;
	if (arrived != count || dropped) {
		fprintf(stderr, "flowgen: slice void: %u sent, %llu arrived, %llu dropped\n",
			count, (unsigned long long)arrived,
			(unsigned long long)dropped);
		return false;
	}
	printf("slice %.1f\n", (double)(end - begin) / count);
	return true;
}

static void mac_parse(uint8_t *mac, const char *text)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2,
		   mac + 3, mac + 4, mac + 5) != 6) {
		errno = EINVAL;
		die(text);
	}
}

static void usage(void)
{
	fputs("usage: flowgen -c NETNS -s NETNS -C GATEWAY_MAC -S GATEWAY_MAC\n"
	      "               [-6] [-t] [-f FIRST] [-n FLOWS] COMMAND\n"
	      "  open [rewritten]                      send each flow's first packet\n"
	      "  warm [rewritten]                      establish each flow\n"
	      "  send SLICES PACKETS [new]             measure at the server\n"
	      "  sink SLICES PACKETS [new] DEV NETNS   measure, counting at DEV\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct end relay = { 0 };
	const struct end *sink = &server;
	uint32_t first = 0, flows = 1, i;
	unsigned int slices, packets, tries;
	bool new_flows = false;
	int opt;

	while ((opt = getopt(argc, argv, "c:s:C:S:6tf:n:")) != -1) {
		switch (opt) {
		case 'c':
			client.netns = optarg;
			break;
		case 's':
			server.netns = optarg;
			break;
		case 'C':
			mac_parse(client.gateway, optarg);
			break;
		case 'S':
			mac_parse(server.gateway, optarg);
			break;
		case '6':
			family = 6;
			break;
		case 't':
			tcp = true;
			break;
		case 'f':
			first = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			flows = strtoul(optarg, NULL, 0);
			break;
		default:
			usage();
		}
	}
	argv += optind;
	argc -= optind;
	if (!client.netns || !server.netns || !flows || argc < 1)
		usage();
	softnet = open("/proc/net/softnet_stat", O_RDONLY | O_CLOEXEC);
	if (softnet < 0)
		die("/proc/net/softnet_stat");
	end_open(&client);
	end_open(&server);

	if (!strcmp(argv[0], "warm") || !strcmp(argv[0], "open")) {
		end_listen(&client);
		end_listen(&server);
		for (i = 0; i < flows; i++)
			flow_warm(first + i, argc > 1, *argv[0] == 'w');
		return 0;
	}
	if (argc < 3)
		usage();
	slices = strtoul(argv[1], NULL, 0);
	packets = strtoul(argv[2], NULL, 0);
	if (!packets || packets > SLICE_MAX)
		usage();
	argv += 3;
	argc -= 3;
	if (argc && !strcmp(argv[0], "new")) {
		new_flows = true;
		argv++;
		argc--;
	}
	if (argc == 2) {
		relay.dev = argv[0];
		relay.netns = argv[1];
		end_open(&relay);
		sink = &relay;
	}
	/* the first slice warms the generator itself and is not printed */
	if (!new_flows)
		for (i = 0; i < 200; i++) {
			struct tuple t;
			struct frame f;

			flow_tuple(&t, first + i % flows);
			frame_build(&f, &client, &t, ACK, ISN_CLIENT + 1,
				    ISN_SERVER + 1, 0);
			if (send(client.tx, f.data, f.len, 0) < 0)
				die("send");
		}
	for (i = 0, tries = 0; i < slices; tries++) {
		if (tries == 2 * slices + 2)
			fail("too many void slices", first);
		if (slice(first, flows, (uint64_t)tries * packets, packets,
			  new_flows, sink))
			i++;
	}
	return 0;
}
