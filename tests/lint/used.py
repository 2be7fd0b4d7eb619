#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What kmod/ names is used: constants and macros, functions that headers declare,
and each export by the module that it is for."""

import collections
import re
import sys

from source import blanked, line_of, main

WORD = re.compile(r"[A-Za-z_]\w*")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
ENUM = re.compile(r"\benum(?:\s+\w+)?\s*\{(.*?)\}", re.S)
CONSTANT = re.compile(r"(?:^|,)\s*([A-Za-z_]\w*)")
FUNCTION = re.compile(r"^(?!static\b)[A-Za-z_][\w \t*]*?\b(\w+)\([^;{}()]*"
                      r"(?:\([^;{}()]*\)[^;{}()]*)*\)(?: __\w+)*;", re.M)
INLINE = re.compile(r"^static inline\b[^;{}()]*?\b(\w+)\(", re.M)
EXPORT = re.compile(r"^(EXPORT_\w+)\((\w+)", re.M)
# A kind of export, and the folders of the modules that need it
EXPORTS = {
    "EXPORT_SYMBOL_IF_KUNIT": ("kunit",),
    "EXPORT_SYMBOL_FOR_BENCH": ("tools/bench/pool",),
}
# Read by Linux's own headers, or told from another by being the last
FOREIGN = re.compile(r"TRACE_\w+|CREATE_TRACE_POINTS|\w+_H|pr_fmt|__\w+")


class Tree:
    """Code without comments, and how often each word of it stands where."""

    def __init__(self, root):
        self.root = root
        self.texts = {}
        self.counts = {}
        self.all = collections.Counter()
        for folder in ("kmod", "kunit", "tests/unit", "tools"):
            for path in sorted((root / folder).rglob("*.[ch]")):
                text = blanked(path.read_text())
                self.texts[path] = text
                self.counts[path] = collections.Counter(WORD.findall(text))
                self.all.update(self.counts[path])

    def kmod(self):
        """Paths and texts of the module."""
        return [(path, text) for path, text in self.texts.items()
                if path.is_relative_to(self.root / "kmod")]

    def used_in(self, name, folders, but=()):
        """Does a file of the folders have the name?"""
        return any(name in counts for path, counts in self.counts.items()
                   if path not in but and
                   any(path.is_relative_to(self.root / folder)
                       for folder in folders))


def constants(text):
    """Yields (name, position) of macros and constants of enumerations."""
    for found in MACRO.finditer(text):
        yield found[1], found.start(1)
    for enum in ENUM.finditer(text):
        for found in CONSTANT.finditer(enum[1]):
            yield found[1], enum.start(1) + found.start(1)


def check_constants(text, tree):
    for name, position in constants(text):
        if tree.all[name] < 2 and not FOREIGN.fullmatch(name):
            yield position, f"nothing uses {name}"


def check_functions(path, text, tree):
    """A header declares what other files use, or a module that it is exported to."""
    if path.suffix != ".h":
        return
    own = (path, path.with_suffix(".c"))
    exported = {name for _, name in EXPORT.findall(tree.texts.get(own[1], ""))}
    for found in FUNCTION.finditer(text):
        name = found[1]
        if tree.counts[path][name] < 2 and name not in exported and \
           not tree.used_in(name, ("kmod",), own):
            yield found.start(1), f"no other file of kmod/ uses {name}()"
    for found in INLINE.finditer(text):
        if tree.all[found[1]] < 2:
            yield found.start(1), f"nothing uses {found[1]}()"


def check_exports(text, tree):
    for found in EXPORT.finditer(text):
        kind, name = found.groups()
        if kind not in EXPORTS:
            yield found.start(), f"{kind} does not say for whom {name} is"
        elif not tree.used_in(name, EXPORTS[kind]):
            yield found.start(), f"{kind}, but {EXPORTS[kind][0]}/ does not " \
                f"use {name}"


def complaints(root):
    """Yields (path, line number, complaint)."""
    tree = Tree(root)
    for path, text in tree.kmod():
        for position, complaint in (*check_constants(text, tree),
                                    *check_functions(path, text, tree),
                                    *check_exports(text, tree)):
            yield path.relative_to(root), line_of(text, position), complaint


if __name__ == "__main__":
    sys.exit(main(__doc__, complaints))
