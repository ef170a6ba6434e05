#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""report.py TRANSFERS VERSION_FILE KERNEL DIR: transfers.md and transfers.json of what guest.sh measured; fails where
a transfer failed or normalisation costs more than it may."""
import collections
import datetime
import json
import pathlib
import random
import statistics
import sys

TARGET = 0.95       # of the throughput without normalisation
DRAWS = 1000        # of the bootstrap
SURE = 0.99         # its interval
MODES = {"full": "full", "uniform": "uniform", "isn": "full, touch isn"}
LINES = ("0 %", "1 %", "5 %", "reordering")
HEAD = """# Transfers

Written by `make transfers`; do not edit.

What normalisation costs TCP: CFR {version}, kernel {kernel}, {date}. Both ends are the kernel's own stack, with each
combination of timestamps, SACK, window scaling, ECN, Fast Open and MPTCP; in between are 20 Mbit/s with 10 ms each way that
lose packets, or let one in ten overtake. A transfer is {octets} octets there and as many back in one connection; what came
back is compared with what was sent. Each was made {runs} times for each level, with the lines' random numbers from the
same seeds. Time is simulated, computing takes none: a difference is one of what was sent and when, not of processors
([performance.md](performance.md) has that). Not among these: AccECN, which this kernel has not, and `net/transfers.sh` has
where the kernel does; MPTCP together with Fast Open, which Linux 6.12 itself breaks when a cookie is refused, be it by a
server with nothing normalised (one transfer in 200 at 5 % ended early), be it since `full` lets no cookie through. Fast
Open falls back in all of these: a cookie is for one address, and each flow has another. A customer's link has an MTU of
1400, so that the MSS which `full` sets makes no packet smaller: at 1500, 1.4 % more packets is what it costs.

Throughput counts from the first octet that a receiver has. Ratios are of medians, without normalisation being 1; in
brackets, their {sure:.0%} interval by the bootstrap; of all stacks together, seeds are drawn, for stacks that send alike
lose alike. The target is {target} or more. `uniform` takes timestamps away: what overtakes is then taken for lost more
often by stacks that would have had them (RFC 3522), and to a stack without them it should make no difference.

**{made} transfers, {failed} failed.** {verdict}
"""


def read(path):
    """Seconds of each stack, line and mode, by seed; how many octets each; which failed"""
    took, octets, failed = collections.defaultdict(list), set(), []
    with open(path, encoding="ascii") as f:
        for result in map(json.loads, f):
            octets.add(result["octets"])
            if "failed" in result:
                failed.append(result)
            else:
                took[result["stack"], result["line"], result["mode"]].append(result["seconds"])
    return took, octets.pop(), failed


def with_interval(ratio, draw, draws):
    """A ratio, and its interval by drawing again and again; draw: one more, by a source of random numbers"""
    source = random.Random(1)
    drawn = sorted(draw(source) for _ in range(draws))
    out = round(draws * (1 - SURE) / 2)
    return {"ratio": ratio, "low": drawn[out], "high": drawn[-1 - out]}


def compare(without, with_it):
    """How many times as fast; runs are drawn"""
    def draw(source):
        return statistics.median(source.choices(without, k=len(without))) / \
            statistics.median(source.choices(with_it, k=len(with_it)))

    return with_interval(statistics.median(without) / statistics.median(with_it), draw, DRAWS)


def together(took, line, mode, stacks):
    """Each run as a multiple of what its stack takes there without normalisation; seeds are drawn"""
    usual = {stack: statistics.median(took[stack, line, "off"]) for stack in stacks}
    runs = min(len(took[stack, line, how]) for stack in stacks for how in ("off", mode))

    def pooled(how, seeds):
        return statistics.median(took[stack, line, how][seed] / usual[stack] for stack in stacks for seed in seeds)

    def ratio(seeds):
        return pooled("off", seeds) / pooled(mode, seeds)

    return with_interval(ratio(range(runs)), lambda source: ratio(source.choices(range(runs), k=runs)), DRAWS // 5)


def text(c):
    return f"{c['ratio']:.3f} ({c['low']:.2f}–{c['high']:.2f})"


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def spread(seconds):
    low, median, high = statistics.quantiles(seconds, n=4)
    return f"{median:.2f} ({low:.2f}–{high:.2f})"


def main():
    path, version, kernel, folder = sys.argv[1:]
    took, octets, failed = read(path)
    stacks = list(dict.fromkeys(stack for stack, _, _ in took))
    cells = {key: compare(took[key[0], key[1], "off"], seconds) for key, seconds in took.items() if key[2] != "off"}
    groups = {"all stacks": stacks, "those without timestamps": [s for s in stacks if "timestamps" not in s]}
    summary = {name: {line: {mode: together(took, line, mode, group) for mode in MODES} for line in LINES}
               for name, group in groups.items()}
    slow = [key for key, c in cells.items() if c["high"] < TARGET]
    slow_lines = [mode for by in summary["all stacks"].values() for mode, c in by.items() if c["ratio"] < TARGET]
    verdict = (f"Of {len(cells)} comparisons {len(slow)} are surely below the target: " +
               ("; ".join(f"{s}, {line}, {mode}" for s, line, mode in slow) or "none") + ".")
    facts = {"version": pathlib.Path(version).read_text(encoding="ascii").strip(), "kernel": kernel,
             "date": datetime.date.today().isoformat(), "octets": octets,
             "runs": min(map(len, took.values())), "transfers": sum(map(len, took.values())) + len(failed),
             "failed": len(failed)}
    lines = [HEAD.format(**{**facts, "octets": octets // 2}, made=facts["transfers"], target=TARGET, sure=SURE,
                         verdict=verdict)]
    for name, by_line in summary.items():
        lines += [f"## Together: {name}", ""]
        lines += table(["line", *MODES.values()], [[line, *map(text, by.values())] for line, by in by_line.items()])
        lines.append("")
    for line in LINES:
        lines += [f"## Line: {line}", "", "Without normalisation: seconds, median and quartiles.", ""]
        lines += table(["both stacks have", "without", *MODES.values()],
                       [[stack, spread(took[stack, line, "off"]), *(text(cells[stack, line, m]) for m in MODES)]
                        for stack in stacks])
        lines.append("")
    out = pathlib.Path(folder)
    (out / "transfers.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    facts["together"] = summary
    facts["cells"] = [{"stack": s, "line": line, "mode": mode, "median_seconds": statistics.median(took[s, line, mode]),
                       "runs": len(took[s, line, mode]), **cells.get((s, line, mode), {})}
                      for s, line, mode in took]
    (out / "transfers.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="ascii")
    print(f"{facts['transfers']} transfers, {len(failed)} failed; {verdict}")
    for result in failed[:20]:
        print(f"failed: {result}")
    return 1 if failed or slow or slow_lines else 0


sys.exit(main())
