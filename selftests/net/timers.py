#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Timers at their real lengths, all at once: every row is a list of moments in
seconds and of what is done then. Waiting costs nothing where idle time is
skipped; anywhere else it takes hours.
"""
import heapq
import random
import time

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.packet import Raw

from crafted import error
from lab import FAMILIES, HOMES, POOLS, Sides, addr, apply, equal, moved, pin, stats

BASE = POOLS + HOMES
ONE = "pool one prefix 198.51.100.9/32 ports 2000-2000\npolicy homes mark 0x1/0xff pool one\n"
PORTS = iter(range(24000, 60000))
WINDOW = 8000  # everybody's
BLIND = (-30, WINDOW + 1, 2**31)  # none of which is in it, nor is its last octet
UNREACHABLE = {4: (3, 3, 0), 6: (1, 4, 0)}


class Rig(Sides):
    def out(self, packet):
        """What comes out on the wire for it, or None"""
        self.wire.drain()
        self.inside.send(packet)
        got = self.barrier.pass_()
        assert len(got) <= 1, f"{len(got)} packets for one"
        return got[0] if got else None

    def passes(self, packet):
        """Does it reach the customer's side?"""
        self.inside.drain()
        self.wire.send(packet)
        self.barrier.pass_()
        return any(b"to-the-customer" in p for p in self.inside.drain())


class End:
    """One end of a TCP connection"""

    def __init__(self):
        self.next = random.getrandbits(32)

    def segment(self, other, ports, flags, skew, data, options):
        """What it sends next; skew: as if by somebody who does not know what that is"""
        seq = self.next + skew
        if not skew and "R" not in flags:
            self.next += len(data) + ("S" in flags) + ("F" in flags)
        return TCP(sport=ports[0], dport=ports[1], flags=flags, seq=seq % 2**32,
                   ack=other.next % 2**32 if "A" in flags else 0, window=WINDOW,
                   options=list(options)) / Raw(data)


class Flow:
    """A flow of one kind, made when its first packet is sent"""

    def __init__(self, rig, family, kind):
        self.rig, self.family, self.kind = rig, family, kind
        self.port = next(PORTS)
        self.relay = None
        self.customer, self.remote = End(), End()

    def ip(self, src, dst):
        return (IP if self.family == 4 else IPv6)(src=src, dst=dst)

    def out(self, flags="S", skew=0, options=()):
        head = self.ip(addr("C1", self.family), addr("DARK", self.family))
        if self.kind == "UDP":
            packet = head / UDP(sport=self.port, dport=7) / Raw(b"out")
        elif self.kind == "TCP":
            packet = head / self.customer.segment(self.remote, (self.port, 7), flags, skew,
                                                  b"", options)
        elif self.family == 4:
            packet = head / ICMP(type=8, id=self.port) / Raw(b"out")
        else:
            packet = head / ICMPv6EchoRequest(id=self.port) / Raw(b"out")
        got = self.rig.out(packet)
        if got is None:
            return False
        got = (IP if self.family == 4 else IPv6)(got)
        top = got.payload
        self.relay = (got.src, top.id if self.kind == "echo" else top.sport)
        return True

    def packet_in(self, flags, skew, options):
        head = self.ip(addr("DARK", self.family), self.relay[0])
        data = b"to-the-customer"
        if self.kind == "UDP":
            return head / UDP(sport=7, dport=self.relay[1]) / Raw(data)
        if self.kind == "TCP":
            return head / self.remote.segment(self.customer, (7, self.relay[1]), flags, skew,
                                              data, options)
        if self.family == 4:
            return head / ICMP(type=0, id=self.relay[1]) / Raw(data)
        return head / ICMPv6EchoReply(id=self.relay[1], data=data)

    def comes_in(self, flags="A", skew=0, options=()):
        return self.rig.passes(self.packet_in(flags, skew, options))

    def error_out(self):
        """The customer's ICMP error about a packet that reached it"""
        quote = self.ip(addr("DARK", self.family), addr("C1", self.family))
        quote /= UDP(sport=7, dport=self.port) / Raw(b"x" * 8)
        got = self.rig.out(error(self.family, addr("C1", self.family),
                                 addr("DARK", self.family), UNREACHABLE[self.family],
                                 bytes(quote)))
        assert got, "the error did not leave"

    def error_in(self):
        quote = self.ip(self.relay[0], addr("DARK", self.family))
        quote /= UDP(sport=self.relay[1], dport=7) / Raw(b"to-the-customer")
        assert self.rig.passes(error(self.family, addr("DARK", self.family), self.relay[0],
                                     UNREACHABLE[self.family], bytes(quote))), "no error came in"

    def establish(self, options=(), skew=0):
        """skew: the SYN ACK acknowledges something else"""
        yes(self.out("S", options=options), "SYN out")
        self.customer.next += skew
        yes(self.comes_in("SA", options=options), "SYN ACK in")
        self.customer.next -= skew
        yes(self.out("A"), "ACK out")

    def passes_blindly(self, flags, skews=BLIND):
        """Segments that nobody takes are relayed all the same, both ways"""
        for skew in skews:
            yes(self.comes_in(flags, skew), f"{flags} in")
            yes(self.out(flags, skew), f"{flags} out")


