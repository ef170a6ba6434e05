#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""report.py ROWS VERSION_FILE DIR: performance.md and .json from measure.sh's rows."""
import datetime
import json
import pathlib
import sys

CASES = {
    "sink": "drop at the relay's ingress",
    "floor": "tc mirred redirect, nothing rewritten",
    "forward": "plain forwarding",
    "masquerade": "nftables masquerade",
    "flowtable": "nftables flowtable + masquerade",
    "slow": "CFR, slow path, nothing normalised",
    "full": "CFR, slow path, normalise full",
    "sealed": "CFR, slow path, mappings sealed",
}
SLOW_TARGET = 1.15
NEW_TARGET = 0.4
FULL_TARGET = 1.15
SEALED_TARGET = 1.05  # to be the default
SLAB_TARGETS = {"cfr_flow4": 128, "cfr_flow6": 192}
# Judged by pktgen where it can send at all, that is UDP; flowgen's skbs are as NICs give them.
GENERATORS = {"pktgen": "pktgen's shared skbs", "flowgen": "flowgen's unshared skbs"}


def read(path):
    rows, slab, kernel = [], {}, None
    for line in pathlib.Path(path).read_text().splitlines():
        kind, *f = line.split()
        if kind == "row":
            rows.append({"case": f[0], "family": int(f[1]), "proto": f[2],
                         "flows": int(f[3]), "new": f[4] == "true",
                         "insn": float(f[5]), "spread_percent": float(f[7]),
                         "generator": f[8]})
        elif kind == "slab":
            slab[f[0]] = int(f[1])
        elif kind == "kernel":
            kernel = f[0]
    return rows, slab, kernel


def ratio(a, b):
    return round(a / b, 3) if a is not None and b else None


def cell(r):
    """What two rows share that may be compared."""
    return r["generator"], r["family"], r["proto"], r["flows"], r["new"]


def derive(rows):
    by = {(r["case"], *cell(r)): r for r in rows}

    def marginal(case, like):
        return by.get((case, *cell(like)), {}).get("marginal")

    for r in rows:
        sink = by.get(("sink", *cell(r)))
        r["marginal"] = None if sink is None else round(r["insn"] - sink["insn"], 1)
    for r in rows:
        r["vs_forward"] = ratio(r["marginal"], marginal("forward", r))
        r["vs_flowtable"] = ratio(r["marginal"], marginal("flowtable", r))


def group(r):
    return f"IPv{r['family']} {r['proto'].upper()}"


def judge(rows, slab):
    """Every target as (what, target, measured, met); met is None where nothing was measured."""
    out = []
    by = {(r["case"], *cell(r)): r for r in rows}
    for generator, label in GENERATORS.items():
        for r in rows:
            if r["case"] == "slow" and not r["new"] and r["generator"] == generator:
                v = r["vs_forward"]
                out.append((f"slow path, {group(r)}, {r['flows']} flows, {label}: of plain forwarding",
                            f"<= {SLOW_TARGET}", v, None if v is None else v <= SLOW_TARGET))
    for r in rows:
        if r["case"] == "full" and not r["new"] and r["generator"] == "flowgen":
            slow = by.get(("slow", *cell(r)), {}).get("marginal")
            v = ratio(r["marginal"], slow)
            out.append((f"normalise full, {group(r)}, {r['flows']} flows, {GENERATORS['flowgen']}: of nothing normalised",
                        f"<= {FULL_TARGET}", v, None if v is None else v <= FULL_TARGET))
    for r in rows:
        if r["case"] == "sealed" and not r["new"] and r["generator"] == "flowgen":
            v = ratio(r["marginal"], by.get(("slow", *cell(r)), {}).get("marginal"))
            out.append((f"sealed mappings, {group(r)}, {r['flows']} flows, {GENERATORS['flowgen']}: of clear ones",
                        f"<= {SEALED_TARGET} for a default", v, None if v is None else v <= SEALED_TARGET))
    for r in rows:
        if r["case"] == "slow" and r["new"]:
            forward, masq = by.get(("forward", *cell(r))), by.get(("masquerade", *cell(r)))
            v = None
            if forward and masq:
                v = ratio(r["insn"] - forward["insn"], masq["insn"] - forward["insn"])
            out.append((f"new flow, {group(r)}: cost above forwarding, of masquerade's",
                        f"<= {NEW_TARGET}", v, None if v is None else v <= NEW_TARGET))
    for cache, most in SLAB_TARGETS.items():
        v = slab.get(cache)
        out.append((f"bytes per flow, {cache}", f"<= {most}", v, None if v is None else v <= most))
    return out


def verdict(met):
    return {True: "met", False: "**not met**", None: "not measured"}[met]


def show(v):
    return "" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v)


