// SPDX-License-Identifier: GPL-2.0-only
/* Objects of listed directories: which are idle, and how they are given back. */
#include "idle.h"
#include "base/compat.h"
#include "base/manner.h"
#include "directory.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/moduleparam.h>
#include <linux/wait.h>

/* How many are looked at beside those that are too many, so that all get their turn */
#define MACH_IDLE_STRIDE	32

static unsigned long mach_idle_most = 8192;
module_param_named(listed_objects, mach_idle_most, ulong, 0644);
MODULE_PARM_DESC(listed_objects,
		 "Objects of listed directories from which on idle ones are given back (default: 8192)");

/* Used longest ago first, and how many there are; with the lock */
static DEFINE_SPINLOCK(mach_idle_lock);
static LIST_HEAD(mach_idle_order);
static unsigned long mach_idle_count;
/* By their numbers; with the lock */
static DEFINE_HASHTABLE(mach_idle_ending, 8);
/* Woken when one of these has ended */
static DECLARE_WAIT_QUEUE_HEAD(mach_idle_waiters);

/* So many are to be looked at because memory is short. */
static atomic_long_t mach_idle_wanted = ATOMIC_LONG_INIT(0);

static void mach_idle_prune(struct work_struct *work);
static DECLARE_WORK(mach_idle_work, mach_idle_prune);

/* It has ended, as far as the pager is concerned: who waits for that goes on. */
void mach_idle_ended(struct mach_object *object)
{
	struct mach_made *made = object->made;
	bool waited;

	spin_lock(&mach_idle_lock);
	waited = !hlist_unhashed(&made->ending);
	hash_del(&made->ending);
	spin_unlock(&mach_idle_lock);
	if (waited)
		wake_up_all(&mach_idle_waiters);
}

bool mach_idle_has_ended(u64 number)
{
	struct mach_made *made;
	bool ended = true;

	spin_lock(&mach_idle_lock);
	hash_for_each_possible(mach_idle_ending, made, ending, number)
		ended &= made->number != number;
	spin_unlock(&mach_idle_lock);
	return ended;
}

/* Until the object of a name that was given back has ended. Return: 0, -EINTR. */
int mach_idle_wait(u64 number)
{
	return mach_wait_event(mach_idle_waiters, mach_idle_has_ended(number),
			       MACH_WAIT_KILLED);
}

/* Somebody uses it now. */
void mach_idle_used(struct mach_made *made)
{
	bool many;

	spin_lock(&mach_idle_lock);
	if (list_empty(&made->used))
		mach_idle_count++;
	list_move_tail(&made->used, &mach_idle_order);
	many = mach_idle_count > READ_ONCE(mach_idle_most);
	spin_unlock(&mach_idle_lock);
	if (many)
		mach_object_queue(&mach_idle_work);
}

/* It is about to be freed. */
void mach_idle_leave(struct mach_made *made)
{
	spin_lock(&mach_idle_lock);
	if (!list_empty(&made->used)) {
		list_del(&made->used);
		mach_idle_count--;
	}
	spin_unlock(&mach_idle_lock);
}

/*
 * Take the last right of an object, and its dentry out of sight, if nobody else has
 * them: @users beside the name's own. Who finds the dentry at this moment looks again.
 */
static bool mach_idle_take(struct mach_object *object, struct dentry *dentry,
			   int inode_users, int dentry_users)
{
	struct mach_made *made = object->made;
	bool taken = false;

	lockdep_assert_held(&mach_node_lock);
	spin_lock(&dentry->d_lock);
	if (dentry->d_lockref.count == dentry_users &&
	    atomic_read(&d_inode(dentry)->i_count) == inode_users) {
		spin_lock(&mach_idle_lock);
		hash_add(mach_idle_ending, &made->ending, made->number);
		spin_unlock(&mach_idle_lock);
		taken = mach_object_right_end(object);
	}
	if (taken)
		__d_drop(dentry);
	spin_unlock(&dentry->d_lock);
	if (!taken)
		mach_idle_ended(object);
	return taken;
}

/* What has become of it is what the table says from here on. */
static void mach_idle_note(struct mach_object *object, struct dentry *dentry)
{
	struct mach_listed *listed = object->made->directory->listed;
	struct mach_listing_entry *entry = mach_listed_find(listed,
							    &dentry->d_name);

	lockdep_assert_held_write(&listed->lock);
	lockdep_assert_held(&mach_node_lock);
	if (!entry || mach_listing_inode(entry) != object->made->number)
		return;
	entry->size = mach_object_size(object);
	entry->mtime = mach_compat_mtime(object->inode);
}

/* The object of the directory that it is in by now, with a reference */
static struct mach_object *mach_idle_is_in(struct mach_object *object)
{
	struct mach_object *directory;

	mutex_lock(&mach_node_lock);
	directory = object->made->directory;
	mach_object_get(directory);
	mutex_unlock(&mach_node_lock);
	return directory;
}

