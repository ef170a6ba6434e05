#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Who gets which relay tuple, and who may send to it, in each scope, filter and pairing."""
import contextlib
import errno
import ipaddress
import select
import socket
import subprocess
import threading

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from lab import (AF, FAMILIES, POOLS, Port, abort, addr, apply, carry, case, cfrctl, equal, in_pool, moved, netns, pin, punched,
                 sock, stats, wait_for)

PORTS = iter(range(7000, 9000))
SOON = 2
STRICT = "profile strict-rfc"


def policy(words, pools=POOLS):
    """One policy of this profile and these knobs, whose flows are new"""
    apply(pools + f"policy homes mark 0x1/0xff pool web4 pool web6 {words}\n")
    cfrctl("flush")


def udp(ns, family, name=None, port=0):
    return sock(ns, family, socket.SOCK_DGRAM, (addr(name, family), port) if name else None)


def seen_as(c, server, to):
    """The relay tuple that a server sees a customer's socket as"""
    c.sendto(b"hello", to)
    return server.recvfrom(10)[1][:2]


def arrives(s):
    """Does anything, soon?"""
    return bool(select.select([s], [], [], SOON)[0])


class Remotes:
    """Three sockets: one, another port of its address, another address with its port"""

    def __init__(self, family):
        self.port = next(PORTS)
        places = (("SRV", self.port), ("SRV", next(PORTS)), ("SRV2", self.port))
        self.to = [(addr(name, family), port) for name, port in places]
        self.socks = [udp("srv", family, name, port) for name, port in places]

    def see(self, c):
        return [seen_as(c, s, to) for s, to in zip(self.socks, self.to)]

    def close(self):
        for s in self.socks:
            s.close()


def mapping(family):
    remotes = Remotes(family)
    for words, tuples in (("profile privacy", 3), ("profile balanced", 1), (STRICT, 1), ("scope endpoint", 1)):
        with case(f"IPv{family} {words}: three remotes see {tuples} relay tuple{'s' * (tuples > 1)}"):
            policy(words)
            c = udp("c1", family)
            seen = remotes.see(c)
            equal(len(set(seen)), tuples, f"tuples {seen}")
            assert all(in_pool(a, family) for a, _ in seen), seen
            other = udp("c1", family)
            again = remotes.see(other)
            assert not set(again) & set(seen), f"{again} and {seen}: two sockets share a tuple"
            equal(remotes.see(c), seen, "tuples afterwards")
    remotes.close()


def filtering(family):
    """RFC 4787 5: the customer has sent to the first remote alone"""
    rules = (("scope endpoint", (True, False, False)),
             ("profile balanced", (True, True, False)),
             (STRICT, (True, True, True)),
             ("profile privacy", (True, False, False)))
    for words, want in rules:
        with case(f"IPv{family} {words}: who may send"):
            policy(words)
            remotes = Remotes(family)
            c = udp("c1", family)
            relay = seen_as(c, remotes.socks[0], remotes.to[0])
            got = []
            before = stats()
            for s in remotes.socks:
                s.sendto(b"x", relay)
                got.append(arrives(c))
                if got[-1]:
                    equal(c.recvfrom(10)[1][:2], s.getsockname()[:2], "sender")
            equal(tuple(got), want, "let in")
            after = stats()
            equal(after["gauges"]["flows"], 1, "flows")
            refused = moved(before, after, "refusals")
            name = "in_no_flow" if "privacy" in words else "in_filtered"
            equal(refused, {name: got.count(False)} if False in got else {}, "refusals")
            remotes.close()


def accepts(family):
    """A customer's server, and a remote that comes by itself"""
    with case(f"IPv{family} TCP comes in by an endpoint-independent filter, and stays"):
        policy(STRICT)
        port, local = next(PORTS), next(PORTS)
        listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), port))
        listener.listen(1)
        c = sock("c1", family, socket.SOCK_STREAM)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        c.bind((addr("C1", family), local))
        c.connect((addr("SRV", family), port))
        relay = listener.accept()[1][:2]
        server = sock("c1", family, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((addr("C1", family), local))
        server.listen(1)
        s = sock("srv", family, socket.SOCK_STREAM, (addr("SRV2", family), 0))
        s.connect(relay)
        got, peer = server.accept()
        equal(peer[:2], s.getsockname()[:2], "who the customer sees")
        carry(s, got, 100000)
        carry(got, s, 100000)
        equal(stats()["gauges"]["flows"], 2, "flows")
    with case(f"IPv{family} TCP to a port that is closed: the customer's RST comes out as the relay's"):
        abort(c, s, got)
        server.close()
        listener.close()
        policy(STRICT)
        listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), next(PORTS)))
        listener.listen(1)
        c = sock("c1", family, socket.SOCK_STREAM)
        c.connect(listener.getsockname()[:2])
        there, peer = listener.accept()
        s = sock("srv", family, socket.SOCK_STREAM, (addr("SRV2", family), 0))
        equal(s.connect_ex(peer[:2]), errno.ECONNREFUSED, "connect")
        abort(c, there)
    with case(f"IPv{family} UDP to a port that is closed: the error comes out as the relay's"):
        policy(STRICT)
        remotes = Remotes(family)
        c = udp("c1", family)
        relay = seen_as(c, remotes.socks[0], remotes.to[0])
        c.close()
        remotes.socks[2].connect(relay)
        remotes.socks[2].send(b"x")
        try:
            remotes.socks[2].recv(10)
        except ConnectionRefusedError:
            pass
        else:
            raise AssertionError("no error")
        remotes.close()


