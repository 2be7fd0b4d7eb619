// SPDX-License-Identifier: GPL-2.0-only
/* Random calls of the buddy allocator beside a model, and what must always hold. */
#include "buddy_model.h"
#include "property.h"

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

/* A block of an idle chunk, or of one of its kind, was there to be had. */
static bool check_mix(const struct mach_frame *frame,
		      const struct mach_block *block, bool would_mix)
{
	const struct mach_chunk *chunk = mach_frame_chunk(frame);
	bool idle = chunk->nr_free + (1U << block->order) == MACH_CHUNK_FRAMES;
	bool own = idle || lot_of(frame)->lasting == block->lasting;

	if (would_mix && own)
		return property_fail("order %u: need not mix", block->order);
	return true;
}

static bool turn_alloc(void)
{
	unsigned long steps;
	struct mach_block block = {
		.order = some_order(),
		.highest = property_below(MACH_SEGMENTS),
		.lasting = property_below(world->one_in) == 0,
	};
	bool would_mix = mach_buddy_would_mix(&world->buddy, block.lasting,
					      block.order);
	struct mach_frame *frame;

	if (property_below(3) == 0)
		some_constraint(&block);
	steps = mach_kern_steps;
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
	if (!check_mix(frame, &block, would_mix))
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
