// SPDX-License-Identifier: GPL-2.0-only
/* Wiring pages of an object, and taking that back. */
#include "vm_wire.h"
#include "page_queue.h"
#include "vm_resident.h"

#include <linux/sched.h>

/* Pages that are looked at before others get the lock. */
#define MACH_WIRE_BATCH		64

/**
 * mach_object_wire - Keep a page
 * @object: not locked
 * @index: page index
 *
 * Return: false if it is not there, or not yet.
 */
bool mach_object_wire(struct mach_object *object, pgoff_t index)
{
	struct page *page;

	mach_object_lock(object);
	page = mach_object_page(object, index);
	if (page && mach_page_state(page) == MACH_PAGE_BUSY)
		page = NULL;
	if (page)
		mach_queue_wire(page, object->pager);
	mach_object_unlock(object);
	return page;
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_wire);

/* The next pages from *@first on; false when there are no more. */
static bool mach_object_unwire_some(struct mach_object *object, pgoff_t *first,
				    pgoff_t end, u32 times)
{
	struct mach_tree_cursor at = { .index = *first };
	unsigned int left = MACH_WIRE_BATCH;
	struct page *page;
	u32 i;

	mach_object_lock(object);
	for (page = mach_tree_find(&object->pages, &at, end - 1); page && left;
	     page = mach_tree_next(&object->pages, &at, end - 1), left--)
		for (i = 0; i < times && mach_page_is_wired(page); i++)
			mach_queue_unwire(page, object->pager);
	mach_object_unlock(object);
	*first = at.index;
	return page;
}

/**
 * mach_object_unwire - Take reasons to keep pages away
 * @object: not locked
 * @first: first page index
 * @end: the page after the last
 * @times: how many of each
 *
 * Nobody wires any of them meanwhile. In batches: there may be millions.
 */
void mach_object_unwire(struct mach_object *object, pgoff_t first, pgoff_t end,
			u32 times)
{
	while (mach_object_unwire_some(object, &first, end, times))
		cond_resched();
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_unwire);