def hairpin_udp(family):
    with case(f"IPv{family} UDP from customer to customer, by relay tuples alone"):
        policy(STRICT)
        remotes = Remotes(family)
        a, b = udp("c1", family, "C1"), udp("c2", family, "C2")
        relay_a = seen_as(a, remotes.socks[0], remotes.to[0])
        relay_b = seen_as(b, remotes.socks[0], remotes.to[0])
        before = stats()
        a.sendto(b"to b", relay_b)
        data, who = b.recvfrom(10)
        equal((data, who[:2]), (b"to b", relay_a), "what b got")
        b.sendto(b"to a", who)
        data, who = a.recvfrom(10)
        equal((data, who[:2]), (b"to a", relay_b), "what a got")
        after = stats()
        equal(moved(before, after, "refusals"), {}, "refusals")
        equal(moved(before, after, "counters").get("hairpinned"), 2, "hairpinned")
    with case(f"IPv{family} a hairpinned packet to a closed port: the error names relay tuples alone"):
        b.close()
        port = Port("c1", "eth0")
        a.connect(relay_b)
        a.send(b"to nobody")
        try:
            a.recv(10)
        except ConnectionRefusedError:
            pass
        else:
            raise AssertionError("no error")
        told = [p for p in port.drain() if p[9 if family == 4 else 6] in (1, 58)]
        assert told, "the error was not seen"
        for p in told:
            head = (IP if family == 4 else IPv6)(p)
            equal(head.src, relay_b[0], "who reports")
            assert socket.inet_pton(AF[family], addr("C2", family)) not in p, "the other customer's address is in it"
        remotes.close()
    with case(f"IPv{family} a filter by address holds for customers, too"):
        policy("profile balanced hairpin on")
        remotes = Remotes(family)
        a, b = udp("c1", family, "C1"), udp("c2", family, "C2")
        relay_a = seen_as(a, remotes.socks[0], remotes.to[0])
        relay_b = seen_as(b, remotes.socks[0], remotes.to[0])
        before = stats()
        a.sendto(b"x", relay_b)
        assert not arrives(b), "let in"
        equal(moved(before, stats(), "refusals"), {"in_filtered": 1}, "refusals")
        b.sendto(b"y", relay_a)
        equal(a.recvfrom(10)[1][:2], relay_b, "who a sees")
        a.sendto(b"z", relay_b)
        equal(b.recvfrom(10)[0], b"z", "what b got")
        remotes.close()
    for words in ("profile privacy", "profile balanced"):
        with case(f"IPv{family} {words}: no hairpinning"):
            policy(words)
            remotes = Remotes(family)
            a, b = udp("c1", family), udp("c2", family)
            seen_as(a, remotes.socks[0], remotes.to[0])
            relay_b = seen_as(b, remotes.socks[0], remotes.to[0])
            before = stats()
            a.sendto(b"x", relay_b)
            assert not arrives(b), "let in"
            equal(moved(before, stats(), "refusals"), {"to_pool": 1}, "refusals")
            remotes.close()


