#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the documents name exists: files they link to, symbols of the module."""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
SYMBOL = re.compile(r"\b((?:mach|MACH)_[A-Za-z_]*[A-Za-z])\b")
CODE = re.compile(r"`([^`\n]+)`")
SOURCES = ("kmod/**/*.[ch]", "include/uapi/linux/*.h",
           "userpager/lib*/**/*.h")
# Mach's own names, in the column of its names
FOREIGN = {"mach_msg"}


def documents():
    return sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"),
                   *ROOT.glob("tools/**/*.md")])


def known_symbols():
    known = set(FOREIGN)
    for pattern in SOURCES:
        for path in ROOT.glob(pattern):
            known.update(SYMBOL.findall(path.read_text()))
    return known


def problems(path, known):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for link in LINK.findall(line):
            if not (path.parent / link).exists():
                yield number, f"there is no {link}"
        for code in CODE.findall(line):
            for symbol in SYMBOL.findall(code):
                if symbol not in known:
                    yield number, f"there is no {symbol}"


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    known = known_symbols()
    bad = [f"{path.relative_to(ROOT)}:{number}: {text}"
           for path in documents()
           for number, text in problems(path, known)]
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
