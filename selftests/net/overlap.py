#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The same flows at the same time through both relays."""
import socket

from lab import (FAMILIES, TIMEOUT, abort, addr, apply, case, cfrctl, equal, in_pool, moved, sock,
                 stats)

LABS = ("first", "second")
PORT, SPORT = 8400, 43210


class Lab:
    """A TCP and a UDP flow with fixed ports, open at both ends"""

    def __init__(self, name, family, sport=SPORT):
        self.name = name
        here = addr("C1", family)
        listener = sock(f"{name}_srv", family, socket.SOCK_STREAM, (addr("SRV", family), PORT))
        listener.listen(1)
        self.c = sock(f"{name}_c1", family, socket.SOCK_STREAM, (here, sport))
        self.c.connect((addr("SRV", family), PORT))
        self.s, tcp = listener.accept()
        self.s.settimeout(TIMEOUT)
        self.server = sock(f"{name}_srv", family, socket.SOCK_DGRAM, (addr("SRV", family), PORT))
        self.u = sock(f"{name}_c1", family, socket.SOCK_DGRAM, (here, sport))
        self.u.connect((addr("SRV", family), PORT))
        self.peers = (tcp[:2], self.datagrams())

    def close(self):
        abort(self.c, self.s)
        self.server.close()
        self.u.close()

    def stream(self):
        for a, b in ((self.c, self.s), (self.s, self.c)):
            data = f"stream of {self.name}".encode()
            a.sendall(data)
            equal(b.recv(100), data, "stream")

    def datagrams(self):
        data = f"datagram of {self.name}".encode()
        self.u.send(data)
        got, peer = self.server.recvfrom(100)
        equal(got, data, "datagram")
        self.server.sendto(data, peer)
        equal(self.u.recv(100), data, "answer")
        return peer[:2]


def both(name):
    return stats(ns=f"{name}_relay")


def main():
    for family in FAMILIES:
        labs = []
        with case(f"IPv{family} the same flows in both, each gets its own data"):
            before = {n: both(n) for n in LABS}
            labs = [Lab(n, family) for n in LABS]
            for _ in range(3):
                for one in labs:
                    one.stream()
                    equal(one.datagrams(), one.peers[1], "relay tuple")
            for one in labs:
                assert all(in_pool(p[0], family) for p in one.peers), one.peers
        with case(f"IPv{family} each counts its own flows"):
            for n in LABS:
                equal(moved(before[n], both(n), "counters")["flows_created"], 2, n)
                equal(moved(before[n], both(n), "refusals"), {}, n)
        with case(f"IPv{family} flush in one leaves the other alone"):
            cfrctl("flush", ns="first_relay")
            equal([both(n)["gauges"]["flows"] for n in LABS], [0, 2], "flows")
            labs[1].stream()
            equal(labs[1].datagrams(), labs[1].peers[1], "relay tuple")
        for one in labs:
            one.close()
            cfrctl("flush", ns=f"{one.name}_relay")
    with case("a configuration is one namespace's"):
        shown = cfrctl("show", ns="second_relay")
        apply("pool other prefix 198.51.100.0/25\npolicy other mark 0x2/0xff pool other\n",
              ns="first_relay")
        equal(cfrctl("show", ns="second_relay"), shown, "show")
    with case("the last policy of one goes, the other relays on"):
        apply("", ns="first_relay")
        Lab("second", 4, SPORT + 1).stream()


main()
