#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""An epoch of a minute, for ten of them."""
import socket
import time

from lab import FAMILIES, HOMES, POOLS, abort, addr, apply, case, cfrctl, equal, in_pool, moved, pin, sock, stats, tcp_flow

EPOCH, EPOCHS = 60, 10


def seen_as(c, server, to):
    c.sendto(b"hello", to)
    return server.recvfrom(10)[1][:2]


class Flows:
    """What lives through all epochs, and what begins in each"""

    def __init__(self, family, port):
        self.family, self.to = family, (addr("SRV", family), port)
        self.server = sock("srv", family, socket.SOCK_DGRAM, self.to)
        self.udp = sock("c1", family, socket.SOCK_DGRAM)
        self.was = seen_as(self.udp, self.server, self.to)
        assert in_pool(self.was[0], family), self.was
        self.tcp = tcp_flow(family, port)
        self.addresses = []

    def look(self):
        """The living have the tuple that they had; two who begin have one address"""
        equal(seen_as(self.udp, self.server, self.to), self.was, "the living flow's tuple")
        c, server, _ = self.tcp
        c.send(b"x")
        equal(server.recv(10), b"x", "what the connection carries")
        fresh = set()
        for _ in range(2):
            with sock("c1", self.family, socket.SOCK_DGRAM) as c:
                fresh.add(seen_as(c, self.server, self.to)[0])
        return fresh

    def close(self):
        abort(*self.tcp[:2])
        self.udp.close()
        self.server.close()


def epochs(family, pairing, port):
    apply(POOLS + HOMES.rstrip() + f" pairing {pairing} epoch {EPOCH} jitter 0\n")
    cfrctl("flush")
    flows = Flows(family, port)
    before, fresh = stats(), []
    for _ in range(EPOCHS):
        fresh.append(flows.look())
        time.sleep(EPOCH)
    rotated = moved(before, stats(), "counters")["epochs_rotated"]
    print(f"{rotated} rotations, addresses {[len(f) for f in fresh]}")
    assert EPOCHS - 1 <= rotated <= EPOCHS + 1, f"{rotated} rotations"
    addresses = [next(iter(f)) for f in fresh]
    # two looks may fall on both sides of a rotation
    assert sum(len(f) > 1 for f in fresh) <= 1, f"addresses within an epoch: {fresh}"
    # of 256 IPv4 addresses one is drawn again by chance
    assert len(set(addresses)) >= EPOCHS - 3, f"addresses of {EPOCHS} epochs: {addresses}"
    flows.close()


def main():
    pin()
    ports = iter(range(7001, 7100))
    for family in FAMILIES:
        for pairing in ("customer", "destination"):
            with case(f"IPv{family} pairing {pairing}: a new address each epoch, and no flow moves"):
                epochs(family, pairing, next(ports))
    apply(POOLS + HOMES)


main()
