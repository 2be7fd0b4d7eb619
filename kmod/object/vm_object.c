// SPDX-License-Identifier: GPL-2.0-only
#include "vm_object.h"
#include "base/compat.h"
#include "pool/kmem.h"
#include "page_queue.h"
#include "pmap.h"

#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>

#define MACH_OBJECT_BATCH	64
/* Nodes that an object keeps for its next pages. */
#define MACH_OBJECT_SPARE	4

static struct workqueue_struct *mach_object_wq;
static struct mach_kmem *mach_object_cache;
static struct mach_kmem *mach_tree_cache;

/*
 * All objects, and what those that are gone had counted. Who holds the lock
 * takes object locks, nothing else.
 */
static DEFINE_MUTEX(mach_objects_lock);
static LIST_HEAD(mach_objects);
static struct mach_object_counts mach_objects_gone;

static atomic64_t mach_object_serial = ATOMIC64_INIT(0);

/* Pages of all objects without a pager */
static atomic_long_t mach_object_internal = ATOMIC_LONG_INIT(0);

/* Where the inodes live that carry the objects' address spaces. */
struct vfsmount *mach_object_mount;

/* What only grows */
static void mach_counts_add_events(struct mach_object_counts *sum,
				   const struct mach_object_counts *counts)
{
	sum->faults += counts->faults;
	sum->pageins += counts->pageins;
	sum->zero_fills += counts->zero_fills;
	sum->pageouts += counts->pageouts;
	sum->requests += counts->requests;
	sum->errors += counts->errors;
	sum->evictions += counts->evictions;
	sum->reactivations += counts->reactivations;
}

static void mach_object_enlist(struct mach_object *object)
{
	mutex_lock(&mach_objects_lock);
	list_add_tail(&object->link, &mach_objects);
	mutex_unlock(&mach_objects_lock);
}

static void mach_object_delist(struct mach_object *object)
{
	mutex_lock(&mach_objects_lock);
	list_del(&object->link);
	mach_counts_add_events(&mach_objects_gone, &object->counts);
	mutex_unlock(&mach_objects_lock);
}

/**
 * mach_object_sum - Add up the counts of all objects, gone ones as well
 * @sum: out
 *
 * Return: how many objects there are.
 */
unsigned long mach_object_sum(struct mach_object_counts *sum)
{
	struct mach_object *object;
	unsigned long n = 0;

	mutex_lock(&mach_objects_lock);
	*sum = mach_objects_gone;
	list_for_each_entry(object, &mach_objects, link) {
		mach_object_lock(object);
		mach_counts_add_events(sum, &object->counts);
		sum->resident += object->counts.resident;
		sum->busy += object->counts.busy;
		sum->dirty += object->counts.dirty;
		sum->laundry += object->counts.laundry;
		mach_object_unlock(object);
		n++;
	}
	mutex_unlock(&mach_objects_lock);
	return n;
}

/* Pages of all objects without a pager: nobody can take them. */
unsigned long mach_object_internal_pages(void)
{
	return atomic_long_read(&mach_object_internal);
}

/**
 * mach_object_next - Look at one object after the other
 * @object: NULL for the first one; else the caller's reference, taken over
 *
 * Return: the next one with a reference, or NULL.
 */
struct mach_object *mach_object_next(struct mach_object *object)
{
	struct mach_object *next, *found = NULL;

	mutex_lock(&mach_objects_lock);
	next = list_prepare_entry(object, &mach_objects, link);
	list_for_each_entry_continue(next, &mach_objects, link)
		if (mach_object_try_get(next)) {
			found = next;
			break;
		}
	mutex_unlock(&mach_objects_lock);
	if (object)
		mach_object_put(object);
	return found;
}

static bool mach_object_set_pager(struct mach_object *object,
				  struct mach_pager *pager, u64 size)
{
	struct inode *inode = alloc_anon_inode(mach_object_mount->mnt_sb);

	if (IS_ERR(inode))
		return false;
	i_size_write(inode, size);
	object->inode = inode;
	mach_pager_get(pager);
	object->pager = pager;
	return true;
}

