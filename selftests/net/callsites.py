# SPDX-License-Identifier: GPL-2.0
"""Where the module asks for memory: the lines of its source that call what may allocate, and where in cfr.ko each of
their copies is, as the debugging information says."""
import pathlib
import re
import subprocess

# Told by their names. To have too many of them does no harm: a place that never asks is named with its reason.
ASKS = re.compile(r"\b(k[mzv]+alloc\w*|kmem_cache_(?:create|alloc|destroy)|alloc_percpu|genlmsg_(?:new|reply)"
                  r"|pskb_may_pull|pskb_trim|skb_ensure_writable|skb_cow_data|icmp(?:v6)?_send|nf_send_reset6?|ip6?_route_me_harder"
                  r"|genl_(?:un)?register_family|nf_(?:un)?register_net_hooks|nf_defrag_ipv[46]_(?:en|dis)able"
                  r"|(?:un)?register_pernet_subsys|rhashtable_(?:init|lookup_get_insert_key))\(")
SECTIONS = (".text", ".init.text")
CALL = re.compile(r"^\s*([0-9a-f]+):\s+call")
NEXT = re.compile(r"^\s*([0-9a-f]+):\s")
SYMBOL = re.compile(r"^([0-9a-f]+) .{7} (\.\S+)\s+[0-9a-f]+ (\S+)$", re.M)


class Site:
    """A line that asks, in one of the places that it was compiled into: the addresses that calls there return to"""

    def __init__(self, section, callee, chain):
        self.section, self.callee, self.addresses = section, callee, []
        (_, file, number), *outer = chain
        self.name = f"{file.name}:{number} {callee}"
        if outer:
            self.name += " via " + " ".join(f"{f.name}:{n}" for _, f, n in outer)
        self.name += f" in {chain[-1][0]}"

    def ranges(self, calls):
        """[start, end) of its addresses, with no other call's between them; the section's calls are in order"""
        runs, fresh = [], True
        for address in calls:
            mine = address in self.addresses
            if mine and fresh:
                runs.append([address, address + 1])
            elif mine:
                runs[-1][1] = address + 1
            fresh = not mine
        return runs

    def __str__(self):
        return self.name


def asking(tree):
    """{(file, line): callee}"""
    found = {}
    for path in sorted(pathlib.Path(tree).glob("kmod/*.[ch]")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if m := ASKS.search(text):
                found[(path.name, str(number))] = m[1]
    return found


def objdump(module, *options):
    return subprocess.run(["objdump", *options, module], check=True, capture_output=True, text=True).stdout


def symbols(module):
    """{symbol: (section, where it begins)}; a function may have several"""
    return {m[3]: (m[2], int(m[1], 16)) for m in SYMBOL.finditer(objdump(module, "-t"))}


def returns(module, section):
    """The addresses that calls return to"""
    calling, found = False, []
    for line in objdump(module, "-d", "--no-show-raw-insn", "-j", section).splitlines():
        if m := NEXT.match(line):
            if calling:
                found.append(int(m[1], 16))
            calling = bool(CALL.match(line))
    return found


def chains(module, section, addresses):
    """For each address the functions it is in, inlined ones first: [(function, file, line)]"""
    text = subprocess.run(["addr2line", "-aif", "-j", section, "-e", module],
                          input="\n".join(hex(a - 1) for a in addresses),
                          check=True, capture_output=True, text=True).stdout
    found, lines = [], iter(text.splitlines())
    for line in lines:
        if line.startswith("0x"):
            found.append([])
            continue
        file, _, number = next(lines).partition(":")
        found[-1].append((line, pathlib.Path(file), number.split()[0]))
    return found


class Sites:
    """All of a module's, but for those of the unit tests"""

    def __init__(self, module, tree):
        asks, found = asking(tree), {}
        self._begins = symbols(module)
        self._calls = {section: returns(module, section) for section in SECTIONS}
        for section, calls in self._calls.items():
            for address, chain in zip(calls, chains(module, section, calls)):
                for depth, (_, file, number) in enumerate(chain):
                    callee = asks.get((file.name, number))
                    if callee and file.parent.name == "kmod":
                        rest = chain[depth:]
                        site = found.setdefault((section, *rest), Site(section, callee, rest))
                        site.addresses.append(address)
                        break
        self.all = list(found.values())

    def ranges(self, site):
        return site.ranges(self._calls[site.section])

    def at(self, symbol, offset):
        """The one that the kernel's log calls SYMBOL+OFFSET"""
        section, start = self._begins[symbol]
        for site in self.all:
            if site.section == section and start + offset in site.addresses:
                return site
        raise LookupError(f"memory is asked for at {symbol}+{offset:#x}, which no name in callsites.py tells")


def base():
    """Where the loaded module's text is"""
    with open("/sys/module/cfr/sections/.text", encoding="ascii") as f:
        return int(f.read(), 16)
