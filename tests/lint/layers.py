#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds kmod/ to the folders and ranks in LAYERS; prints what breaks them."""

import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
ANY_INCLUDE = re.compile(r"\s*#\s*include\b")
FOLDER = re.compile(r"(= )?([\w.]+)/ (.+)")
UAPI = re.compile(r"linux/mach_\w+\.h")  # the same in user space
VERSION = re.compile(r"\bLINUX_VERSION_CODE\b|\bKERNEL_VERSION\b|linux/version\.h")
KERN = "base/kern"


class File:
    """One name of a folder."""

    def __init__(self, folder, word, rank):
        self.folder = folder
        self.name = word.strip("()*")
        self.rank = rank
        self.inner = word.startswith("(")
        self.pure = "*" in word


class Folder:
    """A folder with its sentence; folders of one level are neighbours."""

    def __init__(self, name, sentence, level):
        self.name = name
        self.sentence = sentence
        self.level = level
        self.ranks = []


def read_layers(path=HERE / "LAYERS"):
    """The folders from the ground up, and the files by 'folder/name'."""
    folders, files, level = [], {}, 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = FOLDER.fullmatch(line)
        if found:
            level += not found[1]
            folders.append(Folder(found[2], found[3], level))
        elif line.startswith("\t") and folders:
            folder = folders[-1]
            folder.ranks.append(line.split())
            for word in line.split():
                file = File(folder, word, len(folder.ranks))
                files[f"{folder.name}/{file.name}"] = file
        else:
            sys.exit(f"{path.name}:{number}: neither a folder nor a rank")
    return folders, files


def check_target(file, target, files):
    """What is wrong with file's including of target, or None."""
    inside = "/" not in target
    key = re.sub(r"\.h$", "", f"{file.folder.name}/{target}" if inside else target)
    other = files.get(key)
    if other is file or (key, file.name) == ("base/mach_trace", "trace"):
        return None
    if not other:
        return "it has no rank"
    if not inside and other.folder is file.folder:
        return "inside a folder the file's name will do"
    if not inside and other.folder.level >= file.folder.level:
        return f"{other.folder.name}/ is not below {file.folder.name}/"
    if not inside and other.inner:
        return f"it is inner to {other.folder.name}/"
    if inside and other.rank >= file.rank:
        return "its rank is not lower"
    if file.pure and key != KERN and not other.pure:
        return "a pure file includes pure headers only"
    return None


def check_file(path, file, files, kmod):
    """Yields (line number, complaint)."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if file.name != "compat" and VERSION.search(line):
            yield number, "only compat.h knows kernel versions"
        found = INCLUDE.match(line)
        if not found:
            if ANY_INCLUDE.match(line):
                yield number, "an include names its header"
            continue
        kind, target = found.groups()
        if kind == "<":
            if (kmod / target).exists():
                yield number, f"<{target}>: the module's own are in quotes"
            elif file.pure and not UAPI.fullmatch(target):
                yield number, f"a pure file includes base/kern.h, not <{target}>"
            continue
        complaint = check_target(file, target, files)
        if complaint:
            yield number, f'"{target}": {complaint}'


def complaints(kmod, files):
    """Yields what is wrong with any file, or with a rank that has none."""
    seen = set()
    for path in sorted(kmod.rglob("*.[ch]")):
        where = path.relative_to(kmod)
        key = f"{where.parent}/{path.stem}".replace("./", "", 1) \
            if where.parent.name else f"./{path.stem}"
        seen.add(key)
        if key not in files:
            yield f"kmod/{where}:1: give this file a rank in tests/lint/LAYERS"
            continue
        for number, text in check_file(path, files[key], files, kmod):
            yield f"kmod/{where}:{number}: {text}"
    for key in sorted(set(files) - seen):
        yield f"LAYERS: {key} has a rank but is not there"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layers", nargs="?", type=pathlib.Path,
                        default=HERE / "LAYERS")
    parser.add_argument("kmod", nargs="?", type=pathlib.Path,
                        default=HERE.parents[1] / "kmod")
    args = parser.parse_args()
    _, files = read_layers(args.layers)
    bad = list(complaints(args.kmod, files))
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
