/* SPDX-License-Identifier: GPL-2.0-only */
/* What a map holds, sent home, forgotten, or wanted soon. */
#ifndef MACH_VM_MAP_MSYNC_H
#define MACH_VM_MAP_MSYNC_H

#include "map/vm_map.h"

int mach_map_msync(struct mach_map *map, u64 start, u64 end, u32 flags);
int mach_map_advise(struct mach_map *map, u64 start, u64 end, u32 behavior);

#endif /* MACH_VM_MAP_MSYNC_H */
