#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Fragments in any order through the relay, in both directions, crafted and put
on the links next to the relay; and what must not get through.
"""
import os
import socket

from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, PadN, fragment6
from scapy.packet import Raw

from lab import (FAMILIES, PATIENCE, Sides, addr, case, equal, in_pool, internet_sum, moved, netns, pin, sock, stats,
                 udp_flow)

SIZE = 4000
PORTS = iter(range(22000, 60000))
ORDERS = {"in order": lambda f: f, "in reverse": lambda f: f[::-1],
          "first one last": lambda f: f[1:] + f[:1],
          "last one first": lambda f: f[-1:] + f[:-1]}


def datagram(family, src, dst, sport, dport, data):
    head = IP(src=src, dst=dst, id=next(PORTS)) if family == 4 else IPv6(src=src, dst=dst)
    return head / UDP(sport=sport, dport=dport) / Raw(data)


def pieces(family, packet, size=1200):
    if family == 4:
        return [bytes(f) for f in fragment(packet, fragsize=size)]
    whole = IPv6(bytes(packet))
    split = (IPv6(src=whole.src, dst=whole.dst) / IPv6ExtHdrFragment(id=next(PORTS), nh=17)
             / whole.payload)
    return [bytes(f) for f in fragment6(split, size + 48)]


def is_fragment(p):
    if p[0] >> 4 == 4:
        return bool((p[6] << 8 | p[7]) & 0x3fff)
    return p[6] == 44


def ordered(rig, family):
    for name, order in ORDERS.items():
        with case(f"IPv{family} fragments out {name}"):
            c, server, peer = udp_flow(family, next(PORTS))
            data = os.urandom(SIZE // 2).hex().encode()
            packet = datagram(family, addr("C1", family), addr("SRV", family),
                              c.getsockname()[1], server.getsockname()[1], data)
            for f in order(pieces(family, packet)):
                rig.inside.send(f)
            got, seen = server.recvfrom(1 << 16)
            equal(got, data, "datagram")
            equal(seen[:2], peer, "relay tuple")
        with case(f"IPv{family} fragments in {name}"):
            c, server, peer = udp_flow(family, next(PORTS))
            data = os.urandom(SIZE // 2).hex().encode()
            packet = datagram(family, addr("SRV", family), peer[0],
                              server.getsockname()[1], peer[1], data)
            for f in order(pieces(family, packet)):
                rig.wire.send(f)
            equal(c.recv(1 << 16), data, "datagram")


def first_only(rig, family):
    """A flow may begin with fragments"""
    with case(f"IPv{family} fragments open a flow"):
        server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), next(PORTS)))
        data = os.urandom(SIZE // 2).hex().encode()
        packet = datagram(family, addr("C1", family), addr("SRV", family), next(PORTS),
                          server.getsockname()[1], data)
        for f in pieces(family, packet)[::-1]:
            rig.inside.send(f)
        got, seen = server.recvfrom(1 << 16)
        equal(got, data, "datagram")
        assert in_pool(seen[0], family), seen


def incomplete(rig, family):
    for name, pick in (("the first", 0), ("the last", -1)):
        with case(f"IPv{family} all fragments but {name}: none leaves"):
            packet = datagram(family, addr("C1", family), addr("DARK", family),
                              next(PORTS), 7000, b"y" * SIZE)
            parts = pieces(family, packet)
            parts.remove(parts[pick])
            rig.wire.drain()
            for f in parts:
                rig.inside.send(f)
            equal(len(rig.barrier.pass_()), 0, "packets on the wire")
    with case(f"IPv{family} overlapping fragments: none leaves"):
        packet = datagram(family, addr("C1", family), addr("DARK", family),
                          next(PORTS), 7000, b"y" * SIZE)
        parts = pieces(family, packet)
        second = bytearray(parts[1])
        at = 6 if family == 4 else 42
        offset = int.from_bytes(second[at:at + 2], "big")
        offset -= 16 if family == 4 else 16 * 8
        second[at:at + 2] = offset.to_bytes(2, "big")
        if family == 4:
            overlap = IP(bytes(second))
            overlap.chksum = None
            second = bytes(overlap)
        rig.wire.drain()
        for f in (parts[0], bytes(second), *parts[2:]):
            rig.inside.send(f)
        equal(len(rig.barrier.pass_()), 0, "packets on the wire")


def undefragmented(rig):
    """An operator's notrack before defrag keeps fragments from assembly"""
    with netns("relay"):
        equal(os.system(
            "nft add table inet early && "
            "nft add chain inet early pre '{ type filter hook prerouting priority -500; }' && "
            "nft add rule inet early pre ip frag-off '& 0x3fff != 0' notrack && "
            "nft add rule inet early pre exthdr frag exists notrack"), 0, "nft")
    for family in FAMILIES:
        with case(f"IPv{family} fragments that nothing assembled, out: fragment"):
            packet = datagram(family, addr("C1", family), addr("DARK", family),
                              next(PORTS), 7777, b"y" * SIZE)
            parts = pieces(family, packet)
            rig.wire.drain()
            before = stats()
            for f in parts:
                rig.inside.send(f)
            equal(len(rig.barrier.pass_()), 0, "packets on the wire")
            equal(moved(before, stats(), "refusals"), {"fragment": len(parts)}, "refusals")
        with case(f"IPv{family} fragments that nothing assembled, in: fragment"):
            _, server, peer = udp_flow(family, next(PORTS))
            packet = datagram(family, addr("SRV", family), peer[0], 7777, peer[1],
                              b"y" * SIZE)
            parts = pieces(family, packet)
            rig.inside.drain()
            before = stats()
            for f in parts:
                rig.wire.send(f)
            rig.barrier.pass_()
            equal([p for p in rig.inside.drain() if b"yyyy" in p], [], "packets inside")
            equal(moved(before, stats(), "refusals"), {"fragment": len(parts)}, "refusals")
            server.close()


