# SPDX-License-Identifier: GPL-2.0-only
"""What checks of a tree's C source have in common."""

import argparse
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def blanked(text):
    """The code alone, with all of it where it was."""
    return COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def main(doc, complaints):
    """Print what complaints(root) yields, (path, line number, complaint), for the
    tree that is asked for; 1 if there is any."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=ROOT)
    bad = list(complaints(parser.parse_args().root))
    for path, number, text in bad:
        print(f"{path}:{number}: {text}")
    return 1 if bad else 0
