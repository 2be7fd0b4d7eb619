// SPDX-License-Identifier: GPL-2.0-only
/* Lock requests: clean and flush, which go on without their caller. */
#include "lock_request.h"
#include "object/vm_drop.h"
#include "pager_port.h"
#include "pool/kmem.h"
#include "request/data_return.h"
#include "request/request_memory.h"

#include <linux/slab.h>

/**
 * struct mach_lock_work - A lock request that goes on without its caller
 * @work: in the pager's queue
 * @object: referenced
 * @first: first page index
 * @end: the page after the last; perhaps that is @first
 * @flags: MACH_LOCK_*
 * @cookie: of the message that is sent afterwards, with MACH_LOCK_REPLY
 * @completed: that message, or NULL, if there is none or was no memory for it yet
 */
struct mach_lock_work {
	struct work_struct work;
	struct mach_object *object;
	pgoff_t first;
	pgoff_t end;
	u32 flags;
	u64 cookie;
	struct mach_request *completed;
};

static struct mach_kmem *mach_lock_cache __ro_after_init;

/* One more under way, unless its pager or user has left too many unanswered */
static int mach_lock_count(struct mach_object *object)
{
	atomic_t *locks = &mach_port_of(object->pager)->locks;
	int err = -EAGAIN;

	if (atomic_inc_return(locks) <= MACH_LOCKS_MAX)
		err = mach_user_check(object->user, MACH_USER_REQUESTS, 1) ?:
		      mach_user_charge(object->user, MACH_USER_LOCKS, 1);
	if (err)
		atomic_dec(locks);
	return err;
}

static void mach_lock_uncount(struct mach_object *object)
{
	mach_user_add(object->user, MACH_USER_LOCKS, -1);
	atomic_dec(&mach_port_of(object->pager)->locks);
}

static void mach_lock_free(struct mach_lock_work *lock)
{
	mach_lock_uncount(lock->object);
	mach_object_put(lock->object);
	if (mach_kmem_lent(lock))
		kfree(lock);
	else
		mach_kmem_free(mach_lock_cache, lock);
}

/* Here it may be waited for the object's own memory. */
static void mach_lock_complete(struct mach_lock_work *lock)
{
	struct mach_request *completed = lock->completed;

	if (!completed)
		completed = mach_request_create_surely(lock->object,
						       MACH_OP_LOCK_COMPLETED);
	if (IS_ERR(completed)) {
		pr_warn_ratelimited("machvm: pager %d (%s) is not told of a lock request on object %u: error %ld\n",
				    lock->object->pager->pid,
				    lock->object->pager->comm, lock->object->id,
				    PTR_ERR(completed));
		return;
	}
	completed->cookie = lock->cookie;
	mach_request_submit(completed);
	mach_request_put(completed);
}

static void mach_lock_run(struct work_struct *work)
{
	struct mach_lock_work *lock =
		container_of(work, struct mach_lock_work, work);
	bool pages = lock->first < lock->end;
	bool clean = lock->flags & MACH_LOCK_CLEAN;

	if (pages && clean)
		mach_data_return_range(lock->object, lock->first, lock->end, 0);
	if (pages && lock->flags & MACH_LOCK_FLUSH)
		mach_object_flush(lock->object, lock->first, lock->end, !clean);
	if (lock->flags & MACH_LOCK_REPLY)
		mach_lock_complete(lock);
	mach_lock_free(lock);
}

/* The pages that a range touches, as far as the object has them */
static void mach_lock_range(struct mach_lock_work *lock, u64 offset, u64 length)
{
	pgoff_t npages = mach_object_npages(lock->object);
	u64 last = offset + length - 1;

	if (!length || last < offset)
		last = U64_MAX;
	lock->first = min_t(pgoff_t, offset >> PAGE_SHIFT, npages);
	lock->end = min_t(pgoff_t, (last >> PAGE_SHIFT) + 1, npages);
}

/* It makes pages clean or free: so it is not refused where there are none. */
static void mach_lock_start(struct mach_object *object,
			    const struct mach_pager_lock *args)
{
	struct mach_lock_work *lock = mach_kmem_alloc(mach_lock_cache,
						      GFP_KERNEL);

	if (!lock)
		lock = mach_kmem_lend(mach_lock_cache);
	lock->completed = NULL;
	if (args->flags & MACH_LOCK_REPLY)
		lock->completed = mach_request_create(object,
						      MACH_OP_LOCK_COMPLETED,
						      0);
	lock->cookie = args->cookie;
	mach_object_get(object);
	lock->object = object;
	mach_lock_range(lock, args->offset, args->length);
	lock->flags = args->flags;
	INIT_WORK(&lock->work, mach_lock_run);
	object->pager->ops->queue(object->pager, &lock->work);
}

int mach_pager_lock_request(struct mach_call_context *context,
			    union mach_call_args *args)
{
	const u32 known = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH | MACH_LOCK_REPLY;
	struct mach_pager_lock *lock = &args->lock;
	struct mach_object *object;
	int err;

	if (lock->flags & ~known || !(lock->flags & (known & ~MACH_LOCK_REPLY)) ||
	    lock->reserved)
		return -EINVAL;
	object = mach_port_object(context->self, lock->object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = object->directory ? -EINVAL : mach_lock_count(object);
	if (!err)
		mach_lock_start(object, lock);
	mach_object_put(object);
	return err;
}

int mach_lock_init(void)
{
	mach_lock_cache = mach_kmem_create("lock request",
					   sizeof(struct mach_lock_work),
					   __alignof__(struct mach_lock_work),
					   NULL);
	return mach_lock_cache ? 0 : -ENOMEM;
}

/* The pagers, in whose queues lock requests run, are gone. */
void mach_lock_exit(void)
{
	mach_kmem_destroy(mach_lock_cache);
}
