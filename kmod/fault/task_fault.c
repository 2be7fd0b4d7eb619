// SPDX-License-Identifier: GPL-2.0-only
/* Faults in a task's window: what its map's entries say decides. */
#include "task_fault.h"
#include "base/compat.h"
#include "map/vm_map.h"
#include "map/vm_map_exec.h"
#include "object/pmap.h"
#include "request/request_memory.h"
#include "task_access.h"
#include "task_touch.h"
#include "vm_fault.h"

#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

/* May the access be made? An entry's permission to write is one to read. */
static bool mach_task_fault_permitted(const struct vm_fault *vmf,
				      const struct mach_map_entry *entry)
{
	u32 needs = MACH_PROT_READ | MACH_PROT_WRITE;

	lockdep_assert_held(&mach_map_of(vmf->vma)->lock);
	if (vmf->flags & FAULT_FLAG_WRITE)
		needs = MACH_PROT_WRITE;
	else if (vmf->flags & FAULT_FLAG_INSTRUCTION)
		needs = MACH_PROT_EXECUTE;
	return entry && entry->protection & needs;
}

/*
 * In an executable area all pages can be executed. If they were only mapped
 * otherwise, Linux would retry such an access for ever. For a moment an area may be
 * ahead of its entries.
 */
static bool mach_task_fault_agrees(const struct vm_fault *vmf,
				   const struct mach_map_entry *entry)
{
	lockdep_assert_held(&mach_map_of(vmf->vma)->lock);
	return !(vmf->vma->vm_flags & VM_EXEC) ||
	       entry->protection & MACH_PROT_EXECUTE ||
	       atomic_read(&mach_map_of(vmf->vma)->raising);
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

	lockdep_assert_held(&mach_map_of(vma)->lock);
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

	lockdep_assert_held(&mach_map_of(fault->vmf->vma)->lock);
	if (mach_object_is_dead(object))
		return VM_FAULT_SIGBUS;
	do {
		ret = mach_fault_resident(fault, request);
		if (ret)
			return ret;
		if (!mach_object_is_internal(object))
			break;
		err = mach_task_touch(fault, &ret);
		if (!err)
			return ret;
		fault->asked = true;	/* it was counted */
	} while (err == -EEXIST);
	if (err == -EAGAIN)
		fault->hold = MACH_FAULT_NO_ROOM;
	else if (err)
		return VM_FAULT_SIGBUS;
	mach_object_get(object);
	return 0;
}

/* The window is its process's alone: what a fork has copied shows nothing. */
static bool mach_task_fault_is_ours(const struct vm_fault *vmf)
{
	return vmf->vma->vm_mm == mach_map_of(vmf->vma)->mm;
}

/*
 * Linux would say SEGV_MAPERR of every access that is refused here. Of two
 * signals the first counts, also when Linux forces its own: so one that says
 * SEGV_ACCERR goes ahead, if there is something that may not be accessed so.
 */
static vm_fault_t mach_task_fault_refuse(const struct vm_fault *vmf,
					 bool mapped)
{
	struct kernel_siginfo info;

	if (mapped && vmf->flags & FAULT_FLAG_USER) {
		clear_siginfo(&info);
		info.si_signo = SIGSEGV;
		info.si_code = SEGV_ACCERR;
		info.si_addr = (void __user *)vmf->real_address;
		send_sig_info(SIGSEGV, &info, current);
	}
	return VM_FAULT_SIGSEGV;
}

/* Which thread was denied a write to which page; not 0 */
static u64 mach_task_fault_mark(const struct vm_fault *vmf)
{
	return (u64)task_pid_nr(current) << 40 ^ vmf->pgoff;
}

/* The page has to come from its pager. */
static vm_fault_t mach_task_fault_bring(struct mach_fault *fault,
					struct mach_request *request)
{
	vm_fault_t ret = mach_fault_bring(fault, request);

	mach_object_put(fault->object);
	return ret;
}

/*
 * An access that the entry does not permit. A debugger's may be made all the
 * same, by mach_task_access() and with the page there: so it is brought here,
 * where a fault can wait.
 */
static vm_fault_t mach_task_fault_denied(struct mach_fault *fault,
					 const struct mach_map_entry *entry)
{
	struct vm_fault *vmf = fault->vmf;
	struct mach_map *map = mach_map_of(vmf->vma);
	const bool mapped = entry;
	struct mach_request *request;

	lockdep_assert_held(&map->lock);
	if (vmf->flags & FAULT_FLAG_REMOTE && entry && entry->object &&
	    entry->object->pager &&
	    mach_task_may_force(vmf->vma, entry, fault->write)) {
		mach_task_fault_place(fault, entry);
		if (!mach_task_access_ready(fault, &request)) {
			mach_object_get(fault->object);
			mach_map_unlock(map);
			return mach_task_fault_bring(fault, request);
		}
	}
	mach_map_unlock(map);
	if (READ_ONCE(map->denied) == mach_task_fault_mark(vmf))
		WRITE_ONCE(map->denied, 0);
	return mach_task_fault_refuse(vmf, mapped);
}

