// SPDX-License-Identifier: GPL-2.0-only
/* What Mach's calls change in a map: what is there goes, or has other attributes. */
#include "vm_map_change.h"
#include "object/pmap.h"
#include "object/vm_wire.h"

#include <linux/capability.h>
#include <linux/sched/signal.h>

/* Entries that one turn of a deallocation takes out. */
#define MACH_MAP_REMOVE_MAX	64

/**
 * mach_map_round - The whole pages of a caller's range
 * @map: has a window?
 * @address: first byte
 * @length: bytes
 * @start: out: first address
 * @end: out: the address after the last; == @start if @length is 0
 *
 * Return: 0, -EINVAL if the sum wraps, -EADDRNOTAVAIL if there is no window.
 */
int mach_map_round(const struct mach_map *map, u64 address, u64 length,
		   u64 *start, u64 *end)
{
	if (mach_map_unused(map))
		return -EADDRNOTAVAIL;
	*start = address & PAGE_MASK;
	*end = *start;
	if (!length)
		return 0;
	if (address > U64_MAX - length ||
	    address + length > U64_MAX - (PAGE_SIZE - 1))
		return -EINVAL;
	*end = PAGE_ALIGN(address + length);
	return 0;
}

static bool mach_stock_touched(const struct mach_entry_stock *removed)
{
	const struct mach_map_entry *entry;
	unsigned int i = removed->n;

	for (entry = removed->first; i--; entry = entry->next)
		if (entry->object)
			return true;
	return false;
}

/* Unmap a range from the window; what its entries allow comes back by faults. */
static void mach_map_unmap(struct mach_map *map, u64 start, u64 end)
{
	lockdep_assert_held_write(&map->lock);
	mach_pmap_revoke(mach_map_mapping(map), start >> PAGE_SHIFT,
			 (end - start) >> PAGE_SHIFT);
}

/* The next entries of a range; *@start moves on. */
static int mach_map_remove_some(struct mach_map *map, u64 *start, u64 end)
{
	struct mach_entry_stock removed = {};
	u64 from = *start;
	bool touched;
	int err;

	err = mach_map_lock_some(map, from, end, MACH_MAP_REMOVE_MAX,
				 MACH_MAP_SHRINKS);
	if (err)
		return err;
	*start = mach_range_remove(&map->entries, from, end,
				   MACH_MAP_REMOVE_MAX, &map->spare, &removed);
	touched = mach_stock_touched(&removed);
	if (touched)
		mach_map_unmap(map, from, *start);
	/* before anybody can enter something there and get these pages */
	mach_map_dispose(map, &removed);
	/* an object's other pieces may have become private by that */
	if (touched)
		mach_range_heal(&map->entries, from, *start, &map->spare);
	mach_map_unlock_write(map);
	return 0;
}

/**
 * mach_map_remove - Take a range out of a map
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 *
 * In turns, so that neither faults nor a signal have to wait for all of a large
 * one. Return: 0; -EINTR; -ENOMEM when so much was clipped that nobody lends more
 * entries. Source: Mach's vm_map_remove.
 */
