#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What is bypassed leaves as it came, what is refused does not leave, and the
rest is relayed."""
import socket

from lab import (ENV, FAMILIES, addr, apply, case, cfrctl, equal, in_pool, moved, sock,
                 stats)

BASE = (f"pool web4 prefix {ENV['POOL4']}\npool web6 prefix {ENV['POOL6']}\n"
        "policy homes mark 0x1/0xff pool web4 pool web6\n")
BUILTIN = {4: ["10.99.7.7", "100.64.7.7", "172.16.7.7", "192.168.7.7"],
           6: ["fd99:7::7"]}
PORT = 7500


def ask(family, remote):
    """Whom the server at `remote` sees, and its answer comes back"""
    server = sock("srv", family, socket.SOCK_DGRAM, (remote, PORT))
    c = sock("c1", family, socket.SOCK_DGRAM)
    c.connect((remote, PORT))
    c.send(b"who am I")
    peer = server.recvfrom(100)[1][:2]
    server.sendto(b"this one", peer)
    equal(c.recv(100), b"this one", "answer")
    return peer, c.getsockname()[:2]


def untouched(family, remote):
    before = stats()
    seen, sent = ask(family, remote)
    after = stats()
    equal(seen, sent, "sender at the server")
    equal(moved(before, after, "counters"), {}, "counters")
    equal(moved(before, after, "refusals"), {}, "refusals")


def relayed(family, remote):
    before = stats()
    seen, _ = ask(family, remote)
    assert in_pool(seen[0], family), seen
    counters = moved(before, stats(), "counters")
    equal((counters.get("relayed_out"), counters.get("relayed_in")), (1, 1), "relayed")


def main():
    for family in FAMILIES:
        for remote in BUILTIN[family]:
            with case(f"IPv{family} {remote} is bypassed without being told"):
                untouched(family, remote)
        with case(f"IPv{family} a remote of no bypass is relayed"):
            relayed(family, addr("SRV2", family))
        with case(f"IPv{family} a new bypass ends flows to it and leaves packets untouched"):
            cfrctl("flush")
            ask(family, addr("SRV2", family))
            relayed(family, addr("SRV", family))
            equal(stats()["gauges"]["flows"], 2, "flows before")
            cfrctl("bypass", "add", addr("SRV2", family))
            equal(stats()["gauges"]["flows"], 1, "flows after")
            untouched(family, addr("SRV2", family))
        with case(f"IPv{family} other remotes are still relayed"):
            relayed(family, addr("SRV", family))
        with case(f"IPv{family} the bypass is gone: relayed again"):
            cfrctl("bypass", "del", addr("SRV2", family))
            relayed(family, addr("SRV2", family))
        with case(f"IPv{family} a built-in bypass may be refused instead"):
            remote = BUILTIN[family][0]
            cfrctl("bypass", "add", remote, "drop")
            c = sock("c1", family, socket.SOCK_DGRAM)
            c.connect((remote, PORT))
            before = stats()
            c.send(b"may I")
            try:
                c.recv(10)
                assert False, "an answer"
            except OSError as e:
                assert not isinstance(e, TimeoutError), "no ICMP error came"
            equal(moved(before, stats(), "refusals"), {"bypass_drop": 1}, "refusals")
            cfrctl("bypass", "del", remote)
        with case(f"IPv{family} a longer prefix outweighs a shorter one"):
            inner, outer = addr("SRV2", family), {4: "203.0.113.0/24", 6: "2001:db8:5::/64"}
            apply(BASE + f"bypass {outer[family]} drop\nbypass {inner}\n")
            untouched(family, inner)
            apply(BASE)
    with case("IPv4 a pool inside a bypassed prefix is a pool"):
        apply("pool inner prefix 10.201.0.0/24\npolicy homes mark 0x1/0xff pool inner\n")
        seen, _ = ask(4, addr("SRV", 4))
        assert seen[0].startswith("10.201.0."), seen
    with case("IPv6 a pool inside a bypassed prefix is a pool"):
        apply("pool inner prefix fd20:1::/64\npolicy homes mark 0x1/0xff pool inner\n")
        seen, _ = ask(6, addr("SRV", 6))
        assert seen[0].startswith("fd20:1:"), seen
    apply(BASE)


main()
