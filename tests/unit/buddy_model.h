/* SPDX-License-Identifier: GPL-2.0-only */
/* A simple model of the buddy allocator, beside which it is tested. */
#ifndef BUDDY_MODEL_H
#define BUDDY_MODEL_H

#include "../../kmod/pool/buddy.h"

/*
 * The model: for each frame of each chunk whether it is free, the first of an
 * allocated block or another one of it.
 */
enum { FREE = -1, TAIL = -2 };	/* or an order */

struct lot {
	struct mach_chunk chunk;
	bool in;
	bool lasting;	/* something that lasts is in it, or was until idle */
	unsigned int n_free;
	signed char held[MACH_CHUNK_FRAMES];
};

struct taken {
	struct mach_frame *frame;
	unsigned int order;
};

#define LOTS_MAX	64

struct world {
	struct mach_buddy buddy;
	struct lot *lots[LOTS_MAX];
	unsigned int n_lots;
	struct taken *taken;
	unsigned long n_taken;
	unsigned int percent;	/* of operations that allocate, at present */
	unsigned int one_in;	/* so many allocations lasts, at present */
	unsigned long turn;
};

extern struct world *world;

static inline struct lot *lot_of(const struct mach_frame *frame)
{
	return container_of(mach_frame_chunk(frame), struct lot, chunk);
}

static inline unsigned int index_of(const struct mach_frame *frame)
{
	return frame - mach_frame_chunk(frame)->frames;
}

static inline u64 address_of(const struct mach_frame *frame)
{
	return mach_frame_chunk(frame)->address +
	       ((u64)index_of(frame) << PAGE_SHIFT);
}

struct lot *make_lot(u64 address);
enum mach_segment_id model_segment(u64 address);
struct world *make_world(unsigned int per_segment);
bool model_all(const struct lot *lot, unsigned int first,
	       unsigned int order, signed char first_is,
	       signed char others_are);
bool model_free_block(const struct lot *lot, unsigned int first,
		      unsigned int order);
void model_take(const struct mach_frame *frame, unsigned int order);
unsigned long model_count(enum mach_segment_id id, bool only_free);
bool model_fits(u64 address, const struct mach_block *block);
int model_highest(const struct mach_block *block);
unsigned long model_kept(int id, const struct mach_block *block);
bool none_above(int down, const struct mach_block *block);
bool expected_bit(const struct lot *lot, unsigned int order,
		  unsigned int i);
unsigned int model_rank(const struct lot *lot,
			const struct mach_block *block);
bool model_possible(const struct mach_block *block);

#endif /* BUDDY_MODEL_H */
