/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page faults, and everyone else who needs a page of an object.
 *
 * A fault that finds its page maps it and its resident neighbours. One that
 * does not sends a request, lets go of Linux's lock, waits killably and has the
 * fault tried again. So no lock is held while a pager works.
 */
#ifndef MACH_VM_FAULT_H
#define MACH_VM_FAULT_H

#include "request/memory_object.h"

/* Areas of nodes and object descriptors; windows of tasks */
extern const struct vm_operations_struct mach_vm_operations;
extern const struct vm_operations_struct mach_task_operations;

struct page *mach_fault_page(struct mach_object *object, pgoff_t index,
			     u32 access, bool wait);

#endif /* MACH_VM_FAULT_H */
