/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An address space: entries, and the objects they show.
 *
 *	vm_map_entry	what each range holds: a list and a tree; pure
 *	vm_map_coalesce	which entries become one; pure
 *	vm_map_range	what calls do to the entries of a range; pure
 *	vm_map_rules	which rules of merging new maps get
 *	vm_map		lock, lookup, and the objects of entries
 *	vm_map_exec	areas are executable where entries are
 *	vm_map_change	removing, new attributes
 *	vm_map_enter	entering, where there is room or something is
 *
 * Locks:
 *
 *	map->exec_lock	outermost: areas agree with entries on execution. Linux's
 *			mmap lock and map->lock are taken under it.
 *	map->lock	read: from looking an entry up to its page-table entry;
 *			write: while entries change. What they allow no longer
 *			is unmapped before a call returns, after the change: so
 *			no fault can bring it back. Under it are taken all locks
 *			of objects (vm_object.h), Linux's of page tables, those
 *			of the pool, and a port's: a page of zeros may need room,
 *			which is made by sending returns.
 */
#ifndef MACH_VM_MAP_H
#define MACH_VM_MAP_H

#include "object/vm_object.h"
#include "vm_map_range.h"

#include <linux/mach_task.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/wait.h>

/**
 * struct mach_map - The map of one task
 *
 * (c) const once there is a window, (l) the lock, (x) exec_lock
 *
 * @lock: see above
 * @user: const, referenced: whose it is
 * @entries: (l)
 * @spare: (l) entries for the next call
 * @lent: (l) entries that are Linux's memory
 * @limit: (l) bytes that entries may cover
 * @limit_max: (l) that @limit may be set to
 * @wire_future: (l) bool: new entries are wired
 * @wire_trying: (l) calls that will have them wired, if they succeed
 * @executable: (l) bool: some part of the window is, or was, mapped executable
 * @raising: atomic, calls that have areas become executable before their entries
 * @closed: (l) its descriptor is a pager's: there will be no window
 * @denied: a hint of task_fault.c: the last write that met a read-only page
 * @transition: woken when entries are no longer in transition
 * @inode: const; owns the address space that the window hangs on
 * @exec_lock: outermost: entries and areas agree on what can be executed
 * @exec_holder: (x) who has that lock; may be looked at without it
 * @exec_wanted: (x) the area that the holder maps is to be executable
 * @apart: (x) areas left apart that one could be
 * @charged: (l) bytes that are counted as locked in @mm: what is wired, or will
 *	be when somebody may access it
 * @mm: (c) that has the window, for comparison only (mmgrab)
 * @pid: (c) its process
 * @prot: (c) PROT_* that the window was made with
 */
struct mach_map {
	struct rw_semaphore lock;
	struct mach_user *user;
	struct mach_entries entries;
	struct mach_entry_stock spare;
	unsigned int lent;
	u64 limit;
	u64 limit_max;
	u8 wire_future;
	unsigned int wire_trying;
	u8 executable;
	atomic_t raising;
	bool closed;
	u64 denied;
	wait_queue_head_t transition;
	struct inode *inode;
	struct mutex exec_lock; /* see above */
	struct task_struct *exec_holder;
	bool exec_wanted;
	unsigned int apart;
	u64 charged;
	struct mm_struct *mm;
	struct pid *pid;
	unsigned long prot;
};

/* No window was made yet. */
static inline bool mach_map_unused(const struct mach_map *map)
{
	/* pairs with mach_map_set_window() */
	return !smp_load_acquire(&map->mm);
}

/* Is what is new wired? That was right a moment ago, unless it is locked. */
static inline bool mach_map_wires(const struct mach_map *map)
{
	return READ_ONCE(map->wire_future) || READ_ONCE(map->wire_trying);
}

/* Whose window an area is a part of */
static inline struct mach_map *mach_map_of(const struct vm_area_struct *vma)
{
	return vma->vm_private_data;
}

static inline struct address_space *mach_map_mapping(const struct mach_map *map)
{
	return map->inode->i_mapping;
}

/**
 * struct mach_spot - What a map has at one address
 * @object: with a reference, or NULL
 * @index: page of it
 * @end: where the entry ends
 * @protection: of the entry
 */
struct mach_spot {
	struct mach_object *object;
	pgoff_t index;
	u64 end;
	u32 protection;
};

/**
 * enum mach_map_change_kind - What a call is going to do to a map
 * @MACH_MAP_GROWS: enter something: refused where there is no memory
 * @MACH_MAP_SHRINKS: take away, narrow, or give other attributes, which may clip
 *	entries, and is not refused for want of memory
 * @MACH_MAP_KEEPS: leave the entries as they are
 */
enum mach_map_change_kind {
	MACH_MAP_GROWS,
	MACH_MAP_SHRINKS,
	MACH_MAP_KEEPS,
};

struct mach_map *mach_map_create(void);
void mach_map_destroy(struct mach_map *map);
int mach_map_set_window(struct mach_map *map, struct vm_area_struct *vma);
bool mach_map_close(struct mach_map *map);

struct mach_map_entry *mach_map_lookup(struct mach_map *map, u64 address);
void mach_map_unlock(struct mach_map *map);
int mach_map_lock_write(struct mach_map *map, enum mach_map_change_kind kind);
int mach_map_lock_range(struct mach_map *map, u64 start, u64 end,
			enum mach_map_change_kind kind);
int mach_map_lock_some(struct mach_map *map, u64 start, u64 end,
		       unsigned long max, enum mach_map_change_kind kind);
int mach_map_fill_spare(struct mach_map *map, enum mach_map_change_kind kind);
int mach_map_fill_spare_more(struct mach_map *map, unsigned int n);
void mach_map_dispose(struct mach_map *map, struct mach_entry_stock *removed);
void mach_map_unlock_write(struct mach_map *map);
int mach_map_charge(struct mach_map *map, u64 bytes, bool privileged);
void mach_map_uncharge(struct mach_map *map, u64 bytes);
bool mach_map_next(struct mach_map *map, u64 *start, u64 end, u64 *to);
bool mach_map_spot(struct mach_map *map, u64 address, struct mach_spot *spot);
int mach_map_make_object(struct mach_map *map, u64 address);
int mach_map_set_apart(struct mach_map *map, struct mach_map_entry *entry,
		       u64 start, u64 end, struct mach_object *own);

int mach_map_init(void);
void mach_map_exit(void);

#endif /* MACH_VM_MAP_H */
