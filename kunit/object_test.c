// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages of an object are in memory: how they come, become dirty, are
 * returned and go; by themselves, against a model, and by many threads at once.
 */
#include "fake_pager.h"
#include "object/vm_drop.h"
#include "object/vm_resident.h"
#include "pool/kmem.h"
#include "pool/vm_page.h"
#include "request/data_request.h"
#include "request/object_end.h"

#include <linux/kthread.h>
#include <linux/pagemap.h>

#define PAGES	64

/**
 * struct object_context - What each test starts with
 * @fake: the pager
 * @object: its object of PAGES pages, empty
 */
struct object_context {
	struct fake_pager *fake;
	struct mach_object *object;
};

static int object_test_init(struct kunit *test)
{
	struct object_context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->fake = fake_pager_create(test, PAGES);
	test->priv = c;
	c->object = fake_object_create(test, c->fake);
	return 0;
}

static void object_close(struct object_context *c)
{
	if (c->object)
		mach_object_right_put(c->object);
	c->object = NULL;
}

static void object_test_exit(struct kunit *test)
{
	struct object_context *c = test->priv;

	if (!c)
		return;
	object_close(c);
	fake_pager_destroy(test, c->fake);
}

/* -1 if the page is absent, otherwise its state. */
static int state_of(struct object_context *c, pgoff_t index)
{
	struct page *page;
	int state = -1;

	mach_object_lock(c->object);
	page = mach_object_page(c->object, index);
	if (page)
		state = mach_page_state(page);
	mach_object_unlock(c->object);
	return state;
}

/* What finds a dirty page among others and what says so of one page agree. */
static bool dirty_of(struct kunit *test, pgoff_t index)
{
	struct object_context *c = test->priv;
	bool marked, bit;

	mach_object_lock(c->object);
	marked = mach_object_is_dirty(c->object, index);
	bit = mach_page_is_dirty(mach_object_page(c->object, index));
	mach_object_unlock(c->object);
	KUNIT_EXPECT_EQ(test, bit, marked);
	return marked;
}

/* A resident page, held. */
static struct page *page_of(struct kunit *test, pgoff_t index)
{
	struct object_context *c = test->priv;
	struct page *page;

	mach_object_lock(c->object);
	page = mach_object_page(c->object, index);
	if (page)
		get_page(page);
	mach_object_unlock(c->object);
	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

static struct mach_object_counts counts_of(struct object_context *c)
{
	struct mach_object_counts counts;

	mach_object_lock(c->object);
	counts = c->object->counts;
	mach_object_unlock(c->object);
	return counts;
}

/* Ask for a page and wait. Returns what who waits is told. */
static int read_in(struct object_context *c, pgoff_t index, unsigned int pages)
{
	struct mach_request *request;
	int err;

	request = mach_data_request(c->object, index, pages, MACH_ACCESS_READ);
	if (IS_ERR(request))
		return PTR_ERR(request);
	err = mach_request_wait_page(request, index, MACH_WAIT_KILLED);
	mach_request_put(request);
	return err;
}

/* As a write fault does. */
static void write_to(struct kunit *test, pgoff_t index, u64 word)
{
	struct object_context *c = test->priv;
	struct page *page = page_of(test, index);

	lock_page(page);
	mach_object_mark_dirty(c->object, index);
	fake_page_fill(page, word);
	unlock_page(page);
	put_page(page);
}

static struct mach_request *ask(struct kunit *test, pgoff_t index,
				unsigned int pages)
{
	struct object_context *c = test->priv;
	struct mach_request *request;

	c->fake->answer = FAKE_HOLD;
	request = mach_data_request(c->object, index, pages, MACH_ACCESS_READ);
	KUNIT_ASSERT_FALSE(test, IS_ERR(request));
	mach_request_put(fake_take_held(c->fake));
	return request;
}

static void page_comes(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct mach_request *request = ask(test, 11, 8), *found;
	struct page *page;
	pgoff_t i;

	KUNIT_EXPECT_EQ(test, request->first, 8);
	KUNIT_EXPECT_EQ(test, request->n, 8);
	KUNIT_EXPECT_EQ(test, request->mandatory, 11);
	for (i = 8; i < 16; i++)
		KUNIT_EXPECT_EQ(test, state_of(c, i), MACH_PAGE_BUSY);
	KUNIT_EXPECT_EQ(test, state_of(c, 7), -1);
	KUNIT_EXPECT_EQ(test, state_of(c, 16), -1);
	KUNIT_EXPECT_EQ(test, counts_of(c).requests, 1);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 0);
	KUNIT_EXPECT_EQ(test, read_in(c, 9, 8), -EEXIST);
	mach_object_lock(c->object);
	found = mach_request_find(c->object, 15);
	mach_object_unlock(c->object);
	KUNIT_EXPECT_PTR_EQ(test, found, request);
	if (found)
		mach_request_put(found);

