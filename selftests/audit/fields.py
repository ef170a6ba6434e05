# SPDX-License-Identifier: GPL-2.0
"""What single fields say of who sent a flow, in bits."""
import collections
import math
import random

SHUFFLES = 20


def offset(flow):
    """A clock's, to four seconds"""
    hertz, zero = flow.clock()
    return (hertz, round(zero / hertz / 4)) if hertz else None


FIELDS = {
    "address": lambda f: f.src,
    "hop count": lambda f: f.hops,
    "traffic class": lambda f: f.tos,
    "identification": lambda f: "0" if f.id == 0 else f.id >> 8,
    "flow label": lambda f: f.label >> 12,
    "options": lambda f: f.options,
    "MSS": lambda f: f.mss,
    "SYN window": lambda f: f.window,
    "window scale": lambda f: f.scale,
    "timestamp clock": offset,
    "timestamp rate": lambda f: f.clock()[0],
    "port": lambda f: f.sport >> 8,
    "first window": lambda f: f.windows[0] if f.windows else None,
    "largest window": lambda f: max(f.windows, default=0).bit_length(),
}


def entropy(counts):
    total = sum(counts)
    return -sum(n / total * math.log2(n / total) for n in counts if n)


def information(values, owners):
    """I(field; customer), plug-in"""
    joint = collections.Counter(zip(values, owners)).values()
    return entropy(collections.Counter(values).values()) + entropy(collections.Counter(owners).values()) - entropy(joint)


def bits(flows, seed):
    """For each field, what is left when what chance alone would give is taken away"""
    rng = random.Random(seed)
    owners = [f.truth["customer"] for f in flows]
    out = {}
    for name, field in FIELDS.items():
        values = [field(f) for f in flows]
        by_chance = 0
        for _ in range(SHUFFLES):
            mixed = owners[:]
            rng.shuffle(mixed)
            by_chance += information(values, mixed) / SHUFFLES
        out[name] = max(0.0, information(values, owners) - by_chance)
    return out


def anonymity(flows):
    """Customers that a flow could be of, by what single hosts do not change from flow to flow: 2 to the entropy, mean"""
    stable = ("hop count", "traffic class", "options", "MSS", "SYN window", "window scale", "timestamp rate",
              "first window")
    groups = collections.defaultdict(list)
    for f in flows:
        groups[tuple(FIELDS[name](f) for name in stable)].append(f.truth["customer"])
    return sum(len(g) * 2 ** entropy(collections.Counter(g).values()) for g in groups.values()) / len(flows)
