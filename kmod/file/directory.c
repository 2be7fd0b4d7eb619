// SPDX-License-Identifier: GPL-2.0-only
/* Directories, and what is in them: made, counted, and gone with the last name. */
#include "directory.h"
#include "base/compat.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fsnotify.h>
#include <linux/slab.h>

/* The root's is 1. */
static atomic64_t mach_node_numbers = ATOMIC64_INIT(1);

/* Numbers of inodes, which no other one had before; the first of them */
u64 mach_node_take_numbers(unsigned long n)
{
	return atomic64_add_return(n, &mach_node_numbers) - n + 1;
}

u64 mach_node_number(void)
{
	return mach_node_take_numbers(1);
}

/**
 * mach_node_bare_inode - Make the inode of a directory or a link that is nobody's yet
 * @sb: the file system
 * @mode: kind and permission bits
 *
 * Return: it, the calling process's; ERR_PTR(-ENOMEM).
 */
struct inode *mach_node_bare_inode(struct super_block *sb, umode_t mode)
{
	struct mach_node *node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	struct inode *inode = node ? new_inode(sb) : NULL;

	if (!inode) {
		kfree(node);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&node->link);
	node->inode = inode;
	inode->i_private = node;
	inode->i_ino = mach_node_number();
	inode->i_mode = mode;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	mach_compat_init_times(inode);
	return inode;
}

/* A pager may have more by its own privilege, and not by that of its clients. */
static bool mach_names_try_charge(struct mach_user *user,
				  const struct mach_object *asked,
				  unsigned long n)
{
	if (!asked)
		return !mach_user_charge(user, MACH_USER_NAMES, n);
	if (!asked->exempt && !mach_user_may(user, MACH_USER_NAMES, n))
		return false;
	mach_user_add(user, MACH_USER_NAMES, n);
	return true;
}

/**
 * mach_names_charge - Count names
 * @user: whose they are
 * @asked: the directory's, of a client who asks the user's pager for one; or NULL
 * @n: how many
 *
 * The user's claims make room, but for no client. Return: 0 or -EDQUOT.
 */
int mach_names_charge(struct mach_user *user, const struct mach_object *asked,
		      unsigned long n)
{
	while (!mach_names_try_charge(user, asked, n))
		if (asked || !mach_claim_yield(user, n))
			return -EDQUOT;
	return 0;
}

/**
 * mach_node_inode - Make the inode of a directory or a symbolic link
 * @sb: the file system
 * @mode: kind and permission bits
 * @user: whose it is: charged
 * @asked: as in mach_names_charge()
 *
 * Return: it, the calling process's; ERR_PTR(): -EDQUOT, -ENOMEM.
 */
struct inode *mach_node_inode(struct super_block *sb, umode_t mode,
			      struct mach_user *user,
			      const struct mach_object *asked)
{
	const struct mach_node_operations *operations = sb->s_fs_info;
	struct mach_node *node;
	struct inode *inode;
	int err = mach_names_charge(user, asked, 1);

	if (err)
		return ERR_PTR(err);
	inode = mach_node_bare_inode(sb, mode);
	if (IS_ERR(inode)) {
		mach_user_add(user, MACH_USER_NAMES, -1);
		return inode;
	}
	node = inode->i_private;
	node->user = mach_user_get(user);
	inode->i_op = S_ISDIR(mode) ? operations->directory : operations->link;
	return inode;
}

