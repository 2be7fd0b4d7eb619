#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws the folders of kmod/ from LAYERS, the highest first; with --write into
docs/architecture.md."""

import argparse
import pathlib
import re
import sys

from layers import read_layers

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/architecture.md"
MARKS = re.compile(r"(<!-- folders: .*? -->\n).*?(<!-- end -->\n)", re.S)
WIDTH = 80


def wrap(words, width):
    """Lines of words; a word that ends a rank carries its bar along."""
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def ranks(folder):
    """The folder's files as words, with a bar before each higher rank."""
    words = []
    for rank in folder.ranks:
        for i, word in enumerate(rank):
            words.append(f"| {word}" if words and not i else word)
    return words


def picture():
    """The folders as lines of text, a box for each level."""
    folders, _ = read_layers()
    edge = "    +" + "-" * (WIDTH - 6) + "+"
    lines, level = [edge], None
    for folder in sorted(folders, key=lambda folder: -folder.level):
        if level not in (None, folder.level):
            lines.append(edge)
        elif level is not None:
            lines.append("    |" + " -" * ((WIDTH - 6) // 2) + "|")
        level = folder.level
        name = "main.c" if folder.name == "." else folder.name + "/"
        text = [folder.sentence]
        if folder.name != ".":
            text += ["  " + line for line in wrap(ranks(folder), WIDTH - 20)]
        for line in text:
            lines.append(f"    | {name:<9}{line:<{WIDTH - 16}}|")
            name = ""
    return "\n".join(lines + [edge]) + "\n"


def drawn(text):
    """The document with the picture of today."""
    return MARKS.sub(lambda found: found[1] + "\n" + picture() + "\n" + found[2],
                     text)


def agrees():
    """Does the document have the picture of today?"""
    text = DOCUMENT.read_text() if DOCUMENT.is_file() else ""
    return bool(MARKS.search(text)) and drawn(text) == text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true",
                        help="put the picture into docs/architecture.md")
    if parser.parse_args().write:
        DOCUMENT.write_text(drawn(DOCUMENT.read_text()))
    else:
        print(picture(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
