#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Searches captures of the internet side for addresses of the customer side.

usage: wire.py [--open PREFIX]... -- SECRET... -- FILE...

Every SECRET is looked for as raw bytes at every offset of every frame; of TLS
and QUIC frames (port 443) the IPv4 secrets are looked for in the headers alone,
since random bytes hit by chance. So does the timestamps option of TCP, whose
length is 10, a private network's first octet: with a clock behind it that runs
through all values, an address may begin anywhere but there. Frames from or to
an --open PREFIX are exempt. Every FILE must hold frames.
"""
import ipaddress
import struct
import sys

TLS_PORT = 443
TCPOPT_EOL, TCPOPT_NOP, TCPOPT_TIMESTAMP = 0, 1, 8


def frames(path):
    with open(path, "rb") as f:
        head = f.read(24)
        if len(head) < 24:
            return
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while len(rec := f.read(16)) == 16:
            size = struct.unpack(order + "IIII", rec)[2]
            yield f.read(size)


def timestamps_length(frame, l4):
    """The offset of the length octet of the timestamps option (RFC 7323, 3.2)"""
    at, end = l4 + 20, min(l4 + (frame[l4 + 12] >> 4) * 4, len(frame))
    while at + 1 < end and frame[at] != TCPOPT_EOL:
        if frame[at] == TCPOPT_TIMESTAMP:
            return at + 1
        at += 1 if frame[at] == TCPOPT_NOP else max(frame[at + 1], 2)
    return None


def offsets(frame, secret, skip):
    """Where the secret is, but for the one offset that is hit by chance"""
    at = frame.find(secret)
    while at >= 0:
        if at != skip:
            yield at
        at = frame.find(secret, at + 1)


def parse(frame):
    """Source, destination, length of the headers if it is TLS over TCP or QUIC,
    offset of the timestamps option's length"""
    proto = frame[12:14]
    if proto == b"\x08\x00" and len(frame) >= 34:
        src, dst = frame[26:30], frame[30:34]
        l4, upper = 14 + (frame[14] & 15) * 4, frame[23]
        if frame[20] & 0x1f or frame[21]:
            upper = 0
    elif proto == b"\x86\xdd" and len(frame) >= 54:
        src, dst = frame[22:38], frame[38:54]
        l4, upper = 54, frame[20]
    else:
        return None, None, None, None
    header = stamps = None
    if upper in (6, 17) and len(frame) >= l4 + 14:
        if TLS_PORT in struct.unpack_from(">HH", frame, l4):
            header = l4 + ((frame[l4 + 12] >> 4) * 4 if upper == 6 else 8)
        if upper == 6:
            stamps = timestamps_length(frame, l4)
    return ipaddress.ip_address(src), ipaddress.ip_address(dst), header, stamps


def main():
    args = sys.argv[1:]
    first = args.index("--")
    second = args.index("--", first + 1)
    opened = [ipaddress.ip_network(p) for p in args[1:first:2]]
    secrets = [ipaddress.ip_address(s) for s in args[first + 1:second]]
    found = 0
    for path in args[second + 1:]:
        count = 0
        for frame in frames(path):
            count += 1
            hits = [s for s in secrets if s.packed in frame]
            if not hits:
                continue
            src, dst, header, stamps = parse(frame)
            if any(a in net for net in opened for a in (src, dst)
                   if a is not None and a.version == net.version):
                continue
            if header is not None:
                hits = [s for s in hits if s.version == 6 or s.packed in frame[:header]]
            for s, at in ((s, at) for s in hits for at in offsets(frame, s.packed, stamps)):
                found += 1
                if found <= 10:
                    print(f"{s} at offset {at} of a frame {src} > {dst}: {frame[:96].hex()}")
        print(f"{path}: {count} frames")
        if count == 0:
            found += 1
    sys.exit(1 if found else 0)


main()
