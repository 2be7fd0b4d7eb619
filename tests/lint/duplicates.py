#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints the blocks of ten or more lines that stand twice in the given files.
Blank lines, brackets, comments and includes do not count."""

import argparse
import collections
import re
import sys

LENGTH = 10
C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
HASH_COMMENT = re.compile(r"^\s*#.*", re.MULTILINE)
SAYS_NOTHING = re.compile(r"[{}()\[\];,]*$|#\s*include\b")


def blank(found):
    """As many lines, so that those that follow keep their numbers."""
    return "\n" * found.group().count("\n")


def read_lines(path):
    """The lines that count, each with its number."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    comment = C_COMMENT if path.endswith((".c", ".h")) else HASH_COMMENT
    lines = []
    for number, line in enumerate(comment.sub(blank, text).split("\n"), 1):
        line = " ".join(line.split())
        if not SAYS_NOTHING.match(line):
            lines.append((number, line))
    return lines


def same(files, one, other):
    """How many lines from two places on are the same."""
    (a, i), (b, j) = one, other
    end = len(files[b]) if a != b else max(i, j)
    n = 0
    while (i + n < len(files[a]) and j + n < len(files[b]) and
           (a != b or i + n < end) and
           files[a][i + n][1] == files[b][j + n][1]):
        n += 1
    return n


def begins(files, one, other):
    """Not one line further down in a block that is the same."""
    (a, i), (b, j) = one, other
    return not i or not j or files[a][i - 1][1] != files[b][j - 1][1]


def blocks(files):
    """Pairs of places where a block begins, and its length."""
    places = collections.defaultdict(list)
    for path, lines in files.items():
        for i in range(len(lines) - LENGTH + 1):
            block = tuple(text for _, text in lines[i:i + LENGTH])
            for other in places[block]:
                n = same(files, other, (path, i))
                if n >= LENGTH and begins(files, other, (path, i)):
                    yield other, (path, i), n
            places[block].append((path, i))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE")
    files = {path: read_lines(path) for path in parser.parse_args().files}
    bad = 0
    for (a, i), (b, j), n in blocks(files):
        print(f"{b}:{files[b][j][0]}: {n} lines stand at {a}:{files[a][i][0]}, too")
        bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
