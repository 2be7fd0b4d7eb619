// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - copying from and to an object, where an error is no signal.
 */
#include <unistd.h>

#include "hurd_priv.h"

static ssize_t copy_some(memory_object_t memobj, vm_offset_t offset,
			 void *other, size_t size, vm_prot_t prot)
{
	if (prot & VM_PROT_WRITE)
		return pwrite(memobj, other, size, offset);
	return pread(memobj, other, size, offset);
}

/* The end of the object, and what read says of a page before its pager does */
static error_t why_not(struct pager *pager, vm_offset_t offset, ssize_t copied)
{
	error_t err = copied ? errno : EIO;

	return err == EIO ? pager_get_error(pager, offset) ?: EIO : err;
}

error_t pager_memcpy(struct pager *pager, memory_object_t memobj,
		     vm_offset_t offset, void *other, size_t *size,
		     vm_prot_t prot)
{
	size_t done = 0;
	ssize_t copied = 0;
	error_t err = 0;

	while (done < *size && !err) {
		copied = copy_some(memobj, offset + done, (char *)other + done,
				   *size - done, prot);
		if (copied > 0)
			done += copied;
		else if (copied == 0 || errno != EINTR)
			err = why_not(pager, offset + done, copied);
	}
	*size = done;
	return err;
}
