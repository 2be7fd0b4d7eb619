// SPDX-License-Identifier: GPL-2.0-only
/* Calls that read, write and sync an object as a file. */
#include "object_io.h"
#include "base/compat.h"
#include "fault/fault_page.h"
#include "object/vm_resident.h"
#include "request/data_return.h"
#include "request/object_size.h"

#include <linux/falloc.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/uio.h>

/* A program's call is begun again after a signal; a worker would make it EINTR. */
static enum mach_manner mach_io_manner(struct kiocb *iocb)
{
	if (iocb->ki_flags & IOCB_NOWAIT)
		return MACH_WAIT_NEVER;
	if (!is_sync_kiocb(iocb) || current->flags & (PF_KTHREAD | PF_IO_WORKER))
		return MACH_WAIT_KILLED;
	return MACH_WAIT_SIGNAL;
}

/* What a call returns that a page did not come for */
static ssize_t mach_io_error(long err, enum mach_manner manner)
{
	return err == -EINTR && manner == MACH_WAIT_SIGNAL ? -ERESTARTNOINTR :
							     err;
}

/* Bytes from a position on in its page; 0 at the end of the object or of @iter */
static size_t mach_io_bytes(const struct mach_object *object, loff_t at,
			    const struct iov_iter *iter)
{
	u64 size = mach_object_size(object);

	return min3((u64)iov_iter_count(iter),
		    (u64)PAGE_SIZE - offset_in_page(at),
		    size - min_t(u64, size, at));
}

/*
 * The bytes, not the page: a pipe would be lent the frame itself, which is not
 * Linux's page cache, and whoever reads the pipe might keep it.
 */
static size_t mach_object_read_page(struct page *page, unsigned int in_page,
				    size_t bytes, struct iov_iter *to)
{
	const char *address = kmap_local_page(page);
	size_t copied = copy_to_iter(address + in_page, bytes, to);

	kunmap_local(address);
	return copied;
}

ssize_t mach_object_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct mach_object *object = iocb->ki_filp->private_data;
	enum mach_manner manner = mach_io_manner(iocb);
	ssize_t done = 0;

	file_accessed(iocb->ki_filp);
	while (iov_iter_count(to)) {
		size_t bytes = mach_io_bytes(object, iocb->ki_pos, to);
		unsigned int in_page = offset_in_page(iocb->ki_pos);
		struct page *page;
		size_t copied;

		if (!bytes)
			break;
		page = mach_fault_page(object, iocb->ki_pos >> PAGE_SHIFT,
				       MACH_ACCESS_READ, manner);
		/* cut off meanwhile */
		if (page == ERR_PTR(-MACH_EBEYOND))
			break;
		if (IS_ERR(page))
			return done ?: mach_io_error(PTR_ERR(page), manner);
		copied = mach_object_read_page(page, in_page, bytes, to);
		put_page(page);
		iocb->ki_pos += copied;
		done += copied;
		if (copied < bytes)
			return done ?: -EFAULT;
		cond_resched();
	}
	return done;
}

/* One page's share of a write; 0 when the source has to be faulted in first. */
static ssize_t mach_object_write_page(struct mach_object *object, loff_t at,
				      size_t bytes, struct iov_iter *from,
				      enum mach_manner manner)
{
	pgoff_t index = at >> PAGE_SHIFT;
	struct page *page;

	page = mach_fault_page(object, index,
			       MACH_ACCESS_READ | MACH_ACCESS_WRITE, manner);
	if (IS_ERR(page))
		return PTR_ERR(page);
	/* the page is locked: a fault on the source must not come to us */
	bytes = copy_page_from_iter_atomic(page, offset_in_page(at), bytes,
					   from);
	if (bytes)
		mach_object_mark_dirty(object, index);
	unlock_page(page);
	put_page(page);
	return bytes;
}

/* Up to the end of the object. Return: bytes, or if there are none an error. */
static ssize_t mach_object_write_pages(struct kiocb *iocb,
				       struct iov_iter *from,
				       enum mach_manner manner)
{
	struct mach_object *object = iocb->ki_filp->private_data;
	ssize_t done = 0, bytes;

	while ((bytes = mach_io_bytes(object, iocb->ki_pos, from))) {
		if (fault_in_iov_iter_readable(from, PAGE_SIZE) &&
		    fault_in_iov_iter_readable(from, 1))
			return done ?: -EFAULT;
		bytes = mach_object_write_page(object, iocb->ki_pos, bytes,
					       from, manner);
		/* cut off meanwhile */
		if (bytes == -MACH_EBEYOND)
			bytes = -ENOSPC;
		if (bytes < 0)
			return done ?: mach_io_error(bytes, manner);
		iocb->ki_pos += bytes;
		done += bytes;
		if (fatal_signal_pending(current))
			return done ?: -EINTR;
		cond_resched();
	}
	return done;
}

static ssize_t mach_object_write_fixed(struct kiocb *iocb,
				       struct iov_iter *from,
				       enum mach_manner manner)
{
	struct mach_object *object = iocb->ki_filp->private_data;

	if (iocb->ki_flags & IOCB_APPEND)
		iocb->ki_pos = mach_object_size(object);
	if (iocb->ki_pos >= mach_object_size(object))
		return -ENOSPC;
	return mach_object_write_pages(iocb, from, manner);
}

/* Where it begins, and how far it may go; Linux does not ask so without waiting. */
static int mach_object_write_check(struct kiocb *iocb, struct iov_iter *from,
				   enum mach_manner manner)
{
	struct mach_object *object = iocb->ki_filp->private_data;
	ssize_t bytes;

