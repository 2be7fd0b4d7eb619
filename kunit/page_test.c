// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frames of the module's own pool: page and descriptor find each other,
 * nobody gets a frame that somebody has, and all come back.
 */
#include "fake_pager.h"
#include "pool/kmem.h"
#include "pool/vm_page.h"

#include <linux/io.h>
#include <linux/sched.h>

#define NR_FRAMES	256

/**
 * struct page_context - What each test starts with
 * @frames: room for some
 * @before: the pool, before the test
 */
struct page_context {
	struct bio_vec frames[NR_FRAMES];
	struct mach_page_counts before;
};

/* Without slabs that nobody uses: they go whenever the pool is trimmed. */
static void page_test_count(struct mach_page_counts *counts)
{
	mach_kmem_shrink();
	mach_page_get_counts(counts);
}

static int page_test_init(struct kunit *test)
{
	struct page_context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	page_test_count(&c->before);
	return 0;
}

static unsigned long in_use(const struct mach_page_counts *counts)
{
	return counts->pool.used - counts->cached;
}

/* What the test took it has given back. */
static void page_test_exit(struct kunit *test)
{
	struct page_context *c = test->priv;
	struct mach_page_counts now;

	if (!c)
		return;
	page_test_count(&now);
	KUNIT_EXPECT_EQ(test, in_use(&now), in_use(&c->before));
	KUNIT_EXPECT_EQ(test, now.aside, c->before.aside);
}

static void frame_and_page_find_each_other(struct kunit *test)
{
	struct page_context *c = test->priv;
	struct mach_frame *frame;
	struct page *page;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, mach_page_get(c->frames, NR_FRAMES, 0), 0);
	for (i = 0; i < NR_FRAMES; i++) {
		page = c->frames[i].bv_page;
		frame = mach_page_frame(page);
		KUNIT_EXPECT_TRUE(test, mach_pool_owns(page));
		KUNIT_EXPECT_PTR_EQ(test, mach_frame_page(frame), page);
		KUNIT_EXPECT_EQ(test, page_count(page), 1);
		KUNIT_EXPECT_EQ(test, frame->bits, 0);
		fake_page_fill(page, i);
	}
	for (i = 0; i < NR_FRAMES; i++) {
		page = c->frames[i].bv_page;
		KUNIT_EXPECT_TRUE(test, fake_page_holds(page, i));
		mach_page_free(page);
	}
}

static void index_and_state_are_kept(struct kunit *test)
{
	struct page_context *c = test->priv;
	const pgoff_t last = (1ULL << 48) - 1;
	struct mach_frame *frame;
	struct page *page;

	KUNIT_ASSERT_EQ(test, mach_page_get(c->frames, 1, 0), 0);
	page = c->frames[0].bv_page;
	frame = mach_page_frame(page);
	mach_frame_set_index(frame, last);
	KUNIT_EXPECT_EQ(test, mach_frame_index(frame), last);
	frame->bits = MACH_FRAME_DIRTY | MACH_FRAME_WIRED;
	mach_page_set_state(page, MACH_PAGE_BUSY);
	KUNIT_EXPECT_EQ(test, mach_page_state(page), MACH_PAGE_BUSY);
	mach_page_set_state(page, MACH_PAGE_RETURN);
	KUNIT_EXPECT_EQ(test, mach_page_state(page), MACH_PAGE_RETURN);
	mach_page_set_state(page, MACH_PAGE_RESIDENT);
	KUNIT_EXPECT_EQ(test, mach_page_state(page), MACH_PAGE_RESIDENT);
	KUNIT_EXPECT_EQ(test, frame->bits, MACH_FRAME_DIRTY | MACH_FRAME_WIRED);
	mach_page_free(page);
}

static void pinned_frame_waits_aside(struct kunit *test)
{
	struct page_context *c = test->priv;
	struct mach_page_counts now;
	struct page *pinned;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, mach_page_get(c->frames, 1, 0), 0);
	pinned = c->frames[0].bv_page;
	fake_page_fill(pinned, 77);
	get_page(pinned);
	mach_page_free(pinned);
	mach_page_get_counts(&now);
	KUNIT_EXPECT_EQ(test, now.aside, c->before.aside + 1);
	KUNIT_ASSERT_EQ(test, mach_page_get(c->frames, NR_FRAMES, 0), 0);
	for (i = 0; i < NR_FRAMES; i++) {
		KUNIT_EXPECT_PTR_NE(test, c->frames[i].bv_page, pinned);
		fake_page_fill(c->frames[i].bv_page, i);
	}
	for (i = 0; i < NR_FRAMES; i++)
		mach_page_free(c->frames[i].bv_page);
	mach_user_look_aside(ULONG_MAX);
	mach_page_get_counts(&now);
	KUNIT_EXPECT_EQ(test, now.aside, c->before.aside + 1);
	KUNIT_EXPECT_TRUE(test, fake_page_holds(pinned, 77));
	put_page(pinned);
	mach_user_look_aside(ULONG_MAX);
}

