#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Many flows at once."""
import contextlib
import multiprocessing
import os
import select
import socket
import struct
import time

from fill import LOW, Customer
from lab import (AF, FAMILIES, HOMES, POOLS, SHARE, TIMEOUT, Port, Sides, abort, addr, apply, carry, case, cfrctl,
                 equal, internet_sum, moved, netns, stats, tcp_flow, tcp_sockets, wait_for)

CONNECTS = 10000 // SHARE
MANY = 10 * CONNECTS
AT_ONCE = 200
SOAK = 20  # seconds
TUPLES = 64
RANGE = f"ports {LOW}-{LOW + TUPLES - 1}"
SMALL = (f"pool web4 prefix 198.51.100.9/32 {RANGE}\npool web6 prefix 2001:db8:cf::/64 {RANGE}\n"
         "policy homes mark 0x1/0xff pool web4 pool web6 pairing customer epoch 7d\n")
RESOURCES = {4: (1, 3, 1), 6: (58, 1, 3)}  # protocol, type, code


@contextlib.contextmanager
def beside(function, *args):
    """It works in a process of its own for as long"""
    job = multiprocessing.Process(target=function, args=args, daemon=True)
    job.start()
    yield
    job.kill()
    job.join()


def on_two_cpus(function, *args):
    """What it returns on either: function(which, *args)"""
    cpus = sorted(os.sched_getaffinity(0))[:2]

    def work(which, pipe):
        os.sched_setaffinity(0, {cpus[which % len(cpus)]})
        pipe.send(function(which, *args))

    pipes = []
    for which in range(2):
        here, there = multiprocessing.Pipe()
        multiprocessing.Process(target=work, args=(which, there), daemon=True).start()
        pipes.append(here)
    return [pipe.recv() for pipe in pipes]


# --- SYNs that race for the last tuples

def syn(ends, family, sport, dport):
    """From the IP header on; nobody looks at the checksum of TCP"""
    tcp = struct.pack(">HHIIHHHH", sport, dport, sport, 0, 0x5002, 8192, 0, 0)
    if family == 6:
        return struct.pack(">IHBB", 6 << 28, 20, 6, 64) + ends + tcp
    head = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + ends
    return head[:10] + struct.pack(">H", internet_sum(head) ^ 0xffff) + head[12:] + tcp


def send_half(which, family, remotes):
    """Half of what exhausts the pool towards each of them"""
    inside = Port("acc", "up", ("relay", "cust"))
    ends = b"".join(socket.inet_pton(AF[family], addr(x, family)) for x in ("C1", "DARK"))
    for remote in remotes:
        for n in range(which, TUPLES, 2):
            inside.send(syn(ends, family, 2000 + n, remote))