def unchained(rig):
    """RFC 7112: the first fragment has all headers, or nobody can judge it"""
    with case("IPv6 a first fragment without the transport header: none leaves"):
        port = next(PORTS)
        whole = bytes(IPv6(src=addr("C1", 6), dst=addr("DARK", 6)) / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(12))])
                      / UDP(sport=port, dport=7) / Raw(b"x" * 64))
        rig.wire.drain()
        for start, more in ((0, 1), (8, 0)):
            body = whole[40 + start:48 if more else None]
            head = IPv6(src=addr("C1", 6), dst=addr("DARK", 6), plen=8 + len(body))
            rig.inside.send(bytes(head / IPv6ExtHdrFragment(nh=60, offset=start // 8, m=more, id=port)) + body)
        equal(rig.barrier.pass_(), [], "packets on the wire")
    with case("IPv6 a chain of headers that was in fragments: ext_header"):
        before = stats()
        packet = (IPv6(src=addr("C1", 6), dst=addr("DARK", 6)) / IPv6ExtHdrFragment(id=next(PORTS))
                  / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) / UDP(sport=next(PORTS), dport=7) / Raw(b"x" * 4000))
        for f in fragment6(packet, 1280):
            rig.inside.send(f)
        equal(rig.barrier.pass_(), [], "packets on the wire")
        equal(moved(before, stats(), "refusals"), {"ext_header": 1}, "refusals")


FLOOD = 20000 // PATIENCE
def flood(rig, family):
    """First fragments whose rest never comes, from both sides, among datagrams"""
    with case(f"IPv{family} {FLOOD} incomplete datagrams: nothing else is lost"):
        c, server, peer = udp_flow(family, next(PORTS))
        ends = ((rig.inside, addr("C1", family), addr("DARK", family)), (rig.wire, addr("DARK", family), peer[0]))
        firsts = [(port, bytearray(pieces(family, datagram(family, src, dst, 7, 7, b"x" * 3000))[0]))
                  for port, src, dst in ends]
        for n in range(FLOOD // 2):
            for port, first in firsts:
                renumber(first, n)
                port.send(first)
            if n % 100 == 0:
                c.send(b"%d" % n)
                equal(server.recv(10), b"%d" % n, "datagram out")
                server.sendto(b"%d" % n, peer)
                equal(c.recv(10), b"%d" % n, "datagram in")
    with case(f"IPv{family} they have filled all room that there is for such"):
        server.settimeout(2)
        c.send(b"x" * 4000)
        try:
            raise AssertionError(f"{len(server.recv(4000))} octets came in fragments")
        except TimeoutError:
            pass


def renumber(p, number):
    """Another datagram's"""
    if p[0] >> 4 == 6:
        p[44:48] = number.to_bytes(4, "big")
        return
    p[4:6] = (number & 0xffff).to_bytes(2, "big")
    p[10:12] = bytes(2)
    p[10:12] = (internet_sum(bytes(p[:20])) ^ 0xffff).to_bytes(2, "big")


def main():
    pin()
    rig = Sides()
    for family in FAMILIES:
        ordered(rig, family)
        first_only(rig, family)
        incomplete(rig, family)
    unchained(rig)
    for family in FAMILIES:
        flood(rig, family)
    undefragmented(rig)  # the last: nothing is assembled afterwards


main()
