#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Transfers through the relay, there and back in one connection, between stacks that have each combination of TCP's
extensions, over lines that lose or reorder. With and without normalisation the lines draw from the same seeds.

transfers.py smoke: some of them, as test cases
transfers.py matrix FIRST STEP RUNS FILE: of all combinations each STEP-th from FIRST on, RUNS times; a line of JSON
in FILE for each transfer
"""
import contextlib
import errno
import itertools
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import typing

from lab import AF, HOMES, POOLS, addr, apply, case, digest, letters, netns, read_all, sysctl

PORT = 9000
MPTCP = 262     # IPPROTO_MPTCP
FASTOPEN = 23   # TCP_FASTOPEN
DELAY = 10      # ms, each way
RATE = 20       # Mbit/s
LIMIT = 300     # seconds: who takes longer is stuck
SIZE = 250000   # octets, each way
MTU = 1400      # a customer's, so that no normalisation makes segments smaller: lines lose the same of each
MODES = {
    "off": "normalise off", "full": "normalise full", "uniform": "normalise uniform",
    "isn": "normalise full touch isn",
}
# What happens to a packet, of each direction
LINES = {
    "0 %": "", "1 %": "loss 1%", "5 %": "loss 5%",
    # One in ten overtakes those that wait.
    "reordering": "reorder 10%",
}
ECN = {"none": 0, "ECN": 1, "AccECN": 3}


class Stack(typing.NamedTuple):
    """What both ends have"""
    timestamps: bool
    sack: bool
    scaling: bool
    ecn: str
    fastopen: bool
    mptcp: bool

    def __str__(self):
        words = [field for field in self._fields if getattr(self, field) is True]
        return " ".join(words + [self.ecn] * (self.ecn != "none")) or "nothing"

    def become(self):
        for ns in ("c1", "srv"):
            sysctl(ns, "net.ipv4.tcp_timestamps", int(self.timestamps))
            sysctl(ns, "net.ipv4.tcp_sack", int(self.sack))
            sysctl(ns, "net.ipv4.tcp_window_scaling", int(self.scaling))
            sysctl(ns, "net.ipv4.tcp_ecn", ECN[self.ecn])
            sysctl(ns, "net.ipv4.tcp_fastopen", 3 if self.fastopen else 0)


def congestion_signals():
    """Those that this kernel has"""
    try:
        sysctl("c1", "net.ipv4.tcp_ecn", ECN["AccECN"])
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise
        return [name for name in ECN if name != "AccECN"]
    return list(ECN)


def stacks():
    """Every combination but MPTCP with Fast Open: where its cookie is refused, by a server or since a relay lets none
    through, Linux 6.12's MPTCP now and then ends before all data is there"""
    both = (False, True)
    every = (Stack(*which) for which in itertools.product(both, both, both, congestion_signals(), both, both))
    return [stack for stack in every if not (stack.fastopen and stack.mptcp)]


# --- the line

def line(effect, seed):
    """Packets, not super-packets, are lost: see packets()"""
    common = f"limit 2000 delay {DELAY}ms rate {RATE}mbit {effect} seed"
    text = "".join(f"qdisc replace dev {dev} root netem {common} {seed + at}\n" for at, dev in enumerate(("up", "cust")))
    with netns("relay"):
        subprocess.run(["tc", "-batch", "-"], input=text, text=True, check=True)


def packets():
    """Each by itself, and what a stack has learnt of the other it forgets"""
    with netns("c1"):
        subprocess.run(["ip", "link", "set", "dev", "eth0", "mtu", str(MTU)], check=True)
    for ns in ("c1", "srv"):
        with netns(ns):
            subprocess.run(["ethtool", "-K", "eth0", "tso", "off", "gso", "off", "gro", "off"], check=True,
                           capture_output=True)
        sysctl(ns, "net.ipv4.tcp_no_metrics_save", 1)


# --- both ends

def patient(s):
    """Blocking, as Fast Open wants it, but not for ever"""
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        s.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", LIMIT, 0))


class Clock:
    """Of octets that come: from the first on"""

    def __init__(self, s, size):
        self.data = read_all(s, 1)
        first = time.monotonic()
        self.data += read_all(s, size - 1)
        self.seconds = time.monotonic() - first
        if len(self.data) < size:
            raise ConnectionError(f"ended after {len(self.data)} octets of {size}")


class Server(threading.Thread):
    """Takes so many octets as the first four say, and sends as many back; says how long it received"""

    def __init__(self, family, mptcp):
        super().__init__(daemon=True)
        with netns("srv"):
            self.listener = socket.socket(AF[family], socket.SOCK_STREAM, MPTCP if mptcp else 0)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((addr("SRV", family), PORT + mptcp))
        with contextlib.suppress(OSError):  # of MPTCP, kernels before 6.2
            self.listener.setsockopt(socket.IPPROTO_TCP, FASTOPEN, 16)
        self.listener.listen(16)

    def run(self):
        while True:
            s = self.listener.accept()[0]
            patient(s)
            try:
                size = struct.unpack("!I", read_all(s, 4))[0]
                came = Clock(s, size)
                s.sendall(struct.pack("!d", came.seconds) + came.data)
            except (OSError, struct.error) as e:
                print(f"# the server: {e}", file=sys.stderr)
            s.close()


def transfer(family, stack, size):
    """There and back: seconds that each end received for, together"""
    data = letters(size)
    with netns("c1"):
        s = socket.socket(AF[family], socket.SOCK_STREAM, MPTCP if stack.mptcp else 0)
    with s:
        patient(s)
        there = (addr("SRV", family), PORT + stack.mptcp)
        head = struct.pack("!I", size)
        if stack.fastopen:
            s.sendto(head, socket.MSG_FASTOPEN, there)
        else:
            s.connect(there)
            s.sendall(head)
        s.sendall(data)
        took = struct.unpack("!d", read_all(s, 8))[0]
        back = Clock(s, size)
        assert digest(back.data) == digest(data), "what came back is not what was sent"
        return took + back.seconds


def servers(family):
    for mptcp in (False, True):
        Server(family, mptcp).start()


def relay(mode):
    apply(POOLS + HOMES.replace("\n", f" {MODES[mode]}\n"))


# --- what is asked for

def smoke():
    """All extensions or none: what is sent arrives"""
    every = Stack(True, True, True, congestion_signals()[-1], True, False)
    paths = every._replace(fastopen=False, mptcp=True)
    none = Stack(False, False, False, "none", False, False)
    for family in AF:
        servers(family)
        for mode, stack in itertools.product(MODES, (every, paths, none)):
            with case(f"IPv{family}, {MODES[mode]}: a transfer over lines that lose and reorder, of stacks with {stack}"):
                relay(mode)
                stack.become()
                line("loss 2% reorder 10%", 1)
                transfer(family, stack, 100000)


def matrix(first, step, runs, path):
    servers(4)
    with open(path, "w", encoding="ascii", buffering=1) as out:
        for stack in stacks()[first::step]:
            stack.become()
            for mode in MODES:
                relay(mode)
                for (name, effect), seed in itertools.product(LINES.items(), range(1, 1 + runs)):
                    line(effect, seed * 1000)
                    result = {"stack": str(stack), "mode": mode, "line": name, "seed": seed, "octets": 2 * SIZE}
                    try:
                        result["seconds"] = transfer(4, stack, SIZE)
                    except (OSError, AssertionError) as e:
                        result["failed"] = str(e)
                    out.write(json.dumps(result) + "\n")


def main():
    packets()
    if sys.argv[1] == "smoke":
        smoke()
    else:
        matrix(*map(int, sys.argv[2:5]), sys.argv[5])


main()
