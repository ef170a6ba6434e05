#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Refuses memory to one place of the module after the other. Loading is tried again and again, the first, the
second, the third allocation beneath it failing, until one more is none. For every other place the same work is done
while all that is asked for beneath it fails: configurations, namespaces, packets of every kind. Work may fail then,
but not half; afterwards it must not.
"""
import contextlib
import itertools
import os
import re
import socket
import struct
import subprocess
import sys
import time

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment
from scapy.packet import Raw

import callsites
from crafted import error, ip
from lab import (ENV, FAMILIES, HEADER, HOMES, OTHER, POOLS, Port, addr, apply, case, cfrctl, equal, figure, netns,
                 nft_counter, parameter, relays, sock, stats, unload, wait_for)

KO = ENV["CFR_TREE"] + "/cfr.ko"
PAGES = "/sys/kernel/debug/fail_page_alloc/"
INJECTORS = ["/sys/kernel/debug/failslab/", PAGES]
MANY = 1000000
AREA = 64 << 20     # modules lie as close together as this, and no other allocates while this one is loaded
SERVERS = iter(range(9000, 60000))
PORTS = iter(range(20000, 60000))
CLOSED = {4: "10.99.0.1", 6: "2001:db8:99::1"}
BEFORE = (POOLS + "pool own4 prefix 198.18.80.0/24\npool own6 prefix 2001:db8:dada:80::/64\n" + HOMES +
          "policy owners mark 0x2/0xff pool own4 pool own6 profile strict-rfc filter address-dependent\n"
          "bypass 10.99.0.0/16 drop\nbypass 2001:db8:99::/48 drop\n")
FEW = "pool few4 prefix 198.18.81.1/32 ports 5000-5007\npolicy homes mark 0x1/0xff pool few4 entropy 3 anonymity 2\n"
AFTER = OTHER + HOMES.replace("web", "new")
# Why nothing fails at a place, though its callee's name says that it may ask for memory
NEVER = {
    **dict.fromkeys(("pskb_trim", "skb_ensure_writable in cfr_icmp_from_quoted"),
                    "what has been made writable is not copied again"),
    "kmem_cache_destroy in cfr_flow_init": "comes after a failure, and they come one at a time",
    **dict.fromkeys(("nf_defrag_ipv4_disable", "nf_defrag_ipv6_disable", "unregister_pernet_subsys"),
                    "gives memory back"),
}
# Where it depends on the kernel whether any is asked for
PERHAPS = {
    "kmem_cache_destroy in cfr_flow_exit": "to make it known that its files in sysfs go",
    "genlmsg_reply": "a reply with room to spare is copied into less, or goes as it is",
}
MOMENT = 100    # flows that are made before the scheduler gives others the twentieth of a second that it keeps for them
PASSES = 3  # of loading: an allocation that the kernel makes only now and then moves which one is the n-th


def why(site, reasons):
    return next((why for part, why in reasons.items() if " " + part in site), None)


# --- injecting

def put(path, value):
    with open(path, "w", encoding="ascii") as f:
        f.write(str(value))


def get(path):
    with open(path, encoding="ascii") as f:
        return f.read()


def arm(start, end, probability):
    """All that is asked for beneath these addresses fails with this probability, percent"""
    for injector in INJECTORS:
        put(injector + "probability", 0)
        put(injector + "require-start", hex(start))
        put(injector + "require-end", hex(end))
        put(injector + "times", MANY)
        put(injector + "probability", probability)


def refused():
    return sum(MANY - int(get(injector + "times")) for injector in INJECTORS)


def disarm():
    """Nothing fails, and what is left of the filter does not decide over what other tests want to fail"""
    for injector in INJECTORS:
        put(injector + "probability", 0)
        put(injector + "verbose", 0)
        put(injector + "require-start", 0)
        put(injector + "require-end", 2 * sys.maxsize + 1)


def prepare():
    for injector in INJECTORS:
        put(injector + "interval", 1)
        put(injector + "space", 0)
        put(injector + "stacktrace-depth", 32)
        put(injector + "ignore-gfp-wait", "N")
    disarm()
    put(PAGES + "min-order", 0)


# --- loading

CONSTRUCTOR = b"_sub_I_"  # the compiler's own, which counts lines
FRAME = re.compile(rb"(\? )?(\w[\w.]*)\+(0x[0-9a-f]+)/0x[0-9a-f]+ \[cfr\]")


def say_where():
    """A reader of the kernel's log, from here on: where in the module memory was refused, by the kernel's word"""
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    os.lseek(log, 0, os.SEEK_END)

    def read():
        fresh, places = False, []
        with contextlib.suppress(BlockingIOError):
            while True:
                line = os.read(log, 8192)
                fresh = fresh or b"FAULT_INJECTION: forcing a failure" in line
                frame = FRAME.search(line)
                if fresh and frame and not frame[1]:
                    if not frame[2].startswith(CONSTRUCTOR):
                        places.append((frame[2].decode(), int(frame[3], 16)))
                    fresh = False
        return places
    return read


def load(nth):
    """Whether the module is in, and what was said"""
    def fail():
        put("/proc/self/fail-nth", nth)
    done = subprocess.run(["insmod", KO], check=False, capture_output=True, text=True,
                          preexec_fn=fail if nth else None)
    there = os.path.isdir("/sys/module/cfr")
    equal(there, not done.returncode, f"module that is there after insmod said {done.stderr.strip()!r}")
    return there, done.stderr


def load_failing(nth, sites):
    """The places where the nth allocation of loading was refused; None where there is no such allocation any more"""
    read, before = say_where(), refused()
    there, said = load(nth)
    if refused() == before:
        assert there, f"does not load: {said}"
        return None
    if there:
        unload()
    else:
        assert "Cannot allocate memory" in said, said
    # Where a smaller piece will do as well, the log is silent.
    return {str(sites.at(*place)) for place in read()}


def loading(sites):
    """Those where loading was made to fail"""
    base, seen, count = callsites.base(), set(), 0
    arm(base - AREA, base + AREA, 0)
    put(PAGES + "require-end", 0)   # when a slab wants a new page, chance decides
    for injector in INJECTORS:
        put(injector + "verbose", 2)
    for _ in range(PASSES):
        unload()
        for nth in itertools.count(1):
            failed = load_failing(nth, sites)
            if failed is None:
                break
            seen |= failed
            count += 1
    disarm()
    print(f"{count} allocations of loading failed")
    return seen


# --- the work

def tolerated(*words, ns=None, text=None):
    """Whether it was done; where not, a sentence says why"""
    with netns(ns) if ns else contextlib.nullcontext():
        done = subprocess.run(words, input=text, check=False, capture_output=True, text=True)
    if done.returncode:
        assert done.stderr.strip(), f"{' '.join(words)}: failed without a word"
    return not done.returncode


def configurations():
    """A configuration comes into force whole or not at all"""
    before = cfrctl("show")
    for text in (AFTER, BEFORE, "", BEFORE):
        if tolerated(ENV["CFRCTL"], "apply", "-", ns="relay", text=text):
            before = cfrctl("show")
            for line in text.splitlines():
                assert line in before, f"in force: {before!r}, applied: {text!r}"
        else:
            equal(cfrctl("show"), before, "configuration after a refusal")
    tolerated(ENV["CFRCTL"], "-j", "stats", ns="relay")
    tolerated(ENV["CFRCTL"], "flush", ns="relay")


def namespaces(count=1):
    """Relays of their own come and go"""
    names = [f"faults-{os.getpid()}-{n}" for n in range(count)]
    try:
        for name in names:
            if tolerated("ip", "netns", "add", name) and count == 1:
                tolerated("ip", "netns", "exec", name, ENV["CFRCTL"], "apply", "-", text=BEFORE)
    finally:
        for name in names:
            if os.path.exists(f"/run/netns/{name}"):
                subprocess.run(["ip", "netns", "del", name], check=True)


# --- packets

PAGED = Raw(b"p" * 4500)    # a packet that is longer than a page need not be linear
DEAD = {4: "198.18.6.20", 6: "2001:db8:dead::20"}   # behind a router that is not there
REPORT = {4: (3, 3, 0), 6: (1, 4, 0)}


class Rig:
    def __init__(self):
        self.inside = Port("acc", "up", ("relay", "cust"))
        self.wire = Port("inet", "down", ("relay", "up"))
        for port in (self.inside, self.wire):
            port.s.setsockopt(263, 15, 1)  # SOL_PACKET, PACKET_VNET_HDR
        self.watch = Port("inet", "down")
        # Whoever listens holds on to packets: before they are written to, they have to be copied.
        self.listeners = [Port("relay", "cust"), Port("relay", "up")]

    def forget(self):
        for port in (self.watch, *self.listeners):
            port.drain()


def send(port, packet, linear=65535):
    """Only the first octets of it in one piece"""
    packet = bytes(packet)
    frame = port.peer + port.mac + {4: b"\x08\0", 6: b"\x86\xdd"}[packet[0] >> 4] + packet
    port.s.send(struct.pack("=BBHHHH", 0, 0, min(14 + linear, len(frame)), 0, 0, 0) + frame)


def request(kind, family, port, to=None, customer="C1"):
    """What a customer sends; C2 is of scope endpoint"""
    head = ip(family, addr(customer, family), to or addr("DARK", family))
    if kind == "udp":
        return head / UDP(sport=port, dport=7000) / Raw(b"request!")
    if kind in ("tcp", "stray"):    # of no connection
        return head / TCP(sport=port, dport=7000, flags="S" if kind == "tcp" else "A")
    if family == 4:
        return head / ICMP(type=8, id=port) / Raw(b"request!")
    return head / ICMPv6EchoRequest(id=port, data=b"request!")


def response(kind, family, to, port, load):
    """What a remote answers, to whomever"""
    head = ip(family, addr("DARK", family), to)
    if kind == "udp":
        return head / UDP(sport=7000, dport=port) / load
    if kind == "tcp":
        return head / TCP(sport=7000, dport=port, flags="SA", ack=1) / load
    if family == 4:
        return head / ICMP(type=0, id=port) / load
    return head / ICMPv6EchoReply(id=port, data=load.load)


def relay_tuple(kind, family, packet):
    """Of a request that has left"""
    p = (IP if family == 4 else IPv6)(packet)
    return p.src, p.payload.sport if kind in ("udp", "tcp") else p.payload.id


class Flow:
    def __init__(self, rig, kind, family, customer="C1"):
        self.kind, self.family, self.customer, self.port = kind, family, customer, next(PORTS)
        self.request = bytes(request(kind, family, self.port, customer=customer))
        rig.forget()
        send(rig.inside, self.request)
        self.left = rig.watch.first(self.mine)
        self.relay, self.relay_port = relay_tuple(kind, family, self.left)

    def mine(self, packet):
        """Same length, family and remote: nothing else of that goes by here"""
        at = {4: slice(16, 20), 6: slice(24, 40)}[self.family]
        return len(packet) == len(self.request) and packet[at] == self.request[at]

    def about_it(self, load=Raw(b"")):
        """An error that a router outside sends; with a load, one whose quote goes on"""
        family = self.family
        yield error(family, addr("INET", family), self.relay, REPORT[family], self.left + load.load)
        if family == 4:
            p = IP(self.left)
            p.options, p.ihl, p.len, p.chksum = [b"\x01\x01\x01\x01"], None, None, None
            yield error(4, addr("INET", 4), self.relay, REPORT[4], bytes(p) + load.load)
        else:
            p = IPv6(self.left)
            rest = IPv6ExtHdrFragment(nh=p.nh, m=1) / Raw(bytes(p.payload))
            yield error(6, addr("INET", 6), self.relay, REPORT[6],
                        bytes(IPv6(src=p.src, dst=p.dst, nh=44) / rest) + load.load)

    def about_answer(self):
        """One that an access router sends about an answer that came in"""
        answer = bytes(response(self.kind, self.family, addr(self.customer, self.family), self.port, Raw(b"y" * 9)))
        return error(self.family, addr("ACC", self.family), addr("DARK", self.family),
                     REPORT[self.family], answer)

    def work(self, rig):
        head = HEADER[self.family]
        answer = response(self.kind, self.family, self.relay, self.relay_port, PAGED)
        send(rig.inside, self.request)
        send(rig.wire, answer)
        send(rig.wire, answer, head)
        for report in self.about_it():
            send(rig.wire, report)
        send(rig.inside, self.about_answer())
        for report in self.about_it(PAGED):
            # as far as each header that is read
            for linear in (head, head + 8, 2 * head + 8):
                send(rig.wire, report, linear)


class Pair:
    """Two endpoints of C2's, who send to one another's relay tuples"""

    def __init__(self, rig, family):
        self.family, self.flows = family, [Flow(rig, "udp", family, "C2") for _ in range(2)]

    def work(self, rig):
        """What one sends opens its filter for the other"""
        me = addr("C2", self.family)
        for one, other in (self.flows, self.flows[::-1], self.flows):
            send(rig.inside, ip(self.family, me, other.relay) / UDP(sport=one.port, dport=other.relay_port) / PAGED)
            came = ip(self.family, one.relay, me) / UDP(sport=one.relay_port, dport=other.port) / Raw(b"came")
            send(rig.inside, error(self.family, me, one.relay, REPORT[self.family], bytes(came)))


def refusals(rig):
    """Whatever a customer is told about a packet that does not go on"""
    for family in FAMILIES:
        send(rig.inside, request("stray", family, next(PORTS)))
        send(rig.inside, ip(family, addr("C1", family), addr("DARK", family), proto=132) / Raw(b"x" * 20))
        send(rig.inside, request("udp", family, next(PORTS), CLOSED[family]))
        with parameter("max_flows", 0):
            send(rig.inside, request("udp", family, next(PORTS)))


def routes_anew():
    """What the kernel remembers of those to the customers has to be allocated again"""
    with netns("relay"):
        for family in FAMILIES:
            command = ["ip", f"-{family}", "route"]
            found = subprocess.run([*command, "show", "dev", "cust"], check=True, capture_output=True, text=True)
            for line in found.stdout.splitlines():
                if " via " in line:
                    for verb in ("del", "add"):
                        subprocess.run([*command, verb, *line.split(), "dev", "cust"], check=True)


def own_errors(rig):
    """The relay's own, about packets that had left it"""
    routes_anew()
    for family in FAMILIES:
        send(rig.inside, request("udp", family, next(PORTS), DEAD[family]))
    time.sleep(0.3)     # until the router that is not there has not answered


