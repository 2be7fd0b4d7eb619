/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entering what is ready: all of it is in the map when it is done, or nothing has
 * changed.
 */
#ifndef MACH_VM_MAP_ENTER_H
#define MACH_VM_MAP_ENTER_H

#include "vm_map.h"

#include <linux/list.h>

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

/**
 * struct mach_piece - A part of what is to be entered
 * @entry: attributes, and what it shows; its size is that of the part, wherever it
 *	begins; a right to its object is the caller's, and the map's once it is
 *	entered: then no object is left here
 * @kept: of its object's pages, so many from @entry's offset on are wired
 * @link: in order
 */
struct mach_piece {
	struct mach_map_entry entry;
	pgoff_t kept;
	struct list_head link;
};

/**
 * struct mach_entering - Something that is being entered
 * @place: where; the pieces fill it
 * @pieces: struct mach_piece
 * @wired: they are to be wired, and their pages are
 * @charged: bytes that were charged for that; the map's once it is entered
 */
struct mach_entering {
	struct mach_map_place *place;
	struct list_head *pieces;
	bool wired;
	u64 charged;
};

/*
 * It has to be made ready once more: what is new has to be wired now, or not, or more has
 * to be charged. No errno: users have limits, and Linux has of areas.
 */
#define MACH_MAP_UNREADY	1

int mach_map_look_ahead(struct mach_map *map,
			const struct mach_entering *entering, u64 *address,
			u64 *charge);
int mach_map_enter(struct mach_map *map, struct mach_entering *entering);

#endif /* MACH_VM_MAP_ENTER_H */
