// SPDX-License-Identifier: GPL-2.0-only
/* vm_remap: pieces of the source are shared or copied, then entered again. */
#include "vm_map_remap.h"
#include "map/vm_map_change.h"
#include "map/vm_map_exec.h"
#include "object/vm_internal.h"
#include "vm_map_data.h"

#include <linux/sched/signal.h>
#include <linux/slab.h>

/**
 * struct mach_piece - A part of what is to be mapped
 * @entry: attributes, and where it is in the source; its object, if any, with a
 *	right, for which nobody moves or discards its pages
 * @link: in order
 */
struct mach_piece {
	struct mach_map_entry entry;
	struct list_head link;
};

static void mach_pieces_free(struct list_head *pieces)
{
	struct mach_piece *piece, *next;

	list_for_each_entry_safe(piece, next, pieces, link) {
		if (piece->entry.object)
			mach_object_right_put(piece->entry.object);
		kfree(piece);
	}
}

/* What @entry has of [address, end) */
static void mach_piece_fill(struct mach_map_entry *piece,
			    const struct mach_map_entry *entry, u64 address,
			    u64 end)
{
	*piece = *entry;
	piece->offset += address - entry->start;
	piece->start = address;
	piece->end = min(end, entry->end);
	piece->wired = 0;
	piece->in_transition = 0;
	piece->shared = 1;
	/* the view holds a right, so there is one to be had */
	mach_object_right_get(entry->object);
}

/**
 * mach_map_share - Have what an entry shows shown elsewhere
 * @map: not locked
 * @address: first, of whole pages, in an entry
 * @end: the address after the last, at most
 * @piece: out: attributes, and what it shows from there on; a right to the object is
 *	the caller's
 *
 * Return: 0; -EADDRNOTAVAIL; -ENOMEM; -EINTR.
 */
int mach_map_share(struct mach_map *map, u64 address, u64 end,
		   struct mach_map_entry *piece)
{
	struct mach_object *own = mach_internal_create();
	struct mach_map_entry *entry;
	int err;

	if (!own)
		return -ENOMEM;
	err = mach_map_lock_range(map, address, address + 1, MACH_MAP_GROWS);
	if (err)
		goto out_put;
	entry = mach_entry_lookup(&map->entries, address);
	err = entry ? mach_map_set_apart(map, entry, address,
					 min(end, entry->end), own) :
		      -EADDRNOTAVAIL;
	if (!err)
		mach_piece_fill(piece,
				mach_entry_lookup(&map->entries, address),
				address, end);
	mach_map_unlock_write(map);
out_put:
	mach_object_right_put(own);
	return err;
}

/* To be copied; untouched memory gets its object first. */
static int mach_piece_take(struct mach_map *map, u64 address, u64 end,
			   struct mach_map_entry *piece)
{
	struct mach_map_entry *entry;
	int err = 0;

	for (;;) {
		entry = mach_map_lookup(map, address);
		if (entry && entry->object)
			break;
		if (!entry)
			err = -EADDRNOTAVAIL;
		mach_map_unlock(map);
		err = err ?: mach_map_make_object(map, address);
		if (err)
			return err;
	}
	mach_piece_fill(piece, entry, address, end);
	mach_map_unlock(map);
	return 0;
}

static int mach_pieces_take(struct mach_remap *remap, struct list_head *pieces)
{
	u64 end = remap->start + remap->place.length, at = remap->start;
	struct mach_piece *piece;
	int err;

	remap->protection = MACH_PROT_ALL;
	remap->max_protection = MACH_PROT_ALL;
	for (; at < end; at = piece->entry.end) {
		if (fatal_signal_pending(current))
			return -EINTR;
		piece = kzalloc(sizeof(*piece), GFP_KERNEL_ACCOUNT);
		if (!piece)
			return -ENOMEM;
		err = remap->copy ?
		      mach_piece_take(remap->source, at, end, &piece->entry) :
		      mach_map_share(remap->source, at, end, &piece->entry);
		if (err) {
			kfree(piece);
			return err;
		}
		list_add_tail(&piece->link, pieces);
		if (remap->all_rights &&
		    !(piece->entry.max_protection & MACH_PROT_READ))
			return -EACCES;
		if (remap->all_rights)
			piece->entry.max_protection = MACH_PROT_ALL;
		piece->entry.inheritance = remap->inheritance;
		remap->protection &= piece->entry.protection;
		remap->max_protection &= piece->entry.max_protection;
		remap->any_protection |= piece->entry.protection;
		cond_resched();
	}
	return 0;
}

