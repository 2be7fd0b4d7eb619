// SPDX-License-Identifier: GPL-2.0-only
/* The buddy allocator beside a model that has a word for each frame. */
#include "../../kmod/pool/buddy.h"
#include "property.h"

#include <stdlib.h>

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

static struct world {
	struct mach_buddy buddy;
	struct lot *lots[LOTS_MAX];
	unsigned int n_lots;
	struct taken *taken;
	unsigned long n_taken;
	unsigned int percent;	/* of operations that allocate, at present */
	unsigned int one_in;	/* so many allocations lasts, at present */
	unsigned long turn;
} *world;

static struct lot *make_lot(u64 address)
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

static struct lot *lot_of(const struct mach_frame *frame)
{
	return container_of(mach_frame_chunk(frame), struct lot, chunk);
}

static unsigned int index_of(const struct mach_frame *frame)
{
	return frame - mach_frame_chunk(frame)->frames;
}

static u64 address_of(const struct mach_frame *frame)
{
	return mach_frame_chunk(frame)->address +
	       ((u64)index_of(frame) << PAGE_SHIFT);
}

static enum mach_segment_id model_segment(u64 address)
{
	return address < 16ULL << 20 ? MACH_SEGMENT_DMA :
	       address < 4ULL << 30 ? MACH_SEGMENT_DMA32 : MACH_SEGMENT_NORMAL;
}

/* Chunks in each segment, near its ends and somewhere */
static struct world *make_world(unsigned int per_segment)
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