def yes(value, what):
    assert value, f"{what}: did not pass"


def no(value, what):
    assert not value, f"{what}: passed"


def rows(rig, family):
    """name, [(second, what to do)]"""
    def flow(kind):
        return Flow(rig, family, kind)

    def lasting(kind, seconds, begin=None):
        """Two flows of a kind: one lives just before its end, one is gone after"""
        before, after = flow(kind), flow(kind)
        start = begin or (lambda f: yes(f.out(), "first packet"))
        margin = 5 if seconds < 100 else 10
        flags = "SA" if kind == "TCP" and begin is None else "A"
        return [(0, lambda: (start(before), start(after))),
                (seconds - margin, lambda: yes(before.comes_in(flags), "in time")),
                (seconds + margin, lambda: no(after.comes_in(flags), "too late"))]

    u6, u7, u8o, u8i = (flow("UDP") for _ in range(4))
    t4, t5 = flow("TCP"), flow("TCP")

    def closed(f):
        f.establish()
        yes(f.comes_in("FA"), "FIN in")
        yes(f.out("FA"), "FIN out")

    def reset(f):
        f.establish()
        yes(f.comes_in("R"), "RST in")

    yield "UDP lives 300 s", lasting("UDP", 300)
    yield "UDP is refreshed by what goes out", [
        (0, lambda: yes(u6.out(), "first")), (290, lambda: yes(u6.out(), "second")),
        (580, lambda: yes(u6.comes_in(), "in"))]
    yield "UDP is refreshed by what comes in", [
        (0, lambda: yes(u7.out(), "first")), (290, lambda: yes(u7.comes_in(), "in")),
        (580, lambda: yes(u7.comes_in(), "in again"))]
    yield "an ICMP error that goes out refreshes nothing", [
        (0, lambda: yes(u8o.out(), "first")),
        *((t, u8o.error_out) for t in (60, 120, 180, 240, 290)),
        (310, lambda: no(u8o.comes_in(), "in"))]
    yield "an ICMP error that comes in refreshes nothing", [
        (0, lambda: yes(u8i.out(), "first")),
        *((t, u8i.error_in) for t in (60, 120, 180, 240, 290)),
        (310, lambda: no(u8i.comes_in(), "in"))]
    yield "echo lives 60 s", lasting("echo", 60)
    yield "TCP half open lives 240 s", lasting("TCP", 240)
    yield "TCP established lives 7440 s", lasting("TCP", 7440, Flow.establish)
    yield "TCP closed by both lives 240 s", lasting("TCP", 240, closed)
    yield "TCP reset lives 240 s", lasting("TCP", 240, reset)
    yield "data after a reset restores the connection", [
        (0, lambda: reset(t5)), (100, lambda: yes(t5.out("PA"), "data")),
        (3000, lambda: yes(t5.comes_in(), "in"))]
    yield "SYN after both FINs opens it again", [
        (0, lambda: closed(t4)), (100, t4.establish),
        (3000, lambda: yes(t4.comes_in(), "in"))]

    yield from windows(flow)


