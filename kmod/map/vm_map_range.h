/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Mach's calls do to the entries of a range. Pure: without locks, pages or
 * page tables, so that the same code runs under property tests and in vmreplay.
 *
 * The caller has checked its arguments and the rights, holds the map's lock for
 * writing, and brings a stock of at least MACH_RANGE_STOCK entries. What is left
 * of it, and entries that were joined to others, are in it afterwards.
 */
#ifndef MACH_VM_MAP_RANGE_H
#define MACH_VM_MAP_RANGE_H

#include "vm_map_coalesce.h"

/* One for a new range, two for clips */
#define MACH_RANGE_STOCK	3

/**
 * struct mach_change - New attributes of a range
 * @what: MACH_CHANGE_*
 * @protection: new protection; with MACH_CHANGE_MAXIMUM the new maximum, by
 *	which the protection is cut
 * @inheritance: new inheritance
 * @behavior: new behavior
 * @wire: with MACH_CHANGE_WIRE: +1, or -1 for what is wired
 * @in_transition: with MACH_CHANGE_TRANSITION
 * @of_all: likewise: by who wires all of the map
 */
struct mach_change {
	u32 what;
	u8 protection;
	u8 inheritance;
	u8 behavior;
	int wire;
	bool in_transition;
	bool of_all;
};

#define MACH_CHANGE_PROTECTION	0x01
#define MACH_CHANGE_MAXIMUM	0x02
#define MACH_CHANGE_INHERITANCE	0x04
#define MACH_CHANGE_BEHAVIOR	0x08
#define MACH_CHANGE_WIRE	0x10
#define MACH_CHANGE_TRANSITION	0x20
#define MACH_CHANGE_SHARED	0x40	/* others see it from now on */
#define MACH_CHANGE_WHOLE	0x80	/* for the caller: there must be no holes */

void mach_range_enter(struct mach_entries *entries, u64 start, u64 end,
		      const struct mach_map_entry *like,
		      struct mach_entry_stock *stock);
u64 mach_range_remove(struct mach_entries *entries, u64 start, u64 end,
		      unsigned int max, struct mach_entry_stock *stock,
		      struct mach_entry_stock *removed);
void mach_range_heal(struct mach_entries *entries, u64 start, u64 end,
		     struct mach_entry_stock *stock);
void mach_range_change(struct mach_entries *entries, u64 start, u64 end,
		       const struct mach_change *change,
		       struct mach_entry_stock *stock);

#endif /* MACH_VM_MAP_RANGE_H */
