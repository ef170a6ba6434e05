#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The configuration changes while data moves."""
import threading

from lab import (FAMILIES, HOMES, OTHER, POOLS, Sides, abort, apply, case, cfrctl, equal, letters, moved, pin,
                 read_all, stats, tcp_flow, udp_flow)

RELOADS = 20
PORTS = iter(range(8100, 8200))


def speak(c, server):
    """One datagram there and back; as whom the server sees the customer"""
    c.send(b"hello")
    peer = server.recvfrom(100)[1]
    server.sendto(b"hello", peer)
    equal(c.recv(100), b"hello", "answer")
    return peer[:2]


class Transfer(threading.Thread):
    """Blocks to and fro over a connection until it is told to stop"""

    def __init__(self, c, s):
        super().__init__()
        self.ends, self.done, self.blocks, self.error = (c, s), False, 0, None
        self.start()

    def run(self):
        try:
            while not self.done:
                for a, b in (self.ends, self.ends[::-1]):
                    block = letters(8000)
                    a.sendall(block)
                    equal(read_all(b, len(block)), block, "block")
                self.blocks += 1
        except (OSError, AssertionError) as e:
            self.error = e

    def stop(self):
        self.done = True
        self.join()
        assert self.error is None, f"transfer broke: {self.error!r}"
        assert self.blocks, "nothing was transferred"


def reloads():
    with case(f"a transfer of each family survives {RELOADS} reloads"):
        ends = {f: tcp_flow(f, next(PORTS)) for f in FAMILIES}
        transfers = [Transfer(*ends[f][:2]) for f in FAMILIES]
        datagrams = {f: udp_flow(f, next(PORTS)) for f in FAMILIES}
        before = stats()
        for n in range(RELOADS):
            apply(POOLS + HOMES + f"bypass 192.0.2.{n + 8}\n" * (n % 2)
                  + ("policy more mark 0x2/0xff pool web4\n" if n % 3 else ""))
            for f in FAMILIES:
                c, server, peer = datagrams[f]
                equal(speak(c, server), peer, "relay tuple")
        for t in transfers:
            t.stop()
        after = stats()
        equal(moved(before, after, "refusals"), {}, "refusals")
        equal(moved(before, after, "counters").get("flows_ended", 0), 0, "flows ended")
    with case("a pool that grows keeps its flows"):
        apply(POOLS + "pool more prefix 198.18.65.0/24\n"
              + HOMES.strip() + " pool more\n")
        for f in FAMILIES:
            c, server, peer = datagrams[f]
            equal(speak(c, server), peer, "relay tuple")
    with case("a policy under another name is another policy: flows end"):
        apply(POOLS + HOMES.replace("homes", "houses"))
        equal(stats()["gauges"]["flows"], 0, "flows")
        for f in FAMILIES:
            c, server, peer = datagrams[f]
            assert speak(c, server) != peer, "the old tuple was used again at once"
    for c, s, _ in ends.values():
        abort(c, s)


def retired(family, rig):
    with case(f"IPv{family} a removed prefix: its flows end and it is silent"):
        apply(POOLS + HOMES)
        c, s, _ = tcp_flow(family, next(PORTS))
        d, server, peer = udp_flow(family, next(PORTS))
        apply(OTHER + HOMES.replace("web", "new"))
        equal(stats()["gauges"]["flows"], 0, "flows")
        rig.barrier.pass_()
        before = stats()
        server.sendto(b"are you there", peer)
        s.send(b"are you there")
        rig.barrier.pass_()
        refusals = moved(before, stats(), "refusals")
        equal(list(refusals), ["in_retired"], "refusals")
        assert refusals["in_retired"] >= 2, refusals
        before = stats()
        c.send(b"still there")
        rig.barrier.pass_()
        refusals = moved(before, stats(), "refusals")
        assert refusals.get("tcp_no_flow"), refusals
        equal(set(refusals) - {"tcp_no_flow", "in_retired"}, set(), "other refusals")
        abort(c, s)
        d.send(b"hello")
        new = server.recvfrom(100)[1][0]
        assert new.startswith({4: "198.18.64.", 6: "2001:db8:dada:40:"}[family]), new
    with case(f"IPv{family} flush under traffic: flows end, new ones begin"):
        apply(POOLS + HOMES)
        c, s, _ = tcp_flow(family, next(PORTS))
        d, server, peer = udp_flow(family, next(PORTS))
        cfrctl("flush")
        equal(stats()["gauges"]["flows"], 0, "flows")
        assert speak(d, server) != peer, "the old tuple was used again at once"
        before = stats()
        c.send(b"still there")
        rig.barrier.pass_()
        assert moved(before, stats(), "refusals").get("tcp_no_flow"), "TCP went on"
        abort(c, s)


def main():
    reloads()
    pin()
    rig = Sides()
    for family in FAMILIES:
        retired(family, rig)


main()
