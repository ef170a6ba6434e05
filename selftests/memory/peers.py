#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""peers.py FOLDER NAME WORDS: all that a relay in a VM talks to, and a look into the VM's memory, through the sockets in FOLDER:
cust and up, a frame a datagram, and qmp. NAME is what QEMU calls that folder, WORDS are the
kernel's: with mappings=sealed, live mappings are not to be found either. KTAP."""
import contextlib
import ipaddress
import json
import mmap
import os
import re
import socket
import struct
import subprocess
import sys
import time

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

CUSTOMERS = 8
NEAR = 256          # octets, between addresses that belong together
PATIENCE = 240      # seconds
CUST, UP = ("52:54:00:00:00:11", "52:54:00:00:00:01"), ("52:54:00:00:00:12", "52:54:00:00:00:02")
SERVER = {4: "203.0.113.20", 6: "2001:db8:5::20"}
POOL = {4: ipaddress.ip_network("198.51.100.0/24"), 6: ipaddress.ip_network("2001:db8:cf::/56")}
PORTS = {TCP: 80, UDP: 443}


def customer(number, family):
    # no octets that text, code or other addresses have
    if family == 4:
        return f"10.83.{171 + number}.{211 + number}"
    return f"fd83:c0de:b{number}7e:93::a7{number}d:e{number}51"


class Link:
    """One of the VM's devices"""

    def __init__(self, folder, name, macs):
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.s.bind(f"{folder}/{name}.peer")
        self.path, self.macs = f"{folder}/{name}.vm", macs

    def send(self, packet):
        frame = Ether(src=self.macs[0], dst=self.macs[1]) / packet
        self.s.sendto(bytes(frame), self.path)

    def next(self, seconds):
        self.s.settimeout(max(seconds, 0.01))
        try:
            frame = Ether(self.s.recv(1 << 16))
        except TimeoutError:
            return None
        return frame.payload if isinstance(frame.payload, (IP, IPv6)) else self.next(seconds)

    def wait(self, pred, seconds=PATIENCE, again=None):
        """The first packet that fits; again: sent each second until then"""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if again is not None:
                again()
            stop = min(end, time.monotonic() + 1)
            while (left := stop - time.monotonic()) > 0:
                p = self.next(left)
                if p is not None and pred(p):
                    return p
        raise TimeoutError("nothing came of what was waited for")


class Flow:
    """Between a crafted customer and a crafted server"""

    def __init__(self, lab, number, family, kind):
        self.lab, self.family, self.kind = lab, family, kind
        self.src, self.sport = customer(number, family), 40000 + number * 100 + family * 10 + (kind is TCP)
        self.relay = None

    def head(self, src, dst):
        return (IP if self.family == 4 else IPv6)(src=src, dst=dst)

    def out(self, **fields):
        p = self.head(self.src, SERVER[self.family]) / self.kind(sport=self.sport, dport=PORTS[self.kind], **fields)
        p = p / Raw(b"from a customer") if fields.get("flags") != "S" else p

        def mine(got):
            return (self.kind in got and got[self.kind].dport == PORTS[self.kind]
                    and ipaddress.ip_address(got.src) in POOL[self.family]
                    and (self.relay is None or (got.src, got[self.kind].sport) == self.relay))

        got = self.lab.up.wait(mine, again=lambda: self.lab.cust.send(p))
        self.relay = got.src, got[self.kind].sport
        return got

    def back(self, **fields):
        p = self.head(SERVER[self.family], self.relay[0])
        p = p / self.kind(sport=PORTS[self.kind], dport=self.relay[1], **fields) / Raw(b"from a server")
        self.lab.cust.wait(lambda got: got.dst == self.src and self.kind in got and got[self.kind].dport == self.sport,
                           again=lambda: self.lab.up.send(p))

    def begin(self):
        if self.kind is UDP:
            self.out()
            self.back()
            return
        self.out(flags="S", seq=100)
        self.back(flags="SA", seq=500, ack=101)
        self.out(flags="A", seq=101, ack=501)

    def refresh(self):
        if self.kind is UDP:
            self.out()

    def end(self):
        if self.kind is TCP:
            self.out(flags="RA", seq=116, ack=501)


class Machine:
    """The VM, by QEMU's monitor"""

    def __init__(self, folder, name):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(PATIENCE)
        self.s.connect(f"{folder}/qmp")
        self.lines = self.s.makefile("r")
        self.lines.readline()
        self.ask("qmp_capabilities")
        self.folder, self.name = folder, name

    def ask(self, command, **arguments):
        self.s.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        for line in self.lines:
            answer = json.loads(line)
            if "error" in answer:
                raise OSError(answer["error"]["desc"])
            if "return" in answer:
                return answer["return"]
        raise OSError("QEMU has gone")

    def dump(self, name="memory"):
        """A file with all of its memory; it stands still for as long as that takes"""
        self.ask("dump-guest-memory", paging=False, protocol=f"file:{self.name}/{name}")
        return f"{self.folder}/{name}"

    def memory(self):
        path = self.dump()
        with open(path, "rb") as f:
            whole = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        os.unlink(path)
        return whole


class Lab:
    def __init__(self, folder):
        self.cust, self.up = Link(folder, "cust", CUST), Link(folder, "up", UP)

    def says(self, pred, seconds=PATIENCE):
        """What the relay says of itself"""
        def fits(p):
            if UDP not in p or p[UDP].dport != 9999:
                return False
            words = bytes(p[UDP].payload).decode().split()
            return pred({name: int(value) for name, value in zip(words[::2], words[1::2])})
        self.up.wait(fits, seconds)

    def enough(self, seconds=PATIENCE, port=9):
        """Until the machine has gone, or so long; port 9: of its flows, 8: of what is left without the module"""
        end = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while time.monotonic() < end:
                self.cust.send(IP(src="10.83.200.2", dst="10.83.200.1") / UDP(sport=9, dport=port))
                time.sleep(0.5)


