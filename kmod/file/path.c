// SPDX-License-Identifier: GPL-2.0-only
/* Paths: got from a pager, walked, and what is missing on the way made. */
#include "path.h"
#include "base/check.h"
#include "base/compat.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>

/* The directory has gone meanwhile, or somebody was quicker: begin again. */
#define MACH_AGAIN	(-ESTALE)

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

/* With mach_node_lock: may @user have something come at @dentry, as it was found? */
static int mach_name_may_come(const struct dentry *dentry,
			      const struct mach_user *user)
{
	lockdep_assert_held(&mach_node_lock);
	if (!mach_name_is_free(dentry))
		return MACH_AGAIN;
	return mach_claim_bars(dentry, user) ? -EOWNERDEAD : 0;
}

/* What is missing on a path, as mkdir(2) makes it */
static int mach_directory_make(struct dentry *dentry, struct mach_user *user)
{
	struct inode *dir = d_inode(dentry->d_parent), *inode;
	struct mach_node *node;
	int err;

	lockdep_assert_held(&dir->i_rwsem);
	err = inode_permission(MACH_COMPAT_NO_IDMAP, dir, MAY_WRITE) ?:
	      mach_claim_prepare(dentry);
	if (err)
		return err;
	inode = mach_directory_inode(dir->i_sb, user, NULL);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	node = inode->i_private;
	mutex_lock(&mach_node_lock);
	err = mach_name_may_come(dentry, user);
	if (!err) {
		node->dentry = mach_directory_add(dentry, inode);
		mach_directory_tell(dentry);
	}
	mutex_unlock(&mach_node_lock);
	if (err)
		mach_node_give_up(inode);
	return err;
}

/*
 * What is in a listed directory comes from its table alone, and who looks into it has it
 * locked while he waits for the pager.
 */
static int mach_directory_may_enter(const struct inode *dir)
{
	const struct mach_node *node = dir->i_private;

	return node && node->listed ? -EPERM : 0;
}

/*
 * A directory on the way that is there, or the last name that is: neither waits for who
 * has the directory locked that it lies in. Return: with a reference; NULL: look for it
 * under the lock.
 */
static struct dentry *mach_path_glimpse(struct dentry *directory,
					const char *name, size_t length)
{
	struct qstr this = QSTR_INIT(name, length);
	struct dentry *dentry;
	int err = mach_directory_may_enter(d_inode(directory)) ?:
		  inode_permission(MACH_COMPAT_NO_IDMAP, d_inode(directory),
				   MAY_EXEC);

	if (err)
		return ERR_PTR(err);
	this.hash = full_name_hash(directory, name, length);
	dentry = d_lookup(directory, &this);
	if (!dentry || (d_is_positive(dentry) && !IS_DEADDIR(d_inode(dentry))))
		return dentry;
	dput(dentry);
	return NULL;
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
 * enum mach_turn - How to wait for a directory that a client has locked
 * @MACH_TURN_WAIT: it is let go of without the caller
 * @MACH_TURN_LOOK: perhaps not: look again soon
 * @MACH_TURN_NEVER: the client waits for the caller
 */
enum mach_turn {
	MACH_TURN_WAIT,
	MACH_TURN_LOOK,
	MACH_TURN_NEVER,
};

static enum mach_turn mach_directory_turn(struct inode *dir)
{
	struct mach_node *node = dir->i_private;
	enum mach_turn turn = MACH_TURN_WAIT;
	struct mach_object *object;

	if (!node)
		return turn;
	mutex_lock(&mach_node_lock);
	object = node->awaits ?: node->object;
	if (!object || !object->pager->ops->working(object->pager))
		turn = MACH_TURN_WAIT;
	else if (!node->awaits)
		turn = MACH_TURN_LOOK;
	else if (mach_pager_is_stuck(object->pager, object->id))
		turn = MACH_TURN_NEVER;
	mutex_unlock(&mach_node_lock);
	return turn;
}

/*
 * Share a directory with those who read it: inode_unlock_shared() ends that. Return: 0;
 * -EINTR; -EPERM if it is listed; -EDEADLK when a client has it who waits for the calling
 * thread's answer.
 */
static int mach_directory_lock(struct inode *dir)
{
	int err = mach_directory_may_enter(dir);

	if (err)
		return err;
	while (!down_read_trylock(&dir->i_rwsem)) {
		switch (mach_directory_turn(dir)) {
		case MACH_TURN_WAIT:
			return down_read_killable(&dir->i_rwsem);
		case MACH_TURN_LOOK:
			schedule_timeout_killable(1);
			if (fatal_signal_pending(current))
				return -EINTR;
			break;
		case MACH_TURN_NEVER:
			return -EDEADLK;
		}
	}
	return 0;
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
	struct dentry *dentry = mach_path_glimpse(directory, name, length);
	struct inode *dir = d_inode(directory);
	int err = 0;

	if (!dentry) {
		err = mach_directory_lock(dir);
		if (err)
			return ERR_PTR(err);
		dentry = mach_path_lookup(directory, name, length);
		if (!IS_ERR(dentry) && d_is_negative(dentry))
			err = making ? mach_directory_make(dentry, making->user) :
				       -ENOENT;
		inode_unlock_shared(dir);
	}
	if (IS_ERR(dentry))
		return dentry;
	if (!err && !d_can_lookup(dentry))
		err = -ENOTDIR;
	if (!err)
		return dentry;
	dput(dentry);
	return ERR_PTR(err);
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
	struct dentry *dentry;
	int err;

	lockdep_assert_held(&dir->i_rwsem);
	dentry = mach_path_lookup(directory, name, strlen(name));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = d_is_positive(dentry) ? -EEXIST :
	      inode_permission(MACH_COMPAT_NO_IDMAP, dir, MAY_WRITE) ?:
	      mach_claim_prepare(dentry);
	if (!err) {
		mutex_lock(&mach_node_lock);
		err = mach_name_may_come(dentry, making->user) ?:
		      making->enter(making, dentry);
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
	err = mach_directory_lock(dir);
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
 * -ENOTDIR; -EEXIST; -EOWNERDEAD when it is claimed; -EDQUOT; -ENOMEM; -EINTR when the
 * caller is killed.
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

static struct dentry *mach_path_last(struct dentry *directory, const char *name)
{
	struct dentry *dentry = mach_path_glimpse(directory, name, strlen(name));
	struct inode *dir = d_inode(directory);
	int err;

	if (dentry)
		return dentry;
	err = mach_directory_lock(dir);
	if (err)
		return ERR_PTR(err);
	dentry = mach_path_lookup(directory, name, strlen(name));
	inode_unlock_shared(dir);
	return dentry;
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
	struct dentry *dentry;

	if (IS_ERR(directory))
		return directory == ERR_PTR(MACH_AGAIN) ? ERR_PTR(-ENOENT) :
							  directory;
	dentry = mach_path_last(directory, path);
	dput(directory);
	if (!IS_ERR(dentry) && d_is_negative(dentry)) {
		dput(dentry);
		dentry = ERR_PTR(MACH_AGAIN);
	}
	return dentry == ERR_PTR(MACH_AGAIN) ? ERR_PTR(-ENOENT) : dentry;
}
