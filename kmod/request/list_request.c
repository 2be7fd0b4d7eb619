// SPDX-License-Identifier: GPL-2.0-only
/* A listed directory's pager is asked for its names: once for all who wait. */
#include "list_request.h"
#include "request_memory.h"

/* The LIST that is under way from now on, or was: with a reference */
static struct mach_request *mach_list_begin(struct mach_request *request)
{
	struct mach_object *object = request->object;
	struct mach_request *first;

	mach_object_lock(object);
	first = object->resizing ?: request;
	object->resizing = first;
	mach_request_get(first);
	mach_object_unlock(object);
	return first;
}

/**
 * mach_list_ask - Have an object's pager hand in the names of a directory
 * @object: of a listed directory; no lock of the module held
 *
 * Waits killably; when killed, the request goes on for others. Return: 0: it says that
 * they are there; what it says; -EDEADLK when the caller is a thread of the pager that
 * works on a request; -EIO; -EINTR; -ENOMEM.
 */
int mach_list_ask(struct mach_object *object)
{
	struct mach_request *request, *first;
	int err;

	if (mach_pager_is_stuck(object->pager, object->id))
		return -EDEADLK;
	request = mach_request_create_surely(object, MACH_OP_LIST);
	if (IS_ERR(request))
		return PTR_ERR(request);
	/* unless the pager says otherwise */
	request->error = -EIO;
	first = mach_list_begin(request);
	if (first == request)
		mach_request_submit(request);
	mach_request_put(request);
	err = mach_request_wait_end(first) ?: READ_ONCE(first->error);
	mach_request_put(first);
	return err;
}

/**
 * mach_list_answer - What the pager says to a LIST
 * @request: it
 * @error: 0: the names are there; -errno
 */
void mach_list_answer(struct mach_request *request, int error)
{
	mach_object_lock(request->object);
	WRITE_ONCE(request->error, error);
	mach_object_unlock(request->object);
}
