// SPDX-License-Identifier: GPL-2.0-only
/* Frames that wait aside until nobody holds them. */
#include "aside.h"
#include "charge.h"

#include <linux/pagemap.h>

static DEFINE_SPINLOCK(mach_aside_lock);
/* Guarded by it: whose frames there are, and how many in all */
static LIST_HEAD(mach_aside_turn);
static unsigned long mach_aside_n;

/**
 * mach_aside_add - A frame comes back that somebody else still holds
 * @aside: whose
 * @page: frame
 *
 * Return: false if it is not in use.
 */
bool mach_aside_add(struct mach_aside *aside, struct page *page)
{
	struct mach_frame *frame = mach_page_frame(page);
	bool used;

	spin_lock(&mach_aside_lock);
	used = !frame->place;
	if (used) {
		frame->place = MACH_PLACE_ASIDE;
		list_add_tail(&frame->link, &aside->frames);
		if (!aside->n)
			list_add_tail(&aside->link, &mach_aside_turn);
		WRITE_ONCE(aside->n, aside->n + 1);
		WRITE_ONCE(mach_aside_n, mach_aside_n + 1);
	}
	spin_unlock(&mach_aside_lock);
	return used;
}

/* Is the frame only the pool's? Then it forgets whose page it was. */
static bool mach_aside_is_free(struct page *page)
{
	lockdep_assert_held(&mach_aside_lock);
	if (page_count(page) != 1)
		return false;
	page->mapping = NULL;
	return true;
}

/* Some frames, first to last; those that are held are looked at last the next time. */
static unsigned int mach_aside_collect(struct mach_aside *aside,
				       struct page **pages, unsigned int n)
{
	unsigned int freed = 0;

	lockdep_assert_held(&mach_aside_lock);
	while (n--) {
		struct mach_frame *frame = list_first_entry(&aside->frames,
							    struct mach_frame,
							    link);
		struct page *page = mach_frame_page(frame);

		if (!mach_aside_is_free(page)) {
			list_move_tail(&frame->link, &aside->frames);
			continue;
		}
		list_del(&frame->link);
		frame->place = 0;
		pages[freed++] = page;
	}
	WRITE_ONCE(aside->n, aside->n - freed);
	WRITE_ONCE(mach_aside_n, mach_aside_n - freed);
	list_del_init(&aside->link);
	if (aside->n)
		list_add_tail(&aside->link, &mach_aside_turn);
	return freed;
}

/* Frames that nobody holds go to the pool, without what Linux has left on them. */
static void mach_aside_give(struct page **pages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (mach_page_charged(pages[i]))
			mach_uncharge_page(pages[i]);
		/* its holder may have written */
		folio_clear_dirty(page_folio(pages[i]));
		folio_clear_referenced(page_folio(pages[i]));
	}
	if (n)
		mach_pool_give(pages, n);
}

/**
 * mach_aside_look - See which of some frames nobody holds any more
 * @whose: in: whose; NULL: whose turn it is; out: whose they were, who has to be kept by
 *	the frames that he gets back, or NULL if there are none
 * @looked: out: how many frames, MACH_POOL_BATCH at most; the next call looks at others
 *
 * Return: how many have become free.
 */
unsigned int mach_aside_look(struct mach_aside **whose, unsigned int *looked)
{
	struct page *pages[MACH_POOL_BATCH];
	unsigned int freed = 0;

	*looked = 0;
	spin_lock(&mach_aside_lock);
	if (!*whose)
		*whose = list_first_entry_or_null(&mach_aside_turn,
						  struct mach_aside, link);
	if (*whose && (*whose)->n) {
		*looked = min_t(unsigned long, (*whose)->n, MACH_POOL_BATCH);
		freed = mach_aside_collect(*whose, pages, *looked);
	}
	spin_unlock(&mach_aside_lock);
	mach_aside_give(pages, freed);
	return freed;
}

/*
 * The module ends: whose frames are still held, or NULL. They are nobody's from here on,
 * and stay in their chunks.
 */
struct mach_aside *mach_aside_abandon(unsigned long *n)
{
	struct mach_aside *aside;

	spin_lock(&mach_aside_lock);
	aside = list_first_entry_or_null(&mach_aside_turn, struct mach_aside,
					 link);
	if (aside) {
		list_del_init(&aside->link);
		INIT_LIST_HEAD(&aside->frames);
		*n = aside->n;
		WRITE_ONCE(aside->n, 0);
	}
	spin_unlock(&mach_aside_lock);
	return aside;
}

/* One frame that somebody has locked, with a reference; the others forget. */
static struct page *mach_aside_forget(const struct mach_aside *aside,
				      const struct address_space *mapping)
{
	struct mach_frame *frame;
	struct page *page;

	lockdep_assert_held(&mach_aside_lock);
	list_for_each_entry(frame, &aside->frames, link) {
		page = mach_frame_page(frame);
		if (page->mapping != mapping)
			continue;
		if (!trylock_page(page)) {
			get_page(page);
			return page;
		}
		page->mapping = NULL;
		unlock_page(page);
	}
	return NULL;
}

static struct page *mach_aside_forget_some(const struct address_space *mapping,
					   const struct mach_aside *whose)
{
	struct page *locked = NULL;
	struct mach_aside *aside;

	spin_lock(&mach_aside_lock);
	list_for_each_entry(aside, &mach_aside_turn, link) {
		if (!whose || whose == aside)
			locked = mach_aside_forget(aside, mapping);
		if (locked)
			break;
	}
	spin_unlock(&mach_aside_lock);
	return locked;
}

/**
 * mach_aside_forget_names - A mapping ends: no frame aside may name it any more
 * @mapping: which
 * @whose: whose frames name it; NULL: anybody's
 *
 * Who marks a page dirty has it locked, and is waited for.
 */
void mach_aside_forget_names(const struct address_space *mapping,
			     const struct mach_aside *whose)
{
	struct page *page;

	while ((page = mach_aside_forget_some(mapping, whose))) {
		wait_on_page_locked(page);
		put_page(page);
	}
}

/* Frames that wait. A number that was right a moment ago will do. */
unsigned long mach_aside_count(void)
{
	return READ_ONCE(mach_aside_n);
}
