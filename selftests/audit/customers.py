#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""customers.py SEED CUSTOMERS FLOWS TRUTH [MACHINE...]: flows of TCP and UDP, of both families, from customers whose
stacks are stacks.py's, all from the one device that the relay takes for their access network, and the last of them from
machines, whose IPv4 addresses are given. A flow's first octets name it; whose it was is written to TRUTH."""
import heapq
import ipaddress
import json
import random
import select
import socket
import struct
import sys
import time

from lab import FAMILIES, HEADER, Port, addr, internet_sum, sock, wait_for
from stacks import HOSTS_CLOCK, PAUSE, PORTS, REPLY, REQUEST, SYSTEMS, TURNS, Flow, Host, options

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CONCURRENT = 24
MACHINE = "Linux, a machine"
GUEST = 7000		# guest.py's port
AGAIN = 2
BOOT = 600		# a machine's
TIME = 1800		# for all flows of a mode


def place(number, family):
    """A customer's address"""
    if family == 4:
        return ipaddress.ip_address("10.83.2.10") + number
    return ipaddress.ip_address("fd83:c0de:2::83:10") + (number << 64)


def checked(family, src, dst, proto, packet, at):
    """The packet with its checksums"""
    top = packet[HEADER[family]:]
    pseudo = src + dst + struct.pack(">II", len(top), proto)
    packet = bytearray(packet)
    struct.pack_into(">H", packet, HEADER[family] + at, internet_sum(pseudo + top) ^ 0xffff)
    if family == 4:
        struct.pack_into(">H", packet, 10, internet_sum(bytes(packet[:20])) ^ 0xffff)
    return bytes(packet)


class Endpoint:
    """One flow that is under way"""
    patience = 15

    def __init__(self, audit, number, host, family):
        self.audit, self.number, self.host, self.family = audit, number, host, family
        self.flow = Flow(host, family)
        self.src = place(host.number, family).packed
        self.dst = ipaddress.ip_address(addr("SRV", family)).packed
        self.began = audit.now()
        self.done = False
        self.at = 0

    def name(self):
        return b"flow %06d" % self.number

    def later(self, seconds, what):
        self.audit.at(seconds, self, what)

    def truth(self):
        clock = self.flow.system.clock
        return {"flow": self.number, "customer": self.host.number, "system": self.flow.system.name,
                "family": self.family, "proto": self.proto, "up": self.host.up if clock == HOSTS_CLOCK else None,
                "began": self.began}


class Datagrams(Endpoint):
    """A few, each answered"""
    proto, turns = 17, TURNS

    def start(self):
        data = self.name() + b"." * self.host.rng.randrange(20, 200)
        top = struct.pack(">HHHH", self.flow.port, PORTS[17], 8 + len(data), 0) + data
        packet = self.flow.header(self.src, self.dst, 17, top) + top
        self.audit.send(checked(self.family, self.src, self.dst, 17, packet, 6))
        self.at += 1
        turn = self.at
        self.later(AGAIN, lambda: self.at == turn and self.start())

    def take(self, _):
        if self.at >= self.turns:
            self.done = True
        else:
            self.later(self.host.rng.uniform(0.005, 0.05), self.start)


