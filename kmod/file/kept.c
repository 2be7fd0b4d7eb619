// SPDX-License-Identifier: GPL-2.0-only
/* Symbolic links and directories that a pager keeps: made, given up, and its death. */
#include "kept.h"
#include "base/compat.h"
#include "path.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/**
 * struct mach_keeping - What is to be kept; const
 * @making: as what comes into a directory
 * @keeper: by whom
 * @inode: of the link or directory
 * @object: of a directory that asks; or NULL
 */
struct mach_keeping {
	struct mach_making making;
	struct mach_keeper *keeper;
	struct inode *inode;
	struct mach_object *object;
};

void mach_keeper_init(struct mach_keeper *keeper,
		      const struct mach_pager *pager, struct dentry *root)
{
	keeper->pager = pager;
	keeper->root = root;
	spin_lock_init(&keeper->lock);
	INIT_LIST_HEAD(&keeper->nodes);
}

/*
 * Links lead nowhere, and listed directories have nothing in them, from here on. Waits
 * for nobody; may be called again.
 */
void mach_keeper_die(struct mach_keeper *keeper)
{
	struct mach_node *node;

	spin_lock(&keeper->lock);
	WRITE_ONCE(keeper->dead, true);
	list_for_each_entry(node, &keeper->nodes, link)
		if (S_ISLNK(node->inode->i_mode) || node->listed)
			inode_set_flags(node->inode, S_DEAD, S_DEAD);
	spin_unlock(&keeper->lock);
}

/**
 * mach_node_keep - A pager keeps it from here on
 * @node: that nobody keeps; with mach_node_lock
 * @keeper: the pager
 * @object: its own, by which a directory is to ask; or NULL
 *
 * Return: 0; -ENODEV when the pager is dead; as mach_node_may_ask(). Then nothing has
 * changed.
 */
int mach_node_keep(struct mach_node *node, struct mach_keeper *keeper,
		   struct mach_object *object)
{
	bool dead;
	int err = mach_node_may_ask(object);

	lockdep_assert_held(&mach_node_lock);
	if (err)
		return err;
	spin_lock(&keeper->lock);
	dead = keeper->dead;
	if (!dead)
		list_add_tail(&node->link, &keeper->nodes);
	spin_unlock(&keeper->lock);
	if (dead)
		return -ENODEV;
	node->keeper = keeper;
	node->left = false;
	mach_node_set_object(node, object);
	return 0;
}

static int mach_keep_enter(const struct mach_making *making,
			   struct dentry *dentry)
{
	const struct mach_keeping *keeping =
		container_of(making, struct mach_keeping, making);
	struct mach_node *node = keeping->inode->i_private;
	int err;

	lockdep_assert_held(&mach_node_lock);
	err = mach_node_keep(node, keeping->keeper, keeping->object);
	if (err)
		return err;
	node->dentry = mach_directory_add(dentry, keeping->inode);
	mach_directory_tell(dentry);
	return 0;
}

static int mach_keeping_init(struct mach_keeping *keeping,
			     struct mach_keeper *keeper, u32 uid, u32 gid)
{
	keeping->keeper = keeper;
	keeping->making.root = keeper->root;
	keeping->making.user = keeper->pager->user;
	keeping->making.enter = mach_keep_enter;
	return mach_making_set_owner(&keeping->making, uid, gid);
}

/* Have @inode, which is taken over, at a path. */
static int mach_keep(struct mach_keeping *keeping, struct inode *inode,
		     const char *path)
{
	int err;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_uid = keeping->making.uid;
	inode->i_gid = keeping->making.gid;
	keeping->inode = inode;
	err = mach_path_make(&keeping->making, path);
	if (err)
		mach_node_give_up(inode);
	return err;
}

/* It stays for as long as the link: charged to the caller's memory cgroup */
static char *mach_link_copy_target(const struct mach_pager_symlink *args)
{
	const u32 length = args->target_length;
	char *target;
	int err = 0;

	if (!length)
		return ERR_PTR(-EINVAL);
	if (length > MACH_PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	target = kzalloc(length + 1, GFP_KERNEL_ACCOUNT);
	if (!target)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(target, u64_to_user_ptr(args->target), length))
		err = -EFAULT;
	else if (strlen(target) != length)
		err = -EINVAL;
	if (!err)
		return target;
	kfree(target);
	return ERR_PTR(err);
}

static struct inode *mach_link_inode(struct mach_keeper *keeper,
				     const struct mach_pager_symlink *args)
{
	char *target = mach_link_copy_target(args);
	struct inode *inode;

	if (IS_ERR(target))
		return ERR_CAST(target);
	inode = mach_node_inode(keeper->root->d_sb, S_IFLNK | 0777,
				keeper->pager->user, NULL);
	if (IS_ERR(inode)) {
		kfree(target);
		return inode;
	}
	inode->i_link = target;
	inode->i_size = args->target_length;
	return inode;
}

