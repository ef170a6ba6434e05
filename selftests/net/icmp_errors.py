#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ICMP errors about relayed packets, in both directions. What a router or a
host would send is put on the link next to the relay; what comes out on the
other side must quote exactly what its receiver once sent.
"""
import errno
import os
import select
import socket
import struct

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Raw

from crafted import error, fold, ip
from lab import (FAMILIES, HEADER, Sides, addr, case, equal, in_pool, moved, netns, pin, sock,
                 stats)

ROUTER = {4: "198.18.7.7", 6: "2001:db8:dada::7"}
DEEP = {4: "10.83.200.99", 6: "fd83:c0de:200::99"}
MTU = 1301
ERRORS = {
    4: {"net unreachable": (3, 0, 0), "host unreachable": (3, 1, 0),
        "port unreachable": (3, 3, 0), "packet too big": (3, 4, MTU),
        "prohibited": (3, 13, 0), "time exceeded": (11, 0, 0),
        "parameter problem": (12, 0, 9 << 24)},
    6: {"no route": (1, 0, 0), "prohibited": (1, 1, 0), "address unreachable": (1, 3, 0),
        "port unreachable": (1, 4, 0), "packet too big": (2, 0, MTU),
        "time exceeded": (3, 0, 0), "parameter problem": (4, 0, 40)},
}
PORTS = iter(range(21000, 60000))
PLAIN = {4: 28, 6: 48}


def l4_sum(packet, family):
    """0 if the checksum of an ICMP message is right"""
    body = packet[HEADER[family]:]
    if family == 4:
        return fold(body)
    return fold(packet[8:40] + struct.pack(">II", len(body), 58) + body)


def hops_aside(packet, family):
    """Without what routers change: TTL, IPv4's header checksum"""
    b = bytearray(packet)
    if family == 4:
        b[8] = 0
        b[10:12] = b"\0\0"
    else:
        b[7] = 0
    return bytes(b)


def src_dst(packet, family):
    at, size = (12, 4) if family == 4 else (8, 16)
    to = socket.AF_INET if family == 4 else socket.AF_INET6
    return (socket.inet_ntop(to, packet[at:at + size]),
            socket.inet_ntop(to, packet[at + size:at + 2 * size]))


def is_error(family):
    upper = 1 if family == 4 else 58

    def pred(p):
        if p[0] >> 4 != family or p[9 if family == 4 else 6] != upper:
            return False
        kind = p[HEADER[family]]
        return kind in (3, 11, 12) if family == 4 else kind < 128
    return pred


class Rig(Sides):
    def send(self, packet):
        """Customer to remote: as it comes out"""
        packet = bytes(packet)
        self.wire.drain()
        self.inside.send(packet)
        return self.wire.first(lambda p: p[0] >> 4 == packet[0] >> 4)

    def answer(self, packet):
        """Remote to customer: as it comes out"""
        packet = bytes(packet)
        self.inside.drain()
        self.wire.send(packet)
        return self.inside.first(lambda p: p[0] >> 4 == packet[0] >> 4)


def udp(family, size=40):
    return (ip(family, addr("C1", family), addr("DARK", family))
            / UDP(sport=next(PORTS), dport=7000) / Raw(os.urandom(size).hex()[:size]))


def syn(family):
    return ip(family, addr("C1", family), addr("DARK", family)) / TCP(
        sport=next(PORTS), dport=7000, flags="S", seq=0x01020304)


def echo(family):
    head = ip(family, addr("C1", family), addr("DARK", family))
    if family == 4:
        return head / ICMP(type=8, id=next(PORTS), seq=7) / Raw(b"echoecho")
    return head / ICMPv6EchoRequest(id=next(PORTS), seq=7) / Raw(b"echoecho")


def back(family, sent):
    """The remote's answer to a packet seen on the wire"""
    src, dst = src_dst(sent, family)
    parsed = (IP if family == 4 else IPv6)(sent)
    if UDP in parsed:
        return (ip(family, dst, src)
                / UDP(sport=7000, dport=parsed[UDP].sport) / Raw(b"answered" * 8))
    return (ip(family, dst, src) / TCP(sport=7000, dport=parsed[TCP].sport, flags="SA",
                                       seq=0x11223344, ack=parsed[TCP].seq + 1))