class Connection(Endpoint):
    """Two requests with a pause between, each answered with what fills some segments, and a FIN from either side"""
    proto, requests = 6, 2

    def __init__(self, *args):
        super().__init__(*args)
        self.seq = self.flow.isn
        self.first = self.next = self.echo = 0
        self.asked = self.unacked = self.left = 0
        self.scaled = self.times = False
        self.state = "closed"

    def segment(self, flags, offer=b"", data=b"", window=None):
        now = self.audit.now()
        if not flags & SYN and self.times:
            offer = b"\1\1" + self.flow.timestamps(now, self.echo)
        if window is None:
            window = self.flow.window((self.next - self.first) % 2**32)
            window = window if self.scaled else min(window << self.flow.system.scale, 65535)
        top = struct.pack(">HHIIBBHHH", self.flow.port, PORTS[6], self.seq, self.next if flags & ACK else 0,
                          (5 + len(offer) // 4) << 4, flags, window, 0, 0) + offer + data
        packet = self.flow.header(self.src, self.dst, 6, top) + top
        self.audit.send(checked(self.family, self.src, self.dst, 6, packet, 16))

    def start(self):
        if self.state not in ("closed", "opening"):
            return
        self.state = "opening"
        self.segment(SYN, self.flow.offer(self.audit.now()), window=self.flow.syn_window())
        self.later(AGAIN, self.start)

    def ask(self):
        self.asked += 1
        self.left = REPLY
        data = self.name().ljust(REQUEST)
        self.segment(ACK | PSH, data=data)
        self.seq = (self.seq + len(data)) % 2**32

    def opened(self, found):
        """found: the options of the answer"""
        self.scaled = 3 in found
        self.times = 8 in found
        self.state = "open"
        self.seq = (self.seq + 1) % 2**32
        self.segment(ACK)
        self.later(self.host.rng.uniform(0.001, 0.02), self.ask)

    def take(self, top):
        seq, _, offset, flags, _ = struct.unpack_from(">IIBBH", top, 4)
        found, data = dict(options(top[20:offset >> 2])), top[offset >> 2:]
        if 8 in found:
            self.echo = struct.unpack(">II", found[8])[0]
        if flags & RST:
            self.done = True
        elif self.state == "opening" and flags & SYN:
            self.first = self.next = (seq + 1) % 2**32
            self.opened(found)
        elif seq == self.next:
            self.data(flags, data)
        elif data:
            self.segment(ACK)

    def data(self, flags, data):
        self.next = (self.next + len(data) + (flags & FIN)) % 2**32
        self.unacked += bool(data)
        if flags & FIN:
            self.segment(ACK)
            self.done = True
            return
        self.left -= len(data)
        if data and (self.unacked >= 2 or not self.left):
            self.segment(ACK)
            self.unacked = 0
        if not data or self.left:
            return
        if self.asked < self.requests:
            self.later(PAUSE, self.ask)
        else:
            self.later(0.01, self.close)

    def close(self):
        self.segment(FIN | ACK)
        self.seq = (self.seq + 1) % 2**32


class Machine:
    """A customer that is one: it is told which flows to have"""

    def __init__(self, number, address):
        self.number, self.there = number, (address, GUEST)
        self.control = sock("acc", 4, socket.SOCK_DGRAM)
        self.control.setblocking(False)
        self.up = None
        if not wait_for(self.answers, BOOT):
            sys.exit(f"the machine {address} does not answer")

    def answers(self):
        self.tell({})
        if select.select([self.control], [], [], 1)[0]:
            self.up = json.loads(self.control.recv(2000))["up"]
        return self.up is not None

    def tell(self, errand):
        self.control.sendto(json.dumps(errand).encode(), self.there)

    def ended(self):
        """Names of flows, and whether they came to their end"""
        while True:
            try:
                errand = json.loads(self.control.recv(2000))
            except BlockingIOError:
                return
            if "name" in errand:    # or it says once more how long it has been up
                yield errand["name"], errand["good"]


class Errand:
    """A flow of a machine's, which takes its time over the first"""
    patience = 60

    def __init__(self, audit, number, host, family, proto):
        self.host, self.began, self.done = host, audit.now(), False
        self.name = f"flow {number:06d}"
        self.family, self.proto = family, proto
        self.record = {"flow": number, "customer": host.number, "system": MACHINE, "family": family, "proto": proto,
                       "up": host.up, "began": self.began}

    def truth(self):
        return self.record

    def start(self):
        self.host.tell({"name": self.name, "proto": self.proto, "to": addr("SRV", self.family)})


class Audit:
    """All flows, in an order that is drawn, so many at a time"""

    def __init__(self, seed, customers, flows, machines):
        rng = random.Random(seed)
        crafted = customers - len(machines)
        hosts = [Host(n, rng) for n in range(crafted)]
        self.machines = [Machine(crafted + n, address) for n, address in enumerate(machines)]
        todo = [(kind, host, family) for host in hosts + self.machines for family in FAMILIES
                for kind in (Connection, Datagrams) for _ in range(flows)]
        rng.shuffle(todo)
        self.began = time.monotonic()
        self.port = Port("acc", "up", ("relay", "cust"))
        self.todo = list(enumerate(todo))
        self.live, self.timers, self.truth, self.lost = {}, [], [], 0
        self.count = 0

    def now(self):
        return time.monotonic() - self.began

    def at(self, seconds, endpoint, what):
        self.count += 1
        heapq.heappush(self.timers, (self.now() + seconds, self.count, endpoint, what))

    def send(self, packet):
        self.port.send(packet)

    def begin(self):
        number, (kind, host, family) = self.todo.pop()
        if host in self.machines:
            endpoint = Errand(self, number, host, family, kind.proto)
            self.live[endpoint.name] = endpoint
        else:
            endpoint = kind(self, number, host, family)
            self.live[endpoint.proto, endpoint.src, endpoint.flow.port] = endpoint
        self.truth.append(endpoint.truth())
        endpoint.start()

    def packet(self, p):
        family = p[0] >> 4
        proto, dst = (p[9], p[16:20]) if family == 4 else (p[6], p[24:40])
        top = p[HEADER[family]:]
        endpoint = self.live.get((proto, dst, struct.unpack_from(">H", top, 2)[0])) if len(top) > 3 else None
        if endpoint:
            endpoint.take(top)

    def step(self):
        while self.todo and len(self.live) < CONCURRENT:
            self.begin()
        for p in self.port.drain():
            self.packet(p)
        for name, good in (end for machine in self.machines for end in machine.ended()):
            if good and name in self.live:
                self.live[name].done = True
        while self.timers and self.timers[0][0] <= self.now():
            _, _, endpoint, what = heapq.heappop(self.timers)
            if not endpoint.done:
                what()
        for key, endpoint in list(self.live.items()):
            late = self.now() - endpoint.began > endpoint.patience
            self.lost += late and not endpoint.done
            if endpoint.done or late:
                endpoint.done = True
                del self.live[key]
        return not self.todo and not self.live

    def run(self):
        total = len(self.todo)
        heard = [self.port.s] + [machine.control for machine in self.machines]
        while not self.step():
            if self.now() > TIME:
                sys.exit("the flows have not ended")
            select.select(heard, [], [], 0.02)
        print(f"# {total} flows, {self.lost} gave up, {self.now():.0f} s")
        return self.lost * 50 <= total


def main():
    seed, customers, flows, truth, *machines = sys.argv[1:]
    audit = Audit(int(seed), int(customers), int(flows), machines)
    good = audit.run()
    with open(truth, "w", encoding="ascii") as f:
        json.dump({"seed": int(seed), "systems": len(SYSTEMS) + bool(machines), "machines": len(machines),
                   "flows": audit.truth}, f)
    sys.exit(not good)


if __name__ == "__main__":
    main()
