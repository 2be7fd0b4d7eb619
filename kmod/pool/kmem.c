// SPDX-License-Identifier: GPL-2.0-only
/* The caches of structures: a magazine for each processor above shared slabs. */
#include "kmem.h"
#include "base/fail.h"
#include "slab.h"
#include "vm_page.h"

#include <linux/kmemleak.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#define MACH_MAGAZINE_SIZE	32
#define MACH_MAGAZINE_BATCH	16

static bool mach_kmem_debug __ro_after_init;
module_param_named(slab_debug, mach_kmem_debug, bool, 0444);
MODULE_PARM_DESC(slab_debug,
		 "Put red zones around structures and poison free ones");

/**
 * struct mach_magazine - Free objects of one processor
 * @lock: others empty it, too
 * @n: how many, guarded by @lock
 * @size: most, const; none when each step is to be checked
 * @objects: the one used last at the end, guarded by @lock
 */
struct mach_magazine {
	spinlock_t lock; /* see above */
	unsigned int n;
	unsigned int size;
	void *objects[MACH_MAGAZINE_SIZE];
};

/**
 * struct mach_kmem - A cache
 * @magazines: const
 * @lock: of @slab; inside that of a magazine
 * @slab: guarded by @lock but for what is const there
 * @link: guarded by mach_kmem_lock
 */
struct mach_kmem {
	struct mach_magazine __percpu *magazines;
	spinlock_t lock; /* see above */
	struct mach_slab_cache slab;
	struct list_head link;
};

/* Guards the list. Linux's reclaim takes it: nothing is allocated under it. */
static DEFINE_MUTEX(mach_kmem_lock);
static LIST_HEAD(mach_kmem_caches);

static const struct mach_slab_source mach_kmem_source = {
	.get = mach_page_block_get,
	.put = mach_page_block_put,
};

/* A bug elsewhere was seen; the memory is safe. */
static void mach_kmem_complain(struct mach_kmem *cache)
{
	lockdep_assert_held(&cache->lock);
	WARN_ONCE(1, "machvm: misuse %u of a %s at %p\n", cache->slab.last_bad,
		  cache->slab.name, cache->slab.last_object);
}

static unsigned int mach_kmem_take(struct mach_kmem *cache, void **objects,
				   unsigned int n)
{
	unsigned long bad;

	spin_lock(&cache->lock);
	bad = cache->slab.nr_bad;
	n = mach_slab_alloc(&cache->slab, objects, n);
	if (cache->slab.nr_bad != bad)
		mach_kmem_complain(cache);
	spin_unlock(&cache->lock);
	return n;
}

static void mach_kmem_give(struct mach_kmem *cache, void **objects,
			   unsigned int n)
{
	spin_lock(&cache->lock);
	if (mach_slab_free(&cache->slab, objects, n))
		mach_kmem_complain(cache);
	spin_unlock(&cache->lock);
}

/* The objects that were not used for longest go back to their slabs. */
static void mach_magazine_spill(struct mach_kmem *cache,
				struct mach_magazine *magazine, unsigned int n)
{
	lockdep_assert_held(&magazine->lock);
	mach_kmem_give(cache, magazine->objects, n);
	magazine->n -= n;
	memmove(magazine->objects, magazine->objects + n,
		magazine->n * sizeof(magazine->objects[0]));
}

/* Out of slabs that are there; or NULL */
static void *mach_kmem_refill(struct mach_kmem *cache)
{
	struct mach_magazine *magazine = raw_cpu_ptr(cache->magazines);
	void *object = NULL;

	spin_lock(&magazine->lock);
	if (!magazine->n && magazine->size)
		magazine->n = mach_kmem_take(cache, magazine->objects,
					     MACH_MAGAZINE_BATCH);
	if (magazine->n)
		object = magazine->objects[--magazine->n];
	else
		mach_kmem_take(cache, &object, 1);
	spin_unlock(&magazine->lock);
	return object;
}

static noinline void *mach_kmem_alloc_slow(struct mach_kmem *cache, gfp_t gfp)
{
	struct mach_slab *slab;
	void *object;

	for (;;) {
		object = mach_kmem_refill(cache);
		if (object)
			return object;
		slab = mach_slab_make(&cache->slab, gfp);
		if (!slab)
			return NULL;
		spin_lock(&cache->lock);
		mach_slab_add(&cache->slab, slab);
		spin_unlock(&cache->lock);
	}
}

