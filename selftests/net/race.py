#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Two CPUs with the first packets of one flow: two processes, each on its own
CPU, send on one socket at the same time, once per flow. Of each flow both
packets arrive, from one relay tuple, and nothing is left of the race's losers.
"""
import mmap
import os
import socket

from lab import (FAMILIES, RCVBUFFORCE, SHARE, addr, case, cfrctl, equal, in_pool, moved,
                 sock, stats)

ROUNDS = 300 // SHARE
PORT = 8300


def sender(cpu, sockets, line, me):
    """In step with the other: nobody sends round n before both have reached it"""
    os.sched_setaffinity(0, {cpu})
    for n, s in enumerate(sockets):
        line[me] = (n + 1) & 0xff
        while (line[1 - me] - n - 1) & 0xff > 128:
            pass
        s.send(b"%d" % n)
    os._exit(0)


def race(family, cpus):
    server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), PORT))
    server.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 8 << 20)
    sockets = [sock("c1", family, socket.SOCK_DGRAM) for _ in range(ROUNDS)]
    for s in sockets:
        s.connect((addr("SRV", family), PORT))
    before = stats()
    line = mmap.mmap(-1, 2)
    children = []
    for me, cpu in enumerate(cpus):
        pid = os.fork()
        if pid == 0:
            sender(cpu, sockets, line, me)
        children.append(pid)
    for pid in children:
        equal(os.waitpid(pid, 0)[1], 0, "status of a sender")
    peers = [[] for _ in range(ROUNDS)]
    for _ in range(2 * ROUNDS):
        data, peer = server.recvfrom(100)
        assert in_pool(peer[0], family), peer
        peers[int(data)].append(peer[:2])
    after = stats()
    counters = moved(before, after, "counters")
    print(f"{counters.get('flows_raced', 0)} of {ROUNDS} flows were raced for")
    equal({len(p) for p in peers}, {2}, "packets of each flow")
    equal({len(set(p)) for p in peers}, {1}, "tuples of each flow")
    equal(len({p[0] for p in peers}), ROUNDS, "tuples of all flows")
    equal(counters["flows_created"], ROUNDS, "flows_created")
    equal(counters["relayed_out"], 2 * ROUNDS, "relayed_out")
    equal(moved(before, after, "refusals"), {}, "refusals")


def main():
    cpus = sorted(os.sched_getaffinity(0))[:2]
    if len(cpus) < 2:
        for family in FAMILIES:
            print(f"ok IPv{family} two CPUs, one flow # SKIP one CPU")
            print(f"ok IPv{family} nothing left over # SKIP one CPU")
        return
    for family in FAMILIES:
        cfrctl("flush")
        held = stats()["gauges"]["held"]
        with case(f"IPv{family} two CPUs with the first packets of {ROUNDS} flows"):
            race(family, cpus)
        with case(f"IPv{family} what is held then is what there was, and no more"):
            equal(stats()["gauges"]["flows"], ROUNDS, "flows")
            cfrctl("flush")
            equal(stats()["gauges"], {"flows": 0, "shared": 0, "held": held + ROUNDS}, "gauges")


main()
