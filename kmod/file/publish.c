// SPDX-License-Identifier: GPL-2.0-only
/* Names of published objects: who may have which, and when they go. */
#include "publish.h"
#include "base/check.h"
#include "base/compat.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fsnotify.h>
#include <linux/namei.h>

/*
 * A name is a dentry with a reference and a right to the object, both object->node's.
 * Taken under the directory's i_rwsem, shared by who publishes, or without: a pager's
 * death waits for nobody who looks into the directory.
 */
static DEFINE_MUTEX(mach_node_lock);

/* A dead pager's name is nobody's any more: a successor need not wait for it to go. */
static int mach_name_revalidate(struct dentry *dentry, unsigned int flags)
{
	const struct inode *inode = d_inode_rcu(dentry);

	return !inode || !(READ_ONCE(inode->i_flags) & S_DEAD);
}

/* Not the superblock's: the files of descriptors would have them as well. */
static const struct dentry_operations mach_name_operations = {
	.d_revalidate = mach_name_revalidate,
	.d_delete = always_delete_dentry,
};

/* What is there is in the cache of names; there is nothing else. */
static struct dentry *mach_name_lookup(struct inode *dir, struct dentry *dentry,
				       unsigned int flags)
{
	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	d_set_d_op(dentry, &mach_name_operations);
	d_add(dentry, NULL);
	return NULL;
}

/* Its name, if it has one, or @only; reference and right of it are the caller's. */
static struct dentry *mach_node_take(struct mach_object *object,
				     const struct dentry *only)
{
	struct dentry *dentry;

	mutex_lock(&mach_node_lock);
	dentry = object->node;
	if (dentry && (!only || dentry == only)) {
		WRITE_ONCE(object->node, NULL);
		mach_user_add(object->user, MACH_USER_NAMES, -1);
	} else {
		dentry = NULL;
	}
	mutex_unlock(&mach_node_lock);
	return dentry;
}

/* unlink(2), which Linux lets the owner of file or directory call */
static int mach_name_unlink(struct inode *dir, struct dentry *dentry)
{
	struct mach_object *object = mach_object_of_inode(d_inode(dentry));
	bool taken;

	if (!object)
		return -ENOENT;
	taken = mach_node_take(object, dentry);
	if (taken) {
		simple_unlink(dir, dentry);
		mach_object_right_put(object);
	}
	mach_object_right_put(object);
	return taken ? 0 : -ENOENT;
}

/* No more than these: who wants another name asks the pager. */
const struct inode_operations mach_names_operations = {
	.lookup = mach_name_lookup,
	.unlink = mach_name_unlink,
};

/**
 * struct mach_publishing - What a file is to be; const
 * @mode: permission bits
 * @uid: owner
 * @gid: group
 */
