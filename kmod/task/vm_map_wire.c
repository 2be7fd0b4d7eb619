// SPDX-License-Identifier: GPL-2.0-only
/* vm_wire: a range is put in transition, and its pages are brought in and kept. */
#include "vm_map_wire.h"
#include "fault/fault_page.h"
#include "object/vm_wire.h"

#include <linux/sched/signal.h>

static int mach_map_wire_page(struct mach_map *map, u64 address)
{
	struct mach_spot spot;
	struct page *page;
	int err = 0;

	/* in transition: so it cannot go */
	if (WARN_ON_ONCE(!mach_map_spot(map, address, &spot)))
		return -EADDRNOTAVAIL;
	if (!spot.object)
		return mach_map_make_object(map, address) ?:
		       mach_map_wire_page(map, address);
	do {
		page = mach_fault_page(spot.object, spot.index,
				       MACH_ACCESS_READ, MACH_WAIT_KILLED);
		if (IS_ERR(page))
			err = PTR_ERR(page);
		else
			put_page(page);
	} while (!err && !mach_object_wire(spot.object, spot.index));
	mach_object_put(spot.object);
	return err;
}

/* Undo the pages up to @end. */
static void mach_map_unwire_pages(struct mach_map *map, u64 start, u64 end)
{
	struct mach_map_entry *entry;

	lockdep_assert_held_write(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		u64 delta = mach_entry_delta(entry);

		if (entry->object)
			mach_object_unwire(entry->object,
					   (max(start, entry->start) - delta) >>
					   PAGE_SHIFT,
					   (min(end, entry->end) - delta) >>
					   PAGE_SHIFT, 1);
	}
}

/* May it be wired? And how much of it is not yet? */
static int mach_map_check_wire(struct mach_map *map, u64 start, u64 end,
			       u32 access, u64 *more)
{
	struct mach_map_entry *entry;

	lockdep_assert_held(&map->lock);
	*more = 0;
	if (!mach_entries_cover(&map->entries, start, end))
		return -EADDRNOTAVAIL;
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		if (access & ~entry->protection)
			return -EACCES;
		if (!entry->wired)
			*more += min(end, entry->end) - max(start, entry->start);
	}
	return 0;
}

/*
 * Lock a range for wiring, when so much is charged as is going to be wired. Linux's
 * lock comes before the map's: so it is charged first, and looked again.
 */
static int mach_map_lock_charged(struct mach_map *map, u64 start, u64 end,
				 u32 access)
{
	u64 charged = 0, more;
	int err;

	for (;;) {
		err = mach_map_lock_range(map, start, end, MACH_MAP_GROWS);
		if (err)
			break;
		err = mach_map_check_wire(map, start, end, access, &more);
		if (!err && more <= charged) {
			map->charged += charged;
			return 0;
		}
		mach_map_unlock_write(map);
		if (!err)
			err = mach_map_charge(map, more - charged);
		if (err)
			break;
		charged = more;
	}
	mach_map_uncharge(map, charged);
	return err;
}

static int mach_map_begin_wire(struct mach_map *map, u64 start, u64 end,
			       u32 access)
{
	const struct mach_change change = {
		.what = MACH_CHANGE_WIRE | MACH_CHANGE_TRANSITION,
		.wire = 1,
		.in_transition = true,
	};
	int err;

	err = mach_map_lock_charged(map, start, end, access);
	if (err)
		return err;
	mach_range_change(&map->entries, start, end, &change, &map->spare);
	mach_map_unlock_write(map);
	return 0;
}

/* This lock is not given up for a signal: somebody waits for the transition. */
static void mach_map_end_wire(struct mach_map *map, u64 start, u64 done,
			      u64 end)
{
	const struct mach_change change = {
		.what = MACH_CHANGE_TRANSITION |
			(done < end ? MACH_CHANGE_WIRE : 0),
		.wire = -1,
	};

	down_write(&map->lock);
	if (done < end)
		mach_map_unwire_pages(map, start, done);
	/* the range's ends are entries' ends: nothing is clipped */
	mach_range_change(&map->entries, start, end, &change, &map->spare);
	mach_map_unlock_write(map);
	wake_up_all(&map->transition);
}

/**
 * mach_map_wire - Bring pages in, and keep them
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 * @access: MACH_PROT_* that the entries must allow
 *
 * Return: 0; -EADDRNOTAVAIL; -EACCES; -ENOMEM; -EINTR; what the fault says. All
 * of the range or nothing of it. Source: Mach's vm_map_pageable.
 */
