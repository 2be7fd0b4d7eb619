/* SPDX-License-Identifier: GPL-2.0-only */
/* Traces of programs that do not run here. */
#ifndef VMREPLAY_GENERATE_H
#define VMREPLAY_GENERATE_H

#include "trace.h"

/**
 * struct generate - What shall be made
 * @scale: files to read, in thousands
 * @seed: of chance
 * @remap: the heap shrinks as glibc's: deallocated, and mapped without rights
 */
struct generate {
	unsigned long scale;
	u64 seed;
	bool remap;
};

void generate_ext2fs_grep(const struct generate *how, struct trace *trace);

#endif /* VMREPLAY_GENERATE_H */
