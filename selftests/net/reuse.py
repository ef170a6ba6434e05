#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whether a customer may have the tuples that another's closed connections had.

In TIME_WAIT a server takes no SYN whose timestamp is older than what it saw last
(RFC 7323 5, RFC 6191). Customers have clocks of their own, and with some kernels
each of their connections has: whose is ahead is a matter of chance. Where timestamps are
normalised, all have one clock.
"""
import select
import socket
import time

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6

from lab import (FAMILIES, HOMES, POOLS, Port, abort, addr, apply, case, equal, moved, pin, sock, stats,
                 tcp_sockets, wait_for)

PORT = 7000
TUPLES = 8
TIME_WAIT = 60  # Linux'
PATIENCE = 8    # seconds, for what cannot come
SMALL = (f"pool web4 prefix 198.51.100.9/32 ports 2001-{2000 + TUPLES}\n"
         f"pool web6 prefix 2001:db8:cf::/64 ports 2001-{2000 + TUPLES}\n" + HOMES.rstrip())


class Server:
    """Closes first; sees every SYN"""

    def __init__(self, family):
        self.family = family
        self.listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), PORT))
        self.listener.listen(100)
        self.capture = Port("srv", "eth0")

    def tuples(self):
        """Of all SYNs captured since it was last asked"""
        found = set()
        for p in self.capture.drain():
            p = (IP if p[0] >> 4 == 4 else IPv6)(p)
            if TCP in p and p[TCP].dport == PORT and p[TCP].flags == "S":
                found.add((p.src, p[TCP].sport))
        return found

    def lingering(self):
        return tcp_sockets("srv", self.family, "state", "time-wait", f"sport = :{PORT}")

    def close(self, connections):
        for c in connections:
            self.listener.accept()[0].close()
        for c in connections:
            equal(c.recv(1), b"", "data")
            c.close()

    def forget(self):
        assert wait_for(lambda: not self.lingering(), 3 * TIME_WAIT), "TIME_WAIT does not end"


def connect(customer, family, count):
    """As many connections as can be had"""
    waiting, done = [], []
    for _ in range(count):
        s = sock(customer, family, socket.SOCK_STREAM)
        s.setblocking(False)
        s.connect_ex((addr("SRV", family), PORT))
        waiting.append(s)
    end = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < end:
        for s in select.select([], waiting, [], 0.1)[1]:
            waiting.remove(s)
            if not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                s.settimeout(PATIENCE)
                done.append(s)
    abort(*waiting)
    return done


def leave(server, customer):
    """All tuples' connections, closed by the server: the tuples"""
    server.tuples()
    made = connect(customer, server.family, TUPLES)
    equal(len(made), TUPLES, "connections")
    tuples = server.tuples()
    server.close(made)
    equal(server.lingering(), TUPLES, "connections in TIME_WAIT")
    return tuples


def apply_hold(seconds, knobs=""):
    apply(SMALL + f" {knobs}\ntimers tcp-close 1 hold {seconds} nonconformant\n")


def rested(server):
    hold = TIME_WAIT + 5
    with case("IPv4 the tuples of connections in TIME_WAIT rest: nobody has one"):
        apply_hold(hold)
        tuples = leave(server, "c1")
        equal(len(tuples), TUPLES, "tuples")
        time.sleep(hold / 2)
        before = stats()
        equal(len(connect("c2", 4, 1)), 0, "connections")
        equal(list(moved(before, stats(), "refusals")), ["pool_exhausted"], "refusals")
        equal(server.tuples(), set(), "SYNs")
    with case(f"IPv4 after a hold-off of {hold} s another customer has the very same, without a failure"):
        time.sleep(hold)
        made = connect("c2", 4, TUPLES)
        equal(server.tuples(), tuples, "tuples")
        equal(len(made), TUPLES, "connections")
        server.close(made)


def failures(server, first, second):
    """How many SYNs of the second's are not taken when nothing rests"""
    server.forget()
    time.sleep(TIME_WAIT)
    tuples = leave(server, first)
    time.sleep(5)
    made = connect(second, 4, TUPLES)
    equal(server.tuples(), tuples, "tuples")
    abort(*made)
    for _ in made:
        server.listener.accept()[0].close()
    return TUPLES - len(made)


def restless(server):
    with case("IPv4 without a hold-off, but with timestamps of one clock, all are taken"):
        apply_hold(1)
        for first, second in (("c1", "c2"), ("c2", "c1")):
            equal(failures(server, first, second), 0, "failures")
    with case("IPv4 without either SYNs of another customer's are not taken"):
        apply_hold(1, "leave timestamps")
        failed = []
        # the clock of one may be behind the other's by chance, or those of eight connections
        for first, second in 3 * (("c1", "c2"), ("c2", "c1")):
            failed.append(failures(server, first, second))
            if any(failed):
                break
        print(f"failures of {TUPLES} connections: {failed}")
        assert any(failed), "no connection failed"


def never(server):
    with case(f"IPv6 even without a hold-off nobody gets another's tuple, of {TUPLES} ports and 2^64 addresses"):
        apply_hold(1)
        tuples = leave(server, "c1")
        time.sleep(5)
        made = connect("c2", 6, TUPLES)
        equal(len(made), TUPLES, "connections")
        equal(server.tuples() & tuples, set(), "tuples used again")
        server.close(made)


def main():
    pin()
    server = Server(4)
    rested(server)
    restless(server)
    never(Server(6))
    apply(POOLS + HOMES)


main()
