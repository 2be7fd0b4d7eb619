// SPDX-License-Identifier: GPL-2.0-only
/* A task's window: the areas of its process that show its map. */
#include "window.h"
#include "base/compat.h"
#include "fault/task_fault.h"
#include "object/pmap.h"
#include "vm_map_msync.h"

/* What every area of a window has, whoever made it */
static void mach_window_flags(struct vm_area_struct *vma)
{
	/* a dump would look at all of it, and a child is another task */
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	if (!(vma->vm_flags & VM_EXEC))
		vm_flags_clear(vma, VM_MAYEXEC);
	mach_pmap_prepare(vma);
}

/*
 * Linux makes an area executable also because it may be read, if the process says so:
 * not one that is mapped anew in order not to be. The process itself may map a part
 * so; there faults see to what its entries say.
 */
static void mach_window_execute(struct mach_map *map,
				struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_EXEC))
		return;
	if (READ_ONCE(map->exec_holder) == current && !map->exec_wanted)
		vm_flags_clear(vma, VM_EXEC);
	else
		WRITE_ONCE(map->executable, true);
}

/**
 * mach_task_mmap - Make a task's window, or a part of it anew
 * @map: the task's
 * @vma: the area
 *
 * The offset of the first one is chosen here: so a page's offset is its address.
 */
int mach_task_mmap(struct mach_map *map, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_start >> PAGE_SHIFT;
	int err = 0;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (!vma->vm_pgoff)
		err = vma->vm_flags & VM_EXEC ? -EINVAL :
						mach_map_set_window(map, vma);
	else if (vma->vm_pgoff != first || mach_map_unused(map) ||
		 map->mm != current->mm || vma->vm_start < map->entries.min ||
		 vma->vm_end > map->entries.max)
		err = -EINVAL;
	if (err)
		return err;
	vma->vm_pgoff = first;
	vma->vm_private_data = map;
	vma->vm_ops = &mach_task_operations;
	mach_window_execute(map, vma);
	mach_window_flags(vma);
	return 0;
}

/**
 * mach_task_fsync - Linux's msync of a window, and its fsync
 * @map: the task's
 * @start: offset in the window's file, which is an address
 * @last: the last byte's
 *
 * Linux has seen to holes between areas, and those between entries are the map's
 * business. Return: 0, or the first error of a pager.
 */
int mach_task_fsync(struct mach_map *map, u64 start, u64 last)
{
	u64 end = (min_t(u64, last, LLONG_MAX) & PAGE_MASK) + PAGE_SIZE;
	int err, first = 0;
	u64 to;

	start &= PAGE_MASK;
	while (mach_map_next(map, &start, end, &to)) {
		err = mach_map_msync(map, start, to, MACH_SYNC_SYNCHRONOUS);
		/* it may have gone since */
		if (err != -EADDRNOTAVAIL)
			first = first ?: err;
		if (fatal_signal_pending(current))
			return -EINTR;
		start = to;
	}
	return first;
}
