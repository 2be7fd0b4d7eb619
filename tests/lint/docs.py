#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the documents name exists, in code spans and blocks: files, functions,
structures and their fields, symbols; a function beside a file is in it; the rows of
docs/mach-map.md name the files that define their symbols; docs/locking.md has the
locks, docs/machvm.4 all calls; the picture in docs/architecture.md is that of LAYERS."""

import argparse
import pathlib
import re
import sys

import draw
from opening import locks

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("kmod", "kunit", "include", "userpager", "tools", "tests")
FOLDERS = PARTS + ("docs", "scripts", "systemd", "udev")
# Mach's own names, in the column of its names
FOREIGN = {"mach_msg", "mach_vm_object_pages", "mach_vm_purgable_control"}

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
WORD = re.compile(r"\b[A-Za-z_]\w*\b")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
CODE = re.compile(r"`([^`\n]+)`")
# It may go over two lines, but not beyond its paragraph.
SPAN = re.compile(r"`((?:[^`\n]|\n(?!\s*\n))+)`")
FENCE = re.compile(r"^ *```.*?^ *```[ \t]*$", re.S | re.M)
INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}.*\n|\n(?= {4}))+")
SYMBOL = re.compile(r"\b((?:mach|MACH)_[A-Za-z_]*[A-Za-z])\b")
FUNCTION = re.compile(r"\b([A-Za-z_]\w*)\(\)")
STRUCTURE = re.compile(r"\b(?:struct|enum|union) (\w+)")
# Of a variable, which is named as its structure is, or of the structure itself
FIELD = re.compile(r"\b(\w+->|mach_\w+\.)(?!c\b|h\b)([a-z_]\w*)\b(?!\()")
BODY = re.compile(r"^struct (\w+) \{(.*?)^\}", re.S | re.M)
ENDING = r"\.(?:c|h|py|sh|md|awk|map|mk|fio|rules|[1-8])"
FILE = re.compile(rf"(?<![\w./*<-])([A-Za-z_*][\w./*-]*{ENDING})(?![\w.-])")
PATH = re.compile(rf"(?<![\w./-])((?:{'|'.join(FOLDERS)})/[\w./*-]*)")
# In a walk: a function, and the file that it is in
PLACE = re.compile(r"`(\w+)\(\)`\s+(?:\(|in\s+)`([\w/.]+)`")
# A call, or a request
CALL = re.compile(r"^#define[ \t]+(MACH_\w+)[ \t]+_IO|^#define[ \t]+(?=MACH_OP_)(\w+)[ \t]+\d",
                  re.M)
# A file that is to come is in italics, until it is there
COMING = re.compile(r"(?<![*\w])\*([\w/]+\.[ch])\*(?!\*)")


def strip(text):
    """Code without its comments."""
    return COMMENT.sub("", text)


class Tree:
    """The files of the tree, and the words of its code."""

    def __init__(self):
        self.files = {}
        self.words = set()
        self.fields = {}
        for folder in FOLDERS:
            for path in (ROOT / folder).rglob("*"):
                self.files.setdefault(path.name, []).append(path)
        for path in ROOT.glob("*"):
            self.files.setdefault(path.name, []).append(path)
        for folder in PARTS:
            for path in (ROOT / folder).rglob("*.[ch]"):
                text = strip(path.read_text())
                self.words.update(WORD.findall(text))
                for name, body in BODY.findall(text):
                    self.fields.setdefault(name, set()).update(
                        WORD.findall(body))
        self.words |= FOREIGN

    def find(self, name, document):
        """What is wrong with a file's name, or None."""
        name = re.sub(r"\b[A-Z]+(?=[_.])", "*", name).rstrip(".")
        if "/" in name:
            places = (ROOT, ROOT / "kmod", document.parent,
                      *ROOT.glob("userpager/lib*/include"))
            found = any(any(place.glob(name)) for place in places)
            return None if found else f"there is no {name}"
        if "*" in name:
            return None
        found = self.files.get(name, [])
        if not found:
            return f"there is no {name}"
        if len(found) > 1:
            return f"there are {len(found)} files {name}: name the folder"
        return None

    def find_field(self, owner, field):
        """What is wrong with the field of a structure or variable, or None."""
        name = owner.removesuffix("->").removesuffix(".")
        if owner.endswith("->"):
            name = f"mach_{name}"
        if name in self.fields:
            known = field in self.fields[name]
        else:
            known = owner.endswith(".") or field in self.words
        return None if known else f"{name} has no {field}"


def names(line, tree, document, exact):
    """Yields what is wrong with the names in a piece of code."""
    for name in FILE.findall(line):
        text = tree.find(name, document)
        if text and (exact or text.startswith("there is no")):
            yield text
    for pattern in (SYMBOL, FUNCTION, STRUCTURE):
        for name in pattern.findall(line):
            if name not in tree.words:
                yield f"there is no {name}"
    for found in FIELD.findall(line):
        if (text := tree.find_field(*found)):
            yield text


def paths(line, tree, document):
    """Yields what is wrong with paths from the root, in code or not."""
    for name in PATH.findall(line):
        if (text := tree.find(name, document)):
            yield text


