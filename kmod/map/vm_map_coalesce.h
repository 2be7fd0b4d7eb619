/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Joining entries that touch. Pure.
 *
 * GNU Mach extends the entry below on vm_map_enter (until 2022), and since 2023
 * the one above as well, glues after vm_protect and vm_inherit, and puts
 * untouched memory in front of an object. We do that, and glue after everything
 * else too. What may be tried is a set of rules, so that tools can compare.
 */
#ifndef MACH_VM_MAP_COALESCE_H
#define MACH_VM_MAP_COALESCE_H

#include "vm_map_entry.h"

/* struct mach_entries::rules */
#define MACH_MERGE_ENTER_PREV	0x001	/* a new range extends the entry below */
#define MACH_MERGE_ENTER_NEXT	0x002	/* or the one above, or joins both */
#define MACH_MERGE_NULL_FRONT	0x004	/* zeros below an object with room there */
#define MACH_MERGE_SAME_OBJECT	0x008	/* an object to itself, offsets meet */
#define MACH_MERGE_PROTECT	0x010	/* glue after vm_protect */
#define MACH_MERGE_INHERIT	0x020	/* glue after vm_inherit */
#define MACH_MERGE_DEALLOCATE	0x040	/* glue after vm_deallocate */
#define MACH_MERGE_WIRE		0x080	/* glue after vm_wire */
#define MACH_MERGE_ATTRIBUTES	0x100	/* glue after vm_behavior_set */
#define MACH_MERGE_PIECES	0x200	/* an object's pieces do not forbid it to grow */
#define MACH_MERGE_OBJECTS	0x400	/* two anonymous objects become one */
#define MACH_MERGE_SHARED	0x800	/* what is shared, to more of the same */
#define MACH_MERGE_LAZY_CLIP	0x1000	/* no clip where nothing would change */

/* Nothing; GNU Mach of 2022; of 2023 to 2026; and ours */
#define MACH_RULES_NONE		0
#define MACH_RULES_BACKWARD	MACH_MERGE_ENTER_PREV
#define MACH_RULES_GNUMACH2023	(MACH_MERGE_ENTER_PREV | MACH_MERGE_ENTER_NEXT | \
				 MACH_MERGE_NULL_FRONT | \
				 MACH_MERGE_SAME_OBJECT | MACH_MERGE_PROTECT | \
				 MACH_MERGE_INHERIT)
#define MACH_RULES_MACHVM	0x1fff

bool mach_entry_alike(const struct mach_map_entry *a,
		      const struct mach_map_entry *b);
bool mach_entry_extend(struct mach_entries *entries,
		       struct mach_map_entry *prev,
		       const struct mach_map_entry *range,
		       struct mach_entry_stock *stock);
bool mach_entry_coalesce(struct mach_entries *entries,
			 struct mach_map_entry *entry, u32 rule,
			 struct mach_entry_stock *stock);
void mach_entries_glue(struct mach_entries *entries, u64 start, u64 end,
		       u32 rule, struct mach_entry_stock *stock);
unsigned long mach_entries_minimum(struct mach_entries *entries);

#endif /* MACH_VM_MAP_COALESCE_H */
