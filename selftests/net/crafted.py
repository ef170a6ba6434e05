# SPDX-License-Identifier: GPL-2.0
"""Packets that no socket sends: raw headers and ICMP errors about anything."""
import struct

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from lab import internet_sum


def ip(family, src, dst, proto=None):
    if family == 4:
        return IP(src=src, dst=dst, **({} if proto is None else {"proto": proto}))
    return IPv6(src=src, dst=dst, **({} if proto is None else {"nh": proto}))


def error(family, src, dst, what, quote):
    """An ICMP error, bytes; what = type, code, the four bytes behind them"""
    kind, code, rest = what
    icmp = struct.pack(">BBHI", kind, code, 0, rest) + bytes(quote)
    if family == 4:
        head = bytes(IP(src=src, dst=dst, proto=1, len=20 + len(icmp)))
        pseudo = b""
    else:
        head = bytes(IPv6(src=src, dst=dst, nh=58, plen=len(icmp)))
        pseudo = head[8:40] + struct.pack(">II", len(icmp), 58)
    return head + icmp[:2] + struct.pack(">H", fold(pseudo + icmp)) + icmp[4:]


def fold(data):
    return internet_sum(data) ^ 0xffff
