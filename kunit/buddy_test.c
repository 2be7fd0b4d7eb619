// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buddy allocator in the kernel, on chunks that have descriptors but no
 * memory, at addresses of each segment. Its property tests run in user space.
 */
#include "fake_pager.h"
#include "pool/buddy.h"

#include <linux/gfp.h>
#include <linux/sizes.h>

#define TABLE_ORDER	get_order(MACH_CHUNK_FRAMES * sizeof(struct mach_frame))

static const u64 addresses[] = {
	SZ_8M, SZ_1G, SZ_1G + SZ_4M, 8ULL * SZ_1G, 8ULL * SZ_1G + SZ_4M,
	16ULL * SZ_1G,
};

#define NR_CHUNKS	ARRAY_SIZE(addresses)
#define NR_FRAMES	(NR_CHUNKS * MACH_CHUNK_FRAMES)

/**
 * struct buddy_context - What each test starts with
 * @buddy: an allocator with all chunks
 * @chunks: by address
 * @owner: for each frame the number of the block that has it, or 0
 */
struct buddy_context {
	struct mach_buddy buddy;
	struct mach_chunk chunks[NR_CHUNKS];
	u32 owner[NR_FRAMES];
};

static void buddy_test_exit(struct kunit *test)
{
	struct buddy_context *c = test->priv;
	unsigned int i;

	for (i = 0; c && i < NR_CHUNKS; i++)
		if (c->chunks[i].frames) {
			set_page_private(virt_to_page(c->chunks[i].frames), 0);
			free_pages((unsigned long)c->chunks[i].frames,
				   TABLE_ORDER);
		}
}

static int buddy_test_init(struct kunit *test)
{
	struct buddy_context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct page *table;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	mach_buddy_init(&c->buddy);
	for (i = 0; i < NR_CHUNKS; i++) {
		table = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP,
				    TABLE_ORDER);
		KUNIT_ASSERT_NOT_NULL(test, table);
		c->chunks[i].address = addresses[i];
		c->chunks[i].frames = page_address(table);
		set_page_private(table, (unsigned long)&c->chunks[i]);
		mach_buddy_add(&c->buddy, &c->chunks[i]);
	}
	return 0;
}

static u64 address_of(const struct mach_frame *frame)
{
	const struct mach_chunk *chunk = mach_frame_chunk(frame);

	return chunk->address + (frame - chunk->frames) * PAGE_SIZE;
}

static struct mach_frame *take(struct buddy_context *c, unsigned int order,
			       enum mach_segment_id highest)
{
	const struct mach_block block = { .order = order, .highest = highest };

	return mach_buddy_alloc(&c->buddy, &block);
}

static void segments_are_kept(struct kunit *test)
{
	struct buddy_context *c = test->priv;
	struct mach_frame *frame;
	int id;

	for (id = 0; id < MACH_SEGMENTS; id++) {
		frame = take(c, 3, id);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, mach_buddy_segment_of(address_of(frame)),
				id);
		KUNIT_EXPECT_EQ(test, mach_buddy_free(&c->buddy, frame, 3), 0);
	}
}

/* Whoever can use all memory leaves some to those who cannot. */
static void scarce_memory_is_protected(struct kunit *test)
{
	struct buddy_context *c = test->priv;
	unsigned long taken[MACH_SEGMENTS] = {};
	struct mach_frame *frame;

	while ((frame = take(c, 0, MACH_SEGMENT_NORMAL)))
		taken[mach_buddy_segment_of(address_of(frame))]++;
	KUNIT_EXPECT_EQ(test, taken[MACH_SEGMENT_NORMAL],
			3 * MACH_CHUNK_FRAMES);
	KUNIT_EXPECT_GT(test, taken[MACH_SEGMENT_DMA32], 0);
	KUNIT_EXPECT_LT(test, taken[MACH_SEGMENT_DMA], MACH_CHUNK_FRAMES);
	KUNIT_EXPECT_NOT_NULL(test, take(c, 0, MACH_SEGMENT_DMA));
	KUNIT_EXPECT_NOT_NULL(test, take(c, 0, MACH_SEGMENT_DMA32));
}

