// SPDX-License-Identifier: GPL-2.0-only
/* vm_protect: pages of what is wired are there before they may be accessed. */
#include "vm_map_protect.h"
#include "object/vm_wire.h"
#include "vm_map_wire.h"

#include <linux/sched/signal.h>
#include <linux/slab.h>

/**
 * struct mach_asleep - What an entry has of the range: wired, and nobody may access it
 * @start: first address
 * @end: the address after the last
 * @done: its pages are wired up to here
 * @times: how often
 * @link: in order
 *
 * It is in transition by who has it in his list, so it stays as it is.
 */
struct mach_asleep {
	u64 start;
	u64 end;
	u64 done;
	u32 times;
	struct list_head link;
};

static int mach_asleep_add(struct list_head *list, u64 start, u64 end, u32 times)
{
	struct mach_asleep *asleep = kmalloc(sizeof(*asleep),
					     GFP_KERNEL_ACCOUNT);

	if (!asleep)
		return -ENOMEM;
	asleep->start = start;
	asleep->end = end;
	asleep->done = start;
	asleep->times = times;
	list_add_tail(&asleep->link, list);
	return 0;
}

/* List what sleeps in the range; *@bytes are that many. */
static int mach_asleep_list(struct mach_map *map, u64 start, u64 end,
			    struct list_head *list, u64 *bytes)
{
	struct mach_map_entry *entry;
	int err = 0;
	u64 from, to;

	lockdep_assert_held_write(&map->lock);
	*bytes = 0;
	entry = mach_entry_from(&map->entries, start);
	for (; !err && entry && entry->start < end; entry = entry->next) {
		if (!mach_entry_asleep(entry))
			continue;
		from = max(start, entry->start);
		to = min(end, entry->end);
		*bytes += to - from;
		if (list)
			err = mach_asleep_add(list, from, to, entry->wired);
	}
	return err;
}

/* Nobody else changes it from now on, or he may again. */
static int mach_asleep_hold(struct mach_map *map, struct mach_asleep *asleep,
			    bool hold)
{
	const struct mach_change change = {
		.what = MACH_CHANGE_TRANSITION,
		.in_transition = hold,
	};
	int err;

	lockdep_assert_held_write(&map->lock);
	/* the ends of what was held are entries' ends: then nothing is clipped */
	err = hold ? mach_map_fill_spare(map, MACH_MAP_SHRINKS) : 0;
	if (!err)
		mach_range_change(&map->entries, asleep->start, asleep->end,
				  &change, &map->spare);
	return err;
}

/* The pages are not wired after all. */
static void mach_asleep_undo(struct mach_map *map,
			     const struct mach_asleep *asleep)
{
	const struct mach_map_entry *entry;
	u64 delta;

	lockdep_assert_held_write(&map->lock);
	entry = mach_entry_lookup(&map->entries, asleep->start);
	if (!entry->object || asleep->done == asleep->start)
		return;
	delta = mach_entry_delta(entry);
	mach_object_unwire(entry->object, (asleep->start - delta) >> PAGE_SHIFT,
			   (asleep->done - delta) >> PAGE_SHIFT, asleep->times);
}

/* All is let go; with an error as it was before. */
static void mach_asleep_release(struct mach_map *map, struct list_head *list,
				int err)
{
	struct mach_asleep *asleep, *next;

	lockdep_assert_held_write(&map->lock);
	list_for_each_entry_safe(asleep, next, list, link) {
		if (err)
			mach_asleep_undo(map, asleep);
		mach_asleep_hold(map, asleep, false);
		kfree(asleep);
	}
	wake_up_all(&map->transition);
}

/* Look what sleeps, and hold it; *@bytes are that many. */
static int mach_asleep_begin(struct mach_map *map, u64 start, u64 end,
			     struct list_head *list, u64 *bytes)
{
	struct mach_asleep *asleep, *next;
	LIST_HEAD(found);
	int err;

	lockdep_assert_held_write(&map->lock);
	err = mach_asleep_list(map, start, end, &found, bytes);
	list_for_each_entry_safe(asleep, next, &found, link) {
		err = err ?: mach_asleep_hold(map, asleep, true);
		if (err)
			kfree(asleep);
		else
			list_move_tail(&asleep->link, list);
	}
	return err;
}

/* Bring in what sleeps, without the lock. */
static int mach_asleep_wake(struct mach_map *map, struct list_head *list)
{
	struct mach_asleep *asleep;
	int err = 0;

	list_for_each_entry(asleep, list, link) {
		err = mach_map_wire_pages(map, &asleep->done, asleep->end,
					  asleep->times);
		if (err)
			break;
	}
	return err;
}

/* The lock is let go meanwhile. Return: 1: more sleeps there by now; 0 or -errno. */
static int mach_map_rouse(struct mach_map *map, u64 start, u64 end,
			  const struct mach_change *change)
{
	LIST_HEAD(list);
	u64 bytes, now;
	int err;

	lockdep_assert_held_write(&map->lock);
	err = mach_map_check_change(map, start, end, change) ?:
	      mach_asleep_begin(map, start, end, &list, &bytes);
	if (!err && bytes) {
		mach_map_unlock_write(map);
		err = mach_asleep_wake(map, &list);
		/* not given up for a signal: somebody waits for the transition */
		down_write(&map->lock);
		mach_asleep_list(map, start, end, NULL, &now);
		if (now != bytes)
			err = err ?: 1;
	}
	err = err ?: mach_map_fill_spare(map, MACH_MAP_SHRINKS) ?:
	      mach_map_change_locked(map, start, end, change);
	mach_asleep_release(map, &list, err);
	return err;
}

static int mach_map_protect_once(struct mach_map *map, u64 start, u64 end,
				 const struct mach_change *change)
{
	int err = mach_map_lock_range(map, start, end, MACH_MAP_SHRINKS);

	if (err)
		return err;
	err = map->entries.asleep ?
	      mach_map_rouse(map, start, end, change) :
	      mach_map_change_locked(map, start, end, change);
	mach_map_unlock_write(map);
	return err;
}

/**
 * mach_map_protect - Give a range other rights
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 * @change: of the protection or the maximum
 *
 * Return: as mach_map_change(), or mach_map_wire(): nothing has changed then.
 * Source: Mach's vm_map_protect.
 */
int mach_map_protect(struct mach_map *map, u64 start, u64 end,
		     const struct mach_change *change)
{
	int err;

	if (!(change->what & MACH_CHANGE_PROTECTION) ||
	    !(change->protection & MACH_PROT_ALL))
		return mach_map_change(map, start, end, change);
	if (!(change->what & MACH_CHANGE_WHOLE)) {
		end = min(end, map->entries.max);
		start = max(start, map->entries.min);
	}
	if (start >= end)
		return 0;
	do {
		err = mach_map_protect_once(map, start, end, change);
	} while (err > 0 && !fatal_signal_pending(current));
	return err > 0 ? -EINTR : err;
}
