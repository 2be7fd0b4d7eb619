/* SPDX-License-Identifier: GPL-2.0-only */
/* What a map holds, read, written and copied. */
#ifndef MACH_VM_MAP_DATA_H
#define MACH_VM_MAP_DATA_H

#include "map/vm_map.h"

int mach_map_read(struct mach_map *map, struct mach_task_data *data);
int mach_map_write(struct mach_map *map, struct mach_task_data *data);
int mach_map_copy(struct mach_map *map, struct mach_task_data *data);
int mach_map_zero(struct mach_map *map, u64 start, u64 end);
int mach_map_round_inside(const struct mach_map *map, u64 address, u64 length,
			  u64 *start, u64 *end);
int mach_map_check_access(struct mach_map *map, u64 address, u64 length,
			  u32 access);

int mach_object_copy(struct mach_object *from, pgoff_t first, pgoff_t n,
		     struct mach_object *to, pgoff_t to_first);

#endif /* MACH_VM_MAP_DATA_H */
