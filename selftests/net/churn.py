#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whatever may go, goes again and again while two CPUs send. What is judged is
that the kernel stays whole, that nothing leaves with a customer's address, that
flows which are meant to stay do, and that the relay relays again after each.
"""
import contextlib
import itertools
import json
import os
import random
import socket
import struct
import subprocess
import time

from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest
from scapy.packet import Raw

from crafted import ip
from lab import (ENV, FAMILIES, HEADER, HOMES, OTHER, PATIENCE, POOLS, TIMEOUT, Port, Skip, addr, answered, apply,
                 case, cfrctl, equal, figure, internet_sum, moved, nft_counter, parameter, relays, stats, unload,
                 wait_for)

SECONDS = float(ENV.get("CFR_CHURN_SECONDS", 4 * PATIENCE))
FLOWS = 4096    # of each kind: most packets are of flows that live
SERVERS = iter(range(9000, 60000))
TINY = "pool web4 prefix 198.51.100.9/32 ports 2000-2003\npool web6 prefix 2001:db8:cf::/56\n"


def sh(*words, text=None):
    done = subprocess.run(words, input=text, check=False, capture_output=True, text=True)
    equal(done.returncode, 0, f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


# --- traffic

def templates(customer, family):
    """(packet, where its ports or its id are, where the word is that balances them in the checksum)"""
    head, l4 = ip(family, addr(customer, family), addr("DARK", family)), HEADER[family]
    word = Raw(b"\xff\xffchurning")
    echo = ICMP(type=8, id=0) / word if family == 4 else ICMPv6EchoRequest(id=0, data=word.load)
    yield head / UDP(sport=0, dport=0) / word, l4, l4 + 8
    yield head / TCP(sport=0, dport=0, flags="S", seq=0xffff), l4, l4 + 6
    yield head / echo, l4 + 4, l4 + 8


def send_forever(port, flood=False):
    """Packets of new flows and of live ones, or of a customer whose every packet is a new flow's"""
    port.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    frames = []
    for customer, family in itertools.product(("C1",) if flood else ("C1", "C2"), FAMILIES):
        for packet, *places in templates(customer, family):
            kind = {4: b"\x08\x00", 6: b"\x86\xdd"}[family]
            frames.append((bytearray(port.peer + port.mac + kind + bytes(packet)),
                           *(14 + place for place in places)))
    while True:
        frame, ports, word = random.choice(frames)
        here = random.randrange(1, 65536 if flood else FLOWS)
        there = random.randrange(1, 65536) if flood else 7000
        struct.pack_into(">HH", frame, ports, here, there)
        balance = 0xffff - internet_sum(struct.pack(">HH", here, there))
        struct.pack_into(">H", frame, word, balance)
        with contextlib.suppress(OSError):
            port.s.send(frame)


def answer(p):
    """What a remote that mirrors everything sends back"""
    family = p[0] >> 4
    at, size, l4 = (12, 4, 20) if family == 4 else (8, 16, 40)
    p[at:at + size], p[at + size:at + 2 * size] = p[at + size:at + 2 * size], p[at:at + size]
    if p[9 if family == 4 else 6] in (6, 17):
        p[l4:l4 + 2], p[l4 + 2:l4 + 4] = p[l4 + 2:l4 + 4], p[l4:l4 + 2]
    elif p[l4] in (8, 128):
        request, reply = {8: (0x0800, 0), 128: (0x8000, 0x8100)}[p[l4]]
        p[l4] = reply >> 8
        check = bytes(p[l4 + 2:l4 + 4]) + struct.pack(">HH", request, 0xffff - reply)
        struct.pack_into(">H", p, l4 + 2, internet_sum(check))
    return p


def answer_forever(port):
    while True:
        packet = port.first(lambda _: True, 86400)
        with contextlib.suppress(OSError):
            port.send(answer(bytearray(packet)))


def from_customers():
    return Port("acc", "up", ("relay", "cust"))


def from_internet():
    return Port("inet", "down", ("relay", "up"))


@contextlib.contextmanager
def running(*works):
    """Each in a process of its own, on one of two CPUs"""
    cpus = sorted(os.sched_getaffinity(0))
    children = []
    for n, (work, *args) in enumerate(works):
        pid = os.fork()
        if pid == 0:
            os.sched_setaffinity(0, {cpus[n % 2]})
            os.nice(5)  # what goes shall go often
            try:
                work(*args)
            finally:
                os._exit(1)
        children.append(pid)
    try:
        yield
        for pid in children:
            equal(os.waitpid(pid, os.WNOHANG)[0], 0, "process that gave up")
    finally:
        for pid in children:
            os.kill(pid, 9)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


# --- what goes

def swap(n):
    apply((POOLS + HOMES if n % 2 else OTHER + HOMES.replace("web", "new"))
          + f"bypass 192.0.2.{8 + n % 100}\n")


def flush(_):
    cfrctl("flush")


def relay_ip(*lines):
    sh("ip", "-n", ENV["relay"], "-batch", "-", text="\n".join(lines) + "\n")


def address(_):
    lines = [f"addr {{}} {a} dev up" for a in ("192.0.2.222/32", "2001:db8:1::de/128")]
    relay_ip(*(line.format("add") for line in lines))
    relay_ip(*(line.format("del") for line in lines))


def device(n):
    """The way to the internet itself goes down and loses addresses and routes; another goes for good"""
    relay_ip("link set dev up down", "link set dev up up",
             f"addr replace {addr('UP', 6)}/64 dev up nodad",
             *(f"route replace default via {addr('INET', family)}" for family in FAMILIES),
             "link add spare type dummy", f"addr add 198.18.80.{n % 250 + 1}/32 dev spare",
             "link set dev spare up", "route replace 198.18.5.0/24 dev spare")
    time.sleep(0.1)
    relay_ip("link del spare")


