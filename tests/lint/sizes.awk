# SPDX-License-Identifier: GPL-2.0-only
# Files of at most 700 lines, functions of at most 60 lines of body; half of those
# in kmod/ of at most 9.
FNR == 1 { body = 0 }
FNR == 701 { print FILENAME ": more than 700 lines: split it"; bad = 1 }
/^{/ { body = FNR; next }
/^}/ && body {
	lines = FNR - body - 1
	if (lines > 60) {
		print FILENAME ":" body ": a function of " lines \
			" lines, 60 are allowed"
		bad = 1
	}
	if (FILENAME ~ /^kmod\//) {
		functions++
		short += lines <= 9
	}
	body = 0
}
END {
	if (2 * short < functions) {
		print "kmod: " functions - short " of " functions \
			" functions have more than 9 lines, half of them may"
		bad = 1
	}
	exit bad
}
