// SPDX-License-Identifier: GPL-2.0-only
/* Data returns: dirty pages are collected, sealed, sent, and waited for. */
#include "data_return.h"
#include "object/page_queue.h"
#include "object/vm_drop.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"
#include "request_memory.h"
#include "room.h"

#include <linux/pagemap.h>

/* Returns that one caller has under way before it waits for the oldest. */
#define MACH_RETURN_DEPTH	8
/* Returns that an object has under way at most to make room. */
#define MACH_LAUNDRY_MAX	16

/*
 * The next run of dirty pages that are not in a data_return already. Return: 0;
 * -EBUSY: before any other may be sent a SET_SIZE has to end.
 */
static int mach_dirty_run(struct mach_object *object, pgoff_t first,
			  pgoff_t end, struct mach_run *found)
{
	unsigned int most = min_t(unsigned int, MACH_CLUSTER_MAX_PAGES,
				  object->pager->request_pages);
	struct mach_tree_cursor at = { .index = first };
	struct mach_run run = {};
	struct page *page = NULL;
	pgoff_t npages, barred;

	lockdep_assert_held_write(&object->residence);
	mach_object_lock(object);
	/* what is behind has been cut off, and is just going */
	npages = mach_object_npages(object);
	barred = min(npages, mach_object_barred(object));
	for (page = mach_tree_find_marked(&object->pages, &at, end - 1); page;
	     page = mach_tree_next_marked(&object->pages, &at, end - 1)) {
		if (at.index >= barred ||
		    (run.n && at.index != run.first + run.n))
			break;
		if (mach_page_state(page) != MACH_PAGE_RESIDENT) {
			if (run.n)
				break;
			continue;
		}
		if (!run.n)
			run.first = at.index;
		if (++run.n == most)
			break;
	}
	mach_object_unlock(object);
	*found = run;
	return page && !run.n && at.index < npages ? -EBUSY : 0;
}

static void mach_data_return_collect(struct mach_request *request)
{
	struct mach_tree_cursor at = { .index = request->first };
	struct mach_object *object = request->object;
	pgoff_t last = request->first + request->n - 1;
	struct bio_vec *frame = request->frames;
	struct page *page;
	unsigned int i;

	lockdep_assert_held_write(&object->residence);
	mach_object_lock(object);
	for (page = mach_tree_find(&object->pages, &at, last); page;
	     page = mach_tree_next(&object->pages, &at, last))
		bvec_set_page(frame++, page, PAGE_SIZE, 0);
	mach_object_unlock(object);
	/* a write fault that has marked a page still makes its entry */
	for (i = 0; i < request->n; i++)
		wait_on_page_locked(request->frames[i].bv_page);
	mach_object_unmap(object, request->first, request->n);
}

/* No entry is left and none can come: the contents change by pins alone. */
static void mach_data_return_seal(struct mach_request *request)
{
	struct mach_object *object = request->object;
	unsigned int i;

	lockdep_assert_held_write(&object->residence);
	mach_object_lock(object);
	for (i = 0; i < request->n; i++) {
		struct page *page = request->frames[i].bv_page;

		if (!mach_page_pinned(page))
			mach_object_unmark(object, request->first + i);
		get_page(page);
		mach_page_set_state(page, MACH_PAGE_RETURN);
		/* nobody need judge it before it comes back */
		mach_queue_leave(page);
	}
	mach_object_count(object, laundry, request->n);
	mach_request_link(request);
	if (request->laundry)
		atomic_inc(&object->laundry);
	mach_object_unlock(object);
}

/* For up to @n pages; the least of them needs no memory but the object's own. */
static struct mach_request *mach_data_return_create(struct mach_object *object,
						    unsigned int n)
{
	struct mach_request *request;

	do {
		request = mach_request_create(object, MACH_OP_DATA_RETURN, n);
		if (request)
			return request;
		n = mach_request_fewer(n);
	} while (n);
	return mach_request_create_reserved(object, MACH_OP_DATA_RETURN, 1);
}

/**
 * mach_data_return - Send the next run of dirty pages to the pager
 * @object: no lock held
 * @next: in: first page to look at; out: the page after the run
 * @end: the page after the last
 * @flags: MACH_MSG_*
 * @laundry: it is to make room
 *
 * Return: the request, sent, with a reference; NULL when there is no dirty page
 * any more; -ENOMEM: another one has the object's own memory; -EBUSY: a SET_SIZE
 * has to end first.
 * Source: Mach's memory_object_data_return.
 */
