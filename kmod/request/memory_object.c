// SPDX-License-Identifier: GPL-2.0-only
/* Requests: sending, finding, waiting for, settling and ending them. */
#include "memory_object.h"
#include "base/mach_trace.h"
#include "object/page_queue.h"
#include "object/vm_resident.h"
#include "object/vm_wire.h"
#include "room.h"

#include <linux/interval_tree_generic.h>
#include <linux/pagemap.h>

static unsigned long mach_request_start(const struct mach_request *request)
{
	return request->first;
}

static unsigned long mach_request_last(const struct mach_request *request)
{
	return request->first + request->n - 1;
}

/* Those that are under way, by the pages that they are of */
INTERVAL_TREE_DEFINE(struct mach_request, link, unsigned long, subtree_last,
		     mach_request_start, mach_request_last, static inline,
		     mach_requests)

static struct rb_root_cached *
mach_request_siblings(const struct mach_request *request)
{
	struct mach_object *object = request->object;

	lockdep_assert_held(&object->lock);
	return mach_request_is_return(request) ? &object->returns :
						 &object->requests;
}

/* Its pages are in it from now on: it is under way. */
void mach_request_link(struct mach_request *request)
{
	u64 end = (u64)(request->first + request->n) << PAGE_SHIFT;

	lockdep_assert_held(&request->object->lock);
	request->offset = (u64)request->first << PAGE_SHIFT;
	request->length = min(end, request->object->size) - request->offset;
	request->alive = request->n;
	mach_requests_insert(request, mach_request_siblings(request));
	mach_room_begin();
}

/* About the object as a whole: who kills it finds it, or it is dead already. */
static int mach_request_link_whole(struct mach_request *request)
{
	struct mach_object *object = request->object;
	bool dead;

	mach_object_lock(object);
	dead = object->dead;
	if (!dead)
		hlist_add_head(&request->whole, &object->whole);
	mach_object_unlock(object);
	return dead ? -EIO : 0;
}

/* Send a request; when there is no pager any more it ends at once. */
void mach_request_submit(struct mach_request *request)
{
	struct mach_pager *pager = request->object->pager;

	if (mach_request_is_whole(request) && mach_request_link_whole(request)) {
		mach_request_end(request, -EIO);
		return;
	}
	trace_mach_request(request->operation, pager->id, pager->pid,
			   request->object->serial, request->first, request->n);
	if (pager->ops->submit(pager, request))
		mach_request_end(request, -EIO);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_submit);

/* One of these that has not settled the page; others may have, and not have ended. */
static struct mach_request *mach_requests_unsettled(struct mach_object *object,
						    struct rb_root_cached *root,
						    pgoff_t index)
{
	struct mach_request *request;

	lockdep_assert_held(&object->lock);
	for (request = mach_requests_iter_first(root, index, index); request;
	     request = mach_requests_iter_next(request, index, index))
		if (!test_bit(index - request->first, request->settled))
			break;
	return request;
}

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
	request = mach_requests_unsettled(object, &object->requests, index) ?:
		  mach_requests_unsettled(object, &object->returns, index);
	if (request)
		mach_request_get(request);
	return request;
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_find);

/**
 * mach_request_find_return - A data_return that is under way
 * @object: not locked
 * @first: first page index
 * @end: the page after the last, above @first
 *
 * Return: with a reference, or NULL if there is none of these pages.
 */
struct mach_request *mach_request_find_return(struct mach_object *object,
					      pgoff_t first, pgoff_t end)
{
	struct mach_request *request;

	mach_object_lock(object);
	request = mach_requests_iter_first(&object->returns, first, end - 1);
	if (request)
		mach_request_get(request);
	mach_object_unlock(object);
	return request;
}

/* Some request that is under way, and waited for, with a reference; or NULL. */
struct mach_request *mach_request_any(struct mach_object *object)
{
	struct mach_request *request;
	struct rb_node *node;

	mach_object_lock(object);
	node = rb_first_cached(&object->requests) ?:
	       rb_first_cached(&object->returns);
	request = rb_entry_safe(node, struct mach_request, link) ?:
		  hlist_entry_safe(object->whole.first, struct mach_request,
				   whole);
	if (request)
		mach_request_get(request);
	mach_object_unlock(object);
	return request;
}

/* The SET_SIZE that is under way, with a reference; or NULL. */
struct mach_request *mach_request_find_resizing(struct mach_object *object)
{
	struct mach_request *request;

	mach_object_lock(object);
	request = object->resizing;
	if (request)
		mach_request_get(request);
	mach_object_unlock(object);
	return request;
}