static void constraints_are_met(struct kunit *test)
{
	const struct mach_block blocks[] = {
		{ .order = 0, .highest = MACH_SEGMENT_NORMAL,
		  .set = 0x5000, .clear = 0x2000 },
		{ .order = 2, .highest = MACH_SEGMENT_NORMAL,
		  .set = 0x80000, .clear = 0x70000 },
		{ .order = 9, .highest = MACH_SEGMENT_DMA32,
		  .set = SZ_2M, .clear = 0 },
		{ .order = 0, .highest = MACH_SEGMENT_NORMAL,
		  .clear = ~(u64)(SZ_16M - 1) },
	};
	struct buddy_context *c = test->priv;
	struct mach_frame *frame;
	unsigned int i;
	u64 address;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		frame = mach_buddy_alloc(&c->buddy, &blocks[i]);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		address = address_of(frame);
		KUNIT_EXPECT_EQ(test, address & blocks[i].set, blocks[i].set);
		KUNIT_EXPECT_EQ(test, address & blocks[i].clear, 0);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(address,
						   PAGE_SIZE << blocks[i].order));
	}
}

static void misuse_is_caught(struct kunit *test)
{
	struct buddy_context *c = test->priv;
	struct mach_frame *frame = take(c, 4, MACH_SEGMENT_NORMAL);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_EQ(test, mach_buddy_free(&c->buddy, frame, 3), -EINVAL);
	KUNIT_EXPECT_EQ(test, mach_buddy_free(&c->buddy, frame, 5), -EINVAL);
	KUNIT_EXPECT_EQ(test, mach_buddy_free(&c->buddy, frame + 1, 0),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, mach_buddy_free(&c->buddy, frame, 4), 0);
	KUNIT_EXPECT_EQ(test, mach_buddy_free(&c->buddy, frame, 4), -EINVAL);
}

/* Enter the block's frames for @owner; each belonged to @was. */
static void own(struct kunit *test, struct mach_frame *frame,
		unsigned int order, u32 was, u32 owner)
{
	struct buddy_context *c = test->priv;
	struct mach_chunk *chunk = mach_frame_chunk(frame);
	unsigned int i, first = (chunk - c->chunks) * MACH_CHUNK_FRAMES +
				(frame - chunk->frames);

	KUNIT_ASSERT_TRUE(test, IS_ALIGNED(first, 1U << order));
	for (i = first; i < first + (1U << order); i++) {
		KUNIT_ASSERT_EQ(test, c->owner[i], was);
		c->owner[i] = owner;
	}
}

#define NR_BLOCKS	512

static void random_steps(struct kunit *test)
{
	struct buddy_context *c = test->priv;
	struct mach_frame **blocks;
	struct rnd_state random;
	unsigned int i, step;
	u8 *orders;

	blocks = kunit_kcalloc(test, NR_BLOCKS, sizeof(*blocks), GFP_KERNEL);
	orders = kunit_kzalloc(test, NR_BLOCKS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	KUNIT_ASSERT_NOT_NULL(test, orders);
	mach_random_init(test, &random);
	for (step = 0; step < 20000; step++) {
		i = mach_random(&random, NR_BLOCKS);
		if (blocks[i]) {
			own(test, blocks[i], orders[i], i + 1, 0);
			KUNIT_ASSERT_EQ(test, mach_buddy_free(&c->buddy,
							      blocks[i],
							      orders[i]), 0);
			blocks[i] = NULL;
			continue;
		}
		orders[i] = mach_random(&random, mach_random(&random, 8) ?
					4 : MACH_CHUNK_ORDERS);
		blocks[i] = take(c, orders[i],
				 mach_random(&random, MACH_SEGMENTS));
		if (blocks[i])
			own(test, blocks[i], orders[i], 0, i + 1);
	}
	for (i = 0; i < NR_BLOCKS; i++)
		if (blocks[i])
			mach_buddy_free(&c->buddy, blocks[i], orders[i]);
	for (i = 0; i < NR_CHUNKS; i++)
		KUNIT_EXPECT_TRUE(test, mach_chunk_idle(&c->chunks[i]));
}

static struct kunit_case buddy_cases[] = {
	KUNIT_CASE(segments_are_kept),
	KUNIT_CASE(scarce_memory_is_protected),
	KUNIT_CASE(constraints_are_met),
	KUNIT_CASE(misuse_is_caught),
	KUNIT_CASE_SLOW(random_steps),
	{}
};

static struct kunit_suite buddy_suite = {
	.name = "machvm_buddy",
	.init = buddy_test_init,
	.exit = buddy_test_exit,
	.test_cases = buddy_cases,
};

kunit_test_suite(buddy_suite);