static struct mach_request *mach_data_return(struct mach_object *object,
					     pgoff_t *next, pgoff_t end,
					     u16 flags, bool laundry)
{
	struct mach_request *request = NULL;
	struct mach_run run;
	int err;

	mach_residence_change(object);
	err = mach_dirty_run(object, *next, end, &run);
	/* who kills it drops what we would return, as soon as we let go */
	if (mach_object_is_dead(object))
		goto out_unlock;
	if (err)
		request = ERR_PTR(err);
	if (!run.n)
		goto out_unlock;
	request = mach_data_return_create(object, run.n);
	if (!request) {
		request = ERR_PTR(-ENOMEM);
		goto out_unlock;
	}
	request->first = run.first;
	request->mandatory = run.first;
	request->flags = flags | MACH_MSG_DIRTY;
	request->laundry = laundry;
	mach_data_return_collect(request);
	mach_data_return_seal(request);
	*next = run.first + request->n;
out_unlock:
	mach_residence_changed(object);
	if (!IS_ERR_OR_NULL(request))
		mach_request_submit(request);
	return request;
}

/**
 * mach_data_return_wait - Wait for all returns of a range, whoever sent them
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 *
 * Killably. Return: 0 or -EINTR.
 */
int mach_data_return_wait(struct mach_object *object, pgoff_t first,
			  pgoff_t end)
{
	struct mach_request *request;
	int err = 0;

	while (!err && first < end) {
		request = mach_request_find_return(object, first, end);
		if (!request)
			break;
		err = mach_request_wait_end(request);
		mach_request_put(request);
	}
	return err;
}

/* Returns that one caller has under way, which waits for the oldest first */
struct mach_return_window {
	struct mach_request *requests[MACH_RETURN_DEPTH];
	unsigned int oldest;
};

/* Wait for the oldest, whose place @request takes. Return: 0 or -EINTR. */
static int mach_return_window_push(struct mach_return_window *window,
				   struct mach_request *request)
{
	struct mach_request **place = &window->requests[window->oldest];
	int err = 0;

	if (*place) {
		err = mach_request_wait_end(*place);
		mach_request_put(*place);
	}
	*place = request;
	window->oldest = (window->oldest + 1) % MACH_RETURN_DEPTH;
	return err;
}

static void mach_return_window_put(struct mach_return_window *window)
{
	unsigned int i;

	for (i = 0; i < MACH_RETURN_DEPTH; i++) {
		if (window->requests[i])
			mach_request_put(window->requests[i]);
		window->requests[i] = NULL;
	}
}

/* Until there may be memory for one more; one of the caller's may have it. */
static int mach_return_window_drain(struct mach_return_window *window,
				    struct mach_object *object)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < MACH_RETURN_DEPTH && !err; i++)
		err = mach_return_window_push(window, NULL);
	return err ?: mach_request_await_reserve(object);
}

/* Until it is known whether the object is cut; killably. */
static int mach_data_return_unbar(struct mach_object *object)
{
	struct mach_request *resizing = mach_request_find_resizing(object);
	int err;

	if (!resizing)
		return 0;
	err = mach_request_wait_end(resizing);
	mach_request_put(resizing);
	return err;
}

/* One more could not be sent: wait until that may have changed. */
static int mach_data_return_retry(struct mach_return_window *window,
				  struct mach_object *object, int err)
{
	return err == -EBUSY ? mach_data_return_unbar(object) :
			       mach_return_window_drain(window, object);
}

/**
 * mach_data_return_range - Give all dirty pages of a range back
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 * @flags: MACH_MSG_*
 *
 * Waits until the pager has answered, killably; the kernel goes on without the
 * killed. Data that was not taken is recorded in the object's address space. Where
 * memory is short, smaller returns go one after another. Return: 0; -EINTR; -ENOMEM
 * when the pager has kept the last memory for too long.
 */
