// SPDX-License-Identifier: GPL-2.0-only
/* Moving pages between a request and a file of its pager. */
#include "file_io.h"
#include "base/compat.h"

#include <linux/file.h>
#include <linux/module.h>
#include <linux/uio.h>

/* A file to move pages from or to, with the calling pager's rights. */
static struct file *mach_fill_file(int fd, fmode_t mode)
{
	const fmode_t needed = mode | FMODE_LSEEK | FMODE_PREAD;
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op->owner == THIS_MODULE) {
		fput(file);
		return ERR_PTR(-ELOOP);
	}
	/* what has no positions (a pipe, say) could block for ever */
	if ((file->f_mode & needed) != needed ||
	    S_ISDIR(file_inode(file)->i_mode)) {
		fput(file);
		return ERR_PTR(-EBADF);
	}
	return file;
}

int mach_fill_transfer(const struct mach_fill *fill,
		       const struct mach_part *part, bool write)
{
	loff_t position = part->source;
	struct iov_iter iter;
	struct file *file;
	ssize_t done = 0;

	file = mach_fill_file(part->fd, write ? FMODE_CAN_WRITE : FMODE_CAN_READ);
	if (IS_ERR(file))
		return PTR_ERR(file);
	iov_iter_bvec(&iter, write ? ITER_SOURCE : ITER_DEST, fill->frames,
		      fill->n, fill->length);
	while (iov_iter_count(&iter)) {
		done = write ? mach_compat_iter_write(file, &iter, &position) :
			       vfs_iter_read(file, &iter, &position, 0);
		if (done <= 0)
			break;
	}
	fput(file);
	/* for io_uring these mean that the command goes on: it does not */
	if (done == -EAGAIN || done == -EIOCBQUEUED)
		return -EIO;
	if (done == -ERESTARTSYS)
		return -EINTR;
	if (done < 0)
		return done;
	return iov_iter_count(&iter) ? -ENODATA : 0;
}