def packets(rig, flows):
    for flow in flows:
        flow.work(rig)
    for family in FAMILIES:
        for kind in ("udp", "tcp", "echo"):
            for customer in ("C1", "C2"):
                send(rig.inside, request(kind, family, next(PORTS), customer=customer))
    refusals(rig)
    own_errors(rig)
    rig.forget()


def settled():
    """No live flow, only tuples that are held: how many"""
    cfrctl("flush")
    assert wait_for(lambda: not stats()["gauges"]["flows"]), "flows do not end"
    return stats()["gauges"]["held"]


def flood(rig, customer, odd):
    """So many flows at once that the table is full before the worker that makes it larger has had its turn. A held
    tuple has one place in it and a flow of C1's two, so that their number decides which of the two finds it full. One
    of C2's has five with its binding and its permit: as the table doubles again and again, all but one of them do."""
    packet = bytearray(bytes(request("udp", 4, 1, customer=customer)))
    packet[26:28] = bytes(2)    # no checksum
    while settled() % 2 != odd:
        send(rig.inside, request("udp", 4, next(PORTS)))
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    try:
        for port in range(1000, 1000 + MOMENT):
            packet[20:22] = port.to_bytes(2, "big")
            send(rig.inside, packet)
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def fill(rig, customer):
    """Until the place has found the table full, which the worker may have made larger all the same"""
    for attempt in range(4):
        flood(rig, customer, attempt % 2)
        if refused():
            return


