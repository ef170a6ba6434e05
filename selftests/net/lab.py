# SPDX-License-Identifier: GPL-2.0
"""The lab of lib.sh for python: one process with sockets in all namespaces.

Sends and waits are pinned to one CPU, whose backlog is first in, first out:
when a barrier has come through, all that was sent before it has come through
or is gone for good.
"""
import contextlib
import ctypes
import hashlib
import ipaddress
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

ENV = os.environ
PATIENCE = int(ENV.get("CFR_PATIENCE", 1))  # how much slower than others this machine is
TIMEOUT = 60 * PATIENCE
SHARE = PATIENCE * int(ENV.get("CFR_SHARE", 1))  # what is done thousands of times is done so many times less
POOL = {4: ipaddress.ip_network(ENV["POOL4"]), 6: ipaddress.ip_network(ENV["POOL6"])}
# What setup_cfr of lib.sh applies is POOLS + HOMES; OTHER pools share no address with these.
POOLS = f"pool web4 prefix {ENV['POOL4']}\npool web6 prefix {ENV['POOL6']}\n"
OTHER = "pool new4 prefix 198.18.64.0/24\npool new6 prefix 2001:db8:dada:40::/64\n"
HOMES = "policy homes mark 0x1/0xff pool web4 pool web6\n"
AF = {4: socket.AF_INET, 6: socket.AF_INET6}
FAMILIES = (4, 6)
ETH = {4: 0x0800, 6: 0x86dd}
HEADER = {4: 20, 6: 40}
RCVBUFFORCE = 33  # SO_RCVBUFFORCE

_libc = ctypes.CDLL(None, use_errno=True)
_home = os.open("/proc/self/ns/net", os.O_RDONLY)
_fds = {}


def addr(name, family):
    """addr("SRV", 6) is what lib.sh calls SRV_6"""
    return ENV[f"{name}_{family}"]


def pin(cpu=0):
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[cpu]})


@contextlib.contextmanager
def netns(name):
    """name as in setup_ns: c1, acc, relay, inet, srv"""
    if name not in _fds:
        _fds[name] = os.open("/run/netns/" + ENV[name], os.O_RDONLY)
    if _libc.setns(_fds[name], 0):
        raise OSError(ctypes.get_errno(), "setns")
    try:
        yield
    finally:
        _libc.setns(_home, 0)


def nft_counter(ns, table, name):
    """How many packets"""
    with netns(ns):
        out = subprocess.run(["nft", "-j", "list", "counter", "inet", table, name],
                             check=True, capture_output=True).stdout
    return next(entry["counter"]["packets"] for entry in json.loads(out)["nftables"] if "counter" in entry)


def sock(ns, family, kind, bind=None, proto=0):
    with netns(ns):
        s = socket.socket(AF[family], kind, proto)
    s.settimeout(TIMEOUT)
    if kind == socket.SOCK_STREAM:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bind:
        s.bind(bind)
    return s


def udp_flow(family, port):
    """A relayed UDP flow: the customer's socket, the server's, the relay tuple"""
    server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), port))
    c = sock("c1", family, socket.SOCK_DGRAM)
    c.connect((addr("SRV", family), port))
    c.send(b"hello")
    peer = server.recvfrom(10)[1][:2]
    assert in_pool(peer[0], family), peer
    return c, server, peer


def tcp_flow(family, port):
    """The same of TCP"""
    listener = sock("srv", family, socket.SOCK_STREAM, (addr("SRV", family), port))
    listener.listen(1)
    c = sock("c1", family, socket.SOCK_STREAM)
    c.connect((addr("SRV", family), port))
    server, peer = listener.accept()
    server.settimeout(TIMEOUT)
    assert in_pool(peer[0], family), peer
    return c, server, peer[:2]


