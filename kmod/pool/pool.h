/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool: memory that Linux has lent in chunks, and the frames in it.
 *
 * A frame is an ordinary Linux page with one reference as long as it is in the
 * pool, marked by PG_checked, its page->private pointing at its descriptor.
 * The descriptors of a chunk are a block of their own, whose head page knows the
 * chunk; so all ways between page, frame and chunk are a few steps.
 */
#ifndef MACH_POOL_H
#define MACH_POOL_H

#include "base/mach_types.h"
#include "buddy.h"

/* Frames moved at a time */
#define MACH_POOL_BATCH		32

/**
 * struct mach_pool_counts - What the pool consists of, in frames unless said
 * @limit: how many there may be
 * @chunks: chunks that are there
 * @used: handed out, waiting aside, or in the caches of processors
 * @segment_chunks: chunks by segment
 * @free: free ones by segment
 * @blocks: free blocks by segment and order
 * @taken: chunks taken from Linux ever
 * @given_back: chunks given back to it ever
 * @refused: chunks that Linux did not have
 * @overhead: bytes that describe all this
 */
struct mach_pool_counts {
	unsigned long limit;
	unsigned long chunks;
	unsigned long used;
	unsigned long segment_chunks[MACH_SEGMENTS];
	unsigned long free[MACH_SEGMENTS];
	unsigned long blocks[MACH_SEGMENTS][MACH_CHUNK_ORDERS];
	unsigned long taken;
	unsigned long given_back;
	unsigned long refused;
	unsigned long overhead;
};

static inline struct mach_frame *mach_page_frame(const struct page *page)
{
	return (struct mach_frame *)page_private(page);
}

static inline struct page *mach_frame_page(const struct mach_frame *frame)
{
	const struct mach_chunk *chunk = mach_frame_chunk(frame);

	return (struct page *)chunk->memory + (frame - chunk->frames);
}

/* Whether the page is a frame of the pool */
static inline bool mach_pool_owns(struct page *page)
{
	return PageChecked(page) && page_private(page);
}

long mach_pool_room(void);
unsigned int mach_pool_take(struct page **pages, unsigned int n, bool reserve);
void mach_pool_give(struct page **pages, unsigned int n);
struct page *mach_pool_take_block(const struct mach_block *block, bool grow);
bool mach_pool_give_block(struct page *page, unsigned int order);

bool mach_pool_grow(void);
bool mach_pool_is_growing(void);
void mach_pool_refrain(void);
bool mach_pool_release(void);
void mach_pool_tell(unsigned long frames);
unsigned long mach_pool_long_idle(void);
unsigned long mach_pool_excess(void);
void mach_pool_set_limit(unsigned long frames);
unsigned long mach_pool_limit(void);
unsigned long mach_pool_reserve(void);
void mach_pool_get_counts(struct mach_pool_counts *counts);

void mach_pool_init(void);
void mach_pool_exit(unsigned long aside);

#endif /* MACH_POOL_H */
