# SPDX-License-Identifier: GPL-2.0
"""From a capture on the server's link to one record for each flow: what a server sees of it, and nothing else. Whose a
flow is, is told by the name in its first data, which is no feature."""
import dataclasses
import json
import re
import struct

from stacks import PORTS, options

NAME = re.compile(rb"flow (\d{6})")
LINKTYPE_ETHERNET = 1
HEADER = {4: 20, 6: 40}
SYN, RST, ACK = 2, 4, 16


@dataclasses.dataclass
class Flow:
    """What was seen of one; numbers of the first packet, if not said otherwise"""
    family: int
    proto: int
    src: int
    sport: int
    start: float
    hops: int = 0
    tos: int = 0
    id: int = 0
    last_id: int = 0
    label: int = 0
    options: str = ""       # kinds, in their order
    mss: int = 0
    window: int = 0
    scale: int = -1
    isn: int = 0
    ece: bool = False
    times: list = dataclasses.field(default_factory=list)   # when, TSval
    windows: list = dataclasses.field(default_factory=list)  # octets, of a live connection
    name: int = -1
    truth: dict = None

    def clock(self):
        """Ticks in a second, of those that clocks have; and what the clock said when the capture's was 0"""
        if not self.times:
            return 0, 0
        (t0, v0), (t1, v1) = self.times[0], self.times[-1]
        rate = ((v1 - v0) % 2**32) / (t1 - t0) if t1 - t0 > 0.1 else 0
        hertz = min((10, 100, 250, 1000), key=lambda h: abs(h - rate))
        return hertz, (v0 - t0 * hertz) % 2**32


def packets(path):
    """Of a pcap file: when, octets from the IP header on"""
    with open(path, "rb") as f:
        head = f.read(24)
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        assert struct.unpack_from(order + "I", head, 20)[0] == LINKTYPE_ETHERNET, path
        while len(head := f.read(16)) == 16:
            seconds, part, size, _ = struct.unpack(order + "IIII", head)
            frame = f.read(size)
            if len(frame) > 54 and frame[14] >> 4 in HEADER:
                yield seconds + part / 1e6, frame[14:]


def begin(key, when, p):
    family, proto, src, sport = key
    flow = Flow(family, proto, src, sport, when)
    if family == 4:
        flow.tos, flow.id, flow.hops = p[1], struct.unpack_from(">H", p, 4)[0], p[8]
    else:
        word = struct.unpack_from(">I", p)[0]
        flow.tos, flow.label, flow.hops = word >> 20 & 255, word & 0xfffff, p[7]
    return flow


def take_tcp(flow, when, top):
    seq, _, offset, flags, window = struct.unpack_from(">IIBBH", top, 4)
    kinds = []
    for kind, value in options(top[20:offset >> 2]):
        kinds.append(kind)
        if kind == 8:
            flow.times.append((when, struct.unpack_from(">I", value)[0]))
        elif kind == 2 and flags & SYN:
            flow.mss = struct.unpack(">H", value)[0]
        elif kind == 3 and flags & SYN:
            flow.scale = value[0]
    if flags & SYN:
        flow.options, flow.window, flow.isn = ",".join(map(str, kinds)), window, seq
        flow.ece = bool(flags & 0xc0)
    elif not flags & RST:
        flow.windows.append(window << max(flow.scale, 0))
    return top[offset >> 2:]


def read(path, truth_path):
    """Every flow of which a name was seen"""
    with open(truth_path, encoding="ascii") as f:
        truth = {entry["flow"]: entry for entry in json.load(f)["flows"]}
    flows = {}
    zero = None
    for when, p in packets(path):
        zero = when if zero is None else zero
        family = p[0] >> 4
        proto, src = (p[9], p[12:16]) if family == 4 else (p[6], p[8:24])
        top = p[HEADER[family]:]
        if proto not in PORTS or len(top) < 8:
            continue
        sport, dport = struct.unpack_from(">HH", top)
        if dport != PORTS[proto]:
            continue
        key = (family, proto, int.from_bytes(src, "big"), sport)
        first = proto == 17 or len(top) >= 20 and top[13] & (SYN | ACK) == SYN
        flow = flows.get(key)
        if flow is None or (proto == 6 and first and flow.name >= 0):
            if not first:
                continue
            flow = flows[key] = begin(key, when - zero, p)
        if family == 4:
            flow.last_id = struct.unpack_from(">H", p, 4)[0]
        data = take_tcp(flow, when - zero, top) if proto == 6 else top[8:]
        found = NAME.match(data)
        if found and flow.name < 0:
            flow.name = int(found[1])
            flow.truth = truth[flow.name]
    return [flow for flow in flows.values() if flow.truth]
