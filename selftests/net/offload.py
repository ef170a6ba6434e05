#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""TCP and UDP through the relay in every shape that offloads give a packet. The
capture where the internet begins sees what a wire would: each segment there has
a pool address, its own header, normalised, and, where devices no longer do sums, right sums.
"""
import ipaddress
import socket
import struct
import subprocess

from lab import (FAMILIES, HEADER, POOL, RCVBUFFORCE, Port, carry, case, digest, equal, internet_sum,
                 letters, moved, netns, nft_counter, pin, stats, tcp_flow, udp_flow)

TCP_SIZE = 400000
SEGMENT = 1000
SEGMENTS = 40
TRIES = 5
PORTS = iter(range(7800, 9000))
UDP_SEGMENT = 103
ENDS = [("c1", "eth0"), ("srv", "eth0")]
ROUTERS = [("acc", "c1"), ("acc", "up"), ("relay", "cust"), ("relay", "up"), ("inet", "down"),
           ("inet", "srv")]
DEVICES = ENDS + ROUTERS
# who hands packets to the relay. The ends' devices keep doing sums: without them 6.1 knows no
# UDP_SEGMENT.
SENDERS = [("acc", "up"), ("inet", "down")]
RELAY = [("relay", "cust"), ("relay", "up")]
SINGLE = "tso off gso off tx-udp-segmentation off"
# as packets come from a wire: one by one, with a sum
LONE = SINGLE + " tx off"
# name, [(devices, features)], what of it can be told from the capture:
# "merged": what was sent one by one the relay was given in larger pieces, of UDP
# and of TCP; "tcp": of TCP alone,
# "summed": checksums on the wire are complete
SETTINGS = [
    ("everything on", [(DEVICES, "gro on")], ()),
    ("everything off",
     [(DEVICES, SINGLE + " gro off rx off sg off"), (ROUTERS, "tx off")], ("summed",)),
    ("super-packets cut after the relay", [([("relay", "cust"), ("relay", "up")], SINGLE)], ()),
    ("segments merged by GRO", [(SENDERS, LONE), (RELAY, "gro on")], ("tcp",)),
    ("segments merged by GRO, cut again",
     [(SENDERS, LONE), (RELAY, "gro on " + SINGLE + " tx off")], ("tcp", "summed")),
    ("fraglists of GRO",
     [(SENDERS, LONE), (RELAY, "gro on rx-gro-list on")], ("merged",)),
    ("fraglists of GRO, cut again",
     [(SENDERS, LONE), (RELAY, "gro on rx-gro-list on tx-gso-list off " + SINGLE)],
     ("merged",)),
    ("fraglists of GRO, cut again, no sums by devices",
     [(SENDERS, LONE), (RELAY, "gro on rx-gro-list on tx-gso-list off tx off " + SINGLE)],
     ("merged", "summed")),
    ("UDP merged for forwarding, cut again",
     [(SENDERS, LONE), (RELAY, "gro on rx-udp-gro-forwarding on " + SINGLE + " tx off")],
     ("merged", "summed")),
]
DEFAULT = ("gro off rx-gro-list off rx-udp-gro-forwarding off tx on rx on sg on "
           "tso on gso on tx-udp-segmentation on tx-gso-list on")


def ethtool(devices, features):
    for ns, dev in devices:
        with netns(ns):
            done = subprocess.run(["ethtool", "-K", dev, *features.split()],
                                  capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{dev}: {done.stderr.strip()}")


def udp_gso(sender, receiver, data):
    """One send of SEGMENTS datagrams, all of which arrive in order"""
    sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SEGMENT)
    sender.send(data)
    got = b"".join(receiver.recv(1 << 16) for _ in range(SEGMENTS))
    sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
    equal(digest(got), digest(data), "digest")


def attempts(enough, transfer, *args):
    """Until one is enough, by what the relay counts: how many a device finds at once, to merge them, is chance on a
    busy host"""
    for _ in range(TRIES):
        before, given = stats(), nft_counter("relay", "given", "merged")
        transfer(*args)
        after = stats()
        equal(moved(before, after, "refusals"), {}, "refusals")
        counters = moved(before, after, "counters")
        merged = nft_counter("relay", "given", "merged") - given
        if enough(counters, merged):
            return
    raise AssertionError(f"counted {counters}, {merged} merged packets")


def udp(family, merged):
    c, server, peer = udp_flow(family, next(PORTS))
    server.connect(peer)
    for s in (c, server):
        s.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 20)
    for sender, receiver, counter in ((c, server, "relayed_out"), (server, c, "relayed_in")):
        most = SEGMENTS // 2 - 1 if merged else SEGMENTS
        attempts(lambda counters, _, name=counter: counters[name] <= most,  # pylint: disable=cell-var-from-loop
                 udp_gso, sender, receiver, letters(SEGMENT * SEGMENTS))


def tcp(family):
    c, server, _ = tcp_flow(family, next(PORTS))
    carry(c, server, TCP_SIZE)
    carry(server, c, TCP_SIZE)


def on_the_wire(packets, family, summed):
    count = 0
    for p in packets:
        if p[0] >> 4 != family:
            continue
        count += 1
        at, size = (12, 4) if family == 4 else (8, 16)
        source = ipaddress.ip_address(p[at:at + size])
        assert source in POOL[family], f"source {source} on the wire"
        proto = p[9 if family == 4 else 6]
        equal(p[8 if family == 4 else 7], 64, "hop count")  # normalised: two routers were before
        if family == 4:
            equal(internet_sum(p[:20]), 0xffff, "checksum of a header")
        if summed and proto in (6, 17):
            body = p[HEADER[family]:]
            pseudo = p[at:at + 2 * size] + struct.pack(">II", len(body), proto)
            equal(internet_sum(pseudo + body), 0xffff, f"checksum of protocol {proto}")
    assert count, "nothing on the wire"


def main():
    pin()
    wire = Port("inet", "down")
    for name, changes, tells in SETTINGS:
        ethtool(DEVICES, DEFAULT)
        for devices, features in changes:
            ethtool(devices, features)
        for family in FAMILIES:
            with case(f"IPv{family} {name}: UDP segments both ways"):
                wire.drain()
                udp(family, "merged" in tells)
                on_the_wire(wire.drain(), family, "summed" in tells)
            with case(f"IPv{family} {name}: TCP both ways"):
                wire.drain()
                least = 1 if "merged" in tells or "tcp" in tells else 0
                attempts(lambda _, merged, least=least: merged >= least, tcp, family)
                on_the_wire(wire.drain(), family, "summed" in tells)


main()