	fake_supply(c->fake, request, 8, 8);
	mach_request_end(request, 0);
	KUNIT_EXPECT_EQ(test, mach_request_wait_page(request, 11,
						     MACH_WAIT_KILLED), 0);
	mach_request_put(request);
	for (i = 8; i < 16; i++) {
		KUNIT_EXPECT_EQ(test, state_of(c, i), MACH_PAGE_RESIDENT);
		page = page_of(test, i);
		KUNIT_EXPECT_TRUE(test, fake_page_holds(page, i + 1));
		put_page(page);
	}
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 8);
	KUNIT_EXPECT_EQ(test, counts_of(c).pageins, 8);
}

static void page_is_refused(struct kunit *test)
{
	struct object_context *c = test->priv;

	c->fake->answer = FAKE_REFUSE;
	KUNIT_EXPECT_EQ(test, read_in(c, 3, 8), -ENXIO);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 0);
	KUNIT_EXPECT_EQ(test, counts_of(c).errors, 8);
	KUNIT_EXPECT_EQ(test, state_of(c, 3), -1);
	c->fake->answer = FAKE_NOTHING;
	KUNIT_EXPECT_EQ(test, read_in(c, 3, 8), -EIO);
	KUNIT_EXPECT_EQ(test, counts_of(c).errors, 9);
	c->fake->answer = FAKE_DEAD;
	KUNIT_EXPECT_EQ(test, read_in(c, 3, 8), -EIO);
	KUNIT_EXPECT_EQ(test, state_of(c, 3), -1);
	c->fake->answer = FAKE_SETTLE;
	KUNIT_EXPECT_EQ(test, read_in(c, 3, 8), 0);
}

static void neighbours_may_be_left_out(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct mach_request *request = ask(test, 3, 8);

	fake_supply(c->fake, request, 2, 2);
	KUNIT_EXPECT_EQ(test, mach_request_wait_page(request, 3,
						     MACH_WAIT_KILLED), 0);
	KUNIT_EXPECT_EQ(test, state_of(c, 4), MACH_PAGE_BUSY);
	mach_request_end(request, 0);
	mach_request_put(request);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 2);
	KUNIT_EXPECT_EQ(test, counts_of(c).errors, 0);
	KUNIT_EXPECT_EQ(test, state_of(c, 1), -1);
	KUNIT_EXPECT_EQ(test, state_of(c, 4), -1);

	/* the next one stops before what is there */
	request = ask(test, 1, 8);
	KUNIT_EXPECT_EQ(test, request->first, 0);
	KUNIT_EXPECT_EQ(test, request->n, 2);
	mach_request_end(request, 0);
	mach_request_put(request);
	request = ask(test, 6, 8);
	KUNIT_EXPECT_EQ(test, request->first, 4);
	KUNIT_EXPECT_EQ(test, request->n, 4);
	mach_request_end(request, 0);
	mach_request_put(request);
}

