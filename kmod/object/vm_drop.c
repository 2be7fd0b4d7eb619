// SPDX-License-Identifier: GPL-2.0-only
/* Taking pages away from an object: flushed, or judged when frames run short. */
#include "vm_drop.h"
#include "page_queue.h"
#include "pmap.h"

#include <linux/sched/signal.h>

/* Pages that are dropped at a time */
#define MACH_DROP_BATCH		64

/* Which resident pages are to go */
enum mach_victims {
	MACH_VICTIMS_CLEAN,
	MACH_VICTIMS_ALL,	/* what was written to them is lost */
	MACH_VICTIMS_UNUSED,	/* clean, inactive and not used */
	MACH_VICTIMS_CUT,	/* whoever holds or has wired them */
};

/* Of pages that are only judged, those that somebody has locked stay. */
static bool mach_object_may_go(const struct mach_tree_cursor *at,
			       struct page *page, enum mach_victims victims,
			       const struct mach_chunk *chunk)
{
	if (mach_page_state(page) != MACH_PAGE_RESIDENT)
		return false;
	switch (victims) {
	case MACH_VICTIMS_CLEAN:
		return !mach_tree_cursor_marked(at);
	case MACH_VICTIMS_UNUSED:
		return mach_queue_inactive(page) && !PageLocked(page) &&
		       (!chunk ||
			mach_frame_chunk(mach_page_frame(page)) == chunk);
	case MACH_VICTIMS_ALL:
	case MACH_VICTIMS_CUT:
		break;
	}
	return true;
}

/* Pages of the run that may go; the rest is known once they are revoked. */
static unsigned int mach_object_victims(struct mach_object *object,
					const struct mach_run *run,
					enum mach_victims victims,
					const struct mach_chunk *chunk,
					struct bio_vec *frames)
{
	struct mach_tree_cursor at = { .index = run->first };
	pgoff_t last = run->first + run->n - 1;
	struct page *page;
	unsigned int n = 0;

	lockdep_assert_held_write(&object->residence);
	mach_object_lock(object);
	for (page = mach_tree_find(&object->pages, &at, last); page;
	     page = mach_tree_next(&object->pages, &at, last)) {
		if (!mach_object_may_go(&at, page, victims, chunk))
			continue;
		/* bv_offset is free to remember which page it was */
		bvec_set_page(&frames[n++], page, PAGE_SIZE,
			      at.index - run->first);
	}
	mach_object_unlock(object);
	return n;
}

/* Pages as @view shows them, if it can show them at all */
static void mach_view_unmap(const struct mach_view *view, pgoff_t first,
			    unsigned long n)
{
	s64 start = (s64)first + ((s64)view->delta >> PAGE_SHIFT);
	s64 end = start + n;

	if (end > 0)
		mach_pmap_revoke(view->mapping, max_t(s64, start, 0),
				 end - max_t(s64, start, 0));
}

/**
 * mach_object_unmap - Revoke pages wherever they are mapped
 * @object: its residence held for writing
 * @first: page index
 * @n: how many
 */
void mach_object_unmap(struct mach_object *object, pgoff_t first,
		       unsigned long n)
{
	struct rb_node *node;

	lockdep_assert_held_write(&object->residence);
	if (object->inode)
		mach_pmap_revoke(object->inode->i_mapping, first, n);
	for (node = rb_first(&object->views); node; node = rb_next(node))
		mach_view_unmap(rb_entry(node, struct mach_view, node), first,
				n);
}

/*
 * No CPU has an entry of these pages any more, and none can come. But for a page that
 * stays if somebody else has marked or holds it: who only judges waits for nobody.
 */
static void mach_object_revoke(struct mach_object *object, pgoff_t base,
			       const struct bio_vec *frames, unsigned int n,
			       bool wait)
{
	unsigned int i, first = frames[0].bv_offset;

	lockdep_assert_held_write(&object->residence);
	/* a write fault that has marked a page still makes its entry */
	for (i = 0; wait && i < n; i++)
		wait_on_page_locked(frames[i].bv_page);
	mach_object_unmap(object, base + first,
			  frames[n - 1].bv_offset - first + 1);
}

/* Can the page go, now that it is revoked? */
static bool mach_object_judge(struct mach_object *object, struct page *page,
			      enum mach_victims victims,
			      struct mach_eviction *eviction)
{
	bool dirty;

