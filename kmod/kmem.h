/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Structures that the module allocates often: slab caches out of the pool, with
 * a magazine of objects for each processor.
 */
#ifndef MACH_KMEM_H
#define MACH_KMEM_H

#include "mach_types.h"

struct mach_kmem;

struct mach_kmem *mach_kmem_create(const char *name, unsigned int size,
				   unsigned int align,
				   void (*construct)(void *object));
void mach_kmem_destroy(struct mach_kmem *cache);

/* @gfp: GFP_KERNEL may make the pool grow, GFP_NOWAIT takes what is there */
void *mach_kmem_alloc(struct mach_kmem *cache, gfp_t gfp);
void mach_kmem_free(struct mach_kmem *cache, void *object);

/* Empty all magazines and give all empty slabs back to the pool. */
void mach_kmem_shrink(void);

int mach_kmem_init(void);
void mach_kmem_exit(void);

#endif /* MACH_KMEM_H */
