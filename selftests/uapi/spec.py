# SPDX-License-Identifier: GPL-2.0
"""Hold a netlink spec and a uapi header together: every name and value."""

import re
import sys

import yaml


def constant(name):
    return name.upper().replace("-", "_")


def from_spec(spec):
    """The constants that the spec describes, by group."""
    groups = {"defines": {}}
    for item in spec["definitions"]:
        if item["type"] == "const":
            name = constant(f"{spec['name']}-{item['name']}")
            groups["defines"][name] = item["value"]
            continue
        groups[item["name"]] = {
            constant(item["name-prefix"] + entry["name"]): item["value-start"] + i
            for i, entry in enumerate(item["entries"])}
    for item in spec["attribute-sets"]:
        groups["attributes of " + item["name"]] = {
            constant(item["name-prefix"] + attr["name"]): i
            for i, attr in enumerate(item["attributes"], 1)}
    operations = spec["operations"]
    groups["operations"] = {
        constant(operations["name-prefix"] + op["name"]): i
        for i, op in enumerate(operations["list"], 1)}
    return groups


def from_header(text):
    """The header's constants without the bounds that close an enum."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    found = {name: int(value, 0) for name, value in
             re.findall(r"^#define\s+(\w+)\s+(\w+)\s*$", text, re.MULTILINE)
             if value[0].isdigit()}
    for body in re.findall(r"enum\s+\w+\s*{(.*?)}", text, re.DOTALL):
        value = -1
        for entry in filter(None, map(str.strip, body.split(","))):
            name, _, given = map(str.strip, entry.partition("="))
            if name.startswith("__") or given.startswith("__"):
                continue
            value = int(given, 0) if given else value + 1
            found[name] = value
    return found


def undocumented(spec):
    sets = {item["name"] for item in spec["attribute-sets"]}
    for item in spec["attribute-sets"]:
        for attr in item["attributes"]:
            if attr.get("nested-attributes", "main") not in sets:
                yield f"{item['name']}.{attr['name']}: no set {attr['nested-attributes']}"
    main = {attr["name"] for attr in spec["attribute-sets"][0]["attributes"]}
    for op in spec["operations"]["list"]:
        for way in ("do", "dump"):
            for part in op.get(way, {}).values():
                for name in set(part["attributes"]) - main:
                    yield f"{op['name']}: no attribute {name}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        text = file.read()
    header = from_header(text)
    groups = from_spec(spec)
    number = failed = 0

    def result(ok, name):
        nonlocal failed, number
        number += 1
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {number} {name}")

    print("KTAP version 1")
    print(f"1..{len(groups) + 3}")
    for name, wanted in groups.items():
        wrong = {key: (value, header.get(key)) for key, value in wanted.items()
                 if header.get(key) != value}
        for key, (value, got) in wrong.items():
            print(f"# {key}: {value} in the spec, {got} in the header")
        result(bool(wanted) and not wrong, name)

    described = {key for wanted in groups.values() for key in wanted}
    more = set(header) - described - {"CFR_GENL_VERSION"}
    for key in sorted(more):
        print(f"# {key}: in the header only")
    result(not more, "nothing in the header only")

    family = re.search(r'#define\s+CFR_GENL_NAME\s+"(\w+)"', text)
    result(bool(family) and family[1] == spec["name"] and
           header["CFR_GENL_VERSION"] == 1, "family and version")

    dangling = list(undocumented(spec))
    for line in dangling:
        print(f"# {line}")
    result(not dangling, "no dangling names in the spec")
    print(f"# Totals: pass:{number - failed} fail:{failed}")
    return bool(failed)


sys.exit(main())
