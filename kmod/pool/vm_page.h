/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames that Linux lends, and structures made of them.
 *
 *	buddy		blocks of frames out of chunks; pure
 *	slab		objects of one size out of blocks; pure
 *	charge		frames charged to memory cgroups
 *	pool		chunks from Linux, and the frames in them
 *	aside		frames that somebody else still holds
 *	user		what each user has, and may have
 *	vm_page		frames for objects, with a cache for each processor
 *	kmem		structures, with a magazine for each processor
 *	trim		how much there may be, and what goes back to Linux
 *
 * A frame is a refcounted Linux page. One that somebody else still holds when it
 * comes back (O_DIRECT, vmsplice, a reader) waits aside until nobody does.
 *
 * Locks; under the inner ones no other lock of the module is taken, but where said:
 *
 *	mach_pool.growing		mutex: who asks Linux for a chunk
 *	  mach_pool.lock		spinlock: the buddy allocator
 *	lock of a processor's cache	spinlock: its free frames
 *	  mach_pool.lock
 *	mach_trim_lock			mutex: who gives chunks back
 *	  mach_kmem_lock		if it is free, and all below it
 *	  object->residence		if it is free, and all below it but page locks
 *	  object->lock			and all below it
 *	  mach_queue_lock		spinlock: which chunk goes (page_queue.c)
 *	  lock of a magazine		and all below it
 *	  lock of a processor's cache	and all below it
 *	  lock of a processor's charges
 *	  mach_pool.lock
 *	mach_users_lock			spinlock: the table of users
 *	mach_aside_lock			spinlock: frames that wait aside
 *	lock of a processor's charges	spinlock: charges that no frame has
 *	mach_kmem_lock			mutex: the list of slab caches
 *	  lock of a magazine		spinlock: a processor's free structures
 *	    lock of a slab cache	spinlock: slabs
 *	  mach_pool.lock
 */
#ifndef MACH_VM_PAGE_H
#define MACH_VM_PAGE_H

#include "pool.h"
#include "user.h"

#include <linux/bvec.h>

/* mach_frame.bits: state of a frame in an object; guarded by the object's lock */
#define MACH_FRAME_BUSY		0x01	/* owned by a request, nobody may see it */
#define MACH_FRAME_ABSENT	0x02	/* its contents have not come yet */
#define MACH_FRAME_DIRTY	0x04	/* the pager does not have the contents */
#define MACH_FRAME_WIRED	0x10	/* may not be taken away */
#define MACH_FRAME_LAUNDRY	0x20	/* in a data_return: read, not written */

/* What most need to know of them */
enum mach_page_state {
	MACH_PAGE_RESIDENT,	/* contents final, owned by the object */
	MACH_PAGE_BUSY,		/* placeholder, owned by a data_request */
	MACH_PAGE_RETURN,	/* in a data_return: may be read, not written */
};

static inline enum mach_page_state mach_page_state(struct page *page)
{
	u8 bits = mach_page_frame(page)->bits;

	if (bits & MACH_FRAME_BUSY)
		return MACH_PAGE_BUSY;
	return bits & MACH_FRAME_LAUNDRY ? MACH_PAGE_RETURN :
					   MACH_PAGE_RESIDENT;
}

/*
 * Can the page be read, or written, as it is? A page whose data a pager takes is not
 * written meanwhile.
 */
static inline bool mach_page_serves(struct page *page, bool write)
{
	enum mach_page_state state = mach_page_state(page);

	return state == MACH_PAGE_RESIDENT ||
	       (state == MACH_PAGE_RETURN && !write);
}

static inline void mach_page_set_state(struct page *page,
				       enum mach_page_state state)
{
	u8 *bits = &mach_page_frame(page)->bits;

	*bits &= ~(MACH_FRAME_BUSY | MACH_FRAME_ABSENT | MACH_FRAME_LAUNDRY);
	if (state == MACH_PAGE_BUSY)
		*bits |= MACH_FRAME_BUSY | MACH_FRAME_ABSENT;
	else if (state == MACH_PAGE_RETURN)
		*bits |= MACH_FRAME_LAUNDRY;
}

static inline bool mach_page_is_dirty(struct page *page)
{
	return mach_page_frame(page)->bits & MACH_FRAME_DIRTY;
}

