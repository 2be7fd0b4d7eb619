/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A task: its window, and Mach's calls on its memory.
 *
 *	vm_map_data	reading, writing, copying
 *	vm_map_wire	pages that are there and stay there
 *	vm_map_ready	what is new is ready before it is entered
 *	vm_map_remap	a range shown at another place
 *	vm_map_protect	rights, and wiring that follows them
 *	vm_map_msync	sending home, forgetting, asking for soon
 *	vm_map_proxy	a right to what an entry shows
 *	vm_map_pages	which pages are in memory
 *	window		the areas that show the map, and Linux's msync of them
 *	task		the table of calls, and what they check
 *
 * There are no locks here: the map's are taken, and none of them is held while
 * user memory is copied or a pager is waited for.
 */
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

	/* pairs with mach_pager_register() */
	return smp_load_acquire(&task->port);
}

extern const struct mach_call_table mach_task_table;

#endif /* MACH_TASK_H */