def inbound(rig, family):
    for name, what in ERRORS[family].items():
        for kind, make in (("UDP", udp), ("TCP", syn), ("echo", echo)):
            if kind != "UDP" and name not in ("packet too big", "time exceeded"):
                continue
            with case(f"IPv{family} in: {name} about {kind} is the customer's"):
                original = bytes(make(family))
                sent = rig.send(original)
                got = rig.answer(error(family, ROUTER[family], src_dst(sent, family)[0],
                                       what, sent))
                check_in(family, got, original, what)
    with case(f"IPv{family} in: a quote of 8 bytes is enough"):
        original = bytes(udp(family))
        sent = rig.send(original)
        what = ERRORS[family]["port unreachable"]
        cut = HEADER[family] + 8
        got = rig.answer(error(family, ROUTER[family], src_dst(sent, family)[0],
                               what, sent[:cut]))
        check_in(family, got, original[:cut], what)
    if family == 4:
        with case("IPv4 in: options in the quote are skipped"):
            original = udp(4)
            sent = IP(rig.send(original))
            sent.options = [b"\x01\x01\x01\x01"]
            sent.ihl = sent.len = sent.chksum = None
            got = rig.answer(error(4, ROUTER[4], sent.src, (3, 3, 0), bytes(sent)))
            quoted = IP(got[28:])
            equal((quoted.src, quoted.sport, quoted.ihl), (addr("C1", 4), original.sport, 6),
                  "quote")
            equal(fold(got[28:52]), 0, "checksum of the quote's header")
    with case(f"IPv{family} in: an error ends nothing"):
        original = udp(family)
        sent = rig.send(original)
        rig.answer(error(family, ROUTER[family], src_dst(sent, family)[0],
                         ERRORS[family]["port unreachable"], sent))
        got = rig.answer(back(family, sent))
        equal(src_dst(got, family)[1], addr("C1", family), "receiver of the answer")


def check_in(family, got, original, what):
    equal(src_dst(got, family), (ROUTER[family], addr("C1", family)), "outer addresses")
    head = HEADER[family]
    equal(struct.unpack_from(">BB", got, head), what[:2], "type and code")
    equal(struct.unpack_from(">I", got, head + 4)[0], what[2], "bytes 4 to 7")
    quote = got[PLAIN[family]:]
    equal(hops_aside(quote, family).hex(), hops_aside(original, family).hex(), "quote")
    equal(l4_sum(got, family), 0, "ICMP checksum")
    if family == 4:
        equal(fold(got[:20]), 0, "checksum of the outer header")
        equal(fold(quote[:20]), 0, "checksum of the quote's header")