	if (manner != MACH_WAIT_NEVER) {
		bytes = generic_write_checks(iocb, from);
		return bytes < 0 ? bytes : 0;
	}
	if (iocb->ki_flags & IOCB_APPEND)
		iocb->ki_pos = mach_object_size(object);
	return iocb->ki_pos + iov_iter_count(from) > mach_object_size(object) ?
	       -EAGAIN : 0;
}

/* Have the object end at @size, or further away. */
static int mach_object_write_grow(struct mach_object *object, u64 size,
				  struct iov_iter *from)
{
	const struct mach_size_wish wish = { .size = size };

	if (size <= mach_object_size(object))
		return 0;
	if (size > MACH_OBJECT_SIZE_MAX)
		return -EFBIG;
	/* nothing grows for what cannot be read */
	if (fault_in_iov_iter_readable(from, 1))
		return -EFAULT;
	return mach_size_ask(object, &wish);
}

/* What was not written after all is not there, if nobody has written behind it. */
static void mach_object_write_shrink(struct mach_object *object, u64 size,
				     u64 grown)
{
	const struct mach_size_wish wish = { .size = size };

	if (grown > size && mach_object_size(object) == grown &&
	    !fatal_signal_pending(current))
		mach_size_ask(object, &wish);
}

/* With the inode locked: place and size of an append are one. */
static ssize_t mach_object_write_locked(struct kiocb *iocb,
					struct iov_iter *from,
					enum mach_manner manner)
{
	struct mach_object *object = iocb->ki_filp->private_data;
	u64 old, end;
	ssize_t done;
	int err;

	lockdep_assert_held_write(&file_inode(iocb->ki_filp)->i_rwsem);
	err = mach_object_write_check(iocb, from, manner);
	if (err || !iov_iter_count(from))
		return err;
	old = mach_object_size(object);
	end = iocb->ki_pos + iov_iter_count(from);
	err = mach_object_write_grow(object, end, from);
	if (err)
		return mach_io_error(err, manner);
	done = mach_object_write_pages(iocb, from, manner);
	if (end > old)
		mach_object_write_shrink(object,
					 done > 0 ? max_t(u64, old,
							  iocb->ki_pos) : old,
					 end);
	return done;
}

static ssize_t mach_object_write_resizable(struct kiocb *iocb,
					   struct iov_iter *from,
					   enum mach_manner manner)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done;

	if (manner == MACH_WAIT_NEVER) {
		if (!inode_trylock(inode))
			return -EAGAIN;
	} else if (down_write_killable(&inode->i_rwsem)) {
		return -EINTR;
	}
	done = mach_object_write_locked(iocb, from, manner);
	inode_unlock(inode);
	return done;
}

ssize_t mach_object_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct mach_object *object = iocb->ki_filp->private_data;
	enum mach_manner manner = mach_io_manner(iocb);
	ssize_t done;
	int err = 0;

	if (!iov_iter_count(from))
		return 0;
	/* a pager is waited for in the end */
	if (manner == MACH_WAIT_NEVER && iocb_is_dsync(iocb))
		return -EAGAIN;
	done = object->resizable ?
	       mach_object_write_resizable(iocb, from, manner) :
	       mach_object_write_fixed(iocb, from, manner);
	if (done > 0 && iocb_is_dsync(iocb))
		err = vfs_fsync_range(iocb->ki_filp, iocb->ki_pos - done,
				      iocb->ki_pos - 1, 0);
	return err ?: done;
}

/* Room for a range, and what the object is to grow for it */
static int mach_object_allocate(struct inode *inode, struct mach_object *object,
				struct mach_size_wish *wish, int mode)
{
	u64 end = wish->offset + wish->length;
	int err;

	lockdep_assert_held(&inode->i_rwsem);
	wish->size = mach_object_size(object);
	if (!(mode & FALLOC_FL_KEEP_SIZE) && end > wish->size) {
		err = inode_newsize_ok(inode, end);
		if (err)
			return err;
		wish->size = end;
	}
	return mach_size_ask(object, wish);
}

long mach_object_fallocate(struct file *file, int mode, loff_t offset,
			   loff_t length)
{
	struct mach_object *object = file->private_data;
	struct inode *inode = file_inode(file);
	struct mach_size_wish wish = {
		.offset = offset,
		.length = length,
		.flags = MACH_MSG_ALLOCATE,
	};
	int err;

	if (!object->resizable || mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	if (wish.offset + wish.length > MACH_OBJECT_SIZE_MAX)
		return -EFBIG;
	if (down_write_killable(&inode->i_rwsem))
		return -EINTR;
	err = mach_object_allocate(inode, object, &wish, mode);
	if (!err)
		mach_compat_touch(inode);
	inode_unlock(inode);
	return err;
}

int mach_object_fsync(struct file *file, loff_t start, loff_t end,
		      int datasync)
{
	struct mach_object *object = file->private_data;
	pgoff_t first = (u64)start >> PAGE_SHIFT;
	pgoff_t last = min_t(u64, ((u64)end >> PAGE_SHIFT) + 1,
			     mach_object_npages(object));
	int err, lost;

	/* an object that has grown or was cut to nothing has a size to keep */
	if (first >= last && !object->resizable)
		return 0;
	if (mach_pager_is_stuck(object->pager, object->id))
		return -EDEADLK;
	err = mach_object_sync(object, first, max(first, last));
	/* each descriptor learns once of data that was lost since it last asked */
	lost = file_check_and_advance_wb_err(file);
	return lost ?: err;
}