static void blocks_are_aligned(struct kunit *test)
{
	unsigned int order;
	void *block;

	for (order = 0; order <= 3; order++) {
		block = mach_page_block_get(order, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)block,
						   PAGE_SIZE << order));
		memset(block, 0x5a, PAGE_SIZE << order);
		mach_page_block_put(block, order);
	}
}

static void runs_meet_constraints(struct kunit *test)
{
	const struct mach_block block = {
		.order = 6, .highest = MACH_SEGMENT_DMA32,
		.set = 0x40000, .clear = 0x80000,
	};
	struct page *page = mach_page_alloc_contig(&block, GFP_KERNEL);
	u64 address;

	KUNIT_ASSERT_NOT_NULL(test, page);
	address = page_to_phys(page);
	KUNIT_EXPECT_EQ(test, address & block.set, block.set);
	KUNIT_EXPECT_EQ(test, address & block.clear, 0);
	KUNIT_EXPECT_LT(test, address, 1ULL << 32);
	mach_page_free_contig(page, block.order);
}

static void limit_is_kept(struct kunit *test)
{
	unsigned long limit = mach_pool_limit(), got = 0;
	struct page_context *c = test->priv;
	struct page *page, *next = NULL;
	struct mach_page_counts now;

	mach_page_get_counts(&now);
	mach_pool_set_limit(now.pool.chunks * MACH_CHUNK_FRAMES);
	while (!mach_page_get(c->frames, 1, 0)) {
		page = c->frames[0].bv_page;
		*(struct page **)page_address(page) = next;
		next = page;
		got++;
	}
	mach_page_get_counts(&now);
	KUNIT_EXPECT_LE(test, now.pool.chunks * MACH_CHUNK_FRAMES,
			mach_pool_limit());
	KUNIT_EXPECT_GT(test, got, 0);
	KUNIT_EXPECT_EQ(test, mach_page_get(c->frames, 1, 0), -ENOMEM);
	mach_pool_set_limit(limit);
	while ((page = next)) {
		next = *(struct page **)page_address(page);
		mach_page_free(page);
	}
	KUNIT_ASSERT_EQ(test, mach_page_get(c->frames, 1, 0), 0);
	mach_page_free(c->frames[0].bv_page);
}

#define NR_THREADS	3
#define NR_HELD		48

/**
 * struct taker - A thread that takes and gives frames
 * @number: no other thread has it
 * @random: its own numbers
 * @frames: what it has
 */
struct taker {
	u32 number;
	struct rnd_state random;
	struct bio_vec frames[NR_HELD];
};

/* Of threads: does anybody else write to a frame that is ours? */
static int take_and_give(void *data)
{
	struct taker *t = data;
	unsigned int i, n, round;
	u64 *word;

	for (round = 0; round < 400; round++) {
		n = 1 + mach_random(&t->random, NR_HELD);
		if (mach_page_get(t->frames, n, 0))
			return -ENOMEM;
		for (i = 0; i < n; i++) {
			word = page_address(t->frames[i].bv_page);
			*word = (u64)t->number << 32 | i;
		}
		cond_resched();
		for (i = 0; i < n; i++) {
			word = page_address(t->frames[i].bv_page);
			if (*word != ((u64)t->number << 32 | i))
				return -EILSEQ;
			mach_page_free(t->frames[i].bv_page);
		}
	}
	return 0;
}

static void threads_take_and_give(struct kunit *test)
{
	struct fake_thread threads[NR_THREADS];
	struct taker *takers;
	struct rnd_state random;
	int i;

	takers = kunit_kcalloc(test, NR_THREADS, sizeof(*takers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, takers);
	mach_random_init(test, &random);
	for (i = 0; i < NR_THREADS; i++) {
		takers[i].number = i + 1;
		prandom_seed_state(&takers[i].random,
				   prandom_u32_state(&random));
		fake_thread_start(test, &threads[i], take_and_give, &takers[i]);
	}
	for (i = 0; i < NR_THREADS; i++)
		KUNIT_EXPECT_EQ(test, fake_thread_end(test, &threads[i]), 0);
}

static struct kunit_case page_cases[] = {
	KUNIT_CASE(frame_and_page_find_each_other),
	KUNIT_CASE(index_and_state_are_kept),
	KUNIT_CASE(pinned_frame_waits_aside),
	KUNIT_CASE(blocks_are_aligned),
	KUNIT_CASE(runs_meet_constraints),
	KUNIT_CASE(limit_is_kept),
	KUNIT_CASE_SLOW(threads_take_and_give),
	{}
};

static struct kunit_suite page_suite = {
	.name = "machvm_page",
	.init = page_test_init,
	.exit = page_test_exit,
	.test_cases = page_cases,
};

kunit_test_suite(page_suite);
