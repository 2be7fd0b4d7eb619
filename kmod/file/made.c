// SPDX-License-Identifier: GPL-2.0-only
/* Objects of names in listed directories: made, found and ended. */
#include "made.h"
#include "base/compat.h"
#include "directory.h"
#include "idle.h"
#include "kept.h"
#include "publish.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/mach_list.h>
#include <linux/slab.h>

/* Who makes the object of a name has one of these, so that there is one. */
#define MACH_MAKING_BITS	5
static struct mutex mach_making_locks[1 << MACH_MAKING_BITS];

static struct mutex *mach_making_lock(const struct inode *inode)
{
	return &mach_making_locks[hash_64(inode->i_ino, MACH_MAKING_BITS)];
}

static struct mach_made *mach_made_create(struct mach_object *directory,
					  u64 number)
{
	struct mach_made *made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);

	if (!made)
		return NULL;
	mach_object_get(directory);
	made->directory = directory;
	made->number = number;
	INIT_LIST_HEAD(&made->link);
	INIT_LIST_HEAD(&made->todo);
	INIT_LIST_HEAD(&made->used);
	INIT_HLIST_NODE(&made->ending);
	return made;
}

static void mach_made_free(struct mach_made *made)
{
	/* which may be the last of a directory in a directory in a directory */
	mach_object_put_later(made->directory);
	kfree(made);
}

/* An object goes that has something of a listed directory. */
static void mach_object_unlist(struct mach_object *object)
{
	struct mach_made *made = object->made;

	if (object->listed)
		mach_listed_free(object->listed, object->user);
	if (!made)
		return;
	mach_idle_leave(made);
	mach_made_free(made);
}

/* What the table says of it, if it is in the table. With a file's inode: for that */
static int mach_made_look(struct mach_object *directory, struct dentry *dentry,
			  struct mach_object_setup *setup)
{
	struct mach_listed *listed = directory->listed;
	const struct mach_listing_entry *entry = NULL;

	down_read(&listed->lock);
	/* its name is for who has one of these, of the table that it is in */
	mutex_lock(&mach_node_lock);
	if (mach_name_is_in(directory, dentry))
		entry = mach_listed_find(listed, &dentry->d_name);
	mutex_unlock(&mach_node_lock);
	if (entry && mach_listing_inode(entry) != d_inode(dentry)->i_ino)
		entry = NULL;
	if (entry) {
		setup->cookie = entry->cookie;
		setup->size = entry->size;
		setup->read_only = entry->flags & MACH_LIST_READ_ONLY;
		setup->resizable = entry->flags & MACH_LIST_RESIZABLE;
	}
	up_read(&listed->lock);
	return entry ? 0 : -ESTALE;
}

/* With its number, for the caller; nobody finds it by its name yet. */
static struct mach_object *mach_made_make(struct mach_object *directory,
					  struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct mach_object_setup setup = {
		.pager = directory->pager,
		.cluster = SZ_64K >> PAGE_SHIFT,
		.directory = d_is_dir(dentry),
	};
	struct mach_object *object;
	int err = mach_made_look(directory, dentry, &setup);

	if (err)
		return ERR_PTR(err);
	setup.made = mach_made_create(directory, inode->i_ino);
	if (!setup.made)
		return ERR_PTR(-ENOMEM);
	setup.self = &setup.made->object;
	if (setup.directory) {
		setup.listed = mach_listed_create(directory->listed->operations,
						  directory->listed->asks);
		if (!setup.listed) {
			mach_made_free(setup.made);
			return ERR_PTR(-ENOMEM);
		}
	} else {
		ihold(inode);
		setup.inode = inode;
	}
	object = directory->pager->ops->adopt(directory->pager, &setup);
	if (!IS_ERR(object))
		return object;
	if (setup.listed)
		mach_listed_free(setup.listed, directory->user);
	mach_made_free(setup.made);
	if (setup.inode)
		iput(setup.inode);
	return object;
}

