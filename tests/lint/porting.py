#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The table of calls in docs/porting.md is that of tests/mach/rows.def; with
--write it is brought up to date."""

import argparse
import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = ROOT / "tests/mach/rows.def"
DOCUMENT = ROOT / "docs/porting.md"
MARKS = re.compile(r"(<!-- rows: .*? -->\n).*?(<!-- end -->\n)", re.S)
TEXT = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(rf"^(?:ROW\((\w+), |NOTE\(){TEXT}, {TEXT}, {TEXT}, {TEXT}\)$", re.M)


def rows():
    """The rows: test or None, call, edge, what Mach says, what is here."""
    text = ROWS.read_text()
    found = [match.groups() for match in ROW.finditer(text)]
    lines = len(re.findall(r"^(?:ROW|NOTE)\(", text, re.M))
    if len(found) != lines:
        sys.exit(f"{ROWS.relative_to(ROOT)}: {lines - len(found)} rows are not understood")
    return [[ast.literal_eval(f'"{field}"') if field else field for field in row]
            for row in found]


def table():
    """The rows as a table; a call that is that of the row above is left out."""
    lines = ["| call | edge | Mach | here | test |", "|---|---|---|---|---|"]
    above = None
    for test, call, edge, mach, here in rows():
        shown = "" if call == above else call
        above = call
        lines.append(f"| {shown} | {edge} | {mach} | {here} | {test or '–'} |")
    return "\n".join(lines) + "\n"


def main():
    """Compares, or writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    text = DOCUMENT.read_text()
    if not MARKS.search(text):
        sys.exit(f"{DOCUMENT.relative_to(ROOT)}: no place for the rows")
    wanted = MARKS.sub(lambda match: match[1] + "\n" + table() + "\n" + match[2], text)
    if write:
        DOCUMENT.write_text(wanted)
    elif wanted != text:
        sys.exit("docs/porting.md is not as tests/mach/rows.def says: "
                 "tests/lint/porting.py --write")


main()
