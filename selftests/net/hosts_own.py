#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The relay as a host among others: what it is sent, what it sends itself, and
what nobody may send."""
import errno
import os
import socket
from ipaddress import ip_address

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Raw

from lab import AF, FAMILIES, Sides, addr, case, equal, in_pool, moved, netns, pin, sock, stats

INSIDE = {4: "198.51.100.66", 6: "2001:db8:cf::66"}
BEHIND = {4: "10.83.77.7", 6: "fd83:c0de:77::7"}
PORTS = iter(range(23000, 60000))


def ip(family, src, dst):
    return IP(src=src, dst=dst) if family == 4 else IPv6(src=src, dst=dst)


def echo(family, src, dst):
    if family == 4:
        return ip(4, src, dst) / ICMP(type=8, id=7) / Raw(b"echo")
    return ip(6, src, dst) / ICMPv6EchoRequest(id=7) / Raw(b"echo")


def unsolicited(rig, family):
    """T2, L11: nobody answers for a pool address"""
    kinds = {
        "SYN": lambda src, dst: ip(family, src, dst) / TCP(sport=next(PORTS), dport=22),
        "SYN ACK": lambda src, dst: ip(family, src, dst) / TCP(sport=7, dport=4000, flags="SA"),
        "RST": lambda src, dst: ip(family, src, dst) / TCP(sport=7, dport=4000, flags="R"),
        "ACK": lambda src, dst: ip(family, src, dst) / TCP(sport=7, dport=4000, flags="A"),
        "UDP": lambda src, dst: ip(family, src, dst) / UDP(sport=7, dport=4000) / Raw(b"x"),
        "echo": lambda src, dst: echo(family, src, dst),
        "SCTP": lambda src, dst: (IP(src=src, dst=dst, proto=132) if family == 4 else
                                  IPv6(src=src, dst=dst, nh=132)) / Raw(b"12345678" * 3),
    }
    for name, make in kinds.items():
        with case(f"IPv{family} unsolicited {name} to a pool address: silent, in_no_flow"):
            rig.wire.drain()
            rig.inside.drain()
            before = stats()
            for _ in range(3):
                rig.wire.send(make(addr("DARK", family), INSIDE[family]))
            back = [p for p in rig.barrier.pass_() if ip_address(INSIDE[family]).packed in p]
            equal(len(back), 0, "packets back")
            equal(moved(before, stats(), "refusals"), {"in_no_flow": 3}, "refusals")


def forged(rig, family):
    """A source inside a pool is nobody's who sends to the relay"""
    for side, port, dst in (("the internet", "wire", BEHIND[family]),
                            ("the internet, to the relay", "wire", addr("UP", family)),
                            ("the internet, to a pool address", "wire", INSIDE[family]),
                            ("the customers", "inside", addr("DARK", family)),
                            ("the customers, to the relay", "inside", addr("CUST", family))):
        with case(f"IPv{family} source inside a pool from {side}: src_in_pool"):
            for p in (rig.wire, rig.inside):
                p.drain()
            before = stats()
            src = {4: "198.51.100.67", 6: "2001:db8:cf::67"}[family]
            for _ in range(3):
                getattr(rig, port).send(ip(family, src, dst)
                                        / UDP(sport=next(PORTS), dport=7) / Raw(b"forged"))
            equal(len(rig.barrier.pass_()), 0, "packets on the wire")
            equal([p for p in rig.inside.drain() if b"forged" in p], [], "packets inside")
            equal(moved(before, stats(), "refusals"), {"src_in_pool": 3}, "refusals")


def host_to_pool(rig, family):
    with case(f"IPv{family} the host's own packets to a pool address: to_pool"):
        s = sock("relay", family, socket.SOCK_DGRAM)
        rig.wire.drain()
        before = stats()
        sent = 0
        for _ in range(3):
            try:
                s.sendto(b"to myself", (INSIDE[family], 7))
            except OSError as e:
                equal(e.errno, errno.EPERM, "errno")
            sent += 1
        equal(len(rig.barrier.pass_()), 0, "packets on the wire")
        equal(moved(before, stats(), "refusals"), {"to_pool": sent}, "refusals")


def host_forged(rig, family):
    with case(f"IPv{family} the host's own packets with a source inside a pool: src_in_pool"):
        with netns("relay"):
            raw = socket.socket(AF[family], socket.SOCK_RAW, socket.IPPROTO_RAW)
        if family == 6:
            raw.setsockopt(socket.IPPROTO_IPV6, 36, 1)
        packet = bytes(ip(family, INSIDE[family], addr("DARK", family))
                       / UDP(sport=7, dport=7) / Raw(b"forged"))
        rig.wire.drain()
        before = stats()
        for _ in range(3):
            try:
                raw.sendto(packet, (addr("DARK", family), 0))
            except PermissionError:
                pass
        equal(len(rig.barrier.pass_()), 0, "packets on the wire")
        equal(moved(before, stats(), "refusals"), {"src_in_pool": 3}, "refusals")


def own_marked(family):
    """Flows of the host itself, marked by SO_MARK"""
    server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), 7300))
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), 7300))
    listener.listen(2)
    with case(f"IPv{family} the host's own marked UDP is relayed"):
        s = sock("relay", family, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, 36, 1)
        s.connect((addr("SRV", family), 7300))
        s.send(b"from the host")
        peer = server.recvfrom(100)[1][:2]
        assert in_pool(peer[0], family), peer
        server.sendto(b"to the host", peer)
        equal(s.recv(100), b"to the host", "answer")
    with case(f"IPv{family} the host's own marked TCP is relayed"):
        s = sock("relay", family, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, 36, 1)
        s.connect((addr("SRV", family), 7300))
        t, peer = listener.accept()
        assert in_pool(peer[0], family), peer
        s.sendall(b"from the host")
        equal(t.recv(100), b"from the host", "data")
        t.sendall(b"to the host")
        equal(s.recv(100), b"to the host", "answer")
    with case(f"IPv{family} the host's own unmarked flows are not"):
        s = sock("relay", family, socket.SOCK_DGRAM)
        s.sendto(b"plain", (addr("SRV", family), 7300))
        equal(server.recvfrom(100)[1][0], addr("UP", family), "sender")


def main():
    pin()
    rig = Sides()
    for family in FAMILIES:
        unsolicited(rig, family)
        forged(rig, family)
        host_to_pool(rig, family)
        host_forged(rig, family)
        own_marked(family)
    with netns("relay"):
        equal(os.system("nft flush chain inet lab premark && nft add chain inet lab late "
                        "'{ type filter hook prerouting priority mangle; }' && "
                        "nft add rule inet lab late iifname cust udp dport 7 meta mark set 1 && "
                        "nft add rule inet lab premark iifname cust udp dport != 7 "
                        "meta mark set 1"), 0, "nft")
    for family in FAMILIES:
        with case(f"IPv{family} marked after conntrack: mark_too_late"):
            rig.wire.drain()
            before = stats()
            for _ in range(3):
                rig.inside.send(ip(family, addr("C1", family), addr("DARK", family))
                                / UDP(sport=next(PORTS), dport=7) / Raw(b"late"))
            equal(len(rig.barrier.pass_()), 0, "packets on the wire")
            equal(moved(before, stats(), "refusals"), {"mark_too_late": 3}, "refusals")


main()
