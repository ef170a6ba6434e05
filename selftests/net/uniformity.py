#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What many flows of one customer look like from outside: relay addresses and
ports are uniform, independent of one another and of what came before. A test
that fails is repeated once with four times the sample; two failures fail.
"""
import ipaddress
import math
import struct

from lab import FAMILIES, POOL, Port, addr, case, cfrctl, equal, internet_sum, pin, stats

FLOWS = 2000
P = 0.001
PORT_MIN, PORT_MAX = 1024, 65535
BINS = 64


def p_value(counts, expected):
    """Of chi-square, by Wilson and Hilferty's cube root"""
    chi2 = sum((c - e) ** 2 / e for c, e in zip(counts, expected))
    df = len(counts) - 1
    z = ((chi2 / df) ** (1 / 3) - (1 - 2 / (9 * df))) / math.sqrt(2 / (9 * df))
    return 0.5 * math.erfc(z / math.sqrt(2))


def uniform(values, size, bins, what):
    """values below size fall into bins as uniform ones do"""
    counts = [0] * bins
    for v in values:
        counts[v * bins // size] += 1
    edges = [-(-b * size // bins) for b in range(bins + 1)]
    expected = [len(values) * (edges[b + 1] - edges[b]) / size for b in range(bins)]
    p = p_value(counts, expected)
    print(f"{what}: {len(values)} values, p = {p:.4f}")
    assert p > P, f"{what} not uniform: p = {p:.6f}"


def datagram(family, n):
    """Flow number n of the customer, bytes; the remote's port tells flows apart"""
    sport, dport = 40000 + n // 60000, 1 + n % 60000
    udp = struct.pack(">HHHH", sport, dport, 8 + 4, 0) + struct.pack(">I", n)
    src, dst = (ipaddress.ip_address(addr(x, family)).packed for x in ("C1", "DARK"))
    if family == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + src + dst
        return head[:10] + checksum(head) + head[12:] + udp
    pseudo = src + dst + struct.pack(">II", len(udp), 17)
    udp = udp[:6] + checksum(pseudo + udp) + udp[8:]
    return struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + src + dst + udp


def checksum(data):
    return struct.pack(">H", internet_sum(data) ^ 0xffff)


class Sample:
    """Relay tuples of fresh flows in the order in which they began"""

    def __init__(self):
        self.inside = Port("acc", "up", ("relay", "cust"))
        self.wire = Port("inet", "down")
        self.next = 0

    def draw(self, family, count):
        cfrctl("flush")
        self.wire.drain()
        got = []
        for done in range(0, count, 200):
            for _ in range(min(200, count - done)):
                self.inside.send(datagram(family, self.next))
                self.next += 1
            got += self.batch(family, min(200, count - done))
        base = int(POOL[family].network_address)
        out = []
        for p in got:
            at, size, l4 = (12, 4, 20) if family == 4 else (8, 16, 40)
            out.append((int.from_bytes(p[at:at + size], "big") - base,
                        struct.unpack_from(">H", p, l4)[0]))
        return out

    def batch(self, family, count):
        last = struct.pack(">I", self.next - 1)
        got = self.wire.until(lambda p: p[0] >> 4 == family and p.endswith(last))
        equal(len(got), count, "packets on the wire")
        return got


def addresses4(flows):
    uniform([a for a, _ in flows], 256, 256, "addresses")


def subnets6(flows):
    uniform([a >> 64 for a, _ in flows], 256, 256, "subnets")


def ids6(flows):
    iids = [a & (1 << 64) - 1 for a, _ in flows]
    equal(len(set(iids)), len(iids), "distinct interface ids")
    assert 0 not in iids, "an interface id of zero"
    for shift in range(0, 64, 8):
        uniform([i >> shift & 255 for i in iids], 256, 256, f"bits from {shift} of interface ids")


def ports(flows):
    low = min(p for _, p in flows)
    assert low >= PORT_MIN, f"port {low}"
    uniform([p - PORT_MIN for _, p in flows], PORT_MAX - PORT_MIN + 1, BINS, "ports")


def parity(flows):
    """Neither even nor odd ports, nor any other step, are preferred (U4)"""
    uniform([p & 63 for _, p in flows], 64, 64, "low bits of ports")


def grid(pairs, what):
    counts = [0] * 64
    for a, b in pairs:
        counts[a * 8 + b] += 1
    p = p_value(counts, [len(pairs) / 64] * 64)
    print(f"{what}: p = {p:.4f}")
    assert p > P, f"{what}: p = {p:.6f}"


def eighth(port):
    return (port - PORT_MIN) * 8 // (PORT_MAX - PORT_MIN + 1)


def address_and_port(flows):
    top = 1 << 69 if any(a > 255 for a, _ in flows) else 32
    grid([(a // top, eighth(p)) for a, p in flows], "address against port")


def successive(flows):
    grid([(eighth(a[1]), eighth(b[1])) for a, b in zip(flows, flows[1:])],
         "a port against the one before")
    near = sum(abs(a[1] - b[1]) <= 4 for a, b in zip(flows, flows[1:]))
    expected = len(flows) * 9 / (PORT_MAX - PORT_MIN + 1)
    assert near <= expected + 6 * math.sqrt(expected + 1), f"{near} ports next to their neighbour's"


def distinct(flows):
    """Pairs of flows with one tuple are as rare as chance has it"""
    space = 256 * (PORT_MAX - PORT_MIN + 1)
    most = len(flows) ** 2 / 2 / space
    same = len(flows) - len(set(flows))
    assert same <= most + 6 * math.sqrt(most + 1), f"{same} tuples used twice"


TESTS = {4: (addresses4, ports, parity, address_and_port, successive, distinct),
         6: (subnets6, ids6, ports, parity, address_and_port, successive)}


def flushed():
    """However many flows there are, a flush ends them all"""
    cfrctl("flush")
    equal(stats()["gauges"]["flows"], 0, "flows after a flush")


def main():
    pin()
    sample = Sample()
    for family in FAMILIES:
        flows = None
        with case(f"IPv{family} {FLOWS} flows leave the relay"):
            flows = sample.draw(family, FLOWS)
        for test in TESTS[family]:
            with case(f"IPv{family} {test.__name__}"):
                try:
                    test(flows)
                except AssertionError as e:
                    print(f"{e}: once more with {4 * FLOWS} flows")
                    test(sample.draw(family, 4 * FLOWS))
        with case(f"IPv{family} a flush ends them all"):
            sample.draw(family, 2 * FLOWS)
            flushed()


if __name__ == "__main__":
    main()