def pieces_of_code(text):
    """Yields (line number, code, is it a span?); a picture has little room."""
    spans = list(text)
    for pattern in (FENCE, INDENTED):
        for block in pattern.finditer("".join(spans)):
            number = text.count("\n", 0, block.start()) + 1
            for line in block[0].splitlines():
                yield number, line, False
                number += 1
            for at in range(*block.span()):
                spans[at] = "\n" if text[at] == "\n" else " "
    for found in SPAN.finditer("".join(spans)):
        number = text.count("\n", 0, found.start()) + 1
        yield number, " ".join(found[1].split()), True


def check_text(path, tree):
    """Yields (line number, complaint) of a document in Markdown."""
    text = path.read_text()
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        found += [(number, bad) for bad in paths(line, tree, path)]
        for link in LINK.findall(line):
            if not (path.parent / link).exists():
                found.append((number, f"there is no {link}"))
        for name in COMING.findall(line):
            if not tree.find(name, path):
                found.append((number, f"{name} is there: not in italics"))
    for number, code, exact in pieces_of_code(text):
        found += [(number, bad) for bad in names(code, tree, path, exact)]
    yield from sorted(set(found))


def check_manual(path, tree):
    """Yields (line number, complaint) of a manual page."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith((r".\"", ".TH")):
            continue
        line = re.sub(r"\\f.", "", line).replace(r"\-", "-")
        line = re.sub(r"<(?!linux/mach)[^>]+>", "", line)
        # its headers are those that are installed
        found = [*names(line, tree, path, False), *paths(line, tree, path)]
        for text in dict.fromkeys(found):
            yield number, text


def defines(text, symbol):
    """Does code define a function, type or variable; or mention a constant?"""
    if symbol.isupper():
        return re.search(rf"\b{symbol}\b", text)
    return re.search(
        rf"^[A-Za-z_][\w \t*]*?\b{symbol}\([^;{{}}]*\)\s*\{{"
        rf"|^{symbol}\([^;{{}}]*\)\s*\{{"
        rf"|^(?:struct|enum|union) {symbol} \{{"
        rf"|^[A-Za-z_][\w \t*]*?\b{symbol}(?:\[\w*\])*(?: __\w+)? ?=",
        text, re.M)


def check_rows(path):
    """Yields (line number, complaint): files of a row define its symbols."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        cells = line.strip("|").split(" | ")
        if len(cells) != 4 or not line.startswith("|"):
            continue
        files = FILE.findall(cells[2])
        symbols = [name for code in CODE.findall(cells[3])
                   for name in SYMBOL.findall(code)]
        texts = {name: strip((ROOT / "kmod" / name).read_text())
                 for name in files if (ROOT / "kmod" / name).is_file()}
        for symbol in symbols:
            if not any(defines(text, symbol) for text in texts.values()):
                yield number, f"no file of the row has {symbol}"
        for name, text in texts.items():
            if not any(defines(text, symbol) for symbol in symbols):
                yield number, f"{name} has no symbol of the row"


def check_places(path):
    """Yields (line number, complaint): a function is in the file beside it."""
    text = path.read_text()
    for found in PLACE.finditer(text):
        file = ROOT / "kmod" / found[2]
        if file.is_file() and not defines(strip(file.read_text()), found[1]):
            number = text.count("\n", 0, found.start()) + 1
            yield number, f"{found[1]} is not in {found[2]}"


def check_locks(path):
    """Yields (line number, complaint): each lock of kmod/ is in the text."""
    text = path.read_text()
    for folder in sorted((ROOT / "kmod").iterdir()):
        for name in locks(folder) if folder.is_dir() else ():
            if name not in text:
                yield 1, f"{name} is missing"


def check_calls(path):
    """Yields (line number, complaint): all calls and requests are in the manual."""
    text = path.read_text()
    for header in sorted((ROOT / "include/uapi/linux").glob("*.h")):
        for call, request in CALL.findall(header.read_text()):
            if not re.search(rf"\b{call or request}\b", text):
                yield 1, f"{call or request} is missing"


def complaints():
    """Yields (path, line number, complaint)."""
    tree = Tree()
    texts = [ROOT / "README.md", *ROOT.glob("docs/*.md"),
             *ROOT.glob("tools/**/*.md")]
    manuals = [path for folder in ("docs", "tools", "userpager")
               for path in ROOT.glob(f"{folder}/**/*.[1-8]")]
    for path in sorted(texts):
        yield from ((path, *found) for found in check_text(path, tree))
        yield from ((path, *found) for found in check_places(path))
    for path in sorted(manuals):
        yield from ((path, *found) for found in check_manual(path, tree))
    path = ROOT / "docs/mach-map.md"
    yield from ((path, *found) for found in check_rows(path))
    path = ROOT / "docs/locking.md"
    yield from ((path, *found) for found in check_locks(path))
    path = ROOT / "docs/machvm.4"
    yield from ((path, *found) for found in check_calls(path))
    if not draw.agrees():
        yield draw.DOCUMENT, 1, "the picture is not that of LAYERS: " \
            "tests/lint/draw.py --write"


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    bad = [f"{path.relative_to(ROOT)}:{number}: {text}"
           for path, number, text in complaints()]
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
