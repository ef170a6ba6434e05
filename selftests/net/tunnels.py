#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the outside of a tunnel tells about a customer.

VXLAN's outer source port is a hash of the inner packet, with a key that all
namespaces share. What looks exactly like the relayed datagram is sent into the
tunnel's other end: if it gets the same outer port, the relay's came from the
relay tuple and not from the customer's.
"""
import socket
import struct

from lab import FAMILIES, Port, addr, case, equal, in_pool, pin, sock

VXLAN = 4789
AUTOFLOWLABEL = 70


def inner(frame_ip):
    """VXLAN's outer source port and its inner IP packet"""
    if frame_ip[0] >> 4 != 4 or frame_ip[9] != 17:
        return None
    sport, dport = struct.unpack_from(">HH", frame_ip, 20)
    return (sport, frame_ip[20 + 8 + 8 + 14:]) if dport == VXLAN else None


def outer_port(wire, token):
    for p in wire.until(lambda p: token in p)[-1:]:
        return inner(p)[0]


def forged(family, peer, port, data):
    """The datagram that the remote saw, bytes"""
    udp = struct.pack(">HHHH", peer[1], port, 8 + len(data), 0) + data
    to = socket.AF_INET if family == 4 else socket.AF_INET6
    src, dst = (socket.inet_pton(to, a) for a in (peer[0], addr("SRV", family)))
    if family == 4:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + src + dst + udp
    return struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + src + dst + udp


def main():
    pin()
    wire = Port("inet", "down")
    back = Port("relay", "up")
    tunnel = Port("inet", "tun", ("relay", "tun"))
    for family in FAMILIES:
        with case(f"IPv{family} VXLAN: the outer port is the relay tuple's hash"):
            distinct = set()
            for n in range(4):
                server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), 7900 + n))
                c = sock("c1", family, socket.SOCK_DGRAM)
                if family == 6:
                    # its flow label would be another input of the hash
                    c.setsockopt(socket.IPPROTO_IPV6, AUTOFLOWLABEL, 0)
                c.connect((addr("SRV", family), 7900 + n))
                c.send(b"from-the-customer")
                ours = outer_port(wire, b"from-the-customer")
                peer = server.recvfrom(100)[1][:2]
                assert in_pool(peer[0], family), peer
                tunnel.send(forged(family, peer, 7900 + n, b"from-the-other-end"))
                equal(ours, outer_port(back, b"from-the-other-end"), "outer source port")
                distinct.add(ours)
            assert len(distinct) > 1, "all outer ports are the same: no hash at all"


main()
