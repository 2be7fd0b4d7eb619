/* SPDX-License-Identifier: GPL-2.0-only */
/* From the output of strace to a trace. */
#ifndef VMREPLAY_CONVERT_H
#define VMREPLAY_CONVERT_H

#include "trace.h"

/**
 * struct wanted - Which process, and how
 * @pid: its number, or 0
 * @program: what the path of its program ends in, or NULL
 * @upward: put what may lie anywhere where Mach would
 */
struct wanted {
	long pid;
	const char *program;
	bool upward;
};

void convert(const char *path, const struct wanted *wanted);

#endif /* VMREPLAY_CONVERT_H */
