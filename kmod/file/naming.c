// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of names: things come, go and move, and get other attributes. */
#include "naming.h"
#include "kept.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>

/**
 * mach_named - The object whose name leads to an inode
 * @inode: of a regular file
 *
 * With mach_node_lock, as long as which it has the name and lives. Return: NULL if it
 * has none any more.
 */
struct mach_object *mach_named(struct inode *inode)
{
	struct mach_object *object;

	lockdep_assert_held(&mach_node_lock);
	/* one that is being freed has no name, and leaves its inode first */
	spin_lock(&inode->i_lock);
	object = inode->i_private;
	if (object && !object->node)
		object = NULL;
	spin_unlock(&inode->i_lock);
	return object;
}

/**
 * mach_name_object - Make an object a file
 * @object: referenced
 * @dentry: free
 * @mode: permission bits
 * @uid: owner
 * @gid: group
 *
 * With mach_node_lock. Watchers are not told. Return: 0; -EEXIST when it has a name;
 * -ENODEV when it is dead.
 */
int mach_name_object(struct mach_object *object, struct dentry *dentry,
		     umode_t mode, kuid_t uid, kgid_t gid)
{
	struct inode *inode = object->inode;

	lockdep_assert_held(&mach_node_lock);
	/* under another name */
	if (object->node)
		return -EEXIST;
	/* dead first: who ends the object finds the name, or it is not made */
	if (mach_object_is_dead(object) || !mach_object_right_try_get(object))
		return -ENODEV;
	inode->i_mode = S_IFREG | mode;
	inode->i_uid = uid;
	inode->i_gid = gid;
	set_nlink(inode, 1);
	ihold(inode);
	WRITE_ONCE(object->node, mach_directory_add(dentry, inode));
	return 0;
}

/**
 * mach_name_take - Take an object's name away
 * @object: referenced
 *
 * With mach_node_lock. The directory still counts the name. Return: the name, or NULL if
 * it has none; reference and right of it are the caller's.
 */
struct dentry *mach_name_take(struct mach_object *object)
{
	struct dentry *dentry = object->node;

	lockdep_assert_held(&mach_node_lock);
	if (!dentry)
		return NULL;
	WRITE_ONCE(object->node, NULL);
	mach_made_leave(object);
	clear_nlink(object->inode);
	mach_user_add(object->user, MACH_USER_NAMES, -1);
	return dentry;
}

/**
 * mach_name_died - Who looks a name up finds it dead, and it goes out of sight
 * @dentry: it
 *
 * If that is by its pager's death there is a claim to it before, as who clears that away
 * has not come here yet.
 */
void mach_name_died(struct dentry *dentry)
{
	const struct mach_object *object;
	const struct mach_node *node;

	mutex_lock(&mach_node_lock);
	if (d_is_reg(dentry)) {
		object = mach_named(d_inode(dentry));
		if (object && object->node == dentry &&
		    READ_ONCE(object->pager->died))
			mach_claim_begin(dentry, object->user);
	} else {
		node = d_inode(dentry)->i_private;
		if (node->keeper && READ_ONCE(node->keeper->pager->died))
			mach_claim_begin(dentry, node->user);
	}
	mutex_unlock(&mach_node_lock);
}

/* An object of the pager becomes a file. */
int mach_naming_file(struct mach_naming *naming, struct mach_object *made)
{
	int err;

	lockdep_assert_held(&mach_node_lock);
	if (!mach_name_is_free(naming->dentry))
		return -ESTALE;
	if (made->directory)
		return -EINVAL;
	err = mach_name_object(made, naming->dentry, naming->mode, naming->uid,
			       naming->gid);
	if (!err)
		mach_compat_init_times(made->inode);
	return err;
}

/* A link or directory comes, one that asks if there is an object. */
int mach_naming_node(struct mach_naming *naming, struct mach_object *made)
{
	struct mach_node *node = naming->inode->i_private;
	int err;

	lockdep_assert_held(&mach_node_lock);
	if (!mach_name_is_free(naming->dentry))
		return -ESTALE;
	err = mach_node_keep(node, naming->keeper, made);
	if (err)
		return err;
	mach_node_list(node, made);
	node->dentry = mach_directory_add(naming->dentry, naming->inode);
	naming->inode = NULL;
	return 0;
}

/* Is it there, and nothing in it? */
static int mach_directory_may_go(const struct mach_node *node)
{
	lockdep_assert_held(&mach_node_lock);
	if (IS_DEADDIR(node->inode))
		return -ENOENT;
	return mach_directory_is_full(node) ? -ENOTEMPTY : 0;
}

static int mach_naming_drop_node(struct mach_naming *naming,
				 struct dentry *dentry)
{
	struct mach_node *node = d_inode(dentry)->i_private;
	bool directory = d_is_dir(dentry);
	int err = directory ? mach_directory_may_go(node) : 0;

