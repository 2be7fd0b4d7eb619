#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tables of calls in docs/porting.md are those of tests/mach/rows.def, and each
test that a row names is there; with --write they are brought up to date."""

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
HEADING = re.compile(rf"^TABLE\({TEXT}, {TEXT}\)$")
ROW = re.compile(r"^(?:ROW\((\w+)|SEEN\(([\w/]+), ([\w-]+)|NOTE\((?=\"))(?:, )?"
                 rf"{TEXT}, {TEXT}, {TEXT}, {TEXT}\)$")
HEAD = ["| call | edge | Mach | here | test |", "|---|---|---|---|---|"]


def plain(texts):
    """What the C strings say."""
    return [ast.literal_eval(f'"{text}"') for text in texts]


def has_test(program, name):
    """Is there a test of that name, or one for each transport?"""
    path = ROOT / f"tests/{program}.c"
    text = path.read_text() if path.exists() else ""
    return re.search(rf'(?:\.name = |\b[A-Z_]+\()"{name}(?:-ring)?"', text)


def seen(program, name):
    """How a row names a test that is elsewhere, which has to be there."""
    if not has_test(program, name):
        sys.exit(f"{ROWS.relative_to(ROOT)}: {program} has no test {name}")
    return f"{program} {name}"


def tables():
    """The headings, and the rows below each."""
    lines, above = [], None
    for line in ROWS.read_text().splitlines():
        heading, row = HEADING.match(line), ROW.match(line)
        if heading:
            title, text = plain(heading.groups())
            lines += ["", f"### {title}", "", text, ""] + HEAD
            above = None
        elif row:
            test, program, name, *texts = row.groups()
            call, *rest = plain(texts)
            test = seen(program, name) if program else test or "–"
            lines.append(f"| {'' if call == above else call} | "
                         f"{' | '.join(rest)} | {test} |")
            above = call
        elif re.match(r"[A-Z]+\(", line):
            sys.exit(f"{ROWS.relative_to(ROOT)}: not understood: {line}")
    return "\n".join(lines) + "\n"


def main():
    """Compares, or writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    text = DOCUMENT.read_text()
    if not MARKS.search(text):
        sys.exit(f"{DOCUMENT.relative_to(ROOT)}: no place for the rows")
    wanted = MARKS.sub(lambda match: match[1] + tables() + "\n" + match[2], text)
    if write:
        DOCUMENT.write_text(wanted)
    elif wanted != text:
        sys.exit("docs/porting.md is not as tests/mach/rows.def says: "
                 "tests/lint/porting.py --write")


main()
