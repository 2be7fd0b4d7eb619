#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Functions of kmod/ that are called with a lock that is a variable assert that.

Of locks that are variables: who calls a function that asserts one asserts it as well,
or takes it. So does a function of which the comment above it says "With" that lock.
Of what is called by pointers, and of locks in structures, nothing is known here.
"""

import re
import sys

from source import blanked, line_of, main

ABOVE = re.compile(r"/\*(?:(?!\*/).)*\*/\n\Z", re.S)
FUNCTION = re.compile(r"^\w[^;{}=#]*?\b(\w+)\([^;{}=]*\)\n\{\n(.*?)^\}", re.M | re.S)
CALL = re.compile(r"\b(\w+)\(")
ASSERTED = re.compile(r"\blockdep_assert_held\w*\(&(mach_[\w.]+)\)")
TAKEN = re.compile(r"\b(?!lockdep_|\w*unlock)\w*lock\w*\(&(mach_[\w.]+)[,)]")
SAID = re.compile(r"\bwith\s(?:\*\s)?(mach_\w+_lock)\b", re.I)


class Function:
    """Where it is, what it calls, and the locks that it asserts, has and is said to
    be called with."""

    def __init__(self, path, line, found, above):
        body = found[2]
        self.name, self.path, self.line = found[1], path, line
        self.calls = set(CALL.findall(body))
        self.asserted = set(ASSERTED.findall(body))
        self.has = self.asserted | set(TAKEN.findall(body))
        self.said = set(SAID.findall(re.sub(r"\s+", " ", above)))


def functions(root):
    for path in sorted((root / "kmod").rglob("*.[ch]")):
        text = path.read_text()
        code = blanked(text)
        for found in FUNCTION.finditer(code):
            above = ABOVE.search(text, 0, found.start())
            yield Function(path.relative_to(root), line_of(code, found.start(1)),
                           found, above[0] if above else "")


def complaints(root):
    """Yields (path, line number, complaint)."""
    known = list(functions(root))
    # of two with one name a file means its own
    needed = {function.name: function.asserted for function in known}
    own = {(function.path, function.name): function.asserted
           for function in known}
    for function in known:
        for lock in sorted(function.said - function.asserted):
            yield (function.path, function.line,
                   f"{function.name}() does not assert {lock}, as it says")
        for name in sorted(function.calls):
            needs = own.get((function.path, name), needed.get(name, set()))
            for lock in sorted(needs - function.has - function.said):
                yield (function.path, function.line,
                       f"{function.name}() neither asserts nor takes {lock}, "
                       f"which {name}() needs")


if __name__ == "__main__":
    sys.exit(main(__doc__, complaints))
