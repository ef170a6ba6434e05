#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Errors of the relay's own stack about packets it had already rewritten. The
sender of each gets to know, and the capture shows that nobody else does.
"""
import contextlib
import errno
import socket
import subprocess

from lab import (ENV, FAMILIES, addr, case, equal, moved, netns, sock, stats, sysctl, udp_flow,
                 wait_for)

HOPS = {4: ("192.0.2.2", "192.0.2.99"), 6: ("2001:db8:1::2", "2001:db8:1::99")}
BACK = {4: ("10.83.0.0/16", "10.83.200.98"), 6: ("fd83:c0de::/32", "fd83:c0de:200::98")}
PORTS = iter(range(7400, 7500))
MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
RECVERR = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
MTU = {4: (socket.IPPROTO_IP, 14), 6: (socket.IPPROTO_IPV6, 24)}


def ip(*args):
    subprocess.run(["ip", "-n", ENV["relay"], *args], check=True)


def fails(s, family, wanted):
    """What is sent on s comes back as this error"""
    s.setsockopt(*RECVERR[family], 1)

    def failed():
        try:
            s.send(b"is anybody there")
            return False
        except OSError as e:
            equal(errno.errorcode[e.errno], errno.errorcode[wanted], "errno")
            return True
    assert wait_for(failed), "no error came"


def counted(before, counter):
    after = stats()
    assert moved(before, after, "counters").get(counter), f"{counter} did not move"
    equal(moved(before, after, "refusals"), {}, "refusals")


def flow(family):
    c, server, peer = udp_flow(family, next(PORTS))
    server.connect(peer)
    return c, server


@contextlib.contextmanager
def route(family, *words):
    """Instead of the one route that words[0] names"""
    was = {"default": HOPS[family][0]}.get(words[0], addr("ACC", family))
    prefix = words[0]
    if words[1] == "unreachable":
        ip("route", "del", prefix)
        ip("route", "add", "unreachable", prefix)
    else:
        ip(f"-{family}", "route", "replace", *words)
    try:
        yield
    finally:
        ip(f"-{family}", "route", "del", *(["unreachable"] if words[1] == "unreachable" else []),
           prefix)
        ip(f"-{family}", "route", "add", prefix, "via", was)


def dead_ends(family):
    with case(f"IPv{family} dead next hop on the way out: the customer is told"):
        c, _ = flow(family)
        with route(family, "default", "via", HOPS[family][1]):
            before = stats()
            fails(c, family, errno.EHOSTUNREACH)
            counted(before, "errors_in")
    no_route = {4: errno.EHOSTUNREACH, 6: errno.ENETUNREACH}[family]
    for name, how, told in (
            ("dead access router", ("via", BACK[family][1]), errno.EHOSTUNREACH),
            ("no route to the customer", ("unreachable",), no_route)):
        with case(f"IPv{family} {name}: the remote is told, by a pool address"):
            _, server = flow(family)
            with route(family, BACK[family][0], *how):
                before = stats()
                fails(server, family, told)
                counted(before, "errors_out")


def wireguard(family):
    with case(f"IPv{family} smaller MTU of WireGuard on the way out: the customer learns it"):
        c, server = flow(family)
        level, option = MTU_DISCOVER[family]
        c.setsockopt(level, option, 2)
        before = stats()
        big = b"x" * (1300 - {4: 28, 6: 48}[family] + 1)

        def told():
            try:
                c.send(big)
                return False
            except OSError as e:
                equal(e.errno, errno.EMSGSIZE, "errno")
                return True
        assert wait_for(told), "no EMSGSIZE"
        equal(c.getsockopt(*MTU[family]), 1300, "MTU")
        c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        c.send(big[:-1])
        equal(server.recv(2000), big[:-1], "largest datagram")
        equal(moved(before, stats(), "refusals"), {}, "refusals")
    with case(f"IPv{family} WireGuard has no peer for the remote: the customer is told"):
        c = sock("c1", family, socket.SOCK_DGRAM)
        c.connect((addr("DARK", family), 7))
        before = stats()
        fails(c, family, errno.EHOSTUNREACH)
        counted(before, "errors_in")


def main():
    for name in ("net.ipv4.neigh.up.retrans_time_ms", "net.ipv6.neigh.up.retrans_time_ms",
                 "net.ipv4.neigh.cust.retrans_time_ms", "net.ipv6.neigh.cust.retrans_time_ms"):
        sysctl("relay", name, 100)
    for family in FAMILIES:
        dead_ends(family)
    with netns("relay"):
        got = subprocess.run(["ip", "link", "show", "wg"], capture_output=True, check=False)
    if got.returncode:
        for family in FAMILIES:
            print(f"ok IPv{family} smaller MTU of WireGuard # SKIP no wireguard")
            print(f"ok IPv{family} no peer of WireGuard # SKIP no wireguard")
        return
    for family in FAMILIES:
        prefix = {4: "203.0.113.0/24", 6: "2001:db8:5::/64"}[family]
        dark = {4: "198.18.0.0/15", 6: "2001:db8:dada::/48"}[family]
        ip("route", "add", prefix, "dev", "wg")
        ip("route", "add", dark, "dev", "wg")
        wireguard(family)


main()
