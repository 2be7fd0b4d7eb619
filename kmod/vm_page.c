// SPDX-License-Identifier: GPL-2.0-only
#include "vm_page.h"
#include "compat.h"

#include <linux/module.h>

static unsigned long mach_page_limit;
module_param_named(frames_max, mach_page_limit, ulong, 0644);
MODULE_PARM_DESC(frames_max,
		 "Most 4 KiB frames that objects may hold (default: half of memory)");

static unsigned long mach_page_keep = 16384;
module_param_named(frames_kept, mach_page_keep, ulong, 0644);
MODULE_PARM_DESC(frames_kept,
		 "Most idle frames kept for the next request (default: 16384)");

/* Guards the stack of idle frames, linked by page->private, and both counts. */
static DEFINE_SPINLOCK(mach_page_lock);
static struct page *mach_page_idle;
static unsigned long mach_page_idle_count;
static unsigned long mach_page_used;

static struct mach_compat_shrinker mach_page_shrinker;

static unsigned int mach_page_take_idle(struct bio_vec *frames, unsigned int n)
{
	unsigned int i;

	lockdep_assert_held(&mach_page_lock);
	n = min_t(unsigned long, n, mach_page_idle_count);
	for (i = 0; i < n; i++) {
		struct page *page = mach_page_idle;

		mach_page_idle = (struct page *)page_private(page);
		bvec_set_page(&frames[i], page, PAGE_SIZE, 0);
	}
	mach_page_idle_count -= n;
	return n;
}

static void mach_page_uncharge(unsigned int n)
{
	spin_lock(&mach_page_lock);
	mach_page_used -= n;
	spin_unlock(&mach_page_lock);
}

/**
 * mach_page_alloc - Get frames for a request
 * @frames: out: one whole page each
 * @n: how many
 *
 * The contents are whatever was there: nobody may see a frame before it is
 * filled. Return: 0, or -ENOMEM and no frame.
 */
int mach_page_alloc(struct bio_vec *frames, unsigned int n)
{
	struct page *page;
	unsigned int i;

	spin_lock(&mach_page_lock);
	if (mach_page_used + n > READ_ONCE(mach_page_limit)) {
		spin_unlock(&mach_page_lock);
		return -ENOMEM;
	}
	mach_page_used += n;
	i = mach_page_take_idle(frames, n);
	spin_unlock(&mach_page_lock);

	for (; i < n; i++) {
		page = alloc_page(GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOWARN);
		if (!page)
			goto err_free;
		bvec_set_page(&frames[i], page, PAGE_SIZE, 0);
	}
	return 0;

err_free:
	mach_page_uncharge(n - i);
	while (i--)
		mach_page_free(frames[i].bv_page);
	return -ENOMEM;
}

static void mach_page_to_linux(struct page *page)
{
	set_page_private(page, 0);
	put_page(page);
}

/**
 * mach_page_free - Give a frame back
 * @page: frame; the caller's is the object's reference
 *
 * A frame that somebody else still holds (O_DIRECT, vmsplice, a reader) is
 * never used again: the last holder gives it to Linux.
 */
void mach_page_free(struct page *page)
{
	struct folio *folio = page_folio(page);
	bool keep;

	folio_clear_dirty(folio);
	folio_clear_referenced(folio);

	spin_lock(&mach_page_lock);
	mach_page_used--;
	keep = page_count(page) == 1 &&
	       mach_page_idle_count < READ_ONCE(mach_page_keep);
	if (keep) {
		set_page_private(page, (unsigned long)mach_page_idle);
		mach_page_idle = page;
		mach_page_idle_count++;
	}
	spin_unlock(&mach_page_lock);
	if (!keep)
		mach_page_to_linux(page);
}

/**
 * mach_page_pinned - Does anyone but the object hold the frame?
 * @page: frame without page-table entries, which cannot get new ones now
 *
 * True may be wrong for a moment, false never is: a pin is taken from an entry,
 * and all were revoked.
 */
bool mach_page_pinned(struct page *page)
{
	return page_count(page) != 1;
}

static unsigned long mach_page_count(struct shrinker *s,
				     struct shrink_control *sc)
{
	return READ_ONCE(mach_page_idle_count) ?: SHRINK_EMPTY;
}

static unsigned long mach_page_scan(struct shrinker *s,
				    struct shrink_control *sc)
{
	unsigned long freed = 0;
	struct bio_vec frame;

	while (freed < sc->nr_to_scan) {
		unsigned int n;

		spin_lock(&mach_page_lock);
		n = mach_page_take_idle(&frame, 1);
		spin_unlock(&mach_page_lock);
		if (!n)
			break;
		mach_page_to_linux(frame.bv_page);
		freed++;
	}
	return freed ?: SHRINK_STOP;
}

int mach_page_init(void)
{
	if (!mach_page_limit)
		mach_page_limit = totalram_pages() / 2;
	return mach_compat_shrinker_add(&mach_page_shrinker, mach_page_count,
					mach_page_scan);
}

void mach_page_exit(void)
{
	struct bio_vec frame;

	mach_compat_shrinker_remove(&mach_page_shrinker);
	WARN_ON(mach_page_used);
	spin_lock(&mach_page_lock);
	while (mach_page_take_idle(&frame, 1))
		mach_page_to_linux(frame.bv_page);
	spin_unlock(&mach_page_lock);
}
