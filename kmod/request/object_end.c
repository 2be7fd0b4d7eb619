// SPDX-License-Identifier: GPL-2.0-only
/* The end of an object: its last right went, or its pager is gone. */
#include "object_end.h"
#include "data_return.h"
#include "object/vm_drop.h"

#include <linux/pagemap.h>

static struct mach_request *mach_object_some_request(struct mach_object *object)
{
	struct mach_request *request;

	mach_object_lock(object);
	request = hlist_entry_safe(object->requests.first, struct mach_request,
				   link);
	if (request)
		mach_request_get(request);
	mach_object_unlock(object);
	return request;
}

/**
 * mach_object_kill - End an object whose pager is gone or destroys it
 * @object: no lock held
 *
 * Wakes who waits, revokes every mapping, drops every page. Never fails and
 * never waits for a pager; may be called again.
 */
void mach_object_kill(struct mach_object *object)
{
	struct mach_request *request;
	u64 lost;

	mach_object_set_dead(object);
	while ((request = mach_object_some_request(object))) {
		mach_request_end(request, -EIO);
		mach_request_put(request);
	}
	mach_object_lock(object);
	lost = object->counts.dirty;
	mach_object_unlock(object);
	if (lost)
		mapping_set_error(object->inode->i_mapping, -EIO);
	mach_object_flush(object, 0, object->npages, true);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_kill);

static void mach_object_say_goodbye(struct mach_object *object)
{
	struct mach_request *request;

	mach_data_return_range(object, 0, object->npages, 0);
	request = mach_request_create(object, MACH_OP_TERMINATE, 0);
	if (!request)
		return;
	mach_request_submit(request);
	mach_request_wait_end(request);
	mach_request_put(request);
}

/* The last right went: save what is dirty, tell the pager, let go. */
void mach_object_terminate(struct work_struct *work)
{
	struct mach_object *object =
		container_of(work, struct mach_object, terminate);

	if (!mach_object_is_dead(object))
		mach_object_say_goodbye(object);
	object->pager->ops->forget(object->pager, object);
	mach_object_kill(object);
	mach_object_put(object);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_terminate);