/**
 * mach_kmem_alloc - Get an object
 * @cache: of which kind
 * @gfp: GFP_KERNEL: the pool may grow and Linux may be asked to make room;
 *	GFP_NOWAIT: out of what the pool has
 *
 * Return: as constructed, or NULL.
 */
void *mach_kmem_alloc(struct mach_kmem *cache, gfp_t gfp)
{
	struct mach_magazine *magazine;
	void *object = NULL;

	if (mach_should_fail(cache->slab.size))
		return NULL;
	magazine = raw_cpu_ptr(cache->magazines);
	spin_lock(&magazine->lock);
	if (likely(magazine->n))
		object = magazine->objects[--magazine->n];
	spin_unlock(&magazine->lock);
	if (unlikely(!object))
		object = mach_kmem_alloc_slow(cache, gfp);
	kmemleak_alloc(object, cache->slab.size, 1, gfp);
	return object;
}
EXPORT_SYMBOL_FOR_BENCH(mach_kmem_alloc);

static noinline void mach_kmem_free_slow(struct mach_kmem *cache, void *object)
{
	struct mach_magazine *magazine = raw_cpu_ptr(cache->magazines);

	spin_lock(&magazine->lock);
	if (magazine->n >= MACH_MAGAZINE_BATCH)
		mach_magazine_spill(cache, magazine, MACH_MAGAZINE_BATCH);
	if (magazine->n < magazine->size)
		magazine->objects[magazine->n++] = object;
	else
		mach_kmem_give(cache, &object, 1);
	spin_unlock(&magazine->lock);
}

/**
 * mach_kmem_free - Give an object back
 * @cache: that it came from
 * @object: as constructed
 */
void mach_kmem_free(struct mach_kmem *cache, void *object)
{
	struct mach_magazine *magazine;
	bool kept;

	kmemleak_free(object);
	magazine = raw_cpu_ptr(cache->magazines);
	spin_lock(&magazine->lock);
	kept = magazine->n < magazine->size;
	if (likely(kept))
		magazine->objects[magazine->n++] = object;
	spin_unlock(&magazine->lock);
	if (unlikely(!kept))
		mach_kmem_free_slow(cache, object);
}
EXPORT_SYMBOL_FOR_BENCH(mach_kmem_free);

/**
 * mach_kmem_lend - Get an object that cannot be refused
 * @cache: of which kind
 *
 * For what must go on when the pool has nothing left. It is Linux's own memory,
 * charged to the caller's memory cgroup, and is waited for: the caller bounds how
 * many there are, and gives each back by kfree(). Return: as constructed.
 */
void *mach_kmem_lend(struct mach_kmem *cache)
{
	void *object = kmalloc(cache->slab.size,
			       GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);

	if (cache->slab.construct)
		cache->slab.construct(object);
	return object;
}

/* Did an object come from mach_kmem_lend()? */
bool mach_kmem_lent(const void *object)
{
	return folio_test_slab(virt_to_folio(object));
}

static void mach_kmem_drain(struct mach_kmem *cache)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct mach_magazine *magazine =
			per_cpu_ptr(cache->magazines, cpu);

		spin_lock(&magazine->lock);
		if (magazine->n)
			mach_magazine_spill(cache, magazine, magazine->n);
		spin_unlock(&magazine->lock);
	}
}

static void mach_kmem_shrink_one(struct mach_kmem *cache)
{
	LIST_HEAD(slabs);

	mach_kmem_drain(cache);
	spin_lock(&cache->lock);
	mach_slab_reap(&cache->slab, UINT_MAX, &slabs);
	spin_unlock(&cache->lock);
	mach_slab_release(&cache->slab, &slabs);
}

/* For one who shrinks already there is nothing to do. */
void mach_kmem_shrink(void)
{
	struct mach_kmem *cache;

	if (!mutex_trylock(&mach_kmem_lock))
		return;
	list_for_each_entry(cache, &mach_kmem_caches, link)
		mach_kmem_shrink_one(cache);
	mutex_unlock(&mach_kmem_lock);
}
EXPORT_SYMBOL_IF_KUNIT(mach_kmem_shrink);

static void mach_kmem_count(struct mach_kmem *cache,
			    struct mach_kmem_counts *counts)
{
	const struct mach_slab_cache *slab = &cache->slab;
	int cpu;

