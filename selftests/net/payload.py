#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Payloads that other translators read, with the customer's own address and a port
where somebody might want to come in."""
import socket

from lab import FAMILIES, abort, addr, case, cfrctl, equal, in_pool, moved, pin, read_all, sock, stats

OPEN = 51297  # what the payloads announce


def ftp(family):
    high, low = divmod(OPEN, 256)
    if family == 4:
        return f"PORT {addr('C1', 4).replace('.', ',')},{high},{low}\r\n".encode()
    return f"EPRT |2|{addr('C1', 6)}|{OPEN}|\r\n".encode()


def sip(family):
    me = addr("C1", family) if family == 4 else f"[{addr('C1', family)}]"
    sdp = (f"v=0\r\no=- 1 1 IN IP{family} {addr('C1', family)}\r\ns=-\r\nc=IN IP{family} {addr('C1', family)}\r\n"
           f"t=0 0\r\nm=audio {OPEN} RTP/AVP 0\r\n")
    return (f"INVITE sip:b@example.net SIP/2.0\r\nVia: SIP/2.0/UDP {me}:5060;branch=z9hG4bK1\r\n"
            f"Contact: <sip:a@{me}:5060>\r\nContent-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n"
            + sdp).encode()


def exchange(family, kind, port, payload):
    """It arrives as it was sent, and so does the same back: the sockets, and whom the server sees"""
    server = sock("srv", family, kind, (addr("SRV", family), port))
    c = sock("c1", family, kind, (addr("C1", family), 0))
    if kind == socket.SOCK_STREAM:
        server.listen(1)
    c.connect((addr("SRV", family), port))
    c.send(payload)
    if kind == socket.SOCK_STREAM:
        server, peer = server.accept()
        equal(read_all(server, len(payload)), payload, "payload")
        server.send(payload)
    else:
        got, peer = server.recvfrom(4000)
        equal(got, payload, "payload")
        server.sendto(payload, peer)
    equal(read_all(c, len(payload)), payload, "payload back")
    assert in_pool(peer[0], family), peer
    return c, server, peer


def closed(family, kind, relay):
    """Nobody comes in at what was announced"""
    before = stats()
    s = sock("srv", family, kind, (addr("SRV", family), 20))
    s.settimeout(2)
    try:
        s.connect((relay, OPEN))
        s.send(b"here I am")
        s.recv(10)
        raise AssertionError("somebody answers")
    except TimeoutError:
        pass
    refused = moved(before, stats(), "refusals")
    equal(list(refused), ["in_no_flow"], "refusals")
    equal(moved(before, stats(), "counters").get("flows_created", 0), 0, "flows made")


def main():
    pin()
    for family in FAMILIES:
        for name, kind, port, payload in (("FTP", socket.SOCK_STREAM, 21, ftp), ("SIP", socket.SOCK_STREAM, 5060, sip),
                                          ("SIP over UDP", socket.SOCK_DGRAM, 5060, sip)):
            with case(f"IPv{family} {name} that names the customer passes unread"):
                cfrctl("flush")
                c, server, peer = exchange(family, kind, port, payload(family))
                equal(stats()["gauges"]["flows"], 1, "flows")
                closed(family, kind, peer[0])
                abort(c, server)


main()
