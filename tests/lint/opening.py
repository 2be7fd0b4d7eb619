#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each file says below the line of its license what it is; a header of each folder
of kmod/ opens with the folder's sentence in LAYERS, a line for each file, and names
the locks that its files define."""

import argparse
import pathlib
import re
import sys

from layers import read_layers

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMENT = re.compile(r"/\*(?!\*)(.*?)\*/", re.S)
HASH_COMMENT = re.compile(r"((?:#.*\n)+)")
DOCSTRING = re.compile(r'"""(.*?)"""', re.S)
# Others may have lines for programs above it: limits, what shellcheck is to know.
HASH = re.compile(r"#!.*\n|# SPDX.*\n|# \w+: \d+\n|# shellcheck .*\n|#\n")
NAME = re.compile(r" ?\*\t(\w+)\t")
LOCK = re.compile(r"^(?:static )?(?:(?:DEFINE_(?:MUTEX|SPINLOCK)|DECLARE_RWSEM)\("
                  r"|struct mutex |spinlock_t |struct rw_semaphore )(\w+)", re.M)


def opening(path):
    """The text of the comment that the file begins with below its license."""
    text = path.read_text()
    if not text.startswith("#"):
        found = COMMENT.match(text, text.find("\n") + 1)
        return found and found[1]
    end = 0
    while found := HASH.match(text, end):
        end = found.end()
    found = HASH_COMMENT.match(text, end) or DOCSTRING.match(text, end)
    return found and found[1]


def plain(comment):
    """The comment as one line, without its stars or hashes."""
    return " ".join(re.sub(r"^ \*|^#", "", comment, flags=re.M).split())


def check_file(path):
    """What is wrong with the file's opening, or None."""
    comment = opening(path)
    if comment is None:
        return "no comment below the license says what the file is"
    if not re.search(r"\w+\W+\w+\W+\w+.*[.?:;]", plain(comment)):
        return "the comment below the license is no sentence"
    return None


def locks(directory):
    """The locks that files of a directory define, but for those in structures."""
    return [name for path in sorted(directory.glob("*.c"))
            for name in LOCK.findall(path.read_text())]


def check_folder(folder):
    """Yields what is wrong with the opening of a folder's top header."""
    sentence = folder.sentence[0].upper() + folder.sentence[1:] + "."
    directory = ROOT / "kmod" / folder.name
    top = [path for path in sorted(directory.glob("*.h"))
           if plain(opening(path) or "").startswith(sentence)]
    if len(top) != 1:
        yield f"kmod/{folder.name}/:1: one header opens with '{sentence}', " \
              f"not {len(top)}"
        return
    names = [word.strip("()*") for rank in folder.ranks for word in rank]
    listed = [found[1] for line in opening(top[0]).splitlines()
              if (found := NAME.match(line))]
    listed = [name for name in listed if name in names]
    if listed != names:
        yield f"{top[0].relative_to(ROOT)}:2: a line for each file, " \
              f"from the ground up: {' '.join(names)}"
    for name in locks(directory):
        if name not in opening(top[0]):
            yield f"{top[0].relative_to(ROOT)}:2: {name} is not among the locks"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="from the root")
    args = parser.parse_args()
    bad = [f"{name}:2: {text}" for name in args.files
           if (text := check_file(ROOT / name))]
    for folder in read_layers()[0]:
        if folder.name != ".":
            bad += check_folder(folder)
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
