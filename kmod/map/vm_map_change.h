/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing a map. What its entries allow no longer is unmapped after they have
 * changed and before the map's lock is let go.
 */
#ifndef MACH_VM_MAP_CHANGE_H
#define MACH_VM_MAP_CHANGE_H

#include "vm_map.h"

int mach_map_round(const struct mach_map *map, u64 address, u64 length,
		   u64 *start, u64 *end);
void mach_map_empty(struct mach_map *map, u64 start, u64 end);
int mach_map_remove(struct mach_map *map, u64 start, u64 end);
int mach_map_change(struct mach_map *map, u64 start, u64 end,
		    const struct mach_change *change);
int mach_map_check_change(struct mach_map *map, u64 start, u64 end,
			  const struct mach_change *change);
int mach_map_change_locked(struct mach_map *map, u64 start, u64 end,
			   const struct mach_change *change);
int mach_map_set_limit(struct mach_map *map, u64 limit, u64 limit_max,
		       bool privileged);
void mach_map_get_limit(struct mach_map *map, u64 *limit, u64 *limit_max);

#endif /* MACH_VM_MAP_CHANGE_H */
