#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What shows a pair of addresses? All of the kernel's files that are to be read, and all answers that the module's netlink
family gives. A pair is two addresses of one mapping in one file or answer, as text, as hexadecimal digits of either
byte order, or as octets.
"""
import contextlib
import ipaddress
import os
import re
import signal
import socket
import stat
import struct

from lab import FAMILIES, addr, case, equal, netns, relays, stats, tcp_flow

MOST = 16 << 20     # octets read of a file
SECONDS = 2         # for each
# What waits for readers or is memory itself, and what says but how events would look
SKIP = re.compile(r"/proc/(kcore|kmsg|kpage\w+|vmcore|sysrq-trigger|\d+/.*|self/(mem|pagemap|task|map_files|fd|cwd|root|exe)"
                  r"(/.*)?|thread-self/.*)$|/sys/kernel/(debug/tracing|tracing/(events|per_cpu|options|instances))/|"
                  r".*/trace_pipe(_raw)?$|/sys/kernel/slab/|/sys/devices/pci|/sys/devices/(system|platform|LNXSYSTM)")
SLAB = "/sys/kernel/slab"
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
FLUSH = 3           # CFR_CMD_FLUSH
NFNL_CT_GET = 1 << 8 | 1


def shapes(address):
    """All that an address may look like"""
    a = ipaddress.ip_address(address)
    words = struct.unpack(f">{len(a.packed) // 4}I", a.packed)
    swapped = b"".join(struct.pack("<I", w) for w in words)
    texts = {str(a), a.exploded, a.packed.hex(), swapped.hex(), a.packed[::-1].hex()}
    out = {t.encode() for t in texts} | {t.upper().encode() for t in texts}
    return out | {a.packed, a.packed[::-1], swapped}


def has(content, address):
    return any(shape in content for shape in shapes(address))


def pairs(content, flows):
    return [f for f in flows if has(content, f[0]) and has(content, f[1])]


class Late(Exception):
    pass


def late(*_):
    raise Late


def read(path):
    """What can be read at once"""
    out = b""
    with contextlib.suppress(OSError, Late):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return out
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            while len(out) < MOST and (more := os.read(fd, 1 << 16)):
                out += more
        finally:
            os.close(fd)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return out


def files(*roots):
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = [d for d in folders if not SKIP.match(f"{folder}/{d}/")]
            yield from (path for n in names if not SKIP.match(path := f"{folder}/{n}"))


def showing(paths, flows):
    """Those files that have a pair"""
    count = octets = 0
    found = []
    for path in paths:
        content = read(path)
        count += bool(content)
        octets += len(content)
        if pairs(content, flows):
            found.append(path)
    print(f"{count} files, {octets} octets")
    return count, found


def log():
    """The kernel's, from its beginning"""
    lines = []
    fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            with contextlib.suppress(BrokenPipeError):
                lines.append(os.read(fd, 8192))
    os.close(fd)
    return b"".join(lines)


