# SPDX-License-Identifier: GPL-2.0-only
# Files of at most 800 lines, functions of at most 60 lines of body.
FNR == 1 { body = 0 }
FNR == 801 { print FILENAME ": more than 800 lines: split it"; bad = 1 }
/^{/ { body = FNR; next }
/^}/ && body {
	if (FNR - body - 1 > 60) {
		print FILENAME ":" body ": a function of " FNR - body - 1 \
			" lines, 60 are allowed"
		bad = 1
	}
	body = 0
}
END { exit bad }
