# SPDX-License-Identifier: GPL-2.0
"""What p0f makes of a capture: how many signatures, and how long it thinks that hosts have been up."""
import collections
import ipaddress
import os
import re
import subprocess
import tempfile

DAYS = 49.710269    # after which a clock of a thousand ticks a second wraps
NEAR = 600          # seconds within which an estimate is right
UP = re.compile(r"(?:(\d+) days )?(?:(\d+) hrs )?(\d+) min")


def entries(path):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        subprocess.run(["p0f", "-f", "/etc/p0f/p0f.fp", "-r", path, "-o", log], check=True, capture_output=True)
        with open(log, encoding="utf-8", errors="replace") as f:
            for line in f:
                yield dict(part.split("=", 1) for part in line.split("] ", 1)[1].strip().split("|") if "=" in part)


def end(text):
    """10.0.0.1/1234"""
    host, port = text.rsplit("/", 1)
    a = ipaddress.ip_address(host)
    return a.version, int(a), int(port)


def seconds(text):
    found = UP.match(text)
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 3600 + minutes * 60


def right(estimate, flow):
    """Is it how long the customer's host has been up, as far as a clock can tell?"""
    up = flow.truth["up"]
    if up is None:
        return False
    off = abs(estimate - up - flow.truth["began"]) % (DAYS * 86400)
    return min(off, DAYS * 86400 - off) < NEAR


def look(path, flows):
    """Signatures of a family at most; systems it names; uptimes it gives, and those that are right"""
    by_end = {(f.family, f.src, f.sport): f for f in flows if f.proto == 6}
    signatures, systems = collections.defaultdict(set), set()
    given = correct = 0
    for entry in entries(path):
        flow = by_end.get(end(entry["cli"]))
        if entry["mod"] == "syn" and flow:
            signatures[flow.family].add(entry["raw_sig"])
            systems.add(entry["os"])
        elif entry["mod"] == "uptime" and entry["subj"] == "cli" and flow:
            given += 1
            correct += right(seconds(entry["uptime"]), flow)
    return {"p0f_signatures": max(map(len, signatures.values()), default=0), "p0f_systems": sorted(systems),
            "uptimes_given": given, "uptimes": correct}
