/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A memory object: which pages are resident, and where.
 *
 *	inode		inodes for address spaces that no file leads to
 *	page_tree	from page index to frame; pure
 *	pager		what an object knows of its pager
 *	pmap		Linux's page tables: enter and revoke
 *	page_queue	which page goes next when frames run short
 *	vm_object	birth, death, rights, the list of all
 *	vm_resident	the pages that are in memory, and which are dirty
 *	vm_drop		taking pages away
 *	vm_view		which maps show an object, and where
 *	vm_wire		pages that may not be taken away
 *	vm_internal	anonymous memory: an object without a pager
 *
 * A page of an object is absent, busy (a frame placed by a data_request that
 * nobody can see yet), resident, or in a data_return. Locks, of which the whole
 * tree is in docs/locking.md:
 *
 *	object->residence	read: no resident page goes away or stops being
 *				writable; held from lookup to page-table entry.
 *				write: held while pages are revoked, and while
 *				views change. Page-table locks are taken under it.
 *	  page lock		held by Linux over a write fault's last steps;
 *				taken before a page's dirty mark is cleared.
 *	    object->lock	the tree of pages, its marks, their states, requests
 *				and counts.
 *	      mach_queue_lock	the order in which pages are judged; a leaf.
 *	      object->wirings	Linux's of the array; a leaf.
 *	mach_objects_lock	the list of all objects; a leaf.
 *	mach_pager_lock		the list of all pagers; a leaf.
 */
#ifndef MACH_VM_OBJECT_H
#define MACH_VM_OBJECT_H

#include "base/page_run.h"
#include "page_tree.h"
#include "pager.h"
#include "pool/user.h"

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/percpu.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct mach_kmem;
struct mach_listed;
struct mach_made;
struct mach_node;
struct mach_request;
struct dentry;

/**
 * struct mach_object_counts - What an object has, and what happened to it
 * @resident: pages that are in memory and not busy
 * @busy: frames that wait for data
 * @dirty: resident pages with the dirty mark or in a data_return
 * @laundry: pages in a data_return
 * @faults: page faults on it; these and all below only grow
 * @pageins: pages supplied
 * @pageouts: pages taken back
 * @requests: data_requests sent
 * @errors: pages refused, lost, or not taken back
 * @evictions: pages dropped to make room
 * @reactivations: pages not dropped, because they were used
 */
struct mach_object_counts {
	u64 resident;
	u64 busy;
	u64 dirty;
	u64 laundry;
	u64 faults;
	u64 pageins;
	u64 pageouts;
	u64 requests;
	u64 errors;
	u64 evictions;
	u64 reactivations;
};

/**
 * struct mach_view - Where a map shows an object
 * @node: in object->views
 * @mapping: the map's address space; const
 * @delta: what has to be added to an offset of the object to get the address in
 *	the map, modulo 2^64; const
 * @entries: entries of the map that show it so
 *
 * All pieces that an entry is clipped into belong to one view, so that there are
 * few. It says where pages may be seen, not that they are. Guarded by residence.
 * In Mach's words, a list of physical-to-virtual mappings (pv list), by object
 * rather than by page.
 */
struct mach_view {
	struct rb_node node;
	struct address_space *mapping;
	u64 delta;
	unsigned long entries;
};

