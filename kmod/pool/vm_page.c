// SPDX-License-Identifier: GPL-2.0-only
/* Frames for objects: the caches of processors, the reserve, and the low mark. */
#include "vm_page.h"
#include "base/fail.h"
#include "charge.h"

#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

#define MACH_CACHE_SIZE		64
#define MACH_CACHE_BATCH	MACH_POOL_BATCH

/* Frames aside that one short allocation looks at */
#define MACH_PAGE_LOOK		256

/**
 * struct mach_page_cache - Free frames of one processor
 * @lock: others empty it, too
 * @n: how many, guarded by @lock
 * @pages: the one used last at the end
 */
struct mach_page_cache {
	spinlock_t lock; /* see above */
	unsigned int n;
	struct page *pages[MACH_CACHE_SIZE];
};

/* Not __ro_after_init: kmemleak would not look for the caches there. */
static struct mach_page_cache __percpu *mach_page_caches;

/* Set before frames are asked for */
static mach_page_hook mach_page_low __ro_after_init;
static mach_page_hook mach_page_shrink __ro_after_init;
static const struct mach_page_evictor *mach_page_evictor __ro_after_init;
/* bool: somebody makes room */
static u8 mach_page_low_on;

/* 1: the low hook is to be called when frames run low */
static atomic_t mach_page_low_armed = ATOMIC_INIT(1);

static inline void mach_page_use(struct bio_vec *frame, struct page *page)
{
	struct mach_frame *descriptor = mach_page_frame(page);

	descriptor->bits = 0;
	descriptor->place = 0;
	bvec_set_page(frame, page, PAGE_SIZE, 0);
}

/* The usual case */
static inline bool mach_cache_pop_one(struct bio_vec *frame)
{
	struct mach_page_cache *cache = raw_cpu_ptr(mach_page_caches);
	bool popped;

	spin_lock(&cache->lock);
	popped = cache->n;
	if (likely(popped))
		mach_page_use(frame, cache->pages[--cache->n]);
	spin_unlock(&cache->lock);
	return popped;
}

/* Up to n frames that this processor has, neighbours in order */
static unsigned int mach_cache_pop(struct bio_vec *frames, unsigned int n)
{
	struct mach_page_cache *cache = raw_cpu_ptr(mach_page_caches);
	struct page **pages;
	unsigned int i;

	spin_lock(&cache->lock);
	n = min(n, cache->n);
	cache->n -= n;
	pages = &cache->pages[cache->n];
	for (i = 0; i < n; i++)
		mach_page_use(&frames[i], pages[i]);
	spin_unlock(&cache->lock);
	return n;
}

/* False when there is no place for it, or when it is not in use. */
static __always_inline bool mach_cache_push(struct page *page)
{
	struct mach_page_cache *cache = raw_cpu_ptr(mach_page_caches);
	struct mach_frame *frame = mach_page_frame(page);
	bool pushed;

	spin_lock(&cache->lock);
	pushed = cache->n < MACH_CACHE_SIZE && !frame->place;
	if (pushed) {
		frame->place = MACH_PLACE_CACHED;
		cache->pages[cache->n++] = page;
	}
	spin_unlock(&cache->lock);
	return pushed;
}

static void mach_cache_refill(void)
{
	struct mach_page_cache *cache = raw_cpu_ptr(mach_page_caches);
	unsigned int i, n = 0;

	spin_lock(&cache->lock);
	if (cache->n + MACH_CACHE_BATCH <= MACH_CACHE_SIZE)
		n = mach_pool_take(&cache->pages[cache->n], MACH_CACHE_BATCH,
				   false);
	for (i = 0; i < n; i++)
		mach_page_frame(cache->pages[cache->n++])->place =
			MACH_PLACE_CACHED;
	spin_unlock(&cache->lock);
}

/* The batch that was not used for longest goes to the pool. */
static void mach_cache_spill(struct mach_page_cache *cache, unsigned int n)
{
	lockdep_assert_held(&cache->lock);
	mach_pool_give(cache->pages, n);
	cache->n -= n;
	memmove(cache->pages, cache->pages + n,
		cache->n * sizeof(cache->pages[0]));
}

