/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task's descriptor answers: Mach's address-space calls, and its window. */
#ifndef MACH_TASK_H
#define MACH_TASK_H

#include "base/mach_call.h"
#include "map/vm_map.h"
#include "pager/pager_port.h"

/**
 * struct mach_task - What an open file of the device is
 * @map: const, its address space
 * @port: NULL for a task, its port once it is a pager; set once
 */
struct mach_task {
	struct mach_map *map;
	struct mach_port *port;
};

/* The port of an open file of the device, or NULL */
static inline struct mach_port *mach_dev_port(struct file *file)
{
	struct mach_task *task = file->private_data;

	/* pairs with cmpxchg_release() in mach_pager_register() */
	return smp_load_acquire(&task->port);
}

extern const struct mach_call_table mach_task_table;

#endif /* MACH_TASK_H */
