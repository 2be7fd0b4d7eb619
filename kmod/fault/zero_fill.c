// SPDX-License-Identifier: GPL-2.0-only
/* The first touch of anonymous memory: a cleared frame becomes the object's. */
#include "zero_fill.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"
#include "request/vm_pageout.h"

#include <linux/highmem.h>

/*
 * Nothing but its owner's exit gives such a page back, so a quarter of the pool
 * is left to memory that pagers can take.
 */
static bool mach_internal_may_grow(void)
{
	return mach_object_internal_pages() < mach_pool_limit() / 4 * 3;
}

/**
 * mach_internal_fill - Have a page of zeros, if there is no page yet
 * @object: internal; no lock of it held
 * @index: page index
 *
 * Return: 0; -EAGAIN: no frame, mach_pageout_wait() may help; -ENOMEM.
 */
int mach_internal_fill(struct mach_object *object, pgoff_t index)
{
	struct bio_vec frame;
	int err;

	if (!mach_internal_may_grow())
		return -ENOMEM;
	err = mach_pageout_alloc(&frame, 1);
	if (err)
		return err;
	clear_highpage(frame.bv_page);
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
