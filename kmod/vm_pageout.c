// SPDX-License-Identifier: GPL-2.0-only
#include "vm_pageout.h"

/* Dropped at a time at least: a revoke costs the same for one page or many. */
#define MACH_PAGEOUT_BATCH	256

/* Guards the list: objects that may hold pages, next victim first. */
static DEFINE_SPINLOCK(mach_pageout_lock);
static LIST_HEAD(mach_pageout_objects);
static unsigned int mach_pageout_count;

void mach_pageout_add(struct mach_object *object)
{
	spin_lock(&mach_pageout_lock);
	list_add_tail(&object->pageout_link, &mach_pageout_objects);
	mach_pageout_count++;
	spin_unlock(&mach_pageout_lock);
}

void mach_pageout_remove(struct mach_object *object)
{
	spin_lock(&mach_pageout_lock);
	if (!list_empty(&object->pageout_link)) {
		list_del_init(&object->pageout_link);
		mach_pageout_count--;
	}
	spin_unlock(&mach_pageout_lock);
}

/* The next victim, with a reference; it goes to the end of the list. */
static struct mach_object *mach_pageout_next(unsigned int *count)
{
	struct mach_object *object;

	spin_lock(&mach_pageout_lock);
	*count = mach_pageout_count;
	object = list_first_entry_or_null(&mach_pageout_objects,
					  struct mach_object, pageout_link);
	if (object) {
		list_move_tail(&object->pageout_link, &mach_pageout_objects);
		mach_object_get(object);
	}
	spin_unlock(&mach_pageout_lock);
	return object;
}

/**
 * mach_pageout_make_room - Drop clean pages
 * @pages: how many are needed
 *
 * Never waits for a pager. No lock of an object is held by the caller.
 * Return: false when there is nothing to drop.
 */
bool mach_pageout_make_room(unsigned int pages)
{
	unsigned int i, count = 1, dropped = 0;
	struct mach_object *object;

	pages = max_t(unsigned int, pages, MACH_PAGEOUT_BATCH);
	for (i = 0; i < count && dropped < pages; i++) {
		object = mach_pageout_next(&count);
		if (!object)
			break;
		dropped += mach_object_reclaim(object, pages - dropped);
		mach_object_put(object);
	}
	return dropped;
}
