// SPDX-License-Identifier: GPL-2.0-only
#include "vm_object.h"
#include "compat.h"
#include "pmap.h"
#include "vm_page.h"

#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#define MACH_OBJECT_BATCH	64
/* Batches that one reclaim looks at: 64 MiB of small pages. */
#define MACH_OBJECT_RECLAIM_TURNS	256

static struct workqueue_struct *mach_object_wq;

/* Where the inodes live that carry the objects' address spaces. */
struct vfsmount *mach_object_mount;

/**
 * mach_object_create - Make an object without pages
 * @pager: who supplies it
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
	struct mach_object *object = kzalloc(sizeof(*object), GFP_KERNEL);

	if (!object)
		return NULL;
	object->inode = alloc_anon_inode(mach_object_mount->mnt_sb);
	if (IS_ERR(object->inode)) {
		kfree(object);
		return NULL;
	}
	i_size_write(object->inode, size);
	refcount_set(&object->ref, 1);
	atomic_set(&object->rights, 1);
	mach_pager_get(pager);
	object->pager = pager;
	object->size = size;
	object->npages = DIV_ROUND_UP_ULL(size, PAGE_SIZE);
	object->cookie = cookie;
	object->read_only = read_only;
	init_rwsem(&object->map_lock);
	xa_init(&object->pages);
	INIT_HLIST_HEAD(&object->requests);
	INIT_LIST_HEAD(&object->pageout_link);
	return object;
}

void mach_object_put(struct mach_object *object)
{
	struct page *page;
	unsigned long index;

	if (!refcount_dec_and_test(&object->ref))
		return;
	WARN_ON(!hlist_empty(&object->requests));
	xa_for_each(&object->pages, index, page)
		mach_page_free(page);
	xa_destroy(&object->pages);
	iput(object->inode);
	mach_pager_put(object->pager);
	kfree(object);
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
	if (atomic_dec_and_test(&object->rights))
		mach_object_queue(&object->terminate);
	else
		mach_object_put(object);
}

/* The frame at @index in whatever state, or NULL. */
struct page *mach_object_page(struct mach_object *object, pgoff_t index)
{
	lockdep_assert_held(&object->pages.xa_lock);
	return xa_load(&object->pages, index);
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
	XA_STATE(xas, &object->pages, around->first);
	pgoff_t next = around->first;
	unsigned int n = 0;
	struct page *page;

