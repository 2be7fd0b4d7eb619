// SPDX-License-Identifier: GPL-2.0-only
/* Maps: birth, lock, lookup and death, and what entries ask of their objects. */
#include "vm_map.h"
#include "base/manner.h"
#include "object/inode.h"
#include "object/vm_internal.h"
#include "object/vm_resident.h"
#include "object/vm_view.h"
#include "object/vm_wire.h"
#include "pool/kmem.h"
#include "vm_map_rules.h"

#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

/* Entries that a map keeps for its next calls. */
#define MACH_MAP_SPARE_MAX	8
/* What enters something brings so many: what it leaves will do for a clip. */
#define MACH_MAP_SPARE_GROWS	(2 * MACH_RANGE_STOCK)
/* Entries that Linux lends a map, when its own and the pool's are all in use. */
#define MACH_MAP_LENT_MAX	65536

static_assert(MACH_MAP_SPARE_GROWS <= MACH_MAP_SPARE_MAX);

static struct mach_kmem *mach_entry_cache __ro_after_init;

static struct mach_map *mach_map_of_entries(struct mach_entries *entries)
{
	return container_of(entries, struct mach_map, entries);
}

/* One more piece of what has a view already: so it cannot fail. */
static void mach_map_entry_get(struct mach_entries *entries,
			       const struct mach_map_entry *entry)
{
	struct mach_map *map = mach_map_of_entries(entries);

	lockdep_assert_held_write(&map->lock);
	WARN_ON_ONCE(mach_view_get(entry->object, mach_map_mapping(map),
				   mach_entry_delta(entry)));
}

static void mach_map_entry_put(struct mach_entries *entries,
			       const struct mach_map_entry *entry)
{
	struct mach_map *map = mach_map_of_entries(entries);

	lockdep_assert_held_write(&map->lock);
	mach_view_put(entry->object, mach_map_mapping(map),
		      mach_entry_delta(entry));
}

/* Anonymous memory that this map alone sees? */
static bool mach_map_private(const struct mach_map_entry *entry)
{
	return mach_object_is_internal(entry->object) &&
	       mach_view_sole(entry->object);
}

static bool mach_map_pieces(struct mach_entries *entries,
			    const struct mach_map_entry *entry)
{
	lockdep_assert_held_write(&mach_map_of_entries(entries)->lock);
	return mach_view_sole(entry->object) != 1;
}

static bool mach_map_extends(struct mach_entries *entries,
			     const struct mach_map_entry *entry, u64 start,
			     u64 end)
{
	u64 delta = mach_entry_delta(entry);

	lockdep_assert_held_write(&mach_map_of_entries(entries)->lock);
	return mach_map_private(entry) && start - delta <= end - delta &&
	       end - delta <= MACH_OBJECT_SIZE_MAX;
}

static void mach_map_extend(struct mach_entries *entries,
			    const struct mach_map_entry *entry, u64 start,
			    u64 end)
{
	u64 delta = mach_entry_delta(entry);

	lockdep_assert_held_write(&mach_map_of_entries(entries)->lock);
	mach_internal_discard(entry->object, (start - delta) >> PAGE_SHIFT,
			      (end - delta) >> PAGE_SHIFT);
}

static bool mach_map_absorb(struct mach_entries *entries,
			    const struct mach_map_entry *to,
			    const struct mach_map_entry *from)
{
	pgoff_t first = (from->start - mach_entry_delta(to)) >> PAGE_SHIFT;
	pgoff_t from_first = from->offset >> PAGE_SHIFT;
	pgoff_t pages = mach_entry_size(from) >> PAGE_SHIFT;

	lockdep_assert_held_write(&mach_map_of_entries(entries)->lock);
	if (!mach_map_private(from) ||
	    !mach_map_extends(entries, to, from->start, from->end))
		return false;
	mach_internal_discard(to->object, first, first + pages);
	return !mach_object_move(to->object, first, from->object, from_first,
				 from_first + pages);
}

static const struct mach_entry_ops mach_map_entry_ops = {
	.get = mach_map_entry_get,
	.put = mach_map_entry_put,
	.pieces = mach_map_pieces,
	.extends = mach_map_extends,
	.extend = mach_map_extend,
	.absorb = mach_map_absorb,
};