def punched(ns, name, family, listener):
    """A customer's connection, both its ends; an unconnected socket with the customer's port of it; as what the
    listener has seen that"""
    def twin(port):
        s = sock(ns, family, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind((addr(name, family), port))
        return s

    first = twin(0)
    first.connect(listener.getsockname()[:2])
    there, peer = listener.accept()
    return (first, there), twin(first.getsockname()[1]), peer[:2]


def answered(c, server):
    """A datagram there and back, sent again until it is; as whom the server saw the customer"""
    for s in (c, server):
        s.settimeout(1)
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            c.send(b"hello")
            peer = server.recvfrom(10)[1][:2]
            server.sendto(b"hello", peer)
            c.recv(10)
            return peer
        except OSError:
            if time.monotonic() > end:
                raise


def tcp_sockets(ns, family, *which):
    """How many it has, in words of ss"""
    with netns(ns):
        out = subprocess.run(["ss", "-Htan", f"-{family}", *which], check=True, capture_output=True, text=True).stdout
    return len(out.splitlines())


def relays(port):
    """New flows of both families, both ways: their customers' sockets, servers', relay tuples"""
    flows = []
    for family in FAMILIES:
        server = sock("srv", family, socket.SOCK_DGRAM, (addr("SRV", family), port))
        c = sock("c1", family, socket.SOCK_DGRAM)
        c.connect((addr("SRV", family), port))
        peer = answered(c, server)
        assert in_pool(peer[0], family), peer
        flows.append((c, server, peer))
    return flows


def unload():
    """Takes the module out; a worker may have to drop the last references to it"""
    def gone():
        return not subprocess.run(["rmmod", "cfr"], capture_output=True, check=False).returncode
    assert wait_for(gone), "the module does not unload"


@contextlib.contextmanager
def parameter(name, value):
    """The module's, for a while"""
    with open(f"/sys/module/cfr/parameters/{name}", "r+", encoding="ascii") as f:
        was = f.read()
        try:
            os.pwrite(f.fileno(), str(value).encode(), 0)
            yield
        finally:
            os.pwrite(f.fileno(), was.encode(), 0)


def figure(name, value):
    """A figure to publish, for the lab to record"""
    if out := ENV.get("CFR_OUT"):
        with open(out + "/figures", "a", encoding="ascii") as f:
            f.write(f"{name}={value}\n")


def abort(*sockets):
    """Closes at once, without FINs that would be sent again and again"""
    for s in sockets:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


def cfrctl(*args, ns="relay", text=None):
    with netns(ns):
        return subprocess.run([ENV["CFRCTL"], *args], input=text, check=True,
                              capture_output=True, text=True).stdout


def apply(text, ns="relay"):
    """The whole configuration at once, and what whoever runs this test wants in each"""
    cfrctl("apply", "-", ns=ns, text=text + ENV.get("COMMON", ""))


def stats(ns="relay"):
    return json.loads(cfrctl("-j", "stats", ns=ns))


def moved(before, after, part):
    return {k: v - before[part].get(k, 0) for k, v in after[part].items()
            if v != before[part].get(k, 0)}


class Monitor:
    """cfrctl monitor, whose lines come as they are printed"""

    def __enter__(self):
        with netns("relay"):
            self.tool = subprocess.Popen([ENV["CFRCTL"], "-j", "monitor"], stdout=subprocess.PIPE, text=True)
        assert wait_for(self.listens), "the monitor does not listen"
        return self

    def listens(self):
        """Is in a group: Eth, Pid, Groups of each socket of generic netlink"""
        with open(f"/proc/{self.tool.pid}/net/netlink", encoding="ascii") as f:
            sockets = [line.split()[1:4] for line in f]
        return any(s[:2] == ["16", str(self.tool.pid)] and int(s[2], 16) for s in sockets)

    def event(self):
        return json.loads(self.tool.stdout.readline())

    def __exit__(self, *_):
        self.tool.kill()
        self.tool.wait()


def in_pool(a, family):
    return ipaddress.ip_address(a.split("%")[0]) in POOL[family]


def sysctl(ns, name, value):
    with netns(ns):
        with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as f:
            f.write(str(value))


# --- verdicts

class Skip(Exception):
    pass


@contextlib.contextmanager
def case(name):
    try:
        yield
    except Skip as why:
        print(f"ok {name} # SKIP {why}")
    except Exception as e:  # pylint: disable=broad-except
        print(f"not ok {name}")
        print(f"{type(e).__name__}: {e}")
        where = traceback.extract_tb(sys.exc_info()[2])[-1]
        print(f"at {os.path.basename(where.filename)}:{where.lineno}: {where.line}")
    else:
        print(f"ok {name}")
    sys.stdout.flush()


def equal(got, want, what="value"):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def wait_for(pred, timeout=TIMEOUT):
    """Whether it comes to be. What takes long is asked for less often: asking is work, and is all of it in a boot whose
    clock jumps over what is none."""
    start = time.monotonic()
    while not pred():
        waited = time.monotonic() - start
        if waited > timeout:
            return False
        select.select([], [], [], min(max(waited / 10, 0.02), 1))
    return True


# --- data

def letters(size):
    """Random, but no bytes that could be a customer's address by chance"""
    return os.urandom((size + 1) // 2).hex()[:size].encode()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def read_all(s, size):
    data = bytearray()
    while len(data) < size:
        part = s.recv(min(size - len(data), 1 << 16))
        if not part:
            break
        data += part
    return bytes(data)


def carry(sender, receiver, size):
    """size bytes over a connection arrive as they were sent"""
    data = letters(size)
    thread = threading.Thread(target=sender.sendall, args=(data,))
    thread.start()
    got = read_all(receiver, size)
    thread.join()
    equal(digest(got), digest(data), "digest")


def internet_sum(data):
    """As RFC 1071 adds up; 0xffff over what holds a right checksum"""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


# --- frames

def mac(ns, dev):
    with netns(ns):
        out = subprocess.run(["ip", "-j", "link", "show", "dev", dev], check=True,
                             capture_output=True, text=True).stdout
    return bytes.fromhex(json.loads(out)[0]["address"].replace(":", ""))


class Port:
    """All frames of one device, and a way to send some."""

    def __init__(self, ns, dev, peer=None):
        with netns(ns):
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                   socket.htons(0x0003))
        self.s.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 8 << 20)
        self.s.bind((dev, 0x0003))
        self.mac = mac(ns, dev)
        self.peer = mac(*peer) if peer else None

    def send(self, packet):
        """packet: raw bytes from the IP header on"""
        packet = bytes(packet)
        kind = ETH[packet[0] >> 4].to_bytes(2, "big")
        self.s.send(self.peer + self.mac + kind + packet)

    def _next(self, timeout):
        if not select.select([self.s], [], [], timeout)[0]:
            return None
        frame, who = self.s.recvfrom(1 << 17)
        incoming = who[2] != socket.PACKET_OUTGOING
        if int.from_bytes(frame[12:14], "big") not in ETH.values():
            return b""
        if frame[12:14] == b"\x86\xdd" and frame[20] == 58 and 130 <= frame[54] <= 143:
            return b""
        if frame[12:14] == b"\x86\xdd" and frame[20] == 0 and frame[62:63] in (b"\x8f", b"\x83"):
            return b""
        return frame[14:] if incoming else b""

    def drain(self):
        """What has come in by now: IP packets, without ND and MLD"""
        got = []
        while (p := self._next(0)) is not None:
            if p:
                got.append(p)
        return got

    def until(self, pred, timeout=TIMEOUT):
        """All packets up to the first that pred accepts, which is the last"""
        got, end = [], time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            p = self._next(left)
            if p:
                got.append(p)
                if pred(p):
                    return got
        raise TimeoutError(f"nothing of what was waited for in {len(got)} packets: "
                           + " ".join(x[:40].hex() for x in got[:5]))

    def first(self, pred, timeout=TIMEOUT):
        return self.until(pred, timeout)[-1]


class Barrier:
    """A relayed flow whose packets tell that the way is clear. It is made
    first, so that it lives on when no new flow can be had."""

    def __init__(self, wire, family=4):
        self.wire = wire
        self.count = 0
        self.remote = (addr("SRV", family), 9)
        self.tx = sock("c1", family, socket.SOCK_DGRAM)
        self.rx = sock("srv", family, socket.SOCK_DGRAM, self.remote)
        self.pass_()

    def pass_(self):
        """Everything that came out on the wire before the barrier did"""
        self.count += 1
        token = b"cfr-barrier-%d." % self.count
        self.tx.sendto(token, self.remote)
        got = self.wire.until(lambda p: token in p)
        self.rx.recv(100)
        return got[:-1]


class Sides:
    """The links on both sides of the relay, to send and see packets on"""

    def __init__(self):
        self.inside = Port("acc", "up", ("relay", "cust"))
        self.wire = Port("inet", "down", ("relay", "up"))
        self.barrier = Barrier(self.wire)

    def out(self, packet):
        """What a customer's packet is on the wire, if it is one"""
        self.wire.drain()
        self.inside.send(packet)
        got, = self.barrier.pass_()
        return got
