// SPDX-License-Identifier: GPL-2.0-only
/* Internal objects: making one, and discarding its pages. */
#include "vm_internal.h"
#include "pool/vm_page.h"
#include "vm_resident.h"

#define MACH_INTERNAL_BATCH	64
/* Pages that one fault maps at most, if they are there */
#define MACH_INTERNAL_CLUSTER	16

/**
 * mach_internal_create - Make an object for anonymous memory
 *
 * Return: with one reference and one right; NULL, also if the caller's user has as much
 * of the pool as he may have: there would be no page for it.
 */
struct mach_object *mach_internal_create(void)
{
	static const struct mach_object_setup setup = {
		.size = MACH_OBJECT_SIZE_MAX,
		.cluster = MACH_INTERNAL_CLUSTER,
	};
	struct mach_object *object = mach_object_create(&setup);

	if (object && !mach_object_has_room(object, 0)) {
		mach_object_right_put(object);
		return NULL;
	}
	return object;
}

/**
 * mach_internal_discard - Free the pages of a range
 * @object: internal; no lock of it held
 * @first: first page index
 * @end: the page after the last
 *
 * The caller has unmapped them and sees to it that nobody maps them again.
 */
void mach_internal_discard(struct mach_object *object, pgoff_t first,
			   pgoff_t end)
{
	struct bio_vec frames[MACH_INTERNAL_BATCH];
	unsigned int i, n;

	do {
		n = mach_object_take(object, &first, end, frames,
				     MACH_INTERNAL_BATCH);
		for (i = 0; i < n; i++)
			mach_page_free_named(frames[i].bv_page, object->user);
		cond_resched();
	} while (n == MACH_INTERNAL_BATCH);
	mach_object_trim(object);
}
