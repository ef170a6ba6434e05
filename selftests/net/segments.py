#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""TCP headers: what leaves of those that operating systems send, and what comes back to them."""
import itertools
import struct
import subprocess

from scapy.layers.inet import TCP
from scapy.packet import Raw

from crafted import error, ip
from lab import (FAMILIES, HEADER, HOMES, POOLS, Sides, Skip, abort, addr, apply, carry, case, equal, internet_sum, moved,
                 netns, pin, stats, sysctl, tcp_flow)

PORTS = iter(range(30000, 60000))
FIN, SYN, RST, ACK = 1, 2, 4, 16
HIGHEST = {4: 1400, 6: 1380}
TIME = bytes((8, 10))
LINUX, MACOS, WINDOWS = (bytes.fromhex(x) for x in (
    "020405b40402080a00001000000000000103030a",
    "020405b4010303060101080a000010000000000004020000",
    "020405b40103030801010402"))
COOKIE = bytes.fromhex("220a0102030405060708")
ADDRESS = bytes.fromhex("1e0834010a0000010101010101010101")
CAPABLE = bytes.fromhex("1e0401c2")
DIGEST = bytes((19, 18)) + bytes(range(16)) + b"\1\1"
SIGNED = bytes.fromhex("1d040101")
STRANGE = bytes.fromhex("fd0601020304")


def policy(knobs):
    return POOLS + HOMES.rstrip() + " normalise " + knobs + "\n"


class Segment:
    """As it is in a packet, its checksum right"""

    def __init__(self, packet):
        family = packet[0] >> 4
        top = packet[HEADER[family]:]
        pseudo = packet[12:20] + struct.pack(">HH", 6, len(top)) if family == 4 else \
            packet[8:40] + struct.pack(">II", len(top), 6)
        equal(internet_sum(pseudo + top), 0xffff, "sum")
        length = struct.unpack_from(">H", packet, 2 if family == 4 else 4)[0]
        equal(length, len(packet) if family == 4 else len(top), "length")
        (self.sport, self.dport, self.seq, self.ack, offset, self.flags, self.window, _,
         self.urgent) = struct.unpack_from(">HHIIBBHHH", top)
        self.source = packet[12:16] if family == 4 else packet[8:24]
        self.options, self.data = top[20:offset >> 2], top[offset >> 2:]

    def option(self, kind):
        """Its value, or None"""
        left = self.options
        while left and left[0]:
            size = left[1] if left[0] != 1 else 1
            if left[0] == kind:
                return left[2:size]
            left = left[size:]
        return None

    def times(self):
        return struct.unpack(">II", self.option(8))


