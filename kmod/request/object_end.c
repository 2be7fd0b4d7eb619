// SPDX-License-Identifier: GPL-2.0-only
/* The end of an object: its last right went, or its pager is gone. */
#include "object_end.h"
#include "data_return.h"
#include "object/vm_drop.h"
#include "request_memory.h"

#include <linux/pagemap.h>

/* A pin may write to a page yet: how long it is waited for, first and longest. */
#define MACH_PIN_FIRST	(HZ / 50)
#define MACH_PIN_LAST	(HZ / 2)

/* Nobody can take what is dirty any more: say so, once. */
static void mach_object_lose(struct mach_object *object)
{
	struct mach_pager *pager = object->pager;
	u64 lost = 0;

	mach_object_lock(object);
	if (!object->lost) {
		lost = object->counts.dirty;
		object->lost = lost;
		mach_object_count(object, errors, lost);
	}
	mach_object_unlock(object);
	if (!lost)
		return;
	mapping_set_error(object->inode->i_mapping, -EIO);
	pr_warn_ratelimited("machvm: %llu modified pages of object %u of pager %d (%s) are lost\n",
			    lost, object->id, pager->pid, pager->comm);
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

	mach_object_set_dead(object);
	while ((request = mach_request_any(object))) {
		mach_request_end(request, -EIO);
		mach_request_put(request);
	}
	mach_object_lose(object);
	mach_object_flush(object, 0, MACH_TREE_INDEX_MAX, true);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_kill);

/* Is something still dirty that a pager might take, for none has refused it? */
static bool mach_object_worth_saving(struct mach_object *object, u64 errors)
{
	bool worth;

	mach_object_lock(object);
	worth = !object->dead && object->counts.dirty &&
		object->counts.errors == errors;
	mach_object_unlock(object);
	return worth;
}

/* Give all back. What is pinned goes along, and again when the pin is gone. */
static void mach_object_save(struct mach_object *object)
{
	long step = MACH_PIN_FIRST;
	u64 errors;

	/* a number that was right a moment ago will do */
	errors = data_race(object->counts.errors);
	mach_data_return_range(object, 0, mach_object_npages(object), 0);
	while (mach_object_worth_saving(object, errors) &&
	       step <= MACH_PIN_LAST) {
		schedule_timeout_uninterruptible(step);
		step *= 2;
		mach_data_return_range(object, 0, mach_object_npages(object), 0);
	}
}

static void mach_object_say_goodbye(struct mach_object *object)
{
	struct mach_request *request;

	mach_object_save(object);
	request = mach_request_create_surely(object, MACH_OP_TERMINATE);
	if (IS_ERR(request)) {
		if (request == ERR_PTR(-ENOMEM))
			pr_warn_ratelimited("machvm: pager %d (%s) is not told of the end of object %u: no memory\n",
					    object->pager->pid,
					    object->pager->comm, object->id);
		return;
	}
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
