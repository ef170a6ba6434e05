#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A pool of 1024 tuples towards one remote is filled: at every fill, the entropy
shown is what is free by then; below the floor of 9 bits, and back above it.
"""
import socket
import subprocess

from lab import ENV, FAMILIES, POOL, Monitor, addr, apply, case, cfrctl, moved, netns, pin, sock, stats, wait_for

PORTS = 1024
FLOOR = 9  # bits: half of them
NOISE = 0.5  # bits: of an average over 64 flows or so, which also comes 64 flows late


def pools(family):
    """One address; of IPv6, if there is a pairing"""
    prefix = f"{POOL[4].network_address}/32" if family == 4 else f"{POOL[6].network_address}/64"
    return f"pool few prefix {prefix} ports 2048-{2047 + PORTS}\n"


def policy(family, knobs):
    return pools(family) + f"policy homes mark 0x1/0xff pool few {'pairing customer' if family == 6 else ''} {knobs}\n"


def refused(text):
    """The sentence"""
    with netns("relay"):
        done = subprocess.run([ENV["CFRCTL"], "apply", "-"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    return done.stderr


def entropy(family):
    entries = [e for e in stats()["entropy"] if e["policy"] == "homes"]
    assert [e["family"] for e in entries] == [f"ipv{family}"], entries
    return entries[0]


class Flows:
    """UDP flows towards one remote, from port after port"""

    def __init__(self, family):
        self.family = family
        self.port = 20000

    def open(self, count):
        for self.port in range(self.port + 1, self.port + 1 + count):
            with sock("c1", self.family, socket.SOCK_DGRAM, (addr("C1", self.family), self.port)) as s:
                s.sendto(b"x", (addr("SRV", self.family), 9))

    @staticmethod
    def close():
        """Returns when their tuples have rested"""
        cfrctl("flush")
        assert wait_for(lambda: not stats()["gauges"]["held"]), stats()["gauges"]


def config(family):
    """Exact: a tuple more is one too many to ask for"""
    bits = PORTS.bit_length() - 1
    text = policy(family, f"entropy {bits + 1}")
    sentence = refused(text)
    assert f'"{bits + 1}": the policy has fewer tuples than its floor of entropy asks for' in sentence, sentence
    assert ":2: " in sentence, sentence
    apply(policy(family, f"entropy {bits}"))
    assert entropy(family) == {"policy": "homes", "family": f"ipv{family}", "now": bits, "full": bits,
                               "low": False}, entropy(family)


def interface_ids():
    """Without a pairing, an IPv6 address has 64 bits that are drawn"""
    text = pools(6) + "policy homes mark 0x1/0xff pool few entropy {}\n"
    refused(text.format(75))
    apply(text.format(74))
    assert entropy(6)["full"] == 74, entropy(6)


def follows(family):
    """What is shown is what is free"""
    apply(policy(family, "") + "timers hold 1s nonconformant\n")
    flows = Flows(family)
    flows.open(PORTS // 2)
    shown = entropy(family)
    print(shown)
    assert abs(shown["now"] - 9) < NOISE, shown
    assert shown["full"] == 10 and not shown["low"], shown
    flows.close()


def warns(family):
    """Told once, counted for each flow, nothing refused"""
    apply(policy(family, f"entropy {FLOOR} low warn") + "timers hold 1s nonconformant\n")
    before = stats()
    flows = Flows(family)
    with Monitor() as monitor:
        flows.open(PORTS * 7 // 8)
        event = monitor.event()
    print(event)
    assert event["policy"] == "homes" and event["family"] == f"ipv{family}" and event["low"], event
    assert event["now"] < FLOOR <= event["full"], event
    assert entropy(family)["low"], entropy(family)
    after = stats()
    assert not moved(before, after, "refusals"), moved(before, after, "refusals")
    count = moved(before, after, "counters")["entropy_low"]
    assert PORTS // 4 < count < PORTS // 2, count
    flows.close()


def refuses(family):
    """About half of the tuples stay free; and when the flows are gone, it is over."""
    apply(policy(family, f"entropy {FLOOR} low refuse") + "timers hold 1s nonconformant\n")
    before = stats()
    flows = Flows(family)
    with Monitor() as monitor:
        flows.open(PORTS * 7 // 8)
        assert monitor.event()["low"]
        after = stats()
        live = after["gauges"]["flows"]
        counted = moved(before, after, "refusals")
        print(f"{live} flows, refused: {counted}")
        assert PORTS * 3 // 8 < live < PORTS * 3 // 4, live
        assert set(counted) == {"entropy_floor"}, counted
        assert counted["entropy_floor"] == PORTS * 7 // 8 - live, (counted, live)
        flows.close()
        while entropy(family)["low"]:
            flows.open(20)
        assert not monitor.event()["low"]
    flows.close()


def main():
    pin()
    for family in FAMILIES:
        with case(f"IPv{family}: a floor above what the pool has is refused, one at it is not"):
            config(family)
        with case(f"IPv{family}: half of the tuples taken cost a bit"):
            follows(family)
        with case(f"IPv{family}: low warn tells, and counts"):
            warns(family)
        with case(f"IPv{family}: low refuse keeps to the floor, until tuples are free again"):
            refuses(family)
    with case("interface ids count, where they are drawn"):
        interface_ids()


main()
