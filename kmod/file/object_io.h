/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that read, write and sync an object as a file. */
#ifndef MACH_OBJECT_IO_H
#define MACH_OBJECT_IO_H

#include <linux/fs.h>

ssize_t mach_object_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t mach_object_write_iter(struct kiocb *iocb, struct iov_iter *from);
long mach_object_fallocate(struct file *file, int mode, loff_t offset,
			   loff_t length);
int mach_object_fsync(struct file *file, loff_t start, loff_t end,
		      int datasync);

#endif /* MACH_OBJECT_IO_H */
