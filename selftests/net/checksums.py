#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Checksums are moved along with what they cover, and neither made nor mended."""
import ipaddress
import struct

from lab import FAMILIES, HEADER, Sides, addr, case, equal, internet_sum, pin

PORTS = iter(range(25000, 60000))
SUM_AT = {17: 6, 6: 16}


def packet(family, src, dst, l4, proto):
    src, dst = (ipaddress.ip_address(a).packed for a in (src, dst))
    if family == 6:
        return struct.pack(">IHBB", 6 << 28, len(l4), proto, 64) + src + dst + l4
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(l4), 0, 0, 64, proto, 0) + src + dst
    return head[:10] + struct.pack(">H", internet_sum(head) ^ 0xffff) + head[12:] + l4


def covered(family, p):
    """The pseudo header and the rest, added up; 0xffff if the sum in it is right"""
    at, size = (12, 4) if family == 4 else (8, 16)
    body = p[HEADER[family]:]
    proto = p[9 if family == 4 else 6]
    return internet_sum(p[at:at + 2 * size] + struct.pack(">II", len(body), proto) + body)


def field(family, p):
    at = HEADER[family] + SUM_AT[p[9 if family == 4 else 6]]
    return struct.unpack_from(">H", p, at)[0]


def with_sum(family, p, value):
    at = HEADER[family] + SUM_AT[p[9 if family == 4 else 6]]
    return p[:at] + struct.pack(">H", value) + p[at + 2:]


def right_sum(family, p):
    value = covered(family, with_sum(family, p, 0)) ^ 0xffff
    return with_sum(family, p, value or 0xffff)


class Flow:
    """A UDP or TCP flow, with bytes to spend on a wanted checksum"""

    def __init__(self, rig, family, proto):
        self.rig, self.family, self.proto = rig, family, proto
        self.port = next(PORTS)
        self.far = addr("DARK", family)
        first = self.cross(right_sum(family, self.build(True)), True)
        at, size = (12, 4) if family == 4 else (8, 16)
        self.relay = (str(ipaddress.ip_address(first[at:at + size])),
                      struct.unpack_from(">H", first, HEADER[family])[0])

    def build(self, out, translated=False, spend=b"\0\0"):
        """One packet, as sent or as it is to come out"""
        inner = (addr("C1", self.family), self.port)
        near = self.relay if translated == out else inner
        ends = (near, (self.far, 7)) if out else ((self.far, 7), near)
        ports = struct.pack(">HH", ends[0][1], ends[1][1])
        if self.proto == 17:
            l4 = ports + struct.pack(">HH", 8 + 8, 0)
        else:
            l4 = ports + struct.pack(">IIBBHHH", 1, 0 if out else 2, 0x50,
                                     0x02 if out else 0x12, 1000, 0, 0)
        return packet(self.family, ends[0][0], ends[1][0], l4 + b"sums:!" + spend, self.proto)

    def cross(self, p, out):
        send, catch = ((self.rig.inside, self.rig.wire) if out else
                       (self.rig.wire, self.rig.inside))
        catch.drain()
        send.send(p)
        return catch.first(lambda q: q[0] >> 4 == self.family and b"sums:!" in q)


def zero(rig):
    for out in (True, False):
        with case(f"IPv4 UDP without a checksum stays so, {'out' if out else 'in'}"):
            flow = Flow(rig, 4, 17)
            got = flow.cross(flow.build(out), out)
            equal(field(4, got), 0, "checksum")


def becomes_zero(rig, family):
    for out in (True, False):
        with case(f"IPv{family} UDP checksum that comes out as 0 is ffff, {'out' if out else 'in'}"):
            flow = Flow(rig, family, 17)
            wanted = flow.build(out, translated=True)
            spend = struct.pack(">H", covered(family, wanted) ^ 0xffff)
            equal(covered(family, flow.build(out, True, spend)), 0xffff, "the test's own sum")
            got = flow.cross(right_sum(family, flow.build(out, False, spend)), out)
            equal(field(family, got), 0xffff, "checksum")


def wrong(rig, family):
    for proto, name in ((17, "UDP"), (6, "TCP")):
        for out in (True, False):
            with case(f"IPv{family} {name} wrong checksum stays wrong, {'out' if out else 'in'}"):
                flow = Flow(rig, family, proto)
                good = right_sum(family, flow.build(out))
                equal(covered(family, flow.cross(good, out)), 0xffff, "sum of a good one")
                bad = with_sum(family, good, field(family, good) ^ 0x0550)
                off = covered(family, bad)
                equal(covered(family, flow.cross(bad, out)), off, "sum of a bad one")


def main():
    pin()
    rig = Sides()
    zero(rig)
    for family in FAMILIES:
        becomes_zero(rig, family)
        wrong(rig, family)


main()
