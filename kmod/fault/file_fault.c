// SPDX-License-Identifier: GPL-2.0-only
/* Faults in an area of a file of an object: descriptor or published. */
#include "file_fault.h"
#include "object/pmap.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"
#include "vm_fault.h"

#include <linux/pagemap.h>

static vm_fault_t mach_vm_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct mach_fault fault = {
		.vmf = vmf,
		.object = vma->vm_file->private_data,
		.index = vmf->pgoff,
		.first = vma->vm_pgoff,
		.end = vma->vm_pgoff + vma_pages(vma),
		.write = vmf->flags & FAULT_FLAG_WRITE,
		.share = vma->vm_flags & VM_SHARED,
		.random = vma->vm_flags & VM_RAND_READ,
		.asked = vmf->flags & FAULT_FLAG_TRIED,
	};
	struct mach_request *request;
	vm_fault_t ret;

	if (mach_object_is_dead(fault.object))
		return VM_FAULT_SIGBUS;
	ret = mach_fault_resident(&fault, &request);
	return ret ?: mach_fault_bring(&fault, request);
}

/*
 * First write to a page that is mapped read-only. Linux allows no waiting here:
 * a page in a data_return, or of an object with too many dirty pages, is
 * unmapped, so that the write comes as a fault.
 */
static vm_fault_t mach_vm_page_mkwrite(struct vm_fault *vmf)
{
	struct mach_object *object = vmf->vma->vm_file->private_data;
	struct page *page;
	bool writable, marked;

	down_read(&object->residence);
	mach_object_lock(object);
	mach_object_count(object, faults, 1);
	page = mach_object_page(object, vmf->pgoff);
	writable = page == vmf->page && !object->dead &&
		   mach_page_state(page) == MACH_PAGE_RESIDENT &&
		   mach_fault_may_dirty(object, vmf->pgoff);
	/* at once, if nobody else has it locked */
	marked = writable && trylock_page(page);
	if (marked)
		mach_object_mark_written(object, vmf->pgoff);
	mach_object_unlock(object);
	if (writable && !marked) {
		lock_page(page);
		mach_object_mark_dirty(object, vmf->pgoff);
	}
	up_read(&object->residence);
	if (writable)
		return VM_FAULT_LOCKED;
	mach_pmap_revoke(vmf->vma->vm_file->f_mapping, vmf->pgoff, 1);
	return VM_FAULT_NOPAGE;
}

const struct vm_operations_struct mach_vm_operations = {
	.fault = mach_vm_fault,
	.page_mkwrite = mach_vm_page_mkwrite,
	.map_pages = mach_vm_map_pages,
};
