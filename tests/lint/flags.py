#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What kmod/ reads without a lock is no bool.

gcc may call the volatile read of a bool a plain one where a branch follows, and
KCSAN says that such a read races. So no member that is given to READ_ONCE() or
smp_load_acquire() has the name of a member that is a bool, in whatever structure.
"""

import re
import sys

from source import line_of, main

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
                yield (path, line_of(text, read.start()),
                       f"{name[0]} is a bool in {known[name[0]]}, and read "
                       "here without a lock: make it a u8")


if __name__ == "__main__":
    sys.exit(main(__doc__, complaints))
