// SPDX-License-Identifier: GPL-2.0-only
/* Requests: making, sending, waiting for, settling and ending them. */
#include "memory_object.h"
#include "base/mach_trace.h"
#include "object/page_queue.h"
#include "object/vm_resident.h"
#include "pool/kmem.h"
#include "room.h"

#include <linux/pagemap.h>

/* Requests by the frames they have room for */
static struct mach_request_kind {
	const char *name;
	unsigned int frames;
	struct mach_kmem *cache;
} mach_request_kinds[] __ro_after_init = {
	{ "request-1", 1 },
	{ "request-16", 16 },
	{ "request-64", 64 },
	{ "request-256", MACH_CLUSTER_MAX_PAGES },
};

static struct mach_kmem *mach_request_cache(unsigned int n)
{
	struct mach_request_kind *kind = mach_request_kinds;

	while (kind->frames < n)
		kind++;
	return kind->cache;
}

/**
 * mach_request_fewer - How many pages a smaller request may have
 * @n: pages
 *
 * Where free frames lie scattered there may be none for a large structure, but
 * some for a small one. Return: 0 if there is no smaller one.
 */
unsigned int mach_request_fewer(unsigned int n)
{
	unsigned int i = ARRAY_SIZE(mach_request_kinds);

	while (i--)
		if (mach_request_kinds[i].frames < n)
			return mach_request_kinds[i].frames;
	return 0;
}

/* What is so again when a request is freed */
static void mach_request_construct(void *memory)
{
	struct mach_request *request = memory;

	init_waitqueue_head(&request->wait);
	INIT_HLIST_NODE(&request->link);
	INIT_LIST_HEAD(&request->port_link);
	INIT_LIST_HEAD(&request->due_link);
}

/**
 * mach_request_create - Make a request that nobody knows yet
 * @object: gets a reference
 * @operation: MACH_OP_*
 * @n: pages; their frames are the caller's to fill in
 *
 * Return: with one reference, or NULL.
 */
struct mach_request *mach_request_create(struct mach_object *object,
					 u16 operation, unsigned int n)
{
	struct mach_kmem *cache = mach_request_cache(n);
	struct mach_request *request = mach_kmem_alloc(cache, GFP_KERNEL);

	if (!request)
		return NULL;
	request->cache = cache;
	refcount_set(&request->ref, 1);
	mach_object_get(object);
	request->object = object;
	request->operation = operation;
	request->flags = 0;
	request->access = 0;
	request->first = 0;
	request->n = n;
	request->mandatory = 0;
	request->waited = false;
	request->cookie = object->cookie;
	request->error = 0;
	request->near = false;
	request->ended = false;
	bitmap_zero(request->settled, MACH_CLUSTER_MAX_PAGES);
	request->laundry = false;
	return request;
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_create);

static bool mach_request_is_return(const struct mach_request *request)
{
	return request->operation == MACH_OP_DATA_RETURN;
}

/* A data_request owns the frames left over, a data_return only holds them. */
static void mach_request_drop_frames(struct mach_request *request)
{
	unsigned int i;

	for (i = 0; i < request->n; i++) {
		struct page *page = request->frames[i].bv_page;

		if (!page)
			continue;
		if (mach_request_is_return(request))
			put_page(page);
		else
			mach_page_free(page);
	}
}

void mach_request_put(struct mach_request *request)
{
	if (!refcount_dec_and_test(&request->ref))
		return;
	mach_request_drop_frames(request);
	mach_object_put(request->object);
	mach_kmem_free(request->cache, request);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_put);

/* Send a request; when there is no pager any more it ends at once. */
void mach_request_submit(struct mach_request *request)
{
	struct mach_pager *pager = request->object->pager;

	trace_mach_request(request->operation, request->object->id,
			   request->first, request->n);
	if (pager->ops->submit(pager, request))
		mach_request_end(request, -EIO);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_submit);

/**
 * mach_request_find - The request that a page is in
 * @object: locked
 * @index: a busy page, or one in a data_return
 *
 * Return: with a reference.
 */
