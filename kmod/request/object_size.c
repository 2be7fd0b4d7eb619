// SPDX-License-Identifier: GPL-2.0-only
/* The size of an object: asked for by clients, changed when its pager says so. */
#include "object_size.h"
#include "base/compat.h"
#include "data_return.h"
#include "object/page_tree.h"
#include "object/vm_drop.h"
#include "request_memory.h"

#include <linux/hash.h>

/*
 * Who changes the size of an object has one of these: from the new size until all
 * pages behind it have gone, so that none of them is there when it grows again.
 */
#define MACH_SIZE_LOCK_BITS	5
static struct mutex mach_size_locks[1 << MACH_SIZE_LOCK_BITS];

static struct mutex *mach_size_lock(const struct mach_object *object)
{
	return &mach_size_locks[hash_64(object->serial, MACH_SIZE_LOCK_BITS)];
}

/* The object's, and what Linux says of the file */
static void mach_size_write(struct mach_object *object, u64 size)
{
	struct inode *inode = object->inode;

	lockdep_assert_held(&object->lock);
	WRITE_ONCE(object->size, size);
	mach_inode_set_size(inode, size);
	mach_compat_touch(inode);
}

/* What lies behind the old end reads as zero, before anybody can look. */
static void mach_size_grow(struct mach_object *object, u64 size, bool told)
{
	const u64 old = object->size;

	lockdep_assert_held(mach_size_lock(object));
	mach_residence_change(object);
	if (told && offset_in_page(old)) {
		/* the pager may have more of the last page than we do */
		mach_object_lock(object);
		mach_requests_cut(object, old);
		mach_object_unlock(object);
		mach_object_forget_part(object, old >> PAGE_SHIFT);
	}
	mach_object_zero_rest(object, old);
	mach_object_lock(object);
	mach_size_write(object, size);
	mach_object_unlock(object);
	mach_residence_changed(object);
}

static void mach_size_cut(struct mach_object *object, u64 size)
{
	lockdep_assert_held(mach_size_lock(object));
	mach_residence_change(object);
	mach_object_lock(object);
	mach_size_write(object, size);
	mach_requests_cut(object, size);
	mach_object_unlock(object);
	mach_object_zero_rest(object, size);
	mach_residence_changed(object);
	mach_object_cut(object, DIV_ROUND_UP_ULL(size, PAGE_SIZE));
}

static void mach_size_change(struct mach_object *object, u64 size, bool told)
{
	struct mutex *lock = mach_size_lock(object);

	mutex_lock(lock);
	if (size < object->size)
		mach_size_cut(object, size);
	else if (size > object->size)
		mach_size_grow(object, size, told);
	mutex_unlock(lock);
}

/* It is the one under way from now on, or the one that is: with a reference. */
static struct mach_request *mach_size_begin(struct mach_request *request)
{
	struct mach_object *object = request->object;
	struct mach_request *other;

	mach_object_lock(object);
	other = object->resizing;
	if (other)
		mach_request_get(other);
	else
		object->resizing = request;
	mach_object_unlock(object);
	return other;
}

/* One after the other. Return: 0 or -EINTR, when it never began. */
static int mach_size_take_turn(struct mach_request *request)
{
	struct mach_request *other;
	int err = 0;

	while (!err && (other = mach_size_begin(request))) {
		err = mach_request_wait_end(other);
		mach_request_put(other);
	}
	return err;
}

/*
 * From now on no page that may be cut off is sent. Who has found such pages before they
 * were barred links his return before he lets go of residence. Return: 0 or -EINTR.
 */
static int mach_size_await_returns(struct mach_request *request)
{
	struct mach_object *object = request->object;

	mach_residence_change(object);
	mach_residence_changed(object);
	return mach_data_return_wait(object, request->size >> PAGE_SHIFT,
				     MACH_TREE_INDEX_MAX);
}

/* No page that may be cut off is with the pager when it is told to cut. */
static int mach_size_send(struct mach_request *request)
{
	int err = 0;

	if (request->size < mach_object_size(request->object))
		err = mach_size_await_returns(request);
	if (err)
		mach_request_end(request, err);
	else
		mach_request_submit(request);
	return err;
}

/**
 * mach_size_ask - Have an object's pager change its size
 * @object: resizable; no lock held
 * @wish: what is wanted
 *
 * Waits killably; when killed after it was sent, the request goes on. Return: 0: it
 * has that size, or had; what the pager says; -EDEADLK when the caller is a thread of
 * the pager that works on a request; -EIO; -EINTR; -ENOMEM.
 */
int mach_size_ask(struct mach_object *object, const struct mach_size_wish *wish)
{
	struct mach_request *request;
	int err;

	if (mach_pager_is_stuck(object->pager, object->id))
		return -EDEADLK;
	request = mach_request_create_surely(object, MACH_OP_SET_SIZE);
	if (IS_ERR(request))
		return PTR_ERR(request);
	request->size = wish->size;
	request->offset = wish->offset;
	request->length = wish->length;
	request->flags = wish->flags;
	/* unless the pager says otherwise */
	request->error = -EIO;
	err = mach_size_take_turn(request) ?: mach_size_send(request) ?:
	      mach_request_wait_end(request) ?: READ_ONCE(request->error);
	mach_request_put(request);
	return err;
}

/**
 * mach_size_answer - What the pager says to a SET_SIZE
 * @request: it
 * @error: 0: the size is so now; -errno
 */
void mach_size_answer(struct mach_request *request, int error)
{
	struct mach_object *object = request->object;

	if (!error)
		mach_size_change(object, request->size, false);
	mach_object_lock(object);
	WRITE_ONCE(request->error, error);
	mach_object_unlock(object);
}

/**
 * mach_size_tell - The pager has changed the size by itself
 * @object: no lock held
 * @size: bytes, at most MACH_OBJECT_SIZE_MAX
 *
 * Return: 0, or -EPERM if it is not resizable.
 */
int mach_size_tell(struct mach_object *object, u64 size)
{
	if (!object->resizable)
		return -EPERM;
	mach_size_change(object, size, true);
	return 0;
}

void __init mach_size_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mach_size_locks); i++)
		mutex_init(&mach_size_locks[i]);
}
