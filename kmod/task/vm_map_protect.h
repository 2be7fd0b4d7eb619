/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm_protect. What is wired is wired while it may be accessed: it is brought in
 * before it may be, and let go when it no longer may.
 */
#ifndef MACH_VM_MAP_PROTECT_H
#define MACH_VM_MAP_PROTECT_H

#include "map/vm_map_change.h"

int mach_map_protect(struct mach_map *map, u64 start, u64 end,
		     const struct mach_change *change);

#endif /* MACH_VM_MAP_PROTECT_H */