	lockdep_assert_held(&object->lock);
	dirty = mach_page_is_dirty(page);
	if (victims == MACH_VICTIMS_CUT)
		return true;
	if (victims == MACH_VICTIMS_UNUSED &&
	    folio_test_clear_referenced(page_folio(page))) {
		mach_queue_used(page);
		mach_object_count(object, reactivations, 1);
		return false;
	}
	if (victims != MACH_VICTIMS_ALL && dirty)
		eviction->dirty++;
	else if (!mach_page_pinned(page) && !mach_page_is_wired(page))
		return true;
	/* as long as it cannot go it must not crowd out those that can */
	if (victims == MACH_VICTIMS_UNUSED)
		mach_queue_used(page);
	return false;
}

/* A page leaves the object, which is locked; its frame is the caller's. */
static void mach_object_lose_page(struct mach_object *object, pgoff_t index,
				  struct page *page)
{
	lockdep_assert_held(&object->lock);
	if (mach_page_is_dirty(page))
		mach_object_count_dirty(object, -1);
	while (mach_page_is_wired(page))
		mach_queue_unwire(page, object->pager);
	mach_queue_leave(page);
	mach_tree_erase(&object->pages, index, &object->spare);
}

/**
 * mach_object_drop - Drop resident pages
 * @object: its residence held for writing
 * @run: at most MACH_DROP_BATCH pages
 * @victims: which
 * @chunk: of which chunk those that are judged are to be; NULL: of any
 * @eviction: out: what came of it
 *
 * Pages that are busy, in a data_return or pinned stay; of a part that is cut off
 * pinned ones go as well.
 */
static void mach_object_drop(struct mach_object *object,
			     const struct mach_run *run,
			     enum mach_victims victims,
			     const struct mach_chunk *chunk,
			     struct mach_eviction *eviction)
{
	struct bio_vec frames[MACH_DROP_BATCH];
	unsigned int i, n, dropped = 0;

	lockdep_assert_held_write(&object->residence);
	*eviction = (struct mach_eviction) {};
	n = mach_object_victims(object, run, victims, chunk, frames);
	if (!n)
		return;
	mach_object_revoke(object, run->first, frames, n,
			   victims != MACH_VICTIMS_UNUSED);

	mach_object_lock(object);
	for (i = 0; i < n; i++) {
		pgoff_t index = run->first + frames[i].bv_offset;

		if (!mach_object_judge(object, frames[i].bv_page, victims,
				       eviction))
			continue;
		mach_object_lose_page(object, index, frames[i].bv_page);
		frames[dropped++] = frames[i];
	}
	mach_object_count(object, resident, -(u64)dropped);
	if (victims == MACH_VICTIMS_UNUSED)
		mach_object_count(object, evictions, dropped);
	mach_object_unlock(object);

	for (i = 0; i < dropped; i++)
		if (mach_page_free_named(frames[i].bv_page, object->user))
			WRITE_ONCE(object->aside, true);
	eviction->dropped = dropped;
}

/* The first page in [*first, end), in whatever state. */
static bool mach_object_any(struct mach_object *object, pgoff_t *first,
			    pgoff_t end)
{
	struct mach_tree_cursor at = { .index = *first };
	bool found;

	mach_object_lock(object);
	found = mach_tree_find(&object->pages, &at, end - 1);
	mach_object_unlock(object);
	*first = at.index;
	return found;
}