def table(rows):
    out = ["| | flows | case | insn | marginal | of forwarding | of flowtable |",
           "|---|---:|---|---:|---:|---:|---:|"]
    rows = sorted(rows, key=lambda r: (r["family"], r["proto"] != "udp", r["flows"],
                                       list(CASES).index(r["case"])))
    return out + [f"| {group(r)} | {r['flows']} | {CASES[r['case']]} | {r['insn']:.0f} | "
                  f"{'' if r['marginal'] is None else round(r['marginal'])} | {show(r['vs_forward'])} | "
                  f"{show(r['vs_flowtable'])} |" for r in rows]


def markdown(info, rows, slab, targets):
    out = [f"""# What a packet costs

Written by `make bench`; do not edit. CFR {info['version']}, Linux {info['kernel']}, {info['date']}.
All figures are instructions per packet (see Method); less is better. The machine-readable twin is performance.json.

## Targets

Two generators measure established flows. **pktgen**, the kernel's own, is the method of the target; it knows UDP only.
It keeps a reference on every skb that it sends, so a relay has to clone each packet and copy its header, in every case.
**flowgen** hands over skbs as a NIC's driver does, unshared: all that forwards gets cheaper by the same sum, and the
ratio stricter; and it speaks TCP.

| | target | measured | |
|---|---|---|---|"""]
    out += [f"| {what} | {target} | {show(v)} | {verdict(met)} |" for what, target, v, met in targets]
    out.append("""
*insn*, below, is the whole packet, generator and sink included; *marginal* is what the relay adds (insn less that of
"drop at the relay's ingress" in the same group); the last two columns compare marginals.""")
    for generator, label in GENERATORS.items():
        some = [r for r in rows if r["generator"] == generator and not r["new"]]
        if some:
            out += [f"\n## Packets of established flows, {label}\n", *table(some)]
    new = [r for r in rows if r["new"]]
    if new:
        out += ["\n## Every packet a new flow\n", *table(new)]
    if slab:
        out.append("\n## Memory of a flow\n\n| slab cache | bytes per object |\n|---|---:|")
        out += [f"| {cache} | {size} |" for cache, size in sorted(slab.items())]
        out.append("\nconntrack's entry grows by its extensions (NAT, accounting, time stamps) and a flowtable entry comes on top.")
    spread = max((r["spread_percent"] for r in rows), default=0)
    out.append(f"""
## Method

QEMU runs the stock kernel with `-accel tcg,thread=single -cpu max,-erms,-fsrm -icount shift=0,sleep=off -smp 1`, so the
guest's clock counts instructions and the host's load changes nothing. A client, the relay and a server are network
namespaces joined by veth. pktgen sends frames of 60 (IPv4) or 78 bytes (IPv6) with a checksum made in software, each
flow's packets in turn, and its own nanoseconds per packet are instructions. `flowgen` sends prebuilt 60 to 92 byte frames
with `sendmmsg` on a packet socket, UDP and TCP alike; the time stamp counter around each slice gives instructions per
packet. Figures count only if the sink has seen every packet; the sink drops the measured protocols alone. Each figure is
the median of its slices (pktgen: 3 of 10000 packets; flowgen: 5 or 7 of 1000 to 2000; the widest spread between a row's
slices is {spread:.1f} %). What is not cost per packet (timer ticks, table growth in the background) is part of a slice when
it happens in it.

With pktgen all flows of a row are in CFR's table, or conntrack's, or the flowtable, and packets go one way only. With
flowgen every flow is established in both directions before it is measured (TCP with handshake and window scaling), and the tuples
that arrive are checked: rewritten, or not, and stable. At 100000 flows CFR's table, or conntrack's, holds them all; 10000
of them are established, in the flowtable where there is one, and carry the slices. Counters prove the path: no packet of a flowtable row reaches the forward chain, every
packet of a CFR row is counted as relayed, and the number of flows does not change (or, for new flows, grows by the
number of packets). New flows never need a second try for a port under masquerade: its best case.

The rule `meta mark set 0x1` (prerouting, priority raw) is in every case, because CFR needs one; the flowtable and the
redirect bypass it. conntrack does not verify checksums (`nf_conntrack_checksum=0`), as behind a NIC that did. rp_filter
is off, the kernel's default; a Debian host turns it on, which makes every routed
IPv4 case dearer, by about the same sum.

Instructions are not nanoseconds: cache misses and lock contention do not show.

## How to repeat

`make bench` (needs root; no KVM). `selftests/bench/run --row 12 --out DIR` measures another kernel.
""")
    return "\n".join(out)


def main():
    rows_file, version_file, dest = sys.argv[1:]
    rows, slab, kernel = read(rows_file)
    derive(rows)
    info = {"kernel": kernel,
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "version": pathlib.Path(version_file).read_text().strip()}
    targets = judge(rows, slab)
    dest = pathlib.Path(dest)
    twin = dict(info, rows=rows, slab=slab,
                targets=[dict(zip(("what", "target", "measured", "met"), t)) for t in targets])
    (dest / "performance.json").write_text(json.dumps(twin, indent=1) + "\n")
    (dest / "performance.md").write_text(markdown(info, rows, slab, targets))


if __name__ == "__main__":
    main()
