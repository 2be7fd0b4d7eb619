// SPDX-License-Identifier: GPL-2.0-only
/* Re-mapping parts of a window, so that areas agree with entries on execution. */
#include "vm_map_exec.h"
#include "base/compat.h"

#include <linux/mman.h>

/* Pages in areas that are mapped anew just to have fewer areas */
#define MACH_WINDOW_JOIN_PAGES	1024
/* Areas that were left as they are because of that, before one is not */
#define MACH_WINDOW_APART_MAX	16

static bool mach_window_has(struct mach_map *map,
			    const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->f_mapping == mach_map_mapping(map);
}

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
		if (!mach_window_has(map, vma) ||
		    !!(vma->vm_flags & VM_EXEC) == executable)
			continue;
		*start = max_t(u64, at, vma->vm_start);
		*end = min_t(u64, *end, vma->vm_end);
		differs = true;
	}
	mmap_read_unlock(current->mm);
	return differs;
}

/* Tries to map a part again, of which Linux has lost the area by failing half-way */
#define MACH_WINDOW_TRIES	8

static bool mach_window_gone(u64 at)
{
	bool gone;

	mmap_read_lock(current->mm);
	gone = !vma_lookup(current->mm, at);
	mmap_read_unlock(current->mm);
	return gone;
}

/* Map a part of the window anew. Return: 0, or what mmap says. */
static int mach_window_remap(struct file *file, u64 start, u64 end,
			     unsigned long prot)
{
	unsigned int tries = MACH_WINDOW_TRIES;
	unsigned long at;

	do {
		at = vm_mmap(file, start, end - start, prot,
			     MAP_SHARED | MAP_FIXED | MAP_NORESERVE, start);
	} while (at == (unsigned long)-ENOMEM && mach_window_gone(start) &&
		 --tries);
	return IS_ERR_VALUE(at) ? (int)at : 0;
}

/* An area of this window that is executable, or is not, as asked */
static bool mach_window_agrees(struct mach_map *map, bool executable,
			       const struct vm_area_struct *vma)
{
	return vma && mach_window_has(map, vma) &&
	       !!(vma->vm_flags & VM_EXEC) == executable;
}

/* Widen a part by the areas on both sides that agree with it; are there any? */
static bool mach_window_widen(struct mach_map *map, bool executable,
			      u64 *start, u64 *end)
{
	const u64 first = *start, last = *end;
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	for (;;) {
		vma = find_vma(current->mm, *start - 1);
		if (!mach_window_agrees(map, executable, vma) ||
		    vma->vm_start >= *start)
			break;
		*start = vma->vm_start;
	}
	for (;;) {
		vma = find_vma(current->mm, *end);
		if (!mach_window_agrees(map, executable, vma) ||
		    vma->vm_start > *end)
			break;
		*end = vma->vm_end;
	}
	mmap_read_unlock(current->mm);
	return *start < first || *end > last;
}

/* Are so many pages of a range there that mapping it anew would cost too much? */
static bool mach_window_is_full(struct mach_map *map, u64 start, u64 end)
{
	struct mach_map_entry *entry;
	u64 pages = 0, resident;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	for (; entry && entry->start < end; entry = entry->next) {
		if (!entry->object)
			continue;
		/* a guess will do */
		resident = data_race(entry->object->counts.resident);
		pages += min_t(u64, resident,
			       (min(end, entry->end) -
				max(start, entry->start)) >> PAGE_SHIFT);
		if (pages > MACH_WINDOW_JOIN_PAGES)
			break;
	}
	mach_map_unlock(map);
	return pages > MACH_WINDOW_JOIN_PAGES;
}

static int mach_window_map(struct mach_map *map, struct file *file, u64 start,
			   u64 end, bool executable)
{
	unsigned long prot = map->prot | (executable ? PROT_EXEC : 0);
	int err;

	lockdep_assert_held(&map->exec_lock);
	map->exec_wanted = executable;
	err = mach_window_remap(file, start, end, prot);
	if (err == -ENOMEM)
		pr_notice_ratelimited("machvm: %s[%d]: its window needs one more area of memory, and it has %d: vm.max_map_count limits them\n",
				      current->comm, task_tgid_nr(current),
				      READ_ONCE(current->mm->map_count));
	return err;
}

/*
 * Linux does not merge such areas: so what agrees again is mapped anew as one. Full
 * ones are left, until there is enough to gain.
 */
static void mach_window_join(struct mach_map *map, struct file *file, u64 start,
			     u64 end, bool executable)
{
	lockdep_assert_held(&map->exec_lock);
	if (!mach_window_widen(map, executable, &start, &end))
		return;
	if (mach_window_is_full(map, start, end) &&
	    ++map->apart < MACH_WINDOW_APART_MAX)
		return;
	map->apart = 0;
	/* if it fails all is as it was */
	mach_window_map(map, file, start, end, executable);
}

