#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""No block of ten lines stands twice. Lines that say nothing are passed over:
blank ones, brackets, comments, includes."""

import re
import subprocess
import sys
from collections import defaultdict

DIRS = ["tools"]
LENGTH = 10
EMPTY = re.compile(r"[{}()\[\];,]*$|#\s*include\b|//|#\s|#!")


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *DIRS],
                            capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if re.search(r"\.[ch]$|\.py$|\.sh$|\.mk$|Makefile$", name):
            yield name
