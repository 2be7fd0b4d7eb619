// SPDX-License-Identifier: GPL-2.0-only
/* What was written to an object, sent home or forgotten because somebody asks. */
#include "object_sync.h"
#include "object/vm_drop.h"
#include "request/data_return.h"

#include <linux/errseq.h>
#include <linux/mach_task.h>
#include <linux/pagemap.h>

/**
 * mach_object_msync - Send what was written, or forget what is there
 * @object: with a pager
 * @first: first page index
 * @end: the page after the last, perhaps @first
 * @flags: MACH_SYNC_ASYNCHRONOUS, _SYNCHRONOUS, _INVALIDATE
 * @writable: may who asks write to it? If so, INVALIDATE alone forgets that too
 *
 * Return: 0; -EDEADLK; -EIO, whatever the pager says; -ENOMEM; -EINTR.
 */
int mach_object_msync(struct mach_object *object, pgoff_t first, pgoff_t end,
		      u32 flags, bool writable)
{
	const u32 send = MACH_SYNC_ASYNCHRONOUS | MACH_SYNC_SYNCHRONOUS;
	struct address_space *mapping = object->inode->i_mapping;
	errseq_t since = filemap_sample_wb_err(mapping);
	int err = 0;

	if (first >= end)
		return 0;
	if (flags & MACH_SYNC_ASYNCHRONOUS) {
		mach_data_return_later(object, first, end);
	} else if (flags & MACH_SYNC_SYNCHRONOUS &&
		   mach_pager_is_stuck(object->pager, object->id)) {
		err = -EDEADLK;
	} else if (flags & MACH_SYNC_SYNCHRONOUS) {
		err = mach_object_sync(object, first, end);
		/* told here once; each descriptor's fsync says it as the pager does */
		if (errseq_check_and_advance(&mapping->wb_err, &since))
			err = -EIO;
	}
	if (!err && flags & MACH_SYNC_INVALIDATE)
		err = mach_object_forget(object, first, end,
					 !(flags & send) && writable);
	return err;
}