/**
 * mach_object_create - Make an object without pages
 * @pager: who supplies it; NULL: nobody, it is internal
 * @size: bytes, 1 to MACH_OBJECT_SIZE_MAX
 * @cookie: the pager's word for it
 * @read_only: nobody may write
 *
 * The caller sets cluster, id and the terminate work before anyone else sees
 * it. Return: an object with one reference and one right, or NULL.
 */
struct mach_object *mach_object_create(struct mach_pager *pager, u64 size,
				       u64 cookie, bool read_only)
{
	struct mach_object *object = mach_kmem_alloc(mach_object_cache,
						     GFP_KERNEL);

	if (!object)
		return NULL;
	memset(object, 0, sizeof(*object));
	if (pager && !mach_object_set_pager(object, pager, size)) {
		mach_kmem_free(mach_object_cache, object);
		return NULL;
	}
	refcount_set(&object->ref, 1);
	atomic_set(&object->rights, 1);
	object->serial = atomic64_inc_return(&mach_object_serial);
	object->size = size;
	object->npages = DIV_ROUND_UP_ULL(size, PAGE_SIZE);
	object->cookie = cookie;
	object->read_only = read_only;
	init_rwsem(&object->map_lock);
	object->views = RB_ROOT;
	spin_lock_init(&object->lock);
	mach_tree_init(&object->pages);
	INIT_HLIST_HEAD(&object->requests);
	mach_object_enlist(object);
	return object;
}

static void mach_object_free_nodes(struct mach_tree_stock *nodes)
{
	while (nodes->n)
		mach_kmem_free(mach_tree_cache, mach_tree_stock_take(nodes));
}

/* Give nodes back that the tree has no use for, but for a few. */
static void mach_object_trim(struct mach_object *object)
{
	struct mach_tree_stock surplus = {};

	mach_object_lock(object);
	while (object->spare.n > MACH_OBJECT_SPARE)
		mach_tree_stock_add(&surplus,
				    mach_tree_stock_take(&object->spare));
	mach_object_unlock(object);
	mach_object_free_nodes(&surplus);
}

void mach_object_put(struct mach_object *object)
{
	const u64 last = MACH_TREE_INDEX_MAX;
	struct mach_tree_cursor at = {};
	struct page *page;

	if (!refcount_dec_and_test(&object->ref))
		return;
	mach_object_delist(object);
	WARN_ON(!hlist_empty(&object->requests));
	WARN_ON(!RB_EMPTY_ROOT(&object->views));
	if (mach_object_is_internal(object))
		atomic_long_sub(object->counts.resident,
				&mach_object_internal);
	for (page = mach_tree_find(&object->pages, &at, last); page;
	     page = mach_tree_next(&object->pages, &at, last)) {
		mach_queue_leave(page);
		mach_page_free(page);
	}
	mach_tree_erase_run(&object->pages, 0, last + 1, &object->spare);
	mach_object_free_nodes(&object->spare);
	iput(object->inode);
	if (object->pager)
		mach_pager_put(object->pager);
	mach_kmem_free(mach_object_cache, object);
}

void mach_object_right_get(struct mach_object *object)
{
	mach_object_get(object);
	atomic_inc(&object->rights);
}

/* For who has a reference but no right: false when it terminates already. */
bool mach_object_right_try_get(struct mach_object *object)
{
	if (!atomic_inc_not_zero(&object->rights))
		return false;
	mach_object_get(object);
	return true;
}

/* Rights never come back from zero, so the work is queued once. */
void mach_object_right_put(struct mach_object *object)
{
	if (atomic_dec_and_test(&object->rights) && object->pager)
		mach_object_queue(&object->terminate);
	else
		mach_object_put(object);
}

/* The frame at @index in whatever state, or NULL. */
struct page *mach_object_page(struct mach_object *object, pgoff_t index)
{
	lockdep_assert_held(&object->lock);
	return mach_tree_load(&object->pages, index);
}

/* Is the page at @index, which is there, marked? */
bool mach_object_is_dirty(struct mach_object *object, pgoff_t index)
{
	lockdep_assert_held(&object->lock);
	return mach_tree_marked(&object->pages, index);
}