int mach_data_return_range(struct mach_object *object, pgoff_t first,
			   pgoff_t end, u16 flags)
{
	struct mach_return_window window = {};
	struct mach_request *request;
	pgoff_t next = first;
	int err = 0;

	while (!err && next < end) {
		request = mach_data_return(object, &next, end, flags, false);
		if (!request)
			break;
		err = IS_ERR(request) ?
		      mach_data_return_retry(&window, object,
					     PTR_ERR(request)) :
		      mach_return_window_push(&window, request);
		cond_resched();
	}
	mach_return_window_put(&window);
	return err ?: mach_data_return_wait(object, first, end);
}
EXPORT_SYMBOL_IF_KUNIT(mach_data_return_range);

/**
 * mach_data_return_launder - Begin to give dirty pages back, to make room
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 *
 * Sends a limited number of returns, and waits for nobody.
 */
void mach_data_return_launder(struct mach_object *object, pgoff_t first,
			      pgoff_t end)
{
	struct mach_request *request;

	while (first < end &&
	       atomic_read(&object->laundry) < MACH_LAUNDRY_MAX) {
		request = mach_data_return(object, &first, end, 0, true);
		if (IS_ERR_OR_NULL(request))
			break;
		mach_request_put(request);
	}
}

/* What is unsent begins at @from no more, unless that has changed meanwhile. */
static void mach_unsent_advance(struct mach_object *object, pgoff_t from,
				pgoff_t end, pgoff_t to)
{
	mach_object_lock(object);
	if (object->unsent == from && object->unsent_end == end)
		WRITE_ONCE(object->unsent, to);
	mach_object_unlock(object);
}

/* Send what is unsent, as much of it as may be under way. Waits for nobody. */
static void mach_unsent_send(struct mach_object *object)
{
	struct mach_request *request;
	pgoff_t from, next, end;

	while (atomic_read(&object->laundry) < MACH_LAUNDRY_MAX) {
		mach_object_lock(object);
		from = object->unsent;
		end = object->unsent_end;
		mach_object_unlock(object);
		if (from >= end)
			break;
		next = from;
		request = mach_data_return(object, &next, end, 0, true);
		/* whose end gives the memory back has this go on */
		if (IS_ERR(request))
			break;
		mach_unsent_advance(object, from, end, request ? next : end);
		if (request)
			mach_request_put(request);
		cond_resched();
	}
}

void mach_data_return_work(struct work_struct *work)
{
	struct mach_object *object =
		container_of(work, struct mach_object, launder);

	mach_unsent_send(object);
	mach_object_put(object);
}
EXPORT_SYMBOL_IF_KUNIT(mach_data_return_work);

/**
 * mach_data_return_later - Have all dirty pages of a range given back
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 *
 * Waits for nobody. What may not be under way yet follows when others have ended.
 */
void mach_data_return_later(struct mach_object *object, pgoff_t first,
			    pgoff_t end)
{
	mach_object_lock(object);
	/* what lies between two ranges may go as well */
	if (object->unsent < object->unsent_end) {
		first = min(first, object->unsent);
		end = max(end, object->unsent_end);
	}
	WRITE_ONCE(object->unsent, first);
	WRITE_ONCE(object->unsent_end, end);
	mach_object_unlock(object);
	mach_unsent_send(object);
}

/**
 * mach_object_synchronize - Have the pager make durable what it has taken
 * @object: no lock held
 *
 * Return: 0, -EINTR, -EIO, -ENOMEM or the pager's error.
 */
int mach_object_synchronize(struct mach_object *object)
{
	struct mach_request *request;
	int err;

	request = mach_request_create_surely(object, MACH_OP_SYNCHRONIZE);
	if (IS_ERR(request))
		return PTR_ERR(request);
	request->flags = MACH_MSG_SYNC;
	mach_request_submit(request);
	err = mach_request_wait_end(request) ?: READ_ONCE(request->error);
	mach_request_put(request);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_synchronize);

/**
 * mach_object_sync - Have what was written to a range be the pager's, and durable
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 *
 * The caller is not the pager. Data that was lost is recorded in the object's
 * address space, for the caller to look at. Return: 0; -EIO when the object is dead;
 * -EINTR; -ENOMEM; the pager's error.
 */
int mach_object_sync(struct mach_object *object, pgoff_t first, pgoff_t end)
{
	int err;

	err = mach_data_return_range(object, first, end, MACH_MSG_SYNC);
	if (!err && !mach_object_is_dead(object))
		err = mach_object_synchronize(object);
	if (!err && mach_object_is_dead(object))
		err = -EIO;
	return err;
}
