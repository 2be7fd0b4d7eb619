/* SPDX-License-Identifier: GPL-2.0-only */
/* The same calls to the Linux that runs here. */
#ifndef VMREPLAY_KERNEL_H
#define VMREPLAY_KERNEL_H

#include "trace.h"

/**
 * struct kernel_count - How many VMAs there were
 * @vmas: after the call of that index, 0 where nobody looked
 * @peak: most of them, where somebody looked
 * @end: after the last call
 */
struct kernel_count {
	u32 *vmas;
	u32 peak;
	u32 end;
};

bool kernel_replay(const struct trace *trace, struct kernel_count *count);

#endif /* VMREPLAY_KERNEL_H */
