// SPDX-License-Identifier: GPL-2.0-only
/* A page for calls that read and write, without an area. */
#include "fault_page.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"
#include "request/data_request.h"
#include "request/request_memory.h"
#include "request/vm_pageout.h"
#include "zero_fill.h"

#include <linux/pagemap.h>

static struct mach_request *mach_fault_request(struct mach_object *object,
					       pgoff_t index, u32 access)
{
	struct mach_request *request;

	mach_object_lock(object);
	request = mach_request_find(object, index);
	mach_object_unlock(object);
	if (request)
		return request;
	return mach_data_request(object, index, READ_ONCE(object->cluster),
				 access);
}

/* The resident page at @index, held; NULL if it has to be waited for. */
static struct page *mach_fault_lookup(struct mach_object *object, pgoff_t index,
				      u32 access)
{
	struct page *page;

	lockdep_assert_held(&object->residence);
	mach_object_lock(object);
	page = mach_object_page(object, index);
	if (page && !mach_page_serves(page, access & MACH_ACCESS_WRITE))
		page = NULL;
	if (page) {
		folio_set_referenced(page_folio(page));
		get_page(page);
	}
	mach_object_unlock(object);
	if (page && access & MACH_ACCESS_WRITE)
		lock_page(page);
	return page;
}

/*
 * Wait for the page, or for what it takes to ask for it. *@refused: it is the pager
 * that has failed.
 */
static int mach_fault_await(struct mach_object *object, pgoff_t index,
			    u32 access, enum mach_manner manner, bool *refused)
{
	struct mach_request *request;
	int err;

	request = mach_fault_request(object, index, access);
	if (request == ERR_PTR(-EEXIST))
		return 0;
	if (request == ERR_PTR(-EAGAIN))
		return mach_pageout_wait(object, manner);
	if (IS_ERR(request))
		return PTR_ERR(request);
	err = mach_request_wait_page(request, index, manner);
	mach_request_put(request);
	/* no answer can say that there was a signal */
	*refused = err && err != -EINTR;
	return err;
}

static bool mach_fault_is_stuck(struct mach_object *object)
{
	return object->pager && mach_pager_is_stuck(object->pager, object->id);
}

/* Wait until one more page may be dirty, if one is to be. */
static int mach_fault_room(struct mach_object *object, u32 access,
			   enum mach_manner manner)
{
	if (!(access & MACH_ACCESS_WRITE) || !object->pager ||
	    mach_pageout_may_dirty(object))
		return 0;
	if (!manner)
		return -EAGAIN;
	if (mach_pageout_has_room(object))
		return 0;
	if (mach_fault_is_stuck(object))
		return -EDEADLK;
	return mach_pageout_throttle(object, manner);
}

static struct page *mach_fault_get(struct mach_object *object, pgoff_t index,
				   u32 access, enum mach_manner manner,
				   bool *refused)
{
	struct page *page;
	int err;

	*refused = false;
	err = mach_fault_room(object, access, manner);
	while (!err) {
		if (mach_object_is_dead(object))
			return ERR_PTR(-EIO);
		if (index >= mach_object_npages(object))
			return ERR_PTR(-MACH_EBEYOND);
		down_read(&object->residence);
		page = mach_fault_lookup(object, index, access);
		up_read(&object->residence);
		if (page)
			return page;
		if (mach_fault_is_stuck(object))
			return ERR_PTR(-EDEADLK);
		if (mach_object_is_internal(object)) {
			err = mach_internal_fill(object, index);
			if (err == -EAGAIN && manner)
				err = mach_pageout_wait(object, manner);
			continue;
		}
		if (!manner)
			return ERR_PTR(-EAGAIN);
		err = mach_fault_await(object, index, access, manner, refused);
	}
	return ERR_PTR(err);
}

/**
 * mach_fault_page - Have a page in memory, for calls that read and write
 * @object: no lock held
 * @index: page index
 * @access: MACH_ACCESS_*; with WRITE the page comes locked, and the caller
 *	marks it dirty before it unlocks
 * @manner: of waiting; if never: -EAGAIN when a pager would have to be asked, or
 *	a frame be made free
 *
 * Return: the page with a reference; -MACH_EBEYOND; -EIO or the pager's error,
 * -EDEADLK, -EINTR, -ENOMEM, -EAGAIN.
 */
struct page *mach_fault_page(struct mach_object *object, pgoff_t index,
			     u32 access, enum mach_manner manner)
{
	bool refused;

	return mach_fault_get(object, index, access, manner, &refused);
}

/**
 * mach_fault_task_page - The same for a task's calls
 * @object: no lock held
 * @index: page index
 * @access: as of mach_fault_page()
 * @manner: of waiting
 *
 * To Mach's calls a pager's error means that it has failed, and no more: what it says
 * would be taken for what is wrong with the call. Return: as mach_fault_page(), but
 * -EIO whatever the pager says, and behind the end of the object.
 */
struct page *mach_fault_task_page(struct mach_object *object, pgoff_t index,
				  u32 access, enum mach_manner manner)
{
	struct page *page;
	bool refused;

	page = mach_fault_get(object, index, access, manner, &refused);
	if (refused || page == ERR_PTR(-MACH_EBEYOND))
		return ERR_PTR(-EIO);
	return page;
}