def refused_in(rig, family):
    def refused(name, counter, make):
        with case(f"IPv{family} in: {name}: {counter}, silent"):
            sent = rig.send(udp(family))
            bad = make(sent, src_dst(sent, family)[0])
            rig.inside.drain()
            rig.wire.drain()
            before = stats()
            rig.wire.send(bad)
            equal(len(rig.barrier.pass_()), 0, "packets back to the sender")
            equal(len([p for p in rig.inside.drain() if is_error(family)(p)]), 0,
                  "errors at the customer's side")
            equal(moved(before, stats(), "refusals"), {counter: 1}, "refusals")

    unreachable = ERRORS[family]["port unreachable"]

    def plain(sent, relay):
        return error(family, ROUTER[family], relay, unreachable, sent)

    def flip(packet, at):
        return packet[:at] + bytes([packet[at] ^ 0x55]) + packet[at + 1:]

    refused("a bad checksum", "icmp_invalid",
            lambda sent, relay: flip(plain(sent, relay), HEADER[family] + 2))
    refused("a quote cut within 8 bytes", "icmp_invalid",
            lambda sent, relay: plain(sent[:HEADER[family] + 7], relay))
    refused("a quote cut within its header", "icmp_invalid",
            lambda sent, relay: plain(sent[:HEADER[family] - 1], relay))
    refused("no quote", "icmp_invalid", lambda sent, relay: plain(b"", relay))
    if family == 4:
        refused("a bad checksum of the quote's header", "icmp_invalid",
                lambda sent, relay: plain(flip(sent, 10), relay))
    port = HEADER[family] + 1
    refused("a quote of no flow", "icmp_no_flow",
            lambda sent, relay: plain(flip(sent, port), relay))
    refused("not addressed to the quote's sender", "icmp_no_flow",
            lambda sent, relay: plain(sent, {4: "198.51.100.1", 6: "2001:db8:cf::1"}[family]))

    with case(f"IPv{family} in: quotes of all protocols, cut anywhere: dropped"):
        sent = rig.send(udp(family))
        relay = src_dst(sent, family)[0]
        before = stats()
        rig.inside.drain()
        rig.wire.drain()
        count = 0
        for number in range(256):
            quote = bytearray(sent)
            quote[9 if family == 4 else 6] = number
            if family == 4:
                quote[10:12] = b"\0\0"
                quote[10:12] = struct.pack(">H", fold(bytes(quote[:20])))
            if number == 17:
                continue
            for length in (len(quote), HEADER[family] + number % 16):
                rig.wire.send(plain(bytes(quote[:length]), relay))
                count += 1
        equal(len(rig.barrier.pass_()), 0, "packets back to the sender")
        refusals = moved(before, stats(), "refusals")
        equal(sum(refusals.values()), count, f"sum of {refusals}")
        equal(set(refusals) - {"icmp_invalid", "icmp_no_flow"}, set(), "other refusals")
        equal(len([p for p in rig.inside.drain() if is_error(family)(p)]), 0,
              "errors at the customer's side")


def outbound(rig, family, how):
    reporters = {"the customer": addr("C1", family), "the access router": addr("ACC", family),
                 "a router behind it": DEEP[family]}
    names = ("port unreachable", "packet too big", "time exceeded")
    for who, reporter in reporters.items():
        for name in names:
            for kind, make in (("UDP", udp), ("TCP", syn)):
                if kind == "TCP" and who != "the access router":
                    continue
                with case(f"IPv{family} out{how}: {name} from {who} about {kind}"):
                    what = ERRORS[family][name]
                    sent = rig.send(make(family))
                    answer = bytes(back(family, sent))
                    arrived = rig.answer(answer)
                    got = rig.send(error(family, reporter, addr("DARK", family), what, arrived))
                    check_out(family, got, answer, src_dst(sent, family)[0], what)


def check_out(family, got, answer, relay, what):
    assert in_pool(relay, family), relay
    equal(src_dst(got, family), (relay, addr("DARK", family)), "outer addresses")
    head = HEADER[family]
    equal(struct.unpack_from(">BB", got, head), what[:2], "type and code")
    equal(struct.unpack_from(">I", got, head + 4)[0], what[2], "bytes 4 to 7")
    quote = got[PLAIN[family]:]
    if family == 4:
        equal(len(quote), 28, "length of the quote")
    equal(hops_aside(quote, family).hex(),
          hops_aside(answer, family)[:len(quote)].hex(), "quote")
    equal(l4_sum(got, family), 0, "ICMP checksum")
    if family == 4:
        equal(fold(got[:20]), 0, "checksum of the outer header")
        equal(fold(quote[:20]), 0, "checksum of the quote's header")