/* Is there still such a name? */
static int mach_made_may_enter(struct mach_object *object,
			       struct dentry *dentry)
{
	lockdep_assert_held(&mach_node_lock);
	if (mach_object_is_dead(object))
		return -EIO;
	return d_unhashed(dentry) || IS_DEADDIR(d_inode(dentry)) ||
	       !mach_name_is_in(object->made->directory, dentry) ? -ESTALE : 0;
}

/* It stands for the directory, which is kept as the one that it is in. */
static int mach_made_enter_directory(struct mach_object *object,
				     struct dentry *dentry)
{
	struct mach_node *parent = d_inode(dentry->d_parent)->i_private;
	struct mach_node *node = d_inode(dentry)->i_private;
	int err = -ESTALE;

	lockdep_assert_held(&mach_node_lock);
	object->unused = true;
	if (parent->keeper)
		err = mach_node_keep(node, parent->keeper, object);
	if (err) {
		object->unused = false;
		return err;
	}
	node->user = mach_user_get(object->user);
	node->dentry = dget(dentry);
	inc_nlink(parent->inode);
	return 0;
}

/* From here on it is found by its name, which has a right. */
static int mach_made_enter(struct mach_object *object, struct dentry *dentry)
{
	struct mach_node *parent = d_inode(dentry->d_parent)->i_private;
	struct mach_made *made = object->made;
	int err;

	mutex_lock(&mach_node_lock);
	err = mach_made_may_enter(object, dentry);
	if (!err && object->directory)
		err = mach_made_enter_directory(object, dentry);
	else if (!err)
		WRITE_ONCE(object->node, dget(dentry));
	if (!err) {
		mach_object_right_get(object);
		parent->names++;
		mach_user_add(object->user, MACH_USER_NAMES, 1);
		list_add(&made->link, &made->directory->listed->made);
	}
	mutex_unlock(&mach_node_lock);
	return err;
}

/* What a directory is known by, with a right; or NULL */
static struct mach_object *mach_made_right(const struct mach_node *node)
{
	struct mach_object *object = node->object;

	lockdep_assert_held(&mach_node_lock);
	return object && mach_object_right_try_get(object) ? object : NULL;
}

/* The object of a directory, with a right, if it has one */
static struct mach_object *mach_made_of_node(struct mach_node *node)
{
	struct mach_object *object;

	mutex_lock(&mach_node_lock);
	object = mach_made_right(node);
	mutex_unlock(&mach_node_lock);
	return object;
}

/* The object of a name's inode, with a right, if it has one */
struct mach_object *mach_made_find(struct inode *inode)
{
	return S_ISDIR(inode->i_mode) ? mach_made_of_node(inode->i_private) :
					mach_object_of_inode(inode);
}

/*
 * With the lock of making it, so there is none, and will be no other. Return: -EAGAIN
 * when an earlier one has not ended.
 */
static struct mach_object *mach_made_anew(struct mach_object *directory,
					  struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct mach_object *object;
	int err;

	lockdep_assert_held(mach_making_lock(inode));
	/* one that has ended otherwise leaves the inode, and the name, to nobody */
	if (IS_DEADDIR(inode) ||
	    (S_ISREG(inode->i_mode) && READ_ONCE(inode->i_private)))
		return ERR_PTR(-ESTALE);
	if (!mach_idle_has_ended(inode->i_ino))
		return ERR_PTR(-EAGAIN);
	object = mach_made_make(directory, dentry);
	if (IS_ERR(object))
		return object;
	err = mach_made_enter(object, dentry);
	if (!err)
		return object;
	mach_object_right_put(object);
	return ERR_PTR(err);
}

