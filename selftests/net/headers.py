#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Congestion bits (RFC 3168, RFC 9331, RFC 9768), priorities, what is behind a packet's end."""
import itertools
import subprocess

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from lab import (FAMILIES, HOMES, POOLS, Sides, Skip, abort, addr, apply, carry, case, equal, netns, nft_counter, pin, sysctl,
                 tcp_flow)

PORTS = iter(range(30000, 60000))
TCP_BITS = [a + b + c for a, b, c in itertools.product(("", "N"), ("", "C"), ("", "E"))]  # N is RFC 9768's AE
IP_BITS = range(4)
RESIDUE = b"residue of somebody's memory"


def ip(family, src, dst, tos=0):
    return IP(src=src, dst=dst, tos=tos) if family == 4 else IPv6(src=src, dst=dst, tc=tos)


def congestion(p):
    """AE, CWR, ECE; ECT and CE"""
    at = 20 if p[0] >> 4 == 4 else 40
    tos = p[1] if at == 20 else (p[0] << 4 | p[1] >> 4) & 0xff
    return p[at + 12] & 0x0f, p[at + 13] & 0xc0, tos & 3


class Rig(Sides):
    def in_(self, packet):
        self.inside.drain()
        self.wire.send(packet)
        self.barrier.pass_()
        # a kernel that was not asked may have said something
        return next(p for p in self.inside.drain() if addr_bytes(packet) in p)


def addr_bytes(packet):
    """Its source, which nobody else inside has"""
    raw = bytes(packet)
    return raw[12:16] if raw[0] >> 4 == 4 else raw[8:24]


def bits(rig, family):
    """Every combination in a SYN, in its answer, and in data both ways"""
    c1, dark = addr("C1", family), addr("DARK", family)
    for flags, back in (("S", "SA"), ("A", "A")):
        with case(f"IPv{family} congestion bits of {flags} and {back} pass, all {len(TCP_BITS) * len(IP_BITS)} of them"):
            for more, ecn in itertools.product(TCP_BITS, IP_BITS):
                port = next(PORTS)
                if flags == "A":
                    rig.out(ip(family, c1, dark) / TCP(sport=port, dport=7, flags="S"))
                sent = ip(family, c1, dark, ecn) / TCP(sport=port, dport=7, flags=flags + more)
                got = rig.out(sent)
                equal(congestion(got), congestion(bytes(sent)), f"{flags}{more} out")
                head = (IP if family == 4 else IPv6)(got)
                sent = ip(family, dark, head.src, ecn) / TCP(sport=7, dport=head.sport, flags=back + more)
                equal(congestion(rig.in_(sent)), congestion(bytes(sent)), f"{back}{more} in")


def negotiated(rig, family):
    """By kernels that want it: the SYN asks, and data is ECN-capable, which it is once the other end agreed"""
    for name, value, asks in (("ECN", 1, (0, 0xc0, 0)), ("AccECN", 3, (1, 0xc0, 0))):
        with case(f"IPv{family} a connection with {name}"):
            for ns in ("c1", "srv"):
                try:
                    sysctl(ns, "net.ipv4.tcp_ecn", value)
                except OSError as e:
                    raise Skip("this kernel has none") from e
            rig.wire.drain()
            c, server, _ = tcp_flow(family, next(PORTS))
            carry(c, server, 100000)
            carry(server, c, 100000)
            abort(c, server)
            sent = [congestion(p) for p in rig.barrier.pass_() if p[9 if p[0] >> 4 == 4 else 6] == 6]
            equal((sent[0][0] & 1, *sent[0][1:]), asks, "congestion bits of the SYN")
            assert any(ecn for _, _, ecn in sent[1:]), "no segment is ECN-capable"
    for ns in ("c1", "srv"):
        sysctl(ns, "net.ipv4.tcp_ecn", 2)


def trimmed(rig, family):
    c1, dark = addr("C1", family), addr("DARK", family)
    for name, top in (("UDP", UDP), ("TCP", TCP)):
        with case(f"IPv{family} {name}: what is behind the packet's end stays behind"):
            port = next(PORTS)
            sent = ip(family, c1, dark) / top(sport=port, dport=7) / Raw(b"")
            got = rig.out(bytes(sent) + RESIDUE)
            equal(len(got), len(bytes(sent)), "length out")
            head = (IP if family == 4 else IPv6)(got)
            sent = ip(family, dark, head.src) / top(sport=7, dport=head.sport)
            equal(len(rig.in_(bytes(sent) + RESIDUE)), len(bytes(sent)), "length in")


def urgent(rig, family):
    """How many of three packets, which the kernel gives a priority for their TOS, have one when they leave"""
    before = [nft_counter("relay", "late", name) for name in ("seen", "urgent")]
    for _ in range(3):
        rig.out(ip(family, addr("C1", family), addr("DARK", family), 0x10) / UDP(sport=next(PORTS), dport=7))
    seen, had = (nft_counter("relay", "late", name) - was for name, was in zip(("seen", "urgent"), before))
    equal(seen, 3, "packets")
    return had


def priorities(rig, family):
    with netns("relay"):
        subprocess.run(["nft", "insert rule inet lab premark iifname cust meta priority set 1:5"], check=True)
    with case(f"IPv{family} a customer's priority does not leave"):
        equal(urgent(rig, family), 0, "packets with a priority")
    with case(f"IPv{family} unless it is to be kept"):
        apply(POOLS + HOMES + "priority keep\n")
        equal(urgent(rig, family), 3, "packets with a priority")
    apply(POOLS + HOMES)


def main():
    pin()
    rig = Rig()
    for family in FAMILIES:
        bits(rig, family)
        negotiated(rig, family)
        trimmed(rig, family)
        priorities(rig, family)


main()