def fraglists():
    """What GRO makes lists of, each member with headers of its own"""
    def ethtool(ns, dev, *features):
        with netns(ns):
            subprocess.run(["ethtool", "-K", dev, *features], check=True, capture_output=True)

    ethtool("relay", "cust", "gro", "on", "rx-gro-list", "on")
    ethtool("acc", "up", "tx-udp-segmentation", "off", "tx", "off")
    try:
        for family in FAMILIES:
            c = sock("c1", family, socket.SOCK_DGRAM)
            c.connect((addr("SRV", family), 7000))
            c.setsockopt(socket.IPPROTO_UDP, 103, 1000)  # UDP_SEGMENT
            for _ in range(20):
                with contextlib.suppress(OSError):
                    c.send(b"f" * 40000)
    finally:
        ethtool("acc", "up", "tx-udp-segmentation", "on", "tx", "on")
        ethtool("relay", "cust", "gro", "off", "rx-gro-list", "off")


def low(rig):
    """A pool whose entropy goes below its floor as soon as any of it is taken, and by one customer: whoever listens
    is told"""
    apply(FEW)
    for _ in range(7):
        send(rig.inside, request("udp", 4, next(PORTS)))
    wait_for(refused)


# --- all of it

def everything(rig, flows, site):
    before = nft_counter("relay", "killswitch", "caught")
    packets(rig, flows)
    if site.callee == "skb_cow_data":
        fraglists()
    if site.callee.startswith("rhashtable_lookup"):
        fill(rig, "C2" if "share" in str(site) else "C1")
    equal(nft_counter("relay", "killswitch", "caught"), before, "packets that the relay let go as they were")
    tells = site.callee == "genlmsg_new" and "config_set" not in str(site)
    if tells or str(site).startswith("anonymity.c:"):
        low(rig)
    configurations()
    if "_init" in str(site) or "hook_register" in str(site):    # what is done once for each of them
        # What each CPU has its own of comes in large pieces: most of the time there is room in the last one.
        namespaces(300 if site.callee == "alloc_percpu" else 1)
    unload()