def hairpin_tcp(family):
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), next(PORTS)))
    listener.listen(2)
    for level in ("off", "full touch isn", "uniform"):
        with case(f"IPv{family} TCP from customer to customer, normalise {level}"):
            policy(f"{STRICT} normalise {level}")
            first, server, relay = punched("c2", "C2", family, listener)
            server.listen(1)
            a = sock("c1", family, socket.SOCK_STREAM)
            a.connect(relay)
            got, peer = server.accept()
            assert in_pool(peer[0], family), f"b sees {peer}"
            equal(a.getpeername()[:2], relay, "a sees")
            carry(a, got, 200000)
            carry(got, a, 200000)
            abort(a, got, *first)
            server.close()
    with case(f"IPv{family} TCP opened by both customers at once, through filters by address and port"):
        policy(STRICT + " filter address-and-port-dependent")
        first, a, relay_a = punched("c1", "C1", family, listener)
        second, b, relay_b = punched("c2", "C2", family, listener)
        thread = threading.Thread(target=a.connect, args=(relay_b,))
        thread.start()
        b.connect(relay_a)
        thread.join()
        carry(a, b, 50000)
        carry(b, a, 50000)
        abort(a, b, *first, *second)
        listener.close()


def redirects(family):
    with case(f"IPv{family} nobody is told of the other customer's address"):
        policy(STRICT)
        remotes = Remotes(family)
        a, b = udp("c1", family, "C1"), udp("c2", family, "C2")
        seen_as(a, remotes.socks[0], remotes.to[0])
        relay_b = seen_as(b, remotes.socks[0], remotes.to[0])
        port = Port("c1", "eth0")
        for _ in range(3):
            a.sendto(b"to b", relay_b)
            b.recv(10)
        b.sendto(b"done", seen_as(a, remotes.socks[0], remotes.to[0]))
        a.recv(10)
        other = socket.inet_pton(AF[family], addr("C2", family))
        assert not any(other in p for p in port.drain()), "it is in a packet"
        remotes.close()


def pairing(family):
    name = {4: "v4", 6: "v6"}[family]
    def addresses(ns, count, remotes, which=0):
        seen = set()
        for _ in range(count):
            c = udp(ns, family)
            seen.add(seen_as(c, remotes.socks[which], remotes.to[which])[0])
            c.close()
        return seen

    remotes = Remotes(family)
    for words in (STRICT, "pairing customer"):
        with case(f"IPv{family} {words}: a customer has one address"):
            policy(words)
            one = addresses("c1", 12, remotes) | addresses("c1", 4, remotes, 2)
            two = addresses("c2", 12, remotes)
            equal(len(one), 1, f"addresses {one}")
            equal(len(two), 1, f"addresses {two}")
    with case(f"IPv{family} pairing destination: one address for each of two destinations"):
        far = {4: "192.0.2.2", 6: addr("INET", 6)}[family]
        router = sock("inet", family, socket.SOCK_DGRAM, (far, next(PORTS)))
        differ = 0
        for n in range(4):
            # an epoch of another length is another epoch
            policy(f"pairing destination epoch {3600 + n} jitter 0s")
            near = addresses("c1", 8, remotes) | addresses("c1", 3, remotes, 1)
            c = udp("c1", family)
            other = {seen_as(c, router, router.getsockname()[:2])[0] for _ in range(3)}
            equal((len(near), len(other)), (1, 1), "addresses")
            differ += near != other
        assert differ, f"{name}: four times the same"
        router.close()
    with case(f"IPv{family} another epoch, other addresses, and no flow moves"):
        policy("pairing customer epoch 2h jitter 0s")
        stays = udp("c1", family)
        was = seen_as(stays, remotes.socks[0], remotes.to[0])
        moves = 0
        for n in range(4):
            apply(POOLS + f"policy homes mark 0x1/0xff pool web4 pool web6 pairing customer epoch {n + 3}h jitter 0s\n")
            moves += addresses("c1", 1, remotes) != {was[0]}
            equal(seen_as(stays, remotes.socks[0], remotes.to[0]), was, "live flow's tuple")
        assert moves, "four epochs, the same address"
    with case(f"IPv{family} a swap that changes nothing of the pairing keeps its key"):
        one = addresses("c1", 1, remotes)
        apply(POOLS + "policy homes mark 0x1/0xff pool web4 pool web6 pairing customer epoch 6h jitter 0s\n"
              "bypass 192.0.9.0/24\n")
        equal(addresses("c1", 3, remotes), one, "addresses")
    with case(f"IPv{family} an address that is full refuses, others stay free"):
        pools = ("pool web4 prefix 198.51.100.16/28 ports 2000-2003\n"
                 "pool web6 prefix 2001:db8:cf:10::/60 ports 2000-2003\n")
        policy("pairing customer", pools)
        before = stats()
        socks = [udp("c1", family) for _ in range(6)]
        got = set()
        for s in socks:
            with contextlib.suppress(OSError):
                s.sendto(b"hello", remotes.to[0])
        for _ in range(4):
            got.add(remotes.socks[0].recvfrom(10)[1][:2])
        assert not arrives(remotes.socks[0]), "more than the address has ports"
        equal((len(got), len({a for a, _ in got})), (4, 1), "tuples and addresses")
        refused = moved(before, stats(), "refusals")
        equal(list(refused), ["pool_exhausted"], "refusals")
        assert in_pool(seen_as(udp("c1", family), remotes.socks[2], remotes.to[2])[0], family), "other remote"
    remotes.close()


