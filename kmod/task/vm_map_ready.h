/* SPDX-License-Identifier: GPL-2.0-only */
/* What is going to be entered is made ready before anything that is there goes. */
#ifndef MACH_VM_MAP_READY_H
#define MACH_VM_MAP_READY_H

#include "map/vm_map_enter.h"

int mach_map_enter_ready(struct mach_map *map, struct file *file,
			 struct mach_map_place *place, struct list_head *pieces);

#endif /* MACH_VM_MAP_READY_H */