/* Look up what a fault hits. The map is locked for reading until unlocked. */
struct mach_map_entry *mach_map_lookup(struct mach_map *map, u64 address)
{
	down_read(&map->lock);
	return mach_entry_lookup(&map->entries, address);
}

void mach_map_unlock(struct mach_map *map)
{
	up_read(&map->lock);
}

/**
 * mach_map_spot - What a map has at an address
 * @map: not locked
 * @address: any
 * @spot: out, if there is an entry; its object is referenced
 *
 * Return: is there an entry?
 */
bool mach_map_spot(struct mach_map *map, u64 address, struct mach_spot *spot)
{
	struct mach_map_entry *entry = mach_map_lookup(map, address);

	if (entry) {
		spot->object = entry->object;
		spot->index = (address - mach_entry_delta(entry)) >> PAGE_SHIFT;
		spot->end = entry->end;
		spot->protection = entry->protection;
		if (entry->object)
			mach_object_get(entry->object);
	}
	mach_map_unlock(map);
	return entry;
}
EXPORT_SYMBOL_IF_KUNIT(mach_map_spot);

/**
 * mach_map_next - The next entry's part of a range
 * @map: not locked
 * @start: first address; out: of the part
 * @end: the address after the last
 * @to: out: the address after the part's last
 *
 * Return: is there one?
 */
bool mach_map_next(struct mach_map *map, u64 *start, u64 end, u64 *to)
{
	struct mach_map_entry *entry;
	bool found;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, *start);
	found = *start < end && entry && entry->start < end;
	if (found) {
		*start = max(*start, entry->start);
		*to = min(end, entry->end);
	}
	mach_map_unlock(map);
	return found;
}

static void mach_map_free_entry(struct mach_map *map,
				struct mach_map_entry *entry)
{
	lockdep_assert_held_write(&map->lock);
	mach_user_add(map->user, MACH_USER_ENTRIES, -1);
	if (likely(!map->lent || !mach_kmem_lent(entry))) {
		mach_kmem_free(mach_entry_cache, entry);
	} else {
		map->lent--;
		kfree(entry);
	}
}

/* Entries of the pool, until there are @n. Return: 0 or -ENOMEM. */
static int mach_map_stock(struct mach_map *map, unsigned int n)
{
	struct mach_map_entry *entry;

	lockdep_assert_held_write(&map->lock);
	while (map->spare.n < n) {
		entry = mach_kmem_alloc(mach_entry_cache, GFP_KERNEL);
		if (!entry)
			return -ENOMEM;
		mach_user_add(map->user, MACH_USER_ENTRIES, 1);
		mach_stock_add(&map->spare, entry);
	}
	return 0;
}

/* Entries that are not the pool's, up to what one call takes */
static int mach_map_borrow(struct mach_map *map)
{
	lockdep_assert_held_write(&map->lock);
	while (map->spare.n < MACH_RANGE_STOCK) {
		if (map->lent == MACH_MAP_LENT_MAX)
			return -ENOMEM;
		map->lent++;
		mach_user_add(map->user, MACH_USER_ENTRIES, 1);
		mach_stock_add(&map->spare, mach_kmem_lend(mach_entry_cache));
	}
	return 0;
}

/**
 * mach_map_fill_spare - Have entries at hand for a call, before it changes anything
 * @map: locked for writing
 * @kind: what the call does
 *
 * Who enters something brings entries for the next call as well, which then needs
 * none if it only takes away. Where that was used up and the pool has no more, it is
 * Linux that lends. Return: 0, or -ENOMEM: for what shrinks when it was lent all
 * that it may have.
 */
int mach_map_fill_spare(struct mach_map *map, enum mach_map_change_kind kind)
{
	lockdep_assert_held_write(&map->lock);
	if (kind == MACH_MAP_KEEPS ||
	    (map->spare.n >= MACH_RANGE_STOCK && kind == MACH_MAP_SHRINKS))
		return 0;
	if (!mach_map_stock(map, MACH_MAP_SPARE_GROWS))
		return 0;
	return kind == MACH_MAP_GROWS ? -ENOMEM : mach_map_borrow(map);
}