/* Empty all caches into the pool. */
void mach_page_drain(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct mach_page_cache *cache =
			per_cpu_ptr(mach_page_caches, cpu);

		spin_lock(&cache->lock);
		if (cache->n)
			mach_cache_spill(cache, cache->n);
		spin_unlock(&cache->lock);
	}
}

static unsigned long mach_page_cached(void)
{
	unsigned long n = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct mach_page_cache *cache =
			per_cpu_ptr(mach_page_caches, cpu);

		/* a guess will do */
		n += data_race(cache->n);
	}
	return n;
}

static unsigned long mach_page_low_mark(void)
{
	return 2 * mach_pool_reserve();
}

/* Page-out frees until so many frames can be had. */
static unsigned long mach_page_free_target(void)
{
	return 3 * mach_pool_reserve();
}

/* Frames that can be had without taking any away, the reserve among them */
unsigned long mach_page_available(void)
{
	long room = mach_pool_room() + mach_page_cached();

	return max(room, 0L);
}

/* Frames that page-out has to free */
unsigned long mach_page_short(void)
{
	long missing = mach_page_free_target() - mach_page_cached() -
		       mach_pool_room();

	return max(missing, 0L);
}

/**
 * mach_page_set_low_hook - Be told when frames run low
 * @low: called once, from allocations; may not sleep
 *
 * Again after mach_page_arm_low().
 */
void __init mach_page_set_low_hook(mach_page_hook low)
{
	mach_page_low = low;
	WRITE_ONCE(mach_page_low_on, true);
}

/* The module ends: nobody is told any more. */
void mach_page_switch_low_off(void)
{
	WRITE_ONCE(mach_page_low_on, false);
}

/* The next allocation that finds frames low tells so again. */
void mach_page_arm_low(void)
{
	atomic_set(&mach_page_low_armed, 1);
}

/**
 * mach_page_set_shrink_hook - Be asked for memory that nobody uses
 * @shrink: may not sleep for long and may not allocate
 */
void __init mach_page_set_shrink_hook(mach_page_hook shrink)
{
	mach_page_shrink = shrink;
}

/**
 * mach_page_set_evictor - Have pages taken away when Linux is short
 * @evictor: who knows which ones can go
 */
void __init mach_page_set_evictor(const struct mach_page_evictor *evictor)
{
	mach_page_evictor = evictor;
}

/* Pages of objects that could go at once */
unsigned long mach_page_evictable(void)
{
	return mach_page_evictor ? mach_page_evictor->count() : 0;
}

/**
 * mach_page_empty_chunk - Take the pages of one chunk away
 * @used: also those that were used since they were last judged
 *
 * For reclaim: waits for nobody, and allocates nothing. Return: false if there is no
 * chunk of which all can go.
 */
bool mach_page_empty_chunk(bool used)
{
	if (!mach_page_evictor || !mach_page_evictor->empty(used))
		return false;
	mach_page_drain();
	return true;
}

/* Have page-out woken if there is less than there should be. */
void mach_page_check_low(void)
{
	if (READ_ONCE(mach_page_low_on) &&
	    mach_pool_room() < (long)mach_page_low_mark() &&
	    atomic_read(&mach_page_low_armed) &&
	    atomic_xchg(&mach_page_low_armed, 0))
		mach_page_low();
}

/* What lies idle somewhere goes back to the pool. */
static void mach_page_collect(void)
{
	mach_page_shrink();
	mach_page_drain();
	mach_user_look_aside(MACH_PAGE_LOOK);
}

/* More frames for the pool, in this order: Linux's, then idle ones, once. */
static bool mach_page_find_more(bool sleep, bool *collected)
{
	if (sleep && mach_pool_grow())
		return true;
	if (*collected)
		return false;
	*collected = true;
	mach_page_collect();
	return true;
}