/**
 * mach_object_resident_run - Collect resident pages around one
 * @object: locked
 * @around: in: where to look, at most the size of @pages; out: the run found
 * @index: page that the run must hold
 * @pages: out: the run's frames
 *
 * Return: pages of the run, 0 if @index is not resident.
 */
unsigned int mach_object_resident_run(struct mach_object *object,
				      struct mach_extent *around, pgoff_t index,
				      struct page **pages)
{
	pgoff_t last = around->first + around->n - 1;
	struct mach_tree_cursor at = { .index = around->first };
	pgoff_t next = around->first;
	unsigned int n = 0;
	struct page *page;

	lockdep_assert_held(&object->lock);
	for (page = mach_tree_find(&object->pages, &at, last); page;
	     page = mach_tree_next(&object->pages, &at, last)) {
		if (mach_page_state(page) == MACH_PAGE_BUSY)
			continue;
		if (at.index != next) {
			if (at.index > index)
				break;
			next = at.index;
			n = 0;
		}
		pages[n++] = page;
		next++;
	}
	around->first = next - n;
	around->n = n;
	return index - around->first < n ? n : 0;
}

/**
 * mach_object_absent_run - Clip a window to the absent pages around one
 * @object: locked
 * @index: page
 * @window: in: a window with @index; out: the run, with no page if @index is
 *	there
 */
void mach_object_absent_run(struct mach_object *object, pgoff_t index,
			    struct mach_extent *window)
{
	pgoff_t end = window->first + window->n;
	struct mach_tree_cursor at = { .index = window->first };
	struct page *page;

	lockdep_assert_held(&object->lock);
	for (page = mach_tree_find(&object->pages, &at, end - 1); page;
	     page = mach_tree_next(&object->pages, &at, end - 1)) {
		if (at.index >= index) {
			end = at.index;
			break;
		}
		window->first = at.index + 1;
	}
	window->n = end > index ? end - window->first : 0;
}

/**
 * mach_object_erase - Take busy frames out again
 * @object: locked
 * @first: page index
 * @n: how many; each is busy
 */
void mach_object_erase(struct mach_object *object, pgoff_t first,
		       unsigned int n)
{
	lockdep_assert_held(&object->lock);
	mach_tree_erase_run(&object->pages, first, n, &object->spare);
	object->counts.busy -= n;
}

/**
 * mach_object_place - Put busy frames where no pages are
 * @object: locked
 * @first: page index
 * @frames: one a page
 * @n: how many
 *
 * Return: 0; -EEXIST if a page has come meanwhile; -ENOMEM, when
 * mach_object_stock() helps. Then nothing was placed.
 */
int mach_object_place(struct mach_object *object, pgoff_t first,
		      const struct bio_vec *frames, unsigned int n)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&object->lock);
	err = mach_tree_insert_run(&object->pages, first, n,
				   &frames->bv_page, sizeof(*frames),
				   &object->spare);
	if (err)
		return err;
	for (i = 0; i < n; i++)
		mach_page_set_state(frames[i].bv_page, MACH_PAGE_BUSY);
	object->counts.busy += n;
	return 0;
}

/**
 * mach_object_stock - Get what it takes to place frames
 * @object: not locked
 * @first: page index
 * @n: how many
 *
 * Others may take it first. Return: 0, -ENOMEM.
 */
int mach_object_stock(struct mach_object *object, pgoff_t first, unsigned int n)
{
	struct mach_tree_node *node;
	unsigned int need;

	mach_object_lock(object);
	need = mach_tree_need(&object->pages, first, n);
	while (object->spare.n < need) {
		mach_object_unlock(object);
		node = mach_kmem_alloc(mach_tree_cache, GFP_KERNEL);
		if (!node)
			return -ENOMEM;
		mach_object_lock(object);
		mach_tree_stock_add(&object->spare, node);
	}
	mach_object_unlock(object);
	return 0;
}

/**
 * mach_object_mark - The pager does not have the contents of a page
 * @object: locked
 * @index: page that is there
 *
 * By its mark in the tree it is found among others, by the bit of its frame it
 * is told at once. Return: whether that changed anything.
 */