/**
 * mach_keep_link - Make a symbolic link
 * @keeper: of the calling pager
 * @args: not checked yet
 *
 * Return: 0; -EINVAL; -ENAMETOOLONG; -EFAULT; -EPERM when the caller may not give it
 * away; -EEXIST; -ENODEV when the pager is dead; what mach_path_make() says.
 */
int mach_keep_link(struct mach_keeper *keeper,
		   const struct mach_pager_symlink *args)
{
	struct mach_keeping keeping = {};
	char *path;
	int err;

	if (args->reserved)
		return -EINVAL;
	err = mach_keeping_init(&keeping, keeper, args->uid, args->gid);
	if (err)
		return err;
	path = mach_path_copy(args->name, args->name_length);
	if (IS_ERR(path))
		return PTR_ERR(path);
	err = mach_keep(&keeping, mach_link_inode(keeper, args), path);
	kfree(path);
	return err;
}

static struct inode *
mach_kept_directory_inode(struct mach_keeper *keeper,
			  const struct mach_object *object, umode_t mode)
{
	struct inode *inode = mach_directory_inode(keeper->root->d_sb,
						   keeper->pager->user, NULL);

	if (IS_ERR(inode))
		return inode;
	inode->i_mode = S_IFDIR | mode;
	mach_node_list(inode->i_private, object);
	return inode;
}

/* Does no living pager keep it, and may the caller change what it says of itself? */
static bool mach_directory_is_free(const struct mach_node *node)
{
	lockdep_assert_held(&mach_node_lock);
	if (node->keeper && !READ_ONCE(node->keeper->dead))
		return false;
	return inode_owner_or_capable(MACH_COMPAT_NO_IDMAP, node->inode);
}

/*
 * A directory that is there: of names in it, or left by a pager that has died, of which
 * @old is what it asked by.
 */
static int mach_keep_found(const struct mach_keeping *keeping,
			   struct dentry *dentry, umode_t mode,
			   struct mach_object **old)
{
	struct inode *inode = d_inode(dentry);
	struct mach_node *node = inode->i_private;
	int err;

	lockdep_assert_held(&mach_node_lock);
	if (!d_is_dir(dentry) || !mach_directory_is_free(node))
		return -EEXIST;
	/* one that is listed is nothing else, and the other way round */
	if (node->listed || (keeping->object && keeping->object->listed))
		return -EEXIST;
	if (IS_DEADDIR(inode))
		return -ENOENT;
	err = mach_node_may_ask(keeping->object);
	if (err)
		return err;
	if (node->keeper)
		*old = mach_node_unkeep(node);
	err = mach_node_keep(node, keeping->keeper, keeping->object);
	if (err)
		return err;
	inode->i_mode = S_IFDIR | mode;
	inode->i_uid = keeping->making.uid;
	inode->i_gid = keeping->making.gid;
	mach_compat_touch_inode(inode);
	return 0;
}

static int mach_keep_existing(const struct mach_keeping *keeping,
			      const char *path, umode_t mode)
{
	struct dentry *dentry = mach_path_find(keeping->making.root, path);
	struct mach_object *old = NULL;
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	mutex_lock(&mach_node_lock);
	err = mach_keep_found(keeping, dentry, mode, &old);
	mutex_unlock(&mach_node_lock);
	if (old)
		mach_object_right_put(old);
	if (err && d_is_dir(dentry))
		mach_directory_trim(dentry);
	dput(dentry);
	return err;
}

/* By now; it is seen again when the directory gets it. */
static int mach_keep_check(const struct mach_object *object)
{
	int err;

	mutex_lock(&mach_node_lock);
	err = mach_node_may_ask(object);
	mutex_unlock(&mach_node_lock);
	return err;
}

/**
 * mach_keep_directory - Make a directory that is there also when it is empty
 * @keeper: of the calling pager
 * @object: its own, by which the directory is to ask; or NULL
 * @args: not checked yet, but for @object
 *
 * Return: as mach_keep_link(); of @object as mach_node_may_ask().
 */
