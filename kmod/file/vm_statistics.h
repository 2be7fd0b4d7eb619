/* SPDX-License-Identifier: GPL-2.0-only */
/* What every descriptor answers: the module as a whole, and its memory. */
#ifndef MACH_VM_STATISTICS_H
#define MACH_VM_STATISTICS_H

#include "base/mach_call.h"

void mach_vm_get_statistics(struct mach_vm_statistics *vm);
bool mach_vm_get_segment(unsigned int i, struct mach_vm_segment *segment);
bool mach_vm_get_cache(unsigned int i, struct mach_vm_cache *cache);

extern const struct mach_call_table mach_vm_table;

#endif /* MACH_VM_STATISTICS_H */
