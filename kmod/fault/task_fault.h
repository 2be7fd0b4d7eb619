/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults in a task's window. */
#ifndef MACH_TASK_FAULT_H
#define MACH_TASK_FAULT_H

#include <linux/mm.h>

extern const struct vm_operations_struct mach_task_operations;

#endif /* MACH_TASK_FAULT_H */
