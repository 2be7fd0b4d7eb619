/* SPDX-License-Identifier: GPL-2.0-only */
/* A task's window: the areas of its process that show its map. */
#ifndef MACH_WINDOW_H
#define MACH_WINDOW_H

#include "map/vm_map.h"

int mach_task_mmap(struct mach_map *map, struct vm_area_struct *vma);
int mach_task_fsync(struct mach_map *map, u64 start, u64 last);

#endif /* MACH_WINDOW_H */
