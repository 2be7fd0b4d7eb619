// SPDX-License-Identifier: GPL-2.0-only
/* Entering something into a map, where there is room or in the place of what is there. */
#include "vm_map_enter.h"
#include "object/vm_view.h"
#include "vm_map_change.h"

/* Are all of the place's addresses the map's? */
static bool mach_map_within(const struct mach_map *map,
			    const struct mach_map_place *place)
{
	const struct mach_entries *entries = &map->entries;

	return place->address >= entries->min &&
	       place->address < entries->max &&
	       place->length <= entries->max - place->address;
}

/* Where it will be, or why nowhere */
static int mach_map_find_place(struct mach_map *map,
			       struct mach_map_place *place)
{
	struct mach_entries *entries = &map->entries;
	struct mach_map_entry *next;

	lockdep_assert_held(&map->lock);
	if (place->anywhere)
		return mach_entries_find_space(entries, place->address,
					       place->length, place->mask,
					       &place->address);
	if (!mach_map_within(map, place))
		return -EADDRNOTAVAIL;
	next = mach_entry_from(entries, place->address);
	if (next && next->start < place->address + place->length &&
	    !place->overwrite)
		return -ENOSPC;
	return 0;
}

/* The bytes of a place that goes that are wired, or count against the limit */
struct mach_leaving {
	u64 wired;
	u64 used;
};

static struct mach_leaving mach_map_leaving(const struct mach_map *map,
					    const struct mach_map_place *place)
{
	const u64 start = place->address, end = start + place->length;
	const struct mach_map_entry *entry;
	struct mach_leaving leaving = {};
	u64 bytes;

	lockdep_assert_held(&map->lock);
	if (!place->overwrite)
		return leaving;
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		bytes = min(end, entry->end) - max(start, entry->start);
		if (entry->wired)
			leaving.wired += bytes;
		if (entry->max_protection)
			leaving.used += bytes;
	}
	return leaving;
}

/* May the map be as large, when what goes has gone? */
static int mach_map_check_limit(const struct mach_map *map, u64 length,
				u64 leaving)
{
	u64 used = map->entries.size - map->entries.none - leaving;

	lockdep_assert_held(&map->lock);
	if (!length)
		return 0;
	return used > map->limit || length > map->limit - used ? -ENOSPC : 0;
}

/* Bytes of the pieces that count against the limit; *@n: how many pieces */
static u64 mach_pieces_used(const struct mach_entering *entering,
			    unsigned int *n)
{
	struct mach_piece *piece;
	u64 length = 0;

	*n = 0;
	list_for_each_entry(piece, entering->pieces, link) {
		if (piece->entry.max_protection)
			length += mach_entry_size(&piece->entry);
		++*n;
	}
	return length;
}

/**
 * mach_map_look_ahead - Where something would be entered now, and at which price
 * @map: not locked
 * @entering: what, and where
 * @address: out: where it would be
 * @charge: out: bytes that would have to be charged if it were wired: as far as there
 *	are not as many wired in what goes
 *
 * Return: 0; -ENOSPC; -EADDRNOTAVAIL.
 */
int mach_map_look_ahead(struct mach_map *map,
			const struct mach_entering *entering, u64 *address,
			u64 *charge)
{
	struct mach_map_place place = *entering->place;
	struct mach_leaving leaving;
	unsigned int n;
	int err;

	down_read(&map->lock);
	err = mach_map_find_place(map, &place);
	if (!err) {
		leaving = mach_map_leaving(map, &place);
		err = mach_map_check_limit(map, mach_pieces_used(entering, &n),
					   leaving.used);
		*address = place.address;
		*charge = place.length - leaving.wired;
	}
	mach_map_unlock(map);
	return err;
}