static __always_inline bool mach_request_settled(struct mach_request *request,
						 pgoff_t index)
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
	int err = 0;

	mach_request_hand_off(request, index);
	if (!mach_request_settled(request, index))
		err = mach_wait_event(request->wait,
				      mach_request_settled(request, index),
				      manner);
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
	if (mach_request_has_ended(request))
		return 0;
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
	lockdep_assert_held(&request->object->lock);
	WRITE_ONCE(request->error, error);
	if (request->operation != MACH_OP_DATA_REQUEST)
		mapping_set_error(request->object->inode->i_mapping, error);
}

/* Filled frames become the object's. */
static void mach_settle_supply(struct mach_request *request, pgoff_t first,
			       unsigned int n)
{
	struct mach_object *object = request->object;
	struct bio_vec *frame = &request->frames[first - request->first];
	struct address_space *mapping = object->inode->i_mapping;
	struct page *asked = NULL;
	unsigned int i;

	lockdep_assert_held(&object->lock);
	for (i = 0; i < n; i++) {
		mach_page_set_owner(frame[i].bv_page, object, first + i);
		mach_page_set_name(frame[i].bv_page, mapping, first + i);
	}
	if (mach_request_awaits(request, first, n))
		asked = frame[request->mandatory - first].bv_page;
	mach_object_wire_new(object, first, frame, n);
	mach_queue_enter(frame, n, asked);
	for (i = 0; i < n; i++)
		frame[i].bv_page = NULL;
	mach_object_count_busy(object, -(long)n);
	mach_object_count(object, resident, n);
	mach_object_count(object, pageins, n);
}

static void mach_settle_zeros(struct mach_request *request, pgoff_t first,
			      unsigned int n)
{
	lockdep_assert_held(&request->object->lock);
	mach_settle_supply(request, first, n);
	this_cpu_add(mach_object_zero_filled, n);
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
			mach_object_count_dirty(object, -1);
		if (request->laundry)
			mach_queue_enter_first(frame[i].bv_page);
		else
			mach_queue_enter(&frame[i], 1, frame[i].bv_page);
		/* who waits to flush it must not find it pinned by us */
		put_page(frame[i].bv_page);
		frame[i].bv_page = NULL;
	}
	mach_object_count(object, laundry, -(u64)n);
	mach_object_count(object, pageouts, n);
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
		mach_queue_enter(&frame[i], 1, frame[i].bv_page);
	}
	mach_object_count(request->object, laundry, -(u64)n);
}

/*
 * These frames will be the request's alone. A pager that holds it, and answers nothing,
 * has them as long as it likes: they are counted before they are the object's no more.
 */
static void mach_request_keep(struct mach_request *request, unsigned int n)
{
	lockdep_assert_held(&request->object->lock);
	request->kept += n;
	mach_user_add(request->object->user, MACH_USER_HELD, n);
}

/*
 * Pages that will not come, or data that was not taken: that stays dirty, and so on its
 * user's account, while anybody has it.
 */
static void mach_settle_refused(struct mach_request *request, pgoff_t first,
				unsigned int n)
{
	lockdep_assert_held(&request->object->lock);
	if (mach_request_is_return(request)) {
		mach_settle_dirty(request, first, n);
		return;
	}
	mach_request_keep(request, n);
	mach_object_erase(request->object, first, n);
}

/* Modified pages that a pager did not take, and nobody waits to be told so. */
static void mach_request_complain(const struct mach_request *request,
				  unsigned int n, int error)
{
	struct mach_object *object = request->object;
	struct mach_pager *pager = object->pager;

	/* of a dead one it is said what is lost with it */
	if (!mach_request_is_return(request) ||
	    request->flags & MACH_MSG_SYNC || mach_object_is_dead(object))
		return;
	pr_warn_ratelimited("machvm: pager %d (%s) has not taken %u modified pages of object %u near page %lu: error %d\n",
			    pager->pid, pager->comm, n, object->id,
			    request->first, error);
}

static void mach_request_mark(struct mach_request *request, unsigned int start,
			      unsigned int n)
{
	lockdep_assert_held(&request->object->lock);
	request->nr_settled += n;
	if (n == 1)
		__set_bit(start, request->settled);
	else
		bitmap_set(request->settled, start, n);
}

