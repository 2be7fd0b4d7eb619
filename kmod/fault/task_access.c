// SPDX-License-Identifier: GPL-2.0-only
/* What a debugger reads and writes in a window, whatever the entry permits. */
#include "task_access.h"
#include "fault_page.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"

#include <linux/highmem.h>
#include <linux/pagemap.h>

/**
 * mach_task_may_force - May a debugger have what the protection refuses?
 * @vma: of the window
 * @entry: of its map, which is locked
 * @write: it is a write
 *
 * He may have what the process could give itself, as far as the area goes: that is
 * Linux's rule for a shared mapping.
 */
bool mach_task_may_force(const struct vm_area_struct *vma,
			 const struct mach_map_entry *entry, bool write)
{
	u32 needs = MACH_PROT_READ | MACH_PROT_WRITE;

	lockdep_assert_held(&mach_map_of(vma)->lock);
	if (write && !(vma->vm_flags & VM_WRITE))
		return false;
	return entry->max_protection & (write ? MACH_PROT_WRITE : needs);
}

/**
 * mach_task_access_ready - Is the page there for mach_task_access()?
 * @fault: placed in an object that has a pager
 * @request: out, if it is not: the one it is in, if any
 */
bool mach_task_access_ready(const struct mach_fault *fault,
			    struct mach_request **request)
{
	struct mach_object *object = fault->object;
	struct page *page;
	bool ready;

	*request = NULL;
	/* outside, or dead: nobody brings it */
	if (fault->index >= mach_object_npages(object) ||
	    mach_object_is_dead(object))
		return true;
	mach_object_lock(object);
	page = mach_object_page(object, fault->index);
	ready = page && mach_page_serves(page, fault->write);
	if (!ready)
		*request = mach_request_find(object, fault->index);
	mach_object_unlock(object);
	return ready;
}

static int mach_task_access_page(struct mach_object *object, pgoff_t index,
				 unsigned int in_page, void *buffer,
				 unsigned int length, bool write)
{
	struct page *page;
	char *bytes;

	page = mach_fault_page(object, index, write ? MACH_ACCESS_READ |
			       MACH_ACCESS_WRITE : MACH_ACCESS_READ,
			       MACH_WAIT_NEVER);
	if (IS_ERR(page))
		return -EFAULT;
	bytes = kmap_local_page(page);
	if (write)
		memcpy(bytes + in_page, buffer, length);
	else
		memcpy(buffer, bytes + in_page, length);
	kunmap_local(bytes);
	if (write && object->pager)
		mach_object_mark_dirty(object, index);
	if (write)
		unlock_page(page);
	put_page(page);
	return length;
}

/* Return: bytes; -EAGAIN where nothing was touched yet; -EFAULT. */
static int mach_task_access_entry(struct vm_area_struct *vma,
				  const struct mach_map_entry *entry,
				  u64 address, void *buffer,
				  unsigned int length, bool write)
{
	lockdep_assert_held(&mach_map_of(vma)->lock);
	if (!entry || !mach_task_may_force(vma, entry, write))
		return -EFAULT;
	if (!entry->object)
		return -EAGAIN;
	return mach_task_access_page(entry->object,
				     (address - mach_entry_delta(entry)) >>
				     PAGE_SHIFT, offset_in_page(address),
				     buffer, length, write);
}

/**
 * mach_task_access - ptrace and /proc/PID/mem, where an ordinary access failed
 * @vma: of a window, under the mmap lock
 * @address: in it
 * @buffer: the kernel's
 * @length: bytes
 * @write: from @buffer
 *
 * Nothing is waited for, as the lock is held: the fault before has brought the page.
 * The map stays locked until the bytes are copied: else the page might go to another
 * address, or to nobody. Return: bytes up to the end of the page; -EFAULT.
 */
int mach_task_access(struct vm_area_struct *vma, unsigned long address,
		     void *buffer, int length, int write)
{
	struct mach_map *map = mach_map_of(vma);
	int done;

	mmap_assert_locked(vma->vm_mm);
	if (vma->vm_mm != map->mm)
		return -EFAULT;
	length = min_t(unsigned int, length, PAGE_SIZE - offset_in_page(address));
	do {
		done = mach_task_access_entry(vma, mach_map_lookup(map, address),
					      address, buffer, length, write);
		mach_map_unlock(map);
	} while (done == -EAGAIN && !mach_map_make_object(map, address));
	return done < 0 ? -EFAULT : done;
}
