/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buddy allocator: runs of frames out of chunks of physical memory.
 *
 * A chunk keeps a bitmap of free blocks for each order, and hangs in its
 * segment's list of chunks that have a free block of that order. So nothing is
 * stored in free memory, allocation and free take a number of steps that grows
 * with the orders only, and blocks that must lie at particular addresses are
 * found 64 at a time.
 *
 * What is freed comes together again only if what lasts lies together: pages
 * can be evicted, structures cannot. So a chunk serves one of the two as long as
 * there is a choice, and fuller chunks are used before emptier ones.
 *
 * Nothing here locks: the caller guards a whole struct mach_buddy by one lock.
 * Source: Knowlton 1965; segments and protection as in Mach's vm_page_seg; the
 * two-word constraint as asked for on l4-hurd, 2005.
 */
#ifndef MACH_BUDDY_H
#define MACH_BUDDY_H

#include "base/kern.h"

/* A chunk is the largest block that Linux hands out: 4 MiB. */
#define MACH_CHUNK_ORDER	10
#define MACH_CHUNK_ORDERS	(MACH_CHUNK_ORDER + 1)
#define MACH_CHUNK_FRAMES	1024U
#define MACH_CHUNK_SIZE		((u64)MACH_CHUNK_FRAMES << PAGE_SHIFT)

static_assert(MACH_CHUNK_FRAMES >> MACH_CHUNK_ORDER == 1, "2^order frames");

/* Physical memory by who can reach it, scarcest first */
enum mach_segment_id {
	MACH_SEGMENT_DMA,	/* below 16 MiB */
	MACH_SEGMENT_DMA32,	/* below 4 GiB */
	MACH_SEGMENT_NORMAL,
	MACH_SEGMENTS,
};

/*
 * Where a frame is (mach_frame.place). Up to MACH_CHUNK_ORDER: first of an
 * allocated block of that order, in use by whoever allocated it.
 */
enum mach_place {
	MACH_PLACE_FREE = 0x10,		/* first of a free block */
	MACH_PLACE_TAIL,		/* of a block, free or not, but not its first */
	MACH_PLACE_CACHED,		/* in a processor's cache */
	MACH_PLACE_ASIDE,		/* waits until nobody pins it */
	MACH_PLACE_ACTIVE,		/* an object's, on the active queue */
	MACH_PLACE_INACTIVE,		/* an object's, on the inactive queue */
};

/**
 * struct mach_frame - A frame's descriptor
 *
 * (o) lock of the object whose page it is, (q) written under (o) while the page is on
 * no queue, so that the queue lock is enough to read that of one on a queue,
 * (w) lock of where the frame is: the allocator's if it is free, that of the processor's
 * cache that has it, that of frames aside, or the queue lock; of one that is handed out
 * and in none of these, whoever has it
 *
 * @link: (w) in the list that @place tells
 * @wirings: (o) of a wired page, which is on no list: how often
 * @touched: (o) of another page of anonymous memory, which is on no list either: how
 *	many pages were touched for the first time one after the other, this one the last;
 *	0 if it is not the last of them
 * @object: (q) of a page in an object: which
 * @index_low: (q) and its page index there, 48 bits
 * @index_high: (q) the rest of that
 * @bits: (o) state in the object; whoever has a frame that is in none clears them. Looked
 *	at without the lock to choose a chunk
 * @place: (w) enum mach_place or an order; looked at without the lock to choose a chunk,
 *	or a page to judge
 *
 * 32 bytes, so that describing 4 KiB costs 0.8 %.
 */
struct mach_frame {
	union {
		struct list_head link;
		u64 wirings;
		u64 touched;
	};
	struct mach_object *object;
	u32 index_low;
	u16 index_high;
	u8 bits;
	u8 place;
};

static_assert(sizeof(struct mach_frame) == 32, "0.8 % of a frame");

/* Words of all bitmaps of a chunk: each order's begins at a word. */
#define MACH_CHUNK_WORDS	37

/*
 * Chunks by what they serve and by how many of them are free, in sixteenths,
 * rounded down; idle ones are all free.
 */
