# SPDX-License-Identifier: GPL-2.0
"""late_rst.py SOURCE PORT DESTINATION PORT: three RSTs of no connection."""
import os
import socket
import struct
import sys

source, sport, destination, dport = sys.argv[1:]
family = socket.AF_INET6 if ":" in source else socket.AF_INET
ends = [socket.inet_pton(family, end) for end in (source, destination)]


def segment():
    seq, = struct.unpack("!I", os.urandom(4))
    header = struct.pack("!HHIIBBHHH", int(sport), int(dport), seq, 0, 5 << 4, 4, 0, 0, 0)
    pseudo = b"".join(ends) + struct.pack("!HH", socket.IPPROTO_TCP, len(header))
    total = sum(struct.unpack("!%dH" % (len(pseudo + header) // 2), pseudo + header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return header[:16] + struct.pack("!H", ~total & 0xFFFF) + header[18:]


with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
    for _ in range(3):
        raw.sendto(segment(), (destination, 0))
