// SPDX-License-Identifier: GPL-2.0-only
/* The pages that an object has: finding, placing, marking and moving them. */
#include "vm_resident.h"
#include "base/compat.h"
#include "inode.h"
#include "page_queue.h"

/* The frame at @index in whatever state, or NULL. */
struct page *mach_object_page(struct mach_object *object, pgoff_t index)
{
	lockdep_assert_held(&object->lock);
	return mach_tree_load(&object->pages, index);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_page);

/* Is the page at @index, which is there, marked? */
bool mach_object_is_dirty(struct mach_object *object, pgoff_t index)
{
	lockdep_assert_held(&object->lock);
	return mach_tree_marked(&object->pages, index);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_is_dirty);

/**
 * mach_object_resident_run - Collect resident pages around one
 * @object: locked
 * @around: in: where to look, at most the size of @pages; out: the run found
 * @index: page that the run must hold
 * @pages: out: the run's frames
 *
 * Return: pages of the run, 0 if @index is not resident.
 */
unsigned int mach_object_resident_run(struct mach_object *object,
				      struct mach_run *around, pgoff_t index,
				      struct page **pages)
{
	pgoff_t last = around->first + around->n - 1;
	struct mach_tree_cursor at = { .index = around->first };
	pgoff_t next = around->first;
	unsigned int n = 0;
	struct page *page;

	lockdep_assert_held(&object->lock);
	for (page = mach_tree_find(&object->pages, &at, last); page;
	     page = mach_tree_next(&object->pages, &at, last)) {
		if (mach_page_state(page) == MACH_PAGE_BUSY)
			continue;
		if (at.index != next) {
			if (at.index > index)
				break;
			next = at.index;
			n = 0;
		}
		pages[n++] = page;
		next++;
	}
	around->first = next - n;
	around->n = n;
	return index - around->first < n ? n : 0;
}

/**
 * mach_object_absent_run - Clip a window to the absent pages around one
 * @object: locked
 * @index: page
 * @window: in: a window with @index; out: the run, with no page if @index is
 *	there
 */
void mach_object_absent_run(struct mach_object *object, pgoff_t index,
			    struct mach_run *window)
{
	pgoff_t end = window->first + window->n;
	struct mach_tree_cursor at = { .index = window->first };
	struct page *page;

	lockdep_assert_held(&object->lock);
	for (page = mach_tree_find(&object->pages, &at, end - 1); page;
	     page = mach_tree_next(&object->pages, &at, end - 1)) {
		if (at.index >= index) {
			end = at.index;
			break;
		}
		window->first = at.index + 1;
	}
	window->n = end > index ? end - window->first : 0;
}

/**
 * mach_object_erase - Take busy frames out again
 * @object: locked
 * @first: page index
 * @n: how many; each is busy
 */
void mach_object_erase(struct mach_object *object, pgoff_t first,
		       unsigned int n)
{
	lockdep_assert_held(&object->lock);
	mach_tree_erase_run(&object->pages, first, n, &object->spare);
	mach_object_count_busy(object, -(long)n);
}

/**
 * mach_object_place - Put busy frames where no pages are
 * @object: locked
 * @first: page index
 * @frames: one a page
 * @n: how many
 *
 * Return: 0; -EEXIST if a page has come meanwhile; -ENOMEM, when
 * mach_object_stock() helps. Then nothing was placed.
 */
int mach_object_place(struct mach_object *object, pgoff_t first,
		      const struct bio_vec *frames, unsigned int n)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&object->lock);
	err = mach_tree_insert_run(&object->pages, first, n,
				   &frames->bv_page, sizeof(*frames),
				   &object->spare);
	if (err)
		return err;
	for (i = 0; i < n; i++)
		mach_page_set_state(frames[i].bv_page, MACH_PAGE_BUSY);
	mach_object_count_busy(object, n);
	return 0;
}

/**
 * mach_object_mark - The pager does not have the contents of a page
 * @object: locked
 * @index: page that is there
 *
 * By its mark in the tree it is found among others, by the bit of its frame it
 * is told at once. Return: whether that changed anything.
 */
bool mach_object_mark(struct mach_object *object, pgoff_t index)
{
	struct mach_tree_cursor at = { .index = index };
	struct page *page;

	lockdep_assert_held(&object->lock);
	page = mach_tree_find(&object->pages, &at, index);
	mach_page_set_dirty(page, true);
	return mach_tree_cursor_mark(&at);
}

/**
 * mach_object_unmark - The pager gets the contents of a page
 * @object: locked
 * @index: page that is there
 */
void mach_object_unmark(struct mach_object *object, pgoff_t index)
{
	struct mach_tree_cursor at = { .index = index };
	struct page *page;

	lockdep_assert_held(&object->lock);
	page = mach_tree_find(&object->pages, &at, index);
	mach_page_set_dirty(page, false);
	mach_tree_cursor_unmark(&at);
}

/**
 * mach_object_mark_written - Remember that a page was written
 * @object: locked
 * @index: a resident page, locked: who cleans it waits for that
 */
void mach_object_mark_written(struct mach_object *object, pgoff_t index)
{
	lockdep_assert_held(&object->lock);
	if (mach_object_mark(object, index))
		mach_object_count_dirty(object, 1);
	if (object->inode)
		mach_compat_touch(object->inode);
}

/**
 * mach_object_mark_dirty - The same
 * @object: not locked
 * @index: a resident page, locked
 */
void mach_object_mark_dirty(struct mach_object *object, pgoff_t index)
{
	mach_object_lock(object);
	mach_object_mark_written(object, index);
	mach_object_unlock(object);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_mark_dirty);