/* Have the window's areas in a range be executable, or not. */
static int mach_window_set(struct mach_map *map, struct file *file, u64 start,
			   u64 end, bool executable)
{
	u64 to = end;
	int err = 0;

	lockdep_assert_held(&map->exec_lock);
	while (!err && start < end &&
	       mach_window_differs(map, executable, &start, &to)) {
		err = mach_window_map(map, file, start, to, executable);
		if (!err)
			mach_window_join(map, file, start, to, executable);
		start = to;
		to = end;
	}
	return err;
}

static bool mach_map_exec_ours(const struct mach_map *map)
{
	return current->mm && current->mm == map->mm;
}

/* Return: 0; -EINTR; -EDEADLK when the caller does so already, and faults meanwhile */
static int mach_map_exec_begin(struct mach_map *map)
{
	if (READ_ONCE(map->exec_holder) == current)
		return -EDEADLK;
	if (mutex_lock_killable(&map->exec_lock))
		return -EINTR;
	WRITE_ONCE(map->exec_holder, current);
	return 0;
}

static void mach_map_exec_end(struct mach_map *map)
{
	lockdep_assert_held(&map->exec_lock);
	WRITE_ONCE(map->exec_holder, NULL);
	mutex_unlock(&map->exec_lock);
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
		if (protection & ~(entry->max_protection | MACH_PROT_NOTIFY)) {
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
	err = mach_map_exec_begin(map);
	if (err)
		return err;
	err = mach_window_set(map, file, start, end, false);
	mach_map_exec_end(map);
	return err == -ENOMEM ? 0 : err;
}

/* From now on, until mach_map_exec_raised(), areas may be ahead of entries. */
void mach_map_exec_ahead(struct mach_map *map)
{
	atomic_inc(&map->raising);
}

/**
 * mach_map_exec_raise - Before a range becomes executable
 * @map: not locked
 * @file: the task's descriptor
 * @start: first address
 * @end: the address after the last
 * @protection: new rights
 *
 * Areas come first: if Linux refuses one no entry has changed, and settling takes the
 * others back. Until mach_map_exec_raised() who finds his data in an executable area
 * keeps it. Return: 0; -EACCES, if these rights may not be given, or Linux gives no
 * such area (PR_SET_MDWE); -EINTR; what mmap says.
 */
int mach_map_exec_raise(struct mach_map *map, struct file *file, u64 start,
			u64 end, u32 protection)
{
	int err = mach_map_exec_any(map, start, end, protection);
	u64 to;

	mach_map_exec_ahead(map);
	if (err < 0)
		return err;
	err = mach_map_exec_begin(map);
	if (err)
		return err;
	for (; !err && mach_map_next(map, &start, end, &to); start = to)
		err = mach_window_set(map, file, start, to, true);
	mach_map_exec_end(map);
	return err;
}

/**
 * mach_map_exec_may_go - Before what is there is replaced
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 *
 * Return: 0, or -EPERM: only the window's own process can take away what is
 * executable.
 */
int mach_map_exec_may_go(struct mach_map *map, u64 start, u64 end)
{
	if (!READ_ONCE(map->executable) || mach_map_exec_ours(map))
		return 0;
	return mach_map_exec_any(map, start, end, 0) ? -EPERM : 0;
}

/**
 * mach_map_exec_raise_place - Before something executable is entered
 * @map: not locked; ahead of its entries, by the caller
 * @file: the task's descriptor
 * @start: first address
 * @end: the address after the last
 *
 * Return: as mach_map_exec_raise().
 */
int mach_map_exec_raise_place(struct mach_map *map, struct file *file, u64 start,
			      u64 end)
{
	int err = mach_map_exec_begin(map);

	if (err)
		return err;
	err = mach_window_set(map, file, start, end, true);
	mach_map_exec_end(map);
	return err;
}

/* Entries and areas agree again; to be called whatever raising has said. */
void mach_map_exec_raised(struct mach_map *map)
{
	atomic_dec(&map->raising);
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
	u64 next;
	int err;

	if (!READ_ONCE(map->executable) || !mach_map_exec_ours(map))
		return 0;
	err = mach_map_exec_begin(map);
	if (err)
		return err;
	for (; start < end && !err; start = next) {
		next = mach_map_exec_run(map, start, end, &executable);
		err = mach_window_set(map, file, start, next, executable);
	}
	mach_map_exec_end(map);
	return err;
}
