// SPDX-License-Identifier: GPL-2.0-only
/* Paths: walked and made, and the directories that go with the last name in them. */
#include "directory.h"
#include "base/check.h"
#include "base/compat.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fsnotify.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>

/* See directory.h */
DEFINE_MUTEX(mach_node_lock);

/* The directory has gone meanwhile, or somebody was quicker: begin again. */
#define MACH_AGAIN	(-ESTALE)

/* The root's is 1. */
static atomic64_t mach_node_numbers = ATOMIC64_INIT(1);

/* An inode's number, which no other one had before */
u64 mach_node_number(void)
{
	return atomic64_inc_return(&mach_node_numbers);
}

/**
 * mach_node_inode - Make the inode of a directory or a symbolic link
 * @sb: the file system
 * @mode: kind and permission bits
 * @user: whose it is: charged
 *
 * Return: it, the calling process's; ERR_PTR(): -EDQUOT, -ENOMEM.
 */
struct inode *mach_node_inode(struct super_block *sb, umode_t mode,
			      struct mach_user *user)
{
	struct mach_node *node;
	struct inode *inode;

	if (mach_user_charge(user, MACH_USER_NAMES, 1))
		return ERR_PTR(-EDQUOT);
	node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	inode = node ? new_inode(sb) : NULL;
	if (!inode) {
		kfree(node);
		mach_user_add(user, MACH_USER_NAMES, -1);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&node->link);
	node->inode = inode;
	node->user = mach_user_get(user);
	inode->i_private = node;
	inode->i_ino = mach_node_number();
	inode->i_mode = mode;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	mach_compat_init_times(inode);
	return inode;
}

/* A directory's, of which @like is another; as of mach_node_inode() */
struct inode *mach_directory_inode(struct inode *like, struct mach_user *user)
{
	struct inode *inode = mach_node_inode(like->i_sb, S_IFDIR | 0755, user);

	if (IS_ERR(inode))
		return inode;
	inode->i_op = like->i_op;
	inode->i_fop = like->i_fop;
	set_nlink(inode, 2);
	return inode;
}

/* It has a name no more. */
void mach_node_uncharge(struct mach_node *node)
{
	mach_user_add(node->user, MACH_USER_NAMES, -1);
	mach_user_put(node->user);
}

/* It has got no name. */
void mach_node_give_up(struct inode *inode)
{
	mach_node_uncharge(inode->i_private);
	iput(inode);
}

/* A grace period after the last reference: who follows a link has none. */
void mach_node_free_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	/* an object's has been taken off */
	kfree(inode->i_private);
	free_inode_nonrcu(inode);
}

/**
 * mach_node_unkeep - No pager keeps it from here on
 * @node: that is kept; with mach_node_lock
 *
 * It asks nobody any more. Return: what it asked by, if it did; the right is the
 * caller's, to be put without the lock.
 */
struct mach_object *mach_node_unkeep(struct mach_node *node)
{
	struct mach_object *object = node->object;

	lockdep_assert_held(&mach_node_lock);
	spin_lock(&node->keeper->lock);
	list_del_init(&node->link);
	spin_unlock(&node->keeper->lock);
	node->keeper = NULL;
	node->object = NULL;
	if (object)
		object->asks = NULL;
	return object;
}

/**
 * mach_node_may_ask - May a directory have this object?
 * @object: of the pager that keeps the directory; NULL: it does not ask
 *
 * With mach_node_lock. Return: 0; -EINVAL when it stands for none; -EEXIST when it has
 * one; -ENODEV when that has gone, or the object is dead.
 */
int mach_node_may_ask(const struct mach_object *object)
{
	lockdep_assert_held(&mach_node_lock);
	if (!object)
		return 0;
	if (!object->directory)
		return -EINVAL;
	if (object->asks)
		return -EEXIST;
	/* dead first: who ends the object finds its directory */
	return object->unused && !READ_ONCE(object->dead) ? 0 : -ENODEV;
}

/* With mach_node_lock: it asks from here on, if there is an object, which may. */
void mach_node_set_object(struct mach_node *node, struct mach_object *object)
{
	lockdep_assert_held(&mach_node_lock);
	if (!object)
		return;
	/* the first right becomes the directory's */
	object->unused = false;
	object->asks = node;
	node->object = object;
}

/**
 * mach_path_copy - Get a path from a pager
 * @address: where it is
 * @length: bytes, as told
 *
 * Return: a text to be freed; ERR_PTR(): -EINVAL, -ENAMETOOLONG, -EFAULT, -ENOMEM.
 */