def races(family):
    """In portions that a socket can hold"""
    wire, at = Port("inet", "down"), {4: 20, 6: 40}[family]
    remotes = range(1, MANY // TUPLES + 1)
    before = stats()
    for start in range(0, len(remotes), 100):
        portion = remotes[start:start + 100]
        on_two_cpus(send_half, family, portion)
        tuples = {remote: set() for remote in portion}
        for p in wire.drain():
            sport, dport = struct.unpack_from(">HH", p, at)
            tuples[dport].add(sport)
        equal({remote: len(t) for remote, t in tuples.items() if len(t) != TUPLES}, {}, "tuples towards remotes")
    after = stats()
    equal(moved(before, after, "refusals"), {}, "refusals")
    equal(moved(before, after, "counters")["flows_created"], len(remotes) * TUPLES, "flows_created")
    print(f"{len(remotes) * TUPLES} SYNs")


# --- connections

def serve(family, port):
    """Takes whoever comes, and closes first"""
    with netns("srv"):
        listener = socket.create_server((addr("SRV", family), port), family=AF[family], backlog=4096)
    while True:
        listener.accept()[0].close()


def connect(_, family, port, count, at_once):
    """Why those that failed did: {reason: number}"""
    to, poll, pending, failed = (addr("SRV", family), port), select.epoll(), {}, {}

    def done(s, why=None):
        poll.unregister(s)
        del pending[s.fileno()]
        s.close()
        if why:
            failed[why] = failed.get(why, 0) + 1

    started = 0
    with netns("c1"):
        while started < count or pending:
            while started < count and len(pending) < at_once:
                s = socket.socket(AF[family], socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                pending[s.fileno()] = s
                s.connect_ex(to)
                poll.register(s, select.EPOLLIN)
                started += 1
            ready = poll.poll(TIMEOUT)
            if not ready:
                failed["nothing comes"] = len(pending)
                break
            for fd, _ in ready:
                s = pending[fd]
                try:
                    done(s, "data" if s.recv(1) else None)
                except OSError as e:
                    done(s, e.strerror)
    return failed


def connections(family, port, number, how):
    """how: called with connect and its arguments, gives what it returned"""
    before = stats()
    with beside(serve, family, port):
        time.sleep(1)
        start = time.monotonic()
        equal([f for f in how(family, port) if f], [], "failures")
        print(f"{number} connections in {time.monotonic() - start:.1f} s")
        # A FIN that is sent again must not come when its flow is gone.
        assert wait_for(lambda: not tcp_sockets("c1", family, "state", "connected")), "connections stay"
    equal(moved(before, stats(), "refusals"), {}, "refusals")


# --- a pool with nothing left

class Soak:
    """Every tuple towards one remote is taken"""

    remote = 7

    def __init__(self, rig, family):
        self.rig, self.family = rig, family
        self.dark = socket.inet_pton(AF[family], addr("DARK", family))
        self.customer = Customer(rig, family)
        drawn, _ = self.customer.open([self.remote] * TUPLES)
        equal(len(set(drawn)), TUPLES, "tuples")
        self.refused = self.told = 0

    def want(self, count):
        """As many flows more"""
        self.rig.inside.drain()
        self.customer.sent[self.remote] = TUPLES  # the same again
        for _ in range(count):
            self.rig.inside.send(self.customer.datagram(self.remote))
        equal([p for p in self.rig.barrier.pass_() if self.dark in p], [], "packets on the wire")
        self.refused += count
        self.told += sum(self.tells(p) for p in self.rig.inside.drain())

    def tells(self, p):
        at = {4: (9, 20, 21), 6: (6, 40, 41)}[self.family]
        return p[0] >> 4 == self.family and tuple(p[i] for i in at) == RESOURCES[self.family]


def soak(family):
    """Meanwhile a connection goes on and flows to others begin and end"""
    full = Soak(Sides(), family)
    c, server, _ = tcp_flow(family, 7200)
    before, rounds = stats(), 0
    end = time.monotonic() + SOAK
    while time.monotonic() < end:
        rounds += 1
        full.want(200)
        carry(c, server, 1000)
        other, its_server, _ = tcp_flow(family, 7201 + rounds)
        carry(its_server, other, 1000)
        abort(other, its_server)
    after = stats()
    print(f"{full.refused} flows refused in {rounds} rounds, {full.told} errors")
    equal(moved(before, after, "refusals"), {"pool_exhausted": full.refused}, "refusals")
    equal(after["counters"]["held_early"], before["counters"]["held_early"], "tuples given up early")
    assert full.told >= rounds, "errors to the customer"
    abort(c, server)


def main():
    for family in FAMILIES:
        apply(SMALL)
        with case(f"IPv{family} two CPUs race for the last tuples towards {MANY // TUPLES} remotes: no SYN is lost"):
            races(family)
        with case(f"IPv{family} {SOAK} s without a free tuple harm nobody else"):
            soak(family)
        apply(POOLS + HOMES)
        cfrctl("flush")
        with case(f"IPv{family} {CONNECTS} connections in a row"):
            connections(family, 7000, CONNECTS, lambda *a: [connect(0, *a, CONNECTS, 1)])
        with case(f"IPv{family} {CONNECTS} connections, {AT_ONCE} at once"):
            connections(family, 7001, CONNECTS, lambda *a: [connect(0, *a, CONNECTS, AT_ONCE)])
        with case(f"IPv{family} {MANY} connections from two CPUs"):
            connections(family, 7002, MANY, lambda *a: on_two_cpus(connect, *a, MANY // 2, AT_ONCE))


main()
