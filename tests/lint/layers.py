#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds kmod/ to the ranks in LAYERS; prints what breaks them."""

import pathlib
import re
import sys

USAGE = "usage: layers.py [LAYERS [DIRECTORY]]"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
UAPI = re.compile(r"linux/mach_\w+\.h")  # the same in user space
VERSION = re.compile(r"\bLINUX_VERSION_CODE\b|\bKERNEL_VERSION\b|linux/version\.h")


def read_layers(path):
    """Maps each name to its rank, and gives the set of pure names."""
    ranks, pure = {}, set()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        rank, names = words[0], words[1:]
        if not rank.isdigit():
            sys.exit(f"{path}:{number}: a line starts with a rank")
        if names and names[-1] == "pure":
            names.pop()
            pure.update(names)
        for name in names:
            if name in ranks:
                sys.exit(f"{path}:{number}: {name} has two ranks")
            ranks[name] = int(rank)
    return ranks, pure


def own(name, included):
    """trace.c instantiates mach_trace.h, which no other name does."""
    return included in (name, f"mach_{name}")


def check_include(name, kind, target, ranks, pure):
    """What is wrong with one #include of the file called name, or None."""
    if kind == "<":
        if name in pure and not UAPI.fullmatch(target):
            return f"a pure file includes kern.h, not <{target}>"
        return None
    included = pathlib.PurePath(target).stem
    if own(name, included):
        return None
    if included not in ranks:
        return f'"{target}" has no rank'
    if ranks[included] >= ranks[name]:
        return (f'"{target}" has rank {ranks[included]}, this file '
                f"{ranks[name]}: include lower ranks only, or move one of them")
    if name in pure and included != "kern" and included not in pure:
        return f'a pure file includes pure headers only, not "{target}"'
    return None


def check_file(path, ranks, pure):
    """Yields (line number, complaint)."""
    name = path.stem
    if name not in ranks:
        yield 1, "give this file a rank in tests/lint/LAYERS"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if name != "compat" and VERSION.search(line):
            yield number, "only compat.h knows kernel versions"
        found = INCLUDE.match(line)
        if not found:
            continue
        complaint = check_include(name, *found.groups(), ranks, pure)
        if complaint:
            yield number, complaint


def main(arguments):
    if "-h" in arguments or "--help" in arguments or len(arguments) > 2:
        print(USAGE)
        return 0 if len(arguments) == 1 else 2
    here = pathlib.Path(__file__).resolve().parent
    layers = pathlib.Path(arguments[0]) if arguments else here / "LAYERS"
    kmod = (pathlib.Path(arguments[1]) if len(arguments) > 1
            else here.parent.parent / "kmod")
    ranks, pure = read_layers(layers)
    files = sorted(kmod.rglob("*.[ch]"))
    if not files:
        sys.exit(f"no sources in {kmod}")
    bad = 0
    for path in files:
        for number, complaint in check_file(path, ranks, pure):
            print(f"kmod/{path.name}:{number}: {complaint}")
            bad += 1
    for name in sorted(set(ranks) - {path.stem for path in files} - {"kern"}):
        print(f"{layers.name}: {name} has a rank but is not there")
        bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