static bool model_all(const struct lot *lot, unsigned int first,
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

static bool model_free_block(const struct lot *lot, unsigned int first,
			     unsigned int order)
{
	return model_all(lot, first, order, FREE, FREE);
}

static void model_take(const struct mach_frame *frame, unsigned int order)
{
	struct lot *lot = lot_of(frame);

	memset(&lot->held[index_of(frame)], TAIL, 1UL << order);
	lot->held[index_of(frame)] = order;
	lot->n_free -= 1U << order;
	world->taken[world->n_taken].frame = (struct mach_frame *)frame;
	world->taken[world->n_taken++].order = order;
}

static unsigned long model_count(enum mach_segment_id id, bool only_free)
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

static bool model_fits(u64 address, const struct mach_block *block)
{
	return (address & block->set) == block->set &&
	       !(address & block->clear);
}

/* The highest segment that has any address for the block, or -1 */
static int model_highest(const struct mach_block *block)
{
	int id;

	for (id = block->highest; id > MACH_SEGMENT_DMA; id--)
		if (model_segment(~block->clear) >= (unsigned int)id)
			return id;
	return id;
}

/* Frames that must stay: somebody else needs them more. */
static unsigned long model_kept(int id, const struct mach_block *block)
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
static bool none_above(int down, const struct mach_block *block)
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
static bool expected_bit(const struct lot *lot, unsigned int order,
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
static unsigned int model_rank(const struct lot *lot,
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

static bool check_placed(const struct lot *got, const struct mach_block *block)
{
	unsigned int i, rank = model_rank(got, block);

	for (i = 0; i < world->n_lots; i++) {
		const struct lot *lot = world->lots[i];

		if (lot->in && lot->chunk.segment == got->chunk.segment &&
		    model_rank(lot, block) < rank)
			return property_fail("order %u, lasting %d: rank %u, but there is %u",
					     block->order, block->lasting, rank,
					     model_rank(lot, block));
	}
	return true;
}

static bool check_got(const struct mach_frame *frame,
		      const struct mach_block *block)
{
	struct lot *lot = lot_of(frame);
	unsigned int index = index_of(frame);
	int id = model_segment(lot->chunk.address);

	if (!lot->in || index >= MACH_CHUNK_FRAMES ||
	    index % (1U << block->order))
		return property_fail("order %u: not one of its frames: index %u",
				     block->order, index);
	if (!model_free_block(lot, index, block->order))
		return property_fail("order %u: index %u is not free",
				     block->order, index);
	if (!model_fits(address_of(frame), block))
		return property_fail("order %u: %#lx, but set %#lx clear %#lx",
				     block->order, address_of(frame),
				     block->set, block->clear);
	if (id > (int)block->highest)
		return property_fail("segment %d, highest is %u", id,
				     block->highest);
	if (model_count(id, true) < model_kept(id, block) + (1UL << block->order))
		return property_fail("takes what is protected in segment %d", id);
	if (frame->place != block->order)
		return property_fail("place %#x, order %u", frame->place,
				     block->order);
	return id == model_highest(block) || none_above(id, block);
}

/* Low orders mostly, but all, and some that are none. */
static unsigned int some_order(void)
{
	if (property_below(256) == 0)
		return property_edge();
	return property_below(1 + property_below(1 + property_below(12)));
}

/* Colours, alignments, limits, the address of some frame, or nonsense */
static void some_constraint(struct mach_block *block)
{
	const struct lot *lot = world->lots[property_below(world->n_lots)];
	u64 address = lot->chunk.address +
		      property_below(MACH_CHUNK_FRAMES) * PAGE_SIZE;
	u64 mask;

	switch (property_below(5)) {
	case 0:
		mask = (property_random() & 0x3f) << PAGE_SHIFT;
		break;
	case 1:
		mask = -1ULL << (PAGE_SHIFT + property_below(40));
		break;
	case 2:
		mask = property_random() & property_random() &
		       property_random() & ~(PAGE_SIZE - 1);
		break;
	case 3:
		mask = -1ULL << (PAGE_SHIFT + block->order % 16);
		break;
	default:
		block->set = property_random() & property_random();
		block->clear = property_random() & property_random();
		return;
	}
	block->set = address & mask;
	block->clear = ~address & mask;
	if (property_below(3) == 0)
		block->set &= -1ULL << (PAGE_SHIFT + block->order % 16);
}

static bool model_possible(const struct mach_block *block)
{
	return block->order <= MACH_CHUNK_ORDER &&
	       !(block->set & block->clear) &&
	       block->set % (PAGE_SIZE << block->order) == 0;
}

/* What can never be is not even looked for. */
static bool check_none(const struct mach_block *block, unsigned long steps)
{
	if (model_possible(block))
		return none_above(-1, block);
	return !steps || property_fail("%lu steps for order %u set %#lx clear %#lx",
				       steps, block->order, block->set,
				       block->clear);
}

/*
 * Of an operation without constraint, whatever there is: thrice 11 orders in each
 * of 3 segments, 16 words, 10 splits or merges, 11 lists to move.
 */
#define STEPS_MAX	160

static bool turn_alloc(void)
{
	unsigned long steps = mach_kern_steps;
	struct mach_block block = {
		.order = some_order(),
		.highest = property_below(MACH_SEGMENTS),
		.lasting = property_below(world->one_in) == 0,
	};
	struct mach_frame *frame;

	if (property_below(3) == 0)
		some_constraint(&block);
	frame = mach_buddy_alloc(&world->buddy, &block);
	steps = mach_kern_steps - steps;
	if (steps > STEPS_MAX && !(block.set | block.clear))
		return property_fail("order %u: %lu steps", block.order, steps);
	if (!frame)
		return check_none(&block, steps);
	if (!check_got(frame, &block))
		return false;
	if (!(block.set | block.clear) && property_below(8) == 0 &&
	    !check_placed(lot_of(frame), &block))
		return false;
	model_take(frame, block.order);
	lot_of(frame)->lasting |= block.lasting;
	return true;
}

static bool turn_alloc_frames(void)
{
	struct mach_block block = {
		.highest = property_below(MACH_SEGMENTS),
	};
	unsigned int n = property_below(100);
	struct mach_frame *frames[100] = { NULL };
	unsigned int got, i;

	got = mach_buddy_alloc_frames(&world->buddy, block.highest, frames, n);
	if (got > n || frames[got])
		return property_fail("%u frames, %u wanted", got, n);
	for (i = 0; i < got; i++) {
		if (!check_got(frames[i], &block))
			return false;
		model_take(frames[i], 0);
	}
	return got == n || none_above(-1, &block);
}

static bool turn_free(void)
{
	unsigned long steps = mach_kern_steps;
	struct taken *taken;
	struct lot *lot;
	int error;

	if (!world->n_taken)
		return true;
	taken = &world->taken[property_below(world->n_taken)];
	lot = lot_of(taken->frame);
	if (!model_all(lot, index_of(taken->frame), taken->order, taken->order,
		       TAIL))
		return property_fail("the model is wrong");
	error = mach_buddy_free(&world->buddy, taken->frame, taken->order);
	if (error)
		return property_fail("free of order %u: %d", taken->order, error);
	steps = mach_kern_steps - steps;
	if (steps > STEPS_MAX)
		return property_fail("free of order %u: %lu steps", taken->order,
				     steps);
	memset(&lot->held[index_of(taken->frame)], FREE, 1UL << taken->order);
	lot->n_free += 1U << taken->order;
	lot->lasting &= lot->n_free < MACH_CHUNK_FRAMES;
	*taken = world->taken[--world->n_taken];
	return true;
}

static bool turn_chunk(void)
{
	struct lot *lot = world->lots[property_below(world->n_lots)];
	struct mach_buddy other = world->buddy;
	bool idle = model_free_block(lot, 0, MACH_CHUNK_ORDER);
	int error, expected;

	if (!lot->in) {
		error = mach_buddy_remove(&world->buddy, &lot->chunk);
		if (error != -EINVAL)
			return property_fail("removed what is not in: %d", error);
		mach_buddy_add(&world->buddy, &lot->chunk);
		lot->in = true;
		return true;
	}
	if (mach_buddy_remove(&other, &lot->chunk) != -EINVAL)
		return property_fail("removed from another allocator");
	error = mach_buddy_remove(&world->buddy, &lot->chunk);
	expected = idle ? 0 : -EBUSY;
	if (error != expected)
		return property_fail("remove: %d, not %d", error, expected);
	lot->in = !idle;
	return true;
}

/* Frees that must be refused */
struct bad {
	struct mach_frame *frame;
	unsigned int order;
	u8 place;
};

static bool some_bad(struct bad *bad, struct lot *lot)
{
	unsigned int i = property_below(MACH_CHUNK_FRAMES);
	int held = lot->held[i];

	bad->frame = &lot->chunk.frames[i];
	bad->order = property_below(MACH_CHUNK_ORDERS);
	bad->place = bad->frame->place;
	if (!lot->in) {
		/* It looks well, but its chunk is gone. */
		bad->place = bad->order;
		bad->frame = &lot->chunk.frames[i >> bad->order << bad->order];
	} else if (held == (int)bad->order && property_below(2)) {
		bad->place = MACH_PLACE_CACHED + property_below(4);
	} else if (held == (int)bad->order) {
		bad->order += 1 + property_below(~0U - bad->order);
	} else if (property_below(4) == 0) {
		/* For an order that is none the place is no excuse. */
		bad->order = property_below(2) ? bad->place : 11;
		return bad->order > MACH_CHUNK_ORDER;
	}
	return true;
}

static bool turn_bad_free(void)
{
	struct lot *lot = world->lots[property_below(world->n_lots)];
	struct mach_frame *frames = lot->chunk.frames;
	size_t bytes = MACH_CHUNK_FRAMES * sizeof(*frames);
	struct mach_buddy buddy = world->buddy;
	struct mach_chunk chunk = lot->chunk;
	static struct mach_frame before[MACH_CHUNK_FRAMES];
	struct bad bad;
	u8 place;
	int error;

	if (!some_bad(&bad, lot))
		return true;
	place = bad.frame->place;
	bad.frame->place = bad.place;
	memcpy(before, frames, bytes);
	error = mach_buddy_free(&world->buddy, bad.frame, bad.order);
	if (error != -EINVAL)
		return property_fail("free of index %u, order %u, place %#x, in %d, held %d: %d",
				     index_of(bad.frame), bad.order, bad.place,
				     lot->in, lot->held[index_of(bad.frame)],
				     error);
	if (memcmp(before, frames, bytes) ||
	    memcmp(&buddy, &world->buddy, sizeof(buddy)) ||
	    memcmp(&chunk, &lot->chunk, sizeof(chunk)))
		return property_fail("a refused free changed something");
	bad.frame->place = place;
	return true;
}

/* A good block, but of another allocator */
static bool turn_foreign_free(void)
{
	static struct mach_buddy other;
	static struct lot *lot;
	struct mach_block block = { .order = property_below(MACH_CHUNK_ORDERS) };
	struct mach_frame *frame;

	if (!lot) {
		lot = make_lot(0);
		mach_buddy_init(&other);
		mach_buddy_add(&other, &lot->chunk);
	}
	frame = mach_buddy_alloc(&other, &block);
	if (!frame)
		return property_fail("an idle chunk has no order %u", block.order);
	if (mach_buddy_free(&world->buddy, frame, block.order) != -EINVAL)
		return property_fail("a foreign frame was freed");
	if (mach_buddy_free(&other, frame, block.order))
		return property_fail("it was not freed at home");
	return true;
}

static bool is_in(const struct list_head *link, const struct list_head *list)
{
	const struct list_head *at;

	list_for_each(at, list)
		if (at == link)
			return true;
	return false;
}

static bool check_order(struct lot *lot, unsigned int order, unsigned int *word)
{
	struct mach_chunk *chunk = &lot->chunk;
	struct mach_segment *segment = &world->buddy.segments[chunk->segment];
	unsigned int i, n = 0;

	for (i = 0; i < MACH_CHUNK_FRAMES >> order; i++) {
		bool bit = chunk->free[*word + i / 64] >> (i % 64) & 1;

		if (bit != expected_bit(lot, order, i))
			return property_fail("order %u: bit %u is %d", order, i,
					     bit);
		if (bit && chunk->frames[i << order].place != MACH_PLACE_FREE)
			return property_fail("free block, place %#x",
					     chunk->frames[i << order].place);
		n += bit;
	}
	*word += (i + 63) / 64;
	if (chunk->nr_blocks[order] != n || !(chunk->orders >> order & 1) != !n)
		return property_fail("order %u: %u blocks, not %u", order,
				     chunk->nr_blocks[order], n);
	if (n && !is_in(&chunk->with[order],
			&segment->with[chunk->class][order]))
		return property_fail("order %u: not in its list", order);
	return true;
}

static bool check_places(const struct lot *lot)
{
	unsigned int i, firsts = 0, expected = 0;

	for (i = 0; i < MACH_CHUNK_ORDERS; i++)
		expected += lot->chunk.nr_blocks[i];
	for (i = 0; i < MACH_CHUNK_FRAMES; i++) {
		u8 place = lot->chunk.frames[i].place;

		if (lot->held[i] == FREE)
			firsts += place == MACH_PLACE_FREE;
		if (lot->held[i] == FREE && place == MACH_PLACE_FREE)
			continue;
		if (place != (lot->held[i] < 0 ? MACH_PLACE_TAIL : lot->held[i]))
			return property_fail("frame %u: held %d, place %#x", i,
					     lot->held[i], place);
	}
	return firsts == expected ||
	       property_fail("%u firsts of %u free blocks", firsts, expected);
}

static bool check_lot(struct lot *lot)
{
	struct mach_chunk *chunk = &lot->chunk;
	unsigned int order, word = 0, i, n = 0, class;
	bool idle;

	for (i = 0; i < MACH_CHUNK_FRAMES; i++)
		n += lot->held[i] == FREE;
	idle = n == MACH_CHUNK_FRAMES;
	if (lot->n_free != n)
		return property_fail("the model counts wrong");
	if (chunk->nr_free != n || mach_chunk_idle(chunk) != idle)
		return property_fail("%u free frames, not %u", chunk->nr_free, n);
	class = lot->lasting ? MACH_CLASS_LASTING : MACH_CLASS_PAGES;
	class = idle ? MACH_CLASS_IDLE : class + n / 64;
	if (chunk->class != class || chunk->lasting != lot->lasting)
		return property_fail("class %u, not %u", chunk->class, class);
	if (chunk->segment != model_segment(chunk->address))
		return property_fail("%#lx: segment %u", chunk->address,
				     chunk->segment);
	for (order = 0; order < MACH_CHUNK_ORDERS; order++)
		if (!check_order(lot, order, &word))
			return false;
	return check_places(lot);
}

/* Lists have no more than they should: check_order() saw no less. */
static bool check_lists(const struct mach_segment *segment,
			const unsigned long *chunks_with)
{
	unsigned int class, order;
	unsigned long n;
	const struct list_head *at;

	for (order = 0; order < MACH_CHUNK_ORDERS; order++) {
		for (class = 0, n = 0; class < MACH_CLASSES; class++) {
			list_for_each(at, &segment->with[class][order])
				n++;
			if (!list_empty(&segment->with[class][order]) !=
			    (segment->classes[order] >> class & 1))
				return property_fail("class %u, order %u: wrong bit",
						     class, order);
		}
		if (n != chunks_with[order])
			return property_fail("order %u: %lu chunks, not %lu",
					     order, n, chunks_with[order]);
	}
	return true;
}

static bool check_segment(unsigned int id)
{
	struct mach_segment *segment = &world->buddy.segments[id];
	unsigned long with[MACH_CHUNK_ORDERS] = { 0 };
	unsigned long blocks[MACH_CHUNK_ORDERS] = { 0 };
	unsigned int i, order;

	for (i = 0; i < world->n_lots; i++) {
		struct lot *lot = world->lots[i];

		if (!lot->in || model_segment(lot->chunk.address) != id)
			continue;
		if (!check_lot(lot))
			return false;
		if (!is_in(&lot->chunk.link, &segment->chunks))
			return property_fail("a chunk is not in its segment");
		for (order = 0; order < MACH_CHUNK_ORDERS; order++) {
			with[order] += !!lot->chunk.nr_blocks[order];
			blocks[order] += lot->chunk.nr_blocks[order];
		}
	}
	if (segment->nr_free != model_count(id, true) ||
	    segment->nr_chunks * 1024UL != model_count(id, false) ||
	    memcmp(blocks, segment->nr_blocks, sizeof(blocks)))
		return property_fail("segment %u: %lu free in %u chunks", id,
				     segment->nr_free, segment->nr_chunks);
	return check_lists(segment, with);
}

static bool check_idle(void)
{
	struct mach_chunk *chunk = mach_buddy_idle(&world->buddy);
	unsigned int i, lowest = MACH_SEGMENTS;

	for (i = 0; i < world->n_lots; i++) {
		struct lot *lot = world->lots[i];
		unsigned int id = model_segment(lot->chunk.address);

		if (lot->in && model_free_block(lot, 0, MACH_CHUNK_ORDER) &&
		    id < lowest)
			lowest = id;
	}
	if ((chunk ? chunk->segment : MACH_SEGMENTS) != lowest ||
	    (chunk && !mach_chunk_idle(chunk)))
		return property_fail("idle chunk: segment %d, not %u",
				     chunk ? (int)chunk->segment : -1, lowest);
	return true;
}

static bool check_world(void)
{
	unsigned int id;

	for (id = 0; id < MACH_SEGMENTS; id++)
		if (!check_segment(id))
			return false;
	return check_idle();
}

static bool turn_any(void)
{
	unsigned int what = property_below(256);

	/* So that it is full at times and empty at times, of this or that */
	if (what == 0 && property_below(8) == 0) {
		world->percent = 10 + property_below(80);
		world->one_in = 2 << property_below(9);
	}
	if (what < 8)
		return turn_chunk();
	if (what < 16)
		return turn_bad_free();
	if (what < 18)
		return turn_foreign_free();
	if (property_below(100) >= world->percent)
		return turn_free();
	return property_below(32) ? turn_alloc() : turn_alloc_frames();
}

static bool turn_in(struct world **in, unsigned int per_segment,
		    unsigned int period)
{
	if (!*in)
		*in = make_world(per_segment);
	world = *in;
	return turn_any() && (++world->turn % period || check_world());
}

/* Each step is checked. */
static bool buddy_small(void)
{
	static struct world *small;

	return turn_in(&small, 1, 1);
}

static bool buddy_large(void)
{
	static struct world *large;

	return turn_in(&large, 4, 4096);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "buddy-small", 60000, buddy_small },
		{ "buddy-large", 4000000, buddy_large },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
