#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Which flows leave the hooks' sight, and whether the relay counts each packet of those that must not."""
import socket
import subprocess

from lab import FAMILIES, abort, addr, carry, case, equal, in_pool, moved, netns, pin, sock, stats, tcp_flow, udp_flow

PACKETS = 50


def offloaded(port):
    """Flows to a port that conntrack calls offloaded"""
    with netns("relay"):
        out = "".join(subprocess.run(["conntrack", "-f", f"ipv{family}", "-L"], check=True, capture_output=True,
                                     text=True).stdout for family in FAMILIES)
    return [line for line in out.splitlines() if f"dport={port} " in line and "OFFLOAD" in line]


def ping_pong(c, server, peer):
    for n in range(PACKETS):
        c.send(b"%d" % n)
        server.recv(10)
        server.sendto(b"%d" % n, peer)
        c.recv(10)


def bypassed(family, port):
    """The same, not relayed"""
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV2", family), port))
    listener.listen(1)
    c = sock("c1", family, socket.SOCK_STREAM)
    c.connect((addr("SRV2", family), port))
    server, peer = listener.accept()
    assert not in_pool(peer[0], family), peer
    return c, server


def main():
    pin()
    for family in FAMILIES:
        with case(f"IPv{family} the relay sees every datagram of a flow"):
            c, server, peer = udp_flow(family, 7001)
            before = stats()
            ping_pong(c, server, peer)
            counters = moved(before, stats(), "counters")
            equal((counters["relayed_out"], counters["relayed_in"]), (PACKETS, PACKETS), "packets relayed")
            equal(offloaded(7001), [], "offloaded")
        with case(f"IPv{family} a connection is not offloaded"):
            c, server, _ = tcp_flow(family, 7002)
            carry(c, server, 300000)
            carry(server, c, 300000)
            equal(offloaded(7002), [], "offloaded")
            abort(c, server)
        with case(f"IPv{family} one that is not relayed is"):
            c, server = bypassed(family, 7003)
            carry(c, server, 300000)
            carry(server, c, 300000)
            equal(len(offloaded(7003)), 1, "offloaded")
            abort(c, server)


main()