	lockdep_assert_held(&mach_node_lock);
	if (!err && !directory && !node->keeper)
		err = -ENOENT;
	if (err)
		return err;
	if (node->keeper)
		naming->right = mach_node_unkeep(node);
	if (directory)
		mach_directory_close(dentry);
	else
		clear_nlink(node->inode);
	naming->node = node;
	return 0;
}

static int mach_naming_drop_file(struct mach_naming *naming,
				 struct dentry *dentry)
{
	struct mach_object *object = mach_named(d_inode(dentry));

	lockdep_assert_held(&mach_node_lock);
	/* it may have got another name meanwhile */
	if (!object || object->node != dentry)
		return -ENOENT;
	mach_name_take(object);
	naming->right = object;
	return 0;
}

/* What has the name loses it; the directory still counts it. */
int mach_naming_drop(struct mach_naming *naming, struct dentry *dentry)
{
	int err;

	lockdep_assert_held(&mach_node_lock);
	err = d_is_reg(dentry) ? mach_naming_drop_file(naming, dentry) :
				 mach_naming_drop_node(naming, dentry);
	if (err)
		return err;
	naming->gone = dentry;
	mach_compat_touch_inode(d_inode(dentry));
	return 0;
}

/* A file, link or directory goes. */
int mach_naming_remove(struct mach_naming *naming, struct mach_object *made)
{
	struct dentry *dentry = naming->dentry;
	int err;

	lockdep_assert_held(&mach_node_lock);
	err = mach_naming_drop(naming, dentry);
	if (!err) {
		mach_compat_touch(d_inode(dentry->d_parent));
		naming->ended = mach_directory_lose(dentry->d_parent, 1);
	}
	if (!naming->answered)
		return err;
	/* the pager may have taken it away before */
	if (err == -ENOENT)
		err = 0;
	if (!err)
		d_drop(dentry);
	return err;
}

/* Is what moves what it was, and are both directories? */
static bool mach_naming_may_move(const struct mach_naming *naming)
{
	const struct dentry *dentry = naming->dentry;
	struct inode *inode = d_inode(dentry);
	const struct mach_node *node = inode->i_private;
	const struct mach_object *object;

	lockdep_assert_held(&mach_node_lock);
	if (IS_DEADDIR(d_inode(dentry->d_parent)) ||
	    IS_DEADDIR(d_inode(naming->to->d_parent)))
		return false;
	if (d_is_reg(dentry)) {
		object = mach_named(inode);
		return object && object->node == dentry;
	}
	return d_is_dir(dentry) ? !IS_DEADDIR(inode) : !!node->keeper;
}

/* What moves is the dentry itself, so that all that is noted of it stays right. */
static void mach_naming_move(struct mach_naming *naming, bool replaced)
{
	struct dentry *dentry = naming->dentry;
	struct dentry *old = dentry->d_parent, *new = naming->to->d_parent;
	struct mach_node *node = d_inode(new)->i_private;

	lockdep_assert_held(&mach_node_lock);
	if (d_is_dir(dentry) && old != new) {
		drop_nlink(d_inode(old));
		inc_nlink(d_inode(new));
	}
	mach_claim_forget(naming->to);
	/* kept up by the old one's, which is dentry's too */
	d_move(dentry, naming->to);
	if (!replaced)
		node->names++;
	mach_compat_touch_inode(d_inode(dentry));
	mach_compat_touch(d_inode(old));
	mach_compat_touch(d_inode(new));
	naming->ended = mach_directory_lose(old, 1);
}

/* Another name for something; what has that goes. */
int mach_naming_rename(struct mach_naming *naming, struct mach_object *made)
{
	int err = -ENOENT;

	lockdep_assert_held(&mach_node_lock);
	if (!mach_naming_may_move(naming))
		return err;
	if (d_is_positive(naming->to))
		err = mach_naming_drop(naming, naming->to);
	/* it may have gone meanwhile */
	if (err && err != -ENOENT)
		return err;
	mach_naming_move(naming, !err);
	return 0;
}

int mach_naming_attributes(struct mach_naming *naming,
			   struct mach_object *made)
{
	/* what Linux lets the one who changes them have */
	const struct cred *own = override_creds(naming->cred);

	lockdep_assert_held(&mach_node_lock);
	setattr_copy(naming->idmap, naming->inode, naming->attr);
	revert_creds(own);
	return 0;
}

/* Let go of what is left over. */
void mach_naming_finish(struct mach_naming *naming)
{
	if (naming->right)
		mach_object_right_put(naming->right);
	if (naming->node)
		mach_node_uncharge(naming->node);
	dput(naming->gone);
	mach_directory_end(naming->ended);
}
