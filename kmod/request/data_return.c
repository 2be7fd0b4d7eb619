// SPDX-License-Identifier: GPL-2.0-only
/* Data returns: dirty pages are collected, sealed, sent, and waited for. */
#include "data_return.h"
#include "object/page_queue.h"
#include "object/vm_drop.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"
#include "room.h"

#include <linux/pagemap.h>

/* Returns that one caller has under way before it waits for the oldest. */
#define MACH_RETURN_DEPTH	8
/* Returns that an object has under way at most to make room. */
#define MACH_LAUNDRY_MAX	16

/* The next run of dirty pages that are not in a data_return already. */
static struct mach_run mach_dirty_run(struct mach_object *object,
				      pgoff_t first, pgoff_t end)
{
	unsigned int most = min_t(unsigned int, MACH_CLUSTER_MAX_PAGES,
				  object->pager->request_pages);
	struct mach_tree_cursor at = { .index = first };
	struct mach_run run = {};
	struct page *page;

	lockdep_assert_held_write(&object->residence);
	mach_object_lock(object);
	for (page = mach_tree_find_marked(&object->pages, &at, end - 1); page;
	     page = mach_tree_next_marked(&object->pages, &at, end - 1)) {
		if (run.n && at.index != run.first + run.n)
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
	return run;
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
	object->counts.laundry += request->n;
	hlist_add_head(&request->link, &object->requests);
	mach_room_begin();
	if (request->laundry)
		atomic_inc(&object->laundry);
	mach_object_unlock(object);
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
 * any more; -ENOMEM. Source: Mach's memory_object_data_return.
 */
static struct mach_request *mach_data_return(struct mach_object *object,
					     pgoff_t *next, pgoff_t end,
					     u16 flags, bool laundry)
{
	struct mach_request *request = NULL;
	struct mach_run run;

	mach_residence_change(object);
	run = mach_dirty_run(object, *next, end);
	/* who kills it drops what we would return, as soon as we let go */
	if (!run.n || mach_object_is_dead(object))
		goto out_unlock;
	request = mach_request_create(object, MACH_OP_DATA_RETURN, run.n);
	while (!request && (run.n = mach_request_fewer(run.n)))
		request = mach_request_create(object, MACH_OP_DATA_RETURN,
					      run.n);
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
	*next = run.first + run.n;
out_unlock:
	mach_residence_changed(object);
	if (!IS_ERR_OR_NULL(request))
		mach_request_submit(request);
	return request;
}

static struct mach_request *mach_return_under_way(struct mach_object *object,
						  pgoff_t first, pgoff_t end)
{
	struct mach_request *request;

	mach_object_lock(object);
	hlist_for_each_entry(request, &object->requests, link) {
		if (request->operation != MACH_OP_DATA_RETURN ||
		    request->first >= end ||
		    request->first + request->n <= first)
			continue;
		mach_request_get(request);
		mach_object_unlock(object);
		return request;
	}
	mach_object_unlock(object);
	return NULL;
}

/* Wait for all returns of the range, whoever sent them. */
static int mach_data_return_wait(struct mach_object *object, pgoff_t first,
				 pgoff_t end)
{
	struct mach_request *request;
	int err = 0;

	while (!err) {
		request = mach_return_under_way(object, first, end);
		if (!request)
			break;
		err = mach_request_wait_end(request);
		mach_request_put(request);
	}
	return err;
}

/**
 * mach_data_return_range - Give all dirty pages of a range back
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 * @flags: MACH_MSG_*
 *
 * Waits until the pager has answered, killably; the kernel goes on without the
 * killed. Data that was not taken is recorded in the object's address space.
 * Return: 0, -EINTR, -ENOMEM.
 */
int mach_data_return_range(struct mach_object *object, pgoff_t first,
			   pgoff_t end, u16 flags)
{
	struct mach_request *window[MACH_RETURN_DEPTH] = {};
	struct mach_request *request = NULL;
	pgoff_t next = first;
	unsigned int i;
	int err = 0;

	for (i = 0; !err; i = (i + 1) % MACH_RETURN_DEPTH) {
		if (window[i]) {
			err = mach_request_wait_end(window[i]);
			mach_request_put(window[i]);
			window[i] = NULL;
		}
		if (err || next >= end)
			break;
		request = mach_data_return(object, &next, end, flags, false);
		if (IS_ERR(request))
			err = PTR_ERR(request);
		if (IS_ERR_OR_NULL(request))
			break;
		window[i] = request;
		cond_resched();
	}
	for (i = 0; i < MACH_RETURN_DEPTH; i++)
		if (window[i])
			mach_request_put(window[i]);
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

/**
 * mach_object_synchronize - Have the pager make durable what it has taken
 * @object: no lock held
 *
 * Return: 0, -EINTR, -ENOMEM or the pager's error.
 */
int mach_object_synchronize(struct mach_object *object)
{
	struct mach_request *request;
	int err;

	request = mach_request_create(object, MACH_OP_SYNCHRONIZE, 0);
	if (!request)
		return -ENOMEM;
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