bool mach_object_mark(struct mach_object *object, pgoff_t index)
{
	struct mach_tree_cursor at = { .index = index };
	struct page *page = mach_tree_find(&object->pages, &at, index);

	lockdep_assert_held(&object->lock);
	mach_page_set_dirty(page, true);
	return mach_tree_cursor_mark(&at);
}

/**
 * mach_object_unmark - The pager gets the contents of a page
 * @object: locked
 * @index: page that is there
 */
void mach_object_unmark(struct mach_object *object, pgoff_t index)
{
	struct mach_tree_cursor at = { .index = index };
	struct page *page = mach_tree_find(&object->pages, &at, index);

	lockdep_assert_held(&object->lock);
	mach_page_set_dirty(page, false);
	mach_tree_cursor_unmark(&at);
}

/**
 * mach_object_mark_dirty - Remember that a page was written
 * @object: not locked
 * @index: a resident page, locked: who cleans it waits for that
 */
void mach_object_mark_dirty(struct mach_object *object, pgoff_t index)
{
	mach_object_lock(object);
	if (mach_object_mark(object, index))
		object->counts.dirty++;
	mach_object_unlock(object);
}

/**
 * mach_object_add - Put a page where none is, of an object without a pager
 * @object: not locked
 * @index: page index
 * @page: a frame, the object's on success
 *
 * Return: 0, -EEXIST, -ENOMEM.
 */
int mach_object_add(struct mach_object *object, pgoff_t index,
		    struct page *page)
{
	int err;

	do {
		mach_object_lock(object);
		err = mach_tree_insert(&object->pages, index, page,
				       &object->spare);
		if (!err) {
			mach_page_set_owner(page, object, index);
			object->counts.resident++;
			atomic_long_inc(&mach_object_internal);
		}
		mach_object_unlock(object);
		if (err == -ENOMEM && mach_object_stock(object, index, 1))
			return -ENOMEM;
	} while (err == -ENOMEM);
	return err;
}

/**
 * mach_object_take - Take pages out of an object without a pager
 * @object: not locked; nobody else looks at these pages
 * @first: page index to look from; out: where to look on
 * @end: the page after the last
 * @frames: out: pages that were there, each with its index as mach_frame_index()
 *	has it
 * @n: how many at most
 *
 * Return: how many; fewer than @n: there are no more.
 */
unsigned int mach_object_take(struct mach_object *object, pgoff_t *first,
			      pgoff_t end, struct bio_vec *frames,
			      unsigned int n)
{
	struct mach_tree_cursor at = { .index = *first };
	unsigned int taken = 0;
	struct page *page;

	mach_object_lock(object);
	while (taken < n) {
		page = mach_tree_find(&object->pages, &at, end - 1);
		if (!page)
			break;
		mach_tree_erase(&object->pages, at.index, &object->spare);
		bvec_set_page(&frames[taken++], page, PAGE_SIZE, 0);
		at.leaf = NULL;
		at.index++;
	}
	object->counts.resident -= taken;
	atomic_long_sub(taken, &mach_object_internal);
	*first = at.index;
	mach_object_unlock(object);
	return taken;
}

/* Which resident pages are to go */
enum mach_victims {
	MACH_VICTIMS_CLEAN,
	MACH_VICTIMS_ALL,	/* what was written to them is lost */
	MACH_VICTIMS_UNUSED,	/* clean, inactive and not used */
};

static bool mach_object_may_go(const struct mach_tree_cursor *at,
			       struct page *page, enum mach_victims victims)
{
	if (mach_page_state(page) != MACH_PAGE_RESIDENT)
		return false;
	switch (victims) {
	case MACH_VICTIMS_CLEAN:
		return !mach_tree_cursor_marked(at);
	case MACH_VICTIMS_UNUSED:
		return mach_queue_inactive(page);
	case MACH_VICTIMS_ALL:
		break;
	}
	return true;
}

/* Pages of the extent that may go; the rest is known once they are revoked. */
static unsigned int mach_object_victims(struct mach_object *object,
					const struct mach_extent *extent,
					enum mach_victims victims,
					struct bio_vec *frames)
{
	struct mach_tree_cursor at = { .index = extent->first };
	pgoff_t last = extent->first + extent->n - 1;
	struct page *page;
	unsigned int n = 0;

