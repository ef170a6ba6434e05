#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Customers of two relays that know each other's relay tuples, and what each relay's profile makes of that."""
import asyncio
import errno
import ipaddress
import os
import socket

import aioice
from aioice import stun

from lab import (FAMILIES, POOL, TIMEOUT, Skip, abort, addr, apply, carry, case, cfrctl, equal, moved, netns, punched,
                 sock, stats, wait_for)

POOLS = {"relay": POOL, "far": {f: ipaddress.ip_network(os.environ[f"FAR_POOL{f}"]) for f in FAMILIES}}
RELAY = {"c1": "relay", "c3": "far"}
STUN_PORT = 3478
TCP_PORT = 7000
STRICT, BALANCED, PRIVACY = "strict-rfc", "balanced", "privacy"


def in_pool_of(customer, family, address):
    return ipaddress.ip_address(address) in POOLS[RELAY[customer]][family]


# --- UDP, by ICE

class Peer:
    """A customer's ICE agent. Its addresses at home it keeps to itself, as browsers do."""

    def __init__(self, customer, family):
        self.customer, self.family = customer, family
        self.ice = aioice.Connection(customer == "c1", use_ipv4=family == 4, use_ipv6=family == 6)
        self.candidate = None

    async def gather(self):
        """Its relay tuple, by STUN; aioice itself asks in IPv4 alone"""
        with netns(self.customer):
            await self.ice.gather_candidates()
        protocol = self.ice._protocols[0]  # pylint: disable=protected-access
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        answer, _ = await protocol.request(request, (addr("SRV", self.family), STUN_PORT))
        host, port = answer.attributes["XOR-MAPPED-ADDRESS"]
        assert in_pool_of(self.customer, self.family, host), host
        self.candidate = aioice.Candidate("1", 1, "udp", 1, host, port, "srflx")

    async def learn(self, other):
        self.ice.remote_username = other.ice.local_username
        self.ice.remote_password = other.ice.local_password
        await self.ice.add_remote_candidate(other.candidate)
        await self.ice.add_remote_candidate(None)

    async def tell(self, other):
        for n in range(20):
            data = f"{n} of {self.customer}".encode()
            await self.ice.send(data)
            equal(await asyncio.wait_for(other.ice.recv(), TIMEOUT), data, "data")
        for candidate in other.ice.remote_candidates:
            assert in_pool_of(self.customer, self.family, candidate.host), candidate


async def meet(family):
    one, other = peers = [Peer(customer, family) for customer in RELAY]
    try:
        for peer in peers:
            await peer.gather()
        await one.learn(other)
        await other.learn(one)
        failed = await asyncio.gather(*(peer.ice.connect() for peer in peers), return_exceptions=True)
        if any(failed):
            equal([type(e) for e in failed], [ConnectionError] * 2, "failures")
            return False
        await one.tell(other)
        await other.tell(one)
        return True
    finally:
        for peer in peers:
            await peer.ice.close()


def by_ice(family):
    return asyncio.run(meet(family))


# --- TCP

def established(s):
    return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == b"\x01"


def by_tcp(family):
    """Both connect at once, each from a port that a server has seen"""
    if os.environ["NETEM"] != "yes":
        raise Skip("no netem: a SYN is there before the other end connects, and is refused")
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), TCP_PORT))
    listener.listen(2)
    firsts, socks, tuples = zip(*(punched(customer, customer.upper(), family, listener) for customer in RELAY))
    for s, to in zip(socks, reversed(tuples)):
        s.setblocking(False)
        equal(s.connect_ex(to), errno.EINPROGRESS, "connect")
    met = wait_for(lambda: all(map(established, socks)))
    if met:
        for s in socks:
            s.settimeout(TIMEOUT)
        carry(*socks, 50000)
        carry(*reversed(socks), 50000)
    abort(listener, *socks, *sum(firsts, ()))
    return met


# --- who meets whom

def profiles(names):
    """Each relay's, whose flows are new"""
    for (ns, pool), name in zip(POOLS.items(), names):
        apply(f"pool web4 prefix {pool[4]}\npool web6 prefix {pool[6]}\n"
              f"policy homes mark 0x1/0xff pool web4 pool web6 profile {name}\n", ns)
        cfrctl("flush", ns=ns)


def meeting(family, what, how, names, expected):
    with case(f"IPv{family} {what}, {' and '.join(names)}: they {'meet' if expected else 'do not meet'}"):
        profiles(names)
        before = {ns: stats(ns) for ns in POOLS}
        equal(how(family), expected, "met")
        if not expected:
            for ns, was in before.items():
                equal(list(moved(was, stats(ns), "refusals")), ["in_no_flow"], f"refusals of {ns}")


def main():
    for family in FAMILIES:
        for names, met in (((STRICT, STRICT), True), ((BALANCED, BALANCED), True), ((PRIVACY, STRICT), True),
                           ((PRIVACY, PRIVACY), False)):
            meeting(family, "ICE", by_ice, names, met)
        for name, met in ((STRICT, True), (BALANCED, True), (PRIVACY, False)):
            meeting(family, "TCP", by_tcp, (name, name), met)


main()
