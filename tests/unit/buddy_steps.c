// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much the buddy allocator looks at, when every other frame of a GiB is
 * free, so that nothing can merge: it does not grow with what is free; with
 * constraints, it is a word for 64 frames at most.
 */
#include "../../kmod/pool/buddy.h"
#include "property.h"

#include <stdlib.h>

#define CHUNKS		256
#define FRAMES		(CHUNKS * MACH_CHUNK_FRAMES)
#define BASE		(4ULL << 30)

/* Thrice 11 orders in each of 3 segments, 16 words, 10 splits, 11 lists to move */
#define STEPS_MAX	160
/* Of each chunk: itself and the words of order 0 */
#define STEPS_MAX_FIT	(CHUNKS * 18)

static struct mach_buddy buddy;
static struct mach_chunk chunks[CHUNKS];
static struct mach_frame *frames[FRAMES];

static u64 address_of(const struct mach_frame *frame)
{
	const struct mach_chunk *chunk = mach_frame_chunk(frame);

	return chunk->address + (frame - chunk->frames) * PAGE_SIZE;
}

static void add_chunk(unsigned int i)
{
	char *table = aligned_alloc(MACH_KERN_TABLE, 2 * MACH_KERN_TABLE);

	*(void **)(table + MACH_KERN_TABLE) = &chunks[i];
	chunks[i].frames = (struct mach_frame *)table;
	chunks[i].address = BASE + i * MACH_CHUNK_SIZE;
	mach_buddy_add(&buddy, &chunks[i]);
}

static bool shred(void)
{
	unsigned int i;

	mach_buddy_init(&buddy);
	for (i = 0; i < CHUNKS; i++)
		add_chunk(i);
	if (mach_buddy_alloc_frames(&buddy, MACH_SEGMENT_NORMAL, frames,
				    FRAMES) != FRAMES)
		return property_fail("cannot have all of an idle GiB");
	for (i = 0; i < FRAMES; i++)
		if (address_of(frames[i]) & PAGE_SIZE &&
		    mach_buddy_free(&buddy, frames[i], 0))
			return property_fail("frame %u is not freed", i);
	return true;
}

/* An allocation must give the expected address, or 0, in so many steps. */
static bool takes(u64 set, u64 clear, unsigned int order, u64 expected,
		  unsigned long max)
{
	struct mach_block block = {
		.order = order,
		.highest = MACH_SEGMENT_NORMAL,
		.set = set,
		.clear = clear,
	};
	unsigned long steps = mach_kern_steps;
	struct mach_frame *frame = mach_buddy_alloc(&buddy, &block);
	u64 got = frame ? address_of(frame) : 0;

	steps = mach_kern_steps - steps;
	if (got != expected)
		return property_fail("set %#lx clear %#lx: %#lx, not %#lx", set,
				     clear, got, expected);
	if (!steps || steps > max)
		return property_fail("set %#lx clear %#lx: %lu steps, not %lu",
				     set, clear, steps, max);
	return !frame || !mach_buddy_free(&buddy, frame, order) ||
	       property_fail("%#lx is not freed", got);
}

static bool buddy_steps(void)
{
	u64 address = BASE + 200 * MACH_CHUNK_SIZE + 0x155000;
	unsigned long blocks;

	if (!shred())
		return false;
	blocks = buddy.segments[MACH_SEGMENT_NORMAL].nr_blocks[0];
	if (blocks != FRAMES / 2)
		return property_fail("%lu blocks, not shredded", blocks);
	return takes(0, 0, 1, 0, STEPS_MAX) &&
	       takes(0, PAGE_SIZE, 0, 0, STEPS_MAX_FIT) &&
	       takes(address, ~address, 0, address, STEPS_MAX_FIT / 8);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "buddy-steps", 1, buddy_steps },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