	mach_object_lock(object);
	for (page = mach_tree_find(&object->pages, &at, last); page;
	     page = mach_tree_next(&object->pages, &at, last)) {
		if (!mach_object_may_go(&at, page, victims))
			continue;
		/* bv_offset is free to remember which page it was */
		bvec_set_page(&frames[n++], page, PAGE_SIZE,
			      at.index - extent->first);
	}
	mach_object_unlock(object);
	return n;
}

/* Pages as @view shows them, if it can show them at all */
static void mach_view_unmap(const struct mach_view *view, pgoff_t first,
			    unsigned long n)
{
	s64 start = (s64)first + ((s64)view->delta >> PAGE_SHIFT);
	s64 end = start + n;

	if (end > 0)
		mach_pmap_revoke(view->mapping, max_t(s64, start, 0),
				 end - max_t(s64, start, 0));
}

/**
 * mach_object_unmap - Revoke pages wherever they are mapped
 * @object: its map_lock held for writing
 * @first: page index
 * @n: how many
 */
void mach_object_unmap(struct mach_object *object, pgoff_t first,
		       unsigned long n)
{
	struct rb_node *node;

	lockdep_assert_held_write(&object->map_lock);
	if (object->inode)
		mach_pmap_revoke(object->inode->i_mapping, first, n);
	for (node = rb_first(&object->views); node; node = rb_next(node))
		mach_view_unmap(rb_entry(node, struct mach_view, node), first,
				n);
}

/* No CPU has an entry of these pages any more, and none can come. */
static void mach_object_revoke(struct mach_object *object, pgoff_t base,
			       const struct bio_vec *frames, unsigned int n)
{
	unsigned int i, first = frames[0].bv_offset;

	lockdep_assert_held_write(&object->map_lock);
	/* a write fault that has marked a page still makes its entry */
	for (i = 0; i < n; i++)
		wait_on_page_locked(frames[i].bv_page);
	mach_object_unmap(object, base + first,
			  frames[n - 1].bv_offset - first + 1);
}

/* Can the page go, now that it is revoked? */
static bool mach_object_judge(struct mach_object *object, struct page *page,
			      enum mach_victims victims,
			      struct mach_eviction *eviction)
{
	bool dirty = mach_page_is_dirty(page);

	if (victims == MACH_VICTIMS_UNUSED &&
	    folio_test_clear_referenced(page_folio(page))) {
		mach_queue_used(page);
		object->counts.reactivations++;
		return false;
	}
	if (victims != MACH_VICTIMS_ALL && dirty)
		eviction->dirty++;
	else if (!mach_page_pinned(page) && !mach_page_is_wired(page))
		return true;
	/* as long as it cannot go it must not crowd out those that can */
	if (victims == MACH_VICTIMS_UNUSED)
		mach_queue_used(page);
	return false;
}

/**
 * mach_object_drop - Drop resident pages
 * @object: its map_lock held for writing
 * @extent: at most MACH_OBJECT_BATCH pages
 * @victims: which
 * @eviction: out: what came of it
 *
 * Pages that are busy, in a data_return or pinned stay.
 */
static void mach_object_drop(struct mach_object *object,
			     const struct mach_extent *extent,
			     enum mach_victims victims,
			     struct mach_eviction *eviction)
{
	struct bio_vec frames[MACH_OBJECT_BATCH];
	unsigned int i, n, dropped = 0;

	*eviction = (struct mach_eviction) {};
	n = mach_object_victims(object, extent, victims, frames);
	if (!n)
		return;
	mach_object_revoke(object, extent->first, frames, n);

	mach_object_lock(object);
	for (i = 0; i < n; i++) {
		pgoff_t index = extent->first + frames[i].bv_offset;

		if (!mach_object_judge(object, frames[i].bv_page, victims,
				       eviction))
			continue;
		if (mach_page_is_dirty(frames[i].bv_page))
			object->counts.dirty--;
		mach_queue_leave(frames[i].bv_page);
		mach_tree_erase(&object->pages, index, &object->spare);
		frames[dropped++] = frames[i];
	}
	object->counts.resident -= dropped;
	if (victims == MACH_VICTIMS_UNUSED)
		object->counts.evictions += dropped;
	mach_object_unlock(object);

