/* SPDX-License-Identifier: GPL-2.0-only */
/* What a debugger reads and writes in a window, whatever the entry permits. */
#ifndef MACH_TASK_ACCESS_H
#define MACH_TASK_ACCESS_H

#include "map/vm_map.h"
#include "vm_fault.h"

bool mach_task_may_force(const struct vm_area_struct *vma,
			 const struct mach_map_entry *entry, bool write);
bool mach_task_access_ready(const struct mach_fault *fault,
			    struct mach_request **request);
int mach_task_access(struct vm_area_struct *vma, unsigned long address,
		     void *buffer, int length, int write);

#endif /* MACH_TASK_ACCESS_H */