def extensions(rig, family):
    with case(f"IPv{family} out: extension objects are cut off"):
        sent = rig.send(udp(family))
        answer = bytes(back(family, sent) / Raw(b"0123456789abcdef" * 8))
        arrived = rig.answer(answer)[:128].ljust(128, b"\0")
        me = socket.inet_pton(socket.AF_INET if family == 4 else socket.AF_INET6,
                              addr("ACC_C1", family))
        objects = struct.pack(">BBH", 0x20, 0, 0) + struct.pack(
            ">HBB", 8 + len(me), 2, 0x0a) + struct.pack(">HH", family // 2, 0) + me
        words = 32 << 16 if family == 4 else 16 << 24
        kind = (3, 3, words) if family == 4 else (1, 4, words)
        got = rig.send(error(family, addr("ACC", family), addr("DARK", family), kind,
                             arrived + objects))
        assert me not in got, "the interface's address left"
        check_out(family, got, answer, src_dst(sent, family)[0], (*kind[:2], 0))
    with case(f"IPv{family} out: a bad checksum: icmp_invalid"):
        sent = rig.send(udp(family))
        arrived = rig.answer(back(family, sent))
        bad = bytearray(error(family, addr("C1", family), addr("DARK", family),
                              ERRORS[family]["port unreachable"], arrived))
        bad[HEADER[family] + 2] ^= 0x55
        before = stats()
        rig.wire.drain()
        rig.inside.send(bad)
        equal(len(rig.barrier.pass_()), 0, "packets on the wire")
        equal(moved(before, stats(), "refusals"), {"icmp_invalid": 1}, "refusals")


def kernels(family):
    """Programs see the errors that other programs' kernels send"""
    with case(f"IPv{family} a closed port at the server: the customer is told"):
        s = sock("c1", family, socket.SOCK_DGRAM)
        s.connect((addr("SRV", family), 4))
        s.send(b"anybody there")
        try:
            s.recv(10)
            assert False, "data from nowhere"
        except ConnectionRefusedError:
            pass
    with case(f"IPv{family} a closed port at the customer: the server is told"):
        server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), 7100))
        c = sock("c1", family, socket.SOCK_DGRAM)
        c.sendto(b"hello", (addr("SRV", family), 7100))
        peer = server.recvfrom(10)[1]
        c.close()
        server.connect(peer[:2])
        server.send(b"still there")
        try:
            server.recv(10)
            assert False, "data from nowhere"
        except ConnectionRefusedError:
            pass
    for hops, who in ((2, "the relay"), (3, "the access router")):
        with case(f"IPv{family} time exceeded at {who}: the server is told, by a pool address"):
            server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), 7100 + hops))
            c = sock("c1", family, socket.SOCK_DGRAM)
            c.sendto(b"hello", (addr("SRV", family), 7100 + hops))
            peer = server.recvfrom(10)[1][:2]
            recverr, level, ttl = ((11, socket.IPPROTO_IP, socket.IP_TTL) if family == 4 else
                                   (25, socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS))
            server.setsockopt(level, recverr, 1)
            server.setsockopt(level, ttl, hops)
            server.sendto(b"too short a life", peer)
            poll = select.poll()
            poll.register(server, select.POLLERR)
            assert poll.poll(60000), "no error at the server"
            data, anc, _, dst = server.recvmsg(100, 200, socket.MSG_ERRQUEUE)
            equal((data[:8], dst[:2]), (b"too shor"[:len(data[:8])], peer), "the error is about")
            number = struct.unpack_from("=I", anc[0][2])[0]
            equal(number, errno.EHOSTUNREACH, "errno")
            size, at = (4, 20) if family == 4 else (16, 24)
            offender = socket.inet_ntop(socket.AF_INET if family == 4 else socket.AF_INET6,
                                        anc[0][2][at:at + size])
            equal(offender, peer[0], "reporter")


def mark(match):
    with netns("relay"):
        equal(os.system("nft flush chain inet lab premark && nft add rule inet lab premark "
                        f"iifname cust {match} meta mark set 1"), 0, "nft")


def main():
    pin()
    rig = Rig()
    for family in FAMILIES:
        inbound(rig, family)
        refused_in(rig, family)
        outbound(rig, family, "")
        extensions(rig, family)
        kernels(family)
    # without a mark on ICMP, errors are known by what they quote
    mark("meta l4proto '!= { icmp, ipv6-icmp }'")
    for family in FAMILIES:
        outbound(rig, family, ", unmarked")
    mark("")


if __name__ == "__main__":
    main()
