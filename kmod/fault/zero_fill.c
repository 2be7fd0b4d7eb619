// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first touch of anonymous memory: a cleared frame becomes the object's, and others
 * with it if the touch goes on with a run. What comes ahead takes nothing that anybody
 * would have to wait for, or to make room for.
 */
#include "zero_fill.h"
#include "object/vm_resident.h"
#include "pool/charge.h"
#include "pool/vm_page.h"
#include "request/vm_pageout.h"

#include <linux/highmem.h>

/* Pages that have come ahead, so far */
static atomic_long_t mach_touch_ahead = ATOMIC_LONG_INIT(0);

unsigned long mach_touch_count_ahead(void)
{
	return atomic_long_read(&mach_touch_ahead);
}

/*
 * Nothing but its owner's exit gives such pages back, so a quarter of the pool
 * is left to memory that pagers can take. Each user has a bound, too, of which he
 * keeps a part for pages that he writes to objects.
 */
static bool mach_internal_may_grow(struct mach_object *object, unsigned int n)
{
	const unsigned int more = n - 1;

	return mach_object_internal_pages() + more < mach_pool_limit() / 4 * 3 &&
	       mach_object_has_room(object, mach_pool_limit() / 16 + more);
}

/**
 * mach_touch_begin - How many pages come with the first touch of one
 * @touch: in: object and page; out: how many pages from there on, and the run before
 * @first: page from which on a run counts
 * @end: the page after the last that may come
 *
 * None is there but, perhaps, the first by now. No lock of the object is held.
 */
void mach_touch_begin(struct mach_touch *touch, pgoff_t first, pgoff_t end)
{
	struct mach_object *object = touch->object;
	struct mach_run *run = &touch->run;

	mach_object_lock(object);
	if (run->first > first)
		touch->touched = mach_object_touched(object, run->first);
	run->n = mach_touch_pages(touch->touched, end - run->first);
	if (run->n > 1)
		mach_object_absent_run(object, run->first, run);
	mach_object_unlock(object);
	if (run->n > 1 &&
	    (mach_page_short() || !mach_internal_may_grow(object, run->n)))
		run->n = 1;
}

/* Frames of zeros, charged to the caller's cgroup: some, or none if that is not easy */
static unsigned int mach_touch_take(struct page **pages, unsigned int n)
{
	struct bio_vec frames[MACH_TOUCH_MOST];
	unsigned int i, got;

	if (mach_page_get(frames, n, 0))
		return 0;
	for (i = 0; i < n; i++) {
		if (!mach_charge_page_at_once(frames[i].bv_page))
			break;
		pages[i] = frames[i].bv_page;
		clear_highpage(pages[i]);
	}
	for (got = i; i < n; i++)
		mach_page_free(frames[i].bv_page);
	return got;
}

/**
 * mach_touch_fill_run - Have pages of zeros, some of them ahead
 * @touch: begun, with more than one page; out: with those that are there
 * @pages: out: them, MACH_TOUCH_MOST at most
 *
 * Return: false if it is not to be had easily, or somebody was quicker.
 */
bool mach_touch_fill_run(struct mach_touch *touch, struct page **pages)
{
	struct mach_run *run = &touch->run;
	unsigned int i;

	run->n = mach_touch_take(pages, run->n);
	if (!run->n)
		return false;
	if (!mach_object_add(touch->object, run, pages,
			     touch->touched + run->n)) {
		atomic_long_add(run->n - 1, &mach_touch_ahead);
		return true;
	}
	for (i = 0; i < run->n; i++)
		mach_page_free(pages[i]);
	return false;
}

/* What it takes to clear a frame for the caller */
static int mach_internal_prepare(struct page *page)
{
	int err = mach_charge_page(page);

	if (!err)
		clear_highpage(page);
	return err;
}

/**
 * mach_touch_fill - Have one page of zeros
 * @touch: begun; no lock of the object held
 * @page: out
 *
 * The caller's memory cgroup is charged for it. Return: 0; -EEXIST: it is there by now;
 * -EAGAIN: no frame, mach_pageout_wait() may help; -ENOMEM.
 */
int mach_touch_fill(const struct mach_touch *touch, struct page **page)
{
	const struct mach_run run = { .first = touch->run.first, .n = 1 };
	struct bio_vec frame;
	int err;

	if (!mach_internal_may_grow(touch->object, 1))
		return -ENOMEM;
	err = mach_pageout_alloc(&frame, 1);
	if (err)
		return err;
	*page = frame.bv_page;
	err = mach_internal_prepare(*page);
	if (!err)
		err = mach_object_add(touch->object, &run, page,
				      touch->touched + 1);
	if (err)
		mach_page_free(*page);
	return err;
}

/**
 * mach_internal_fill - Have a page of zeros, if there is no page yet
 * @object: internal; no lock of it held
 * @index: page index
 *
 * Calls on memory are not touches of it, and nothing comes ahead. Return: as
 * mach_touch_fill(), but 0 if it is there by now.
 */
int mach_internal_fill(struct mach_object *object, pgoff_t index)
{
	const struct mach_touch touch = {
		.object = object,
		.run.first = index,
	};
	struct page *page;
	int err = mach_touch_fill(&touch, &page);

	return err == -EEXIST ? 0 : err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_internal_fill);
