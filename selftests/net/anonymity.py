#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Customers come and go, and what is shown of them is how many there are, nearly: in all where each flow draws an
address of its own, behind the address with the fewest where customers are paired with one.
"""
import time

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from crafted import ip
from lab import FAMILIES, POOL, Monitor, Port, addr, apply, case, cfrctl, equal, moved, stats

FLOOR = 10
PASS = 10   # seconds, from one count to the next
FLOWS = 2   # of each customer


def policy(family, knobs, bits=0):
    """Of few addresses"""
    prefix = f"{POOL[4].network_address}/{32 - bits}" if family == 4 else f"{POOL[6].network_address}/{64 - bits}"
    return f"pool few prefix {prefix}\npolicy homes mark 0x1/0xff pool few anonymity {FLOOR} {knobs}\n"


def shown():
    return stats()["anonymity"]


def customers():
    return shown()[0]["customers"]


class Homes:
    """Customers behind the access network that no host is: what they send leaves, and nobody answers"""

    def __init__(self, family):
        self.family, self.count = family, 0
        self.inside, self.wire = Port("acc", "up", ("relay", "cust")), Port("inet", "down")

    def home(self):
        self.count += 1
        return f"10.83.150.{self.count}" if self.family == 4 else f"fd83:c0de:{0x1000 + self.count:x}::1"

    def come(self, count):
        """Where their packets came from, outside"""
        self.wire.drain()
        for _ in range(count):
            home = self.home()
            for flow in range(FLOWS):
                self.inside.send(ip(self.family, home, addr("DARK", self.family)) /
                                 UDP(sport=20000 + flow, dport=7000) / Raw(b"x" * 40))
        sources = []
        while len(sources) < count * FLOWS:
            packet = self.wire.until(lambda p: p.endswith(b"x" * 40))[-1]
            sources.append((IP if self.family == 4 else IPv6)(packet).src)
        return sources


def counted(pred):
    """With the next count or the one after; asked seldom, for in between it is always the same"""
    for _ in range(2 * PASS):
        if pred():
            return True
        time.sleep(1)
    return False


def near(want):
    """As many, but for what two hashes that are the same cost"""
    assert counted(lambda: abs(customers() - want) <= 1 + want // 9), (shown(), want)


def follows(family, knobs, sealed):
    """Few, told; enough, told; none, and that is not too few"""
    apply(policy(family, knobs) + sealed)
    equal(shown(), [{"policy": "homes", "family": f"ipv{family}", "customers": 0, "floor": FLOOR, "low": False}])
    before = stats()
    homes = Homes(family)
    with Monitor() as monitor:
        homes.come(FLOOR // 2)
        event = monitor.event()
        print(event)
        assert event["low"] and 0 < event["customers"] < FLOOR == event["floor"], event
        assert {key: event[key] for key in ("policy", "family")} == {"policy": "homes", "family": f"ipv{family}"}
        near(FLOOR // 2)
        homes.come(FLOOR * 2)
        event = monitor.event()
        print(event)
        assert not event["low"] and event["customers"] >= FLOOR, event
        near(FLOOR * 5 // 2)
    equal(moved(before, stats(), "refusals"), {}, "refusals")
    cfrctl("flush")
    assert counted(lambda: not customers()), shown()
    assert not shown()[0]["low"], shown()


def fewest(family):
    """Two addresses: the one with fewer customers decides"""
    apply(policy(family, "pairing customer", 1))
    homes = Homes(family)
    sources = homes.come(2 * FLOOR)
    network = [source if family == 4 else source.split("::")[0] for source in sources]
    network = [":".join(n.split(":")[:4]) for n in network]
    behind = sorted(network.count(n) // FLOWS for n in set(network))
    print(f"customers of each address: {behind}")
    equal(len(behind), 2, "addresses in use")
    near(behind[0])
    cfrctl("flush")


def unasked():
    """Without a floor nothing is counted, and nothing shown"""
    apply(policy(4, "").replace(f"anonymity {FLOOR}", ""))
    equal(shown(), [])


def main():
    for family in FAMILIES:
        with case(f"IPv{family}: all customers, where each flow draws its address"):
            follows(family, "", "")
        with case(f"IPv{family}: those of one address, where customers are paired with it"):
            follows(family, "pairing customer", "")
        with case(f"IPv{family}: with sealed mappings"):
            follows(family, "", "mappings sealed\n")
        with case(f"IPv{family}: the address with the fewest decides"):
            fewest(family)
    with case("without a floor nobody is counted"):
        unasked()


main()