int mach_map_remove(struct mach_map *map, u64 start, u64 end)
{
	int err = 0;

	end = min(end, map->entries.max);
	start = max(start, map->entries.min);
	while (!err && start < end) {
		err = mach_map_remove_some(map, &start, end);
		if (start < end && fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_map_remove);

/**
 * mach_map_empty - All of a range goes, at once
 * @map: locked for writing, with entries at hand; nobody works on the range
 * @start: first address
 * @end: the address after the last
 *
 * Each entry that goes is one more at hand.
 */
void mach_map_empty(struct mach_map *map, u64 start, u64 end)
{
	struct mach_entry_stock removed = {};
	u64 at = start;

	lockdep_assert_held_write(&map->lock);
	while (at < end) {
		at = mach_range_remove(&map->entries, at, end,
				       MACH_MAP_REMOVE_MAX, &map->spare,
				       &removed);
		if (mach_stock_touched(&removed))
			mach_map_unmap(map, start, end);
		mach_map_dispose(map, &removed);
		cond_resched();
	}
}

/* May it be changed? Do rights to pages go, and is something wired? */
static int mach_map_look(struct mach_map *map, u64 start, u64 end,
			 const struct mach_change *change, bool *less,
			 bool *wired)
{
	const u32 rights = MACH_CHANGE_PROTECTION | MACH_CHANGE_MAXIMUM;
	struct mach_map_entry *entry;

	lockdep_assert_held_write(&map->lock);
	*less = false;
	*wired = false;
	if (change->what & MACH_CHANGE_WHOLE &&
	    !mach_entries_cover(&map->entries, start, end))
		return -EADDRNOTAVAIL;
	if (!(change->what & rights))
		return 0;
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		if (change->protection &
		    ~(entry->max_protection | MACH_PROT_NOTIFY))
			return -EACCES;
		*less |= entry->object &&
			 entry->protection & ~change->protection;
		*wired |= mach_entry_keeps(entry);
	}
	return 0;
}

/* What nobody may access any more is not kept, wired though it is. */
static void mach_map_rest(struct mach_map *map, u64 start, u64 end,
			  const struct mach_change *change)
{
	struct mach_map_entry *entry;
	u64 delta;

	lockdep_assert_held_write(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		u32 left = change->protection & MACH_PROT_ALL;

		if (change->what & MACH_CHANGE_MAXIMUM)
			left &= entry->protection;
		if (left || !mach_entry_keeps(entry) || !entry->object)
			continue;
		delta = mach_entry_delta(entry);
		mach_object_unwire(entry->object,
				   (max(start, entry->start) - delta) >>
				   PAGE_SHIFT,
				   (min(end, entry->end) - delta) >> PAGE_SHIFT,
				   entry->wired);
	}
}

/**
 * mach_map_check_change - May a range be given other attributes?
 * @map: locked for writing
 * @start: first address
 * @end: the address after the last
 * @change: what changes
 *
 * Return: 0; -EACCES; -EADDRNOTAVAIL.
 */
int mach_map_check_change(struct mach_map *map, u64 start, u64 end,
			  const struct mach_change *change)
{
	bool less, wired;

	lockdep_assert_held_write(&map->lock);
	return mach_map_look(map, start, end, change, &less, &wired);
}

/**
 * mach_map_change_locked - Give a range other attributes
 * @map: locked for writing, with entries at hand; nobody works on the range
 * @start: first address
 * @end: the address after the last
 * @change: what changes; what is wired becomes accessible only when its pages are
 *	wired already
 *
 * Return: 0; -EACCES; -EADDRNOTAVAIL.
 */
int mach_map_change_locked(struct mach_map *map, u64 start, u64 end,
			   const struct mach_change *change)
{
	bool less, wired;
	int err;

	lockdep_assert_held_write(&map->lock);
	err = mach_map_look(map, start, end, change, &less, &wired);
	if (err)
		return err;
	if (wired)
		mach_map_rest(map, start, end, change);
	mach_range_change(&map->entries, start, end, change, &map->spare);
	if (less)
		mach_map_unmap(map, start, end);
	return 0;
}

/**
 * mach_map_change - Give a range other attributes
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 * @change: what changes
 *
 * Return: 0; -EACCES; -EADDRNOTAVAIL; -EINTR; -ENOMEM. Source: Mach's
 * vm_map_protect, vm_map_inherit.
 */
int mach_map_change(struct mach_map *map, u64 start, u64 end,
		    const struct mach_change *change)
{
	int err;

	if (!(change->what & MACH_CHANGE_WHOLE)) {
		end = min(end, map->entries.max);
		start = max(start, map->entries.min);
	}
	if (start >= end)
		return 0;
	err = mach_map_lock_range(map, start, end, MACH_MAP_SHRINKS);
	if (err)
		return err;
	err = mach_map_change_locked(map, start, end, change);
	mach_map_unlock_write(map);
	return err;
}

/**
 * mach_map_set_limit - How large a map may become
 * @map: not locked
 * @limit: bytes in its entries
 * @limit_max: that @limit may be set to
 * @privileged: the caller's capabilities count
 *
 * What is there stays. Return: 0 or -EPERM. Source: Mach's vm_set_size_limit.
 */
int mach_map_set_limit(struct mach_map *map, u64 limit, u64 limit_max,
		       bool privileged)
{
	int err = 0;

	down_write(&map->lock);
	if (limit_max > map->limit_max &&
	    !(privileged && capable(CAP_SYS_RESOURCE))) {
		err = -EPERM;
	} else {
		map->limit = limit;
		map->limit_max = limit_max;
	}
	up_write(&map->lock);
	return err;
}

/* Both limits, of one moment */
void mach_map_get_limit(struct mach_map *map, u64 *limit, u64 *limit_max)
{
	down_read(&map->lock);
	*limit = map->limit;
	*limit_max = map->limit_max;
	up_read(&map->lock);
}
