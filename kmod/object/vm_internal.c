// SPDX-License-Identifier: GPL-2.0-only
#include "vm_internal.h"
#include "pool/vm_page.h"
#include "vm_resident.h"

#define MACH_INTERNAL_BATCH	64
/* Pages that one fault maps at most, if they are there */
#define MACH_INTERNAL_CLUSTER	16

/**
 * mach_internal_create - Make an object for anonymous memory
 *
 * Return: with one reference and one right, or NULL.
 */
struct mach_object *mach_internal_create(void)
{
	static const struct mach_object_setup setup = {
		.size = MACH_OBJECT_SIZE_MAX,
		.cluster = MACH_INTERNAL_CLUSTER,
	};

	return mach_object_create(&setup);
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
			mach_page_free(frames[i].bv_page);
		cond_resched();
	} while (n == MACH_INTERNAL_BATCH);
}

/* Puts it where no page is, with all that is said of it. */
static int mach_internal_put(struct mach_object *object, pgoff_t index,
			     struct page *page)
{
	u8 bits = mach_page_frame(page)->bits;
	int err = mach_object_add(object, index, page);

	mach_page_frame(page)->bits = bits;
	return err;
}

/**
 * mach_internal_move - Pages of an object become another's
 * @to: internal; no page there is mapped by anybody else
 * @first: page index that the first one gets
 * @from: internal
 * @from_first: its first page index
 * @from_end: the page after the last
 *
 * Who is called so holds the lock of the only map that shows them, for writing:
 * mapped pages stay mapped, and nobody looks them up meanwhile. Return: 0, or
 * -ENOMEM, when all is as it was.
 */
int mach_internal_move(struct mach_object *to, pgoff_t first,
		       struct mach_object *from, pgoff_t from_first,
		       pgoff_t from_end)
{
	const pgoff_t shift = first - from_first;
	pgoff_t next = from_first;
	struct bio_vec frame;
	int err = 0;

	while (!err && mach_object_take(from, &next, from_end, &frame, 1))
		err = mach_internal_put(to, next - 1 + shift, frame.bv_page);
	if (!err)
		return 0;
	/* back to where they were: the nodes for it have just become free */
	WARN_ON_ONCE(mach_internal_put(from, next - 1, frame.bv_page));
	if (next - 1 > from_first)
		WARN_ON_ONCE(mach_internal_move(from, from_first, to, first,
						next - 1 + shift));
	return err;
}
