/* SPDX-License-Identifier: GPL-2.0-only */
/* The first touch of a task's own memory. */
#ifndef MACH_TASK_TOUCH_H
#define MACH_TASK_TOUCH_H

#include "vm_fault.h"

int mach_task_touch(struct mach_fault *fault, vm_fault_t *ret);

#endif /* MACH_TASK_TOUCH_H */
