/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Structures that the module allocates often: slab caches out of the pool, with
 * a magazine of objects for each processor.
 */
#ifndef MACH_KMEM_H
#define MACH_KMEM_H

#include "base/mach_types.h"

#include <linux/string.h>

struct mach_kmem;

/**
 * struct mach_kmem_counts - A cache in numbers, for people
 * @name: its
 * @size: bytes of an object
 * @stride: bytes from object to object
 * @per_slab: objects of a slab
 * @slab_pages: frames of a slab
 * @slabs: slabs
 * @empty: of them without an object in use
 * @active: objects in use
 * @cached: free objects in magazines
 * @freed: slabs given back to the pool ever
 * @bad: misuses that were seen
 */
struct mach_kmem_counts {
	const char *name;
	unsigned int size;
	unsigned int stride;
	unsigned int per_slab;
	unsigned int slab_pages;
	unsigned long slabs;
	unsigned long empty;
	unsigned long active;
	unsigned long cached;
	unsigned long freed;
	unsigned long bad;
};

struct mach_kmem *mach_kmem_create(const char *name, unsigned int size,
				   unsigned int align,
				   void (*construct)(void *object));
void mach_kmem_destroy(struct mach_kmem *cache);

void *mach_kmem_alloc(struct mach_kmem *cache, gfp_t gfp);
void mach_kmem_free(struct mach_kmem *cache, void *object);

void *mach_kmem_lend(struct mach_kmem *cache);
bool mach_kmem_lent(const void *object);

/* Empty all magazines and give all empty slabs back to the pool. */
void mach_kmem_shrink(void);

bool mach_kmem_get_counts(unsigned int i, struct mach_kmem_counts *counts);
unsigned long mach_kmem_overhead(void);

void mach_kmem_init(void);
void mach_kmem_exit(void);

#endif /* MACH_KMEM_H */