static void late_answer_changes_nothing(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct mach_request *request = ask(test, 0, 8);

	KUNIT_EXPECT_EQ(test, mach_request_end(request, -EIO), 0);
	KUNIT_EXPECT_EQ(test, mach_request_end(request, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, mach_request_supply(request, 0, 8), -ESTALE);
	KUNIT_EXPECT_EQ(test, mach_request_refuse(request, 0, 8, -ENXIO),
			-ESTALE);
	KUNIT_EXPECT_EQ(test, mach_request_wait_page(request, 0,
						     MACH_WAIT_KILLED), -EIO);
	mach_request_put(request);
	KUNIT_EXPECT_EQ(test, state_of(c, 0), -1);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 0);
	KUNIT_EXPECT_EQ(test, counts_of(c).errors, 1);
}

static void dirty_pages_are_returned(struct kunit *test)
{
	struct object_context *c = test->priv;

	KUNIT_ASSERT_EQ(test, read_in(c, 0, 16), 0);
	write_to(test, 1, 101);
	write_to(test, 2, 102);
	write_to(test, 5, 105);
	write_to(test, 5, 205);
	KUNIT_EXPECT_EQ(test, counts_of(c).dirty, 3);
	c->fake->take = FAKE_LATER;
	KUNIT_EXPECT_EQ(test, mach_data_return_range(c->object, 0, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, counts_of(c).dirty, 2);
	KUNIT_EXPECT_EQ(test, mach_data_return_range(c->object, 0, PAGES, 0),
			0);
	KUNIT_EXPECT_EQ(test, counts_of(c).dirty, 0);
	KUNIT_EXPECT_EQ(test, counts_of(c).pageouts, 3);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 16);
	KUNIT_EXPECT_EQ(test, c->fake->seen[MACH_OP_DATA_RETURN], 3);
	KUNIT_EXPECT_EQ(test, c->fake->store[0], 1);
	KUNIT_EXPECT_EQ(test, c->fake->store[1], 101);
	KUNIT_EXPECT_EQ(test, c->fake->store[2], 102);
	KUNIT_EXPECT_EQ(test, c->fake->store[5], 205);
	KUNIT_EXPECT_EQ(test, mach_data_return_range(c->object, 0, PAGES, 0),
			0);
	KUNIT_EXPECT_EQ(test, c->fake->seen[MACH_OP_DATA_RETURN], 3);
}

static void data_not_taken_stays_dirty(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct address_space *mapping = c->object->inode->i_mapping;

	KUNIT_ASSERT_EQ(test, read_in(c, 0, 8), 0);
	write_to(test, 4, 104);
	c->fake->take = FAKE_REFUSE;
	KUNIT_EXPECT_EQ(test, mach_data_return_range(c->object, 0, PAGES, 0),
			0);
	KUNIT_EXPECT_EQ(test, filemap_check_errors(mapping), -EIO);
	KUNIT_EXPECT_EQ(test, counts_of(c).dirty, 1);
	KUNIT_EXPECT_EQ(test, counts_of(c).errors, 1);
	KUNIT_EXPECT_EQ(test, state_of(c, 4), MACH_PAGE_RESIDENT);
	KUNIT_EXPECT_TRUE(test, dirty_of(test, 4));
	c->fake->take = FAKE_SETTLE;
	KUNIT_EXPECT_EQ(test, mach_data_return_range(c->object, 0, PAGES, 0),
			0);
	KUNIT_EXPECT_EQ(test, counts_of(c).dirty, 0);
	KUNIT_EXPECT_EQ(test, c->fake->store[4], 104);
}

