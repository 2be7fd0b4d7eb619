// SPDX-License-Identifier: GPL-2.0-only
/* Objects: birth, death, rights, the list of all, and nodes for their trees. */
#include "vm_object.h"
#include "inode.h"
#include "page_queue.h"
#include "pool/kmem.h"

#include <linux/pagemap.h>

/* Nodes that an object keeps for its next pages. */
#define MACH_OBJECT_SPARE	4
/* How many objects, pages or nodes are gone through before others may run. */
#define MACH_OBJECT_BATCH	64
/* Pages whose nodes are taken down before others may run. */
#define MACH_OBJECT_STRETCH	(MACH_OBJECT_BATCH * MACH_TREE_FANOUT)

static struct workqueue_struct *mach_object_wq __ro_after_init;
static struct mach_kmem *mach_object_cache __ro_after_init;
static struct mach_kmem *mach_tree_cache __ro_after_init;
static struct mach_kmem *mach_reserve_cache __ro_after_init;
static void (*mach_object_unlist)(struct mach_object *object) __ro_after_init;

/* All objects, and how many. Who holds the lock waits for nothing. */
static DEFINE_MUTEX(mach_objects_lock);
static LIST_HEAD(mach_objects);
static unsigned long mach_objects_n;

DEFINE_PER_CPU(struct mach_object_counts, mach_object_totals);
DEFINE_PER_CPU(u64, mach_object_zero_filled);

static atomic64_t mach_object_serial = ATOMIC64_INIT(0);

/* Pages of all objects without a pager */
static atomic_long_t mach_object_internal = ATOMIC_LONG_INIT(0);

static void mach_object_enlist(struct mach_object *object)
{
	mutex_lock(&mach_objects_lock);
	list_add_tail(&object->link, &mach_objects);
	WRITE_ONCE(mach_objects_n, mach_objects_n + 1);
	mutex_unlock(&mach_objects_lock);
}

static void mach_object_delist(struct mach_object *object)
{
	mutex_lock(&mach_objects_lock);
	list_del(&object->link);
	WRITE_ONCE(mach_objects_n, mach_objects_n - 1);
	mutex_unlock(&mach_objects_lock);
}

static void mach_counts_add(struct mach_object_counts *sum,
			    const struct mach_object_counts *counts)
{
	sum->resident += counts->resident;
	sum->busy += counts->busy;
	sum->dirty += counts->dirty;
	sum->laundry += counts->laundry;
	sum->faults += counts->faults;
	sum->pageins += counts->pageins;
	sum->pageouts += counts->pageouts;
	sum->requests += counts->requests;
	sum->errors += counts->errors;
	sum->evictions += counts->evictions;
	sum->reactivations += counts->reactivations;
}

/* What came to one processor went, perhaps, on another one that was read before. */
static u64 mach_count_at_least_none(u64 count)
{
	return max_t(s64, count, 0);
}

/**
 * mach_object_sum - Add up the counts of all objects, gone ones as well
 * @sum: out; what goes on meanwhile may be in it or not
 *
 * Return: how many objects there are.
 */
unsigned long mach_object_sum(struct mach_object_counts *sum)
{
	int cpu;

	*sum = (struct mach_object_counts) {};
	for_each_possible_cpu(cpu) {
		struct mach_object_counts counts;

		/* a number that was right a moment ago will do */
		counts = data_race(*per_cpu_ptr(&mach_object_totals, cpu));
		mach_counts_add(sum, &counts);
	}
	sum->resident = mach_count_at_least_none(sum->resident);
	sum->busy = mach_count_at_least_none(sum->busy);
	sum->dirty = mach_count_at_least_none(sum->dirty);
	sum->laundry = mach_count_at_least_none(sum->laundry);
	return READ_ONCE(mach_objects_n);
}

u64 mach_object_zero_fills(void)
{
	u64 n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		/* likewise */
		n += data_race(*per_cpu_ptr(&mach_object_zero_filled, cpu));
	return n;
}

/* An internal object has so many pages more. */
void mach_object_count_internal(struct mach_object *object, long pages)
{
	atomic_long_add(pages, &mach_object_internal);
	mach_user_add(object->user, MACH_USER_ANONYMOUS, pages);
}

/* Pages of all objects without a pager: nobody can take them. */
unsigned long mach_object_internal_pages(void)
{
	return atomic_long_read(&mach_object_internal);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_internal_pages);

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

static int mach_object_set_pager(struct mach_object *object,
				 const struct mach_object_setup *setup)
{
	struct mach_pager *pager = setup->pager;
	struct inode *inode;

	inode = setup->inode ?: mach_inode_create();
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	object->inode = inode;
	mach_pager_get(pager);
	object->pager = pager;
	object->user = mach_user_get(pager->user);
	object->exempt = pager->exempt;
	INIT_WORK(&object->terminate, pager->ops->terminate);
	INIT_WORK(&object->launder, pager->ops->launder);
	/* the inode of a name is known before: from here on the object is found there */
	spin_lock(&inode->i_lock);
	inode->i_private = object;
	spin_unlock(&inode->i_lock);
	return 0;
}

