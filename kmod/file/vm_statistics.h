/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls about the module as a whole: what it does with its memory. */
#ifndef MACH_VM_STATISTICS_H
#define MACH_VM_STATISTICS_H

#include "base/mach_call.h"

void mach_vm_get_statistics(struct mach_vm_statistics *vm);
bool mach_vm_get_segment(unsigned int i, struct mach_vm_segment *segment);
bool mach_vm_get_cache(unsigned int i, struct mach_vm_cache *cache);

int mach_vm_statistics(struct mach_call_context *context,
		       union mach_call_args *args);
int mach_vm_segments(struct mach_call_context *context,
		     union mach_call_args *args);
int mach_vm_caches(struct mach_call_context *context,
		   union mach_call_args *args);

#endif /* MACH_VM_STATISTICS_H */
