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

	do {
		page = mach_fault_task_page(object, index, MACH_ACCESS_READ,
					    MACH_WAIT_KILLED);
		if (IS_ERR(page))
			return PTR_ERR(page);
		put_page(page);
	} while (!mach_object_wire(object, index));
	/* one that is wired does not go */
	while (--times)
		mach_object_wire(object, index);
	return 0;
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
 * @asleep: they allow nothing yet; otherwise they allow something
 * @privileged: the caller's capabilities count
 */
struct mach_wiring {
	u32 access;
	bool asleep;
	bool privileged;
};

/* May it be wired? And how much of it is not yet? -EAGAIN: it is not as @asleep. */
static int mach_map_check_wire(struct mach_map *map, u64 start, u64 end,
			       const struct mach_wiring *wiring, u64 *more)
{
	struct mach_map_entry *entry;

	lockdep_assert_held(&map->lock);
	*more = 0;
	if (!mach_entries_cover(&map->entries, start, end))
		return -EADDRNOTAVAIL;
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		if (wiring->access & ~entry->protection)
			return -EACCES;
		if (mach_entry_open(entry) == wiring->asleep)
			return -EAGAIN;
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
 * @access: MACH_PROT_* that the entries must allow; 0: any
 * @privileged: the caller's capabilities count
 *
 * Return: 0; -EADDRNOTAVAIL; -EACCES; -EPERM; -ENOMEM; -EINTR; what the fault
 * says; -EAGAIN: some entry allows nothing. All of the range or nothing of it.
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

/*
 * What the next entry at or above @at that is wired, or is not, has of [at, to).
 * Return: is there one? *@open: may it be accessed?
 */
static bool mach_map_next_range(struct mach_map *map, u64 at, u64 to,
				bool wired, u64 *start, u64 *end, bool *open)
{
	struct mach_map_entry *entry;
	bool found;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, at);
	while (entry && !entry->wired == wired)
		entry = entry->next;
	found = entry && entry->start < to;
	if (found) {
		*start = max(entry->start, at);
		*end = min(entry->end, to);
		*open = mach_entry_open(entry);
	}
	mach_map_unlock(map);
	return found;
}

/* For what nobody may access: it is wired when somebody may. -EAGAIN: he may. */
static int mach_map_wire_later(struct mach_map *map, u64 start, u64 end)
{
	const struct mach_wiring wiring = { .asleep = true, .privileged = true };
	const struct mach_change change = {
		.what = MACH_CHANGE_WIRE,
		.wire = 1,
	};
	int err;

	err = mach_map_lock_charged(map, start, end, &wiring);
	if (err)
		return err;
	mach_range_change(&map->entries, start, end, &change, &map->spare);
	mach_map_unlock_write(map);
	return 0;
}

/**
 * mach_map_wire_current - Wire what is not wired
 * @map: not locked
 * @start: first address
 * @to: the address after the last
 *
 * What nobody may access is to be wired once it can be accessed. Holes are passed
 * over. Return: as mach_map_wire().
 */
static int mach_map_wire_current(struct mach_map *map, u64 start, u64 to)
{
	u64 end = start;
	int err = 0;
	bool open;

	while (!err && mach_map_next_range(map, end, to, false, &start, &end,
					   &open)) {
		err = open ? mach_map_wire(map, start, end, 0, true) :
			     mach_map_wire_later(map, start, end);
		if (fatal_signal_pending(current))
			return err ?: -EINTR;
		/* it has changed since, or gone: look again */
		if (err == -EAGAIN || err == -EADDRNOTAVAIL) {
			end = err == -EAGAIN ? start : start + PAGE_SIZE;
			err = 0;
		}
	}
	return err;
}

static int mach_map_unwire_all(struct mach_map *map)
{
	u64 start, end = map->entries.min;
	bool open;
	int err = 0;

	while (!err && mach_map_next_range(map, end, map->entries.max, true,
					   &start, &end, &open)) {
		err = mach_map_unwire(map, start, end);
		/* it may be wired more than once, or be gone */
		end = err ? start + PAGE_SIZE : start;
		if (err == -EADDRNOTAVAIL)
			err = 0;
		cond_resched();
	}
	return err;
}

/* From now on what is new is wired, or is not. *@was: before */
static void mach_map_wire_future(struct mach_map *map, bool future, bool *was)
{
	down_write(&map->lock);
	*was = map->wire_future;
	WRITE_ONCE(map->wire_future, future);
	up_write(&map->lock);
}

/**
 * mach_map_wire_all - Wire, or unwire, all that a map has and will have
 * @map: not locked
 * @flags: MACH_WIRE_*; 0 to unwire
 *
 * If not all can be wired, what is to come is as it was. Source: Mach's
 * vm_wire_all.
 */
int mach_map_wire_all(struct mach_map *map, u32 flags)
{
	bool future;
	int err;

	mach_map_wire_future(map, flags & MACH_WIRE_FUTURE, &future);
	if (!flags)
		return mach_map_unwire_all(map);
	if (!(flags & MACH_WIRE_CURRENT))
		return 0;
	err = mach_map_wire_current(map, map->entries.min, map->entries.max);
	if (err)
		mach_map_wire_future(map, future, &future);
	return err;
}