int mach_map_wire(struct mach_map *map, u64 start, u64 end, u32 access)
{
	u64 at = start;
	int err;

	if (start >= end)
		return 0;
	err = mach_map_begin_wire(map, start, end, access);
	if (err)
		return err;
	while (at < end && !err) {
		err = mach_map_wire_page(map, at);
		if (!err)
			at += PAGE_SIZE;
		if (fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
	mach_map_end_wire(map, start, err ? at : end, end);
	return err;
}

static bool mach_map_all_wired(struct mach_map *map, u64 start, u64 end)
{
	struct mach_map_entry *entry;

	lockdep_assert_held(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next)
		if (!entry->wired)
			return false;
	return true;
}

/**
 * mach_map_unwire - Keep pages once less
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 *
 * Return: 0; -EADDRNOTAVAIL; -EINVAL: not all of it is wired; -ENOMEM; -EINTR.
 */
int mach_map_unwire(struct mach_map *map, u64 start, u64 end)
{
	const struct mach_change change = {
		.what = MACH_CHANGE_WIRE,
		.wire = -1,
	};
	int err;

	if (start >= end)
		return 0;
	err = mach_map_lock_range(map, start, end, MACH_MAP_SHRINKS);
	if (err)
		return err;
	if (!mach_entries_cover(&map->entries, start, end))
		err = -EADDRNOTAVAIL;
	else if (!mach_map_all_wired(map, start, end))
		err = -EINVAL;
	if (!err) {
		mach_map_unwire_pages(map, start, end);
		mach_range_change(&map->entries, start, end, &change,
				  &map->spare);
	}
	mach_map_unlock_write(map);
	return err;
}

/* Wired, or to be wired: there is nothing to do for who may not access it. */
static bool mach_map_wire_wanted(const struct mach_map_entry *entry, bool wired)
{
	return wired ? entry->wired : !entry->wired && entry->protection;
}

/* What the next entry at or above @at, where that is wanted, has of [at, to) */
static bool mach_map_next_range(struct mach_map *map, u64 at, u64 to,
				bool wired, u64 *start, u64 *end)
{
	struct mach_map_entry *entry;
	bool found;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, at);
	while (entry && !mach_map_wire_wanted(entry, wired))
		entry = entry->next;
	found = entry && entry->start < to;
	if (found) {
		*start = max(entry->start, at);
		*end = min(entry->end, to);
	}
	mach_map_unlock(map);
	return found;
}

/**
 * mach_map_wire_current - Wire what can be accessed and is not wired
 * @map: not locked
 * @start: first address
 * @to: the address after the last
 *
 * Holes are passed over. Return: as mach_map_wire().
 */
int mach_map_wire_current(struct mach_map *map, u64 start, u64 to)
{
	u64 end = start;
	int err = 0;

	while (!err && mach_map_next_range(map, end, to, false, &start, &end)) {
		err = mach_map_wire(map, start, end, 0);
		/* it has gone since: look again from there */
		if (err == -EADDRNOTAVAIL) {
			end = start + PAGE_SIZE;
			err = 0;
		}
	}
	return err;
}

/**
 * mach_map_wire_all - Wire, or unwire, all that a map has and will have
 * @map: not locked
 * @flags: MACH_WIRE_*; 0 to unwire
 *
 * Entries without any access are left out. Source: Mach's vm_wire_all.
 */
int mach_map_wire_all(struct mach_map *map, u32 flags)
{
	u64 start, end = map->entries.min, to = map->entries.max;
	int err;

	err = mach_map_lock_write(map, MACH_MAP_SHRINKS);
	if (err)
		return err;
	WRITE_ONCE(map->wire_future, flags & MACH_WIRE_FUTURE);
	mach_map_unlock_write(map);
	if (flags & MACH_WIRE_CURRENT)
		err = mach_map_wire_current(map, end, to);
	while (!err && !flags &&
	       mach_map_next_range(map, end, to, true, &start, &end)) {
		err = mach_map_unwire(map, start, end);
		if (err == -EADDRNOTAVAIL || err == -EINVAL) {
			end = start + PAGE_SIZE;
			err = 0;
		} else if (!err) {
			end = start;	/* it may be wired more than once */
		}
		if (fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
	return err;
}