#define MACH_CLASS_LEVELS	16
#define MACH_CLASS_PAGES	0
#define MACH_CLASS_IDLE		(MACH_CLASS_PAGES + MACH_CLASS_LEVELS)
#define MACH_CLASS_LASTING	(MACH_CLASS_IDLE + 1)
#define MACH_CLASSES		(MACH_CLASS_LASTING + MACH_CLASS_LEVELS)

struct mach_buddy;

/**
 * struct mach_chunk - Physically contiguous memory that frames come from
 * @address: physical, a multiple of MACH_CHUNK_SIZE; set by the caller
 * @frames: MACH_CHUNK_FRAMES descriptors, by address; mach_kern_owner() of each
 *	is the chunk; set by the caller
 * @memory: for the owner of the chunk
 * @buddy: of which allocator it is, or NULL
 * @segment: of which segment it is
 * @class: MACH_CLASS_* and a level
 * @lasting: has served lasting blocks since it was last idle
 * @orders: bit for each order of which it has a free block
 * @nr_free: free frames
 * @nr_blocks: free blocks by order
 * @link: in the segment
 * @with: in the segment's list for its class and each bit of @orders
 * @free: bit i of an order's words: block i of that order is free
 *
 * All but the caller's are guarded by the lock of @buddy.
 */
struct mach_chunk {
	u64 address;
	struct mach_frame *frames;
	void *memory;
	struct mach_buddy *buddy;
	enum mach_segment_id segment;
	u8 class;
	bool lasting;
	u16 orders;
	unsigned int nr_free;
	u16 nr_blocks[MACH_CHUNK_ORDERS];
	struct list_head link;
	struct list_head with[MACH_CHUNK_ORDERS];
	u64 free[MACH_CHUNK_WORDS];
};

/**
 * struct mach_segment - The chunks of a range of physical addresses
 * @chunks: all
 * @with: those with a free block of each order, by class
 * @classes: for each order a bit for each class of which @with is not empty
 * @nr_chunks: how many
 * @nr_free: free frames
 * @nr_blocks: free blocks by order
 */
struct mach_segment {
	struct list_head chunks;
	struct list_head with[MACH_CLASSES][MACH_CHUNK_ORDERS];
	u64 classes[MACH_CHUNK_ORDERS];
	unsigned int nr_chunks;
	unsigned long nr_free;
	unsigned long nr_blocks[MACH_CHUNK_ORDERS];
};

struct mach_buddy {
	struct mach_segment segments[MACH_SEGMENTS];
};

/**
 * struct mach_block - What kind of block is wanted
 * @order: 2^order frames
 * @highest: the highest segment that will do; lower ones do as well
 * @lasting: for what cannot be evicted, as a slab; kept apart from the rest
 * @set: bits of the physical address that must be set
 * @clear: bits of it that must be clear
 *
 * The address is that of the first frame, a multiple of the block's size.
 */
struct mach_block {
	unsigned int order;
	enum mach_segment_id highest;
	bool lasting;
	u64 set;
	u64 clear;
};

void mach_buddy_init(struct mach_buddy *buddy);
enum mach_segment_id mach_buddy_segment_of(u64 address);
void mach_buddy_add(struct mach_buddy *buddy, struct mach_chunk *chunk);
int mach_buddy_remove(struct mach_buddy *buddy, struct mach_chunk *chunk);
struct mach_chunk *mach_buddy_idle(struct mach_buddy *buddy);

struct mach_frame *mach_buddy_alloc(struct mach_buddy *buddy,
				    const struct mach_block *block);
unsigned int mach_buddy_alloc_frames(struct mach_buddy *buddy,
				     enum mach_segment_id highest,
				     struct mach_frame **frames,
				     unsigned int n);
bool mach_buddy_would_mix(const struct mach_buddy *buddy, bool lasting,
			  unsigned int order);
int mach_buddy_free(struct mach_buddy *buddy, struct mach_frame *frame,
		    unsigned int order);

static inline struct mach_chunk *mach_frame_chunk(const struct mach_frame *frame)
{
	return mach_kern_owner(frame);
}

/* Nothing of it is in use. */
static inline bool mach_chunk_idle(const struct mach_chunk *chunk)
{
	return chunk->nr_free == MACH_CHUNK_FRAMES;
}

#endif /* MACH_BUDDY_H */
