// SPDX-License-Identifier: GPL-2.0-only
/* A simple model of the buddy allocator, beside which it is tested. */
#include "buddy_model.h"
#include "property.h"

#include <stdlib.h>

struct world *world;

struct lot *make_lot(u64 address)
{
	struct lot *lot = calloc(1, sizeof(*lot));
	char *table = aligned_alloc(MACH_KERN_TABLE, 2 * MACH_KERN_TABLE);

	memset(table, 0xff, MACH_KERN_TABLE);
	*(void **)(table + MACH_KERN_TABLE) = &lot->chunk;
	lot->chunk.address = address;
	lot->chunk.frames = (struct mach_frame *)table;
	lot->n_free = MACH_CHUNK_FRAMES;
	memset(lot->held, FREE, sizeof(lot->held));
	return lot;
}

enum mach_segment_id model_segment(u64 address)
{
	return address < 16ULL << 20 ? MACH_SEGMENT_DMA :
	       address < 4ULL << 30 ? MACH_SEGMENT_DMA32 : MACH_SEGMENT_NORMAL;
}

/* Chunks in each segment, near its ends and somewhere */
struct world *make_world(unsigned int per_segment)
{
	static const u64 starts[] = { 0, 16ULL << 20, 4ULL << 30 };
	static const u64 ends[] = { 16ULL << 20, 4ULL << 30, 1ULL << 46 };
	struct world *made = calloc(1, sizeof(*made));
	unsigned int i, s;
	u64 address;

	mach_buddy_init(&made->buddy);
	for (s = 0; s < MACH_SEGMENTS; s++) {
		for (i = 0; i < per_segment; i++) {
			address = i % 2 ? ends[s] - (i + 1) / 2 * MACH_CHUNK_SIZE :
					  starts[s] + i / 2 * MACH_CHUNK_SIZE;
			made->lots[made->n_lots++] = make_lot(address);
		}
	}
	made->taken = calloc((size_t)made->n_lots * MACH_CHUNK_FRAMES,
			     sizeof(*made->taken));
	made->percent = 60;
	made->one_in = 4;
	return made;
}

bool model_all(const struct lot *lot, unsigned int first,
	       unsigned int order, signed char first_is,
	       signed char others_are)
{
	unsigned int i;

	if (lot->held[first] != first_is)
		return false;
	for (i = 1; i < 1U << order; i++)
		if (lot->held[first + i] != others_are)
			return false;
	return true;
}

bool model_free_block(const struct lot *lot, unsigned int first,
		      unsigned int order)
{
	return model_all(lot, first, order, FREE, FREE);
}

void model_take(const struct mach_frame *frame, unsigned int order)
{
	struct lot *lot = lot_of(frame);

	memset(&lot->held[index_of(frame)], TAIL, 1UL << order);
	lot->held[index_of(frame)] = order;
	lot->n_free -= 1U << order;
	world->taken[world->n_taken].frame = (struct mach_frame *)frame;
	world->taken[world->n_taken++].order = order;
}

unsigned long model_count(enum mach_segment_id id, bool only_free)
{
	unsigned long n = 0;
	unsigned int i;

	for (i = 0; i < world->n_lots; i++) {
		const struct lot *lot = world->lots[i];

		if (lot->in && model_segment(lot->chunk.address) == id)
			n += only_free ? lot->n_free : MACH_CHUNK_FRAMES;
	}
	return n;
}

bool model_fits(u64 address, const struct mach_block *block)
{
	return (address & block->set) == block->set &&
	       !(address & block->clear);
}

/* The highest segment that has any address for the block, or -1 */
int model_highest(const struct mach_block *block)
{
	int id;

	for (id = block->highest; id > MACH_SEGMENT_DMA; id--)
		if (model_segment(~block->clear) >= (unsigned int)id)
			return id;
	return id;
}

/* Frames that must stay: somebody else needs them more. */
unsigned long model_kept(int id, const struct mach_block *block)
{
	int higher;

	for (higher = id + 1; higher <= model_highest(block); higher++)
		if (model_count(higher, false))
			return model_count(id, false) / 8;
	return 0;
}

static bool model_search(int id, const struct mach_block *block)
{
	unsigned int i, k, size = 1U << block->order;

	if (model_count(id, true) < model_kept(id, block) + size)
		return false;
	for (i = 0; i < world->n_lots; i++) {
		const struct lot *lot = world->lots[i];

		if (!lot->in || model_segment(lot->chunk.address) != (unsigned int)id)
			continue;
		for (k = 0; k < MACH_CHUNK_FRAMES; k += size)
			if (model_fits(lot->chunk.address + k * PAGE_SIZE,
				       block) &&
			    model_free_block(lot, k, block->order))
				return true;
	}
	return false;
}

/* No segment from highest down to, not including, @down has such a block. */
bool none_above(int down, const struct mach_block *block)
{
	int id;

	for (id = block->highest; id > down; id--)
		if (model_search(id, block))
			return property_fail("order %u set %#lx clear %#lx: got none of segment %d, but it has one",
					     block->order, block->set,
					     block->clear, id);
	return true;
}

/* What the bitmaps must say, from the model alone: blocks of the greatest size */
bool expected_bit(const struct lot *lot, unsigned int order,
		  unsigned int i)
{
	if (!model_free_block(lot, i << order, order))
		return false;
	return order == MACH_CHUNK_ORDER ||
	       !model_free_block(lot, i >> 1 << (order + 1), order + 1);
}

/* The least order from one on of which the chunk has a block */
static unsigned int model_least(const struct lot *lot, unsigned int order)
{
	unsigned int i;

	for (; order <= MACH_CHUNK_ORDER; order++)
		for (i = 0; i < MACH_CHUNK_FRAMES >> order; i++)
			if (expected_bit(lot, order, i))
				return order;
	return order;
}

/* What is better to take a block from has a lower rank. */
unsigned int model_rank(const struct lot *lot,
			const struct mach_block *block)
{
	unsigned int least = model_least(lot, block->order);
	unsigned int level = lot->n_free / 64;

	if (least > MACH_CHUNK_ORDER)
		return ~0U;
	if (lot->n_free == MACH_CHUNK_FRAMES)
		return 1000;
	if (!block->lasting)
		return lot->lasting ? 2000 + level : level;
	return lot->lasting ? least * 16 + level : 2000 - level;
}

bool model_possible(const struct mach_block *block)
{
	return block->order <= MACH_CHUNK_ORDER &&
	       !(block->set & block->clear) &&
	       block->set % (PAGE_SIZE << block->order) == 0;
}