	lockdep_assert_held(&object->pages.xa_lock);
	xas_for_each(&xas, page, last) {
		if (mach_page_state(page) == MACH_PAGE_BUSY)
			continue;
		if (xas.xa_index != next) {
			if (xas.xa_index > index)
				break;
			next = xas.xa_index;
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
	XA_STATE(xas, &object->pages, window->first);
	struct page *page;

	lockdep_assert_held(&object->pages.xa_lock);
	xas_for_each(&xas, page, end - 1) {
		if (xas.xa_index >= index) {
			end = xas.xa_index;
			break;
		}
		window->first = xas.xa_index + 1;
	}
	window->n = end > window->first ? end - window->first : 0;
}

static void mach_object_erase(struct mach_object *object, pgoff_t first,
			      unsigned int n)
{
	XA_STATE(xas, &object->pages, first);

	for (; n; n--) {
		xas_store(&xas, NULL);
		xas_next(&xas);
	}
}

/**
 * mach_object_place - Put busy frames where no pages are
 * @xas: state on the object's tree at the first page; object locked
 * @frames: one a page
 * @n: how many
 *
 * Return: 0; -EEXIST if a page has come meanwhile; -ENOMEM, when xas_nomem()
 * helps. Then nothing was placed.
 */
int mach_object_place(struct xa_state *xas, const struct bio_vec *frames,
		      unsigned int n)
{
	struct mach_object *object =
		container_of(xas->xa, struct mach_object, pages);
	pgoff_t first = xas->xa_index;
	unsigned int i;

	lockdep_assert_held(&object->pages.xa_lock);
	for (i = 0; i < n; i++) {
		if (i ? xas_next(xas) : xas_load(xas))
			goto err_erase;
		mach_page_set_state(frames[i].bv_page, MACH_PAGE_BUSY);
		xas_store(xas, frames[i].bv_page);
		if (xas_error(xas))
			goto err_erase;
	}
	return 0;

err_erase:
	mach_object_erase(object, first, i);
	return xas_error(xas) ?: -EEXIST;
}

/**
 * mach_object_remove - Take busy frames out again
 * @object: locked
 * @first: page index
 * @n: how many; each is busy
 */
void mach_object_remove(struct mach_object *object, pgoff_t first,
			unsigned int n)
{
	lockdep_assert_held(&object->pages.xa_lock);
	mach_object_erase(object, first, n);
}

/**
 * mach_object_mark_dirty - Remember that a page was written
 * @object: not locked
 * @index: a resident page, locked: who cleans it waits for that
 */
void mach_object_mark_dirty(struct mach_object *object, pgoff_t index)
{
	mach_object_lock(object);
	if (!xa_get_mark(&object->pages, index, MACH_OBJECT_DIRTY)) {
		__xa_set_mark(&object->pages, index, MACH_OBJECT_DIRTY);
		object->counts.dirty++;
	}
	mach_object_unlock(object);
}

/* Resident pages of the extent that may be taken away, to the end of @frames */
static unsigned int mach_object_victims(struct mach_object *object,
					const struct mach_extent *extent,
					bool dirty, struct bio_vec *frames)
{
	XA_STATE(xas, &object->pages, extent->first);
	struct page *page;
	unsigned int n = 0;

	mach_object_lock(object);
	xas_for_each(&xas, page, extent->first + extent->n - 1) {
		if (mach_page_state(page) != MACH_PAGE_RESIDENT)
			continue;
		if (!dirty && xas_get_mark(&xas, MACH_OBJECT_DIRTY))
			continue;
		/* bv_offset is free to remember which page it was */
		bvec_set_page(&frames[n++], page, PAGE_SIZE,
			      xas.xa_index - extent->first);
	}
	mach_object_unlock(object);
	return n;
}

/**
 * mach_object_forget - Drop resident pages
 * @object: its map_lock held for writing
 * @extent: at most MACH_OBJECT_BATCH pages
 * @dirty: drop modified pages too: their contents are lost
 *
 * Pages that are busy, in a data_return or pinned stay. Return: pages dropped.
 */
static unsigned int mach_object_forget(struct mach_object *object,
				       const struct mach_extent *extent,
				       bool dirty)
{
	struct bio_vec frames[MACH_OBJECT_BATCH];
	unsigned int i, n, dropped = 0;
	pgoff_t index;

	lockdep_assert_held_write(&object->map_lock);
	n = mach_object_victims(object, extent, dirty, frames);
	if (!n)
		return 0;
	for (i = 0; i < n; i++)
		wait_on_page_locked(frames[i].bv_page);
	mach_pmap_revoke(object->inode->i_mapping, extent->first, extent->n);

	mach_object_lock(object);
	for (i = 0; i < n; i++) {
		bool marked;

		index = extent->first + frames[i].bv_offset;
		marked = xa_get_mark(&object->pages, index, MACH_OBJECT_DIRTY);
		/* a write that was under way may just have marked it */
		if (mach_page_pinned(frames[i].bv_page) || (marked && !dirty))
			continue;
		if (marked)
			object->counts.dirty--;
		__xa_erase(&object->pages, index);
		frames[dropped++] = frames[i];
	}
	object->counts.resident -= dropped;
	mach_object_unlock(object);

	for (i = 0; i < dropped; i++)
		mach_page_free(frames[i].bv_page);
	return dropped;
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
	struct mach_extent extent = { .first = first };

	while (xa_find(&object->pages, &extent.first, end - 1, XA_PRESENT)) {
		extent.n = min_t(pgoff_t, end - extent.first,
				 MACH_OBJECT_BATCH);
		down_write(&object->map_lock);
		mach_object_forget(object, &extent, dirty);
		up_write(&object->map_lock);
		extent.first += extent.n;
		if (extent.first >= end)
			break;
		cond_resched();
	}
}

/**
 * mach_object_reclaim - Drop clean pages, by offset in turn
 * @object: no lock held
 * @pages: how many are wanted
 *
 * Looks at a bounded number of pages; the next call goes on from there.
 * Return: how many were dropped.
 */
unsigned int mach_object_reclaim(struct mach_object *object, unsigned int pages)
{
	unsigned int dropped = 0, turns = MACH_OBJECT_RECLAIM_TURNS;
	struct mach_extent extent;
	bool wrapped = false;
	unsigned long index;

	down_write(&object->map_lock);
	index = object->hand;
	while (dropped < pages && turns--) {
		if (!xa_find(&object->pages, &index, ULONG_MAX, XA_PRESENT)) {
			if (wrapped)
				break;
			wrapped = true;
			index = 0;
			continue;
		}
		extent.first = index;
		extent.n = MACH_OBJECT_BATCH;
		dropped += mach_object_forget(object, &extent, false);
		index += extent.n;
		cond_resched();
	}
	object->hand = index;
	up_write(&object->map_lock);
	return dropped;
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

int mach_object_init(void)
{
	mach_object_wq = alloc_workqueue("machvm", WQ_UNBOUND, 0);
	if (!mach_object_wq)
		return -ENOMEM;
	mach_object_mount = kern_mount(&mach_object_fs);
	if (IS_ERR(mach_object_mount)) {
		destroy_workqueue(mach_object_wq);
		return PTR_ERR(mach_object_mount);
	}
	return 0;
}

void mach_object_exit(void)
{
	destroy_workqueue(mach_object_wq);
	kern_unmount(mach_object_mount);
}