/* @killable: not beyond what was dropped when the caller was killed. Return: -EINTR. */
static int mach_object_drop_range(struct mach_object *object, pgoff_t first,
				  pgoff_t end, enum mach_victims victims,
				  bool killable)
{
	struct mach_run run = { .first = first };
	struct mach_eviction eviction;
	int err = 0;

	while (!err && run.first < end &&
	       mach_object_any(object, &run.first, end)) {
		run.n = min_t(pgoff_t, end - run.first,
			      MACH_DROP_BATCH);
		mach_residence_change(object);
		mach_object_drop(object, &run, victims, NULL, &eviction);
		mach_residence_changed(object);
		run.first += run.n;
		if (killable && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	mach_object_trim(object);
	return err;
}

/**
 * mach_object_flush - Drop resident pages of a range
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 * @dirty: drop modified pages too
 */
void mach_object_flush(struct mach_object *object, pgoff_t first, pgoff_t end,
		       bool dirty)
{
	mach_object_drop_range(object, first, end,
			       dirty ? MACH_VICTIMS_ALL : MACH_VICTIMS_CLEAN,
			       false);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_flush);

/**
 * mach_object_forget - The same, as far as a caller comes who may be killed
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 * @dirty: drop modified pages too
 *
 * Return: 0 or -EINTR.
 */
int mach_object_forget(struct mach_object *object, pgoff_t first, pgoff_t end,
		       bool dirty)
{
	return mach_object_drop_range(object, first, end,
				      dirty ? MACH_VICTIMS_ALL :
					      MACH_VICTIMS_CLEAN, true);
}

/**
 * mach_object_cut - Drop all pages from one on, which the object has no more
 * @object: no lock held but that of its size, which ends before
 * @first: page index
 *
 * Private copies of them go as well. Who holds one keeps the frame, which is nobody's.
 */
void mach_object_cut(struct mach_object *object, pgoff_t first)
{
	mach_pmap_forget(object->inode->i_mapping, first);
	mach_object_drop_range(object, first, MACH_TREE_INDEX_MAX,
			       MACH_VICTIMS_CUT, false);
}

/**
 * mach_object_forget_part - Drop a page that has got more bytes, if it is clean
 * @object: its residence held for writing
 * @index: page index
 */
void mach_object_forget_part(struct mach_object *object, pgoff_t index)
{
	const struct mach_run run = { .first = index, .n = 1 };
	struct mach_eviction eviction;

	lockdep_assert_held_write(&object->residence);
	mach_object_drop(object, &run, MACH_VICTIMS_CLEAN, NULL, &eviction);
}

/**
 * mach_object_zero_rest - What lies behind a byte in its page reads as zero
 * @object: its residence held for writing
 * @size: the byte's offset
 *
 * In mappings it can have been written to.
 */
void mach_object_zero_rest(struct mach_object *object, u64 size)
{
	pgoff_t index = size >> PAGE_SHIFT;
	struct page *page;

	lockdep_assert_held_write(&object->residence);
	if (!offset_in_page(size))
		return;
	mach_object_lock(object);
	page = mach_tree_load(&object->pages, index);
	if (page && mach_page_state(page) == MACH_PAGE_BUSY)
		page = NULL;
	mach_object_unlock(object);
	if (!page)
		return;
	wait_on_page_locked(page);
	mach_object_unmap(object, index, 1);
	memzero_page(page, offset_in_page(size),
		     PAGE_SIZE - offset_in_page(size));
}

/**
 * mach_object_deactivate - Have pages judged before those that are in use
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 *
 * It is advice: a caller who is killed does without.
 */
void mach_object_deactivate(struct mach_object *object, pgoff_t first,
			    pgoff_t end)
{
	struct mach_tree_cursor at = { .index = first };
	struct page *page = NULL;
	unsigned int n;

	while (at.index < end && !fatal_signal_pending(current)) {
		mach_object_lock(object);
		page = mach_tree_find(&object->pages, &at, end - 1);
		for (n = 0; page && n < MACH_DROP_BATCH; n++) {
			mach_queue_unused(page);
			page = mach_tree_next(&object->pages, &at, end - 1);
		}
		mach_object_unlock(object);
		if (!page)
			break;
		cond_resched();
	}
}

/**
 * mach_object_evict - Judge the inactive pages around one
 * @object: no lock held
 * @index: page
 * @chunk: only those in this chunk, and not if the object's residence is not free: for
 *	reclaim, whose caller may hold any lock; NULL: in any
 * @eviction: out: what came of it
 *
 * A page that was used since it was last judged is active again. Of the others
 * clean ones are dropped, and dirty ones are left unmapped. Never waits for a
 * pager.
 */
void mach_object_evict(struct mach_object *object, pgoff_t index,
		       const struct mach_chunk *chunk,
		       struct mach_eviction *eviction)
{
	const struct mach_run run = {
		.first = round_down(index, MACH_DROP_BATCH),
		.n = MACH_DROP_BATCH,
	};

	*eviction = (struct mach_eviction) {};
	if (!chunk)
		mach_residence_change(object);
	else if (!mach_residence_try_change(object))
		return;
	mach_object_drop(object, &run, MACH_VICTIMS_UNUSED, chunk, eviction);
	mach_residence_changed(object);
	mach_object_trim(object);
}