static struct mach_object *mach_made_locked(struct mach_object *directory,
					    struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct mutex *lock = mach_making_lock(inode);
	struct mach_object *object;

	if (mutex_lock_killable(lock))
		return ERR_PTR(-EINTR);
	object = mach_made_find(inode) ?: mach_made_anew(directory, dentry);
	mutex_unlock(lock);
	return object;
}

/* What was modified by an earlier one's users is with the pager then. */
static int mach_made_await(struct mach_object *directory, u64 number)
{
	if (mach_idle_has_ended(number))
		return 0;
	if (mach_pager_is_stuck(directory->pager, directory->id))
		return -EDEADLK;
	return mach_idle_wait(number);
}

static struct mach_object *mach_made_in(struct mach_object *directory,
					struct dentry *dentry)
{
	struct mach_object *object;
	int err;

	do {
		err = mach_made_await(directory, d_inode(dentry)->i_ino);
		object = err ? ERR_PTR(err) :
			       mach_made_locked(directory, dentry);
	} while (object == ERR_PTR(-EAGAIN));
	return object;
}

/* The object of the directory that a name is in, with a right; NULL if that has ended */
static struct mach_object *mach_made_directory(const struct dentry *dentry)
{
	struct mach_object *object;

	mutex_lock(&mach_node_lock);
	object = mach_made_right(d_inode(dentry->d_parent)->i_private);
	mutex_unlock(&mach_node_lock);
	return object;
}

/* Of one that has none yet. Return: -EAGAIN when it has got into another directory. */
static struct mach_object *mach_made_here(struct dentry *dentry)
{
	struct mach_object *directory = mach_made_directory(dentry), *object;

	if (!directory)
		return ERR_PTR(-ESTALE);
	object = mach_made_in(directory, dentry);
	if (object == ERR_PTR(-ESTALE)) {
		mutex_lock(&mach_node_lock);
		if (!mach_name_is_in(directory, dentry))
			object = ERR_PTR(-EAGAIN);
		mutex_unlock(&mach_node_lock);
	}
	mach_object_right_put(directory);
	return object;
}

/**
 * mach_made_of - The object of a name in a listed directory
 * @dentry: of a file or a directory; made if there is none
 *
 * Waits killably for the end of an earlier one. Return: with a right of the caller;
 * ERR_PTR(): -ESTALE when there is no such name any more; -EIO when the pager is gone;
 * -ENFILE when its user has too many objects; -EDEADLK; -ENOMEM; -EINTR.
 */
struct mach_object *mach_made_of(struct dentry *dentry)
{
	struct mach_object *object = mach_made_find(d_inode(dentry));

	while (!object || object == ERR_PTR(-EAGAIN))
		object = mach_made_here(dentry);
	if (!IS_ERR(object) && object->made)
		mach_idle_used(object->made);
	return object;
}

/**
 * mach_made_end - A name in a table is none any more, or its object is to end
 * @object: of it, referenced
 */
void mach_made_end(struct mach_object *object)
{
	mutex_lock(&mach_node_lock);
	mach_made_leave(object);
	mutex_unlock(&mach_node_lock);
	mach_unpublish(object);
}

/**
 * mach_listed_end - A listed directory has ended
 * @object: of it, referenced
 *
 * So have the names in it. Directories among them follow when they end.
 */
void mach_listed_end(struct mach_object *object)
{
	struct mach_listed *listed = object->listed;
	struct mach_made *made;

	do {
		mutex_lock(&mach_node_lock);
		made = list_first_entry_or_null(&listed->made,
						struct mach_made, link);
		if (made)
			mach_object_get(made->object);
		mutex_unlock(&mach_node_lock);
		if (made) {
			mach_made_end(made->object);
			mach_object_put(made->object);
		}
		cond_resched();
	} while (made);
}

int __init mach_made_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mach_making_locks); i++)
		mutex_init(&mach_making_locks[i]);
	mach_object_set_unlist(mach_object_unlist);
	return mach_idle_init();
}

void mach_made_exit(void)
{
	mach_idle_exit();
}
