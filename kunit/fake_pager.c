// SPDX-License-Identifier: GPL-2.0-only
/* A pager inside the kernel for unit tests. */
#include "fake_pager.h"
#include "request/object_end.h"

#include <linux/highmem.h>
#include <linux/slab.h>

#define FAKE_WORDS	(PAGE_SIZE / sizeof(u64))

static struct fake_pager *fake_of(struct mach_pager *pager)
{
	return container_of(pager, struct fake_pager, pager);
}

void fake_page_fill(struct page *page, u64 word)
{
	memset64(page_address(page), word, FAKE_WORDS);
}

bool fake_page_holds(struct page *page, u64 word)
{
	const u64 *words = page_address(page);
	unsigned int i;

	for (i = 0; i < FAKE_WORDS; i++)
		if (words[i] != word)
			return false;
	return true;
}

/* Some pages of a request that the test holds. */
void fake_supply(struct fake_pager *fake, struct mach_request *request,
		 pgoff_t first, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		fake_page_fill(request->frames[first - request->first +
					       i].bv_page,
			       READ_ONCE(fake->store[first + i]));
	mach_request_supply(request, first, n);
}

/* All pages of a data_return: into the store. */
static void fake_take(struct fake_pager *fake, struct mach_request *request)
{
	unsigned int i;

	for (i = 0; i < request->n; i++) {
		struct page *page = request->frames[i].bv_page;
		u64 word = *(u64 *)page_address(page);

		if (!fake_page_holds(page, word))
			fake->wrong++;
		WRITE_ONCE(fake->store[request->first + i], word);
	}
	mach_request_taken(request, request->first, request->n);
}

static void fake_settle(struct fake_pager *fake, struct mach_request *request)
{
	if (request->operation == MACH_OP_DATA_REQUEST)
		fake_supply(fake, request, request->first, request->n);
	else if (request->operation == MACH_OP_DATA_RETURN)
		fake_take(fake, request);
	mach_request_end(request, 0);
}

static bool fake_hold(struct fake_pager *fake, struct mach_request *request)
{
	bool room;

	spin_lock(&fake->lock);
	room = fake->nr_held < FAKE_HELD_MAX;
	if (room) {
		mach_request_get(request);
		fake->held[fake->nr_held++] = request;
	}
	spin_unlock(&fake->lock);
	return room;
}

/* The oldest request that is held, with its reference; or NULL. */
struct mach_request *fake_take_held(struct fake_pager *fake)
{
	struct mach_request *request = NULL;

	spin_lock(&fake->lock);
	if (fake->nr_held) {
		request = fake->held[0];
		fake->nr_held--;
		memmove(fake->held, fake->held + 1,
			fake->nr_held * sizeof(fake->held[0]));
	}
	spin_unlock(&fake->lock);
	return request;
}

static void fake_later(struct work_struct *work)
{
	struct fake_pager *fake = container_of(work, struct fake_pager, later);
	struct mach_request *request;

	while ((request = fake_take_held(fake))) {
		fake_settle(fake, request);
		mach_request_put(request);
	}
}

static enum fake_answer fake_decide(struct fake_pager *fake,
				    struct mach_request *request)
{
	switch (request->operation) {
	case MACH_OP_DATA_REQUEST:
		return READ_ONCE(fake->answer);
	case MACH_OP_DATA_RETURN:
		return READ_ONCE(fake->take);
	default:
		return FAKE_SETTLE;
	}
}

static int fake_submit(struct mach_pager *pager, struct mach_request *request)
{
	struct fake_pager *fake = fake_of(pager);
	enum fake_answer answer = fake_decide(fake, request);

	spin_lock(&fake->lock);
	fake->seen[request->operation]++;
	spin_unlock(&fake->lock);
	switch (answer) {
	case FAKE_DEAD:
		return -EIO;
	case FAKE_LATER:
		if (!fake_hold(fake, request))
			return -EIO;
		schedule_work(&fake->later);
		return 0;
	case FAKE_HOLD:
		return fake_hold(fake, request) ? 0 : -EIO;
	case FAKE_REFUSE:
		mach_request_refuse(request, request->first, request->n,
				    -ENXIO);
		fallthrough;
	case FAKE_NOTHING:
		mach_request_end(request, 0);
		return 0;
	case FAKE_SETTLE:
		fake_settle(fake, request);
		return 0;
	}
	return -EIO;
}

static void fake_queue(struct mach_pager *pager, struct work_struct *work)
{
	queue_work(system_unbound_wq, work);
}

static void fake_forget(struct mach_pager *pager, struct mach_object *object)
{
	struct fake_pager *fake = fake_of(pager);

	spin_lock(&fake->lock);
	fake->forgotten++;
	spin_unlock(&fake->lock);
}

static void fake_free(struct mach_pager *pager)
{
	complete(&fake_of(pager)->freed);
}

static bool fake_working(struct mach_pager *pager)
{
	return false;
}

static const struct mach_pager_ops fake_ops = {
	.submit = fake_submit,
	.queue = fake_queue,
	.forget = fake_forget,
	.working = fake_working,
	.free = fake_free,
	.terminate = mach_object_terminate,
	.launder = mach_data_return_work,
};

/* A pager for objects of so many pages; page i holds the word i + 1. */
struct fake_pager *fake_pager_create(struct kunit *test, unsigned int pages)
{
	struct fake_pager *fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->store = kcalloc(pages, sizeof(*fake->store), GFP_KERNEL);
	if (!fake->store) {
		kfree(fake);
		KUNIT_FAIL_AND_ABORT(test, "no memory");
	}
	for (i = 0; i < pages; i++)
		fake->store[i] = i + 1;
	fake->pages = pages;
	spin_lock_init(&fake->lock);
	INIT_WORK(&fake->later, fake_later);
	init_completion(&fake->freed);
	refcount_set(&fake->pager.ref, 1);
	fake->pager.ops = &fake_ops;
	fake->pager.request_pages = MACH_CLUSTER_MAX_PAGES;
	return fake;
}

/* Fails when somebody still refers to it: an object or a request leaked. */
void fake_pager_destroy(struct kunit *test, struct fake_pager *fake)
{
	struct mach_request *request;

	while ((request = fake_take_held(fake))) {
		mach_request_end(request, -EIO);
		mach_request_put(request);
	}
	mach_pager_put(&fake->pager);
	if (!wait_for_completion_timeout(&fake->freed, FAKE_PATIENCE)) {
		KUNIT_FAIL(test, "the pager has %u references left",
			   refcount_read(&fake->pager.ref));
		return; /* whoever has them may still use it */
	}
	flush_work(&fake->later);
	KUNIT_EXPECT_EQ(test, fake->wrong, 0);
	kfree(fake->store);
	kfree(fake);
}

/* An object as large as the store; ends by mach_object_right_put(). */
struct mach_object *fake_object_create(struct kunit *test,
				       struct fake_pager *fake)
{
	const struct mach_object_setup setup = {
		.pager = &fake->pager,
		.size = (u64)fake->pages << PAGE_SHIFT,
		.cookie = 0xc00c1e,
		.cluster = 8,
	};
	struct mach_object *object = mach_object_create(&setup);

	KUNIT_ASSERT_NOT_NULL(test, object);
	return object;
}
