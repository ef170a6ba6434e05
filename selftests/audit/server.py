#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The server of customers.py: so many octets for each request, a datagram for each datagram; "ready" on stdout."""
import functools
import selectors
import socket

from lab import AF, FAMILIES, addr
from stacks import PORTS, REPLY, REQUEST

ANSWER = b"x" * REPLY


def listen(family, kind, port):
    s = socket.socket(AF[family], kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr("SRV", family), port))
    return s


def echo(udp):
    data, peer = udp.recvfrom(2000)
    udp.sendto(data, peer)


def accept(loop, asked, tcp):
    c = tcp.accept()[0]
    asked[c] = 0
    loop.register(c, selectors.EVENT_READ, lambda: answer(loop, asked, c))


def answer(loop, asked, s):
    try:
        data = s.recv(2000)
        asked[s] += len(data)
        if data and not asked[s] % REQUEST:
            s.sendall(ANSWER)
    except OSError:
        data = b""
    if not data:
        loop.unregister(s)
        del asked[s]
        s.close()


def main():
    loop, asked = selectors.DefaultSelector(), {}
    for family in FAMILIES:
        tcp = listen(family, socket.SOCK_STREAM, PORTS[6])
        tcp.listen(1000)
        loop.register(tcp, selectors.EVENT_READ, functools.partial(accept, loop, asked, tcp))
        udp = listen(family, socket.SOCK_DGRAM, PORTS[17])
        loop.register(udp, selectors.EVENT_READ, functools.partial(echo, udp))
    print("ready", flush=True)
    while True:
        for key, _ in loop.select():
            key.data()


if __name__ == "__main__":
    main()
