// SPDX-License-Identifier: GPL-2.0-only
/* vm_msync, and the behaviors that act at once: entry by entry, some pages at a time. */
#include "vm_map_msync.h"
#include "file/object_sync.h"
#include "map/vm_map_change.h"
#include "object/pmap.h"
#include "object/vm_drop.h"
#include "object/vm_internal.h"
#include "object/vm_view.h"
#include "request/data_request.h"
#include "request/memory_object.h"
#include "request/request_memory.h"
#include "vm_map_data.h"

#include <linux/sched/signal.h>

/* Pages that are forgotten under one lock of the map: 64 MiB */
#define MACH_FREE_BATCH		16384

/**
 * struct mach_stretch - What one entry has of a range
 * @start: first address
 * @end: the address after the last
 * @object: with a reference, or NULL
 * @first: its first page
 * @n: pages, as far as the object has them
 * @writable: may it be written to?
 */
struct mach_stretch {
	u64 start;
	u64 end;
	struct mach_object *object;
	pgoff_t first;
	pgoff_t n;
	bool writable;
};

/* The first stretch at or above @from, below @end. Return: is there one? */
static bool mach_stretch_next(struct mach_map *map, u64 from, u64 end,
			      struct mach_stretch *at)
{
	struct mach_map_entry *entry;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, from);
	if (entry && entry->start >= end)
		entry = NULL;
	if (entry) {
		at->start = max(from, entry->start);
		at->end = min(end, entry->end);
		at->writable = entry->protection & MACH_PROT_WRITE;
		at->object = entry->object;
	}
	if (entry && entry->object) {
		pgoff_t npages = mach_object_npages(entry->object);

		mach_object_get(entry->object);
		at->first = (at->start - mach_entry_delta(entry)) >> PAGE_SHIFT;
		at->n = at->first < npages ? npages - at->first : 0;
		at->n = min_t(pgoff_t, at->n,
			      (at->end - at->start) >> PAGE_SHIFT);
	}
	mach_map_unlock(map);
	return entry;
}

/* Forget zero-filled memory that nobody else sees. Return: was it such memory? */
static bool mach_free_private(struct mach_map *map, u64 start, u64 end)
{
	struct mach_map_entry *entry;
	struct mach_object *object;
	u64 delta;

	lockdep_assert_held_write(&map->lock);
	entry = mach_entry_lookup(&map->entries, start);
	object = entry ? entry->object : NULL;
	if (!object)
		return true;
	if (!mach_object_is_internal(object) || !mach_view_sole(object))
		return false;
	/* what is wired stays */
	if (entry->wired)
		return true;
	end = min(end, entry->end);
	delta = mach_entry_delta(entry);
	mach_pmap_revoke(mach_map_mapping(map), start >> PAGE_SHIFT,
			 (end - start) >> PAGE_SHIFT);
	mach_internal_discard(object, (start - delta) >> PAGE_SHIFT,
			      (end - delta) >> PAGE_SHIFT);
	return true;
}

/* What cannot be forgotten may go before what is in use. */
static int mach_stretch_free(struct mach_map *map,
			     const struct mach_stretch *at)
{
	u64 next, start = at->start;
	bool private = true;
	int err;

	for (; private && start < at->end; start = next) {
		next = min(at->end, start + MACH_FREE_BATCH * PAGE_SIZE);
		err = mach_map_lock_range(map, start, next, MACH_MAP_KEEPS);
		if (err)
			return err;
		private = mach_free_private(map, start, next);
		mach_map_unlock_write(map);
		cond_resched();
	}
	if (!private && at->object)
		mach_object_deactivate(at->object, at->first,
				       at->first + at->n);
	return 0;
}

/* Have the pager asked for what is absent; nobody waits. */
static void mach_stretch_ask(const struct mach_stretch *at)
{
	pgoff_t index = at->first, end = at->first + at->n;
	struct mach_object *object = at->object;
	struct mach_request *request;

	if (!object->pager)
		return;
	while (index < end && !fatal_signal_pending(current)) {
		request = mach_data_request(object, index,
					    READ_ONCE(object->cluster),
					    MACH_ACCESS_READ);
		if (!IS_ERR(request)) {
			index = request->first + request->n;
			mach_request_put(request);
		} else if (request == ERR_PTR(-EEXIST)) {
			index++;
		} else {
			break;	/* no room, or no pager: it was advice */
		}
		cond_resched();
	}
}

static int mach_stretch_advise(struct mach_map *map,
			       const struct mach_stretch *at, u32 behavior)
{
	switch (behavior) {
	case MACH_BEHAVIOR_FREE:
		return mach_stretch_free(map, at);
	case MACH_BEHAVIOR_ZERO:
		return mach_map_zero(map, at->start, at->end);
	case MACH_BEHAVIOR_WILLNEED:
		if (at->object)
			mach_stretch_ask(at);
		break;
	case MACH_BEHAVIOR_DONTNEED:
		if (at->object)
			mach_object_deactivate(at->object, at->first,
					       at->first + at->n);
		break;
	}
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * mach_map_advise - Do at once what a behavior says
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 * @behavior: MACH_BEHAVIOR_WILLNEED, _DONTNEED, _FREE or _ZERO
 *
 * Return: 0; -EADDRNOTAVAIL; -EACCES; what mach_map_zero() says; -EINTR.
 */
int mach_map_advise(struct mach_map *map, u64 start, u64 end, u32 behavior)
{
	u32 needs = behavior == MACH_BEHAVIOR_ZERO ? MACH_PROT_WRITE : 0;
	struct mach_stretch at;
	int err;

	err = mach_map_check_access(map, start, end - start, needs);
	while (!err && start < end) {
		if (!mach_stretch_next(map, start, end, &at))
			break;
		err = mach_stretch_advise(map, &at, behavior);
		if (at.object)
			mach_object_put(at.object);
		start = at.end;
	}
	return err;
}

static int mach_stretch_msync(struct mach_map *map,
			      const struct mach_stretch *at, u32 flags)
{
	struct mach_object *object = at->object;
	int err = 0;

	if (flags & MACH_SYNC_KILLPAGES)
		err = mach_stretch_free(map, at);
	else if (object && flags & MACH_SYNC_DEACTIVATE)
		mach_object_deactivate(object, at->first, at->first + at->n);
	else if (object && object->pager)
		err = mach_object_msync(object, at->first, at->first + at->n,
					flags, at->writable);
	if (object)
		mach_object_put(object);
	if (fatal_signal_pending(current))
		err = err ?: -EINTR;
	cond_resched();
	return err;
}

/**
 * mach_map_msync - Send what was written to its pagers
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 * @flags: MACH_SYNC_*
 *
 * Holes are passed over, and told of in the end if they must not be; but nothing
 * is forgotten behind one that somebody may be filling. Return: 0; -EADDRNOTAVAIL;
 * -EDEADLK; -EIO and what the pager says; -ENOMEM; -EINTR. Source: Mach's vm_msync.
 */
int mach_map_msync(struct mach_map *map, u64 start, u64 end, u32 flags)
{
	struct mach_stretch at;
	bool holes = false;
	int err = 0;

	while (!err && start < end &&
	       mach_stretch_next(map, start, end, &at)) {
		holes |= at.start > start;
		if (holes && flags & MACH_SYNC_KILLPAGES) {
			if (at.object)
				mach_object_put(at.object);
			break;
		}
		err = mach_stretch_msync(map, &at, flags);
		start = at.end;
	}
	holes |= !err && start < end;
	return err ?: holes && flags & MACH_SYNC_CONTIGUOUS ?
		      -EADDRNOTAVAIL : 0;
}