	lockdep_assert_held(&mach_kmem_lock);
	counts->name = slab->name;
	counts->size = slab->size;
	counts->stride = slab->stride;
	counts->per_slab = slab->per_slab;
	counts->slab_pages = 1U << slab->order;
	spin_lock(&cache->lock);
	counts->slabs = slab->nr_slabs;
	counts->empty = slab->nr_empty;
	counts->active = slab->nr_active;
	counts->freed = slab->nr_freed;
	counts->bad = slab->nr_bad;
	spin_unlock(&cache->lock);
	counts->cached = 0;
	for_each_possible_cpu(cpu) {
		struct mach_magazine *magazine =
			per_cpu_ptr(cache->magazines, cpu);

		/* a guess will do */
		counts->cached += data_race(magazine->n);
	}
	/* others go on meanwhile */
	counts->active -= min(counts->cached, counts->active);
}

/**
 * mach_kmem_get_counts - A cache's numbers
 * @i: which, from 0
 * @counts: out
 *
 * Return: false if there are not so many caches.
 */
bool mach_kmem_get_counts(unsigned int i, struct mach_kmem_counts *counts)
{
	struct mach_kmem *cache;
	bool found = false;

	mutex_lock(&mach_kmem_lock);
	list_for_each_entry(cache, &mach_kmem_caches, link) {
		if (i--)
			continue;
		mach_kmem_count(cache, counts);
		found = true;
		break;
	}
	mutex_unlock(&mach_kmem_lock);
	return found;
}

/* Bytes that caches and magazines take */
unsigned long mach_kmem_overhead(void)
{
	struct mach_kmem *cache;
	unsigned long n = 0;

	mutex_lock(&mach_kmem_lock);
	list_for_each_entry(cache, &mach_kmem_caches, link)
		n += kmalloc_size_roundup(sizeof(*cache)) +
		     num_possible_cpus() * sizeof(struct mach_magazine);
	mutex_unlock(&mach_kmem_lock);
	return n;
}
EXPORT_SYMBOL_FOR_BENCH(mach_kmem_overhead);

static void mach_kmem_init_magazines(struct mach_kmem *cache, unsigned int size)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct mach_magazine *magazine =
			per_cpu_ptr(cache->magazines, cpu);

		spin_lock_init(&magazine->lock);
		magazine->size = size;
	}
}

/**
 * mach_kmem_create - Make a cache
 * @name: of its objects, const
 * @size: bytes of one
 * @align: a power of two, at least 8
 * @construct: makes a new object; who frees it leaves it so; or NULL
 *
 * Return: a cache without objects, or NULL.
 */
struct mach_kmem *mach_kmem_create(const char *name, unsigned int size,
				   unsigned int align,
				   void (*construct)(void *object))
{
	struct mach_kmem *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	if (!cache)
		return NULL;
	cache->magazines = alloc_percpu(struct mach_magazine);
	if (!cache->magazines ||
	    mach_slab_cache_init(&cache->slab, name, size, align,
				 mach_kmem_debug ? MACH_SLAB_DEBUG : 0,
				 construct, &mach_kmem_source)) {
		free_percpu(cache->magazines);
		kfree(cache);
		return NULL;
	}
	spin_lock_init(&cache->lock);
	mach_kmem_init_magazines(cache, mach_kmem_debug ? 0 :
						MACH_MAGAZINE_SIZE);
	mutex_lock(&mach_kmem_lock);
	list_add_tail(&cache->link, &mach_kmem_caches);
	mutex_unlock(&mach_kmem_lock);
	return cache;
}
EXPORT_SYMBOL_FOR_BENCH(mach_kmem_create);

/* Nobody uses it any more; objects that are left are a bug and stay. */
void mach_kmem_destroy(struct mach_kmem *cache)
{
	unsigned long left;

	if (!cache)
		return;
	mutex_lock(&mach_kmem_lock);
	list_del(&cache->link);
	mutex_unlock(&mach_kmem_lock);
	mach_kmem_drain(cache);
	left = mach_slab_cache_destroy(&cache->slab);
	WARN(left, "machvm: %lu of %s are left\n", left, cache->slab.name);
	free_percpu(cache->magazines);
	kfree(cache);
}
EXPORT_SYMBOL_FOR_BENCH(mach_kmem_destroy);

void __init mach_kmem_init(void)
{
	mach_page_set_shrink_hook(mach_kmem_shrink);
}

void mach_kmem_exit(void)
{
	WARN_ON(!list_empty(&mach_kmem_caches));
}
