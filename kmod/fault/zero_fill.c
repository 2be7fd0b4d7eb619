// SPDX-License-Identifier: GPL-2.0-only
/* The first touch of anonymous memory: a cleared frame becomes the object's. */
#include "zero_fill.h"
#include "object/vm_resident.h"
#include "pool/charge.h"
#include "pool/vm_page.h"
#include "request/vm_pageout.h"

#include <linux/highmem.h>

/*
 * Nothing but its owner's exit gives such a page back, so a quarter of the pool
 * is left to memory that pagers can take. Each user has a bound, too, of which he
 * keeps a part for pages that he writes to objects.
 */
static bool mach_internal_may_grow(struct mach_object *object)
{
	return mach_object_internal_pages() < mach_pool_limit() / 4 * 3 &&
	       mach_object_has_room(object, mach_pool_limit() / 16);
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
 * mach_internal_fill - Have a page of zeros, if there is no page yet
 * @object: internal; no lock of it held
 * @index: page index
 *
 * The caller's memory cgroup is charged for it. Return: 0; -EAGAIN: no frame,
 * mach_pageout_wait() may help; -ENOMEM.
 */
int mach_internal_fill(struct mach_object *object, pgoff_t index)
{
	struct bio_vec frame;
	int err;

	if (!mach_internal_may_grow(object))
		return -ENOMEM;
	err = mach_pageout_alloc(&frame, 1);
	if (err)
		return err;
	err = mach_internal_prepare(frame.bv_page);
	if (!err)
		err = mach_object_add(object, index, frame.bv_page);
	if (err) {
		mach_page_free(frame.bv_page);
		return err == -EEXIST ? 0 : err;
	}
	mach_object_lock(object);
	object->counts.zero_fills++;
	mach_object_unlock(object);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_internal_fill);
