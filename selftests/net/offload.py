#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""TCP and UDP through the relay in every shape that offloads give a packet. The
capture where the internet begins sees what a wire would: each segment there has
a pool address, its own header and, where devices no longer do sums, right sums.
"""
import hashlib
import ipaddress
import os
import socket
import struct
import subprocess
import threading

from lab import (FAMILIES, POOL, RCVBUFFORCE, TIMEOUT, Port, addr, case, equal, in_pool, moved, netns,
                 pin, sock, stats)

TCP_SIZE = 400000
SEGMENT = 1000
SEGMENTS = 40
PORTS = iter(range(7800, 9000))
UDP_SEGMENT = 103
HEADER = {4: 20, 6: 40}
DEVICES = [("c1", "eth0"), ("acc", "c1"), ("acc", "up"), ("relay", "cust"), ("relay", "up"),
           ("inet", "down"), ("inet", "srv"), ("srv", "eth0")]
SENDERS = [("c1", "eth0"), ("acc", "up"), ("srv", "eth0"), ("inet", "down")]
RELAY = [("relay", "cust"), ("relay", "up")]
SINGLE = "tso off gso off tx-udp-segmentation off"
# as packets come from a wire: one by one, with a sum
LONE = SINGLE + " tx off"
# name, [(devices, features)], what of it can be told from the capture:
# "merged": the relay was given fewer packets than were sent one by one, of UDP
# and of TCP; "tcp": of TCP alone,
# "summed": checksums on the wire are complete
SETTINGS = [
    ("everything on", [(DEVICES, "gro on")], ()),
    ("everything off", [(DEVICES, SINGLE + " gro off tx off rx off sg off")], ("summed",)),
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
    equal(hashlib.sha256(got).hexdigest(), hashlib.sha256(data).hexdigest(), "digest")


def udp(family, merged):
    port = next(PORTS)
    server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), port))
    server.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 20)
    c = sock("c1", family, socket.SOCK_DGRAM)
    c.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 20)
    c.connect((addr("SRV", family), port))
    c.send(b"hello")
    peer = server.recvfrom(100)[1][:2]
    assert in_pool(peer[0], family), peer
    server.connect(peer)
    for sender, receiver, counter in ((c, server, "relayed_out"), (server, c, "relayed_in")):
        before = stats()
        udp_gso(sender, receiver, os.urandom(SEGMENT * SEGMENTS // 2).hex().encode())
        count = moved(before, stats(), "counters").get(counter, 0)
        assert 1 <= count <= SEGMENTS, f"{counter} counted {count}"
        if merged:
            assert count < SEGMENTS // 2, f"{counter} counted {count}: nothing was merged"


def receive(s, size, out):
    data = bytearray()
    while len(data) < size:
        part = s.recv(1 << 16)
        if not part:
            break
        data += part
    out.append(hashlib.sha256(data).hexdigest())


def tcp(family):
    port = next(PORTS)
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), port))
    listener.listen(1)
    c = sock("c1", family, socket.SOCK_STREAM)
    c.connect((addr("SRV", family), port))
    s, peer = listener.accept()
    s.settimeout(TIMEOUT)
    assert in_pool(peer[0], family), peer
    data = os.urandom(TCP_SIZE // 2).hex().encode()
    for sender, receiver in ((c, s), (s, c)):
        got = []
        thread = threading.Thread(target=receive, args=(receiver, len(data), got))
        thread.start()
        sender.sendall(data)
        thread.join()
        equal(got, [hashlib.sha256(data).hexdigest()], "digest")


def total(data):
    if len(data) % 2:
        data += b"\0"
    value = sum(struct.unpack(f">{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return value


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
        if family == 4:
            equal(total(p[:20]), 0xffff, "checksum of a header")
        if summed and proto in (6, 17):
            body = p[HEADER[family]:]
            pseudo = p[at:at + 2 * size] + struct.pack(">II", len(body), proto)
            equal(total(pseudo + body), 0xffff, f"checksum of protocol {proto}")
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
                before = stats()
                tcp(family)
                on_the_wire(wire.drain(), family, "summed" in tells)
                after = stats()
                equal(moved(before, after, "refusals"), {}, "refusals")
                if "merged" in tells or "tcp" in tells:
                    counters = moved(before, after, "counters")
                    count = counters["relayed_out"] + counters["relayed_in"]
                    assert count < 2 * TCP_SIZE / 1448, f"{count} packets: nothing was merged"


main()
