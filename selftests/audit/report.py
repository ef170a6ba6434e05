#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""report.py CAPTURES VERSION_FILE SEED DIR: audit.md, audit.json and figures from what collect.sh has captured."""
import datetime
import json
import pathlib
import sys

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # pylint: disable=wrong-import-position

import fields  # pylint: disable=wrong-import-position
import fingerprints  # pylint: disable=wrong-import-position
import flows  # pylint: disable=wrong-import-position
import link  # pylint: disable=wrong-import-position
import stacks  # pylint: disable=wrong-import-position

MODES = {
    "none": "no relay",
    "masquerade": "nftables masquerade",
    "range": "nftables snat to a range, fully-random",
    "numgen": "nftables snat to a map by numgen random",
    "off": "CFR, normalise off",
    "safe": "CFR, normalise safe",
    "full": "CFR, normalise full",
    "uniform": "CFR, normalise uniform",
}
# mode, figure, how it must be
TARGETS = (
    ("none", "auc", ">=", 0.95, "control: the instrument sees"),
    ("masquerade", "auc", ">=", 0.95, "control: it sees through one address"),
    ("full", "auc_within_os", "<=", 0.55, ""),
    ("full", "uptimes", "<=", 0, ""),
    ("uniform", "auc", "<=", 0.55, ""),
    ("uniform", "ari", "<=", 0.05, ""),
    ("uniform", "p0f_signatures", "<=", 1, ""),
    ("uniform", "uptimes", "<=", 0, ""),
)
WHAT = {
    "auc": "AUC", "auc_within_os": "AUC within a system", "ari": "ARI", "uptimes": "uptimes that are right",
    "p0f_signatures": "signatures",
}


def measure(folder, seed):
    out = {}
    for mode in MODES:
        capture = folder / f"{mode}.pcap"
        seen = flows.read(capture, folder / f"{mode}.json")
        out[mode] = {"flows": len(seen), **link.measure(seen, seed), **fingerprints.look(str(capture), seen),
                     "anonymity": fields.anonymity([f for f in seen if f.proto == 6]),
                     "bits": fields.bits([f for f in seen if f.proto == 6], seed)}
        print(f"# {mode}: AUC {out[mode]['auc']:.3f}", file=sys.stderr, flush=True)
    return out


def judge(modes):
    return [(mode, figure, f"{sign} {limit}", modes[mode][figure],
             modes[mode][figure] >= limit if sign == ">=" else modes[mode][figure] <= limit, why)
            for mode, figure, sign, limit, why in TARGETS]


def show(value):
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def save(fig, folder, name):
    fig.tight_layout()
    for kind in ("svg", "png"):
        fig.savefig(folder / f"audit-{name}.{kind}", metadata={"Date": None} if kind == "svg" else None)
    plt.close(fig)


def draw_auc(modes, folder):
    fig, axes = plt.subplots(figsize=(8, 4))
    for at, (name, m) in enumerate(modes.items()):
        for figure, shift, colour in (("auc", -0.12, "C0"), ("auc_within_os", 0.12, "C1")):
            low, high = m[figure + "_ci"]
            axes.errorbar(at + shift, m[figure], [[max(0, m[figure] - low)], [max(0, high - m[figure])]], fmt="o",
                          color=colour, capsize=3, label=WHAT[figure] if at == 0 else None)
    axes.axhline(0.5, color="grey", linewidth=0.8)
    axes.axhline(0.55, color="grey", linewidth=0.8, linestyle="--")
    axes.set_xticks(range(len(modes)), modes)
    axes.set_ylabel("pairwise linkage, ROC-AUC")
    axes.set_ylim(0.4, 1.02)
    axes.legend()
    save(fig, folder, "auc")


def draw_bits(modes, folder):
    names = list(fields.FIELDS)
    table = [[m["bits"][name] for name in names] for m in modes.values()]
    fig, axes = plt.subplots(figsize=(9, 4))
    image = axes.imshow(table, cmap="Reds", vmin=0, aspect="auto")
    for i, row in enumerate(table):
        for j, value in enumerate(row):
            axes.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=7)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(modes)), modes)
    fig.colorbar(image, label="bits")
    save(fig, folder, "bits")


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + \
        ["| " + " | ".join(map(show, row)) + " |" for row in rows]


