#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Unites gcov's counts of several runs: which lines of kmod/ any of them reached, as doc/coverage.md.

In its directory are kmod/*.gcno, RUN/kmod/*.gcda for each run, and "unreached": lines of "FUNCTION reason" for what
nothing reaches. The share goes to the file "percent".
"""
import collections
import gzip
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

HEAD = """# Which lines of the module tests reach

Written by `make coverage`: gcov's counts of all that was run on User-mode Linux ({what}), united. What needs two
CPUs, suspend or a lack of memory is reached elsewhere, where no lines are counted.

"""


def counts(gcda_dir):
    """(file, line) -> (function, count) of one run"""
    found = {}
    with tempfile.TemporaryDirectory() as tmp:
        for gcno in pathlib.Path("kmod").rglob("*.gcno"):
            gcda = gcda_dir / gcno.with_suffix(".gcda")
            if gcda.exists() and "tests" not in gcno.parts:
                shutil.copy(gcno, tmp)
                shutil.copy(gcda, tmp)
        names = sorted(str(p) for p in pathlib.Path(tmp).glob("*.gcda"))
        if not names:
            return found
        subprocess.run(["gcov", "--json-format", *names], cwd=tmp, check=True, stdout=subprocess.DEVNULL)
        for report in pathlib.Path(tmp).glob("*.gcov.json.gz"):
            for source in json.load(gzip.open(report))["files"]:
                match = re.search(r"kmod/([a-z0-9_]+\.[ch])$", source["file"])
                if not match:
                    continue
                for line in source["lines"]:
                    key = match[1], line["line_number"]
                    name, count = found.get(key, (line.get("function_name", "?"), 0))
                    found[key] = name, count + line["count"]
    return found


def reasons():
    for line in pathlib.Path("unreached").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split(None, 1)


def main():
    total = collections.defaultdict(lambda: ["?", 0])
    for run in sorted(p.parent for p in pathlib.Path(".").glob("*/kmod") if p.parent.name):
        for key, (name, count) in counts(run).items():
            total[key][0] = name
            total[key][1] += count
    files = collections.defaultdict(lambda: [0, 0])
    missed = collections.defaultdict(list)
    for (file, line), (name, count) in sorted(total.items()):
        files[file][0] += 1
        files[file][1] += count > 0
        if not count:
            missed[file, name].append(line)
    lines, reached = (sum(f[i] for f in files.values()) for i in (0, 1))
    percent = round(100 * reached / lines, 1) if lines else 0
    pathlib.Path("percent").write_text(f"{percent}\n")

    why = dict(reasons())
    what = ", ".join(p.read_text().strip() for p in sorted(pathlib.Path(".").glob("*/what")))
    print(HEAD.format(what=what) + f"**{reached} of {lines} lines, {percent} %.**\n\n| file | lines | reached | % |\n|---|---|---|---|")
    for file, (n, r) in sorted(files.items()):
        print(f"| {file} | {n} | {r} | {100 * r / n:.1f} |")
    print("\n## Not reached\n\n| file | function | lines | why |\n|---|---|---|---|")
    for (file, name), where in sorted(missed.items()):
        print(f"| {file} | `{name}` | {', '.join(map(str, where))} | {why.get(name, 'not explained')} |")


main()
