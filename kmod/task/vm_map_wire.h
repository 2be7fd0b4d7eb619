/* SPDX-License-Identifier: GPL-2.0-only */
/* Wiring: pages of a map that are there and stay there. */
#ifndef MACH_VM_MAP_WIRE_H
#define MACH_VM_MAP_WIRE_H

#include "map/vm_map.h"

int mach_map_wire(struct mach_map *map, u64 start, u64 end, u32 access,
		  bool privileged);
int mach_wire_page(struct mach_object *object, pgoff_t index, u32 times);
int mach_map_wire_pages(struct mach_map *map, u64 *start, u64 end, u32 times);
int mach_map_unwire(struct mach_map *map, u64 start, u64 end);
int mach_map_wire_all(struct mach_map *map, u32 flags);

#endif /* MACH_VM_MAP_WIRE_H */