def windows(flow):
    """T6: what lies outside the receiver's window is relayed and changes no state"""
    rst, fin, syn, data, answer, scaled = (flow("TCP") for _ in range(6))
    scale = [("WScale", 3)]

    def half_closed():
        fin.establish()
        yes(fin.out("FA"), "FIN out")
        for skew in BLIND:
            yes(fin.comes_in("FA", skew), "FIN in")

    def challenged():
        syn.establish()
        yes(syn.comes_in("S", 12345), "SYN in")
        yes(syn.out("A"), "challenge ACK out")
        yes(syn.out("S", 12345), "SYN out")
        yes(syn.comes_in("A"), "challenge ACK in")

    def reset(f, *args, **kwargs):
        f.establish(**kwargs)
        yes(f.comes_in("R", *args), "RST in")

    yield "a reset out of the window changes nothing", [
        (0, lambda: (rst.establish(), rst.passes_blindly("R"), rst.passes_blindly("RA"))),
        (3000, lambda: yes(rst.comes_in(), "in"))]
    yield "a FIN out of the window changes nothing", [
        (0, half_closed), (3000, lambda: yes(fin.comes_in(), "in"))]
    yield "a SYN in a connection changes nothing, challenge ACKs pass", [
        (0, challenged), (3000, lambda: yes(syn.comes_in(), "in"))]
    yield "data out of the window restores nothing", [
        (0, lambda: (reset(data), data.passes_blindly("A"))),
        (250, lambda: no(data.comes_in(), "in"))]
    yield "a SYN ACK of something else opens nothing", [
        (0, lambda: answer.establish(skew=1)), (250, lambda: no(answer.comes_in(), "in"))]
    yield "the window is a scaled one", [
        (0, lambda: reset(scaled, WINDOW * 8 - 100, options=scale)),
        (250, lambda: no(scaled.comes_in(), "in"))]


def silence(rig, family):
    """T2: not even later than the six seconds that RFC 5382 has a relay wait"""
    syn = (IP if family == 4 else IPv6)(
        src=addr("DARK", family), dst={4: "198.51.100.3", 6: "2001:db8:cf::3"}[family])

    def send():
        rig.wire.drain()
        rig.wire.send(syn / TCP(sport=7, dport=4000, flags="S"))

    def nothing():
        equal(len(rig.barrier.pass_()), 0, "packets back")
    return "an unsolicited SYN has no answer, ever", [(1000, send), (1009, nothing)]


def holdoff(rig):
    """A pool of one tuple: who may have it when. Moments count from the swap."""
    first, second, late, third = (Flow(rig, 4, "UDP") for _ in range(4))
    tcp, after = Flow(rig, 4, "TCP"), Flow(rig, 4, "TCP")

    def exhausted(f):
        before = stats()
        no(f.out(), "a tuple in hold-off")
        equal(moved(before, stats(), "refusals"), {"pool_exhausted": 1}, "refusals")

    def start():
        apply(ONE)
        equal(stats()["gauges"]["flows"], 0, "flows")
        yes(first.out(), "first flow")
        equal(first.relay, ("198.51.100.9", 2000), "the one tuple")

    yield "UDP: a tuple rests for 120 s", [
        (0, start), (310, lambda: exhausted(second)), (415, lambda: exhausted(late)),
        (430, lambda: yes(third.out(), "after the hold-off"))]
    yield "TCP: the transitory time is the hold-off", [
        (1, lambda: (tcp.establish(), yes(tcp.comes_in("R"), "RST in"))),
        (230, lambda: exhausted(after)),
        (250, lambda: yes(after.out(), "after 240 s"))]


def run(plans):
    """Does everything at its moment; prints a verdict for every plan"""
    failed, queue = {}, []
    for number, (name, moments) in enumerate(plans):
        for order, (at, action) in enumerate(moments):
            heapq.heappush(queue, (at, number, order, name, action))
    start = time.monotonic()
    while queue:
        at, _, _, name, action = heapq.heappop(queue)
        time.sleep(max(0, start + at - time.monotonic()))
        if name in failed:
            continue
        try:
            action()
        except Exception as e:  # pylint: disable=broad-except
            failed[name] = f"at {at} s: {type(e).__name__}: {e}"
    for name, _ in plans:
        if name in failed:
            print(f"not ok {name}\n{failed[name]}")
        else:
            print(f"ok {name}")


def empty():
    gauges = stats()["gauges"]
    equal(gauges, {"flows": 0, "shared": 0, "held": 0}, "gauges")


def main():
    pin()
    rig = Rig()
    plans = []
    for family in FAMILIES:
        for name, moments in (*rows(rig, family), silence(rig, family)):
            plans.append((f"IPv{family} {name}", moments))
    plans.append(("every flow and every held tuple is gone in the end", [(16000, empty)]))
    run(plans)
    run(list(holdoff(rig)))
    apply(BASE)


main()
