#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Path MTU discovery of real kernels through the relay. Each case narrows one
link, moves data over it and asks the sender's kernel which MTU it learned.
"""
import errno
import socket
import subprocess

from lab import (ENV, FAMILIES, HEADER, TIMEOUT, carry, case, equal, letters, moved, stats,
                 tcp_flow, udp_flow, wait_for)

SIZE = 300000
# where, device, peer's device, MTU, which side's packets it is too small for
LINKS = [
    ("beyond the relay", "inet", "srv", 1400, "up", "errors_in"),
    ("the relay's own way out", "relay", "up", 1390, "up", None),
    ("behind the access router", "acc", "c1", 1380, "down", "errors_out"),
    ("the relay's way to the customer", "relay", "cust", 1370, "down", "errors_out"),
]
PORTS = iter(range(7200, 7400))
MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
MTU = {4: (socket.IPPROTO_IP, 14), 6: (socket.IPPROTO_IPV6, 24)}


def ip(ns, *args):
    subprocess.run(["ip", "-n", ENV[ns], *args], check=True)


def narrow(ns, dev, mtu):
    ip(ns, "link", "set", "dev", dev, "mtu", str(mtu))


def forget():
    """No end remembers what an earlier case taught it"""
    for ns in ("c1", "srv"):
        for family in FAMILIES:
            ip(ns, f"-{family}", "route", "flush", "cache")


def learned(s, family):
    level, option = MTU[family]
    return s.getsockopt(level, option)


def tcp(family, upward, mtu):
    c, server, _ = tcp_flow(family, next(PORTS))
    sender, receiver = (c, server) if upward else (server, c)
    carry(sender, receiver, SIZE)
    equal(learned(sender, family), mtu, "MTU the sender learned")


def udp(family, upward, mtu):
    c, server, peer = udp_flow(family, next(PORTS))
    server.connect(peer)
    sender, receiver = (c, server) if upward else (server, c)
    level, option = MTU_DISCOVER[family]
    sender.setsockopt(level, option, 2)
    most = mtu - HEADER[family] - 8
    sender.send(b"x" * (most + 1))

    def told():
        try:
            sender.send(b"x" * (most + 1))
            return False
        except OSError as e:
            equal(e.errno, errno.EMSGSIZE, "errno")
            return True
    assert wait_for(told), "no EMSGSIZE"
    equal(learned(sender, family), mtu, "MTU the sender learned")
    data = letters(most)
    sender.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    sender.send(data)
    equal(receiver.recv(1 << 16), data, "largest datagram")


def fragmented(family, upward, where):
    """Without DF (IPv4), or by the sender (IPv6), large datagrams arrive"""
    c, server, peer = udp_flow(family, next(PORTS))
    level, option = MTU_DISCOVER[family]
    for s in (c, server):
        s.setsockopt(level, option, 0)
    data = letters(4000)
    send, receiver = ((lambda: c.send(data), server) if upward else
                      (lambda: server.sendto(data, peer), c))
    send()
    if family == 6:
        # IPv6 routers do not fragment: the first may only teach its sender
        receiver.settimeout(1)
        try:
            equal(receiver.recv(1 << 16), data, where)
            return
        except TimeoutError:
            receiver.settimeout(TIMEOUT)
            send()
    equal(receiver.recv(1 << 16), data, where)


def main():
    for where, ns, dev, mtu, way, counter in LINKS:
        upward = way == "up"
        was = "1500"
        narrow(ns, dev, mtu)
        for family in FAMILIES:
            for name, run in (("UDP", udp), ("TCP", tcp)):
                with case(f"IPv{family} {name} {way}, {mtu} {where}: learned, all arrives"):
                    forget()
                    before = stats()
                    run(family, upward, mtu)
                    after = stats()
                    equal(moved(before, after, "refusals"), {}, "refusals")
                    if counter:
                        assert moved(before, after, "counters").get(counter), \
                            f"{counter} did not move"
            with case(f"IPv{family} fragments {way}, {mtu} {where}"):
                fragmented(family, upward, where)
        narrow(ns, dev, was)


if __name__ == "__main__":
    main()