/* A directory's; as of mach_node_inode() */
struct inode *mach_directory_inode(struct super_block *sb,
				   struct mach_user *user,
				   const struct mach_object *asked)
{
	const struct mach_node_operations *operations = sb->s_fs_info;
	struct inode *inode = mach_node_inode(sb, S_IFDIR | 0755, user, asked);

	if (IS_ERR(inode))
		return inode;
	inode->i_fop = operations->directory_file;
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
	if (object) {
		mach_made_leave(object);
		object->asks = NULL;
	}
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

/* Is @dentry still what was found: in sight, of nothing, in a living directory? */
bool mach_name_is_free(const struct dentry *dentry)
{
	lockdep_assert_held(&mach_node_lock);
	return !IS_DEADDIR(d_inode(dentry->d_parent)) &&
	       !d_unhashed(dentry) && d_is_negative(dentry);
}

/* Does its name lie in the directory that stands for this object? */
bool mach_name_is_in(const struct mach_object *directory,
		     const struct dentry *dentry)
{
	const struct mach_node *node = d_inode(dentry->d_parent)->i_private;

	lockdep_assert_held(&mach_node_lock);
	return node->object == directory;
}

/**
 * mach_directory_add - Give a name its inode
 * @dentry: free
 * @inode: a reference of it is taken over
 *
 * With mach_node_lock. Return: @dentry, with the reference that is the name's.
 */
struct dentry *mach_directory_add(struct dentry *dentry, struct inode *inode)
{
	struct inode *dir = d_inode(dentry->d_parent);
	struct mach_node *parent = dir->i_private;

	lockdep_assert_held(&mach_node_lock);
	mach_claim_take(dentry);
	d_instantiate(dentry, inode);
	if (parent)
		parent->names++;
	mach_compat_touch(dir);
	if (S_ISDIR(inode->i_mode))
		inc_nlink(dir);
	return dget(dentry);
}

/* Who watches is told of a name. Of what a client asks for Linux tells. */
void mach_directory_tell(struct dentry *dentry)
{
	struct inode *dir = d_inode(dentry->d_parent);

	lockdep_assert_held(&mach_node_lock);
	if (d_is_dir(dentry))
		fsnotify_mkdir(dir, dentry);
	else
		fsnotify_create(dir, dentry);
}

/* Nobody finds it, or makes anything in it, from here on. */
void mach_directory_close(struct dentry *directory)
{
	struct inode *inode = d_inode(directory);
	struct inode *parent = d_inode(directory->d_parent);
	struct mach_node *node = inode->i_private;

	lockdep_assert_held(&mach_node_lock);
	if (node->left || mach_claim_is_in(directory))
		mach_claim_begin(directory, node->user);
	inode_set_flags(inode, S_DEAD, S_DEAD);
	clear_nlink(inode);
	mach_compat_touch_inode(inode);
	drop_nlink(parent);
	mach_compat_touch(parent);
}

/* Has it names, in sight or in a table? */
bool mach_directory_is_full(const struct mach_node *node)
{
	const struct mach_object *object = node->object;

	lockdep_assert_held(&mach_node_lock);
	return node->names ||
	       (object && object->listed && object->listed->tabled);
}

/* A directory that nobody knows yet is a listed one, if its object is. */
void mach_node_list(struct mach_node *node, const struct mach_object *object)
{
	if (!object || !object->listed)
		return;
	node->listed = true;
	node->inode->i_op = object->listed->operations->directory;
	node->inode->i_fop = object->listed->operations->directory_file;
}

/* So many names less are in a directory; the node of one that ends by that, or NULL */
struct mach_node *mach_directory_lose(struct dentry *directory,
				      unsigned int names)
{
	struct inode *inode = d_inode(directory);
	struct mach_node *node = inode->i_private;

	lockdep_assert_held(&mach_node_lock);
	/* that has been closed; at its pager's death one may be dead before */
	if (!node || !inode->i_nlink)
		return NULL;
	node->names -= names;
	if (node->names || node->keeper)
		return NULL;
	mach_directory_close(directory);
	fsnotify_rmdir(d_inode(directory->d_parent), directory);
	return node;
}

/* The last steps of a directory that has ended, and of those that end with it */
void mach_directory_end(struct mach_node *node)
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

/* It goes if there is nothing to keep it. */
void mach_directory_trim(struct dentry *directory)
{
	struct mach_node *node;

	mutex_lock(&mach_node_lock);
	node = mach_directory_lose(directory, 0);
	mutex_unlock(&mach_node_lock);
	mach_directory_end(node);
}

/* Does a successor have the name already? Its watchers know of no other. */
static bool mach_name_is_taken(const struct dentry *dentry)
{
	struct dentry *now;
	bool taken;

	lockdep_assert_held(&mach_node_lock);
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