static void flush_drops_what_it_may(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct page *page;

	KUNIT_ASSERT_EQ(test, read_in(c, 0, 16), 0);
	write_to(test, 3, 103);
	page = page_of(test, 7);
	mach_object_flush(c->object, 0, 8, false);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 10);
	KUNIT_EXPECT_EQ(test, state_of(c, 3), MACH_PAGE_RESIDENT);
	KUNIT_EXPECT_EQ(test, state_of(c, 7), MACH_PAGE_RESIDENT);
	KUNIT_EXPECT_EQ(test, state_of(c, 8), MACH_PAGE_RESIDENT);
	KUNIT_EXPECT_EQ(test, state_of(c, 0), -1);
	mach_object_flush(c->object, 0, PAGES, true);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 1);
	KUNIT_EXPECT_EQ(test, counts_of(c).dirty, 0);
	/* somebody read from it all the while */
	KUNIT_EXPECT_TRUE(test, fake_page_holds(page, 8));
	put_page(page);
	mach_object_flush(c->object, 0, PAGES, false);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 0);
	KUNIT_ASSERT_EQ(test, read_in(c, 3, 1), 0);
	page = page_of(test, 3);
	KUNIT_EXPECT_TRUE(test, fake_page_holds(page, 4));
	put_page(page);
}

static void flush_leaves_busy_pages(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct mach_request *request = ask(test, 0, 8);

	mach_object_flush(c->object, 0, PAGES, true);
	KUNIT_EXPECT_EQ(test, state_of(c, 0), MACH_PAGE_BUSY);
	fake_supply(c->fake, request, 0, 8);
	mach_request_end(request, 0);
	mach_request_put(request);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 8);
}

static void kill_ends_requests(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct mach_request *request;

	KUNIT_ASSERT_EQ(test, read_in(c, 20, 1), 0);
	write_to(test, 20, 120);
	request = ask(test, 0, 8);
	mach_object_kill(c->object);
	KUNIT_EXPECT_EQ(test, mach_request_wait_page(request, 0,
						     MACH_WAIT_KILLED), -EIO);
	KUNIT_EXPECT_EQ(test, mach_request_supply(request, 0, 8), -ESTALE);
	mach_request_put(request);
	KUNIT_EXPECT_EQ(test, counts_of(c).resident, 0);
	KUNIT_EXPECT_EQ(test, counts_of(c).dirty, 0);
	KUNIT_EXPECT_EQ(test, read_in(c, 0, 8), -EIO);
	KUNIT_EXPECT_EQ(test, c->fake->store[20], 21);
	mach_object_kill(c->object);
}