/* For a call that enters @n entries: what fill_spare() brings will do for one. */
int mach_map_fill_spare_more(struct mach_map *map, unsigned int n)
{
	lockdep_assert_held_write(&map->lock);
	return mach_map_stock(map, MACH_MAP_SPARE_GROWS + n - 1);
}

static void mach_map_drain_spare(struct mach_map *map, unsigned int keep)
{
	lockdep_assert_held_write(&map->lock);
	while (map->spare.n > keep)
		mach_map_free_entry(map, mach_stock_take(&map->spare));
}

/**
 * mach_map_lock_write - Be the only one to see a map, with entries at hand
 * @map: not locked
 * @kind: what the caller does to it
 *
 * Return: 0; -EINTR when killed; -ENOMEM.
 */
int mach_map_lock_write(struct mach_map *map, enum mach_map_change_kind kind)
{
	int err;

	if (down_write_killable(&map->lock))
		return -EINTR;
	err = mach_map_fill_spare(map, kind);
	if (err)
		up_write(&map->lock);
	return err;
}

/* Return: 0, or -EPERM beyond RLIMIT_MEMLOCK. */
static int mach_map_lock_memory(struct mach_map *map, unsigned long pages,
				bool exempt)
{
	int err;

	/* who has gone locks nothing */
	if (!mmget_not_zero(map->mm))
		return 0;
	mmap_write_lock(map->mm);
	err = __account_locked_vm(map->mm, pages, true, current, exempt);
	mmap_write_unlock(map->mm);
	mmput(map->mm);
	return err ? -EPERM : 0;
}

/**
 * mach_map_charge - Count memory as locked by the window's process, and by its user
 * @map: not locked
 * @bytes: whole pages
 * @privileged: the caller's capabilities count
 *
 * All maps of a process, and its mlock, count together, and so do all processes of a
 * user, who may have a part of the pool. Return: 0; -EPERM beyond RLIMIT_MEMLOCK of a
 * caller who is not privileged; -EAGAIN beyond the user's part.
 */
int mach_map_charge(struct mach_map *map, u64 bytes, bool privileged)
{
	const bool exempt = privileged && capable(CAP_IPC_LOCK);
	unsigned long pages = bytes >> PAGE_SHIFT;
	int err;

	if (!pages)
		return 0;
	err = mach_user_charge(map->user, MACH_USER_WIRED, pages);
	if (err)
		return err;
	err = mach_map_lock_memory(map, pages, exempt);
	if (err)
		mach_user_add(map->user, MACH_USER_WIRED, -(long)pages);
	return err;
}

void mach_map_uncharge(struct mach_map *map, u64 bytes)
{
	unsigned long pages = bytes >> PAGE_SHIFT;

	if (!pages)
		return;
	mach_user_add(map->user, MACH_USER_WIRED, -(long)pages);
	if (!mmget_not_zero(map->mm))
		return;
	account_locked_vm(map->mm, pages, false);
	mmput(map->mm);
}

/* What is not wired any more is not locked any more. */
void mach_map_unlock_write(struct mach_map *map)
{
	u64 wired, surplus;

	lockdep_assert_held_write(&map->lock);
	wired = map->entries.wired + map->entries.asleep;
	surplus = map->charged - min(map->charged, wired);
	map->charged -= surplus;
	mach_map_drain_spare(map, MACH_MAP_SPARE_MAX);
	up_write(&map->lock);
	mach_map_uncharge(map, surplus);
}

/* Is one of the first @max entries of a range in transition? All begin there next. */
static bool mach_map_in_transition(struct mach_map *map, u64 start, u64 end,
				   unsigned long max)
{
	struct mach_map_entry *entry;

	lockdep_assert_held_write(&map->lock);
	entry = mach_entry_from(&map->entries, start);
	map->entries.hint = entry;
	for (; entry && entry->start < end && max--; entry = entry->next)
		if (entry->in_transition)
			return true;
	return false;
}