/* A batch out of the pool; small requests fill the processor's cache. */
static unsigned int mach_page_take(struct bio_vec *frames, unsigned int n,
				   unsigned int flags)
{
	bool reserve = flags & MACH_PAGE_RESERVE;
	struct page *pages[MACH_POOL_BATCH];
	unsigned int i, got;

	if (n < MACH_POOL_BATCH) {
		mach_cache_refill();
		got = mach_cache_pop(frames, n);
		if (got)
			return got;
	}
	got = mach_pool_take(pages, min_t(unsigned int, n, MACH_POOL_BATCH),
			     reserve);
	for (i = 0; i < got; i++)
		mach_page_use(&frames[i], pages[i]);
	return got;
}

static noinline int mach_page_get_many(struct bio_vec *frames, unsigned int n,
				       unsigned int flags)
{
	unsigned int done = mach_cache_pop(frames, n);
	bool collected = false;
	unsigned int got;

	if (likely(done == n))
		return 0;
	while (done < n) {
		got = mach_page_take(frames + done, n - done, flags);
		done += got;
		if (!got && !mach_page_find_more(true, &collected))
			break;
	}
	mach_page_check_low();
	if (done == n)
		return 0;
	while (done--)
		mach_page_free(frames[done].bv_page);
	return -ENOMEM;
}

/**
 * mach_page_get - Get frames for a request
 * @frames: out: one whole page each
 * @n: how many
 * @flags: MACH_PAGE_*
 *
 * The contents are whatever was there: nobody may see a frame before it is
 * filled. May sleep, but not for a pager. Return: 0, or -ENOMEM and no frame.
 */
int mach_page_get(struct bio_vec *frames, unsigned int n, unsigned int flags)
{
	if (mach_should_fail(n * PAGE_SIZE))
		return -ENOMEM;
	if (n > 1)
		return mach_page_get_many(frames, n, flags);
	return mach_cache_pop_one(frames) ? 0 :
	       mach_page_get_many(frames, 1, flags);
}
EXPORT_SYMBOL_FOR_BENCH(mach_page_get);

static noinline void mach_page_free_slow(struct page *page)
{
	struct mach_page_cache *cache = raw_cpu_ptr(mach_page_caches);
	struct mach_frame *frame = mach_page_frame(page);

	spin_lock(&cache->lock);
	if (WARN_ONCE(frame->place, "machvm: a frame is freed twice\n")) {
		spin_unlock(&cache->lock);
		return;
	}
	if (cache->n >= MACH_CACHE_BATCH)
		mach_cache_spill(cache, MACH_CACHE_BATCH);
	if (cache->n < MACH_CACHE_SIZE) {
		frame->place = MACH_PLACE_CACHED;
		cache->pages[cache->n++] = page;
	} else {
		mach_pool_give(&page, 1);
	}
	spin_unlock(&cache->lock);
}

/* It keeps its charge, and is its user's, until nobody uses it. */
static noinline void mach_page_free_pinned(struct page *page,
					   struct mach_user *user)
{
	WARN_ONCE(!mach_user_set_aside(user, page),
		  "machvm: a frame is freed twice\n");
}

/* What Linux has left on it; false if it is no frame. */
static noinline bool mach_page_clean(struct page *page)
{
	if (WARN_ONCE(!mach_pool_owns(page),
		      "machvm: a page is freed that is not a frame\n"))
		return false;
	folio_clear_dirty(page_folio(page));
	folio_clear_referenced(page_folio(page));
	return true;
}

/*
 * One look at who holds the frame decides both where it goes and what becomes of its
 * name. Return: does it wait aside?
 */
static __always_inline bool mach_page_give(struct page *page,
					   struct mach_user *user, bool named)
{
	const unsigned long marks = BIT(PG_dirty) | BIT(PG_referenced) |
				    BIT(PG_checked);

	if (unlikely((READ_ONCE(page->flags) & marks) != BIT(PG_checked)) &&
	    !mach_page_clean(page))
		return false;
	/* frames are no compound pages */
	if (unlikely(page_ref_count(page) != 1)) {
		mach_page_free_pinned(page, user);
		return true;
	}
	if (named)
		page->mapping = NULL;
	if (unlikely(mach_page_charged(page)))
		mach_uncharge_page(page);
	if (unlikely(!mach_cache_push(page)))
		mach_page_free_slow(page);
	return false;
}