struct mach_publishing {
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

/* As of a file that is made and given away: what is one's own, or by privilege. */
static int mach_publish_check(const struct mach_pager_publish *args,
			      struct mach_publishing *file)
{
	if (!mach_name_valid(args->name) || args->mode & ~0777 ||
	    args->reserved)
		return -EINVAL;
	file->mode = args->mode ?: 0600;
	file->uid = make_kuid(current_user_ns(), args->uid);
	file->gid = make_kgid(current_user_ns(), args->gid);
	if (!uid_valid(file->uid) || !gid_valid(file->gid))
		return -EINVAL;
	if (uid_eq(file->uid, current_fsuid()) &&
	    (gid_eq(file->gid, current_fsgid()) || in_group_p(file->gid)))
		return 0;
	return capable(CAP_CHOWN) ? 0 : -EPERM;
}

/* Dead first: who ends the object finds the name, or it is not made. */
static int mach_node_enter(struct mach_object *object, struct dentry *dentry,
			   const struct mach_publishing *file)
{
	struct inode *inode = object->inode;
	int err = 0;

	mutex_lock(&mach_node_lock);
	/* others may publish the same name at once */
	if (object->node || d_is_positive(dentry) || d_unhashed(dentry)) {
		err = -EEXIST;
	} else if (mach_object_is_dead(object) ||
		   !mach_object_right_try_get(object)) {
		err = -ENODEV;
	} else {
		inode->i_mode = S_IFREG | file->mode;
		inode->i_uid = file->uid;
		inode->i_gid = file->gid;
		set_nlink(inode, 1);
		ihold(inode);
		d_instantiate(dentry, inode);
		mach_compat_touch(d_inode(dentry->d_parent));
		fsnotify_create(d_inode(dentry->d_parent), dentry);
		WRITE_ONCE(object->node, dget(dentry));
	}
	mutex_unlock(&mach_node_lock);
	return err;
}

/* In the directory, which is locked */
static int mach_publish_in(struct dentry *directory, const char *name,
			   struct mach_object *object,
			   const struct mach_publishing *file)
{
	struct inode *dir = d_inode(directory);
	struct dentry *dentry;
	int err;

	lockdep_assert_held(&dir->i_rwsem);
	dentry = lookup_one_len(name, directory, strlen(name));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = d_is_positive(dentry) ? -EEXIST :
	      inode_permission(MACH_COMPAT_NO_IDMAP, dir, MAY_WRITE);
	if (!err)
		err = mach_node_enter(object, dentry, file);
	dput(dentry);
	return err;
}

/**
 * mach_publish - Give an object a name
 * @object: referenced by the caller; with a pager
 * @args: not checked yet
 *
 * Return: 0; -EINVAL; -EPERM when the caller may not give it away; -EACCES when he
 * may not write to the directory; -EEXIST when the name is taken or the object has
 * one; -EDQUOT when the user has too many; -ENOMEM; -EINTR when the caller is killed;
 * -ENODEV when the object is dead.
 */
int mach_publish(struct mach_object *object,
		 const struct mach_pager_publish *args)
{
	struct dentry *directory = object->inode->i_sb->s_root;
	struct inode *dir = d_inode(directory);
	struct mach_publishing file;
	int err = mach_publish_check(args, &file);

	if (err)
		return err;
	if (mach_user_charge(object->user, MACH_USER_NAMES, 1))
		return -EDQUOT;
	/* not against those who read it, perhaps into memory of this very pager */
	err = down_read_killable(&dir->i_rwsem);
	if (!err) {
		err = mach_publish_in(directory, args->name, object, &file);
		inode_unlock_shared(dir);
	}
	if (err)
		mach_user_add(object->user, MACH_USER_NAMES, -1);
	return err;
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

/**
 * mach_unpublish - Take an object's name away, if it has one
 * @object: referenced by the caller; dead, so that it gets no other
 *
 * What is mounted on the file goes with it.
 */
void mach_unpublish(struct mach_object *object)
{
	struct dentry *dentry = mach_node_take(object, NULL);
	struct inode *dir;

	if (!dentry)
		return;
	dir = d_inode(dentry->d_parent);
	/* who watches hears of this one's end before a successor's beginning */
	mutex_lock(&mach_node_lock);
	if (!mach_name_is_taken(dentry))
		fsnotify_unlink(dir, dentry);
	mutex_unlock(&mach_node_lock);
	drop_nlink(object->inode);
	d_invalidate(dentry);
	mach_compat_touch(dir);
	dput(dentry);
	mach_object_right_put(object);
}

/**
 * mach_published_name - The name of an object's file
 * @object: object
 * @name: out: MACH_NAME_MAX + 1 bytes; "-" if it has none
 */
void mach_published_name(struct mach_object *object, char *name)
{
	const char *text = "-";

	mutex_lock(&mach_node_lock);
	/* never renamed */
	if (object->node)
		text = object->node->d_name.name;
	strscpy(name, text, MACH_NAME_MAX + 1);
	mutex_unlock(&mach_node_lock);
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
