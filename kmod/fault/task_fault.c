// SPDX-License-Identifier: GPL-2.0-only
/* Faults in a task's window: what its map's entries say decides. */
#include "task_fault.h"
#include "base/compat.h"
#include "map/vm_map_exec.h"
#include "object/pmap.h"
#include "vm_fault.h"
#include "zero_fill.h"

#include <linux/file.h>
#include <linux/pagemap.h>

/* May the access be made? An entry's permission to write is one to read. */
static bool mach_task_fault_permitted(const struct vm_fault *vmf,
				      const struct mach_map_entry *entry)
{
	u32 needs = MACH_PROT_READ | MACH_PROT_WRITE;

	if (vmf->flags & FAULT_FLAG_WRITE)
		needs = MACH_PROT_WRITE;
	else if (vmf->flags & FAULT_FLAG_INSTRUCTION)
		needs = MACH_PROT_EXECUTE;
	return entry && entry->protection & needs;
}

/*
 * In an executable area all pages can be executed. If they were only mapped
 * otherwise, Linux would retry such an access for ever.
 */
static bool mach_task_fault_agrees(const struct vm_fault *vmf,
				   const struct mach_map_entry *entry)
{
	return !(vmf->vma->vm_flags & VM_EXEC) ||
	       entry->protection & MACH_PROT_EXECUTE;
}

/*
 * The area has lost its entry's right, and Linux had no memory to say so: now it may
 * have. Nobody but the window's process can do that.
 */
static vm_fault_t mach_task_fault_cut(struct vm_fault *vmf,
				      struct mach_map *map)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	u64 address = (u64)vmf->pgoff << PAGE_SHIFT;
	vm_fault_t ret = VM_FAULT_RETRY;
	struct file *file;
	int err;

	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY) || mm != current->mm)
		return VM_FAULT_SIGSEGV;
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	file = get_file(vmf->vma->vm_file);
	mach_compat_fault_unlock(vmf);
	err = mach_map_exec_settle(map, file, address, address + PAGE_SIZE);
	if (err && mach_compat_fault_relock(vmf, mm, file))
		ret = VM_FAULT_SIGBUS;
	fput(file);
	return ret;
}

static void mach_task_fault_place(struct mach_fault *fault,
				  const struct mach_map_entry *entry)
{
	struct vm_area_struct *vma = fault->vmf->vma;
	s64 shift = (s64)mach_entry_delta(entry) >> PAGE_SHIFT;
	u64 start = max_t(u64, entry->start >> PAGE_SHIFT, vma->vm_pgoff);
	u64 end = min_t(u64, entry->end >> PAGE_SHIFT,
			vma->vm_pgoff + vma_pages(vma));

	fault->object = entry->object;
	fault->index = fault->vmf->pgoff - shift;
	fault->first = start - shift;
	fault->end = end - shift;
	fault->random = entry->behavior == MACH_BEHAVIOR_RANDOM;
	fault->free = mach_object_is_internal(entry->object) &&
		      entry->protection & MACH_PROT_WRITE;
}

/*
 * Settle a fault while the map cannot change. Return: 0 if the page has to be
 * brought; the object is referenced then.
 */
static vm_fault_t mach_task_fault_settle(struct mach_fault *fault,
					 struct mach_request **request)
{
	struct mach_object *object = fault->object;
	vm_fault_t ret;
	int err = 0;

	if (fault->index >= object->npages || mach_object_is_dead(object))
		return VM_FAULT_SIGBUS;
	do {
		ret = mach_fault_resident(fault, request);
		if (ret)
			return ret;
		if (!mach_object_is_internal(object))
			break;
		err = mach_internal_fill(object, fault->index);
		fault->asked = true;	/* it was counted */
	} while (!err);
	if (err == -EAGAIN)
		fault->hold = MACH_FAULT_NO_ROOM;
	else if (err)
		return VM_FAULT_SIGBUS;
	mach_object_get(object);
	return 0;
}

static vm_fault_t mach_task_fault(struct vm_fault *vmf)
{
	struct mach_map *map = mach_map_of(vmf->vma);
	u64 address = (u64)vmf->pgoff << PAGE_SHIFT;
	struct mach_fault fault = {
		.vmf = vmf,
		.write = vmf->flags & FAULT_FLAG_WRITE,
		.share = true,
		.task = true,
		.asked = vmf->flags & FAULT_FLAG_TRIED,
	};
	struct mach_request *request = NULL;
	struct mach_map_entry *entry;
	vm_fault_t ret;

	entry = mach_map_lookup(map, address);
	if (!mach_task_fault_permitted(vmf, entry)) {
		ret = VM_FAULT_SIGSEGV;
	} else if (!mach_task_fault_agrees(vmf, entry)) {
		mach_map_unlock(map);
		return mach_task_fault_cut(vmf, map);
	} else if (!entry->object) {
		mach_map_unlock(map);
		return mach_map_make_object(map, address) ? VM_FAULT_SIGBUS :
							    VM_FAULT_NOPAGE;
	} else {
		mach_task_fault_place(&fault, entry);
		ret = mach_task_fault_settle(&fault, &request);
	}
	mach_map_unlock(map);
	if (ret)
		return ret;
	ret = mach_fault_bring(&fault, request);
	mach_object_put(fault.object);
	return ret;
}

/*
 * First write to a page that is mapped read-only. Linux would make the entry
 * writable when the map may have changed already: so the entry goes, and the
 * write comes back as a fault.
 */
static vm_fault_t mach_task_page_mkwrite(struct vm_fault *vmf)
{
	struct mach_map *map = mach_map_of(vmf->vma);
	struct mach_map_entry *entry;
	bool permitted;

	entry = mach_map_lookup(map, (u64)vmf->pgoff << PAGE_SHIFT);
	permitted = mach_task_fault_permitted(vmf, entry);
	mach_map_unlock(map);
	if (!permitted)
		return VM_FAULT_SIGSEGV;
	mach_pmap_revoke(vmf->vma->vm_file->f_mapping, vmf->pgoff, 1);
	return VM_FAULT_NOPAGE;
}

/* It cannot be moved, nor grow: its addresses are the map's. */
static int mach_task_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

const struct vm_operations_struct mach_task_operations = {
	.fault = mach_task_fault,
	.page_mkwrite = mach_task_page_mkwrite,
	.map_pages = mach_vm_map_pages,
	.mremap = mach_task_mremap,
};
