// SPDX-License-Identifier: GPL-2.0-only
/* vm_wire: a range is put in transition, and its pages are brought in and kept. */
#include "vm_map_wire.h"
#include "fault/fault_page.h"
#include "object/vm_wire.h"

#include <linux/sched/signal.h>

/**
 * mach_wire_page - Bring a page in, and keep it
 * @object: no lock held
 * @index: page
 * @times: how often to keep it
 *
 * Return: 0; -EIO, also beyond the object's end; -EDEADLK; -ENOMEM; -EINTR.
 */
int mach_wire_page(struct mach_object *object, pgoff_t index, u32 times)
{
	struct page *page;
	int err;

	do {
		page = mach_fault_task_page(object, index, MACH_ACCESS_READ,
					    MACH_WAIT_KILLED);
		if (IS_ERR(page))
			return PTR_ERR(page);
		put_page(page);
		err = mach_object_wire(object, index, times);
	} while (err == -ENOENT);
	return err;
}

static int mach_map_wire_page(struct mach_map *map, u64 address, u32 times)
{
	struct mach_spot spot;
	int err;

	/* in transition: so it cannot go */
	if (WARN_ON_ONCE(!mach_map_spot(map, address, &spot)))
		return -EADDRNOTAVAIL;
	if (!spot.object)
		return mach_map_make_object(map, address) ?:
		       mach_map_wire_page(map, address, times);
	err = mach_wire_page(spot.object, spot.index, times);
	mach_object_put(spot.object);
	return err;
}

/**
 * mach_map_wire_pages - Bring pages in, and wire them
 * @map: not locked; the range is in transition, by the caller
 * @start: first address; out: the address after the last that is wired
 * @end: the address after the last
 * @times: how often each
 *
 * Return: as mach_map_wire().
 */
int mach_map_wire_pages(struct mach_map *map, u64 *start, u64 end, u32 times)
{
	int err = 0;

	while (*start < end && !err) {
		err = mach_map_wire_page(map, *start, times);
		if (!err)
			*start += PAGE_SIZE;
		if (fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
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

		if (entry->object && mach_entry_keeps(entry))
			mach_object_unwire(entry->object,
					   (max(start, entry->start) - delta) >>
					   PAGE_SHIFT,
					   (min(end, entry->end) - delta) >>
					   PAGE_SHIFT, 1);
	}
}

/**
 * struct mach_wiring - What is to be wired, and for whom
 * @access: MACH_PROT_* that the entries must allow
 * @all: of the range what is not wired yet, whatever it allows; there may be holes
 * @privileged: the caller's capabilities count
 */
struct mach_wiring {
	u32 access;
	bool all;
	bool privileged;
};

/* May it be wired? And how much of it is not yet? */
static int mach_map_check_wire(struct mach_map *map, u64 start, u64 end,
			       const struct mach_wiring *wiring, u64 *more)
{
	struct mach_map_entry *entry;

	lockdep_assert_held(&map->lock);
	*more = 0;
	if (!wiring->all && !mach_entries_cover(&map->entries, start, end))
		return -EADDRNOTAVAIL;
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		if (wiring->access & ~entry->protection)
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
				 const struct mach_wiring *wiring)
{
	u64 charged = 0, more;
	int err;

	for (;;) {
		err = mach_map_lock_range(map, start, end, MACH_MAP_GROWS);
		if (err)
			break;
		err = mach_map_check_wire(map, start, end, wiring, &more);
		if (!err && more <= charged) {
			map->charged += charged;
			return 0;
		}
		mach_map_unlock_write(map);
		if (!err)
			err = mach_map_charge(map, more - charged,
					      wiring->privileged);
		if (err)
			break;
		charged = more;
	}
	mach_map_uncharge(map, charged);
	return err;
}

static int mach_map_begin_wire(struct mach_map *map, u64 start, u64 end,
			       const struct mach_wiring *wiring)
{
	const struct mach_change change = {
		.what = MACH_CHANGE_WIRE | MACH_CHANGE_TRANSITION,
		.wire = 1,
		.in_transition = true,
	};
	int err;

	err = mach_map_lock_charged(map, start, end, wiring);
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
 * @access: MACH_PROT_* that the entries must allow, not none
 * @privileged: the caller's capabilities count
 *
 * Return: 0; -EADDRNOTAVAIL; -EACCES; -EPERM; -ENOMEM; -EINTR; what the fault
 * says. All of the range or nothing of it.
 * Source: Mach's vm_map_pageable.
 */
int mach_map_wire(struct mach_map *map, u64 start, u64 end, u32 access,
		  bool privileged)
{
	const struct mach_wiring wiring = {
		.access = access,
		.privileged = privileged,
	};
	u64 at = start;
	int err;

	if (start >= end)
		return 0;
	err = mach_map_begin_wire(map, start, end, &wiring);
	if (err)
		return err;
	err = mach_map_wire_pages(map, &at, end, 1);
	mach_map_end_wire(map, start, err ? at : end, end);
	return err;
}

/**
 * mach_map_unwire - Keep pages once less, where they are kept
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 *
 * Return: 0; -EADDRNOTAVAIL; -ENOMEM; -EINTR.
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
	if (!err) {
		mach_map_unwire_pages(map, start, end);
		mach_range_change(&map->entries, start, end, &change,
				  &map->spare);
	}
	mach_map_unlock_write(map);
	return err;
}

/* What the next entry at or above @at has of the map, if it is wired. */
static bool mach_map_next_wired(struct mach_map *map, u64 at, u64 *start,
				u64 *end)
{
	struct mach_map_entry *entry;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, at);
	while (entry && !entry->wired)
		entry = entry->next;
	if (entry) {
		*start = max(entry->start, at);
		*end = entry->end;
	}
	mach_map_unlock(map);
	return entry;
}

static int mach_map_unwire_all(struct mach_map *map)
{
	u64 start, end = map->entries.min;
	int err = 0;

	while (!err && mach_map_next_wired(map, end, &start, &end)) {
		err = mach_map_unwire(map, start, end);
		/* it may be wired more than once, or be gone */
		end = err ? start + PAGE_SIZE : start;
		if (err == -EADDRNOTAVAIL)
			err = 0;
		cond_resched();
	}
	return err;
}

/* From now on what is new is wired, or is not. */
static void mach_map_wire_future(struct mach_map *map, bool future)
{
	down_write(&map->lock);
	WRITE_ONCE(map->wire_future, future);
	up_write(&map->lock);
}

/*
 * What is not wired is, and in transition, all at once: so that nobody else changes
 * what has to be undone if some of it cannot be brought in.
 */
static void mach_map_hold_all(struct mach_map *map)
{
	const struct mach_change hold = {
		.what = MACH_CHANGE_WIRE | MACH_CHANGE_TRANSITION,
		.wire = 1,
		.in_transition = true,
		.of_all = true,
	};
	struct mach_map_entry *entry = map->entries.first;
	u64 end;

	lockdep_assert_held_write(&map->lock);
	for (; entry; entry = mach_entry_from(&map->entries, end)) {
		end = entry->end;
		/* an entry as a whole: nothing is clipped */
		if (!entry->wired)
			mach_range_change(&map->entries, entry->start, end,
					  &hold, &map->spare);
		cond_resched();
	}
}

/* The next entry from @at on that is held. Return: is there one? */
static bool mach_map_next_held(struct mach_map *map, u64 at, u64 *start,
			       u64 *end, bool *open)
{
	struct mach_map_entry *entry;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, at);
	while (entry && !entry->of_all)
		entry = entry->next;
	if (entry) {
		*start = max(entry->start, at);
		*end = entry->end;
		*open = mach_entry_open(entry);
	}
	mach_map_unlock(map);
	return entry;
}

