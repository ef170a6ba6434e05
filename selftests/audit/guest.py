#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The flows of one customer that is a machine, as customers.py asks for them: a line of JSON in a datagram to PORT,
{"name", "proto", "to"}, which goes back when the flow has ended, with "good". One without a name asks how long this
machine has been up, "up" in seconds."""
import json
import socket
import sys
import threading
import time

from stacks import PAUSE, PORTS, REPLY, REQUEST, TURNS

PORT = 7000
PATIENCE = 15


def connection(errand):
    with socket.create_connection((errand["to"], PORTS[6]), PATIENCE) as s:
        for turn in range(2):
            time.sleep(PAUSE * turn)
            s.sendall(errand["name"].encode().ljust(REQUEST))
            left = REPLY
            while left:
                data = s.recv(65536)
                if not data:
                    return False
                left -= len(data)
    return True


def datagrams(errand):
    family = socket.AF_INET6 if ":" in errand["to"] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.connect((errand["to"], PORTS[17]))
        for _ in range(TURNS):
            s.send(errand["name"].encode().ljust(100, b"."))
            s.recv(2000)
    return True


def run(control, errand, peer):
    try:
        errand["good"] = (connection if errand["proto"] == 6 else datagrams)(errand)
    except OSError as e:
        print(f"{errand}: {e}", file=sys.stderr)
        errand["good"] = False
    control.sendto(json.dumps(errand).encode(), peer)


def main():
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    control.bind(("", PORT))
    while True:
        data, peer = control.recvfrom(2000)
        errand = json.loads(data)
        if "name" in errand:
            threading.Thread(target=run, args=(control, errand, peer), daemon=True).start()
        else:
            control.sendto(json.dumps({"up": time.clock_gettime(time.CLOCK_BOOTTIME)}).encode(), peer)


main()