int mach_keep_directory(struct mach_keeper *keeper, struct mach_object *object,
			const struct mach_pager_mkdir *args)
{
	const umode_t mode = args->mode ?: 0755;
	struct mach_keeping keeping = { .object = object };
	char *path;
	int err;

	if (args->mode & ~01777)
		return -EINVAL;
	err = mach_keeping_init(&keeping, keeper, args->uid, args->gid);
	if (err)
		return err;
	path = mach_path_copy(args->name, args->name_length);
	if (IS_ERR(path))
		return PTR_ERR(path);
	/* what is in the way may go before it is looked at */
	do {
		err = mach_keep_check(object);
		if (err)
			break;
		err = mach_keep(&keeping,
				mach_kept_directory_inode(keeper, object, mode),
				path);
		if (err == -EEXIST)
			err = mach_keep_existing(&keeping, path, mode);
	} while (err == -ENOENT && !fatal_signal_pending(current));
	kfree(path);
	return err;
}

/* With mach_node_lock: it is kept no more. Return: as mach_node_unkeep(). */
static struct mach_object *mach_kept_let_go(struct mach_node *node)
{
	lockdep_assert_held(&mach_node_lock);
	if (S_ISLNK(node->inode->i_mode))
		clear_nlink(node->inode);
	return mach_node_unkeep(node);
}

/**
 * struct mach_kept_end - What is to be done without the lock
 * @dentry: of what was kept, referenced; NULL: nothing was
 * @right: what it asked by, if it did, with a right
 * @ended: a directory that has ended by it; or NULL
 */
struct mach_kept_end {
	struct dentry *dentry;
	struct mach_object *right;
	struct mach_node *ended;
};

/* As mach_kept_let_go(), but for mach_kept_gone(). By a death there is a claim. */
static void mach_kept_take(struct mach_node *node, struct mach_kept_end *end)
{
	const bool died = READ_ONCE(node->keeper->pager->died);
	struct dentry *dentry = node->dentry;

	lockdep_assert_held(&mach_node_lock);
	end->dentry = dget(dentry);
	end->right = mach_kept_let_go(node);
	/* what is in a table is not other pagers' */
	if (died && (!node->names || node->listed))
		mach_claim_begin(dentry, node->user);
	else
		node->left = died;
	if (d_is_dir(dentry))
		end->ended = mach_directory_lose(dentry, 0);
}

static void mach_kept_gone(struct mach_kept_end *end)
{
	struct dentry *dentry = end->dentry;

	if (end->right)
		mach_object_right_put(end->right);
	if (!dentry)
		return;
	mach_directory_end(end->ended);
	if (!d_is_dir(dentry)) {
		mach_node_uncharge(d_inode(dentry)->i_private);
		/* with the reference that was the name's */
		mach_name_gone(dentry);
	}
	dput(dentry);
}

/**
 * mach_keep_no_more - Take a link away, or give a directory up
 * @keeper: of the calling pager
 * @args: not checked yet; without an object
 *
 * Return: 0; -EINVAL; -ENAMETOOLONG; -EFAULT; -EPERM when the pager keeps no such
 * thing; what mach_path_find() says.
 */
int mach_keep_no_more(struct mach_keeper *keeper,
		      const struct mach_pager_unpublish *args)
{
	char *path = mach_path_copy(args->name, args->name_length);
	struct mach_kept_end end = {};
	struct dentry *dentry;
	struct mach_node *node;

	if (IS_ERR(path))
		return PTR_ERR(path);
	dentry = mach_path_find(keeper->root, path);
	kfree(path);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	mutex_lock(&mach_node_lock);
	if (!d_is_reg(dentry)) {
		node = d_inode(dentry)->i_private;
		if (node->keeper == keeper)
			mach_kept_take(node, &end);
	}
	mutex_unlock(&mach_node_lock);
	mach_kept_gone(&end);
	dput(dentry);
	return end.dentry ? 0 : -EPERM;
}

/**
 * mach_kept_disown - Give up the directory that an object stands for
 * @object: referenced by the caller; if it is dead it gets no other
 *
 * Return: did it have one?
 */
bool mach_kept_disown(struct mach_object *object)
{
	struct mach_kept_end end = {};

	mutex_lock(&mach_node_lock);
	if (object->asks) {
		mach_kept_take(object->asks, &end);
	} else if (object->unused && mach_object_is_dead(object)) {
		object->unused = false;
		end.right = object;
	}
	mutex_unlock(&mach_node_lock);
	mach_kept_gone(&end);
	return end.dentry;
}

static bool mach_keeper_reap_one(struct mach_keeper *keeper)
{
	struct mach_kept_end end = {};
	struct mach_node *node;

	mutex_lock(&mach_node_lock);
	node = list_first_entry_or_null(&keeper->nodes, struct mach_node, link);
	if (node)
		mach_kept_take(node, &end);
	mutex_unlock(&mach_node_lock);
	mach_kept_gone(&end);
	return node;
}

/* All that it kept goes, but for directories in which others have names. */
void mach_keeper_reap(struct mach_keeper *keeper)
{
	while (mach_keeper_reap_one(keeper))
		cond_resched();
}
