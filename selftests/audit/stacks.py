# SPDX-License-Identifier: GPL-2.0
"""Operating systems as their first packets and headers tell them.

SYNs: the database of p0f 3.09b (fp/p0f.fp), the entry named in each. Clocks, identifications, ports and windows of
live connections: as the literature on each channel describes them (Bellovin 2002 and Klein, Pinkas 2019 for
identifications; Kohno, Broido, Claffy 2005 for clocks), in the plainest form. A home's distance, its link's MSS and
what an application does to DSCP are the customer's, whatever the system.
"""
import dataclasses
import random
import struct

NOP, EOL = b"\1", b"\0"
PORTS = {6: 80, 17: 443}    # the server's, by protocol
REQUEST, REPLY = 200, 40000	# octets
PAUSE = 0.3		# seconds between a connection's two requests
TURNS = 4		# datagrams of a flow, each answered
HOSTS_CLOCK, FLOWS_CLOCK, NO_CLOCK = "host", "flow", None
COUNTER, FLOWS_COUNTER, DRAWN, ZERO = "counter", "flow", "drawn", "zero"


@dataclasses.dataclass(frozen=True)
class System:
    """label of p0f; hop count; window and scale of a SYN, None for 44 segments; the order of options; what its
    timestamps, identifications and ports count from; whether it sets flow labels; octets of a live connection's
    window, first and at most; ticks of its clock in a second"""
    name: str
    hops: int
    window: int
    scale: int
    order: str
    clock: object
    ids: str
    next_port: bool
    labels: bool
    first: int
    most: int
    ticks: int = 1000


SYSTEMS = (
    System("Linux 3.11 and newer", 64, None, 7, "mstnw", FLOWS_CLOCK, FLOWS_COUNTER, False, True, 64256, 1 << 20),
    System("Linux 2.6.x", 64, 5840, 6, "mstnw", HOSTS_CLOCK, FLOWS_COUNTER, False, False, 65536, 1 << 19, 250),
    System("Linux (Android)", 64, 65535, 8, "mstnw", HOSTS_CLOCK, FLOWS_COUNTER, False, True, 87808, 1 << 20, 100),
    System("Windows 7 or 8", 128, 8192, 8, "mnwnns", NO_CLOCK, COUNTER, True, False, 65536, 1 << 20),
    System("Windows NT kernel", 128, 64240, 8, "mnwnns", NO_CLOCK, COUNTER, True, True, 262656, 1 << 20),
    System("Mac OS X", 64, 65535, 6, "mnwnntsee", FLOWS_CLOCK, ZERO, True, True, 131712, 1 << 20),
    System("iOS", 64, 65535, 5, "mnwnntsee", FLOWS_CLOCK, ZERO, True, True, 131072, 1 << 19),
    System("FreeBSD 9.x", 64, 65535, 6, "mnwst", HOSTS_CLOCK, DRAWN, False, False, 65728, 1 << 20),
)
LINKS = (1460, 1460, 1460, 1452, 1440)		# Ethernet, PPPoE, a tunnel
DSCPS = (0, 0, 0, 0, 0x20)


def options(data):
    """Of a TCP header: kind and value of each, as far as they can be read; 0 where padding begins"""
    while data and data[0]:
        size = 1 if data[0] == 1 else data[1] if len(data) > 1 else 0
        if not size or size > len(data):
            return
        yield data[0], data[2:size]
        data = data[size:]
    if data:
        yield 0, data


class Host:
    """One customer: a system, its own clock, and its place"""

    def __init__(self, number, rng):
        self.number = number
        self.rng = random.Random(rng.getrandbits(64))
        self.system = SYSTEMS[number % len(SYSTEMS)]
        self.hops = self.system.hops - self.rng.randrange(3)
        self.mss = self.rng.choice(LINKS)
        self.tos = self.rng.choice(DSCPS)
        self.up = self.rng.uniform(3600, 40 * 86400)	# seconds, when the audit begins
        self.id = self.rng.getrandbits(16)
        self.port = 49152 + self.rng.randrange(16000)

    def next_port(self):
        if not self.system.next_port:
            return self.rng.randrange(32768, 61000)
        self.port = self.port + 1 if self.port < 65535 else 49152
        return self.port


class Flow:
    """What a host's stack keeps of one flow: the headers of what it sends"""

    def __init__(self, host, family):
        self.host, self.family, self.system, rng = host, family, host.system, host.rng
        self.port = host.next_port()
        self.isn = rng.getrandbits(32)
        self.base = rng.getrandbits(31) if self.system.clock == FLOWS_CLOCK else host.up * self.system.ticks
        self.id = rng.getrandbits(16)
        self.label = rng.getrandbits(20) if self.system.labels else 0
        self.mss = host.mss - (20 if family == 6 else 0)

    def identification(self):
        if self.system.ids == COUNTER:
            self.host.id = (self.host.id + 1) % 65536
            return self.host.id
        if self.system.ids == FLOWS_COUNTER:
            self.id = (self.id + 1) % 65536
            return self.id
        return self.host.rng.getrandbits(16) if self.system.ids == DRAWN else 0

    def time(self, now):
        """now: seconds since the audit began"""
        return int(self.base + now * self.system.ticks) % 2**32

    def header(self, src, dst, proto, payload):
        """IP's, its checksum not set"""
        if self.family == 4:
            return struct.pack(">BBHHHBBH4s4s", 0x45, self.host.tos, 20 + len(payload), self.identification(), 0x4000,
                               self.host.hops, proto, 0, src, dst)
        return struct.pack(">IHBB16s16s", 6 << 28 | self.host.tos << 20 | self.label, len(payload), proto,
                           self.host.hops, src, dst)

    def timestamps(self, now, echo):
        return struct.pack(">BBII", 8, 10, self.time(now), echo)

    def offer(self, now):
        """A SYN's options"""
        parts = {"m": struct.pack(">BBH", 2, 4, self.mss), "s": b"\4\2", "w": bytes((3, 3, self.system.scale)),
                 "n": NOP, "e": EOL, "t": self.timestamps(now, 0)}
        return b"".join(parts[letter] for letter in self.system.order)

    def syn_window(self):
        return self.system.window if self.system.window else self.mss * 44

    def window(self, received):
        """Of a live connection, as it stands in the header"""
        return min(min(self.system.first + received, self.system.most) >> self.system.scale, 65535)
