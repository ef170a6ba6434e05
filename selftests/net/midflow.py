#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""TCP in mid-flow whose flow has gone, by a flush or with its pool."""
import socket
import time

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from lab import (FAMILIES, HOMES, OTHER, POOLS, Sides, Skip, abort, addr, apply, case, cfrctl, equal, in_pool, moved, pin,
                 sock, stats, tcp_flow)

LIMIT = 1000  # resets in a second
SO_MARK = 36
RST = 4


def flushed():
    cfrctl("flush")


def swapped():
    apply(OTHER + HOMES.replace("web", "new"))


def is_reset(packet):
    """An IP packet of a RST"""
    flags = {4: 33, 6: 53}[packet[0] >> 4]
    return len(packet) > flags and bool(packet[flags] & RST)


def ends(c, server, forget):
    """The customer's next write is the connection's end, and the server hears nothing of it"""
    forget()
    before = stats()
    c.send(b"goes on")
    try:
        c.recv(10)
        raise AssertionError("no reset")
    except ConnectionResetError:
        pass
    server.settimeout(1)
    try:
        raise AssertionError(f"the server got {server.recv(100)!r}")
    except TimeoutError:
        pass
    after = stats()
    equal(moved(before, after, "refusals"), {"tcp_no_flow": 1}, "refusals")
    equal(moved(before, after, "counters"), {"resets_sent": 1}, "counters")
    abort(server)


def own_flow(family, port):
    """A connection of the relay's host, which has marked it"""
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), port))
    listener.listen(1)
    s = sock("relay", family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, SO_MARK, 1)
    s.connect((addr("SRV", family), port))
    server, peer = listener.accept()
    assert in_pool(peer[0], family), peer
    return s, server


def segment(family, flags, sport=4000):
    head = (IP if family == 4 else IPv6)(src=addr("C1", family), dst=addr("DARK", family))
    return head / TCP(sport=sport, dport=7, flags=flags, seq=5, ack=77) / Raw(b"mid-flow")


class Rig(Sides):
    def answers(self, *packets):
        """What resets the customer's side sees for them"""
        self.inside.drain()
        for packet in packets:
            self.inside.send(packet)
        equal(len(self.barrier.pass_()), 0, "packets on the wire")
        return [p for p in self.inside.drain() if is_reset(p)]


def crafted(rig, family):
    with case(f"IPv{family} the reset is the one that RFC 9293 3.10.7.1 asks for"):
        reset, = rig.answers(segment(family, "PA"))
        reset = (IP if family == 4 else IPv6)(reset)
        equal((reset.src, reset.dst), (addr("DARK", family), addr("C1", family)), "addresses")
        equal((reset[TCP].sport, reset[TCP].dport), (7, 4000), "ports")
        equal((reset[TCP].seq, str(reset[TCP].flags)), (77, "R"), "sequence number and flags")
    with case(f"IPv{family} resets are not answered, nor are scans and damaged segments"):
        damaged = segment(family, "A")
        damaged[TCP].chksum = 1
        equal(rig.answers(segment(family, "R"), segment(family, "RA"), segment(family, "FPU"), damaged), [], "resets")
    with case(f"IPv{family} a remote in mid-flow meets silence"):
        rig.wire.drain()
        rig.wire.send((IP if family == 4 else IPv6)(src=addr("DARK", family), dst=pool_address(family))
                      / TCP(sport=7, dport=4000, flags="A", ack=77) / Raw(b"mid-flow"))
        equal(rig.barrier.pass_(), [], "packets on the wire")


def pool_address(family):
    return {4: "198.51.100.67", 6: "2001:db8:cf::67"}[family]


def limited(rig, family):
    with case(f"IPv{family} there are at most {LIMIT} resets a second"):
        packets = [bytes(segment(family, "A", 10000 + i)) for i in range(4 * LIMIT)]
        time.sleep(1)
        before = stats()
        start = time.monotonic()
        answers = len(rig.answers(*packets))
        seconds = time.monotonic() - start
        after = stats()
        equal(moved(before, after, "refusals"), {"tcp_no_flow": len(packets)}, "refusals")
        equal(moved(before, after, "counters").get("resets_sent"), answers, "resets_sent")
        # a second of the limit's may begin at any time
        assert LIMIT <= answers <= LIMIT * (int(seconds) + 2), f"{answers} resets in {seconds:.1f} s"
        time.sleep(1)  # it is over
        if answers == len(packets):
            raise Skip(f"{len(packets)} segments took {seconds:.1f} s: too slow to be limited")


def main():
    pin()
    rig = Rig()
    for family in FAMILIES:
        for name, forget in (("a flush", flushed), ("another pool", swapped)):
            with case(f"IPv{family} after {name} a connection ends when its customer sends"):
                c, server, _ = tcp_flow(family, 7100)
                ends(c, server, forget)
            apply(POOLS + HOMES)
        with case(f"IPv{family} after a flush the host's own connection ends, too"):
            ends(*own_flow(family, 7101), flushed)
        with case(f"IPv{family} and a new one can be had"):
            c, server, _ = tcp_flow(family, 7102)
            abort(c, server)
        rig.barrier.pass_()
        crafted(rig, family)
        limited(rig, family)


main()
