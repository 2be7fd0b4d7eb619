// SPDX-License-Identifier: GPL-2.0-only
/* Asking the pager: an absent page and its neighbours become a request. */
#include "data_request.h"
#include "object/vm_resident.h"
#include "request_memory.h"
#include "room.h"
#include "vm_pageout.h"

static int mach_data_request_try_place(struct mach_request *request)
{
	struct mach_object *object = request->object;
	int err;

	mach_object_lock(object);
	if (object->dead)
		err = -EIO;
	else if (request->first + request->n > mach_object_npages(object))
		err = -EEXIST;
	else
		err = mach_object_place(object, request->first, request->frames,
					request->n);
	if (!err) {
		mach_request_link(request);
		mach_object_count(object, requests, request->waited);
	}
	mach_object_unlock(object);
	return err;
}

static int mach_data_request_place(struct mach_request *request)
{
	int err = mach_data_request_try_place(request);

	while (err == -ENOMEM) {
		err = mach_object_stock(request->object, request->first,
					request->n);
		if (err)
			break;
		err = mach_data_request_try_place(request);
	}
	return err;
}

/* When frames are short, the page that is waited for will have to do. */
static int mach_data_request_frames(struct mach_request *request)
{
	int err = mach_pageout_alloc(request->frames, request->n);

	if (err && request->n > 1 && request->waited) {
		request->first = request->mandatory;
		request->n = 1;
		err = mach_pageout_alloc(request->frames, 1);
	}
	if (err)
		request->n = 0;
	return err;
}

/* Count frames before they are there, so that others who ask see them. */
static bool mach_data_request_reserve(struct mach_object *object,
				      unsigned int n)
{
	mach_user_add(object->user, MACH_USER_BUSY, n);
	if (mach_pageout_may_ask(object, n) && mach_object_has_room(object, 0))
		return true;
	mach_user_add(object->user, MACH_USER_BUSY, -(long)n);
	return false;
}

/*
 * Clip the window to absent pages, and to what the object may ask for, which is
 * *@reserved. What nobody waits for is not clipped to that: it can come another
 * time.
 */
static int mach_data_request_clip(struct mach_object *object,
				  struct mach_ask *ask, unsigned int *reserved)
{
	*reserved = 0;
	if (!mach_data_request_reserve(object, ask->window.n)) {
		if (!ask->waited)
			return -EAGAIN;
		ask->window = (struct mach_run) {
			.first = ask->index, .n = 1,
		};
		if (!mach_data_request_reserve(object, 1))
			return -EAGAIN;
	}
	*reserved = ask->window.n;
	if (ask->window.n > 1) {
		mach_object_lock(object);
		mach_object_absent_run(object, ask->index, &ask->window);
		mach_object_unlock(object);
	}
	return ask->window.n ? 0 : -EEXIST;
}

/* For the window, or if somebody waits a part of it that there is memory for */
static struct mach_request *mach_data_request_create(struct mach_object *object,
						     struct mach_ask *ask)
{
	struct mach_run *window = &ask->window;
	struct mach_request *request;
	unsigned int n;

	while (!(request = mach_request_create(object, MACH_OP_DATA_REQUEST,
					       window->n))) {
		n = mach_request_fewer(window->n);
		if (!n || !ask->waited)
			return NULL;
		*window = mach_run_window(ask->index, n, window->first,
					  window->first + window->n);
	}
	request->first = window->first;
	request->mandatory = ask->index;
	request->waited = ask->waited;
	request->access = ask->access;
	return request;
}

static struct mach_request *mach_data_request_make(struct mach_object *object,
						   struct mach_ask *ask)
{
	struct mach_request *request = NULL;
	int err;

	/* no page comes that could not go again */
	if (mach_object_provide(object))
		request = mach_data_request_create(object, ask);
	if (!request)
		return ERR_PTR(-ENOMEM);
	err = mach_data_request_frames(request);
	if (!err)
		err = mach_data_request_place(request);
	if (err) {
		mach_request_put(request);
		return ERR_PTR(err);
	}
	return request;
}

/**
 * mach_data_request_prepare - Reserve absent pages for data to come
 * @object: no lock held
 * @ask: what for; out: the window, clipped; the request may have less
 *
 * Return: a request whose frames lie busy in the object, not sent yet; or
 * -EEXIST when the page is there, or the object has been cut: look again; -ENOMEM; -EIO
 * when the object is dead; -EAGAIN when there is no room: mach_pageout_wait() may help.
 */
struct mach_request *mach_data_request_prepare(struct mach_object *object,
					       struct mach_ask *ask)
{
	struct mach_request *request;
	unsigned int reserved;
	int err;

	err = mach_data_request_clip(object, ask, &reserved);
	request = err ? ERR_PTR(err) : mach_data_request_make(object, ask);
	/* those that were placed are counted by now */
	mach_user_add(object->user, MACH_USER_BUSY, -(long)reserved);
	return request;
}

/**
 * mach_data_request - Ask the pager for an absent page and its neighbours
 * @object: no lock held
 * @index: the mandatory page
 * @pages: a power of two: the window is aligned to it, and clipped to the
 *	object and to what is there already
 * @access: MACH_ACCESS_* wanted
 *
 * Return: as mach_data_request_prepare(), but sent.
 * Source: Mach's memory_object_data_request.
 */
struct mach_request *mach_data_request(struct mach_object *object,
				       pgoff_t index, unsigned int pages,
				       u32 access)
{
	struct mach_request *request;
	struct mach_ask ask = {
		.index = index,
		.access = access,
		.waited = true,
	};

	pgoff_t npages = mach_object_npages(object);

	if (index >= npages)
		return ERR_PTR(-EEXIST);
	pages = min(pages, object->pager->request_pages);
	ask.window = mach_run_window(index, pages, 0, npages);
	request = mach_data_request_prepare(object, &ask);
	if (!IS_ERR(request))
		mach_request_submit(request);
	return request;
}
EXPORT_SYMBOL_IF_KUNIT(mach_data_request);