/**
 * struct mach_object - A memory object
 *
 * Each published file has one: eight go into a frame, and would not if it were larger
 * than 504 bytes (uapi/lean).
 *
 * (a) atomic, (c) const until freed, (m) residence, (o) the object lock,
 * (s) the lock of its size, (l) the lock of the list of objects, (n) the lock of names, (p) the
 * pager's port
 *
 * @ref: (a) keeps the structure
 * @rights: (a) open object descriptors, the name or directory, views, and who waits for
 *	the pager because of a name; at zero it terminates
 * @pager: (c) referenced; NULL: anonymous memory, "internal" in Mach's words
 * @inode: (c) owns the address space that all its areas hang on, but for those of
 *	tasks; NULL if it is internal
 * @user: (c) referenced: whose it is, his pager's if it has one
 * @size: bytes; changes under (s), (m) for writing and (o), and never if it is not
 *	resizable. May be read without: mach_object_size()
 * @cookie: (c) the pager's word for it
 * @serial: (c) no other object ever has the same
 * @id: (c) the pager's number for it
 * @cluster: (o) pages of a full request; may be read without the lock
 * @exempt: (c) its user may have what he wants
 * @read_only: (c) nobody may write
 * @resizable: (c) its size may change
 * @directory: (c) it stands for a directory, and has no pages
 * @unused: (n) of a directory: it never had one, and its first right is nobody's
 * @aside: pages of it wait aside; only ever set
 * @unnamed: of who reaps a dead pager's objects: he has the right that was its name's
 * @provided: (o) there is a reserve; only ever set, and may be read without the lock
 * @dead: (o) bool: destroyed, or its pager is gone; may be read without the lock
 * @held: (p) requests that threads of the pager have
 * @listed: (c) the table of a directory that has one; goes with the object
 * @made: (c) what it is in a listed directory, if it was made for a name there; likewise
 * @residence: see above
 * @views: (m) maps that show it
 * @laundry: (a) data_returns under way that make room
 * @lock: the object lock
 * @pages: (o) frames by page index, marked if dirty
 * @spare: (o) nodes for it
 * @requests: (o) data_requests under way, by their pages
 * @returns: (o) data_returns under way, by theirs
 * @whole: (o) requests under way that are about no pages, and waited for
 * @wirings: (o) how often each place is wired, if it is resizable: a page there may be
 *	cut off, and another one come
 * @resizing: (o) the SET_SIZE under way, or of a listed directory the LIST, or NULL;
 *	no reference
 * @reserve: (o) memory for one request; NULL while that is in use, and before there
 *	was a page. May be looked at without the lock
 * @unsent: (o) first of the pages that are yet to be sent in the background; may be
 *	looked at without the lock
 * @unsent_end: (o) the page after the last of them; likewise
 * @lost: (o) pages that were modified and dropped at its end
 * @counts: (o)
 * @asking: (p) requests that wait for a thread of the pager, oldest first
 * @turn: (p) among objects that have such
 * @node: (n) its name, if it is published
 * @asks: (n) the directory that it stands for, while there is one
 * @terminate: runs when the last right went
 * @launder: sends what is unsent; holds a reference while it is queued
 * @link: (l) in the list of all objects
 */
struct mach_object {
	refcount_t ref;
	atomic_t rights;
	struct mach_pager *pager;
	struct inode *inode;
	struct mach_user *user;
	u64 size;
	u64 cookie;
	u64 serial;
	u32 id;
	unsigned int cluster;
	bool exempt;
	bool read_only;
	bool resizable;
	bool directory;
	bool unused;
	bool aside;
	bool unnamed;
	u8 provided;
	u8 dead;
	unsigned int held;
	struct mach_listed *listed;
	struct mach_made *made;
	struct rw_semaphore residence;
	struct rb_root views;
	atomic_t laundry;
	/* the object lock */
	spinlock_t lock;
	struct mach_tree pages;
	struct mach_tree_stock spare;
	struct rb_root_cached requests;
	struct rb_root_cached returns;
	struct hlist_head whole;
	struct xarray wirings;
	struct mach_request *resizing;
	void *reserve;
	pgoff_t unsent;
	pgoff_t unsent_end;
	u64 lost;
	struct mach_object_counts counts;
	struct list_head asking;
	struct list_head turn;
	struct dentry *node;
	struct mach_node *asks;
	struct work_struct terminate;
	struct work_struct launder;
	struct list_head link;
};

/**
 * struct mach_object_setup - What an object is to be
 * @pager: who supplies it; NULL: nobody, it is internal
 * @size: bytes, at most MACH_OBJECT_SIZE_MAX
 * @cookie: the pager's word for it
 * @id: the pager's number for it
 * @cluster: pages of a full request
 * @read_only: nobody may write
 * @resizable: its size may change
 * @directory: it stands for a directory
 * @inode: becomes the object's, if it has a pager; NULL: one that no file leads to
 * @listed: becomes its table; or NULL
 * @made: becomes its place in a listed directory; or NULL
 * @self: where it is said which object it is, before anybody finds that; or NULL
 */
struct mach_object_setup {
	struct mach_pager *pager;
	struct inode *inode;
	u64 size;
	u64 cookie;
	u32 id;
	unsigned int cluster;
	bool read_only;
	bool resizable;
	bool directory;
	struct mach_listed *listed;
	struct mach_made *made;
	struct mach_object **self;
};

static inline void mach_object_lock(struct mach_object *object)
{
	spin_lock(&object->lock);
}

static inline void mach_object_unlock(struct mach_object *object)
{
	spin_unlock(&object->lock);
}

/*
 * Around whatever takes pages away or puts others in their place, from revoking to
 * forgetting: the one place to take what such a change needs.
 */
static inline void mach_residence_change(struct mach_object *object)
{
	down_write(&object->residence);
}

/* For who must not wait; false if somebody has it. */
static inline bool mach_residence_try_change(struct mach_object *object)
{
	return down_write_trylock(&object->residence);
}

static inline void mach_residence_changed(struct mach_object *object)
{
	up_write(&object->residence);
}