/* Anonymous memory is the user's who makes it. */
static int mach_object_set_owner(struct mach_object *object,
				 const struct mach_object_setup *setup)
{
	if (setup->pager)
		return mach_object_set_pager(object, setup);
	object->user = mach_user_get_current();
	object->exempt = mach_user_is_exempt();
	return object->user ? 0 : -ENOMEM;
}

/**
 * mach_object_create - Make an object without pages
 * @setup: what it is to be
 *
 * It can be found, as one of all objects, when it is finished. Return: an object
 * with one reference and one right, or NULL.
 */
struct mach_object *mach_object_create(const struct mach_object_setup *setup)
{
	struct mach_object *object = mach_kmem_alloc(mach_object_cache,
						     GFP_KERNEL);

	if (!object)
		return NULL;
	memset(object, 0, sizeof(*object));
	refcount_set(&object->ref, 1);
	atomic_set(&object->rights, 1);
	object->serial = atomic64_inc_return(&mach_object_serial);
	object->size = setup->size;
	object->cookie = setup->cookie;
	object->id = setup->id;
	object->cluster = setup->cluster;
	object->read_only = setup->read_only;
	object->resizable = setup->resizable;
	object->directory = setup->directory;
	object->listed = setup->listed;
	object->made = setup->made;
	/* who makes one for a name in a table has its first right */
	object->unused = setup->directory && !setup->made;
	init_rwsem(&object->residence);
	object->views = RB_ROOT;
	spin_lock_init(&object->lock);
	mach_tree_init(&object->pages);
	object->requests = RB_ROOT_CACHED;
	object->returns = RB_ROOT_CACHED;
	xa_init(&object->wirings);
	INIT_HLIST_HEAD(&object->whole);
	INIT_LIST_HEAD(&object->asking);
	INIT_LIST_HEAD(&object->turn);
	if (setup->self)
		*setup->self = object;
	if (mach_object_set_owner(object, setup)) {
		mach_kmem_free(mach_object_cache, object);
		return NULL;
	}
	mach_user_add(object->user, MACH_USER_OBJECTS, 1);
	mach_object_enlist(object);
	return object;
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_create);

/* So many more nodes: in the tree, or for it. Those of evictable pages go with these. */
static void mach_object_count_nodes(struct mach_object *object, long n)
{
	if (!object->pager)
		mach_user_add(object->user, MACH_USER_NODES, n);
}

static void mach_object_free_nodes(struct mach_object *object,
				   struct mach_tree_stock *nodes)
{
	mach_object_count_nodes(object, -(long)nodes->n);
	while (nodes->n) {
		mach_kmem_free(mach_tree_cache, mach_tree_stock_take(nodes));
		if (!(nodes->n % MACH_OBJECT_BATCH))
			cond_resched();
	}
}

/* Give nodes back that the tree has no use for, but for a few. */
void mach_object_trim(struct mach_object *object)
{
	struct mach_tree_stock surplus = {};

	mach_object_lock(object);
	while (object->spare.n > MACH_OBJECT_SPARE)
		mach_tree_stock_add(&surplus,
				    mach_tree_stock_take(&object->spare));
	mach_object_unlock(object);
	mach_object_free_nodes(object, &surplus);
}

/* Who still has the inode finds no object from here on. */
static void mach_object_leave_inode(const struct mach_object *object)
{
	struct inode *inode = object->inode;

	if (!inode)
		return;
	if (object->aside)
		mach_user_forget_names(object->user, inode->i_mapping);
	spin_lock(&inode->i_lock);
	inode->i_private = NULL;
	spin_unlock(&inode->i_lock);
	iput(inode);
}

/* What it had is nobody's any more. */
static void mach_object_disown(struct mach_object *object)
{
	const struct mach_object_counts *counts = &object->counts;

	if (mach_object_is_internal(object))
		mach_object_count_internal(object, -(long)counts->resident);
	mach_user_add(object->user, MACH_USER_BUSY, -(long)counts->busy);
	mach_user_add(object->user, MACH_USER_DIRTY, -(long)counts->dirty);
	mach_user_add(object->user, MACH_USER_OBJECTS, -1);
	mach_object_count(object, resident, -counts->resident);
	mach_object_count(object, busy, -counts->busy);
	mach_object_count(object, dirty, -counts->dirty);
	mach_object_count(object, laundry, -counts->laundry);
}

/* All that is left when nobody knows the object any more: millions, perhaps. */
static void mach_object_free_pages(struct mach_object *object)
{
	const u64 last = MACH_TREE_INDEX_MAX;
	struct mach_tree_cursor at = {};
	unsigned int n = 0;
	struct page *page;

	for (page = mach_tree_find(&object->pages, &at, last); page;
	     page = mach_tree_next(&object->pages, &at, last)) {
		mach_queue_leave(page);
		if (mach_page_free_named(page, object->user))
			object->aside = true;
		if (!(++n % MACH_OBJECT_BATCH))
			cond_resched();
	}
	at = (struct mach_tree_cursor) {};
	while (mach_tree_find(&object->pages, &at, last)) {
		mach_tree_erase_run(&object->pages, at.index,
				    MACH_OBJECT_STRETCH, &object->spare);
		at.leaf = NULL;
		cond_resched();
	}
	mach_object_free_nodes(object, &object->spare);
}