def markdown(info, modes, targets):
    ci = "{:.2f}–{:.2f}".format
    out = [f"""# What a server can link

Written by `make audit`; do not edit. CFR {info['version']}, Linux {info['kernel']}, {info['date']}, seed {info['seed']}.
{info['customers']} customers of {info['systems']} systems, {info['machines']} of them machines, {info['flows']} flows of each, of TCP and UDP and of both
families. Only the capture on the server's link is looked at. The machine-readable twin is audit.json.

## Targets
""", *table(("mode", "figure", "target", "measured", "", ""),
            [(MODES[mode], WHAT[figure], want, value, "met" if met else "**not met**", why)
             for mode, figure, want, value, met, why in targets]), """
## Linkage

*AUC*: chance that a pair of flows of one customer looks more like one customer's than a pair of two customers' does, by
the best that the classifier has learnt; 0.5 is guessing. *Within a system*: pairs of customers with the same system
only. In brackets 95 percent, customers drawn again. *F1*: the best at any threshold, and what saying "one" always gives.
*ARI*: clusters against customers, 0 is chance. *Null*: AUC of a classifier that has learnt from shuffled labels.

![AUC by mode](audit-auc.svg)
""", *table(("mode", "AUC", "within a system", "F1", "F1 of a guess", "ARI", "null"),
            [(MODES[n], f"{m['auc']:.3f} ({ci(*m['auc_ci'])})", f"{m['auc_within_os']:.3f} ({ci(*m['auc_within_os_ci'])})",
              m["f1"], m["f1_guess"], m["ari"], m["auc_null"]) for n, m in modes.items()]), """
## p0f

Signatures: different ones of a family, at most. An uptime is right if it is within ten minutes of how long that
customer's host has been up; what p0f gives otherwise is noise of a clock that says nothing.
""", *table(("mode", "signatures", "systems named", "uptimes given", "right"),
            [(MODES[n], m["p0f_signatures"], len(m["p0f_systems"]), m["uptimes_given"], m["uptimes"])
             for n, m in modes.items()]), """
## Bits by field

Mutual information of a field of TCP flows and the customer, less what shuffled customers give; log2 of the customers is
the most. *Could be of*: customers that a flow could be of by its stable fields, mean of 2 to the entropy.

![Bits by field and mode](audit-bits.svg)
""", *table(("field", *modes), [(name, *(m["bits"][name] for m in modes.values())) for name in fields.FIELDS]
            + [("could be of", *(m["anonymity"] for m in modes.values()))]), f"""
## Method

One VM with the stock kernel. The customers' stacks are crafted (selftests/audit/stacks.py, from p0f's published
fingerprints), each with a clock, counters, a distance and a link of its own: {', '.join(s.name for s in stacks.SYSTEMS)}.
{info['machines']} more are machines, User-mode Linux with the kernel's own stack, `tcp_timestamps=2` and the clock that each
booted with. All open TCP connections with two requests of 200 octets, a pause of 0.3 s between, each answered with 40000 octets, and
send UDP datagrams, each answered, in an order that is drawn. The same seed draws the same in every mode. A flow's first
data names it, which is how its customer is known afterwards, and is no feature.

Features of a pair, all of them: {', '.join(link.FEATURES)}. The classifier is scikit-learn's
HistGradientBoostingClassifier with fixed parameters; half of the customers train it and the others try it, in every mode
anew.

Not in it: OpenBSD's pf, which runs on no kernel that Debian has; what lies in the payload, sizes and the timing of packets, which no relay that leaves payloads alone can
change; systems whose live connections advertise less than 60 kB from the start, or whose SYNs lack MSS, SACK or window
scale, which stay apart (counter `syn_apart`).
"""]
    return "\n".join(out)


def main():
    captures, version_file, seed, dest = sys.argv[1:]
    captures, dest = pathlib.Path(captures), pathlib.Path(dest)
    modes = measure(captures, int(seed))
    said = json.loads((captures / "uniform.json").read_text())
    truth = said["flows"]
    customers = len({entry["customer"] for entry in truth})
    info = {"version": pathlib.Path(version_file).read_text().strip(), "seed": int(seed),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "kernel": (captures / "kernel").read_text().strip(), "customers": customers,
            "systems": said["systems"], "machines": said["machines"], "flows": len(truth) // customers}
    targets = judge(modes)
    (dest / "audit.json").write_text(json.dumps(dict(info, modes=modes, targets=[
        dict(zip(("mode", "figure", "target", "measured", "met", "why"), t)) for t in targets]), indent=1) + "\n")
    (dest / "audit.md").write_text(markdown(info, modes, targets))
    draw_auc(modes, dest)
    draw_bits(modes, dest)
    for mode, figure, want, value, met, _ in targets:
        print(f"{'ok' if met else 'not ok'} {MODES[mode]}: {WHAT[figure]} {want}: {show(value)}")
    return 0 if all(t[4] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