static void last_right_saves_data(struct kunit *test)
{
	struct object_context *c = test->priv;
	struct fake_pager *fake = c->fake;
	unsigned long end = jiffies + FAKE_PATIENCE;

	KUNIT_ASSERT_EQ(test, read_in(c, 0, 32), 0);
	write_to(test, 9, 109);
	fake->take = FAKE_LATER;
	object_close(c);
	while (refcount_read(&fake->pager.ref) > 1) {
		KUNIT_ASSERT_TRUE(test, time_before(jiffies, end));
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_EXPECT_EQ(test, fake->store[9], 109);
	KUNIT_EXPECT_EQ(test, fake->seen[MACH_OP_TERMINATE], 1);
	KUNIT_EXPECT_EQ(test, fake->forgotten, 1);
}

/* Every frame of the pool, linked by their contents */
static struct page *take_all_frames(void)
{
	struct page *all = NULL;
	struct bio_vec frame;

	while (!mach_page_get(&frame, 1, MACH_PAGE_RESERVE)) {
		*(struct page **)page_address(frame.bv_page) = all;
		all = frame.bv_page;
	}
	return all;
}

/* Those that are even or odd, or not; the others stay taken. */
static struct page *free_frames(struct page *all, bool even, bool odd)
{
	struct page *page, *kept = NULL;

	while ((page = all)) {
		all = *(struct page **)page_address(page);
		if (page_to_pfn(page) % 2 ? odd : even) {
			mach_page_free(page);
			continue;
		}
		*(struct page **)page_address(page) = kept;
		kept = page;
	}
	return kept;
}

/* No two neighbours are free, so there is no place for a large request. */
static void scattered_frames_will_do(struct kunit *test)
{
	struct fake_pager *fake = fake_pager_create(test, 256);
	struct mach_object *object = fake_object_create(test, fake);
	unsigned long limit = mach_pool_limit();
	struct mach_page_counts counts;
	struct mach_request *request;
	struct page *taken;

	mach_kmem_shrink();
	mach_page_get_counts(&counts);
	mach_pool_set_limit(counts.pool.chunks * MACH_CHUNK_FRAMES);
	taken = free_frames(take_all_frames(), true, false);
	request = mach_data_request(object, 200, 256, MACH_ACCESS_READ);
	if (!IS_ERR(request)) {
		KUNIT_EXPECT_LE(test, request->first, 200);
		KUNIT_EXPECT_GT(test, request->first + request->n, 200);
		KUNIT_EXPECT_LT(test, request->n, 256);
		KUNIT_EXPECT_EQ(test, mach_request_wait_page(request, 200,
							     MACH_WAIT_KILLED),
				0);
		mach_request_put(request);
	}
	KUNIT_EXPECT_FALSE(test, IS_ERR(request));
	free_frames(taken, true, true);
	mach_pool_set_limit(limit);
	mach_object_right_put(object);
	fake_pager_destroy(test, fake);
}

/**
 * struct shadow - What the object should hold
 * @resident: page by page
 * @dirty: page by page
 * @word: what is in it, if it is resident
 */
struct shadow {
	bool resident[PAGES];
	bool dirty[PAGES];
	u64 word[PAGES];
};

static void shadow_read(struct kunit *test, struct shadow *m, pgoff_t index,
			unsigned int pages)
{
	pgoff_t low = round_down(index, pages), first = index, end = index + 1;
	pgoff_t high = min_t(pgoff_t, low + pages, PAGES);
	struct object_context *c = test->priv;

	if (m->resident[index]) {
		KUNIT_EXPECT_EQ(test, read_in(c, index, pages), -EEXIST);
		return;
	}
	KUNIT_EXPECT_EQ(test, read_in(c, index, pages), 0);
	while (first > low && !m->resident[first - 1])
		first--;
	while (end < high && !m->resident[end])
		end++;
	for (; first < end; first++) {
		m->resident[first] = true;
		m->word[first] = c->fake->store[first];
	}
}

static void shadow_return(struct kunit *test, struct shadow *m, pgoff_t first,
			  pgoff_t end)
{
	struct object_context *c = test->priv;
	pgoff_t i;

	KUNIT_EXPECT_EQ(test, mach_data_return_range(c->object, first, end, 0),
			0);
	for (i = first; i < end; i++) {
		if (m->dirty[i])
			KUNIT_EXPECT_EQ(test, c->fake->store[i], m->word[i]);
		m->dirty[i] = false;
	}
}

static void shadow_flush(struct kunit *test, struct shadow *m, pgoff_t first,
			 pgoff_t end, bool dirty)
{
	struct object_context *c = test->priv;
	pgoff_t i;

	mach_object_flush(c->object, first, end, dirty);
	for (i = first; i < end; i++) {
		if (m->dirty[i] && !dirty)
			continue;
		m->resident[i] = false;
		m->dirty[i] = false;
	}
}

static void shadow_compare(struct kunit *test, const struct shadow *m)
{
	struct object_context *c = test->priv;
	struct mach_object_counts counts = counts_of(c);
	unsigned int resident = 0, dirty = 0;
	struct page *page;
	pgoff_t i;

	for (i = 0; i < PAGES; i++) {
		KUNIT_ASSERT_EQ(test, state_of(c, i),
				m->resident[i] ? MACH_PAGE_RESIDENT : -1);
		resident += m->resident[i];
		dirty += m->dirty[i];
		if (!m->resident[i])
			continue;
		KUNIT_ASSERT_EQ(test, dirty_of(test, i), m->dirty[i]);
		page = page_of(test, i);
		KUNIT_ASSERT_TRUE(test, fake_page_holds(page, m->word[i]));
		put_page(page);
	}
	KUNIT_ASSERT_EQ(test, counts.resident, resident);
	KUNIT_ASSERT_EQ(test, counts.dirty, dirty);
}

static void random_steps(struct kunit *test)
{
	struct shadow *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct object_context *c = test->priv;
	struct rnd_state random;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	mach_random_init(test, &random);
	for (i = 0; i < 3000; i++) {
		pgoff_t first = mach_random(&random, PAGES);
		pgoff_t end = first + 1 + mach_random(&random, PAGES - first);

		c->fake->take = mach_random(&random, 2) ? FAKE_LATER :
							  FAKE_SETTLE;
		switch (mach_random(&random, 8)) {
		case 0 ... 2:
			shadow_read(test, m, first,
				    1 << mach_random(&random, 5));
			break;
		case 3 ... 5:
			if (!m->resident[first])
				break;
			m->dirty[first] = true;
			m->word[first] = prandom_u32_state(&random);
			write_to(test, first, m->word[first]);
			break;
		case 6:
			shadow_return(test, m, first, end);
			break;
		case 7:
			shadow_flush(test, m, first, end,
				     !mach_random(&random, 3));
			break;
		}
		if (i % 16 == 0)
			shadow_compare(test, m);
	}
	shadow_compare(test, m);
}

#define NR_THREADS	3

/**
 * struct churner - One of the threads
 * @c: the test's
 * @random: its own numbers
 */
struct churner {
	struct object_context *c;
	struct rnd_state random;
};

/* False if the page is resident and holds anything but what was supplied. */
static bool page_is_right(struct object_context *c, pgoff_t index)
{
	struct page *page;
	bool right = true;

	mach_object_lock(c->object);
	page = mach_object_page(c->object, index);
	if (page && mach_page_state(page) == MACH_PAGE_RESIDENT)
		get_page(page);
	else
		page = NULL;
	mach_object_unlock(c->object);
	if (page) {
		right = fake_page_holds(page, index + 1);
		put_page(page);
	}
	return right;
}

/* Of threads: all that may happen at once. Returns an error that may not. */
static int churn(void *data)
{
	struct churner *churner = data;
	struct object_context *c = churner->c;
	int i, err;

	for (i = 0; i < 600; i++) {
		pgoff_t first = mach_random(&churner->random, PAGES);

		err = read_in(c, first, 8);
		if (err && err != -EEXIST)
			return err;
		if (!page_is_right(c, first))
			return -EILSEQ;
		if (i % 4 == 0)
			mach_object_flush(c->object, first, PAGES, false);
		if (i % 16 == 0)
			mach_object_synchronize(c->object);
	}
	return 0;
}

static void threads_churn(struct kunit *test)
{
	struct fake_thread threads[NR_THREADS];
	struct churner churners[NR_THREADS];
	struct object_context *c = test->priv;
	struct rnd_state random;
	int i;

	mach_random_init(test, &random);
	c->fake->answer = FAKE_LATER;
	for (i = 0; i < NR_THREADS; i++) {
		churners[i].c = c;
		prandom_seed_state(&churners[i].random,
				   prandom_u32_state(&random));
		fake_thread_start(test, &threads[i], churn, &churners[i]);
	}
	for (i = 0; i < NR_THREADS; i++)
		KUNIT_EXPECT_EQ(test, fake_thread_end(test, &threads[i]), 0);
}

static struct kunit_case object_cases[] = {
	KUNIT_CASE(page_comes),
	KUNIT_CASE(page_is_refused),
	KUNIT_CASE(neighbours_may_be_left_out),
	KUNIT_CASE(late_answer_changes_nothing),
	KUNIT_CASE(dirty_pages_are_returned),
	KUNIT_CASE(data_not_taken_stays_dirty),
	KUNIT_CASE(flush_drops_what_it_may),
	KUNIT_CASE(flush_leaves_busy_pages),
	KUNIT_CASE(kill_ends_requests),
	KUNIT_CASE(last_right_saves_data),
	KUNIT_CASE(scattered_frames_will_do),
	KUNIT_CASE_SLOW(random_steps),
	KUNIT_CASE_SLOW(threads_churn),
	{}
};

static struct kunit_suite object_suite = {
	.name = "machvm_object",
	.init = object_test_init,
	.exit = object_test_exit,
	.test_cases = object_cases,
};

kunit_test_suite(object_suite);
