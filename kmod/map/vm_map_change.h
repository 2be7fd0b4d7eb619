/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing a map. What its entries allow no longer is unmapped after they have
 * changed and before the map's lock is let go.
 */
#ifndef MACH_VM_MAP_CHANGE_H
#define MACH_VM_MAP_CHANGE_H

#include "vm_map.h"

/**
 * struct mach_map_place - Where something is to be entered
 * @address: where, or from where on; out: where it is
 * @length: bytes
 * @mask: bits that must not be set in the address
 * @anywhere: the lowest room will do
 * @overwrite: what is there goes
 */
struct mach_map_place {
	u64 address;
	u64 length;
	u64 mask;
	bool anywhere;
	bool overwrite;
};

int mach_map_round(const struct mach_map *map, u64 address, u64 length,
		   u64 *start, u64 *end);
bool mach_map_within(const struct mach_map *map,
		     const struct mach_map_place *place);
int mach_map_enter(struct mach_map *map, struct mach_map_place *place,
		   const struct mach_map_entry *like);
int mach_map_replace(struct mach_map *map, u64 start, u64 end,
		     const struct mach_map_entry *like);
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