@contextlib.contextmanager
def second_relay(name):
    """On another link of the access router's, under traffic of its own"""
    acc = ENV["acc"]
    sh("ip", "netns", "add", name)
    try:
        sh("ip", "-n", acc, "link", "add", "second", "type", "veth", "peer", "name", "cust",
           "netns", name)
        sh("ip", "-n", name, "-batch", "-", text="\n".join((
            "link add name up type dummy", "link set dev up up", "link set dev cust up",
            *(line for family in FAMILIES for line in (
                f"addr add {addr('UP', family)}/{64 if family == 6 else 24} dev up",
                f"route add default via {addr('INET', family)}",
                f"neigh add {addr('INET', family)} lladdr 02:00:00:00:00:01 dev up")), "")))
        sh("ip", "-n", acc, "link", "set", "second", "up")
        inside(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        inside(name, "nft", "table inet m { chain p { type filter hook prerouting priority raw; "
               "meta mark set 1; }; }")
        inside(name, ENV["CFRCTL"], "apply", "-", text=POOLS + HOMES)
        link = json.loads(sh("ip", "-n", name, "-j", "link", "show", "cust"))[0]
        port = Port("acc", "second")
        port.peer = bytes.fromhex(link["address"].replace(":", ""))
        with running((send_forever, port), (send_forever, port)):
            yield
    finally:
        with contextlib.suppress(AssertionError):
            sh("ip", "netns", "del", name)


def inside(name, *words, text=None):
    return sh("ip", "netns", "exec", name, *words, text=text)


def namespace(n):
    def busy():
        made = json.loads(inside(name, ENV["CFRCTL"], "-j", "stats"))["counters"]["flows_created"]
        return made > 50

    def gone():
        return "second" not in sh("ip", "-n", ENV["acc"], "link")

    name = f"churn-{os.getpid()}-{n}"
    with second_relay(name):
        assert wait_for(busy), "no flows in the second relay"
        sh("ip", "netns", "del", name)
        assert wait_for(gone), "the namespace's devices do not go"


def reload(_):
    unload()
    sh("modprobe", "cfr")
    apply(POOLS + HOMES)
    assert wait_for(lambda: stats()["counters"]["flows_created"] > 50), "no traffic"


def exhaust(n):
    apply((POOLS if n % 2 else TINY) + HOMES)
    time.sleep(0.1)


def fill(_):
    with parameter("max_flows", 100):
        time.sleep(0.2)
    time.sleep(0.1)


def wait(_):
    time.sleep(0.1)


def jump(_):
    if not ENV.get("CFR_BOOT"):
        raise Skip("not on a machine that somebody needs")
    for day in (86400, -86400):
        time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME) + day)
        time.sleep(0.05)


def suspend(_):
    if ENV["REHEARSED"] != "yes":
        raise Skip("this kernel cannot rehearse it")
    with open("/sys/power/state", "w", encoding="ascii") as f:
        f.write("freeze")


# name, what is done again and again, whether a flow lives through it, the refusal to be counted
CHURN = [
    ("configurations are swapped", swap, False, None),
    ("all flows are flushed", flush, False, None),
    ("addresses come and go", address, True, None),
    ("devices go down and away", device, True, None),
    ("namespaces end", namespace, True, None),
    ("a pool is exhausted", exhaust, False, "pool_exhausted"),
    ("the table is full", fill, True, "table_full"),
    ("a customer floods", wait, True, None),
    ("the clock jumps", jump, True, None),
    ("the machine suspends", suspend, False, None),
    ("the module is unloaded", reload, False, None),
]


def caught():
    return nft_counter("relay", "killswitch", "caught")


def no_flows():
    cfrctl("flush")
    return stats()["gauges"]["flows"] == 0


def enough(n, since, before, refusal):
    """Often, long and busy enough, on a machine however slow"""
    if n < 3 or time.monotonic() < since + SECONDS:
        return False
    after = stats()
    return (moved(before, after, "counters").get("flows_created", 0) > 50
            and (not refusal or moved(before, after, "refusals").get(refusal)))


def churn(what, keeps, refusal):
    """Returns how long it lasted"""
    apply(POOLS + HOMES)
    cfrctl("flush")
    flows, start, before_caught = relays(next(SERVERS)), time.monotonic(), caught()
    # A module that has just come has counted nothing yet.
    before = {"counters": {}, "refusals": {}} if what is reload else stats()
    customers = (send_forever, from_customers(), what is wait)
    with running(customers, customers, (answer_forever, from_internet())):
        for n in itertools.count():
            what(n)
            for c, server, peer in flows if keeps else ():
                equal(answered(c, server), peer, "relay tuple of a flow that was meant to stay")
            if enough(n + 1, start, before, refusal):
                break
            assert time.monotonic() < start + SECONDS + TIMEOUT, "too little of it, or no traffic"
        lasted = time.monotonic() - start
        print(f"{n + 1} times, {stats()['gauges']}")
    # Whatever the module refuses it drops itself.
    if what is not reload:
        equal(caught() - before_caught, 0, "packets left to the kill switch")
    apply(POOLS + HOMES)
    assert wait_for(no_flows), f"flows that no flush ends: {stats()['gauges']}"
    relays(next(SERVERS))
    return lasted


def main():
    lasted = 0
    for name, *how in CHURN:
        with case(f"under traffic {name}"):
            lasted += churn(*how)
    if "CFR_CHURN_SECONDS" in ENV:  # meant to last
        figure("churn_minutes", f"{lasted / 60:.1f}")


main()
