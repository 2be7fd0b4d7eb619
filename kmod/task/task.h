/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task's descriptor answers: Mach's address-space calls, and its window. */
#ifndef MACH_TASK_H
#define MACH_TASK_H

#include "base/mach_call.h"
#include "map/vm_map.h"

/* Finds the map that a task's descriptor means, or NULL. Set once. */
void mach_task_set_map_of(struct mach_map *(*map_of)(struct file *file));
int mach_task_mmap(struct mach_map *map, struct vm_area_struct *vma);

/* context->self is the task's map */
int mach_task_allocate(struct mach_call_context *context,
		       union mach_call_args *args);
int mach_task_deallocate(struct mach_call_context *context,
			 union mach_call_args *args);
int mach_task_map(struct mach_call_context *context,
		  union mach_call_args *args);
int mach_task_protect(struct mach_call_context *context,
		      union mach_call_args *args);
int mach_task_inherit(struct mach_call_context *context,
		      union mach_call_args *args);
int mach_task_behavior(struct mach_call_context *context,
		       union mach_call_args *args);
int mach_task_wire(struct mach_call_context *context,
		   union mach_call_args *args);
int mach_task_wire_all(struct mach_call_context *context,
		       union mach_call_args *args);
int mach_task_read(struct mach_call_context *context,
		   union mach_call_args *args);
int mach_task_write(struct mach_call_context *context,
		    union mach_call_args *args);
int mach_task_copy(struct mach_call_context *context,
		   union mach_call_args *args);
int mach_task_remap(struct mach_call_context *context,
		    union mach_call_args *args);
int mach_task_region(struct mach_call_context *context,
		     union mach_call_args *args);
int mach_task_info(struct mach_call_context *context,
		   union mach_call_args *args);
int mach_task_msync(struct mach_call_context *context,
		    union mach_call_args *args);
int mach_task_set_size_limit(struct mach_call_context *context,
			     union mach_call_args *args);
int mach_task_get_size_limit(struct mach_call_context *context,
			     union mach_call_args *args);

#endif /* MACH_TASK_H */
