/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Object caches: constructed objects of one size, cut out of blocks of frames.
 * Pure.
 *
 * A slab is one block of the buddy allocator, with a header at its start; an
 * object's slab is found by masking its address. Slabs lie in their cache as
 * full, partial or empty. Objects start at a colour that differs from slab to
 * slab, so that they do not all fall on the same cache lines. An object that is
 * freed must be as constructed; which ones are free stands in the header, so
 * their own memory stays as it was, and a second free is seen.
 *
 * Nothing here locks: the caller guards each cache by a lock, and puts an array
 * of objects for each processor (a magazine) before it, which it fills and
 * empties in batches. Source: Bonwick 1994, Bonwick and Adams 2001.
 */
#ifndef MACH_SLAB_H
#define MACH_SLAB_H

#include "base/kern.h"

#define MACH_SLAB_ORDER_MAX	3
#define MACH_SLAB_SIZE_MAX	8192U
#define MACH_SLAB_ALIGN_MIN	8U
#define MACH_SLAB_ALIGN_MAX	4096U

/**
 * struct mach_slab_source - Where slabs come from and go to
 * @get: 2^order frames, aligned to their size, or NULL; @gfp is passed on
 * @put: take them back
 */
struct mach_slab_source {
	void *(*get)(unsigned int order, gfp_t gfp);
	void (*put)(void *block, unsigned int order);
};

/*
 * Objects have a red zone on either side, checked when they are freed. Free ones
 * hold poison, checked when they are handed out or given back to the source, and
 * are constructed when they are handed out.
 */
#define MACH_SLAB_DEBUG		0x1

/* How an object was misused. The last two are seen in debug mode only. */
enum mach_slab_misuse {
	MACH_SLAB_OK,
	MACH_SLAB_FOREIGN,	/* freed, and is none of the cache */
	MACH_SLAB_TWICE,	/* freed, and was free */
	MACH_SLAB_OVERRUN,	/* somebody wrote beside it */
	MACH_SLAB_USED_FREE,	/* somebody wrote into it while it was free */
};

/**
 * struct mach_slab - Header of a block of objects
 *
 * (c) const from mach_slab_make() to mach_slab_release(), (l) the lock of the cache from
 * mach_slab_add() to mach_slab_reap(), before and after that whoever has the slab
 *
 * @link: (l) in one of the cache's lists; after mach_slab_reap() in the caller's
 * @cache: (c) whose it is; NULL when it went back
 * @first: (c) offset of the first object in the block
 * @nr_free: (l) bits set in @free
 * @free: (l) bit i: object i is free
 */
struct mach_slab {
	struct list_head link;
	struct mach_slab_cache *cache;
	unsigned int first;
	unsigned int nr_free;
	u64 free[];
};

/**
 * struct mach_slab_cache - Objects of one kind
 * @name: (c) for people
 * @size: (c) bytes that the user asked for
 * @align: (c) of each object, a power of two
 * @flags: (c) MACH_SLAB_*
 * @construct: (c) makes a new object; NULL: its memory is whatever was there
 * @source: (c)
 * @stride: (c) bytes from object to object
 * @order: (c) of a slab
 * @per_slab: (c) objects in one
 * @colours: (c) how many starts there are
 * @partial: slabs with objects in use and free ones
 * @full: slabs without free objects
 * @empty: slabs without objects in use
 * @nr_slabs: all
 * @nr_empty: of them in @empty
 * @nr_active: objects handed out
 * @nr_freed: slabs given back ever
 * @nr_bad: misuses that were seen
 * @last_bad: what the last one was
 * @last_object: and of which object
 *
 * (c) const; the caller's lock guards all others.
 */
struct mach_slab_cache {
	const char *name;
	unsigned int size;
	unsigned int align;
	unsigned int flags;
	void (*construct)(void *object);
	const struct mach_slab_source *source;
	unsigned int stride;
	unsigned int order;
	unsigned int per_slab;
	unsigned int colours;
	struct list_head partial;
	struct list_head full;
	struct list_head empty;
	unsigned long nr_slabs;
	unsigned long nr_empty;
	unsigned long nr_active;
	unsigned long nr_freed;
	unsigned long nr_bad;
	enum mach_slab_misuse last_bad;
	const void *last_object;
};

int mach_slab_cache_init(struct mach_slab_cache *cache, const char *name,
			 unsigned int size, unsigned int align,
			 unsigned int flags, void (*construct)(void *object),
			 const struct mach_slab_source *source);
unsigned long mach_slab_cache_destroy(struct mach_slab_cache *cache);

unsigned int mach_slab_alloc(struct mach_slab_cache *cache, void **objects,
			     unsigned int n);
unsigned int mach_slab_free(struct mach_slab_cache *cache, void **objects,
			    unsigned int n);

/*
 * Growing is in two steps, because the second needs the lock and the first must
 * not have it; so is shrinking.
 */
struct mach_slab *mach_slab_make(struct mach_slab_cache *cache, gfp_t gfp);
void mach_slab_add(struct mach_slab_cache *cache, struct mach_slab *slab);
unsigned int mach_slab_reap(struct mach_slab_cache *cache, unsigned int n,
			    struct list_head *slabs);
void mach_slab_release(struct mach_slab_cache *cache, struct list_head *slabs);

#endif /* MACH_SLAB_H */
