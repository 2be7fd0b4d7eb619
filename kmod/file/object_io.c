// SPDX-License-Identifier: GPL-2.0-only
/* Calls that read, write and sync an object as a file. */
#include "object_io.h"
#include "fault/fault_page.h"
#include "object/vm_resident.h"
#include "request/data_return.h"

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
	while (iov_iter_count(to) && iocb->ki_pos < object->size) {
		unsigned int in_page = offset_in_page(iocb->ki_pos);
		size_t bytes = min3((u64)iov_iter_count(to),
				    (u64)PAGE_SIZE - in_page,
				    object->size - iocb->ki_pos);
		struct page *page;
		size_t copied;

		page = mach_fault_page(object, iocb->ki_pos >> PAGE_SHIFT,
				       MACH_ACCESS_READ, manner);
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
				      struct iov_iter *from,
				      enum mach_manner manner)
{
	pgoff_t index = at >> PAGE_SHIFT;
	unsigned int in_page = offset_in_page(at);
	size_t bytes = min3((u64)iov_iter_count(from),
			    (u64)PAGE_SIZE - in_page, object->size - at);
	struct page *page;

	page = mach_fault_page(object, index,
			       MACH_ACCESS_READ | MACH_ACCESS_WRITE, manner);
	if (IS_ERR(page))
		return PTR_ERR(page);
	/* the page is locked: a fault on the source must not come to us */
	bytes = copy_page_from_iter_atomic(page, in_page, bytes, from);
	if (bytes)
		mach_object_mark_dirty(object, index);
	unlock_page(page);
	put_page(page);
	return bytes;
}

ssize_t mach_object_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct mach_object *object = iocb->ki_filp->private_data;
	enum mach_manner manner = mach_io_manner(iocb);
	ssize_t done = 0, bytes;

	if (iocb->ki_flags & IOCB_APPEND)
		iocb->ki_pos = object->size;
	if (!iov_iter_count(from))
		return 0;
	/* a pager is waited for in the end */
	if (manner == MACH_WAIT_NEVER && iocb_is_dsync(iocb))
		return -EAGAIN;
	if (iocb->ki_pos >= object->size)
		return -ENOSPC;
	while (iov_iter_count(from) && iocb->ki_pos < object->size) {
		if (fault_in_iov_iter_readable(from, PAGE_SIZE) &&
		    fault_in_iov_iter_readable(from, 1))
			return done ?: -EFAULT;
		bytes = mach_object_write_page(object, iocb->ki_pos, from,
					       manner);
		if (bytes < 0)
			return done ?: mach_io_error(bytes, manner);
		iocb->ki_pos += bytes;
		done += bytes;
		if (fatal_signal_pending(current))
			return done ?: -EINTR;
		cond_resched();
	}
	if (iocb_is_dsync(iocb)) {
		int err = vfs_fsync_range(iocb->ki_filp, iocb->ki_pos - done,
					  iocb->ki_pos - 1, 0);

		return err ?: done;
	}
	return done;
}

int mach_object_fsync(struct file *file, loff_t start, loff_t end,
		      int datasync)
{
	struct mach_object *object = file->private_data;
	pgoff_t last = min_t(u64, (u64)end >> PAGE_SHIFT, mach_object_npages(object) - 1);
	int err, lost;

	if (start >> PAGE_SHIFT > last)
		return 0;
	if (mach_pager_is_stuck(object->pager, object->id))
		return -EDEADLK;
	err = mach_object_sync(object, start >> PAGE_SHIFT, last + 1);
	/* each descriptor learns once of data that was lost since it last asked */
	lost = file_check_and_advance_wb_err(file);
	return lost ?: err;
}
