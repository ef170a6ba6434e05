#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Relay tuples beside what they must not depend on. A test that fails is repeated
once with four times the sample; two failures fail.
"""
import ipaddress
import math
import os
import subprocess

from fill import Customer
from lab import FAMILIES, HOMES, POOL, POOLS, SHARE, Sides, Skip, apply, case, cfrctl, equal, pin, unload
from uniformity import P, p_value

FLOWS = 10000 // SHARE
REMOTE = 7
ONE = ("pool web4 prefix 198.51.100.9/32\npool web6 prefix 2001:db8:cf::/64\n"
       "policy homes mark 0x1/0xff pool web4 pool web6\n")
WINDOW = 100


def grid(pairs, what):
    """Pairs of 0..7 and 0..7 are independent; both are even by themselves"""
    counts = [0] * 64
    for a, b in pairs:
        counts[a * 8 + b] += 1
    p = p_value(counts, [len(pairs) / 64] * 64)
    print(f"{what}: {len(pairs)} flows, p = {p:.4f}")
    assert p > P, f"{what}: p = {p:.6f}"


def ports(rig, family, count):
    """[(the customer's, the relay's)], of successive ports of the customer's"""
    cfrctl("flush")
    return list(enumerate(relay for _, relay in Customer(rig, family, 0).open([REMOTE] * count)[0]))


def inside_and_outside(pairs):
    """Which eighth of all ports either is in, and what its last bits are"""
    count = len(pairs)
    grid([(n * 8 // count, (relay - 1024) * 8 // 64512) for n, relay in pairs], "eighths of ports")
    grid([(n & 7, relay & 7) for n, relay in pairs if n < count // 8 * 8], "low bits of ports")


def mixed(owners):
    """0 or 1, as many of each: a customer's ports keep no company, and any WINDOW ports have both"""
    n = len(owners) // 2
    runs = 1 + sum(a != b for a, b in zip(owners, owners[1:]))
    z = (runs - 1 - n) / math.sqrt(n * (n - 1) / (2 * n - 1))
    least = min(min(c, WINDOW - c) for c in (sum(owners[i:i + WINDOW]) for i in range(len(owners) - WINDOW)))
    print(f"{runs} runs of {2 * n} flows, z = {z:.2f}; of any {WINDOW} each has {least}")
    assert abs(z) < 3.3, f"z = {z:.2f}"
    assert least > WINDOW // 8, f"of {WINDOW} neighbours one customer has {least}"


def owners(rig, family, count):
    """Whose the ports are, in the order of ports: two customers open flows by turns"""
    cfrctl("flush")
    tuples = []
    two = [Customer(rig, family, 0, name) for name in ("C1", "C2")]
    for _ in range(0, count, 100):
        for who, customer in enumerate(two):
            tuples += [(relay, who) for _, relay in customer.open([REMOTE] * 50)[0]]
    return [who for _, who in sorted(tuples)]


def twice(sample, test):
    try:
        test(sample(FLOWS))
    except AssertionError as e:
        print(f"{e}: once more with {4 * FLOWS} flows")
        test(sample(4 * FLOWS))


def addresses(rig, family, count):
    """Whole tuples, as the wire has them"""
    cfrctl("flush")
    customer, got = Customer(rig, family, 0), []
    at, size = (12, 4) if family == 4 else (8, 16)
    for _ in range(count):
        rig.inside.send(customer.datagram(REMOTE))
    for p in rig.barrier.pass_():
        got.append((p[at:at + size], p[-12:-10]))
    equal(len(got), count, "flows")
    return got


def another(rig, family):
    """The same customers' same flows, by the module that was and one that is loaded anew"""
    if not os.path.exists("/sys/module/cfr/initstate"):
        raise Skip("cfr is built in")
    paired = HOMES.rstrip() + " pairing customer\n"
    seen = []
    for _ in range(4):
        unload()
        subprocess.run(["modprobe", "cfr"], check=True)
        apply(POOLS + paired)
        pair = {a for a, _ in addresses(rig, family, 20)}
        equal(len(pair), 1, "addresses of a customer")
        apply(POOLS + HOMES)
        seen.append((pair.pop(), addresses(rig, family, 200)))
    for a, b in zip(seen, seen[1:]):
        same = sum(x == y for x, y in zip(a[1], b[1]))
        equal(same, 0, "flows that have the same tuple")
    # of 256 IPv4 addresses one is drawn again by chance
    assert len({a for a, _ in seen}) >= 2, "four times the same address"
    assert all(ipaddress.ip_address(a) in POOL[family] for a, _ in seen)


def main():
    pin()
    rig = Sides()
    for family in FAMILIES:
        apply(ONE)
        with case(f"IPv{family} the customer's port says nothing about the relay's (R1)"):
            twice(lambda count, f=family: ports(rig, f, count), inside_and_outside)
        with case(f"IPv{family} no range of an address' ports is one customer's (C10)"):
            twice(lambda count, f=family: owners(rig, f, count), mixed)
        with case(f"IPv{family} four relays of one configuration choose differently (R6)"):
            another(rig, family)
        apply(POOLS + HOMES)


main()