/* A copy of the piece's pages takes the place of its object. */
static int mach_piece_copy(const struct mach_remap *remap,
			   struct mach_piece *piece)
{
	u64 offset = MACH_INTERNAL_MIDDLE + piece->entry.start;
	struct mach_object *copy = mach_internal_create();
	int err;

	if (!copy)
		return -ENOMEM;
	err = mach_object_copy(piece->entry.object,
			       piece->entry.offset >> PAGE_SHIFT,
			       mach_entry_size(&piece->entry) >> PAGE_SHIFT,
			       copy, offset >> PAGE_SHIFT);
	if (err) {
		mach_object_right_put(copy);
		return err;
	}
	mach_object_right_put(piece->entry.object);
	piece->entry.object = copy;
	piece->entry.offset = offset;
	piece->entry.shared = 0;
	piece->entry.needs_copy = 0;
	return 0;
}

static int mach_pieces_copy(struct mach_remap *remap, struct list_head *pieces)
{
	struct mach_piece *piece;
	int err = 0;

	list_for_each_entry(piece, pieces, link) {
		err = mach_piece_copy(remap, piece);
		if (err)
			break;
	}
	return err;
}

/* What others see now is said to be shared; none of it was joined meanwhile. */
static int mach_remap_share(const struct mach_remap *remap)
{
	const struct mach_change share = { .what = MACH_CHANGE_SHARED };

	return mach_map_change(remap->source, remap->start,
			       remap->start + remap->place.length, &share);
}

/* Nothing came of it: what was set apart is one again. */
static void mach_remap_heal(const struct mach_remap *remap)
{
	struct mach_map *map = remap->source;

	if (mach_map_lock_write(map, MACH_MAP_SHRINKS))
		return;
	mach_entries_glue(&map->entries, remap->start,
			  remap->start + remap->place.length,
			  MACH_MERGE_ATTRIBUTES, &map->spare);
	mach_map_unlock_write(map);
}

/*
 * Nobody can get in between: a place that may never be accessed. What is to be
 * overwritten may be the source, and stays until each piece takes its part.
 */
static int mach_remap_place(struct mach_map *target, struct mach_map_place *place)
{
	const struct mach_map_entry room = {};

	if (!place->overwrite)
		return mach_map_enter(target, place, &room);
	return mach_map_within(target, place) ? 0 : -EADDRNOTAVAIL;
}

/**
 * mach_map_remap - Map what another range shows
 * @target: not locked
 * @remap: what and where
 *
 * Nothing has changed on error, but pieces may have overwritten theirs.
 *
 * Return: 0; -EADDRNOTAVAIL; -ENOSPC; -EACCES; -EIO; -ENOMEM; -EINTR. Source: Mach's
 * vm_remap.
 */
int mach_map_remap(struct mach_map *target, struct mach_remap *remap)
{
	LIST_HEAD(pieces);
	struct mach_piece *piece;
	u64 delta;
	int err;

	err = mach_pieces_take(remap, &pieces);
	if (!err)
		err = mach_map_exec_check(target, remap->any_protection);
	if (!err && remap->copy)
		err = mach_pieces_copy(remap, &pieces);
	if (!err)
		err = mach_remap_place(target, &remap->place);
	if (err)
		goto out_free;
	delta = remap->place.address - remap->start;
	list_for_each_entry(piece, &pieces, link) {
		err = mach_map_replace(target, piece->entry.start + delta,
				       piece->entry.end + delta, &piece->entry);
		if (err)
			break;
		piece->entry.object = NULL;	/* the map has the right now */
	}
	if (!err && !remap->copy)
		err = mach_remap_share(remap);
	if (err && !remap->place.overwrite)
		mach_map_remove(target, remap->place.address,
				remap->place.address + remap->place.length);
out_free:
	mach_pieces_free(&pieces);
	if (err)
		mach_remap_heal(remap);
	return err;
}