/**
 * mach_page_free - Give a frame back that never was a page
 * @page: frame; the caller's is the object's reference
 *
 * A frame that somebody else still holds is not used again before nobody does.
 */
void mach_page_free(struct page *page)
{
	mach_page_give(page, NULL, false);
}
EXPORT_SYMBOL_FOR_BENCH(mach_page_free);

/**
 * mach_page_free_named - Give a frame back that has a name
 * @page: as of mach_page_free()
 * @user: on whose account it stays if somebody still holds it; or NULL
 *
 * Return: does somebody, so that it has its name yet?
 */
bool mach_page_free_named(struct page *page, struct mach_user *user)
{
	return mach_page_give(page, user, true);
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

/**
 * mach_page_alloc_contig - Get neighbouring frames
 * @block: which
 * @gfp: whether the pool may ask Linux
 *
 * Return: the first page, or NULL.
 */
struct page *mach_page_alloc_contig(const struct mach_block *block, gfp_t gfp)
{
	bool sleep = gfpflags_allow_blocking(gfp);
	bool collected = false;
	struct page *page;

	if (mach_should_fail(PAGE_SIZE << block->order))
		return NULL;
	do {
		page = mach_pool_take_block(block, sleep);
	} while (!page && mach_page_find_more(sleep, &collected));
	/* nothing came of growing: then among others */
	if (!page && sleep)
		page = mach_pool_take_block(block, false);
	mach_page_check_low();
	return page;
}
EXPORT_SYMBOL_IF_KUNIT(mach_page_alloc_contig);

/**
 * mach_page_free_contig - Give neighbouring frames back
 * @page: the first; nobody else holds any of them
 * @order: as allocated
 */
void mach_page_free_contig(struct page *page, unsigned int order)
{
	if (WARN_ONCE(!mach_pool_owns(page),
		      "machvm: a page is freed that is not a frame\n"))
		return;
	mach_pool_give_block(page, order);
}
EXPORT_SYMBOL_IF_KUNIT(mach_page_free_contig);

/* For slabs: memory that lasts */
void *mach_page_block_get(unsigned int order, gfp_t gfp)
{
	const struct mach_block block = {
		.order = order,
		.highest = MACH_SEGMENT_NORMAL,
		.lasting = true,
	};
	struct page *page = mach_page_alloc_contig(&block, gfp);

	return page ? page_address(page) : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mach_page_block_get);

void mach_page_block_put(void *block, unsigned int order)
{
	mach_page_free_contig(virt_to_page(block), order);
}
EXPORT_SYMBOL_IF_KUNIT(mach_page_block_put);

void mach_page_get_counts(struct mach_page_counts *counts)
{
	mach_pool_get_counts(&counts->pool);
	counts->aside = mach_aside_count();
	counts->cached = mach_page_cached();
	counts->reserve = mach_pool_reserve();
	counts->low = mach_page_low_mark();
	counts->target = mach_page_free_target();
	counts->available = mach_page_available();
	counts->overhead = counts->pool.overhead +
			   num_possible_cpus() * sizeof(struct mach_page_cache);
}
EXPORT_SYMBOL_FOR_BENCH(mach_page_get_counts);

int mach_page_init(void)
{
	int cpu, err;

	err = mach_charge_init();
	if (err)
		return err;
	mach_page_caches = alloc_percpu(struct mach_page_cache);
	if (!mach_page_caches) {
		mach_charge_exit();
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(mach_page_caches, cpu)->lock);
	mach_pool_init();
	return 0;
}

void mach_page_exit(void)
{
	unsigned long aside;

	mach_page_drain();
	mach_user_look_aside(ULONG_MAX);
	free_percpu(mach_page_caches);
	mach_charge_exit();
	aside = mach_aside_count();
	mach_user_exit();
	mach_pool_exit(aside);
}
