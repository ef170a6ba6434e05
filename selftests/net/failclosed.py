#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Packets that the relay must refuse: none is on the wire, their one counter
counts each of them, no other refusal moves, and the customer hears of it where
that helps. Packets are put on the link between access router and relay.
"""
import socket
import time

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting, ICMPv6Unknown, PadN)
from scapy.packet import Raw

from lab import (FAMILIES, Barrier, Port, addr, apply, case, cfrctl, equal, moved,
                 parameter, pin, stats, sysctl)

TIMES = 3
PORTS = iter(range(20000, 60000))
PROHIBITED = {4: (3, 13), 6: (1, 1)}
RESOURCE = {4: (3, 1), 6: (1, 3)}
PROTOCOL = {4: (3, 2), 6: (4, 1)}
HOP = socket.inet_aton(addr("INET", 4))     # outside, where its router listens


def ip(family, **more):
    src, dst = more.pop("src", addr("C1", family)), more.pop("dst", addr("DARK", family))
    if family == 4:
        return IP(src=src, dst=dst, **more)
    if "proto" in more:
        more["nh"] = more.pop("proto")
    return IPv6(src=src, dst=dst, **more)


def tcp(flags):
    return lambda f: ip(f) / TCP(sport=next(PORTS), dport=7000, flags=flags) / Raw(b"x")


def proto(number):
    return lambda f: ip(f, proto=number) / Raw(bytes(next(PORTS) % 256 for _ in range(24)))


def cut(number, length):
    return lambda f: ip(f, proto=number) / Raw(next(PORTS).to_bytes(2, "big") * (length // 2))


def tcp_offset(words):
    return lambda f: ip(f) / TCP(sport=next(PORTS), dport=7000, flags="S", dataofs=words)


def udp_length(length):
    return lambda f: ip(f) / UDP(sport=next(PORTS), dport=7000, len=length) / Raw(b"12345678")


def option(raw):
    return lambda _: (IP(src=addr("C1", 4), dst=addr("DARK", 4), options=IPOption(raw))
                      / UDP(sport=next(PORTS), dport=7000) / Raw(b"x"))


def ext(header):
    return lambda _: (IPv6(src=addr("C1", 6), dst=addr("DARK", 6)) / header
                      / UDP(sport=next(PORTS), dport=7000) / Raw(b"x"))


def icmp(kind, code=0):
    def make(family):
        if family == 4:
            return ip(4) / ICMP(type=kind, code=code) / Raw(b"12345678")
        return ip(6, proto=58) / Raw(bytes((kind, code, 0, 0)) + b"12345678")
    return make


def error(family):
    quoted = ip(family, src=addr("DARK", family), dst=addr("C1", family))
    quoted = bytes(quoted / UDP(sport=7000, dport=next(PORTS)) / Raw(b"12345678"))
    if family == 4:
        return ip(4) / ICMP(type=3, code=3) / Raw(quoted)
    return icmp6(6, 1, 4, bytes(4) + quoted)


def icmp6(family, kind, code, body):
    return ip(family) / ICMPv6Unknown(type=kind, code=code) / Raw(body)


def udp(family, **more):
    return ip(family, **more) / UDP(sport=next(PORTS), dport=7000) / Raw(b"12345678")


# name, families, packet, counter, answer to the customer
TABLE = [
    ("SCTP", (4, 6), proto(132), "protocol", PROTOCOL),
    ("DCCP", (4, 6), proto(33), "protocol", PROTOCOL),
    ("UDP-Lite", (4, 6), proto(136), "protocol", PROTOCOL),
    ("GRE", (4, 6), proto(47), "protocol", PROTOCOL),
    ("ESP", (4, 6), proto(50), "protocol", PROTOCOL),
    ("AH", (4,), proto(51), "protocol", PROTOCOL),
    ("IPv4 in IP", (4, 6), proto(4), "protocol", PROTOCOL),
    ("an unknown protocol", (4, 6), proto(253), "protocol", PROTOCOL),
    ("mid-flow ACK", (4, 6), tcp("A"), "tcp_no_flow", None),
    ("mid-flow PSH ACK", (4, 6), tcp("PA"), "tcp_no_flow", None),
    ("SYN ACK of no flow", (4, 6), tcp("SA"), "tcp_no_flow", None),
    ("FIN ACK of no flow", (4, 6), tcp("FA"), "tcp_no_flow", None),
    ("RST of no flow", (4, 6), tcp("R"), "tcp_no_flow", None),
    ("RST ACK of no flow", (4, 6), tcp("RA"), "tcp_no_flow", None),
    ("Xmas scan", (4, 6), tcp("FPU"), "tcp_flags", None),
    ("null scan", (4, 6), tcp(""), "tcp_flags", None),
    ("FIN scan", (4, 6), tcp("F"), "tcp_flags", None),
    ("SYN FIN", (4, 6), tcp("SF"), "tcp_flags", None),
    ("SYN RST", (4, 6), tcp("SR"), "tcp_flags", None),
    ("record route", (4,), option(b"\x07\x0b\x04" + bytes(8) + b"\0"), "ip_options", PROHIBITED),
    ("timestamp option", (4,), option(b"\x44\x0c\x05\x00" + bytes(8)), "ip_options", PROHIBITED),
    ("no-operation option", (4,), option(b"\x01\x01\x01\x01"), "ip_options", PROHIBITED),
    ("strict source route", (4,), option(b"\x89\x07\x04" + HOP + b"\0"), "ip_options", None),
    # The kernel would say so to the last hop.
    ("loose source route behind others, a malformed option behind it", (4,),
     option(b"\x01\x07\x04\x05\0\x83\x07\x08" + HOP + b"\x44\x01\0\0\0"), "ip_options", None),
    ("hop-by-hop header", (6,), ext(IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))])),
     "ext_header", PROHIBITED),
    ("destination options", (6,), ext(IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])),
     "ext_header", PROHIBITED),
    ("routing header", (6,), ext(IPv6ExtHdrRouting(type=4, segleft=1, addresses=["2001:db8::1"])),
     "ext_header", PROHIBITED),
    ("a chain of all three", (6,), ext(IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))])
                                        / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
                                        / IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8::1"])),
     "ext_header", PROHIBITED),
    ("TCP cut short", (4, 6), cut(6, 12), "malformed", None),
    ("TCP of two bytes", (4, 6), cut(6, 2), "malformed", None),
    ("UDP cut short", (4, 6), cut(17, 6), "malformed", None),
    ("ICMP cut short", (4, 6), lambda f: cut(1 if f == 4 else 58, 6)(f), "malformed", None),
    ("TCP offset of 4", (4, 6), tcp_offset(4), "malformed", None),
    ("TCP offset past the end", (4, 6), tcp_offset(15), "malformed", None),
    ("UDP length past the end", (4, 6), udp_length(400), "malformed", None),
    ("UDP length of 7", (4, 6), udp_length(7), "malformed", None),
    ("timestamp request", (4,), icmp(13), "icmp_type", None),
    ("redirect", (4,), icmp(5, 1), "icmp_type", None),
    ("router advertisement", (4,), icmp(9), "icmp_type", None),
    ("node information query", (6,), icmp(139), "icmp_type", None),
    ("MLD report", (6,), icmp(131), "icmp_type", None),
    ("error about no flow", (4, 6), error, "icmp_no_flow", None),
    ("source inside a pool", (4, 6),
     lambda f: udp(f, src={4: "198.51.100.77", 6: "2001:db8:cf::77"}[f]), "src_in_pool", None),
    ("destination inside a pool", (4, 6),
     lambda f: udp(f, dst={4: "198.51.100.77", 6: "2001:db8:cf::77"}[f]), "to_pool", None),
]


class Rig:
    def __init__(self):
        self.inject = Port("acc", "up", ("relay", "cust"))
        self.wire = Port("inet", "down")
        self.barriers = {f: Barrier(self.wire, f) for f in FAMILIES}
        self.barrier = self.barriers[4]

    def refuse(self, family, packets, counter, answer, passed=0):
        """All but `passed` of packets are refused as the rest says"""
        packets = [bytes(p) for p in packets]
        count = len(packets) - passed
        self.inject.drain()
        before = stats()
        for p in packets:
            self.inject.send(p)
        leaked = self.barrier.pass_()
        equal(len(leaked), passed, "packets on the wire")
        equal(moved(before, stats(), "refusals"), {counter: count}, "refusals")
        answers = [error_kind(p, family) for p in self.inject.drain()]
        equal([a for a in answers if a], [answer[family]] * count if answer else [],
              "ICMP answers")


def error_kind(packet, family):
    """Type and code of an ICMP error to the customer from the relay"""
    if packet[0] >> 4 != family:
        return None
    parsed = (IP if family == 4 else IPv6)(packet)
    if parsed.dst != addr("C1", family):
        return None
    if family == 4:
        head = parsed.ihl * 4
        if parsed.proto != 1 or packet[head] not in (3, 4, 5, 11, 12):
            return None
        equal(parsed.src, addr("CUST", 4), "source of the answer")
        return packet[head], packet[head + 1]
    if parsed.nh == 58 and packet[40] < 128:
        equal(parsed.src, addr("CUST", 6), "source of the answer")
        return packet[40], packet[41]
    return None


def table(rig):
    for name, families, make, counter, answer in TABLE:
        for family in families:
            with case(f"IPv{family} {name}: {counter}"):
                rig.refuse(family, [make(family) for _ in range(TIMES)], counter, answer)


def late(rig):
    """Segments of a flow that has ended"""
    for family in FAMILIES:
        with case(f"IPv{family} FIN, RST and data after the end of their flow: tcp_no_flow"):
            port = next(PORTS)
            syn, *rest = [ip(family) / TCP(sport=port, dport=7000, flags=flags)
                          for flags in ("S", "FA", "RA", "R", "PA")]
            rig.inject.send(syn)
            equal(len(rig.barrier.pass_()), 1, "SYN on the wire")
            cfrctl("flush")
            rig.barrier.pass_()
            rig.refuse(family, rest, "tcp_no_flow", None)


def configured(rig):
    pool4 = "pool web4 prefix 198.51.100.0/24\n"
    pool6 = "pool web6 prefix 2001:db8:cf::/56\n"
    base = pool4 + pool6 + "policy homes mark 0x1/0xff pool web4 pool web6\n"

    for family in FAMILIES:
        with case(f"IPv{family} refused destination: bypass_drop"):
            apply(base + "".join(f"bypass {addr('DARK2', f)} drop\n" for f in FAMILIES))
            rig.refuse(family, [udp(family, dst=addr("DARK2", family)) for _ in range(TIMES)],
                       "bypass_drop", PROHIBITED)
    with case("IPv6 without an IPv6 pool: no_pool"):
        apply(pool4 + "policy homes mark 0x1/0xff pool web4\n")
        rig.refuse(6, [udp(6) for _ in range(TIMES)], "no_pool", PROHIBITED)
    with case("IPv4 without an IPv4 pool: no_pool"):
        apply(pool6 + "policy homes mark 0x1/0xff pool web6\n")
        rig.barrier = rig.barriers[6]
        rig.refuse(4, [udp(4) for _ in range(TIMES)], "no_pool", PROHIBITED)
    with case("pool of 4 tuples, 7 flows to one remote: pool_exhausted"):
        apply(pool6 + "pool tiny prefix 198.51.100.9/32 ports 2000-2003\n"
              "policy homes mark 0x1/0xff pool tiny pool web6\n")
        rig.refuse(4, [udp(4) for _ in range(7)], "pool_exhausted", RESOURCE, passed=4)
    with case("pool of 4 tuples: another remote has 4 of its own"):
        rig.refuse(4, [udp(4, dst=addr("DARK2", 4)) for _ in range(5)], "pool_exhausted",
                   RESOURCE, passed=4)
    apply(base)


def full(rig):
    """The cap counts live and held flows. Held ones give way, live ones never."""
    for family in FAMILIES:
        with case(f"IPv{family} more flows than the table takes: table_full"):
            cfrctl("flush")
            rig.barrier.pass_()
            before = stats()
            room = 1 + before["gauges"]["held"] + 3
            with parameter("max_flows", room):
                rig.refuse(family, [udp(family) for _ in range(room + 4)], "table_full",
                           RESOURCE, passed=room - 1)
            after = stats()
            equal(after["gauges"], {"flows": room, "shared": 0, "held": 0}, "gauges")
            equal(moved(before, after, "counters")["held_early"], before["gauges"]["held"],
                  "held_early")


def limited(rig):
    """The kernel's own limits on errors hold for refusals as well (A6)"""
    rig.barrier = rig.barriers[4]
    for family in FAMILIES:
        name = {4: "net.ipv4.icmp_ratelimit", 6: "net.ipv6.icmp.ratelimit"}[family]
        with case(f"IPv{family} 40 refusals in a row: answers are limited"):
            sysctl("relay", name, 1000)
            # The kernel earns its customer one answer a second of quiet, and kept none without
            # a limit: that second is what is tested.
            time.sleep(1.2)
            rig.inject.drain()
            before = stats()
            for _ in range(40):
                rig.inject.send(bytes(proto(132)(family)))
            rig.barrier.pass_()
            sysctl("relay", name, 0)
            equal(moved(before, stats(), "refusals"), {"protocol": 40}, "refusals")
            answers = [p for p in rig.inject.drain() if error_kind(p, family)]
            assert 1 <= len(answers) < 40, f"{len(answers)} answers"


def main():
    pin()
    rig = Rig()
    full(rig)
    table(rig)
    late(rig)
    configured(rig)
    limited(rig)


main()
