/* SPDX-License-Identifier: GPL-2.0-only */
/* What one range of a map shows, shown at another one, perhaps of another map. */
#ifndef MACH_VM_MAP_REMAP_H
#define MACH_VM_MAP_REMAP_H

#include "map/vm_map_enter.h"

/**
 * struct mach_remap - A vm_remap under way
 * @source: map to look at
 * @start: first address there, of a whole page
 * @place: where it is to be in the target
 * @copy: a copy rather than the thing
 * @all_rights: of which any may be given
 * @protect: it is given @protection
 * @cut: it may be given @max_protection, and no more
 * @inheritance: of the new entries
 * @protection: to be given; out: that all of it has
 * @max_protection: that it may be given; out: that all of it may be given
 */
struct mach_remap {
	struct mach_map *source;
	u64 start;
	struct mach_map_place place;
	bool copy;
	bool all_rights;
	bool protect;
	bool cut;
	u8 inheritance;
	u8 protection;
	u8 max_protection;
};

int mach_map_share(struct mach_map *map, u64 address, u64 end,
		   struct mach_map_entry *piece);
void mach_map_share_undo(struct mach_map *map, u64 start, u64 end);
int mach_map_remap(struct mach_map *target, struct file *file,
		   struct mach_remap *remap);

#endif /* MACH_VM_MAP_REMAP_H */
