// SPDX-License-Identifier: GPL-2.0-only
/* Memory for requests: of four sizes, and what each object has for one. */
#include "request_memory.h"
#include "pool/kmem.h"
#include "pool/vm_page.h"
#include "room.h"

#include <linux/slab.h>

/* How long who has no memory waits for the object's own, which a pager holds. */
#define MACH_RESERVE_PATIENCE	msecs_to_jiffies(MACH_DEADLINE_DEFAULT)

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
	RB_CLEAR_NODE(&request->link);
	INIT_HLIST_NODE(&request->whole);
	INIT_LIST_HEAD(&request->port_link);
	INIT_LIST_HEAD(&request->due_link);
}

static struct mach_request *mach_request_set_up(struct mach_request *request,
						struct mach_object *object,
						u16 operation, unsigned int n)
{
	refcount_set(&request->ref, 1);
	mach_object_get(object);
	mach_user_add(object->user, MACH_USER_REQUESTS, 1);
	request->object = object;
	request->operation = operation;
	request->flags = 0;
	request->access = 0;
	request->first = 0;
	request->n = n;
	request->alive = n;
	request->offset = 0;
	request->length = 0;
	request->size = 0;
	request->mandatory = 0;
	request->waited = false;
	request->cookie = object->cookie;
	request->text = NULL;
	request->asking = NULL;
	request->error = 0;
	request->near = false;
	request->ended = false;
	request->nr_settled = 0;
	request->kept = 0;
	bitmap_zero(request->settled, MACH_CLUSTER_MAX_PAGES);
	bitmap_zero(request->cut, MACH_CLUSTER_MAX_PAGES);
	request->laundry = false;
	return request;
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
	return mach_request_set_up(request, object, operation, n);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_create);

/**
 * mach_request_create_reserved - Make a request of what the object has for one
 * @object: with a pager; not locked; gets a reference
 * @operation: MACH_OP_*
 * @n: pages, at most one
 *
 * Return: with one reference, or NULL while the memory is in use, or if the object has
 * never had a page.
 */
struct mach_request *mach_request_create_reserved(struct mach_object *object,
						  u16 operation,
						  unsigned int n)
{
	struct mach_request *request;

	mach_object_lock(object);
	request = object->reserve;
	WRITE_ONCE(object->reserve, NULL);
	mach_object_unlock(object);
	if (!request)
		return NULL;
	request->cache = NULL;
	return mach_request_set_up(request, object, operation, n);
}

/**
 * mach_request_await_reserve - Wait until an object's own memory may be back
 * @object: no lock held; the caller has no request of it
 *
 * Killable. Return: 0: look again; -EINTR; -ENOMEM, when its pager has kept it for
 * too long.
 */
int mach_request_await_reserve(struct mach_object *object)
{
	unsigned long started = jiffies;
	int err = 0;

	while (!err && !READ_ONCE(object->reserve) &&
	       !mach_object_is_dead(object)) {
		if (jiffies - started >= MACH_RESERVE_PATIENCE)
			return -ENOMEM;
		err = mach_room_wait(object, MACH_WAIT_KILLED);
	}
	return err;
}

/* Of an object that never had a page: it has no memory of its own, nor needs much. */
static struct mach_request *mach_request_lend(struct mach_object *object,
					      u16 operation)
{
	struct mach_request *request;

	if (READ_ONCE(object->provided))
		return NULL;
	request = mach_kmem_lend(mach_request_cache(0));
	request->cache = NULL;
	return mach_request_set_up(request, object, operation, 0);
}

/**
 * mach_request_create_surely - Make a request without pages, if need be wait for it
 * @object: with a pager; no lock held, and no request of it is the caller's
 * @operation: MACH_OP_*
 *
 * Return: with one reference; or -EIO when the object is dead, and as
 * mach_request_await_reserve().
 */
struct mach_request *mach_request_create_surely(struct mach_object *object,
						u16 operation)
{
	struct mach_request *request;
	int err = 0;

	while (!err) {
		request = mach_request_create(object, operation, 0) ?:
			  mach_request_create_reserved(object, operation, 0) ?:
			  mach_request_lend(object, operation);
		if (request)
			return request;
		err = mach_object_is_dead(object) ? -EIO :
		      mach_request_await_reserve(object);
	}
	return ERR_PTR(err);
}

/*
 * A data_return only holds its frames, but for those that the object lost to it. Another
 * one may hold the same frame: one that was refused, or is over, and is in a slot.
 */
static void mach_request_drop_returned(struct mach_request *request,
				       unsigned int i)
{
	struct page *page = request->frames[i].bv_page;

	put_page(page);
	if (test_bit(i, request->cut) &&
	    mach_page_free_named(page, request->object->user))
		WRITE_ONCE(request->object->aside, true);
}

/* A data_request owns the frames that are left over. */
static void mach_request_drop_frames(struct mach_request *request)
{
	unsigned int i;

	for (i = 0; i < request->n; i++) {
		struct page *page = request->frames[i].bv_page;

		if (!page)
			continue;
		if (mach_request_is_return(request))
			mach_request_drop_returned(request, i);
		else
			mach_page_free_named(page, request->object->user);
	}
}

/* They are free, or aside: who waits for room on the account looks again. */
static void mach_request_drop_kept(struct mach_request *request)
{
	mach_user_add(request->object->user, MACH_USER_HELD,
		      -(long)request->kept);
	mach_room_wake(request->object);
}

/* Who waits for it looks again; and what waits without a thread goes on. */
static void mach_request_give_reserve(struct mach_request *request)
{
	struct mach_object *object = request->object;

	mach_object_lock(object);
	WARN_ON_ONCE(object->reserve);
	WRITE_ONCE(object->reserve, request);
	mach_object_unlock(object);
	mach_room_wake(object);
	if (mach_object_has_unsent(object))
		mach_object_queue_launder(object);
}

void mach_request_put(struct mach_request *request)
{
	struct mach_object *object = request->object;

	if (!refcount_dec_and_test(&request->ref))
		return;
	mach_request_drop_frames(request);
	if (request->kept)
		mach_request_drop_kept(request);
	kfree(request->text);
	if (request->cache)
		mach_kmem_free(request->cache, request);
	else if (mach_kmem_lent(request))
		kfree(request);
	else
		mach_request_give_reserve(request);
	mach_user_add(object->user, MACH_USER_REQUESTS, -1);
	mach_object_put(object);
}
EXPORT_SYMBOL_IF_KUNIT(mach_request_put);

void mach_request_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mach_request_kinds); i++)
		mach_kmem_destroy(mach_request_kinds[i].cache);
}

int __init mach_request_init(void)
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
	mach_object_set_reserve(mach_request_cache(1));
	return 0;
}