struct mach_request *mach_request_find(struct mach_object *object,
				       pgoff_t index)
{
	struct mach_request *request;

	lockdep_assert_held(&object->lock);
	hlist_for_each_entry(request, &object->requests, link) {
		if (index - request->first >= request->n ||
		    test_bit(index - request->first, request->settled))
			continue;
		mach_request_get(request);
		return request;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_find);

static bool mach_request_settled(struct mach_request *request, pgoff_t index)
{
	if (mach_request_has_ended(request))
		return true;
	/* bits are only ever set, and who finds one looks again under the lock */
	return data_race(test_bit(index - request->first, request->settled));
}

/* The pager was just woken on this CPU: let it run before going to sleep. */
static void mach_request_hand_off(struct mach_request *request, pgoff_t index)
{
	struct mach_hand_off *hand_off = &request->object->pager->hand_off;

	if (!request->near || mach_request_settled(request, index) ||
	    !mach_hand_off_pays(hand_off))
		return;
	mach_compat_hand_off();
	if (!mach_request_settled(request, index))
		mach_hand_off_failed(hand_off);
}

/**
 * mach_request_wait_page - Wait until a page's state changes
 * @request: where it is in
 * @index: the page
 * @manner: of waiting
 *
 * Who needs the page looks again afterwards. Return: 0; -EINTR; -ETIMEDOUT; for
 * the mandatory page also the pager's error.
 */
int mach_request_wait_page(struct mach_request *request, pgoff_t index,
			   enum mach_manner manner)
{
	int err;

	mach_request_hand_off(request, index);
	err = mach_wait_event(request->wait,
			      mach_request_settled(request, index), manner);
	if (err)
		return err;
	/* pairs with mach_request_settle() */
	smp_rmb();
	if (mach_request_awaits(request, index, 1))
		return READ_ONCE(request->error);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_wait_page);

/* Wait until nothing more will come of a request. Return: 0, or -EINTR. */
int mach_request_wait_end(struct mach_request *request)
{
	return mach_wait_event(request->wait, mach_request_has_ended(request),
			       MACH_WAIT_KILLED);
}

static void mach_request_wake(struct mach_request *request)
{
	if (wq_has_sleeper(&request->wait))
		wake_up_all(&request->wait);
}

static void mach_request_record(struct mach_request *request, int error)
{
	WRITE_ONCE(request->error, error);
	if (request->operation != MACH_OP_DATA_REQUEST)
		mapping_set_error(request->object->inode->i_mapping, error);
}

/* Filled frames become the object's. */
static void mach_settle_supply(struct mach_request *request, pgoff_t first,
			       unsigned int n)
{
	struct mach_object_counts *counts = &request->object->counts;
	struct bio_vec *frame = &request->frames[first - request->first];
	unsigned int i;

	lockdep_assert_held(&request->object->lock);
	for (i = 0; i < n; i++)
		mach_page_set_owner(frame[i].bv_page, request->object,
				    first + i);
	mach_queue_enter(frame, n, request->waited ?
			 request->mandatory - first : n);
	for (i = 0; i < n; i++)
		frame[i].bv_page = NULL;
	counts->busy -= n;
	counts->resident += n;
	counts->pageins += n;
}

static void mach_settle_zeros(struct mach_request *request, pgoff_t first,
			      unsigned int n)
{
	lockdep_assert_held(&request->object->lock);
	mach_settle_supply(request, first, n);
	request->object->counts.zero_fills += n;
}

static void mach_settle_taken(struct mach_request *request, pgoff_t first,
			      unsigned int n)
{
	struct mach_object *object = request->object;
	struct bio_vec *frame = &request->frames[first - request->first];
	unsigned int i;

	lockdep_assert_held(&request->object->lock);
	for (i = 0; i < n; i++) {
		mach_page_set_state(frame[i].bv_page, MACH_PAGE_RESIDENT);
		if (!mach_page_is_dirty(frame[i].bv_page))
			object->counts.dirty--;
		if (request->laundry)
			mach_queue_enter_first(frame[i].bv_page);
		else
			mach_queue_enter(&frame[i], 1, 0);
		/* who waits to flush it must not find it pinned by us */
		put_page(frame[i].bv_page);
		frame[i].bv_page = NULL;
	}
	object->counts.laundry -= n;
	object->counts.pageouts += n;
}

/* Data that was not taken is dirty again. */
static void mach_settle_dirty(struct mach_request *request, pgoff_t first,
			      unsigned int n)
{
	struct bio_vec *frame = &request->frames[first - request->first];
	unsigned int i;

	lockdep_assert_held(&request->object->lock);
	for (i = 0; i < n; i++) {
		mach_page_set_state(frame[i].bv_page, MACH_PAGE_RESIDENT);
		mach_object_mark(request->object, first + i);
		mach_queue_enter(&frame[i], 1, 0);
	}
	request->object->counts.laundry -= n;
}

/* Pages that will not come, or data that was not taken; n may be 0. */
static void mach_settle_refused(struct mach_request *request, pgoff_t first,
				unsigned int n)
{
	lockdep_assert_held(&request->object->lock);
	if (mach_request_is_return(request))
		mach_settle_dirty(request, first, n);
	else
		mach_object_erase(request->object, first, n);
}

typedef void (*mach_settle_fn)(struct mach_request *request, pgoff_t first,
			       unsigned int n);

static int mach_request_settle(struct mach_request *request, pgoff_t first,
			       unsigned int n, int error, mach_settle_fn settle)
{
	struct mach_object *object = request->object;

	mach_object_lock(object);
	if (request->ended) {
		mach_object_unlock(object);
		return -ESTALE;
	}
	settle(request, first, n);
	if (error) {
		object->counts.errors += n;
		if (mach_request_is_return(request) ||
		    mach_request_awaits(request, first, n))
			mach_request_record(request, error);
	}
	/* who sees the bits sees the error: pairs with mach_request_wait_page() */
	smp_wmb();
	bitmap_set(request->settled, first - request->first, n);
	mach_object_unlock(object);
	mach_request_wake(request);
	return 0;
}

/**
 * mach_request_supply - Filled frames become resident
 * @request: a data_request that the caller answers
 * @first: first page index
 * @n: how many, none settled yet
 *
 * Return: 0, or -ESTALE if the request has ended.
 * Source: Mach's memory_object_data_supply.
 */
int mach_request_supply(struct mach_request *request, pgoff_t first,
			unsigned int n)
{
	return mach_request_settle(request, first, n, 0, mach_settle_supply);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_supply);

/**
 * mach_request_supply_zeros - As mach_request_supply(), for want of data
 * @request: a data_request that the caller answers
 * @first: first page index
 * @n: how many, none settled yet
 *
 * Source: Mach's memory_object_data_unavailable.
 */
int mach_request_supply_zeros(struct mach_request *request, pgoff_t first,
			      unsigned int n)
{
	return mach_request_settle(request, first, n, 0, mach_settle_zeros);
}

/**
 * mach_request_taken - The pager has the returned data
 * @request: a data_return that the caller answers
 * @first: first page index
 * @n: how many, none settled yet
 *
 * A page that was pinned when it was returned stays dirty: its holder may have
 * written since. Return: 0, or -ESTALE if the request has ended.
 */
int mach_request_taken(struct mach_request *request, pgoff_t first,
		       unsigned int n)
{
	return mach_request_settle(request, first, n, 0, mach_settle_taken);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_taken);

/**
 * mach_request_refuse - The pager has no data, or did not take it
 * @request: a data_request or data_return that the caller answers
 * @first: first page index
 * @n: how many, none settled yet
 * @error: -errno
 *
 * Return: 0, or -ESTALE if the request has ended.
 * Source: Mach's memory_object_data_error.
 */
int mach_request_refuse(struct mach_request *request, pgoff_t first,
			unsigned int n, int error)
{
	return mach_request_settle(request, first, n, error,
				   mach_settle_refused);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_refuse);

/* Settle what no part named. Neighbours vanish without a word. */
static void mach_request_drop_rest(struct mach_request *request, int error)
{
	bool failed = error && request->operation == MACH_OP_SYNCHRONIZE;
	unsigned int start, end;

	lockdep_assert_held(&request->object->lock);
	for_each_clear_bitrange(start, end, request->settled, request->n) {
		pgoff_t first = request->first + start;

		mach_settle_refused(request, first, end - start);
		if (mach_request_is_return(request)) {
			request->object->counts.errors += end - start;
			failed = true;
		} else if (mach_request_awaits(request, first,
					       end - start)) {
			request->object->counts.errors++;
			failed = true;
		}
	}
	if (failed)
		mach_request_record(request, error ?: -EIO);
}

/* Who waits for room looks again. */
static void mach_request_unlink(struct mach_request *request)
{
	lockdep_assert_held(&request->object->lock);
	hlist_del_init(&request->link);
	if (request->laundry)
		atomic_dec(&request->object->laundry);
	mach_room_end();
}

/**
 * mach_request_end - Nothing more will come
 * @request: a request
 * @error: 0 at a commit, -errno when it is aborted
 *
 * What is not settled yet is dropped; the mandatory page and data that was not
 * taken fail with @error or -EIO. Return: 0, or -ESTALE if it has ended before.
 */
int mach_request_end(struct mach_request *request, int error)
{
	struct mach_object *object = request->object;

	mach_object_lock(object);
	if (request->ended) {
		mach_object_unlock(object);
		return -ESTALE;
	}
	mach_request_drop_rest(request, error);
	/* after its error */
	smp_store_release(&request->ended, true);
	if (!hlist_unhashed(&request->link))
		mach_request_unlink(request);
	mach_object_unlock(object);
	mach_request_wake(request);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_end);

void mach_request_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mach_request_kinds); i++)
		mach_kmem_destroy(mach_request_kinds[i].cache);
}

int mach_request_init(void)
{
	struct mach_request *request;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mach_request_kinds); i++) {
		struct mach_request_kind *kind = &mach_request_kinds[i];

		kind->cache = mach_kmem_create(kind->name,
					       struct_size(request, frames,
							   kind->frames),
					       __alignof__(*request),
					       mach_request_construct);
		if (!kind->cache) {
			mach_request_exit();
			return -ENOMEM;
		}
	}
	return 0;
}
