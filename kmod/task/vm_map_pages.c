// SPDX-License-Identifier: GPL-2.0-only
/* Which pages of a range are in memory, told page by page. */
#include "vm_map_pages.h"
#include "map/vm_map_change.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"

#include <linux/sched/signal.h>
#include <linux/uaccess.h>

/* Pages that are looked at under one lock, without memory for the answer */
#define MACH_PAGES_BATCH	64

static u8 mach_page_tell(struct mach_object *object, pgoff_t index)
{
	u8 told = object->pager ? MACH_PAGES_EXTERNAL : 0;
	struct page *page = mach_object_page(object, index);

	lockdep_assert_held(&object->lock);
	if (!page || !mach_page_serves(page, false))
		return told;
	told |= MACH_PAGES_RESIDENT;
	if (!object->pager || mach_page_is_dirty(page) ||
	    mach_page_state(page) == MACH_PAGE_RETURN)
		told |= MACH_PAGES_DIRTY;
	return told;
}

static void mach_object_tell(struct mach_object *object, pgoff_t first,
			     unsigned int n, u8 *told)
{
	unsigned int i;

	mach_object_lock(object);
	for (i = 0; i < n; i++)
		told[i] = mach_page_tell(object, first + i);
	mach_object_unlock(object);
}

/* Of one entry, or of the hole before it. Return: pages that were told of. */
static unsigned int mach_map_tell(struct mach_map *map, u64 start, u64 end,
				  u8 *told)
{
	struct mach_map_entry *entry;
	unsigned int n;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	if (entry)
		end = min(end, entry->start > start ? entry->start : entry->end);
	n = min_t(u64, (end - start) >> PAGE_SHIFT, MACH_PAGES_BATCH);
	if (entry && entry->start <= start && entry->object)
		mach_object_tell(entry->object,
				 (start - mach_entry_delta(entry)) >> PAGE_SHIFT,
				 n, told);
	else
		memset(told, 0, n);
	mach_map_unlock(map);
	return n;
}

/**
 * mach_map_pages - Tell the caller what is there of each page
 * @map: not locked
 * @data: of which range, and where to; @done grows
 *
 * Return: 0; -EADDRNOTAVAIL, -EINVAL; -EFAULT; -EINTR. Source: XNU's
 * mach_vm_page_range_query.
 */
int mach_map_pages(struct mach_map *map, struct mach_task_data *data)
{
	u8 told[MACH_PAGES_BATCH];
	unsigned int n;
	u64 start, end;
	int err;

	err = mach_map_round(map, data->address, data->length, &start, &end);
	while (!err && start < end) {
		n = mach_map_tell(map, start, end, told);
		if (copy_to_user(u64_to_user_ptr(data->data + data->done), told,
				 n))
			return -EFAULT;
		data->done += n;
		start += (u64)n << PAGE_SHIFT;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}
