// SPDX-License-Identifier: GPL-2.0-only
/* Names of published objects: who may have which, and when they go. */
#include "publish.h"
#include "kept.h"
#include "naming.h"
#include "path.h"

#include <linux/dcache.h>
#include <linux/fsnotify.h>
#include <linux/limits.h>
#include <linux/slab.h>

/**
 * struct mach_publishing - A file that is to come into a directory; const
 * @making: as such
 * @object: whose it is
 * @mode: permission bits
 */
struct mach_publishing {
	struct mach_making making;
	struct mach_object *object;
	umode_t mode;
};

static int mach_publish_enter(const struct mach_making *making,
			      struct dentry *dentry)
{
	const struct mach_publishing *file =
		container_of(making, struct mach_publishing, making);
	int err;

	lockdep_assert_held(&mach_node_lock);
	err = mach_name_object(file->object, dentry, file->mode, making->uid,
			       making->gid);
	if (!err)
		mach_directory_tell(dentry);
	return err;
}

/**
 * mach_publish - Give an object a name
 * @object: referenced by the caller; with a pager
 * @args: not checked yet
 *
 * Return: 0; -EINVAL; -ENAMETOOLONG; -EFAULT; -EPERM when the caller may not give it
 * away; -EEXIST when the name is taken or the object has one; -EDQUOT when the user has
 * too many; -ENODEV when the object is dead; what mach_path_make() says.
 */
int mach_publish(struct mach_object *object,
		 const struct mach_pager_publish *args)
{
	struct mach_publishing file = {
		.making.root = object->inode->i_sb->s_root,
		.making.user = object->user,
		.making.enter = mach_publish_enter,
		.object = object,
		.mode = args->mode ?: 0600,
	};
	char *path;
	int err;

	if (args->mode & ~0777)
		return -EINVAL;
	err = mach_making_set_owner(&file.making, args->uid, args->gid);
	if (err)
		return err;
	path = mach_path_copy(args->name, args->name_length);
	if (IS_ERR(path))
		return PTR_ERR(path);
	err = mach_names_charge(object->user, NULL, 1);
	if (!err) {
		err = mach_path_make(&file.making, path);
		if (err)
			mach_user_add(object->user, MACH_USER_NAMES, -1);
	}
	kfree(path);
	return err;
}

/**
 * mach_unpublish_keep - Take an object's name away, and keep its right
 * @object: referenced by the caller; if it is dead it gets no other
 *
 * What is mounted on the file goes with it. A directory is given up. If the pager has
 * died there is a claim to the name from here on. Return: did it have
 * a name? Then the right that it had is the caller's.
 */
bool mach_unpublish_keep(struct mach_object *object)
{
	struct dentry *dentry;

	if (object->directory) {
		mach_kept_disown(object);
		return false;
	}
	mutex_lock(&mach_node_lock);
	dentry = mach_name_take(object);
	if (dentry && READ_ONCE(object->pager->died))
		mach_claim_begin(dentry, object->user);
	mutex_unlock(&mach_node_lock);
	if (dentry)
		mach_name_gone(dentry);
	return dentry;
}

/**
 * mach_unpublish - Take an object's name away, or give up its directory
 * @object: referenced by the caller; if it is dead it gets no other
 *
 * Return: did it have one?
 */
bool mach_unpublish(struct mach_object *object)
{
	bool had;

	if (object->directory)
		return mach_kept_disown(object);
	had = mach_unpublish_keep(object);
	if (had)
		mach_object_right_put(object);
	return had;
}

/**
 * mach_published_path - The path of an object's file or directory
 * @object: object
 * @buffer: of PATH_MAX + 1 bytes
 *
 * Return: a text in @buffer; NULL if it has none.
 */
char *mach_published_path(struct mach_object *object, char *buffer)
{
	struct dentry *dentry;
	char *path = NULL;

	mutex_lock(&mach_node_lock);
	dentry = object->asks ? object->asks->dentry : object->node;
	if (dentry)
		path = dentry_path_raw(dentry, buffer, PATH_MAX + 1);
	mutex_unlock(&mach_node_lock);
	/* without the slash of the root */
	return IS_ERR_OR_NULL(path) ? NULL : path + 1;
}

/**
 * mach_published_modified - Tell who watches an object's file that it has changed
 * @object: referenced; with a pager
 */
void mach_published_modified(struct mach_object *object)
{
	mutex_lock(&mach_node_lock);
	if (object->node)
		fsnotify_dentry(object->node, FS_MODIFY);
	else
		fsnotify_inode(object->inode, FS_MODIFY);
	mutex_unlock(&mach_node_lock);
}