def identifiers():
    """V2: what a customer's interface is called shows in no profile, scope or pairing"""
    with case("IPv6 no interface identifier is the customer's, nor are two customers' alike"):
        remotes = Remotes(6)
        for words in ("profile privacy", "profile balanced", STRICT, "pairing customer", "pairing destination",
                      "scope endpoint", "scope endpoint pairing destination"):
            policy(words)
            seen = {ns: {iid(a) for _ in range(5) for a, _ in remotes.see(udp(ns, 6))} for ns in ("c1", "c2")}
            mine = {iid(addr(name, 6)) for name in ("C1", "C2")}
            equal((seen["c1"] | seen["c2"]) & mine, set(), f"{words}: customers' identifiers")
            equal(seen["c1"] & seen["c2"], set(), f"{words}: identifiers of both")
        remotes.close()


def iid(address):
    return int(ipaddress.ip_address(address)) & (1 << 64) - 1


def together():
    """Several policies of different scopes in one namespace"""
    with case("policies of two scopes, each on pools of its own"):
        apply("pool a prefix 198.51.100.0/25\npool b prefix 198.51.100.128/25\n"
              "policy homes mark 0x1/0xff pool a\npolicy games mark 0x2/0xff pool b profile strict-rfc\n")
        remotes = Remotes(4)
        c = udp("c1", 4)
        equal(len(set(remotes.see(c))), 3, "tuples in scope flow")
        remotes.close()
    with case("a pool of two scopes is refused, and nothing changes"):
        before = cfrctl("show")
        try:
            apply("pool a prefix 198.51.100.0/25\npolicy homes mark 0x1/0xff pool a\n"
                  "policy games mark 0x2/0xff pool a profile strict-rfc\n")
        except Exception as e:  # pylint: disable=broad-except
            assert "another scope" in e.stderr, e.stderr
        else:
            raise AssertionError("accepted")
        equal(cfrctl("show"), before, "configuration")
    with case("a customer's flows of both families leave from its policy's pools (V8)"):
        with netns("relay"):
            for rule in (f"ip saddr {addr('C2', 4)}", f"ip6 saddr {addr('C2', 6)}"):
                subprocess.run(["nft", f"add rule inet lab premark iifname cust {rule} meta mark set 2"], check=True)
        apply("pool a prefix 198.51.100.0/25 prefix 2001:db8:cf::/60\npool b prefix 198.51.100.128/25 prefix 2001:db8:cf:80::/60\n"
              "policy homes mark 0x1/0xff pool a\npolicy games mark 0x2/0xff pool b\n")
        for ns, low in (("c1", True), ("c2", False)):
            for family in FAMILIES:
                remotes = Remotes(family)
                for seen, _ in (t for _ in range(5) for t in remotes.see(udp(ns, family))):
                    first = ipaddress.ip_address(seen) < ipaddress.ip_address({4: "198.51.100.128", 6: "2001:db8:cf:80::"}[family])
                    equal(first, low, f"{ns} is seen as {seen}: the first pool")
                remotes.close()
    with case("what has changed its scope keeps no flow"):
        policy("profile privacy")
        remotes = Remotes(4)
        c = udp("c1", 4)
        was = seen_as(c, remotes.socks[0], remotes.to[0])
        apply(POOLS + "policy homes mark 0x1/0xff pool web4 pool web6 scope endpoint\n")
        assert seen_as(c, remotes.socks[0], remotes.to[0]) != was, "the old tuple"
        remotes.close()
    with case("show says which knobs are the operator's own"):
        text = POOLS + "policy homes mark 0x1/0xff pool web4 pool web6 profile balanced filter endpoint-independent epoch 12h\n"
        apply(text)
        equal(cfrctl("show"), text, "show")
    with case("in the end nothing is left but what rests"):
        cfrctl("flush")
        assert wait_for(lambda: not stats()["gauges"]["flows"] and not stats()["gauges"]["shared"]), stats()["gauges"]


def main():
    pin()
    for family in FAMILIES:
        mapping(family)
        filtering(family)
        accepts(family)
        hairpin_udp(family)
        hairpin_tcp(family)
        redirects(family)
        pairing(family)
    identifiers()
    together()


main()
