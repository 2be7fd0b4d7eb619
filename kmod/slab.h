/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Object caches: constructed objects of one size, cut out of blocks of frames.
 *
 * A slab is one block of the buddy allocator, with a header at its start; an
 * object's slab is found by masking its address. Slabs lie in their cache as
 * full, partial or empty. Objects start at a colour that differs from slab to
 * slab, so that they do not all fall on the same cache lines. An object that is
 * freed must be as constructed; free objects are linked by a table in the
 * header, so their own memory stays as it was.
 *
 * Nothing here locks: the caller guards each cache by a lock, and puts an array
 * of objects for each processor (a magazine) before it, which it fills and
 * empties in batches. Source: Bonwick 1994, Bonwick and Adams 2001.
 */
#ifndef MACH_SLAB_H
#define MACH_SLAB_H

#include "kern.h"

#define MACH_SLAB_ORDER_MAX	3

/**
 * struct mach_slab_source - Where slabs come from and go to
 * @get: 2^order frames, aligned to their size, or NULL; @gfp is passed on
 * @put: take them back
 */
struct mach_slab_source {
	void *(*get)(unsigned int order, unsigned int gfp);
	void (*put)(void *block, unsigned int order);
};

/* Objects carry red zones, and free ones poison; checked at each step. */
#define MACH_SLAB_DEBUG		0x1

struct mach_slab;

/**
 * struct mach_slab_cache - Objects of one kind
 * @name: for people
 * @size: bytes that the user asked for
 * @align: of each object, a power of two, at least 8
 * @flags: MACH_SLAB_*
 * @construct: makes a new object; NULL: its memory is whatever was there
 * @source: const
 * @stride: bytes from object to object
 * @order: of a slab
 * @per_slab: objects in one
 * @colours: how many starts there are
 * @next_colour: the next slab's
 * @partial: slabs with objects in use and free ones
 * @full: slabs without free objects
 * @empty: slabs without objects in use
 * @nr_slabs: all
 * @nr_empty: of them in @empty
 * @nr_active: objects handed out
 * @nr_freed: slabs given back ever
 * @nr_bad: misuses that were caught: double or foreign frees, broken zones
 *
 * All but the const ones are guarded by the caller's lock.
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
	unsigned int next_colour;
	struct list_head partial;
	struct list_head full;
	struct list_head empty;
	unsigned long nr_slabs;
	unsigned long nr_empty;
	unsigned long nr_active;
	unsigned long nr_freed;
	unsigned long nr_bad;
};

int mach_slab_cache_init(struct mach_slab_cache *cache, const char *name,
			 unsigned int size, unsigned int align,
			 unsigned int flags, void (*construct)(void *object),
			 const struct mach_slab_source *source);
/* Returns how many objects were still in use: then nothing was freed. */
unsigned long mach_slab_cache_destroy(struct mach_slab_cache *cache);

/* Objects out of slabs that are there; fewer than @n when they run out. */
unsigned int mach_slab_alloc(struct mach_slab_cache *cache, void **objects,
			     unsigned int n);
/* Objects back; misuse is counted, not acted on: returns how many were bad. */
unsigned int mach_slab_free(struct mach_slab_cache *cache, void **objects,
			    unsigned int n);

/*
 * Growing is in two steps, because the second needs the lock and the first must
 * not have it: a constructed slab, or NULL; then into the cache.
 */
struct mach_slab *mach_slab_make(struct mach_slab_cache *cache,
				 unsigned int gfp);
void mach_slab_add(struct mach_slab_cache *cache, struct mach_slab *slab);

/* Takes empty slabs out, at most @n, linked in @slabs; then without the lock. */
unsigned int mach_slab_reap(struct mach_slab_cache *cache, unsigned int n,
			    struct list_head *slabs);
void mach_slab_release(struct mach_slab_cache *cache, struct list_head *slabs);

#endif /* MACH_SLAB_H */
