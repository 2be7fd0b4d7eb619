// SPDX-License-Identifier: GPL-2.0-only
/* Message arrays: mapped by the pager, and telling of its death. */
#include "pager_array.h"
#include "base/compat.h"

#include <linux/mm.h>
#include <linux/vmalloc.h>

static void mach_array_open(struct vm_area_struct *vma)
{
	struct mach_port *port = vma->vm_private_data;

	atomic_inc(&port->mappings);
}

static void mach_array_close(struct vm_area_struct *vma)
{
	struct mach_port *port = vma->vm_private_data;

	if (atomic_dec_and_test(&port->mappings))
		mach_port_die(port);
}

static int mach_array_may_split(struct vm_area_struct *vma,
				unsigned long address)
{
	return -EINVAL;
}

static const struct vm_operations_struct mach_array_operations = {
	.open = mach_array_open,
	.close = mach_array_close,
	.may_split = mach_array_may_split,
};

/**
 * mach_array_mmap - Map the message array of a queue
 * @port: the pager's
 * @vma: as large as an array, read-only and shared
 *
 * Return: 0; -EINVAL; -EACCES; -ENODEV; -ENOMEM.
 */
int mach_array_mmap(struct mach_port *port, struct vm_area_struct *vma)
{
	unsigned long q;
	int err;

	q = vma->vm_pgoff / (port->array_size >> PAGE_SHIFT);
	if (q >= port->nr_queues ||
	    vma->vm_pgoff % (port->array_size >> PAGE_SHIFT) ||
	    vma->vm_end - vma->vm_start != port->array_size ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	if (current->mm != port->pager.mm)
		return -EACCES;
	if (READ_ONCE(port->dead))
		return -ENODEV;
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	/* VM_IO: MADV_DOFORK may not undo VM_DONTCOPY */
	vm_flags_set(vma, VM_DONTCOPY | VM_IO);
	err = remap_vmalloc_range(vma, port->queues[q].messages, 0);
	if (err)
		return err;
	vma->vm_ops = &mach_array_operations;
	vma->vm_private_data = port;
	mach_array_open(vma);
	return 0;
}
