#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Customers' packets leave alike, in what no connection depends on."""
import socket
import subprocess

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6TimeExceeded, IPv6
from scapy.packet import Raw

from crafted import error
from lab import (FAMILIES, HEADER, HOMES, POOLS, Sides, abort, addr, apply, carry, case, equal, netns, pin, tcp_flow,
                 udp_flow)

PORTS = iter(range(30000, 60000))
SAFE = POOLS + HOMES.rstrip() + " normalise safe\n"
# as the relay gets it, and as it leaves: what asks who is on the way stays low
HOPS = {255: 64, 128: 64, 65: 64, 64: 64, 60: 64, 34: 64, 33: 32, 30: 29, 2: 1}
LABELS = (0, 1, 0x12345, 0xfffff)
TOO_LONG = 3000
UDP_SEGMENT = 103
IP_MTU_DISCOVER = 10
IP_PMTUDISC_DO = 2


def packet(family, hops=64, tos=0, mark=0, df=True, port=None, top=None):
    """mark: its identification or flow label"""
    src, dst = addr("C1", family), addr("DARK", family)
    top = top or UDP(sport=port or next(PORTS), dport=7) / Raw(b"payload")
    if family == 4:
        return IP(src=src, dst=dst, ttl=hops, tos=tos, id=mark, flags="DF" if df else 0) / top
    return IPv6(src=src, dst=dst, hlim=hops, tc=tos, fl=mark) / top


def parse(p):
    """Hop count, traffic class, identification or flow label"""
    if p[0] >> 4 == 4:
        head = IP(p)
        return head.ttl, head.tos, head.id
    head = IPv6(p)
    return head.hlim, head.tc, head.fl


def whole(p, sent):
    """Nothing else has changed, and its checksums are right"""
    head = (IP if p[0] >> 4 == 4 else IPv6)(p)
    again = head.copy()
    del again[type(head.payload)].chksum
    if isinstance(head, IP):
        del again.chksum
    equal(bytes(again), p, "packet with checksums made anew")
    equal(bytes(head.payload.payload), bytes(sent.payload.payload), "payload")


def hops(rig, family):
    with case(f"IPv{family} hop counts"):
        for before, after in HOPS.items():
            sent = packet(family, hops=before)
            got = rig.out(sent)
            equal(parse(got)[0], after, f"{before}")
            whole(got, sent)
    with case(f"IPv{family} what has no hop left is told by the relay, and does not leave"):
        rig.inside.drain()
        rig.wire.drain()
        rig.inside.send(packet(family, hops=1))
        equal(rig.barrier.pass_(), [], "packets on the wire")
        told, = [p for p in rig.inside.drain() if p[9 if family == 4 else 6] in (1, 58)]
        head = IP(told) if family == 4 else IPv6(told)
        assert head.haslayer(ICMP if family == 4 else ICMPv6TimeExceeded), head.summary()
        equal(told[HEADER[family]], {4: 11, 6: 3}[family], "type of the error")


def dscp(rig, family):
    with case(f"IPv{family} DSCP is 0, congestion bits stay"):
        for tos in range(256):
            sent = packet(family, tos=tos)
            got = rig.out(sent)
            equal(parse(got)[1], tos & 3, f"{tos:#x}")
            whole(got, sent)


def identification(rig):
    for df in (True, False):
        with case(f"IPv4 the identification is not the customer's, {'may not' if df else 'may'} be fragmented"):
            seen = []
            for n in range(200):
                sent = packet(4, mark=n + 1, df=df)
                got = rig.out(sent)
                seen.append(parse(got)[2])
                whole(got, sent)
            same = sum(n + 1 == mark for n, mark in enumerate(seen))
            assert same < 4, f"{same} of 200 are as they were"
            assert len(set(seen)) > 190, f"{len(set(seen))} of 200"
            if df:
                assert 0 not in seen, "0"
                follow = sum(b == a + 1 for a, b in zip(seen, seen[1:]))
                assert follow < 4, f"{follow} of 200 follow on one another"
    with case("IPv4 fragments of a packet have one identification, not the customer's"):
        sent = packet(4, mark=0x1234, df=False, top=UDP(sport=next(PORTS), dport=7) / Raw(b"x" * TOO_LONG))
        rig.wire.drain()
        for at in range(0, TOO_LONG + 8, 1000):
            piece = sent.copy()
            piece.frag, piece.flags = at // 8, "MF" if at + 1000 < TOO_LONG + 8 else 0
            piece.proto = 17
            piece.remove_payload()
            rig.inside.send(piece / Raw(bytes(sent.payload)[at:at + 1000]))
        got = rig.barrier.pass_()
        assert len(got) > 1, f"{len(got)} fragments"
        marks = {parse(p)[2] for p in got}
        equal(len(marks), 1, f"identifications {marks}")
        assert marks != {0x1234}, "it is the customer's"


