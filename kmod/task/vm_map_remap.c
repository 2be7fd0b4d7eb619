// SPDX-License-Identifier: GPL-2.0-only
/* vm_remap: pieces of the source are shared or copied, then entered again. */
#include "vm_map_remap.h"
#include "map/vm_map_change.h"
#include "object/vm_internal.h"
#include "vm_map_data.h"
#include "vm_map_ready.h"

#include <linux/sched/signal.h>
#include <linux/slab.h>

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
	piece->of_all = 0;
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

/**
 * mach_map_share_undo - Nothing came of it: what was set apart is one again
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 */
void mach_map_share_undo(struct mach_map *map, u64 start, u64 end)
{
	if (mach_map_lock_write(map, MACH_MAP_SHRINKS))
		return;
	mach_entries_glue(&map->entries, start, end, MACH_MERGE_ATTRIBUTES,
			  &map->spare);
	mach_map_unlock_write(map);
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

/* What it is to have, and to be given */
static int mach_piece_set(const struct mach_remap *remap,
			  struct mach_map_entry *piece)
{
	if (remap->all_rights && !(piece->max_protection & MACH_PROT_READ))
		return -EACCES;
	if (remap->all_rights)
		piece->max_protection = MACH_PROT_ALL;
	if (remap->cut)
		piece->max_protection = remap->max_protection;
	if (remap->protect)
		piece->protection = remap->protection;
	if (remap->cut)
		piece->protection &= remap->max_protection;
	piece->inheritance = remap->inheritance;
	return 0;
}

static int mach_pieces_take(struct mach_remap *remap, struct list_head *pieces)
{
	u64 end = remap->start + remap->place.length, at = remap->start;
	struct mach_piece *piece;
	int err;

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
		err = mach_piece_set(remap, &piece->entry);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* What all of it may be accessed with, and may be given */
static void mach_pieces_tell(struct mach_remap *remap,
			     const struct list_head *pieces)
{
	struct mach_piece *piece;

	remap->protection = MACH_PROT_ALL;
	remap->max_protection = MACH_PROT_ALL;
	list_for_each_entry(piece, pieces, link) {
		remap->protection &= piece->entry.protection;
		remap->max_protection &= piece->entry.max_protection;
	}
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

/* What others see now is said to be shared. */
static void mach_remap_share(const struct mach_remap *remap)
{
	const struct mach_change share = { .what = MACH_CHANGE_SHARED };

	mach_map_change(remap->source, remap->start,
			remap->start + remap->place.length, &share);
}

/**
 * mach_map_remap - Map what another range shows
 * @target: not locked
 * @file: the task's descriptor
 * @remap: what and where
 *
 * Nothing has changed on error. Return: 0; -EADDRNOTAVAIL; -ENOSPC; -EACCES; -EPERM;
 * -EIO; -ENOMEM; -EINTR. Source: Mach's vm_remap.
 */
int mach_map_remap(struct mach_map *target, struct file *file,
		   struct mach_remap *remap)
{
	LIST_HEAD(pieces);
	int err;

	err = mach_pieces_take(remap, &pieces);
	if (!err && remap->copy)
		err = mach_pieces_copy(remap, &pieces);
	if (!err)
		err = mach_map_enter_ready(target, file, &remap->place, &pieces);
	/* who is killed meanwhile shares it all the same, and does not say so */
	if (!err && !remap->copy)
		mach_remap_share(remap);
	mach_pieces_tell(remap, &pieces);
	mach_pieces_free(&pieces);
	if (err)
		mach_map_share_undo(remap->source, remap->start,
				    remap->start + remap->place.length);
	return err;
}