/* The name's, the object's and nobody else's: of inode, dentry and object */
static struct dentry *mach_idle_take_file(struct mach_object *object)
{
	struct mach_object *directory = mach_idle_is_in(object);
	struct mach_listed *listed = directory->listed;
	struct dentry *dentry;

	down_write(&listed->lock);
	mutex_lock(&mach_node_lock);
	dentry = object->node;
	if (dentry && !mach_object_is_dead(object) &&
	    object->made->directory == directory &&
	    mach_idle_take(object, dentry, 2, 1)) {
		WRITE_ONCE(object->node, NULL);
		mach_made_leave(object);
		mach_idle_note(object, dentry);
	} else {
		dentry = NULL;
	}
	mutex_unlock(&mach_node_lock);
	up_write(&listed->lock);
	mach_object_put_later(directory);
	return dentry;
}

/* One object less is in a directory. */
static void mach_idle_left(struct dentry *directory)
{
	struct mach_node *node;

	mutex_lock(&mach_node_lock);
	node = mach_directory_lose(directory, 1);
	mutex_unlock(&mach_node_lock);
	mach_directory_end(node);
}

static bool mach_idle_give_file(struct mach_object *object)
{
	struct dentry *dentry = mach_idle_take_file(object);

	if (!dentry)
		return false;
	mach_user_add(object->user, MACH_USER_NAMES, -1);
	mach_idle_left(dentry->d_parent);
	dput(dentry);
	return true;
}

/* Its directory, with a reference, if there is nothing in use below it */
static struct dentry *mach_idle_directory(struct mach_object *object)
{
	struct dentry *dentry = NULL;
	struct mach_node *node;

	mutex_lock(&mach_node_lock);
	node = object->asks;
	if (node && !node->names)
		dentry = dget(node->dentry);
	mutex_unlock(&mach_node_lock);
	return dentry;
}

static bool mach_idle_give_directory(struct mach_object *object)
{
	struct dentry *dentry = mach_idle_directory(object);
	struct mach_node *node;
	bool given;

	if (!dentry)
		return false;
	shrink_dcache_parent(dentry);
	mutex_lock(&mach_node_lock);
	node = object->asks;
	given = node && !node->names && !mach_object_is_dead(object) &&
		mach_idle_take(object, dentry, 1, 2);
	if (given) {
		mach_node_unkeep(node);
		clear_nlink(node->inode);
		drop_nlink(d_inode(dentry->d_parent));
	}
	mutex_unlock(&mach_node_lock);
	if (given) {
		mach_node_uncharge(node);
		mach_idle_left(dentry->d_parent);
		/* the node's */
		dput(dentry);
	}
	dput(dentry);
	return given;
}

/* The one used longest ago, with a reference; it is the last from here on. */
static struct mach_object *mach_idle_first(void)
{
	struct mach_object *object = NULL;
	struct mach_made *made;

	spin_lock(&mach_idle_lock);
	made = list_first_entry_or_null(&mach_idle_order, struct mach_made,
					used);
	if (made) {
		list_move_tail(&made->used, &mach_idle_order);
		if (mach_object_try_get(made->object))
			object = made->object;
	}
	spin_unlock(&mach_idle_lock);
	return object;
}

static void mach_idle_give(struct mach_object *object)
{
	/* who has a right uses it */
	if (atomic_read(&object->rights) != 1)
		return;
	if (object->directory)
		mach_idle_give_directory(object);
	else
		mach_idle_give_file(object);
}

/* Look at some, and at so many as there are too many. */
static void mach_idle_prune(struct work_struct *work)
{
	unsigned long most = READ_ONCE(mach_idle_most);
	unsigned long count = READ_ONCE(mach_idle_count);
	unsigned long n = atomic_long_xchg(&mach_idle_wanted, 0);
	struct mach_object *object;

	if (count > most)
		n += count - most + MACH_IDLE_STRIDE;
	for (n = min(n, count); n; n--) {
		object = mach_idle_first();
		if (!object)
			continue;
		mach_idle_give(object);
		mach_object_put(object);
		cond_resched();
	}
}

static unsigned long mach_idle_shrink_count(struct shrinker *shrinker,
					    struct shrink_control *sc)
{
	return READ_ONCE(mach_idle_count) ?: SHRINK_EMPTY;
}

/* Their pagers are told, which takes memory and time: not here. */
static unsigned long mach_idle_shrink(struct shrinker *shrinker,
				      struct shrink_control *sc)
{
	atomic_long_add(sc->nr_to_scan, &mach_idle_wanted);
	mach_object_queue(&mach_idle_work);
	return SHRINK_STOP;
}

static struct mach_compat_shrinker mach_idle_shrinker;

int mach_idle_init(void)
{
	return mach_compat_shrinker_add(&mach_idle_shrinker,
					mach_idle_shrink_count,
					mach_idle_shrink);
}

void mach_idle_exit(void)
{
	mach_compat_shrinker_remove(&mach_idle_shrinker);
	cancel_work_sync(&mach_idle_work);
}
