// SPDX-License-Identifier: GPL-2.0-only
/* Re-mapping parts of a window, so that areas agree with entries on execution. */
#include "vm_map_exec.h"
#include "base/compat.h"

#include <linux/mman.h>

/*
 * The first part of [*start, *end) whose area is of this window and disagrees.
 */
static bool mach_window_differs(struct mach_map *map, bool executable,
				u64 *start, u64 *end)
{
	struct vm_area_struct *vma;
	bool differs = false;
	u64 at = *start;

	mmap_read_lock(current->mm);
	for (; at < *end && !differs; at = vma->vm_end) {
		vma = find_vma(current->mm, at);
		if (!vma || vma->vm_start >= *end)
			break;
		if (!vma->vm_file ||
		    vma->vm_file->f_mapping != mach_map_mapping(map) ||
		    !!(vma->vm_flags & VM_EXEC) == executable)
			continue;
		*start = max_t(u64, at, vma->vm_start);
		*end = min_t(u64, *end, vma->vm_end);
		differs = true;
	}
	mmap_read_unlock(current->mm);
	return differs;
}

/* Have the window's areas in a range be executable, or not. */
static int mach_window_set(struct mach_map *map, struct file *file, u64 start,
			   u64 end, bool executable)
{
	unsigned long prot = map->prot | (executable ? PROT_EXEC : 0);
	u64 to = end;

	while (start < end && mach_window_differs(map, executable, &start, &to)) {
		unsigned long at = vm_mmap(file, start, to - start, prot,
					   MAP_SHARED | MAP_FIXED |
					   MAP_NORESERVE, start);

		if (IS_ERR_VALUE(at))
			return at;
		start = to;
		to = end;
	}
	return 0;
}

static bool mach_map_exec_ours(const struct mach_map *map)
{
	return current->mm && current->mm == map->mm;
}

/**
 * mach_map_exec_check - Before something is given rights
 * @map: not locked
 * @protection: which
 *
 * Where nothing is executable the window is not either. Return: 0 or -EPERM: only
 * the window's own process can have it executable.
 */
int mach_map_exec_check(struct mach_map *map, u32 protection)
{
	if (!(protection & MACH_PROT_EXECUTE))
		return 0;
	if (!mach_map_exec_ours(map))
		return -EPERM;
	WRITE_ONCE(map->executable, true);
	return 0;
}

/* Is anything executable there? Or -EACCES, if not all may have the rights. */
static int mach_map_exec_any(struct mach_map *map, u64 start, u64 end,
			     u32 protection)
{
	struct mach_map_entry *entry;
	int any = 0;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		if (protection & ~entry->max_protection) {
			any = -EACCES;
			break;
		}
		if (entry->protection & MACH_PROT_EXECUTE)
			any = 1;
	}
	mach_map_unlock(map);
	return any;
}

/**
 * mach_map_exec_lower - Before rights change, or go
 * @map: not locked
 * @file: the task's descriptor
 * @start: first address
 * @end: the address after the last
 * @protection: new rights
 *
 * What is executable no longer is so already: then nobody finds his data in an
 * executable area without being executable. If there is no memory for that, faults
 * see to it. Return: 0; -EACCES, if these rights may not be given; -EPERM; what else
 * mmap says.
 */
int mach_map_exec_lower(struct mach_map *map, struct file *file, u64 start,
			u64 end, u32 protection)
{
	int any, err;

	if (protection & MACH_PROT_EXECUTE || !READ_ONCE(map->executable))
		return 0;
	any = mach_map_exec_any(map, start, end, protection);
	if (any <= 0)
		return any;
	if (!mach_map_exec_ours(map))
		return -EPERM;
	err = mach_window_set(map, file, start, end, false);
	return err == -ENOMEM ? 0 : err;
}

/* The run from @start that is executable, or is not */
static u64 mach_map_exec_run(struct mach_map *map, u64 start, u64 end,
			     bool *executable)
{
	struct mach_map_entry *entry;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	*executable = entry && entry->start <= start &&
		      entry->protection & MACH_PROT_EXECUTE;
	for (; entry && entry->start < end; entry = entry->next) {
		if (*executable && entry->start > start)
			break;
		if (!!(entry->protection & MACH_PROT_EXECUTE) != *executable) {
			end = entry->start;
			break;
		}
		if (*executable)
			start = entry->end;
	}
	mach_map_unlock(map);
	return *executable ? min(start, end) : end;
}

/**
 * mach_map_exec_settle - Have the window's areas agree with the entries
 * @map: not locked
 * @file: the task's descriptor
 * @start: first address
 * @end: the address after the last
 *
 * Return: 0; -EINTR; -EDEADLK when the caller does so already, and faults meanwhile;
 * or what mmap says.
 */
int mach_map_exec_settle(struct mach_map *map, struct file *file, u64 start,
			 u64 end)
{
	bool executable;
	int err = 0;
	u64 next;

	if (!READ_ONCE(map->executable) || !mach_map_exec_ours(map))
		return 0;
	if (READ_ONCE(map->exec_holder) == current)
		return -EDEADLK;
	if (mutex_lock_killable(&map->exec_lock))
		return -EINTR;
	WRITE_ONCE(map->exec_holder, current);
	for (; start < end && !err; start = next) {
		next = mach_map_exec_run(map, start, end, &executable);
		err = mach_window_set(map, file, start, next, executable);
	}
	WRITE_ONCE(map->exec_holder, NULL);
	mutex_unlock(&map->exec_lock);
	return err;
}