def segmented(rig):
    """What the relay itself cuts: in bursts of the customer's, each from a random start on"""
    with netns("relay"):
        for feature in ("tso", "gso", "tx-udp-segmentation"):
            subprocess.run(["ethtool", "-K", "up", feature, "off"], check=True, capture_output=True)
    for name, kind in (("TCP", socket.SOCK_STREAM), ("UDP", socket.SOCK_DGRAM)):
        with case(f"IPv4 {name} segments of one packet count on from a random identification"):
            if kind == socket.SOCK_STREAM:
                c, server, _ = tcp_flow(4, next(PORTS))
            else:
                c, server, _ = udp_flow(4, next(PORTS))
                c.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
                c.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
            marks = []
            for _ in range(30):
                rig.wire.drain()
                c.send(b"x" * 6000)
                server.recv(6000)
                marks.append([parse(p)[2] for p in rig.barrier.pass_() if len(p) > 1000])
            bursts = [m for m in marks if len(m) > 3]
            assert len(bursts) > 20, f"{len(bursts)} bursts of 30"
            steps = [b - a for m in bursts for a, b in zip(m, m[1:])]
            assert steps.count(1) + steps.count(-65535) > 0.5 * len(steps), f"steps {steps}"  # in two packets, or three
            starts = [m[0] for m in bursts]
            assert len(set(starts)) > 0.9 * len(starts), f"starts {starts}"
            near = sum(abs(a - b) < 100 for a, b in zip(starts, starts[1:]))
            assert near < 3, f"starts {starts}"
            abort(c, server)


def labels(rig):
    with case("IPv6 a flow has one label, which is not the customer's"):
        seen = []
        for n in range(100):
            port = next(PORTS)
            flow = {parse(rig.out(packet(6, mark=mark, port=port)))[2] for mark in LABELS}
            equal(len(flow), 1, f"labels {flow}")
            seen += flow
        assert len(set(seen)) > 97, f"{len(set(seen))} labels of 100 flows"
        assert len(set(seen) & set(LABELS)) < 2, "a customer's"


def pointers(rig, family):
    with case(f"IPv{family} an urgent pointer means something or is 0"):
        for flags, after in (("S", 0), ("SU", 0x1234)):
            sent = packet(family, top=TCP(sport=next(PORTS), dport=7, flags=flags, urgptr=0x1234))
            got = rig.out(sent)
            equal(int.from_bytes(got[HEADER[family] + 18:HEADER[family] + 20], "big"), after, f"pointer of {flags}")
            whole(got, sent)


def errors(rig, family):
    """A customer's own report about what a remote has sent"""
    with case(f"IPv{family} an ICMP error leaves like anything else"):
        port = next(PORTS)
        first = rig.out(packet(family, port=port))
        label = parse(first)[2]
        answer = IP(src=addr("DARK", 4), dst=addr("C1", 4)) if family == 4 else IPv6(src=addr("DARK", 6), dst=addr("C1", 6))
        answer = answer / UDP(sport=7, dport=port) / Raw(b"answer")
        report = (IP if family == 4 else IPv6)(error(family, addr("C1", family), addr("DARK", family),
                                                     {4: (3, 3, 0), 6: (1, 4, 0)}[family], bytes(answer)))
        if family == 4:
            report.ttl, report.tos, report.id, report.chksum = 200, 0xc0, 77, None
        else:
            report.hlim, report.tc, report.fl = 200, 0xc0, 77
        got = parse(rig.out(report))
        equal(got[:2], (64, 0), "hop count and traffic class")
        if family == 6:
            equal(got[2], label, "flow label")
        else:
            assert got[2] != 77, "identification"


def lives_on(rig, family):
    """Whatever is applied; and the control: without it, all of that shows"""
    port = next(PORTS)
    with case(f"IPv{family} off: headers leave as they came, but for a flow that began before"):
        rig.out(packet(family, port=port))
        apply(POOLS + HOMES.rstrip() + " normalise off\n")
        equal(parse(rig.out(packet(family, hops=128, tos=0xb9, port=port)))[:2], (64, 1), "live flow's")
        equal(parse(rig.out(packet(family, hops=128, tos=0xb9, mark=0x1234))), (127, 0xb9, 0x1234), "new flow's")
    with case(f"IPv{family} safe: a connection carries what it did"):
        apply(SAFE)
        c, server, _ = tcp_flow(family, next(PORTS))
        carry(c, server, 2000000)
        carry(server, c, 2000000)
        abort(c, server)


def main():
    pin()
    rig = Sides()
    apply(SAFE)
    for family in FAMILIES:
        hops(rig, family)
        dscp(rig, family)
        pointers(rig, family)
        errors(rig, family)
        lives_on(rig, family)
    identification(rig)
    segmented(rig)
    labels(rig)


main()
