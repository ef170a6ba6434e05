#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Relayed flows of c1 beside the tracked ones of c2, and what conntrack shows
while both are alive.
"""
import socket
import subprocess

from icmp_errors import kernels
from lab import FAMILIES, addr, case, equal, in_pool, netns, sock
from pmtud import forget, narrow, udp


def table():
    """conntrack -L of both families and the proc file, one text"""
    text = ""
    with netns("relay"):
        for args in (["conntrack", "-L", "-f", "ipv4"], ["conntrack", "-L", "-f", "ipv6"]):
            text += subprocess.run(args, check=True, capture_output=True, text=True).stdout
        try:
            with open("/proc/net/nf_conntrack", encoding="ascii") as f:
                text += f.read()
        except FileNotFoundError:
            print("this kernel has no /proc/net/nf_conntrack")
    return text


def talk(customer, family, port):
    """TCP, UDP and echo of one customer, still open; whom the server saw"""
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), port))
    listener.listen(1)
    c = sock(customer, family, socket.SOCK_STREAM)
    c.connect((addr("SRV", family), port))
    s, peer = listener.accept()
    for a, b in ((c, s), (s, c)):
        a.sendall(b"over and over")
        equal(b.recv(100), b"over and over", "TCP data")
    server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), port))
    u = sock(customer, family, socket.SOCK_DGRAM)
    u.connect((addr("SRV", family), port))
    for _ in range(2):
        u.send(b"hello")
        _, seen = server.recvfrom(100)
        server.sendto(b"hello", seen)
        equal(u.recv(100), b"hello", "UDP data")
    with netns(customer):
        subprocess.run(["ping", f"-{family}", "-q", "-c", "1", "-W", "20",
                        addr("SRV", family)], check=True, capture_output=True)
    return (c, s, u), (peer[0], seen[0])


def show(family):
    held = []
    with case(f"IPv{family} c1 is relayed"):
        ends, peers = talk("c1", family, 7600)
        held += ends
        assert all(in_pool(p, family) for p in peers), peers
    with case(f"IPv{family} c2 is masqueraded beside it"):
        ends, seen = talk("c2", family, 7700)
        held += ends
        equal(set(seen), {addr("UP", family)}, "senders at the server")
    with case(f"IPv{family} conntrack -L and the proc file know c2 and not c1"):
        text = table()
        prefix = {4: "198.51.100.", 6: "2001:db8:cf:"}[family]
        long_c1 = {4: addr("C1", 4), 6: "fd83:c0de:0101:0000:0000:0000:0083:0002"}[family]
        assert addr("C2", family) in text, "c2 is not tracked: the test shows nothing"
        for word in (addr("C1", family), long_c1, prefix, "2001:0db8:00cf:", *peers):
            assert word not in text, f"{word} in the table: {text}"
    for s in held:
        s.close()


def main():
    for family in FAMILIES:
        show(family)
        kernels(family)
        for where, ns, dev, upward in (("beyond the relay", "inet", "srv", True),
                                       ("behind the access router", "acc", "c1", False),
                                       ("towards the customer", "relay", "cust", False)):
            narrow(ns, dev, 1400)
            with case(f"IPv{family} packet too big from {where} passes"):
                forget()
                udp(family, upward, 1400)
            narrow(ns, dev, 1500)


main()
