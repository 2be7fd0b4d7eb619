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
	if (fault->index >= object->npages || mach_object_is_dead(object))
		return true;
	mach_object_lock(object);
	page = mach_object_page(object, fault->index);
	ready = page && mach_page_serves(page, fault->write);
	if (!ready)
		*request = mach_request_find(object, fault->index);
	mach_object_unlock(object);
	return ready;
}

/* The object at an address, referenced, and its page; or NULL */
static struct mach_object *mach_task_access_object(struct vm_area_struct *vma,
						   u64 address, bool write,
						   pgoff_t *index)
{
	struct mach_map *map = mach_map_of(vma);
	struct mach_object *object = NULL;
	struct mach_map_entry *entry;
	bool untouched;

	do {
		entry = mach_map_lookup(map, address);
		if (entry && !mach_task_may_force(vma, entry, write))
			entry = NULL;
		untouched = entry && !entry->object;
		if (entry && entry->object) {
			object = entry->object;
			*index = (address - mach_entry_delta(entry)) >>
				 PAGE_SHIFT;
			mach_object_get(object);
		}
		mach_map_unlock(map);
	} while (untouched && !mach_map_make_object(map, address));
	return object;
}

static int mach_task_access_page(struct mach_object *object, pgoff_t index,
				 unsigned int in_page, void *buffer,
				 unsigned int length, bool write)
{
	struct page *page;
	char *bytes;

	if (index >= object->npages)
		return -EFAULT;
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
	if (write) {
		mach_object_mark_dirty(object, index);
		unlock_page(page);
	}
	put_page(page);
	return length;
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
 * Return: bytes up to the end of the page; -EFAULT.
 */
int mach_task_access(struct vm_area_struct *vma, unsigned long address,
		     void *buffer, int length, int write)
{
	unsigned int in_page = offset_in_page(address);
	struct mach_object *object;
	pgoff_t index;

	if (vma->vm_mm != mach_map_of(vma)->mm)
		return -EFAULT;
	object = mach_task_access_object(vma, address, write, &index);
	if (!object)
		return -EFAULT;
	length = min_t(unsigned int, length, PAGE_SIZE - in_page);
	length = mach_task_access_page(object, index, in_page, buffer, length,
				       write);
	mach_object_put(object);
	return length;
}