char *mach_path_copy(u64 address, u32 length)
{
	char *path;
	int err;

	if (length > MACH_PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	path = memdup_user_nul(u64_to_user_ptr(address), length);
	if (IS_ERR(path))
		return path;
	err = mach_path_check(path, length);
	if (!err)
		return path;
	kfree(path);
	return ERR_PTR(err);
}

/* As of a file that is made and given away: what is one's own, or by privilege. */
int mach_making_set_owner(struct mach_making *making, u32 uid, u32 gid)
{
	making->uid = make_kuid(current_user_ns(), uid);
	making->gid = make_kgid(current_user_ns(), gid);
	if (!uid_valid(making->uid) || !gid_valid(making->gid))
		return -EINVAL;
	if (uid_eq(making->uid, current_fsuid()) &&
	    (gid_eq(making->gid, current_fsgid()) || in_group_p(making->gid)))
		return 0;
	return capable(CAP_CHOWN) ? 0 : -EPERM;
}

/* Is @dentry still what was found: in sight, of nothing, in a living directory? */
static bool mach_name_is_free(const struct dentry *dentry)
{
	lockdep_assert_held(&mach_node_lock);
	return !IS_DEADDIR(d_inode(dentry->d_parent)) &&
	       !d_unhashed(dentry) && d_is_negative(dentry);
}

/**
 * mach_directory_enter - Give a name its inode
 * @dentry: free
 * @inode: a reference of it is taken over
 *
 * With mach_node_lock. Return: @dentry, with the reference that is the name's.
 */
struct dentry *mach_directory_enter(struct dentry *dentry, struct inode *inode)
{
	struct inode *dir = d_inode(dentry->d_parent);
	struct mach_node *parent = dir->i_private;

	lockdep_assert_held(&mach_node_lock);
	d_instantiate(dentry, inode);
	if (parent)
		parent->names++;
	mach_compat_touch(dir);
	if (S_ISDIR(inode->i_mode)) {
		inc_nlink(dir);
		fsnotify_mkdir(dir, dentry);
	} else {
		fsnotify_create(dir, dentry);
	}
	return dget(dentry);
}

/* What is missing on a path, as mkdir(2) makes it */
static int mach_directory_make(struct dentry *dentry, struct mach_user *user)
{
	struct inode *dir = d_inode(dentry->d_parent), *inode;
	struct mach_node *node;
	int err = inode_permission(MACH_COMPAT_NO_IDMAP, dir, MAY_WRITE);

	if (err)
		return err;
	inode = mach_directory_inode(dir, user);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	node = inode->i_private;
	mutex_lock(&mach_node_lock);
	if (mach_name_is_free(dentry))
		node->dentry = mach_directory_enter(dentry, inode);
	else
		err = MACH_AGAIN;
	mutex_unlock(&mach_node_lock);
	if (err)
		mach_node_give_up(inode);
	return err;
}

/*
 * The next name of a path, in a directory of which i_rwsem is held shared: not against
 * those who read it, perhaps into memory of this very pager.
 */
static struct dentry *mach_path_lookup(struct dentry *directory,
				       const char *name, size_t length)
{
	struct dentry *dentry;

	lockdep_assert_held(&d_inode(directory)->i_rwsem);
	dentry = lookup_one_len(name, directory, length);
	/* what is not there is found all the same, but in a directory that has gone */
	return dentry == ERR_PTR(-ENOENT) ? ERR_PTR(MACH_AGAIN) : dentry;
}

/**
 * mach_path_step - Go on to a directory on the way
 * @directory: from where
 * @name: its name
 * @length: bytes of that
 * @making: makes it if it is missing; or NULL
 */
static struct dentry *mach_path_step(struct dentry *directory, const char *name,
				     size_t length,
				     const struct mach_making *making)
{
	struct inode *dir = d_inode(directory);
	struct dentry *dentry;
	int err = down_read_killable(&dir->i_rwsem);

	if (err)
		return ERR_PTR(err);
	dentry = mach_path_lookup(directory, name, length);
	if (IS_ERR(dentry))
		goto out;
	if (d_is_negative(dentry))
		err = making ? mach_directory_make(dentry, making->user) :
			       -ENOENT;
	else if (!d_can_lookup(dentry))
		err = -ENOTDIR;
	if (err) {
		dput(dentry);
		dentry = ERR_PTR(err);
	}
out:
	inode_unlock_shared(dir);
	return dentry;
}

/**
 * mach_path_walk - Go to the directory of the last name of a path
 * @root: from where
 * @path: in: all of it; out: the last name
 * @making: makes what is missing; or NULL
 *
 * Return: the directory with a reference, or why not.
 */
static struct dentry *mach_path_walk(struct dentry *root, const char **path,
				     const struct mach_making *making)
{
	struct dentry *directory = dget(root), *next;
	const char *slash;

	while ((slash = strchr(*path, '/'))) {
		next = mach_path_step(directory, *path, slash - *path, making);
		/* what was made on the way has no name in it */
		if (IS_ERR(next) && making)
			mach_directory_trim(directory);
		dput(directory);
		if (IS_ERR(next))
			return next;
		directory = next;
		*path = slash + 1;
	}
	return directory;
}

/* The last name of a path, in its directory, which is locked */
static int mach_name_make(struct dentry *directory, const char *name,
			  const struct mach_making *making)
{
	struct inode *dir = d_inode(directory);
	struct dentry *dentry = mach_path_lookup(directory, name, strlen(name));
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = d_is_positive(dentry) ? -EEXIST :
	      inode_permission(MACH_COMPAT_NO_IDMAP, dir, MAY_WRITE);
	if (!err) {
		mutex_lock(&mach_node_lock);
		err = mach_name_is_free(dentry) ?
		      making->enter(making, dentry) : MACH_AGAIN;
		mutex_unlock(&mach_node_lock);
	}
	dput(dentry);
	return err;
}

static int mach_path_try(const struct mach_making *making, const char *path)
{
	struct dentry *directory = mach_path_walk(making->root, &path, making);
	struct inode *dir;
	int err;

	if (IS_ERR(directory))
		return PTR_ERR(directory);
	dir = d_inode(directory);
	err = down_read_killable(&dir->i_rwsem);
	if (!err) {
		err = mach_name_make(directory, path, making);
		inode_unlock_shared(dir);
	}
	if (err)
		mach_directory_trim(directory);
	dput(directory);
	return err;
}

/**
 * mach_path_make - Have something new at a path
 * @making: what
 * @path: where
 *
 * Directories that are missing are made. Return: 0; what @making->enter says; -EACCES;
 * -ENOTDIR; -EEXIST; -EDQUOT; -ENOMEM; -EINTR when the caller is killed.
 */
int mach_path_make(const struct mach_making *making, const char *path)
{
	int err;

	/* each time because somebody else had his way */
	do {
		err = mach_path_try(making, path);
		if (err == MACH_AGAIN && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (err == MACH_AGAIN);
	return err;
}

/**
 * mach_path_find - Look up what is at a path
 * @root: from where
 * @path: where
 *
 * Return: it, with a reference; ERR_PTR(): -ENOENT, -ENOTDIR, -EACCES, -ENOMEM,
 * -EINTR when the caller is killed.
 */
struct dentry *mach_path_find(struct dentry *root, const char *path)
{
	struct dentry *directory = mach_path_walk(root, &path, NULL);
	struct dentry *dentry = directory;
	struct inode *dir;
	int err;

	if (!IS_ERR(directory)) {
		dir = d_inode(directory);
		err = down_read_killable(&dir->i_rwsem);
		dentry = err ? ERR_PTR(err) :
			 mach_path_lookup(directory, path, strlen(path));
		if (!err)
			inode_unlock_shared(dir);
		dput(directory);
	}
	if (!IS_ERR(dentry) && d_is_negative(dentry)) {
		dput(dentry);
		dentry = ERR_PTR(MACH_AGAIN);
	}
	return dentry == ERR_PTR(MACH_AGAIN) ? ERR_PTR(-ENOENT) : dentry;
}

/* Nobody finds it, or makes anything in it, from here on. */
static void mach_directory_close(struct dentry *directory)
{
	struct inode *inode = d_inode(directory);
	struct inode *parent = d_inode(directory->d_parent);

	lockdep_assert_held(&mach_node_lock);
	inode_set_flags(inode, S_DEAD, S_DEAD);
	clear_nlink(inode);
	mach_compat_touch_inode(inode);
	drop_nlink(parent);
	mach_compat_touch(parent);
}

/* So many names less are in a directory; the node of one that ends by that, or NULL */
static struct mach_node *mach_directory_lose(struct dentry *directory,
					     unsigned int names)
{
	struct inode *inode = d_inode(directory);
	struct mach_node *node = inode->i_private;

	lockdep_assert_held(&mach_node_lock);
	if (!node || IS_DEADDIR(inode))
		return NULL;
	node->names -= names;
	if (node->names || node->keeper)
		return NULL;
	mach_directory_close(directory);
	fsnotify_rmdir(d_inode(directory->d_parent), directory);
	return node;
}

/* The last steps of a directory that has ended, and of those that end with it */
static void mach_directory_end(struct mach_node *node)
{
	struct dentry *dentry;

	while (node) {
		dentry = node->dentry;
		/* what is mounted on it goes with it */
		d_invalidate(dentry);
		mach_node_uncharge(node);
		mutex_lock(&mach_node_lock);
		node = mach_directory_lose(dentry->d_parent, 1);
		mutex_unlock(&mach_node_lock);
		dput(dentry);
	}
}

/* A name in it has gone. */
static void mach_directory_left(struct dentry *directory)
{
	struct mach_node *node;

	mutex_lock(&mach_node_lock);
	node = mach_directory_lose(directory, 1);
	mutex_unlock(&mach_node_lock);
	mach_directory_end(node);
}

/* It goes if there is nothing to keep it. */
void mach_directory_trim(struct dentry *directory)
{
	struct mach_node *node;

	mutex_lock(&mach_node_lock);
	node = mach_directory_lose(directory, 0);
	mutex_unlock(&mach_node_lock);
	mach_directory_end(node);
}

/* rmdir(2), which Linux lets the owner of it or of the one that it is in call */
int mach_directory_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct mach_node *node = d_inode(dentry)->i_private;
	struct mach_object *object = NULL;
	int err = 0;

	mutex_lock(&mach_node_lock);
	if (IS_DEADDIR(node->inode)) {
		err = -ENOENT;
	} else if (node->names) {
		err = -ENOTEMPTY;
	} else {
		if (node->keeper)
			object = mach_node_unkeep(node);
		mach_directory_close(dentry);
	}
	mutex_unlock(&mach_node_lock);
	if (err)
		return err;
	if (object)
		mach_object_right_put(object);
	mach_node_uncharge(node);
	mach_directory_left(dentry->d_parent);
	dput(node->dentry);
	return 0;
}

/* Does a successor have the name already? Its watchers know of no other. */
static bool mach_name_is_taken(const struct dentry *dentry)
{
	struct dentry *now;
	bool taken;

	/* who wants it takes it out of sight first */
	if (!d_unhashed(dentry))
		return false;
	now = d_lookup(dentry->d_parent, &dentry->d_name);
	taken = now && d_is_positive(now);
	dput(now);
	return taken;
}

/*
 * Nobody finds it any more. Nothing is below it but, perhaps, what is mounted on it; on
 * what nobody finds nothing can be mounted.
 */
static void mach_name_hide(struct dentry *dentry)
{
	bool mounted;

	spin_lock(&dentry->d_lock);
	mounted = d_mountpoint(dentry);
	if (!mounted)
		__d_drop(dentry);
	spin_unlock(&dentry->d_lock);
	if (mounted)
		d_invalidate(dentry);
}

/**
 * mach_name_gone - Take the name of an object or a link out of sight
 * @dentry: it; its reference is taken over
 *
 * What is mounted on it goes with it.
 */
void mach_name_gone(struct dentry *dentry)
{
	struct dentry *directory = dentry->d_parent;
	struct inode *dir = d_inode(directory);
	struct mach_node *node;

	/* who watches hears of this one's end before a successor's beginning */
	mutex_lock(&mach_node_lock);
	if (!mach_name_is_taken(dentry))
		fsnotify_unlink(dir, dentry);
	node = mach_directory_lose(directory, 1);
	mutex_unlock(&mach_node_lock);
	mach_name_hide(dentry);
	mach_compat_touch(dir);
	dput(dentry);
	mach_directory_end(node);
}

/**
 * mach_name_unlinked - unlink(2) takes the name of an object or a link away
 * @dentry: it; its own reference is taken over, Linux has another
 */
void mach_name_unlinked(struct dentry *dentry)
{
	mach_compat_touch_inode(d_inode(dentry));
	mach_compat_touch(d_inode(dentry->d_parent));
	mach_directory_left(dentry->d_parent);
	dput(dentry);
}