/* Bring in what is held. What nobody may access is, once somebody may. */
static int mach_map_bring_held(struct mach_map *map, u64 *at)
{
	int err = 0;
	u64 start, end;
	bool open;

	while (!err && mach_map_next_held(map, *at, &start, &end, &open)) {
		*at = open ? start : end;
		if (open)
			err = mach_map_wire_pages(map, at, end, 1);
	}
	return err;
}

/* Others may change it again; if it was not to be, its pages up to @done are let go. */
static void mach_map_release_held(struct mach_map *map, u64 done, bool undo)
{
	const struct mach_change release = {
		.what = MACH_CHANGE_TRANSITION | (undo ? MACH_CHANGE_WIRE : 0),
		.wire = -1,
	};
	struct mach_map_entry *entry = map->entries.first;
	u64 end;

	lockdep_assert_held_write(&map->lock);
	for (; entry; entry = mach_entry_from(&map->entries, end)) {
		end = entry->end;
		if (!entry->of_all)
			continue;
		if (undo && entry->start < done)
			mach_map_unwire_pages(map, entry->start, min(end, done));
		mach_range_change(&map->entries, entry->start, end, &release,
				  &map->spare);
		cond_resched();
	}
}

/* As mach_map_wire(), of all that is not wired; @future: and all to come. */
static int mach_map_wire_current(struct mach_map *map, bool future)
{
	const struct mach_wiring wiring = { .all = true, .privileged = true };
	u64 at = map->entries.min;
	int err;

	err = mach_map_lock_charged(map, at, map->entries.max, &wiring);
	if (err)
		return err;
	WRITE_ONCE(map->wire_trying, map->wire_trying + future);
	mach_map_hold_all(map);
	mach_map_unlock_write(map);

	err = mach_map_bring_held(map, &at);
	/* not given up for a signal: somebody waits for the transition */
	down_write(&map->lock);
	mach_map_release_held(map, at, err);
	WRITE_ONCE(map->wire_trying, map->wire_trying - future);
	if (future && !err)
		WRITE_ONCE(map->wire_future, true);
	mach_map_unlock_write(map);
	wake_up_all(&map->transition);
	return err;
}

/**
 * mach_map_wire_all - Wire, or unwire, all that a map has and will have
 * @map: not locked
 * @flags: MACH_WIRE_*; 0 to unwire
 *
 * Nothing has changed if not all can be wired, but for what others have entered
 * meanwhile. Return: as mach_map_wire(). Source: Mach's vm_wire_all.
 */
int mach_map_wire_all(struct mach_map *map, u32 flags)
{
	const bool future = flags & MACH_WIRE_FUTURE;

	if (flags & MACH_WIRE_CURRENT)
		return mach_map_wire_current(map, future);
	mach_map_wire_future(map, future);
	return future ? 0 : mach_map_unwire_all(map);
}