typedef void (*mach_own_fn)(struct page *page, struct mach_object *object,
			    pgoff_t index);

static int mach_object_insert_locked(struct mach_object *object,
				     const struct mach_run *run,
				     struct page *const *pages,
				     mach_own_fn own)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&object->lock);
	err = mach_tree_insert_run(&object->pages, run->first, run->n, pages,
				   sizeof(*pages), &object->spare);
	if (err)
		return err;
	for (i = 0; i < run->n; i++)
		own(pages[i], object, run->first + i);
	mach_object_count(object, resident, run->n);
	mach_object_count_internal(object, run->n);
	return 0;
}

static int mach_object_insert(struct mach_object *object, pgoff_t index,
			      struct page *page, mach_own_fn own)
{
	const struct mach_run run = { .first = index, .n = 1 };
	int err;

	do {
		mach_object_lock(object);
		err = mach_object_insert_locked(object, &run, &page, own);
		mach_object_unlock(object);
	} while (err == -ENOMEM && !mach_object_stock(object, index, 1));
	return err;
}

/* Anonymous: by a number that no page had before, and that stays with the data */
static void mach_page_set_anonymous(struct page *page,
				    struct mach_object *object, pgoff_t index)
{
	static atomic64_t number = ATOMIC64_INIT(0);

	mach_page_set_owner(page, object, index);
	mach_page_set_name(page, mach_inode_key, atomic64_inc_return(&number));
	mach_page_frame(page)->touched = 0;
}

/**
 * mach_object_add - Put zeros where no pages are, of an object without a pager
 * @object: not locked
 * @run: where
 * @pages: a frame for each, the object's on success
 * @touched: pages that were touched one after the other, these the last of them
 *
 * Return: 0; -EEXIST if there is one of them; -ENOMEM. Then nothing was put.
 */
int mach_object_add(struct mach_object *object, const struct mach_run *run,
		    struct page *const *pages, u64 touched)
{
	int err;

	do {
		mach_object_lock(object);
		err = mach_object_insert_locked(object, run, pages,
						mach_page_set_anonymous);
		if (!err) {
			this_cpu_add(mach_object_zero_filled, run->n);
			mach_page_frame(pages[run->n - 1])->touched = touched;
		}
		mach_object_unlock(object);
	} while (err == -ENOMEM &&
		 !mach_object_stock(object, run->first, run->n));
	return err;
}

/**
 * mach_object_touched - How many first touches have led to a page, one after the other
 * @object: locked, without a pager
 * @index: page that is not there
 *
 * Return: pages that they have brought, the last one right before @index; 0 if there is
 * no such page, or if it is wired and nothing is known of it.
 */
u64 mach_object_touched(struct mach_object *object, pgoff_t index)
{
	struct page *page = mach_object_page(object, index - 1);

	lockdep_assert_held(&object->lock);
	return page && !mach_page_is_wired(page) ?
	       mach_page_frame(page)->touched : 0;
}

/**
 * mach_object_take - Take pages out of an object without a pager
 * @object: not locked; nobody else looks at these pages
 * @first: page index to look from; out: where to look on
 * @end: the page after the last
 * @frames: out: pages that were there, each with its index as mach_frame_index()
 *	has it
 * @n: how many at most
 *
 * Return: how many; fewer than @n: there are no more.
 */
unsigned int mach_object_take(struct mach_object *object, pgoff_t *first,
			      pgoff_t end, struct bio_vec *frames,
			      unsigned int n)
{
	struct mach_tree_cursor at = { .index = *first };
	unsigned int taken = 0;
	struct page *page;

	mach_object_lock(object);
	while (taken < n) {
		page = mach_tree_find(&object->pages, &at, end - 1);
		if (!page)
			break;
		mach_tree_erase(&object->pages, at.index, &object->spare);
		bvec_set_page(&frames[taken++], page, PAGE_SIZE, 0);
		at.leaf = NULL;
		at.index++;
	}
	mach_object_count(object, resident, -(u64)taken);
	mach_object_count_internal(object, -(long)taken);
	*first = at.index;
	mach_object_unlock(object);
	return taken;
}

/**
 * mach_object_move - Pages of an object become another's
 * @to: without a pager, as @from; no page there is mapped by anybody else
 * @first: page index that the first one gets
 * @from: not locked
 * @from_first: its first page index
 * @from_end: the page after the last
 *
 * What is said of a page goes with it. The caller holds the lock of the only map
 * that shows them, for writing: mapped pages stay mapped, and nobody looks them up
 * meanwhile. Return: 0, or -ENOMEM, when all is as it was.
 */
int mach_object_move(struct mach_object *to, pgoff_t first,
		     struct mach_object *from, pgoff_t from_first,
		     pgoff_t from_end)
{
	const pgoff_t shift = first - from_first;
	pgoff_t next = from_first;
	struct bio_vec frame;
	int err = 0;

	while (!err && mach_object_take(from, &next, from_end, &frame, 1)) {
		err = mach_object_insert(to, next - 1 + shift, frame.bv_page,
					 mach_page_change_owner);
		cond_resched();
	}
	if (!err)
		return 0;
	/* back to where they were: the nodes for it have just become free */
	WARN_ON_ONCE(mach_object_insert(from, next - 1, frame.bv_page,
					mach_page_change_owner));
	if (next - 1 > from_first)
		WARN_ON_ONCE(mach_object_move(from, from_first, to, first,
					      next - 1 + shift));
	return err;
}