/* Until some transition is over: one that comes first may have begun another. */
static int mach_map_await_transition(struct mach_map *map)
{
	DEFINE_WAIT(wait);

	lockdep_assert_held_write(&map->lock);
	prepare_to_wait(&map->transition, &wait,
			mach_wait_state(MACH_WAIT_KILLED));
	mach_map_unlock_write(map);
	schedule();
	finish_wait(&map->transition, &wait);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/* Is there an entry that goes on from what lies before @at to what lies behind? */
static bool mach_map_goes_on(struct mach_map *map, u64 at)
{
	struct mach_map_entry *entry = mach_entry_lookup(&map->entries, at);

	lockdep_assert_held_write(&map->lock);
	return entry && entry->start < at;
}

/* Where nothing is cut, what a range has can always be changed, and go. */
static bool mach_map_may_split(struct mach_map *map, u64 start, u64 end)
{
	lockdep_assert_held_write(&map->lock);
	return mach_user_may_split(map->user) ||
	       (!mach_map_goes_on(map, start) && !mach_map_goes_on(map, end));
}

int mach_map_lock_some(struct mach_map *map, u64 start, u64 end,
		       unsigned long max, enum mach_map_change_kind kind)
{
	int err;

	do {
		err = mach_map_lock_write(map, kind);
		if (err)
			return err;
		if (mach_map_in_transition(map, start, end, max)) {
			err = mach_map_await_transition(map);
		} else if (kind != MACH_MAP_KEEPS &&
			   !mach_map_may_split(map, start, end)) {
			mach_map_unlock_write(map);
			err = -EAGAIN;
		} else {
			break;
		}
	} while (!err);
	return err;
}

/**
 * mach_map_lock_range - Lock, when nobody works on a range without the lock
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 * @kind: what the caller does to the map
 *
 * Return: as mach_map_lock_write(); -EAGAIN when entries had to be cut, and the map's
 * user has far too many.
 */
int mach_map_lock_range(struct mach_map *map, u64 start, u64 end,
			enum mach_map_change_kind kind)
{
	return mach_map_lock_some(map, start, end, ULONG_MAX, kind);
}

/**
 * mach_map_make_object - Give untouched memory an object, since it is touched
 * @map: not locked
 * @address: in the memory
 *
 * Return: 0, also if it has one by now or is gone; -ENOMEM.
 */
int mach_map_make_object(struct mach_map *map, u64 address)
{
	struct mach_object *object = mach_internal_create();
	struct mach_map_entry *entry;
	int err = 0;

	if (!object)
		return -ENOMEM;
	down_write(&map->lock);
	entry = mach_entry_lookup(&map->entries, address);
	if (entry && !entry->object)
		err = mach_view_get(object, mach_map_mapping(map),
				    -MACH_INTERNAL_MIDDLE);
	if (entry && !entry->object && !err) {
		entry->object = object;
		entry->offset = entry->start + MACH_INTERNAL_MIDDLE;
	}
	/* before anybody asks whether it is private */
	mach_object_right_put(object);
	up_write(&map->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_map_make_object);

/**
 * mach_map_set_apart - Give a part of anonymous memory an object of its own
 * @map: locked for writing, with entries at hand
 * @entry: what it is a part of; nobody works on it without the lock
 * @start: first address
 * @end: the address after the last
 * @own: internal, and new
 *
 * For memory that is going to be seen elsewhere: what lies beside it stays
 * private. Return: 0, also if @entry is not private; -ENOMEM.
 */
int mach_map_set_apart(struct mach_map *map, struct mach_map_entry *entry,
		       u64 start, u64 end, struct mach_object *own)
{
	struct mach_object *old = entry->object;
	u64 delta = old ? mach_entry_delta(entry) : -MACH_INTERNAL_MIDDLE;
	pgoff_t first = (start - delta) >> PAGE_SHIFT;
	int err;

	lockdep_assert_held_write(&map->lock);
	if (old && !mach_map_private(entry))
		return 0;
	err = mach_view_get(own, mach_map_mapping(map), delta);
	if (err)
		return err;
	if (old)
		err = mach_object_move(own, first, old, first,
				       (end - delta) >> PAGE_SHIFT);
	if (err) {
		mach_view_put(own, mach_map_mapping(map), delta);
		return err;
	}
	if (entry->start < start)
		entry = mach_entry_clip(&map->entries, entry, start,
					&map->spare);
	if (entry->end > end)
		mach_entry_clip(&map->entries, entry, end, &map->spare);
	entry->object = own;
	entry->offset = start - delta;
	if (old)
		mach_view_put(old, mach_map_mapping(map), delta);
	return 0;
}

/* An entry no longer shows its object: what nobody else sees is free. */
static void mach_map_let_go(struct mach_map *map,
			    const struct mach_map_entry *entry)
{
	pgoff_t first = entry->offset >> PAGE_SHIFT;
	pgoff_t end = first + (mach_entry_size(entry) >> PAGE_SHIFT);
	struct mach_object *object = entry->object;

	lockdep_assert_held_write(&map->lock);
	if (mach_entry_keeps(entry))
		mach_object_unwire(object, first, end, entry->wired);
	if (mach_object_is_internal(object) && mach_view_sole(object))
		mach_internal_discard(object, first, end);
	mach_map_entry_put(&map->entries, entry);
}

/* Entries that are out of the map already */
void mach_map_dispose(struct mach_map *map,
		      struct mach_entry_stock *removed)
{
	struct mach_map_entry *entry;

	lockdep_assert_held_write(&map->lock);
	while (removed->n) {
		entry = mach_stock_take(removed);
		if (entry->object)
			mach_map_let_go(map, entry);
		mach_stock_add(&map->spare, entry);
	}
}

/**
 * mach_map_set_window - The first mmap of a task
 * @map: without a window
 * @vma: becomes it
 *
 * Return: 0; -EBUSY if there is one; -EPERM if there cannot be one.
 */
int mach_map_set_window(struct mach_map *map, struct vm_area_struct *vma)
{
	int err = -EBUSY;

	down_write(&map->lock);
	if (map->closed) {
		err = -EPERM;
	} else if (!map->mm) {
		map->entries.min = vma->vm_start;
		map->entries.max = vma->vm_end;
		map->pid = get_pid(task_tgid(current));
		map->prot = (vma->vm_flags & VM_READ ? PROT_READ : 0) |
			    (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0);
		mmgrab(current->mm);
		/* pairs with mach_map_unused(): all of the above is seen */
		smp_store_release(&map->mm, current->mm);
		err = 0;
	}
	up_write(&map->lock);
	return err;
}

/*
 * A descriptor becomes a pager's: then it never has a window. False if it has one,
 * or is a pager's already.
 */
bool mach_map_close(struct mach_map *map)
{
	bool closed;

	down_write(&map->lock);
	closed = !map->mm && !map->closed;
	if (closed)
		map->closed = true;
	up_write(&map->lock);
	return closed;
}

/* A map without a window, for a new descriptor; or NULL */
struct mach_map *mach_map_create(void)
{
	struct mach_map *map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);

	if (!map)
		return NULL;
	map->user = mach_user_get_current();
	map->inode = map->user ? mach_inode_create() : ERR_PTR(-ENOMEM);
	if (IS_ERR(map->inode)) {
		mach_user_put(map->user);
		kfree(map);
		return NULL;
	}
	init_rwsem(&map->lock);
	mutex_init(&map->exec_lock);
	init_waitqueue_head(&map->transition);
	mach_entries_init(&map->entries, 0, 0, mach_map_rules(),
			  &mach_map_entry_ops);
	map->limit = U64_MAX;
	map->limit_max = U64_MAX;
	return map;
}
EXPORT_SYMBOL_IF_KUNIT(mach_map_create);

/* The last descriptor and the window are gone. */
void mach_map_destroy(struct mach_map *map)
{
	struct mach_entry_stock removed = {};
	struct mach_map_entry *entry;

	down_write(&map->lock);
	while ((entry = map->entries.first)) {
		mach_entry_unlink(&map->entries, entry);
		mach_stock_add(&removed, entry);
		mach_map_dispose(map, &removed);
		cond_resched();
	}
	mach_map_drain_spare(map, 0);
	up_write(&map->lock);
	if (map->mm) {
		mach_map_uncharge(map, map->charged);
		put_pid(map->pid);
		mmdrop(map->mm);
	}
	iput(map->inode);
	mach_user_put(map->user);
	kfree(map);
}
EXPORT_SYMBOL_IF_KUNIT(mach_map_destroy);

int mach_map_init(void)
{
	mach_entry_cache = mach_kmem_create("map entry",
					    sizeof(struct mach_map_entry),
					    __alignof__(struct mach_map_entry),
					    NULL);
	return mach_entry_cache ? 0 : -ENOMEM;
}

void mach_map_exit(void)
{
	mach_kmem_destroy(mach_entry_cache);
}
