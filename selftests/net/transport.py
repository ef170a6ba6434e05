#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Payloads of all sizes through the relay and back, seen from both ends."""
import socket
import threading

from lab import (FAMILIES, addr, case, digest, equal, in_pool, letters, moved, read_all, sock,
                 stats)

TCP_SIZES = (1, 2, 64, 1000, 1460, 4096, 65536, 3 << 20)
UDP_SIZES = (0, 1, 2, 64, 1000, 1472, 1473, 8192, 65000)


def relayed(peer, family, sport):
    assert in_pool(peer[0], family), f"the server saw {peer}"
    assert peer[1] >= 1024, f"the server saw port {peer[1]}"
    assert peer[1] != sport, f"source port {sport} was kept"


def tcp_echo(server, sizes, seen):
    for size in sizes:
        s, peer = server.accept()
        data = read_all(s, size)
        seen.append((peer, digest(data)))
        s.sendall(data)
        s.close()


def tcp(family):
    server = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), 7000))
    server.listen(16)
    seen = []
    thread = threading.Thread(target=tcp_echo, args=(server, TCP_SIZES, seen))
    thread.start()
    before = stats()
    for n, size in enumerate(TCP_SIZES):
        with case(f"IPv{family} TCP {size} bytes there and back"):
            data = letters(size)
            s = sock("c1", family, socket.SOCK_STREAM)
            s.connect((addr("SRV", family), 7000))
            sport = s.getsockname()[1]
            sender = threading.Thread(target=s.sendall, args=(data,))
            sender.start()
            back = read_all(s, size)
            sender.join()
            equal(s.recv(1), b"", "bytes after the end")
            equal(digest(back), digest(data), "digest at the customer")
            equal(seen[n][1], digest(data), "digest at the server")
            relayed(seen[n][0], family, sport)
            s.close()
    thread.join()
    with case(f"IPv{family} TCP flows differ and were all relayed"):
        peers = [p[:2] for p, _ in seen]
        equal(len(set(peers)), len(TCP_SIZES), "distinct tuples")
        assert len({p[0] for p in peers}) > 1, "all flows have one address"
        equal(moved(before, stats(), "counters").get("flows_created"),
              len(TCP_SIZES), "flows_created")


def udp(family):
    server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), 7000))
    peers = set()
    before = stats()
    for size in UDP_SIZES:
        with case(f"IPv{family} UDP {size} bytes there and back"):
            data = letters(size)
            s = sock("c1", family, socket.SOCK_DGRAM)
            s.connect((addr("SRV", family), 7000))
            s.send(data)
            got, peer = server.recvfrom(1 << 16)
            relayed(peer, family, s.getsockname()[1])
            peers.add(peer[:2])
            equal(digest(got), digest(data), "digest at the server")
            server.sendto(got, peer)
            equal(digest(s.recv(1 << 16)), digest(data), "digest at the customer")
    with case(f"IPv{family} UDP flows differ and were all relayed"):
        equal(len(peers), len(UDP_SIZES), "distinct tuples")
        assert len({p[0] for p in peers}) > 1, "all flows have one address"
        equal(moved(before, stats(), "counters").get("flows_created"),
              len(UDP_SIZES), "flows_created")


def one_socket(family):
    """U1 in scope flow: each remote endpoint is its own mapping; a mapping is
    kept for its flow's life and answers from elsewhere do not pass"""
    a1 = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), 7001))
    a2 = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), 7002))
    b1 = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV2", family), 7001))
    s = sock("c1", family, socket.SOCK_DGRAM)
    remotes = [x.getsockname()[:2] for x in (a1, a2, b1)]
    with case(f"IPv{family} one socket, three remotes: three mappings, each kept"):
        for _ in range(3):
            peers = []
            for x, remote in zip((a1, a2, b1), remotes):
                s.sendto(b"hello", remote)
                peers.append(x.recvfrom(100)[1][:2])
            equal(len(set(peers)), 3, "distinct tuples")
            first = locals().get("first", peers)
            equal(peers, first, "tuples of the second round")
    with case(f"IPv{family} a remote reaches no mapping but its own"):
        before = stats()
        b1.sendto(b"stranger", first[0])
        a2.sendto(b"stranger", first[0])
        a1.sendto(b"friend", first[0])
        equal(s.recvfrom(100)[0], b"friend", "datagram")
        equal(moved(before, stats(), "refusals"), {"in_no_flow": 2}, "refusals")


for fam in FAMILIES:
    tcp(fam)
    udp(fam)
    one_socket(fam)