static inline void mach_page_set_dirty(struct page *page, bool dirty)
{
	u8 *bits = &mach_page_frame(page)->bits;

	*bits = dirty ? *bits | MACH_FRAME_DIRTY : *bits & ~MACH_FRAME_DIRTY;
}

static inline bool mach_page_is_wired(struct page *page)
{
	return mach_page_frame(page)->bits & MACH_FRAME_WIRED;
}

/* Its page index in the object: 48 bits */
static inline pgoff_t mach_frame_index(const struct mach_frame *frame)
{
	return (pgoff_t)frame->index_high << 32 | frame->index_low;
}

static inline void mach_frame_set_index(struct mach_frame *frame, pgoff_t index)
{
	frame->index_low = lower_32_bits(index);
	frame->index_high = upper_32_bits(index);
}

/* The frame becomes the resident page of an object, which is locked. */
static inline void mach_page_set_owner(struct page *page,
				       struct mach_object *object,
				       pgoff_t index)
{
	struct mach_frame *frame = mach_page_frame(page);

	frame->object = object;
	frame->bits = 0;
	mach_frame_set_index(frame, index);
}

/* It becomes another object's, which is locked, with all that is said of it. */
static inline void mach_page_change_owner(struct page *page,
					  struct mach_object *object,
					  pgoff_t index)
{
	struct mach_frame *frame = mach_page_frame(page);

	frame->object = object;
	mach_frame_set_index(frame, index);
}

/*
 * By what Linux tells futexes in a page apart, whatever frame it is in. It says so until
 * nobody holds the frame: futex(2) holds a page first and looks then.
 */
static inline void mach_page_set_name(struct page *page,
				      struct address_space *mapping,
				      pgoff_t index)
{
	page->index = index;
	WRITE_ONCE(page->mapping, mapping);
}

/**
 * struct mach_page_counts - The pool in numbers, for people
 * @pool: its chunks and free blocks
 * @aside: frames that wait until nobody holds them
 * @cached: free frames in the caches of processors
 * @reserve: frames that only progress may use
 * @low: below so many, page-out is woken
 * @target: it frees until there are so many
 * @available: frames that can be had now, the reserve among them
 * @overhead: bytes that describe all this
 */
struct mach_page_counts {
	struct mach_pool_counts pool;
	unsigned long aside;
	unsigned long cached;
	unsigned long reserve;
	unsigned long low;
	unsigned long target;
	unsigned long available;
	unsigned long overhead;
};

#define MACH_PAGE_RESERVE	0x1	/* the last frames as well */

int mach_page_get(struct bio_vec *frames, unsigned int n, unsigned int flags);
void mach_page_free(struct page *page);
bool mach_page_free_named(struct page *page, struct mach_user *user);
bool mach_page_pinned(struct page *page);

struct page *mach_page_alloc_contig(const struct mach_block *block, gfp_t gfp);
void mach_page_free_contig(struct page *page, unsigned int order);
void *mach_page_block_get(unsigned int order, gfp_t gfp);
void mach_page_block_put(void *block, unsigned int order);

/**
 * struct mach_page_evictor - Who takes pages away when Linux is short
 * @count: pages that could go at once, about
 * @empty: take away the pages of one chunk, those that were used lately if @used;
 *	false if no chunk can be emptied. Never waits and never allocates.
 */
struct mach_page_evictor {
	unsigned long (*count)(void);
	bool (*empty)(bool used);
};

/*
 * Two hooks and a table reach upwards: page-out makes room, caches of structures give
 * back what they keep, and objects let go of clean pages. All stand above the frames
 * that they are asked for.
 */
typedef void (*mach_page_hook)(void);

unsigned long mach_page_available(void);
unsigned long mach_page_short(void);
void mach_page_arm_low(void);
void mach_page_check_low(void);
void mach_page_set_low_hook(mach_page_hook low);
void mach_page_set_shrink_hook(mach_page_hook shrink);
void mach_page_switch_low_off(void);

void mach_page_set_evictor(const struct mach_page_evictor *evictor);
unsigned long mach_page_evictable(void);
bool mach_page_empty_chunk(bool used);

void mach_page_drain(void);
void mach_page_get_counts(struct mach_page_counts *counts);

int mach_page_init(void);
void mach_page_exit(void);

#endif /* MACH_VM_PAGE_H */