/* Is there room, and are there entries? Return: as mach_map_enter(). */
static int mach_map_may_enter(struct mach_map *map,
			      const struct mach_entering *entering)
{
	const struct mach_map_place *place = entering->place;
	struct mach_leaving leaving = mach_map_leaving(map, place);
	unsigned int n;
	u64 length = mach_pieces_used(entering, &n);

	lockdep_assert_held_write(&map->lock);
	if (mach_map_wires(map) != entering->wired ||
	    (entering->wired &&
	     place->length - leaving.wired > entering->charged))
		return MACH_MAP_UNREADY;
	return mach_user_check(map->user, MACH_USER_ENTRIES, n) ?:
	       mach_map_check_limit(map, length, leaving.used) ?:
	       mach_map_fill_spare_more(map, n);
}

/* All are on show until they are entered: then that cannot fail. */
static void mach_pieces_hide(struct mach_map *map, const struct list_head *pieces,
			     const struct mach_piece *end)
{
	struct mach_piece *piece;

	lockdep_assert_held_write(&map->lock);
	list_for_each_entry(piece, pieces, link) {
		if (piece == end)
			break;
		if (piece->entry.object)
			mach_view_put(piece->entry.object,
				      mach_map_mapping(map),
				      mach_entry_delta(&piece->entry));
	}
}

/* The pieces lie in the place, one after another, and are seen there. */
static int mach_pieces_show(struct mach_map *map,
			    const struct mach_entering *entering)
{
	u64 size, at = entering->place->address;
	struct mach_piece *piece;
	int err = 0;

	lockdep_assert_held_write(&map->lock);
	list_for_each_entry(piece, entering->pieces, link) {
		size = mach_entry_size(&piece->entry);
		piece->entry.start = at;
		at += size;
		piece->entry.end = at;
		if (piece->entry.object)
			err = mach_view_get(piece->entry.object,
					    mach_map_mapping(map),
					    mach_entry_delta(&piece->entry));
		if (err) {
			mach_pieces_hide(map, entering->pieces, piece);
			break;
		}
	}
	return err;
}

/* The caller's right goes first, so that it is seen whether the object is private. */
static void mach_piece_enter(struct mach_map *map, struct mach_piece *piece)
{
	const struct mach_map_entry entry = piece->entry;

	lockdep_assert_held_write(&map->lock);
	if (entry.object)
		mach_object_right_put(entry.object);
	mach_range_enter(&map->entries, entry.start, entry.end, &entry,
			 &map->spare);
	if (entry.object)
		mach_view_put(entry.object, mach_map_mapping(map),
			      mach_entry_delta(&entry));
	piece->entry.object = NULL;
}

static void mach_pieces_enter(struct mach_map *map,
			      struct mach_entering *entering)
{
	const struct mach_map_place *place = entering->place;
	struct mach_piece *piece;

	lockdep_assert_held_write(&map->lock);
	if (place->overwrite)
		mach_map_empty(map, place->address,
			       place->address + place->length);
	list_for_each_entry(piece, entering->pieces, link)
		mach_piece_enter(map, piece);
	map->charged += entering->charged;
	entering->charged = 0;
}

static int mach_map_lock_place(struct mach_map *map,
			       const struct mach_map_place *place)
{
	if (!place->overwrite)
		return mach_map_lock_write(map, MACH_MAP_GROWS);
	if (!mach_map_within(map, place))
		return -EADDRNOTAVAIL;
	return mach_map_lock_range(map, place->address,
				   place->address + place->length,
				   MACH_MAP_GROWS);
}

/**
 * mach_map_enter - Enter something into a map
 * @map: not locked
 * @entering: what, of whole pages, not empty, and where
 *
 * Nothing has changed on error. Return: 0; -ENOSPC; -EADDRNOTAVAIL; -ENOMEM; -EINTR;
 * -EAGAIN: the user has too many entries; MACH_MAP_UNREADY. Source: Mach's vm_map_enter.
 */
int mach_map_enter(struct mach_map *map, struct mach_entering *entering)
{
	int err = mach_map_lock_place(map, entering->place);

	if (err)
		return err;
	err = mach_map_find_place(map, entering->place) ?:
	      mach_map_may_enter(map, entering) ?:
	      mach_pieces_show(map, entering);
	if (!err)
		mach_pieces_enter(map, entering);
	mach_map_unlock_write(map);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_map_enter);
