// SPDX-License-Identifier: GPL-2.0-only
/* Moving pages between a request and a file of its pager. */
#include "file_io.h"
#include "base/compat.h"

#include <linux/file.h>
#include <linux/module.h>
#include <linux/uio.h>

/* May pages be moved from or to it, with the calling pager's rights? */
static int mach_fill_check(const struct file *file, fmode_t mode)
{
	const fmode_t needed = mode | FMODE_LSEEK | FMODE_PREAD;

	if (file->f_op->owner == THIS_MODULE)
		return -ELOOP;
	/* what has no positions (a pipe, say) could block for ever */
	if ((file->f_mode & needed) != needed ||
	    S_ISDIR(file_inode(file)->i_mode))
		return -EBADF;
	return 0;
}

/* All of the iterator, or as much as there is. Return: 0 or -errno. */
static int mach_fill_move(struct file *file, struct iov_iter *iter,
			  loff_t position, bool write)
{
	ssize_t done = 0;
	struct kiocb io;

	init_sync_kiocb(&io, file);
	io.ki_pos = position;
	while (iov_iter_count(iter)) {
		done = write ? mach_compat_iter_write(file, iter, &io.ki_pos) :
			       vfs_iocb_iter_read(file, &io, iter);
		if (done <= 0)
			break;
	}
	return min_t(ssize_t, done, 0);
}

/* What a file says to Linux as what it may say to a pager */
static int mach_fill_error(int err)
{
	switch (err) {
	/* nobody restarts the call for a signal */
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		return -EINTR;
	/* for io_uring these mean that the command goes on: it does not */
	case -EAGAIN:
	case -EIOCBQUEUED:
		return -EIO;
	}
	return err;
}

int mach_fill_transfer(const struct mach_fill *fill,
		       const struct mach_part *part, bool write)
{
	struct file *file = fget(part->fd);
	struct iov_iter iter;
	int err;

	if (!file)
		return -EBADF;
	iov_iter_bvec(&iter, write ? ITER_SOURCE : ITER_DEST, fill->frames,
		      fill->n, fill->length);
	err = mach_fill_check(file, write ? FMODE_CAN_WRITE : FMODE_CAN_READ);
	if (!err)
		err = mach_fill_move(file, &iter, part->source, write);
	fput(file);
	if (err)
		return mach_fill_error(err);
	return iov_iter_count(&iter) ? -ENODATA : 0;
}
