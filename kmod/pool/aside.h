/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames that somebody else still holds when they come back: a pipe (vmsplice),
 * O_DIRECT, io_uring, a reader. They wait aside until nobody does.
 *
 * Linux does not say when that is, so they are looked at from time to time. Those that
 * were one user's are kept together, so that he need not look at others'.
 *
 * Lock: mach_aside_lock, a spinlock and a leaf.
 */
#ifndef MACH_ASIDE_H
#define MACH_ASIDE_H

#include "pool.h"

/**
 * struct mach_aside - Frames that wait, of one user
 * @frames: looked at in this order
 * @link: among those that have frames, in the order in which they are looked at
 * @n: how many frames; may be read without the lock
 *
 * All guarded by mach_aside_lock.
 */
struct mach_aside {
	struct list_head frames;
	struct list_head link;
	unsigned long n;
};

static inline void mach_aside_init(struct mach_aside *aside)
{
	INIT_LIST_HEAD(&aside->frames);
	aside->n = 0;
}

bool mach_aside_add(struct mach_aside *aside, struct page *page);
unsigned int mach_aside_look(struct mach_aside **whose, unsigned int *looked);
struct mach_aside *mach_aside_abandon(unsigned long *n);
void mach_aside_forget_names(const struct address_space *mapping,
			     const struct mach_aside *whose);
unsigned long mach_aside_count(void);

#endif /* MACH_ASIDE_H */
