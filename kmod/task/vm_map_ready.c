// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making what is new ready: its pages are wired if all is to be, and areas can be
 * executed where it can, before it is entered.
 */
#include "vm_map_ready.h"
#include "map/vm_map_change.h"
#include "map/vm_map_exec.h"
#include "object/pmap.h"
#include "object/vm_internal.h"
#include "object/vm_wire.h"
#include "vm_map_wire.h"

#include <linux/sched/signal.h>

/* Keep the pages of a piece; untouched memory gets its object first. */
static int mach_piece_wire(struct mach_piece *piece, u64 address)
{
	struct mach_map_entry *entry = &piece->entry;
	pgoff_t pages = mach_entry_size(entry) >> PAGE_SHIFT;
	int err = 0;

	entry->wired = 1;
	/* if nobody may access it that is for when somebody may */
	if (!mach_entry_open(entry))
		return 0;
	if (!entry->object) {
		entry->object = mach_internal_create();
		if (!entry->object)
			return -ENOMEM;
		entry->offset = MACH_INTERNAL_MIDDLE + address;
	}
	while (!err && piece->kept < pages) {
		err = mach_wire_page(entry->object, (entry->offset >> PAGE_SHIFT) +
				     piece->kept, 1);
		if (!err)
			piece->kept++;
		if (fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
	return err;
}

/* They are likely to be at @address. */
static int mach_pieces_wire(const struct mach_entering *entering, u64 address)
{
	struct mach_piece *piece;
	int err = 0;

	list_for_each_entry(piece, entering->pieces, link) {
		err = mach_piece_wire(piece, address);
		if (err)
			break;
		address += mach_entry_size(&piece->entry);
	}
	return err;
}

/* It was not entered. */
static void mach_pieces_unwire(const struct mach_entering *entering)
{
	struct mach_piece *piece;
	pgoff_t first;

	list_for_each_entry(piece, entering->pieces, link) {
		first = piece->entry.offset >> PAGE_SHIFT;
		if (piece->kept)
			mach_object_unwire(piece->entry.object, first,
					   first + piece->kept, 1);
		piece->kept = 0;
		piece->entry.wired = 0;
	}
}

/* Charge and wire what is to be wired. With an error, mach_map_unready(). */
static int mach_map_ready(struct mach_map *map, struct mach_entering *entering)
{
	u64 more, address;
	int err;

	entering->wired = mach_map_wires(map);
	if (!entering->wired)
		return 0;
	err = mach_map_look_ahead(map, entering, &address, &more) ?:
	      mach_map_charge(map, more, true);
	if (err)
		return err;
	entering->charged = more;
	return mach_pieces_wire(entering, address);
}

static void mach_map_unready(struct mach_map *map,
			     struct mach_entering *entering)
{
	mach_pieces_unwire(entering);
	mach_map_uncharge(map, entering->charged);
	entering->charged = 0;
}

static u32 mach_pieces_rights(const struct list_head *pieces)
{
	struct mach_piece *piece;
	u32 rights = 0;

	list_for_each_entry(piece, pieces, link)
		rights |= piece->entry.protection;
	return rights;
}

/* Where nothing is; so if an area cannot be had, nothing is there again. */
static int mach_map_enter_fresh(struct mach_map *map, struct file *file,
				struct mach_entering *entering)
{
	const struct mach_map_place *place = entering->place;
	int err = mach_map_enter(map, entering);
	u64 end;

	if (err)
		return err;
	end = place->address + place->length;
	err = mach_map_exec_settle(map, file, place->address, end);
	if (err)
		mach_map_remove(map, place->address, end);
	return err;
}

/* The window can be executed where the pieces can, before they are there. */
static int mach_pieces_raise(struct mach_map *map, struct file *file,
			     const struct mach_entering *entering)
{
	u64 next, at = entering->place->address;
	struct mach_piece *piece;
	int err = 0;

	list_for_each_entry(piece, entering->pieces, link) {
		next = at + mach_entry_size(&piece->entry);
		if (piece->entry.protection & MACH_PROT_EXECUTE)
			err = mach_map_exec_raise_place(map, file, at, next);
		if (err)
			break;
		at = next;
	}
	return err;
}

/*
 * In the place of what is there. What can be executed in the end can be already; what
 * is left of what could is cut afterwards, or, where Linux has no memory for that, by
 * the next fault.
 */
static int mach_map_enter_over(struct mach_map *map, struct file *file,
			       struct mach_entering *entering)
{
	const struct mach_map_place *place = entering->place;
	u64 start = place->address, end = start + place->length;
	int err, settled;

	if (end < start)
		return -EADDRNOTAVAIL;
	err = mach_map_exec_may_go(map, start, end);
	if (err)
		return err;
	mach_map_exec_ahead(map);
	err = mach_pieces_raise(map, file, entering) ?:
	      mach_map_enter(map, entering);
	settled = mach_map_exec_settle(map, file, start, end);
	mach_map_exec_raised(map);
	/* who has found his data in an executable area meanwhile looks again */
	if (settled)
		mach_pmap_revoke(mach_map_mapping(map), start >> PAGE_SHIFT,
				 place->length >> PAGE_SHIFT);
	return err;
}

/**
 * mach_map_enter_ready - Make something ready, and enter it
 * @map: not locked
 * @file: the task's descriptor
 * @place: where, whole pages, not empty
 * @pieces: struct mach_piece, not wired; those without an object are the map's
 *
 * Nothing has changed on error. Return: 0; as mach_map_enter(); -EPERM, -EACCES and
 * what mmap says of areas; -EPERM, -EIO and what the fault says of what is to be wired.
 */
int mach_map_enter_ready(struct mach_map *map, struct file *file,
			 struct mach_map_place *place, struct list_head *pieces)
{
	struct mach_entering entering = { .place = place, .pieces = pieces };
	int err = mach_map_exec_check(map, mach_pieces_rights(pieces));

	if (err)
		return err;
	do {
		err = mach_map_ready(map, &entering);
		if (!err && place->overwrite)
			err = mach_map_enter_over(map, file, &entering);
		else if (!err)
			err = mach_map_enter_fresh(map, file, &entering);
		if (err)
			mach_map_unready(map, &entering);
	} while (err == MACH_MAP_UNREADY && !fatal_signal_pending(current));
	return err == MACH_MAP_UNREADY ? -EINTR : err;
}
