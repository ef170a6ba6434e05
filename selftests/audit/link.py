# SPDX-License-Identifier: GPL-2.0
"""How well a server can tell that two flows are one customer's: features of pairs of flows, one classifier for all
modes, trained on some customers and tried on others."""
import math

import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import adjusted_rand_score, precision_recall_curve, roc_auc_score

OTHERS = 5          # pairs of two customers for each pair of one
SHUFFLES = 10        # for what chance gives
RESAMPLES = 200     # for the confidence interval


def ring(a, b, bits):
    """How far apart two numbers are that wrap, as a power of two"""
    apart = abs(a - b) % (1 << bits)
    return math.log2(1 + min(apart, (1 << bits) - apart))


def apart(a, b):
    return math.log2(1 + abs(a - b))


def clocks(a, b):
    """Seconds between two clocks; as far as can be where one has none"""
    (ha, ca), (hb, cb) = a.clock(), b.clock()
    return ring(ca, cb, 32) - math.log2(ha) if ha and ha == hb else 40


def largest(flow):
    return max(flow.windows, default=0)


# The published list: a name, and what it makes of two flows.
FEATURES = {
    "same address": lambda a, b: a.src == b.src,
    "same /24 or /64": lambda a, b: a.src >> (8 if a.family == 4 else 64) == b.src >> (8 if b.family == 4 else 64),
    "ports apart": lambda a, b: apart(a.sport, b.sport),
    "time apart": lambda a, b: apart(1000 * a.start, 1000 * b.start),
    "same hop count": lambda a, b: a.hops == b.hops,
    "hop counts apart": lambda a, b: abs(a.hops - b.hops),
    "same traffic class": lambda a, b: a.tos == b.tos,
    "first identifications apart": lambda a, b: ring(a.id, b.id, 16),
    "last to first identification": lambda a, b: min(ring(a.last_id, b.id, 16), ring(b.last_id, a.id, 16)),
    "identifications both 0": lambda a, b: a.id == b.id == 0,
    "same flow label": lambda a, b: a.label == b.label,
    "flow labels both 0": lambda a, b: a.label == b.label == 0,
    "same options": lambda a, b: a.options == b.options,
    "same MSS": lambda a, b: a.mss == b.mss,
    "same SYN window": lambda a, b: a.window == b.window,
    "SYN windows apart": lambda a, b: apart(a.window, b.window),
    "same window scale": lambda a, b: a.scale == b.scale,
    "ECN alike": lambda a, b: a.ece == b.ece,
    "initial sequence numbers apart": lambda a, b: ring(a.isn, b.isn, 32),
    "clocks alike": lambda a, b: a.clock()[0] == b.clock()[0],
    "clocks apart": clocks,
    "first window apart": lambda a, b: apart(a.windows[0] if a.windows else 0, b.windows[0] if b.windows else 0),
    "largest window apart": lambda a, b: apart(largest(a), largest(b)),
    "both systems by the first window": lambda a, b: a.windows[:1] == b.windows[:1],
}


def features(a, b):
    return [float(f(a, b)) for f in FEATURES.values()]


def split(customers, rng):
    """Disjoint halves, every system in both"""
    order = list(customers)
    rng.shuffle(order)
    return set(order[::2]), set(order[1::2])


def kinds(flows):
    """Flows that can be compared: of a family and a protocol"""
    groups = {}
    for flow in flows:
        groups.setdefault((flow.family, flow.proto), []).append(flow)
    return groups.values()


def pairs(flows, customers, rng, within=False):
    """All pairs of one customer, and some of two: features, whether it is one, the two customers. within: of those
    that have the same system only"""
    x, y, who = [], [], []
    for group in kinds(flows):
        group = [f for f in group if f.truth["customer"] in customers]
        same, other = [], []
        for i, a in enumerate(group):
            for b in group[i + 1:]:
                if within and a.truth["system"] != b.truth["system"]:
                    continue
                (same if a.truth["customer"] == b.truth["customer"] else other).append((a, b))
        few = min(len(other), OTHERS * len(same))
        chosen = [other[n] for n in rng.choice(len(other), few, replace=False)] if few else []
        for some, label in ((same, 1), (chosen, 0)):
            for a, b in some:
                x.append(features(a, b))
                y.append(label)
                who.append((a.truth["customer"], b.truth["customer"]))
    return np.array(x), np.array(y), np.array(who)


def classifier():
    return HistGradientBoostingClassifier(max_iter=150, max_leaf_nodes=15, min_samples_leaf=40, random_state=0)


def auc(y, p):
    return float(roc_auc_score(y, p)) if 0 < sum(y) < len(y) else float("nan")


def interval(y, p, who, rng):
    """95 percent, customers drawn again and again: a pair counts as often as both its customers were drawn"""
    customers = np.unique(who)
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.choice(customers, len(customers))
        weight = {c: n for c, n in zip(*np.unique(drawn, return_counts=True))}
        w = np.array([min(weight.get(a, 0), weight.get(b, 0)) for a, b in who])
        if 0 < sum(y[w > 0]) < sum(w > 0):
            values.append(roc_auc_score(y, p, sample_weight=w))
    return [float(v) for v in np.percentile(values, (2.5, 97.5))]


def best_f1(y, p):
    precision, recall, _ = precision_recall_curve(y, p)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-9)))


def clusters(model, flows, customers):
    """Adjusted Rand index of average linkage by what the classifier thinks, mean over kinds of flows"""
    scores = []
    for group in kinds(flows):
        group = [f for f in group if f.truth["customer"] in customers]
        index = [(i, j) for i in range(len(group)) for j in range(i)]
        p = model.predict_proba(np.array([features(group[i], group[j]) for i, j in index]))[:, 1]
        distance = np.zeros((len(group), len(group)))
        for (i, j), chance in zip(index, p):
            distance[i, j] = distance[j, i] = 1 - chance
        found = AgglomerativeClustering(None, metric="precomputed", linkage="average",
                                        distance_threshold=0.5).fit_predict(distance)
        scores.append(adjusted_rand_score([f.truth["customer"] for f in group], found))
    return float(np.mean(scores))


def measure(flows, seed):
    """All figures of one mode"""
    rng = np.random.default_rng(seed)
    train, test = split(sorted({f.truth["customer"] for f in flows}), rng)
    out = {}
    for within in (False, True):
        x, y, _ = pairs(flows, train, rng, within)
        model = classifier().fit(x, y)
        x, y, who = pairs(flows, test, rng, within)
        p = model.predict_proba(x)[:, 1]
        if within:
            out["auc_within_os"] = auc(y, p)
            out["auc_within_os_ci"] = interval(y, p, who, rng)
            continue
        out |= {"auc": auc(y, p), "auc_ci": interval(y, p, who, rng), "f1": best_f1(y, p),
                "f1_guess": float(2 * np.mean(y) / (1 + np.mean(y))), "pairs": len(y),
                "ari": clusters(model, flows, test)}
        out["auc_null"] = null(pairs(flows, train, rng)[:2], (x, y), rng)
    return out


def null(learn, test, rng):
    """AUC, mean, of what has learnt from shuffled labels"""
    values = []
    for _ in range(SHUFFLES):
        model = classifier().fit(learn[0], rng.permutation(learn[1]))
        values.append(auc(test[1], model.predict_proba(test[0])[:, 1]))
    return float(np.mean(values))
