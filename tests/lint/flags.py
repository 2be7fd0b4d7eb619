#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What kmod/ reads without a lock is no bool.

gcc may call the volatile read of a bool a plain one where a branch follows, and
KCSAN says that such a read races. So no member that is given to READ_ONCE() or
smp_load_acquire() has the name of a member that is a bool, in whatever structure.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRUCT = re.compile(r"^(?:static )?struct \w* ?\{\n(.*?)^\}", re.M | re.S)
BOOL = re.compile(r"^\t+bool (\w+);", re.M)
STATIC = re.compile(r"^static bool (\w+)(?: __\w+)*(?: =[^;]*)?;", re.M)
READ = re.compile(r"\b(?:READ_ONCE|smp_load_acquire)\(&?([^()]+)\)")
MEMBER = re.compile(r"\w+$")


def bools(texts):
    """Where each name is that of a bool."""
    found = {}
    for path, text in texts.items():
        names = [name for body in STRUCT.findall(text)
                 for name in BOOL.findall(body)]
        found.update(dict.fromkeys(names + STATIC.findall(text), path))
    return found


def complaints(root):
    """Yields (path, line number, complaint)."""
    texts = {path.relative_to(root): path.read_text()
             for path in sorted((root / "kmod").rglob("*.[ch]"))}
    known = bools(texts)
    for path, text in texts.items():
        for read in READ.finditer(text):
            name = MEMBER.search(read[1].strip())
            if name and name[0] in known:
                yield (path, text.count("\n", 0, read.start()) + 1,
                       f"{name[0]} is a bool in {known[name[0]]}, and read "
                       "here without a lock: make it a u8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=ROOT)
    root = parser.parse_args().root
    bad = list(complaints(root))
    for path, number, text in bad:
        print(f"{path}:{number}: {text}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