/*
 * Look up what the fault hits; memory that may be touched so, and never was, gets its
 * object. The map is locked for reading, but with an error. Return: 0, -ENOMEM.
 */
static int mach_task_fault_find(const struct vm_fault *vmf,
				struct mach_map_entry **entry)
{
	struct mach_map *map = mach_map_of(vmf->vma);
	u64 address = (u64)vmf->pgoff << PAGE_SHIFT;
	int err = 0;

	do {
		*entry = mach_map_lookup(map, address);
		if (!*entry || (*entry)->object ||
		    !mach_task_fault_permitted(vmf, *entry))
			return 0;
		mach_map_unlock(map);
		err = mach_map_make_object(map, address);
	} while (!err);
	return err;
}

static vm_fault_t mach_task_fault(struct vm_fault *vmf)
{
	struct mach_map *map = mach_map_of(vmf->vma);
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

	if (!mach_task_fault_is_ours(vmf))
		return VM_FAULT_SIGSEGV;
	if (mach_task_fault_find(vmf, &entry))
		return VM_FAULT_SIGBUS;
	if (!mach_task_fault_permitted(vmf, entry))
		return mach_task_fault_denied(&fault, entry);
	if (!mach_task_fault_agrees(vmf, entry)) {
		mach_map_unlock(map);
		return mach_task_fault_cut(vmf, map);
	}
	mach_task_fault_place(&fault, entry);
	ret = mach_task_fault_settle(&fault, &request);
	mach_map_unlock(map);
	return ret ?: mach_task_fault_bring(&fault, request);
}

/*
 * The page is mapped read-only, and its entry permits the write. Linux would make
 * the page-table entry writable when the map may have changed already: so it goes,
 * and one that is writable comes, while the map cannot change. To leave that to
 * the next fault is not enough: an instruction that loads from the page as well
 * would bring the read-only one back first, for ever. Only where the write has to
 * wait, which Linux does not allow here, the next fault does.
 */
static vm_fault_t mach_task_fault_upgrade(struct mach_fault *fault,
					  const struct mach_map_entry *entry)
{
	struct vm_fault *vmf = fault->vmf;
	struct mach_request *request = NULL;
	vm_fault_t ret = VM_FAULT_NOPAGE;

	lockdep_assert_held(&mach_map_of(vmf->vma)->lock);
	mach_pmap_revoke(vmf->vma->vm_file->f_mapping, vmf->pgoff, 1);
	if (!entry->object)
		return ret;
	mach_task_fault_place(fault, entry);
	ret = mach_task_fault_settle(fault, &request);
	if (ret)
		return ret;
	if (request)
		mach_request_put(request);
	mach_object_put(fault->object);
	return VM_FAULT_NOPAGE;
}

/*
 * The same, and its entry permits no write. A fault knows more of who writes than
 * Linux says here: so it is to come as one. But if the thread comes again without
 * one, because its instruction loads from the page as well, that is the end.
 */
static vm_fault_t mach_task_fault_unmap(const struct vm_fault *vmf)
{
	struct mach_map *map = mach_map_of(vmf->vma);
	u64 denied = mach_task_fault_mark(vmf);

	if (READ_ONCE(map->denied) == denied)
		return VM_FAULT_SIGSEGV;
	WRITE_ONCE(map->denied, denied);
	mach_pmap_revoke(vmf->vma->vm_file->f_mapping, vmf->pgoff, 1);
	return VM_FAULT_NOPAGE;
}

/* First write to a page that is mapped read-only */
static vm_fault_t mach_task_page_mkwrite(struct vm_fault *vmf)
{
	struct mach_map *map = mach_map_of(vmf->vma);
	struct mach_map_entry *entry;
	struct mach_fault fault = {
		.vmf = vmf,
		.write = true,
		.share = true,
		.task = true,
	};
	vm_fault_t ret;

	if (!mach_task_fault_is_ours(vmf))
		return VM_FAULT_SIGSEGV;
	entry = mach_map_lookup(map, (u64)vmf->pgoff << PAGE_SHIFT);
	if (mach_task_fault_permitted(vmf, entry))
		ret = mach_task_fault_upgrade(&fault, entry);
	else
		ret = mach_task_fault_unmap(vmf);
	mach_map_unlock(map);
	return ret;
}

/*
 * An area is split, or a fork has copied it although it said not to be copied
 * (MADV_DOFORK). A child has no window until its task has a map: what Linux has
 * copied, or is about to copy, of the page tables goes.
 */
static void mach_task_open(struct vm_area_struct *vma)
{
	if (vma->vm_mm == mach_map_of(vma)->mm)
		return;
	vm_flags_set(vma, VM_WIPEONFORK | VM_DONTCOPY);
	mach_pmap_revoke(vma->vm_file->f_mapping, vma->vm_pgoff,
			 vma_pages(vma));
}

/* It cannot be moved, nor grow: its addresses are the map's. */
static int mach_task_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

const struct vm_operations_struct mach_task_operations = {
	.open = mach_task_open,
	.fault = mach_task_fault,
	.page_mkwrite = mach_task_page_mkwrite,
	.map_pages = mach_vm_map_pages,
	.mremap = mach_task_mremap,
	.access = mach_task_access,
};
