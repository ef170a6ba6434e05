#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws at several fills of a pool, fill being tuples used and held towards one
remote. Towards each of many remotes most tuples are taken, half of them by flows
that have ended and are held, and then a few more are drawn. A test that fails is
repeated once with four times the sample; two failures fail.

A relay that draws and then walks to the next free tuple gives those out more
often that follow on many taken ones: uniform ports do not show that, so tuples
are classed by how many taken ones they follow on.
"""
import bisect
import collections
import ipaddress
import struct
import time

from lab import (FAMILIES, HOMES, POOLS, SHARE, Sides, addr, apply, case, cfrctl, equal, internet_sum,
                 parameter, pin)
from uniformity import P, p_value

TUPLES, LOW = 1000, 10000
FILLS = (50, 500, 950, 990)  # tuples taken when the last one has been drawn
DRAWS = 1000 // SHARE
BATCH = 200
RANGE = f"ports {LOW}-{LOW + TUPLES - 1}"
# Of an IPv6 prefix a customer has one address here, with so many ports.
SMALL = (f"pool web4 prefix 198.51.100.9/32 {RANGE}\npool web6 prefix 2001:db8:cf::/64 {RANGE}\n"
         "policy homes mark 0x1/0xff pool web4 pool web6 pairing customer epoch 7d\ntimers udp 2h hold 2h\n")


class Customer:
    """Sends the first packets of flows"""

    def __init__(self, rig, family, low=LOW, name="C1"):
        self.rig, self.family, self.low = rig, family, low
        self.sent = collections.Counter()  # by remote
        self.ends = b"".join(ipaddress.ip_address(addr(x, family)).packed for x in (name, "DARK"))
        if family == 4:
            head = struct.pack(">BBHHHBBH", 0x45, 0, 32, 0, 0, 64, 17, 0) + self.ends
            self.head = head[:10] + struct.pack(">H", internet_sum(head) ^ 0xffff) + head[12:]
        else:
            self.head = struct.pack(">IHBB", 6 << 28, 12, 17, 64) + self.ends

    def datagram(self, remote):
        """Of a new flow towards this port; the customer's port and the remote's are in it again"""
        self.sent[remote] += 1
        udp = struct.pack(">HHHHHH", self.sent[remote], remote, 12, 0, self.sent[remote], remote)
        check = internet_sum(self.ends + struct.pack(">HH", 17, 12) + udp) ^ 0xffff
        return self.head + udp[:6] + struct.pack(">H", check) + udp[8:]

    def open(self, remotes):
        """A new flow towards each of these, who may occur more than once: [(remote, port above low)]; and how many
        were refused and sent again"""
        drawn, refused, todo = [], 0, list(remotes)
        while todo:
            batch, todo = todo[:BATCH], todo[BATCH:]
            sent = {}
            for remote in batch:
                packet = self.datagram(remote)
                sent[packet[-4:]] = remote
                self.rig.inside.send(packet)
            for p in self.rig.barrier.pass_():
                drawn.append((sent.pop(p[-4:]), int.from_bytes(p[-12:-10], "big") - self.low))
            if sent:
                refused += len(sent)
                assert refused < BATCH, "refused again and again"
                todo += sent.values()
                time.sleep(0.2)  # so long the relay knows that there was none
        return drawn, refused


class Sample:
    """Draws on top of what is taken, towards so many remotes as it takes"""

    first = 1  # remote that nothing was sent to yet

    def __init__(self, customer, fill, draws):
        each = min(TUPLES - fill, fill) // 2
        remotes = range(Sample.first, Sample.first - (-draws // each))
        Sample.first = remotes.stop
        before, half = fill - each, (fill - each) // 2
        self.taken, self.drawn = ({remote: set() for remote in remotes} for _ in range(2))
        held, _ = customer.open([r for r in remotes for _ in range(half)])
        cfrctl("flush")
        live, _ = customer.open([r for r in remotes for _ in range(before - half)])
        drawn, self.refused = customer.open([r for r in remotes for _ in range(each)])
        for remote, relay in held + live:
            self.taken[remote].add(relay)
        for remote, relay in drawn:
            self.drawn[remote].add(relay)
        for remote in remotes:
            equal(len(self.taken[remote]), before, "tuples taken")
            equal(len(self.drawn[remote] - self.taken[remote]), each, "tuples drawn that were free")

    def free(self, remote):
        return (t for t in range(TUPLES) if t not in self.taken[remote])

    def judge(self, what, classes, class_of):
        """Each class of free tuples has its share of the draws; class_of(remote, tuple)"""
        counts, expected = [0] * classes, [0.0] * classes
        for remote, drawn in self.drawn.items():
            share = len(drawn) / (TUPLES - len(self.taken[remote]))
            for t in self.free(remote):
                expected[class_of(remote, t)] += share
            for t in drawn:
                counts[class_of(remote, t)] += 1
        p = p_value(counts, expected)
        print(f"{what}: {sum(counts)} draws in {classes} classes, p = {p:.4f}")
        assert p > P, f"{what}: {counts}, expected {[round(e) for e in expected]}, p = {p:.6f}"

    def tenths(self):
        self.judge("tenths of the ports", 10, lambda _, t: t * 10 // TUPLES)

    def runs(self):
        """How many taken tuples there are just below a free one"""
        run, all_runs = {}, []
        for remote, taken in self.taken.items():
            below = next(n for n in range(TUPLES) if TUPLES - 1 - n not in taken)
            for t in range(TUPLES):
                run[remote, t] = below
                below = below + 1 if t in taken else 0
            all_runs += [run[remote, t] for t in self.free(remote)]
        all_runs.sort()
        # one in twenty at the least is a class
        edges = sorted({all_runs[len(all_runs) * q // 20] for q in (5, 10, 15, 19)} - {0}) or [1]
        self.judge("taken tuples just below", len(edges) + 1,
                   lambda remote, t: bisect.bisect_right(edges, run[remote, t]))


def main():
    pin()
    rig = Sides()
    apply(SMALL)
    for family in FAMILIES:
        customer = Customer(rig, family)
        for fill in FILLS:
            name = f"IPv{family} {fill * 100 // TUPLES} %"
            sample = None
            with case(f"{name}: what is free is found"):
                sample = Sample(customer, fill, DRAWS)
                equal(sample.refused, 0, "draws refused")
            for test in (Sample.tenths, Sample.runs):
                with case(f"{name}: uniform by {test.__name__}"):
                    try:
                        test(sample)
                    except AssertionError as e:
                        print(f"{e}: once more with {4 * DRAWS} draws")
                        test(Sample(customer, fill, 4 * DRAWS))
    apply(POOLS + HOMES)


if __name__ == "__main__":
    with parameter("max_flows", 1 << 22):
        main()