void mach_object_put(struct mach_object *object)
{
	if (!refcount_dec_and_test(&object->ref))
		return;
	mach_object_delist(object);
	WARN_ON(!RB_EMPTY_ROOT(&object->requests.rb_root));
	WARN_ON(!RB_EMPTY_ROOT(&object->returns.rb_root));
	WARN_ON(!RB_EMPTY_ROOT(&object->views));
	WARN_ON(!xa_empty(&object->wirings));
	if (object->listed || object->made)
		mach_object_unlist(object);
	mach_object_disown(object);
	mach_object_free_pages(object);
	if (object->reserve)
		mach_kmem_free(mach_reserve_cache, object->reserve);
	mach_object_leave_inode(object);
	if (object->pager)
		mach_pager_put(object->pager);
	mach_user_put(object->user);
	mach_kmem_free(mach_object_cache, object);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_put);

static void mach_object_put_fn(struct work_struct *work)
{
	mach_object_put(container_of(work, struct mach_object, terminate));
}

/* For who must not free it: it has terminated if this is the last reference. */
void mach_object_put_later(struct mach_object *object)
{
	if (refcount_dec_not_one(&object->ref))
		return;
	INIT_WORK(&object->terminate, mach_object_put_fn);
	mach_object_queue(&object->terminate);
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

/* A right to the object that an inode is of; NULL when that is gone. */
struct mach_object *mach_object_of_inode(struct inode *inode)
{
	struct mach_object *object;

	spin_lock(&inode->i_lock);
	object = inode->i_private;
	if (object && !mach_object_right_try_get(object))
		object = NULL;
	spin_unlock(&inode->i_lock);
	return object;
}

/* Rights never come back from zero, so the work is queued once. */
void mach_object_right_put(struct mach_object *object)
{
	if (atomic_dec_and_test(&object->rights) && object->pager)
		object->pager->ops->queue(object->pager, &object->terminate);
	else
		mach_object_put(object);
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_right_put);

/*
 * For who may do what the end takes, of an object whose pager is dead: nothing waits
 * for it then. Return: has it terminated?
 */
bool mach_object_right_put_here(struct mach_object *object)
{
	bool last = atomic_dec_and_test(&object->rights);

	if (last)
		object->pager->ops->terminate(&object->terminate);
	else
		mach_object_put(object);
	return last;
}

/* Of the only right, if it is that: it terminates. Return: did it? */
bool mach_object_right_end(struct mach_object *object)
{
	if (atomic_cmpxchg(&object->rights, 1, 0) != 1)
		return false;
	object->pager->ops->queue(object->pager, &object->terminate);
	return true;
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
		mach_object_count_nodes(object, 1);
		mach_object_lock(object);
		mach_tree_stock_add(&object->spare, node);
	}
	mach_object_unlock(object);
	return 0;
}

/* Run @work, which waits for no pager; false if it is queued already. */
bool mach_object_queue(struct work_struct *work)
{
	return queue_work(mach_object_wq, work);
}

/* Something of what is unsent may be sent now. */
void mach_object_queue_launder(struct mach_object *object)
{
	mach_object_get(object);
	if (!mach_object_queue(&object->launder))
		mach_object_put(object);
}

/**
 * mach_object_provide - Have memory for one request before there are pages
 * @object: with a pager; not locked
 *
 * What gives a page back cannot be refused any more. Return: false if there is none.
 */
bool mach_object_provide(struct mach_object *object)
{
	void *reserve;

	if (READ_ONCE(object->provided))
		return true;
	reserve = mach_kmem_alloc(mach_reserve_cache, GFP_KERNEL);
	if (!reserve)
		return false;
	mach_object_lock(object);
	if (!object->provided) {
		WRITE_ONCE(object->reserve, reserve);
		WRITE_ONCE(object->provided, true);
		reserve = NULL;
	}
	mach_object_unlock(object);
	if (reserve)
		mach_kmem_free(mach_reserve_cache, reserve);
	return true;
}

void __init mach_object_set_unlist(void (*unlist)(struct mach_object *object))
{
	mach_object_unlist = unlist;
}

void __init mach_object_set_reserve(struct mach_kmem *cache)
{
	mach_reserve_cache = cache;
}

static void mach_tree_node_construct(void *node)
{
	memset(node, 0, sizeof(struct mach_tree_node));
}

int mach_object_init(void)
{
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
	return 0;

err_cache:
	mach_kmem_destroy(mach_tree_cache);
	mach_kmem_destroy(mach_object_cache);
	return -ENOMEM;
}

void mach_object_exit(void)
{
	destroy_workqueue(mach_object_wq);
	mach_kmem_destroy(mach_tree_cache);
	mach_kmem_destroy(mach_object_cache);
}