def works():
    """As if nothing had happened"""
    apply(BEFORE)
    cfrctl("flush")
    for c, server, _ in relays(next(SERVERS)):
        c.close()
        server.close()


def one(rig, site, ranges):
    """How often the place was refused memory"""
    count = 0
    for start, end in ranges:
        works()
        flows = [Flow(rig, kind, family) for kind in ("udp", "tcp", "echo") for family in FAMILIES]
        flows += [Pair(rig, family) for family in FAMILIES]
        base = callsites.base()
        arm(base + start, base + end, 100)
        try:
            everything(rig, flows, site)
        finally:
            disarm()
        count += refused()
        there, said = load(0)
        assert there, said
    works()
    return count


def working(sites):
    """Those that were refused memory"""
    rig, failed, wrong = Rig(), set(), []
    for site in sites.all:
        if site.section != ".text":
            continue
        try:
            count = one(rig, site, sites.ranges(site))
        except Exception as e:  # pylint: disable=broad-except
            wrong.append(f"{site}: {type(e).__name__}: {e}")
            continue
        print(f"{site}: refused {count} times")
        if count:
            failed.add(str(site))
    assert not wrong, "\n".join(wrong)
    return failed


def main(phase, store):
    """What has failed in the first phase is in the store for the second"""
    prepare()
    sites = callsites.Sites(KO, ENV["CFR_TREE"])
    if phase == "loading":
        with case("loading: each allocation fails once, and then it loads"):
            failed = loading(sites)
            put(store, "\n".join(failed))
        return
    failed = set(get(store).splitlines())
    with case("each place is refused memory while all is done: nothing half, and afterwards it works"):
        failed |= working(sites)
    with case("no place was left out without a reason"):
        left = {str(site) for site in sites.all} - failed
        for site in sorted(left):
            print(f"{site}: never: {why(site, NEVER | PERHAPS)}")
        equal({site for site in left if not why(site, NEVER | PERHAPS)}, set(), "places left out")
        equal({site for site in failed if why(site, NEVER)}, set(), "places with a reason not to fail")
    figure("fault_sites", len(sites.all))
    figure("fault_sites_failed", len(failed))


main(*sys.argv[1:])