def found(memory, octets):
    at = memory.find(octets)
    while at >= 0:
        yield at
        at = memory.find(octets, at + 1)


def packed(text):
    return ipaddress.ip_address(text).packed


def pairs(memory, flows):
    """How often a customer's address is near a relay address that it had; and how often with its port as a flow object
    has them"""
    near = objects = alone = 0
    for flow in flows:
        relay = packed(flow.relay[0])
        port = struct.pack(">H", flow.sport)
        for at in found(memory, packed(flow.src)):
            alone += 1
            around = memory[max(0, at - NEAR):at + NEAR]
            near += relay in around
            objects += memory[at - 12:at - 10] == port
    return near, objects, alone


def unsealed(machine, flows, *memories):
    """How many of these flows are found in a memory, the machine's as it is now; how often the key that they are sealed
    under, there or in a second memory"""
    def digits(octets):
        return octets[::-1].hex()   # as a number of this machine's

    lines = "\n".join(" ".join(digits(part) for end in ((f.src, f.sport), f.relay, (SERVER[4], PORTS[f.kind]))
                              for part in (packed(end[0]), struct.pack(">H", end[1]))) for f in flows if f.family == 4)
    paths = memories or (machine.dump(),)
    words = subprocess.run([f"{machine.folder}/unseal", *paths], input=lines, capture_output=True, text=True,
                           check=True).stdout.split()
    for path in paths:
        os.unlink(path)
    return int(words[1]), int(words[3])


class Report:
    def __init__(self, plan):
        print(f"KTAP version 1\n1..{plan}", flush=True)
        self.number = self.failed = 0

    def result(self, good, name):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} {name}", flush=True)

    def end(self):
        print(f"# totals: pass:{self.number - self.failed} fail:{self.failed} skip:0")
        return bool(self.failed)


def panics(lab, machine, report, flows):
    """Whoever has the memory opens sealed flows for as long as the machine lives. What a crash leaves, nobody does."""
    objects, keys = unsealed(machine, flows)
    print(f"# alive: {objects} flows, {keys} keys that open them")
    report.result(objects >= len(flows) // 2 and keys > 0, "while the machine lives, flows and their key are found")
    lab.enough(10)
    with contextlib.suppress(TimeoutError):
        while True:
            lab.says(lambda _: True, 20)
    objects, keys = unsealed(machine, flows)
    print(f"# after a panic: {objects} flows, {keys} keys that open them")
    # those of UDP may have ended before
    report.result(objects >= len(flows) // 4, "after a panic the flows are in memory still")
    report.result(keys == 0, "and nothing that opens them")


def unloaded(lab, machine, report, flows, alive):
    """The key has gone with the module"""
    lab.says(lambda now: now["loaded"] == 0)
    time.sleep(2)
    objects, keys = unsealed(machine, flows, alive, machine.dump())
    print(f"# {objects} flows had been in memory; without the module, {keys} keys are there that open them")
    report.result(objects >= len(flows) // 2 and keys == 0, "when the module has gone, no key of those flows is in memory")


def main():
    folder, name, words = sys.argv[1:]
    sealed = "mappings=sealed" in words.split()
    lab = Lab(folder)
    lab.says(lambda _: True, 600)
    machine = Machine(folder, name)
    report = Report(3 if "relay=panics" in words.split() else 4 + 2 * sealed)
    flows = [Flow(lab, n, family, kind) for n in range(CUSTOMERS) for family in (4, 6) for kind in (TCP, UDP)]
    for flow in flows:
        flow.begin()
    for flow in flows:
        flow.refresh()
    if "relay=panics" in words.split():
        panics(lab, machine, report, flows)
        return report.end()
    if sealed:
        alive = machine.dump("alive")
        objects, keys = unsealed(machine, flows)
        report.result(objects >= len(flows) // 2 and keys > 0, "while flows live, their key is found")
    near, objects, alone = pairs(machine.memory(), flows)
    print(f"# {len(flows)} live flows: {near} pairs within {NEAR} octets, {objects} endpoints as flows have them, "
          f"{alone} addresses of customers")
    if sealed:
        report.result(near == 0, "while flows live, sealed, no customer is beside its relay address")
        report.result(objects == 0, "nor in a flow")
    else:
        report.result(near >= len(flows), "while flows live, the search finds each customer beside its relay address")
        report.result(objects >= len(flows), "and each flow")
    for flow in flows:
        flow.end()
    lab.says(lambda now: now["flows"] == now["held"] == 0 and now["created"] >= len(flows))
    time.sleep(2)   # a grace period, which is much shorter
    memory = machine.memory()
    near, objects, alone = pairs(memory, flows)
    print(f"# afterwards: {near} pairs, {objects} endpoints as flows have them; {alone} addresses of customers, in packets")
    report.result(near == 0, "after the last flow, its hold-off and a grace period no customer is beside its relay address")
    report.result(objects == 0, "and no flow is left")
    relays = sum(1 for flow in flows for _ in found(memory, packed(flow.relay[0])))
    print(f"# {relays} relay addresses, in packets; "
          f"{len(re.findall(b'from a customer', memory))} payloads of customers")
    if sealed:
        lab.enough(10)
        unloaded(lab, machine, report, flows, alive)
    lab.enough(port=8 if sealed else 9)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