class Netlink:
    def __init__(self, proto):
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, proto)
        self.s.setsockopt(270, 11, 1)   # SOL_NETLINK, NETLINK_EXT_ACK
        self.s.settimeout(10)

    def ask(self, kind, flags, payload):
        """All that is answered"""
        self.s.send(struct.pack("=IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) + payload)
        got = b""
        while True:
            part = self.s.recv(1 << 18)
            got += part
            at = 0
            while at < len(part):
                size, kind = struct.unpack_from("=IH", part, at)
                if kind in (2, 3):  # NLMSG_ERROR, NLMSG_DONE
                    return got
                at += size + 3 & ~3


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def family_id(nl):
    answer = nl.ask(GENL_ID_CTRL, NLM_F_ACK, struct.pack("=BBH", CTRL_CMD_GETFAMILY, 1, 0) +
                    attribute(CTRL_ATTR_FAMILY_NAME, b"cfr\0"))
    at = 20
    while True:
        size, kind = struct.unpack_from("=HH", answer, at)
        if kind == CTRL_ATTR_FAMILY_ID:
            return struct.unpack_from("=H", answer, at + 4)[0]
        at += size + 3 & ~3


# What attributes say makes no difference to what is shown, but errors may quote it.
REQUESTS = (b"", attribute(1, struct.pack("=I", 0)), attribute(2, b"\xff" * 40), attribute(99, b"x"))


def commands(flows):
    """How many answers; those that have a pair"""
    found, answers = [], 0
    with netns("relay"):
        nl = Netlink(16)
        family = family_id(nl)
        for command in (*(c for c in range(256) if c != FLUSH), FLUSH):
            if command == FLUSH:
                assert stats()["gauges"]["flows"] >= len(flows), "a command has ended flows"
            for flags in (NLM_F_ACK, NLM_F_DUMP):
                for request in REQUESTS:
                    answer = nl.ask(family, flags, struct.pack("=BBH", command, 1, 0) + request)
                    answers += 1
                    if pairs(answer, flows):
                        found.append((command, flags, request))
    print(f"{answers} answers")
    return answers, found


def slab(name, file):
    with open(f"{SLAB}/{name}/{file}", encoding="ascii") as f:
        return int(f.read())


def main():
    signal.signal(signal.SIGALRM, late)
    udp, tcp = relays(9), [tcp_flow(family, 80) for family in FAMILIES]
    ends = [(s.getsockname()[0], peer[0]) for s, _, peer in udp + tcp]
    print(ends)

    with case("control: a socket's two addresses are found, of both families"):
        with netns("srv"):
            _, found = showing(files("/proc/self/net"), [(addr("SRV", f), p[0]) for f, (_, _, p) in zip(FAMILIES, tcp)])
        assert {"/proc/self/net/tcp", "/proc/self/net/tcp6"} <= set(found), found
    with case("no file has a customer and its relay address"):
        with netns("relay"):
            count, found = showing(files("/proc", "/sys"), ends)
        assert count > 500, count
        assert not found, found
        assert stats()["gauges"]["flows"] >= len(ends), "flows have ended"
    with case("nor has the log"):
        assert not pairs(log(), ends)
    with case("the module has no trace event, no file of its own, no types of its objects"):
        for path in ("/sys/kernel/tracing/events/cfr", "/sys/kernel/debug/cfr", "/proc/net/cfr", "/proc/sys/net/cfr"):
            assert not os.path.exists(path), path
        if os.path.exists("/sys/kernel/btf/cfr"):
            print("this kernel keeps types of modules: names and offsets, no values")
    with case("flows lie in slab caches of their own, nothing in them may be copied to users"):
        merged = sum(os.path.islink(f"{SLAB}/{name}") for name in os.listdir(SLAB))
        print(f"{merged} names are of caches that the kernel has merged")
        for name in ("cfr_flow4", "cfr_flow6"):
            assert os.path.isdir(f"{SLAB}/{name}") and not os.path.islink(f"{SLAB}/{name}"), name
            for file in ("aliases", "usersize"):
                if os.path.exists(f"{SLAB}/{name}/{file}"):
                    equal(slab(name, file), 0, f"{name}/{file}")
    with case("control: an address of the log's is found in it"):
        with open("/dev/kmsg", "w", encoding="ascii") as f:
            f.write(f"{ends[0][0]} is {ends[0][1]}\n")
        assert pairs(log(), ends)
    with case("no command answers with both"):
        _, found = commands(ends)
        assert not found, found
    with case("control: conntrack's answer has both ends of a connection"):
        with netns("relay"):
            # the host's own connections are tracked
            with socket.create_server(("127.0.0.2", 0)) as server, \
                    socket.create_connection(server.getsockname(), source_address=("127.0.0.3", 0)):
                answer = Netlink(12).ask(NFNL_CT_GET, NLM_F_DUMP, struct.pack("=BBH", 0, 0, 0))
        assert pairs(answer, [("127.0.0.2", "127.0.0.3")]), answer
        assert not pairs(answer, ends)


main()