/* Of [first, first + n), those that were not cut off: they come first. */
static unsigned int mach_request_alive(const struct mach_request *request,
				       pgoff_t first, unsigned int n)
{
	unsigned int start = first - request->first;

	lockdep_assert_held(&request->object->lock);
	return start < request->alive ? min(n, request->alive - start) : 0;
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
	n = mach_request_alive(request, first, n);
	if (!n) {
		mach_object_unlock(object);
		return 0;
	}
	settle(request, first, n);
	if (error) {
		mach_object_count(object, errors, n);
		if (mach_request_is_return(request) ||
		    mach_request_awaits(request, first, n))
			mach_request_record(request, error);
	}
	/* who sees the bits sees the error: pairs with mach_request_wait_page() */
	smp_wmb();
	mach_request_mark(request, first - request->first, n);
	mach_object_unlock(object);
	mach_request_wake(request);
	if (error)
		mach_request_complain(request, n, error);
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

/* Settle what no part named. Return: false if that is neighbours, without a word. */
static bool mach_request_drop(struct mach_request *request)
{
	unsigned int start, end;
	bool failed = false;

	lockdep_assert_held(&request->object->lock);
	for_each_clear_bitrange(start, end, request->settled, request->n) {
		pgoff_t first = request->first + start;

		mach_settle_refused(request, first, end - start);
		if (mach_request_is_return(request)) {
			mach_object_count(request->object, errors,
					  end - start);
			failed = true;
		} else if (mach_request_awaits(request, first,
					       end - start)) {
			mach_object_count(request->object, errors, 1);
			failed = true;
		}
	}
	return failed;
}

/* Return: how many pages that was. */
static unsigned int mach_request_drop_rest(struct mach_request *request,
					   int error)
{
	unsigned int rest = request->n - request->nr_settled;
	bool failed;

	lockdep_assert_held(&request->object->lock);
	failed = rest ? mach_request_drop(request) :
			error && request->operation == MACH_OP_SYNCHRONIZE;
	if (failed)
		mach_request_record(request, error ?: -EIO);
	return rest;
}

/* Who waits for room looks again. */
static void mach_request_unlink(struct mach_request *request)
{
	lockdep_assert_held(&request->object->lock);
	mach_requests_remove(request, mach_request_siblings(request));
	RB_CLEAR_NODE(&request->link);
	if (request->laundry)
		atomic_dec(&request->object->laundry);
	mach_room_end(request->object);
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
	unsigned int dropped;
	bool resized;

	mach_object_lock(object);
	if (request->ended) {
		mach_object_unlock(object);
		return -ESTALE;
	}
	dropped = mach_request_drop_rest(request, error);
	/* after its error */
	smp_store_release(&request->ended, true);
	if (!RB_EMPTY_NODE(&request->link))
		mach_request_unlink(request);
	if (mach_request_is_whole(request))
		hlist_del_init(&request->whole);
	resized = object->resizing == request;
	if (resized)
		object->resizing = NULL;
	mach_object_unlock(object);
	mach_request_wake(request);
	if (dropped)
		mach_request_complain(request, dropped, error ?: -EIO);
	if ((request->laundry || resized) && mach_object_has_unsent(object))
		mach_object_queue_launder(object);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_end);

/* Its pages are the object's no more, and what the pager has of them is the request's. */
static void mach_cut_returned(struct mach_request *request, unsigned int start,
			      unsigned int n)
{
	struct mach_object *object = request->object;
	unsigned int i;

	lockdep_assert_held(&object->lock);
	mach_request_keep(request, n);
	bitmap_set(request->cut, start, n);
	for (i = start; i < start + n; i++) {
		struct page *page = request->frames[i].bv_page;

		while (mach_page_is_wired(page))
			mach_queue_unwire(page, object->pager);
	}
	mach_tree_erase_run(&object->pages, request->first + start, n,
			    &object->spare);
	mach_object_count_dirty(object, -(long)n);
	mach_object_count(object, resident, -(u64)n);
	mach_object_count(object, laundry, -(u64)n);
}

static void mach_request_cut(struct mach_request *request, pgoff_t first)
{
	unsigned int start, end, alive = first - request->first;

	lockdep_assert_held(&request->object->lock);
	if (first <= request->first)
		alive = 0;
	else if (alive >= request->alive)
		return;
	start = alive;
	for_each_clear_bitrange_from(start, end, request->settled, request->n) {
		if (mach_request_is_return(request))
			mach_cut_returned(request, start, end - start);
		else
			mach_settle_refused(request, request->first + start,
					    end - start);
		mach_request_mark(request, start, end - start);
	}
	request->alive = alive;
	/* who waits for one looks again */
	mach_request_wake(request);
}

static void mach_requests_cut_from(struct mach_object *object,
				   struct rb_root_cached *root, pgoff_t first)
{
	struct mach_request *request;

	lockdep_assert_held(&object->lock);
	for (request = mach_requests_iter_first(root, first, ULONG_MAX);
	     request;
	     request = mach_requests_iter_next(request, first, ULONG_MAX))
		mach_request_cut(request, first);
}

/**
 * mach_requests_cut - Of all that is under way, forget what lies behind a byte
 * @object: locked; none of these pages comes anew
 * @size: the byte's offset
 *
 * What is asked for is forgotten with all of the page that the byte lies in: it may
 * come with what was behind.
 */
void mach_requests_cut(struct mach_object *object, u64 size)
{
	lockdep_assert_held(&object->lock);
	mach_requests_cut_from(object, &object->requests, size >> PAGE_SHIFT);
	mach_requests_cut_from(object, &object->returns,
			       DIV_ROUND_UP_ULL(size, PAGE_SIZE));
}