	for (i = 0; i < dropped; i++)
		mach_page_free(frames[i].bv_page);
	eviction->dropped = dropped;
}

/* The first page in [*first, end), in whatever state. */
static bool mach_object_any(struct mach_object *object, pgoff_t *first,
			    pgoff_t end)
{
	struct mach_tree_cursor at = { .index = *first };
	bool found;

	mach_object_lock(object);
	found = mach_tree_find(&object->pages, &at, end - 1);
	mach_object_unlock(object);
	*first = at.index;
	return found;
}

/**
 * mach_object_flush - Drop resident pages of a range
 * @object: no lock held
 * @first: first page index
 * @end: the page after the last
 * @dirty: drop modified pages too
 */
void mach_object_flush(struct mach_object *object, pgoff_t first, pgoff_t end,
		       bool dirty)
{
	enum mach_victims victims = dirty ? MACH_VICTIMS_ALL :
					    MACH_VICTIMS_CLEAN;
	struct mach_extent extent = { .first = first };
	struct mach_eviction eviction;

	while (extent.first < end &&
	       mach_object_any(object, &extent.first, end)) {
		extent.n = min_t(pgoff_t, end - extent.first,
				 MACH_OBJECT_BATCH);
		down_write(&object->map_lock);
		mach_object_drop(object, &extent, victims, &eviction);
		up_write(&object->map_lock);
		extent.first += extent.n;
		cond_resched();
	}
	mach_object_trim(object);
}

/**
 * mach_object_evict - Judge the inactive pages around one
 * @object: no lock held
 * @index: page
 * @eviction: out: what came of it
 *
 * A page that was used since it was last judged is active again. Of the others
 * clean ones are dropped, and dirty ones are left unmapped. Never waits for a
 * pager.
 */
void mach_object_evict(struct mach_object *object, pgoff_t index,
		       struct mach_eviction *eviction)
{
	struct mach_extent extent = {
		.first = round_down(index, MACH_OBJECT_BATCH),
		.n = MACH_OBJECT_BATCH,
	};

	down_write(&object->map_lock);
	mach_object_drop(object, &extent, MACH_VICTIMS_UNUSED, eviction);
	up_write(&object->map_lock);
	mach_object_trim(object);
}

/* Run @work where waiting for a pager is allowed. */
void mach_object_queue(struct work_struct *work)
{
	queue_work(mach_object_wq, work);
}

static int mach_object_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, 0x4d616368) ? 0 : -ENOMEM;
}

/* No owner: the mount must not keep the module loaded. */
static struct file_system_type mach_object_fs = {
	.name = "machobj",
	.init_fs_context = mach_object_fs_init,
	.kill_sb = kill_anon_super,
};

static void mach_tree_node_construct(void *node)
{
	memset(node, 0, sizeof(struct mach_tree_node));
}

int mach_object_init(void)
{
	int err = -ENOMEM;

	mach_object_cache = mach_kmem_create("object",
					     sizeof(struct mach_object),
					     __alignof__(struct mach_object),
					     NULL);
	mach_tree_cache = mach_kmem_create("tree node",
					   sizeof(struct mach_tree_node),
					   __alignof__(struct mach_tree_node),
					   mach_tree_node_construct);
	if (!mach_object_cache || !mach_tree_cache)
		goto err_cache;
	mach_object_wq = alloc_workqueue("machvm", WQ_UNBOUND, 0);
	if (!mach_object_wq)
		goto err_cache;
	mach_object_mount = kern_mount(&mach_object_fs);
	if (!IS_ERR(mach_object_mount))
		return 0;
	err = PTR_ERR(mach_object_mount);
	destroy_workqueue(mach_object_wq);
err_cache:
	mach_kmem_destroy(mach_tree_cache);
	mach_kmem_destroy(mach_object_cache);
	return err;
}

void mach_object_exit(void)
{
	destroy_workqueue(mach_object_wq);
	kern_unmount(mach_object_mount);
	mach_kmem_destroy(mach_tree_cache);
	mach_kmem_destroy(mach_object_cache);
}
