// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wiring pages of an object, and taking that back. A page is wired as often as its
 * frame says; but of an object whose size may change it is the place that is wired, and
 * whatever page is there is, once: so what is cut off and comes back is wired again, and
 * nobody takes away what another one has wired meanwhile.
 */
#include "vm_wire.h"
#include "page_queue.h"
#include "vm_resident.h"

#include <linux/sched.h>

/* Pages that are looked at before others get the lock. */
#define MACH_WIRE_BATCH		64

/* How often a place is wired */
static unsigned long mach_place_wirings(struct mach_object *object,
					pgoff_t index)
{
	lockdep_assert_held(&object->lock);
	return xa_to_value(xa_load(&object->wirings, index));
}

/* Return: 0; -ENOMEM, when memory that was set aside for it has gone. */
static int mach_place_wire(struct mach_object *object, pgoff_t index, u32 times)
{
	unsigned long n = mach_place_wirings(object, index) + times;

	lockdep_assert_held(&object->lock);
	return xa_err(xa_store(&object->wirings, index, xa_mk_value(n),
			       GFP_NOWAIT));
}

static int mach_page_wire(struct mach_object *object, pgoff_t index, u32 times)
{
	struct page *page = mach_object_page(object, index);
	int err = 0;

	lockdep_assert_held(&object->lock);
	if (!page || mach_page_state(page) == MACH_PAGE_BUSY)
		return -ENOENT;
	if (object->resizable) {
		err = mach_place_wire(object, index, times);
		times = !err && !mach_page_is_wired(page);
	}
	while (times--)
		mach_queue_wire(page, object->pager);
	return err;
}

/**
 * mach_object_wire - Keep a page
 * @object: not locked
 * @index: page index
 * @times: how often
 *
 * Return: 0; -ENOENT if it is not there, or not yet; -ENOMEM.
 */
int mach_object_wire(struct mach_object *object, pgoff_t index, u32 times)
{
	int err;

	do {
		if (object->resizable &&
		    xa_reserve(&object->wirings, index, GFP_KERNEL_ACCOUNT))
			return -ENOMEM;
		mach_object_lock(object);
		err = mach_page_wire(object, index, times);
		if (err && object->resizable)
			xa_release(&object->wirings, index);
		mach_object_unlock(object);
		/* somebody has unwired it, and with that what was set aside */
	} while (err == -ENOMEM);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_wire);

/**
 * mach_object_wire_new - Pages have become resident where others may have been cut off
 * @object: locked
 * @first: page index
 * @frames: theirs, on no queue
 * @n: how many
 */
void mach_object_wire_new(struct mach_object *object, pgoff_t first,
			  const struct bio_vec *frames, unsigned int n)
{
	unsigned long index;
	void *entry;

	lockdep_assert_held(&object->lock);
	if (likely(xa_empty(&object->wirings)))
		return;
	xa_for_each_range(&object->wirings, index, entry, first, first + n - 1)
		if (xa_to_value(entry))
			mach_queue_wire(frames[index - first].bv_page,
					object->pager);
}

static void mach_page_unwire(struct mach_object *object, struct page *page,
			     u32 times)
{
	lockdep_assert_held(&object->lock);
	while (times-- && mach_page_is_wired(page))
		mach_queue_unwire(page, object->pager);
}

/* The next pages from *@first on; false when there are no more. */
static bool mach_object_unwire_some(struct mach_object *object, pgoff_t *first,
				    pgoff_t end, u32 times)
{
	struct mach_tree_cursor at = { .index = *first };
	unsigned int left = MACH_WIRE_BATCH;
	struct page *page;

	mach_object_lock(object);
	for (page = mach_tree_find(&object->pages, &at, end - 1); page && left;
	     page = mach_tree_next(&object->pages, &at, end - 1), left--)
		mach_page_unwire(object, page, times);
	mach_object_unlock(object);
	*first = at.index;
	return page;
}

/* A place is wired so many times less; its page, if there is one, perhaps no more. */
static void mach_place_unwire(struct mach_object *object, pgoff_t index,
			      unsigned long wirings, u32 times)
{
	struct page *page;

	lockdep_assert_held(&object->lock);
	if (wirings > times) {
		/* the place has memory: it cannot fail */
		xa_store(&object->wirings, index, xa_mk_value(wirings - times),
			 GFP_NOWAIT);
		return;
	}
	xa_erase(&object->wirings, index);
	page = mach_object_page(object, index);
	if (page && mach_page_state(page) != MACH_PAGE_BUSY)
		mach_page_unwire(object, page, 1);
}

/* The same as mach_object_unwire_some(), of an object whose size may change */
static bool mach_places_unwire_some(struct mach_object *object, pgoff_t *first,
				    pgoff_t end, u32 times)
{
	unsigned int left = MACH_WIRE_BATCH;
	unsigned long index;
	void *entry;

	mach_object_lock(object);
	xa_for_each_range(&object->wirings, index, entry, *first, end - 1) {
		if (!left--)
			break;
		mach_place_unwire(object, index, xa_to_value(entry), times);
	}
	mach_object_unlock(object);
	*first = index;
	return entry;
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
	while (object->resizable ?
	       mach_places_unwire_some(object, &first, end, times) :
	       mach_object_unwire_some(object, &first, end, times))
		cond_resched();
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_unwire);