class Talk:
    """A connection between a customer and a remote, of which neither has a stack"""

    def __init__(self, rig, family):
        self.rig, self.family, self.port, self.tuple = rig, family, next(PORTS), None

    def packet(self, src, dst, ports, fields, options, data):
        top = TCP(sport=ports[0], dport=ports[1], dataofs=5 + len(options) // 4, **fields)
        return bytes(ip(self.family, src, dst) / top / Raw(options + data))

    def out(self, flags, options=b"", data=b"", **fields):
        """The customer's, as it leaves"""
        src, dst = addr("C1", self.family), addr("DARK", self.family)
        fields["flags"] = flags
        packet = self.rig.out(self.packet(src, dst, (self.port, 7), fields, options, data))
        got = Segment(packet)
        equal(got.data, data, "data")
        equal(got.flags, flags, "flags")
        at = 12 if self.family == 4 else 8
        self.tuple = got.source, got.sport
        self.relay = ".".join(map(str, got.source)) if self.family == 4 else packet[at:at + 16].hex(":", 2)
        return got

    def back(self, flags, options=b"", data=b"", **fields):
        """The remote's, as it arrives"""
        fields["flags"] = flags
        sent = self.packet(addr("DARK", self.family), self.relay, (7, self.tuple[1]), fields, options, data)
        self.rig.inside.drain()
        self.rig.wire.send(sent)
        at = HEADER[self.family]
        got = Segment(self.rig.inside.first(lambda p: p[at:at + 4] == struct.pack(">HH", 7, self.port)))
        equal(got.data, data, "data")
        equal(got.flags, flags, "flags")
        return got


def mss(value):
    return bytes((2, 4)) + struct.pack(">H", value)


def without_times(options):
    at = options.find(TIME)
    return options if at < 0 else options[:at + 2] + bytes(8) + options[at + 10:]


# What leaves at each level of what comes, timestamps' values aside; @ is the highest MSS
OFFERS = {
    "full": (
        ("Linux", LINUX, "@0402080a00000000000000000103030a"),
        ("macOS", MACOS, "@0402080a000000000000000001030306"),
        ("Windows", WINDOWS, "@0101040201030308"),
        ("with a cookie", mss(1460) + COOKIE + b"\4\2", "@01010402"),
        ("with MPTCP", mss(1460) + CAPABLE, "@1e0401c2"),
        ("with what nobody knows", mss(1460) + STRANGE + b"\4\2", "@fd06010203040402"),
        ("nothing", b"", ""),
    ),
    "uniform": tuple((name, options, "@0101040201030307") for name, options in (
        ("Linux", LINUX), ("macOS", MACOS), ("Windows", WINDOWS), ("with a cookie", LINUX + COOKIE + b"\1\1"),
        ("with MPTCP", LINUX + CAPABLE), ("with what nobody knows", LINUX + STRANGE + b"\0\0"))),
}


def offers(rig, family, level):
    for name, options, want in OFFERS[level]:
        with case(f"IPv{family} {level}: SYN of {name}"):
            got = Talk(rig, family).out(SYN, options, b"early data", window=65535, seq=77)
            want = bytes.fromhex(want.replace("@", mss(HIGHEST[family]).hex()))
            equal(without_times(got.options).hex(), want.hex(), "options")
            equal(got.seq, 77, "sequence number")
            equal(got.window, {"full": 64240, "uniform": 5840}[level], "window")
    with case(f"IPv{family} {level}: what a remote offers comes as it is, but for its MSS"):
        talk = Talk(rig, family)
        talk.out(SYN, LINUX, window=64240)
        got = talk.back(SYN | ACK, mss(9000) + COOKIE + b"\4\2", ack=1, window=65535)
        equal(got.options.hex(), (mss(HIGHEST[family]) + COOKIE + b"\4\2").hex(), "options")
        equal(got.window, 65535, "window")


def digests(rig, family):
    for name, option in (("MD5", DIGEST), ("AO", SIGNED)):
        with case(f"IPv{family} {name}: under a digest a header is only relayed"):
            before = stats()
            talk = Talk(rig, family)
            got = talk.out(SYN, mss(1460) + option, window=65535, urgptr=5)
            equal((got.options, got.window, got.urgent), (mss(1460) + option, 65535, 5), "header")
            equal(moved(before, stats(), "counters").get("tcp_signed"), 1, "tcp_signed")
            got = talk.back(SYN | ACK, mss(1460) + option, ack=1)
            equal(got.options, mss(1460) + option, "answer's options")


def clocks(rig, family):
    with case(f"IPv{family} timestamps are of a clock of the connection's own"):
        shown = []
        for n in range(20):
            talk = Talk(rig, family)
            got = talk.out(SYN, b"\1\1" + TIME + struct.pack(">II", 5000 + n, 0)).times()
            shown.append(got[0])
            equal(got[1], 0, "echo of a SYN")
            clock = got[0] - 5000 - n
            equal(talk.back(SYN | ACK, b"\1\1" + TIME + struct.pack(">II", 99, got[0]), ack=1).times(),
                  (99, 5000 + n), "times of the answer")
            for options, later in ((b"\1\1" + TIME, 300), (b"\1\1\1" + TIME, 70000)):
                pad = b"\1" * (-(len(options) + 8) % 4)
                got = talk.out(ACK, options + struct.pack(">II", 5000 + later, 99) + pad, b"x", seq=1, ack=1).times()
                equal(got, ((5000 + later + clock) % 2**32, 99), "times")
                got = talk.back(ACK, options + struct.pack(">II", 100, got[0]) + pad, ack=2, seq=1).times()
                equal(got, (100, 5000 + later), "times that come back")
        near = sum(abs(a - b) < 2**20 for a, b in itertools.combinations(shown, 2))
        assert near < 3, f"{near} of 190 pairs of clocks are near each other"


def addresses(rig, family):
    with case(f"IPv{family} MPTCP names no address"):
        talk = Talk(rig, family)
        talk.out(SYN, mss(1400) + CAPABLE)
        talk.back(SYN | ACK, mss(1400) + CAPABLE, ack=1)
        signal = bytes.fromhex("1e08200112345678")
        got = talk.out(ACK, signal + ADDRESS, b"data", seq=1, ack=1)
        equal(got.options.hex(), (signal + b"\1" * 16).hex(), "options")
        equal(talk.back(ACK, ADDRESS, ack=1, seq=1).options, ADDRESS, "a remote's")


def windows(rig, family):
    for options, shift in ((mss(1460) + b"\1\3\3\2" + b"\1\1\4\2", 2), (mss(1460) + b"\1\3\3\x0a" + b"\1\1\4\2", 10)):
        with case(f"IPv{family} windows of scale {shift} are advertised in one scale, and never more of them"):
            talk = Talk(rig, family)
            before = stats()
            talk.out(SYN, options, window=64240)
            equal(moved(before, stats(), "counters").get("syn_apart"), None, "syn_apart")
            talk.back(SYN | ACK, mss(1460) + b"\1\3\3\7", seq=500, ack=1, window=1000)
            for window, come in itertools.product((0, 1, 31, 32, 1000, 8191, 65535),
                                                  (0, 1000, 100000, 200000, 10000000)):
                got = talk.out(ACK, window=window, seq=1, ack=501 + come).window << 7
                most = min(window << shift, 61440 + max(come - 131072, 0), 65535 << 7)
                assert got <= max(most, window and 128), f"{window << shift}: {got}"
                assert got > most - 128, f"{window << shift}: {got}"
                assert not window or got, "the connection stalls"
            equal(talk.back(ACK, ack=1, seq=1, window=777).window, 777, "a remote's window")
    with case(f"IPv{family} windows that a remote does not scale are as they were"):
        talk = Talk(rig, family)
        talk.out(SYN, WINDOWS, window=8192)
        talk.back(SYN | ACK, mss(1460), ack=1)
        equal(talk.out(ACK, window=1234, seq=1, ack=1).window, 1234, "window")
    with case(f"IPv{family} SYNs that offer less are counted apart, and offer no more"):
        before = stats()
        for options, window in ((mss(1460), 5840), (b"", 5840), (WINDOWS, 4096)):
            got = Talk(rig, family).out(SYN, options, window=window)
            equal(got.window, window, "window")
            assert len(got.options) <= len(options), got.options.hex()
        equal(moved(before, stats(), "counters").get("syn_apart"), 3, "syn_apart")


def edges(first, second):
    return b"\1\1\5\x12" + struct.pack(">IIII", *(n % 2**32 for n in (first, first + 10, second, second + 10)))


def sequences(rig, family):
    with case(f"IPv{family} sequence numbers begin anywhere, with all that counts from them"):
        moves = []
        for seq in (0, 1000, 2**32 - 5):
            talk = Talk(rig, family)
            move = (talk.out(SYN, seq=seq).seq - seq) % 2**32
            moves.append(move)

            def moved_by(number, by=move):
                return (number + by) % 2**32

            equal(talk.back(SYN | ACK, ack=moved_by(seq + 1), seq=500).ack, (seq + 1) % 2**32, "acknowledgement")
            got = talk.out(ACK, edges(501, 600), b"x" * 100, seq=(seq + 1) % 2**32, ack=501)
            equal((got.seq, got.ack), (moved_by(seq + 1), 501), "numbers")
            equal(got.options, edges(501, 600), "edges of what came")
            got = talk.back(ACK, edges(moved_by(seq + 20), moved_by(seq + 50)), ack=moved_by(seq + 1), seq=501)
            equal(got.options, edges(seq + 20, seq + 50), "edges of what left")
            sent = talk.packet(talk.relay, addr("DARK", family), (talk.tuple[1], 7),
                               {"flags": ACK, "seq": moved_by(seq + 1), "ack": 501}, b"", b"x")
            report = error(family, addr("SRV", family), talk.relay, {4: (3, 1, 0), 6: (1, 0, 0)}[family], sent)
            rig.inside.drain()
            rig.wire.send(report)
            at = HEADER[family]
            told = rig.inside.first(lambda p: p[{4: 9, 6: 6}[p[0] >> 4]] in (1, 58))
            quoted = told[at + 8 + at:]
            equal(struct.unpack_from(">I", quoted, 4)[0], (seq + 1) % 2**32, "quoted number")
        assert len(set(moves)) == 3, moves


def reports(rig):
    """What a customer's own error quotes of a segment that was changed for it"""
    with case("IPv6 an error of a customer quotes no time of its own"):
        talk = Talk(rig, 6)
        first = talk.out(SYN, LINUX).times()[0]
        options = b"\1\1" + TIME + struct.pack(">II", 100, first)
        talk.back(SYN | ACK, options, ack=1)
        arrived = talk.packet(addr("DARK", 6), addr("C1", 6), (7, talk.port), {"flags": ACK, "ack": 1},
                              b"\1\1" + TIME + struct.pack(">II", 100, 0x1000), b"x" * 100)
        report = error(6, addr("C1", 6), addr("DARK", 6), (1, 4, 0), arrived)
        got = rig.out(report)
        assert struct.pack(">I", 0x1000) not in got, got.hex()
        equal(len(got), 40 + 8 + 40 + 8, "length")


def lossy():
    """The customer's link, in both directions; not every kernel can"""
    for ns, dev in (("c1", "eth0"), ("acc", "c1")):
        with netns(ns):
            if subprocess.run(["tc", "qdisc", "add", "dev", dev, "root", "netem", "loss", "1%"], capture_output=True,
                              check=False).returncode:
                return False
    return True


def transfers(family, level, loses):
    """Between real stacks, whatever they agree on"""
    for times, sack, scale in itertools.product((0, 1), repeat=3):
        with case(f"IPv{family} {level}: timestamps {times}, SACK {sack}, window scale {scale}, a link that loses"):
            if not loses:
                raise Skip("no netem")
            sysctl("c1", "net.ipv4.tcp_timestamps", times)
            sysctl("c1", "net.ipv4.tcp_sack", sack)
            sysctl("c1", "net.ipv4.tcp_window_scaling", scale)
            c, server, _ = tcp_flow(family, next(PORTS))
            carry(c, server, 300000)
            carry(server, c, 300000)
            abort(c, server)


def main():
    pin()
    rig = Sides()
    for level in ("full", "uniform"):
        apply(policy(level))
        for family in FAMILIES:
            offers(rig, family, level)
            digests(rig, family)
            if level == "uniform":
                windows(rig, family)
            else:
                clocks(rig, family)
                addresses(rig, family)
    apply(policy("full"))
    reports(rig)
    apply(policy("off touch isn"))
    for family in FAMILIES:
        sequences(rig, family)
    loses = lossy()
    for level in ("full", "uniform", "full touch isn"):
        apply(policy(level))
        for family in FAMILIES:
            transfers(family, level, loses)


main()
