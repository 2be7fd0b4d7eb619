#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Of the object files of a directory none needs itself by way of others.

A file needs another one if it uses a symbol that the other defines (nm says
both). Prints, for each circle, who needs what of whom."""
import argparse
import collections
import pathlib
import subprocess
import sys


def symbols(objects):
    """Maps each symbol to its definers; and each object to what it lacks."""
    definers, lacks = collections.defaultdict(set), collections.defaultdict(set)
    output = subprocess.run(["nm", "-gAP", *objects], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        path, rest = line.rsplit(": ", 1)
        name, kind = rest.split()[:2]
        if kind in "Uwv":
            lacks[path].add(name)
        else:
            definers[name].add(path)
    return definers, lacks


def needs(objects):
    """Maps each object to the objects that it needs, and these to symbols."""
    definers, lacks = symbols(objects)
    graph = {path: collections.defaultdict(list) for path in objects}
    for path, names in lacks.items():
        for name in sorted(names):
            for definer in definers.get(name, ()):
                graph[path][definer].append(name)
    return graph


def reach(graph, start):
    """All that start needs, directly or by way of others."""
    seen, todo = set(), [start]
    while todo:
        for path in graph[todo.pop()]:
            if path not in seen:
                seen.add(path)
                todo.append(path)
    return seen


def circles(graph):
    """Sets of objects that all need each other."""
    reached = {path: reach(graph, path) for path in graph}
    found = {frozenset(other for other in reached[path]
                       if path in reached[other])
             for path in graph}
    return sorted(map(sorted, found - {frozenset()}))


def describe(directory, circle, graph):
    name = {path: pathlib.Path(path).stem + ".c" for path in circle}
    yield f"{directory}: a circle of {', '.join(name.values())}"
    for path in circle:
        for other in circle:
            for symbol in graph[path].get(other, ()):
                yield f"    {name[path]} needs {symbol} of {name[other]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path,
                        help="build directory: each directory of objects "
                        "below it is looked at by itself")
    root = parser.parse_args().root
    directories = sorted({path.parent for path in root.rglob("*.o")})
    if not directories:
        sys.exit(f"no objects below {root}")
    bad = False
    for directory in directories:
        graph = needs(sorted(map(str, directory.glob("*.o"))))
        for circle in circles(graph):
            bad = True
            print(*describe(directory.relative_to(root), circle, graph),
                  sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