/* Bytes; it may change at once, unless residence is held or the object is locked. */
static inline u64 mach_object_size(const struct mach_object *object)
{
	return READ_ONCE(object->size);
}

/* Pages, the last one perhaps in part; likewise */
static inline pgoff_t mach_object_npages(const struct mach_object *object)
{
	return DIV_ROUND_UP_ULL(mach_object_size(object), PAGE_SIZE);
}

static inline bool mach_object_is_internal(const struct mach_object *object)
{
	return !object->pager;
}

static inline void mach_object_get(struct mach_object *object)
{
	refcount_inc(&object->ref);
}

/* For who finds it without a reference: false when it is being freed. */
static inline bool mach_object_try_get(struct mach_object *object)
{
	return refcount_inc_not_zero(&object->ref);
}

/* By the inode's mark Linux, which has no object, knows a name of it: that comes first. */
static inline void mach_object_set_dead(struct mach_object *object)
{
	if (READ_ONCE(object->dead))
		return;
	if (object->inode)
		inode_set_flags(object->inode, S_DEAD, S_DEAD);
	mach_object_lock(object);
	WRITE_ONCE(object->dead, true);
	mach_object_unlock(object);
}

static inline bool mach_object_is_dead(struct mach_object *object)
{
	return READ_ONCE(object->dead);
}

/* Is there more to send in the background? That was right a moment ago will do. */
static inline bool mach_object_has_unsent(struct mach_object *object)
{
	return READ_ONCE(object->unsent) < READ_ONCE(object->unsent_end);
}

/* May it have so many more frames that only its user can give back? Under any lock */
static inline bool mach_object_fits(const struct mach_object *object,
				    unsigned long frames)
{
	return object->exempt || mach_user_fits(object->user, frames);
}

/* The same, also if some are free that were held, as mach_user_has_room() */
static inline bool mach_object_has_room(struct mach_object *object,
					unsigned long frames)
{
	return object->exempt || mach_user_has_room(object->user, frames);
}

/* What all objects have, and what happened to all there ever were, by processor */
DECLARE_PER_CPU(struct mach_object_counts, mach_object_totals);

/*
 * So many more of an object, which is locked or has nobody else, and of all together:
 * whoever asks for the sum goes over no objects, and keeps nobody from making or ending
 * one.
 */
#define mach_object_count(object, what, change)				\
do {									\
	const u64 change__ = (change);					\
									\
	(object)->counts.what += change__;				\
	this_cpu_add(mach_object_totals.what, change__);		\
} while (0)

/* Of the frames of an object, which is locked, so many more wait for data. */
static inline void mach_object_count_busy(struct mach_object *object, long n)
{
	lockdep_assert_held(&object->lock);
	mach_object_count(object, busy, n);
	mach_user_add(object->user, MACH_USER_BUSY, n);
}

/* Likewise for those that its pager has to take */
static inline void mach_object_count_dirty(struct mach_object *object, long n)
{
	lockdep_assert_held(&object->lock);
	mach_object_count(object, dirty, n);
	mach_user_add(object->user, MACH_USER_DIRTY, n);
}

/* Pages supplied without data, of all objects: nobody asks it of one. */
DECLARE_PER_CPU(u64, mach_object_zero_filled);

struct mach_object *mach_object_create(const struct mach_object_setup *setup);
void mach_object_put(struct mach_object *object);
void mach_object_put_later(struct mach_object *object);

bool mach_object_right_try_get(struct mach_object *object);
bool mach_object_right_end(struct mach_object *object);
struct mach_object *mach_object_of_inode(struct inode *inode);
void mach_object_right_get(struct mach_object *object);
void mach_object_right_put(struct mach_object *object);
bool mach_object_right_put_here(struct mach_object *object);

int mach_object_stock(struct mach_object *object, pgoff_t first,
		      unsigned int n);
bool mach_object_queue(struct work_struct *work);
void mach_object_queue_launder(struct mach_object *object);
void mach_object_trim(struct mach_object *object);
void mach_object_count_internal(struct mach_object *object, long pages);
unsigned long mach_object_internal_pages(void);
u64 mach_object_zero_fills(void);
unsigned long mach_object_sum(struct mach_object_counts *sum);
struct mach_object *mach_object_next(struct mach_object *object);

/* Listed directories stand above objects, and go with them. */
void mach_object_set_unlist(void (*unlist)(struct mach_object *object));

/* Requests stand above objects, which have memory for one: of this kind. */
void mach_object_set_reserve(struct mach_kmem *cache);
bool mach_object_provide(struct mach_object *object);

int mach_object_init(void);
void mach_object_exit(void);

#endif /* MACH_VM_OBJECT_H */
