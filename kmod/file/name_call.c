// SPDX-License-Identifier: GPL-2.0-only
/* What clients may change in directories: at once, not at all, or by asking the pager. */
#include "name_call.h"
#include "asking.h"
#include "listed_naming.h"
#include "name_wish.h"
#include "request/data_return.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/stat.h>

/* Nobody finds a dead pager's name: a successor need not wait for it to go. */
static int mach_name_revalidate(struct dentry *dentry, unsigned int flags)
{
	const struct inode *inode = d_inode_rcu(dentry);

	if (!inode || !(READ_ONCE(inode->i_flags) & S_DEAD))
		return 1;
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	mach_name_died(dentry);
	return 0;
}

/* Not the superblock's: the files of descriptors would have them as well. */
static const struct dentry_operations mach_name_operations = {
	.d_revalidate = mach_name_revalidate,
	.d_delete = always_delete_dentry,
	.d_release = mach_claim_release,
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

/* For what counts as a name of the pager's user, from before it is asked for */
static int mach_ask_counted(struct mach_asking *asking,
			    const struct mach_name_wish *wish)
{
	struct mach_object *object = asking->object;
	int err = mach_names_charge(object->user, object, 1);

	if (err)
		return err;
	err = mach_ask(asking, wish);
	if (err)
		mach_user_add(object->user, MACH_USER_NAMES, -1);
	return err;
}

/* A file, link or directory that comes into a table: an inode and an entry for it */
static int mach_ask_entry(struct mach_asking *asking,
			  MACH_COMPAT_IDMAP *idmap, struct inode *dir,
			  umode_t mode, struct mach_name_wish *wish)
{
	const struct mach_listed *listed = asking->object->listed;
	struct mach_naming *naming = &asking->naming;
	struct inode *inode = listed->operations->inode(dir->i_sb, mode,
							wish->to.len);
	int err;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode_init_owner(idmap, inode, dir, mode);
	naming->apply = mach_listed_naming_add;
	naming->inode = inode;
	wish->name = naming->dentry->d_name;
	wish->head.mode = inode->i_mode;
	mach_wish_owner(wish, naming, inode->i_uid, inode->i_gid);
	err = mach_listed_naming_comes(naming, &wish->name, inode, &wish->to) ?:
	      mach_ask_counted(asking, wish);
	if (naming->inode)
		iput(naming->inode);
	return err;
}

/* A file that an object of the pager becomes */
static int mach_ask_file(struct mach_asking *asking, struct inode *dir,
			 umode_t mode, struct mach_name_wish *wish)
{
	struct mach_naming *naming = &asking->naming;

	naming->apply = mach_naming_file;
	naming->mode = mode & ~S_IFMT;
	wish->name = naming->dentry->d_name;
	wish->head.mode = mode;
	mach_wish_owner(wish, naming, current_fsuid(),
			dir->i_mode & S_ISGID ? dir->i_gid : current_fsgid());
	return mach_claim_prepare(naming->dentry) ?:
	       mach_ask_counted(asking, wish);
}

int mach_name_create(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode, bool exclusive)
{
	struct mach_asking asking = { .naming.dentry = dentry };
	struct mach_name_wish wish = {
		.operation = MACH_OP_CREATE,
		.head.flags = exclusive ? MACH_NAME_EXCLUSIVE : 0,
		.to = QSTR_INIT("", 0),
	};
	int err = -EACCES;

	if (!mach_asking_begin(&asking, dir) && asking.asks) {
		/* as chmod(2) there */
		if (mode & (S_ISUID | S_ISGID))
			err = -EPERM;
		else if (asking.naming.directory)
			err = mach_ask_entry(&asking, idmap, dir, mode, &wish);
		else
			err = mach_ask_file(&asking, dir, mode, &wish);
	}
	mach_asking_end(&asking);
	return err;
}

/* A link or directory; @inode, which is taken over, is to be it. */
static int mach_ask_node(struct mach_asking *asking, struct inode *inode,
			 struct mach_name_wish *wish)
{
	struct mach_naming *naming = &asking->naming;
	int err;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	naming->apply = mach_naming_node;
	naming->inode = inode;
	wish->name = naming->dentry->d_name;
	wish->head.mode = inode->i_mode;
	mach_wish_owner(wish, naming, inode->i_uid, inode->i_gid);
	err = mach_claim_prepare(naming->dentry) ?: mach_ask(asking, wish);
	if (naming->inode)
		mach_node_give_up(naming->inode);
	return err;
}

static int mach_ask_directory(struct mach_asking *asking,
			      MACH_COMPAT_IDMAP *idmap, struct inode *dir,
			      umode_t mode, struct mach_name_wish *wish)
{
	struct inode *inode = mach_directory_inode(dir->i_sb,
						   asking->object->user,
						   asking->object);

	if (!IS_ERR(inode))
		inode_init_owner(idmap, inode, dir, mode);
	return mach_ask_node(asking, inode, wish);
}

int mach_name_mkdir(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
		    struct dentry *dentry, umode_t mode)
{
	struct mach_asking asking = { .naming.dentry = dentry };
	struct mach_name_wish wish = {
		.operation = MACH_OP_MKDIR,
		.to = QSTR_INIT("", 0),
	};
	int err = mach_asking_begin(&asking, dir);

	mode |= S_IFDIR;
	if (!asking.asks)
		err = -EPERM;
	else if (asking.naming.directory)
		err = mach_ask_entry(&asking, idmap, dir, mode, &wish);
	else
		err = mach_ask_directory(&asking, idmap, dir, mode, &wish);
	mach_asking_end(&asking);
	return err;
}

static struct inode *mach_ask_link_inode(struct inode *dir,
					 const struct mach_object *asked,
					 const struct qstr *target)
{
	char *text = kmemdup_nul(target->name, target->len, GFP_KERNEL_ACCOUNT);
	struct inode *inode;

	if (!text)
		return ERR_PTR(-ENOMEM);
	inode = mach_node_inode(dir->i_sb, S_IFLNK | 0777, asked->user, asked);
	if (IS_ERR(inode)) {
		kfree(text);
		return inode;
	}
	inode->i_link = text;
	inode->i_size = target->len;
	if (dir->i_mode & S_ISGID)
		inode->i_gid = dir->i_gid;
	return inode;
}

int mach_name_symlink(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
		      struct dentry *dentry, const char *target)
{
	struct mach_asking asking = { .naming.dentry = dentry };
	struct mach_name_wish wish = {
		.operation = MACH_OP_SYMLINK,
		.to = QSTR_INIT(target, strlen(target)),
	};
	int err = mach_asking_begin(&asking, dir);

	if (!asking.asks)
		err = -EPERM;
	else if (asking.naming.directory)
		err = mach_ask_entry(&asking, idmap, dir, S_IFLNK | 0777, &wish);
	else
		err = mach_ask_node(&asking,
				    mach_ask_link_inode(dir, asking.object,
							&wish.to), &wish);
	mach_asking_end(&asking);
	return err;
}

/* A directory must be empty, whatever its pager thinks. */
static bool mach_asking_is_full(struct inode *inode)
{
	bool full;

	if (!S_ISDIR(inode->i_mode))
		return false;
	mutex_lock(&mach_node_lock);
	full = mach_directory_is_full(inode->i_private);
	mutex_unlock(&mach_node_lock);
	return full;
}

static int mach_ask_remove(struct mach_asking *asking, u16 operation)
{
	struct dentry *dentry = asking->naming.dentry;
	struct mach_name_wish wish = {
		.operation = operation,
		.name = dentry->d_name,
	};

	if (operation == MACH_OP_RMDIR)
		asking->locked[1] = d_inode(dentry);
	mach_wish_object(&wish, asking, dentry);
	return mach_asking_is_full(d_inode(dentry)) ? -ENOTEMPTY :
						      mach_ask(asking, &wish);
}

static int mach_name_remove(struct inode *dir, struct dentry *dentry,
			    u16 operation)
{
	struct mach_asking asking = {
		.naming.apply = mach_naming_remove,
		.naming.dentry = dentry,
	};
	int err = mach_asking_begin(&asking, dir);

	if (asking.naming.directory)
		asking.naming.apply = mach_listed_naming_remove;
	if (!err)
		err = asking.asks ? mach_ask_remove(&asking, operation) :
				    mach_asking_at_once(&asking);
	mach_asking_end(&asking);
	return err;
}

/* unlink(2), which Linux lets the owner of file or directory call */
int mach_name_unlink(struct inode *dir, struct dentry *dentry)
{
	return mach_name_remove(dir, dentry, MACH_OP_UNLINK);
}

/* rmdir(2), which Linux lets the owner of it or of the one that it is in call */
int mach_name_rmdir(struct inode *dir, struct dentry *dentry)
{
	return mach_name_remove(dir, dentry, MACH_OP_RMDIR);
}

/*
 * Both ask the same pager; nobody who does not ask can lose or get anything. Nor does
 * anything change between tables and other directories.
 */
static int mach_asking_may_move(const struct mach_node *from,
				const struct mach_node *to)
{
	const struct mach_object *old = mach_asking_object(from);
	const struct mach_object *new = mach_asking_object(to);

	lockdep_assert_held(&mach_node_lock);
	if (!old && (!new || (from && from->listed)))
		return -EPERM;
	return old && new && old->pager == new->pager &&
	       !old->listed == !new->listed ? 0 : -EXDEV;
}

static int mach_asking_begin_move(struct mach_asking *asking,
				  struct inode *from, struct inode *to,
				  struct mach_name_wish *wish)
{
	const struct mach_node *node = to->i_private;
	int err;

	mutex_lock(&mach_node_lock);
	err = mach_asking_may_move(from->i_private, node);
	if (!err)
		mach_asking_of(asking, from->i_private);
	if (asking->object && mach_object_right_try_get(node->object)) {
		asking->to = node->object;
		wish->head.directory = asking->to->id;
		wish->head.directory_cookie = asking->to->cookie;
		if (asking->to->listed)
			asking->naming.to_directory = asking->to;
	}
	mutex_unlock(&mach_node_lock);
	/* one of them is ending */
	return err || asking->to ? err : -ENOENT;
}

static int mach_ask_rename(struct mach_asking *asking, struct inode *from,
			   struct inode *to, struct mach_name_wish *wish)
{
	struct dentry *dentry = asking->naming.dentry;
	struct dentry *target = asking->naming.to;

	asking->locked[0] = from;
	asking->locked[1] = to;
	if (d_is_dir(dentry))
		asking->locked[2] = d_inode(dentry);
	mach_wish_object(wish, asking, dentry);
	if (d_is_negative(target))
		return mach_ask(asking, wish);
	if (d_is_dir(target))
		asking->locked[3] = d_inode(target);
	if (mach_asking_is_full(d_inode(target)))
		return -ENOTEMPTY;
	mach_wish_replaced(wish, asking, target);
	return mach_ask(asking, wish);
}

/* What an entry needs that moves: all of it is known but for what may change yet. */
static int mach_asking_provide_move(struct mach_asking *asking)
{
	struct mach_naming *naming = &asking->naming;
	struct inode *inode = d_inode(naming->dentry);
	struct qstr target = QSTR_INIT("", 0);

	if (!naming->directory)
		return 0;
	naming->apply = mach_listed_naming_rename;
	if (S_ISLNK(inode->i_mode))
		target = (struct qstr)QSTR_INIT(inode->i_link,
						inode->i_size);
	return mach_listed_naming_comes(naming, &naming->to->d_name, inode,
					&target);
}

int mach_name_rename(MACH_COMPAT_IDMAP *idmap, struct inode *from,
		     struct dentry *dentry, struct inode *to,
		     struct dentry *target, unsigned int flags)
{
	struct mach_asking asking = {
		.naming.apply = mach_naming_rename,
		.naming.dentry = dentry,
		.naming.to = target,
	};
	struct mach_name_wish wish = {
		.operation = MACH_OP_RENAME,
		.name = dentry->d_name,
		.to = target->d_name,
	};
	int err;

	if (flags & RENAME_NOREPLACE)
		wish.head.flags = MACH_NAME_NOREPLACE;
	err = mach_asking_begin_move(&asking, from, to, &wish);
	if (!err && flags & ~RENAME_NOREPLACE)
		err = -EINVAL;
	err = err ?: mach_asking_provide_move(&asking);
	if (!err)
		err = asking.asks ?
		      mach_ask_rename(&asking, from, to, &wish) :
		      mach_asking_at_once(&asking);
	mach_asking_end(&asking);
	return err;
}

/* The name of an inode, if it is in a directory */
static struct dentry *mach_name_of(struct inode *inode)
{
	const struct mach_object *object;
	const struct mach_node *node;

	lockdep_assert_held(&mach_node_lock);
	if (S_ISREG(inode->i_mode)) {
		object = mach_named(inode);
		return object ? object->node : NULL;
	}
	node = inode->i_private;
	return node && !IS_DEADDIR(inode) ? node->dentry : NULL;
}

/* What lies in a listed directory, whether it has an object or not: its table's */
static int mach_asking_begin_listed(struct mach_asking *asking,
				    struct dentry *dentry)
{
	lockdep_assert_held(&mach_node_lock);
	mach_asking_of(asking, d_inode(dentry->d_parent)->i_private);
	if (!asking->object)
		return -EPERM;
	if (!IS_DEADDIR(d_inode(dentry))) {
		asking->naming.apply = mach_listed_naming_attributes;
		return 0;
	}
	/* it has lost its name */
	asking->asks = false;
	asking->naming.directory = NULL;
	return 0;
}

/* A listed directory that is in no other one: what is said of it is in no table. */
static int mach_asking_begin_top(struct mach_asking *asking,
				 struct inode *inode)
{
	const struct mach_node *node = inode->i_private;

	lockdep_assert_held(&mach_node_lock);
	asking->locked[0] = inode;
	mach_asking_of(asking, node);
	asking->naming.directory = NULL;
	return node->listed && !asking->object ? -EPERM : 0;
}

/* Others: as the directory that they are in */
static void mach_asking_begin_other(struct mach_asking *asking,
				    struct inode *inode, struct dentry *dentry)
{
	const struct mach_node *node = d_inode(dentry->d_parent)->i_private;

	lockdep_assert_held(&mach_node_lock);
	/* an object of another pager is that one's */
	if (node && node->object && !node->listed &&
	    (!S_ISREG(inode->i_mode) ||
	     mach_known_object(node->object->pager, inode)))
		mach_asking_of(asking, node);
}

static bool mach_name_is_listed(const struct dentry *dentry)
{
	const struct mach_node *node;

	lockdep_assert_held(&mach_node_lock);
	if (IS_ROOT(dentry))
		return false;
	node = d_inode(dentry->d_parent)->i_private;
	return node && node->listed;
}

/*
 * Who decides of what is said of an inode: a directory that asks itself, but for one in
 * a table; of what lies in one that. Its name, taken here, does not change under the
 * lock.
 */
static int mach_asking_begin_attributes(struct mach_asking *asking,
					struct dentry *dentry,
					struct name_snapshot *name)
{
	struct inode *inode = d_inode(dentry);
	const struct mach_node *node = S_ISDIR(inode->i_mode) ?
				       inode->i_private : NULL;
	struct dentry *known = NULL;
	int err = 0;

	mutex_lock(&mach_node_lock);
	if (mach_name_is_listed(dentry)) {
		known = dentry;
		err = mach_asking_begin_listed(asking, dentry);
	} else if (node && (node->object || node->listed)) {
		err = mach_asking_begin_top(asking, inode);
	} else {
		known = mach_name_of(inode);
		if (known)
			mach_asking_begin_other(asking, inode, known);
	}
	if (asking->object && known)
		take_dentry_name_snapshot(name, known);
	mutex_unlock(&mach_node_lock);
	return err;
}

static int mach_ask_attributes(struct mach_asking *asking,
			       const struct qstr *name)
{
	struct mach_naming *naming = &asking->naming;
	struct mach_name_wish wish = {
		.operation = MACH_OP_SET_ATTRIBUTES,
		.name = *name,
	};

	mach_wish_object(&wish, asking, naming->dentry);
	mach_wish_attributes(&wish, naming->inode, naming->attr);
	return mach_ask(asking, &wish);
}

/**
 * mach_asking_attributes - Other attributes but the size, which Linux has found allowed
 * @idmap: as Linux has it
 * @dentry: of what; its inode is locked
 * @attr: they
 *
 * Return: 0, or why not.
 */
int mach_asking_attributes(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
			   struct iattr *attr)
{
	const unsigned int told = ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_ATIME |
				  ATTR_MTIME;
	struct mach_asking asking = {
		.naming.apply = mach_naming_attributes,
		.naming.dentry = dentry,
		.naming.inode = d_inode(dentry),
		.naming.idmap = idmap,
		.naming.attr = attr,
		.naming.cred = current_cred(),
	};
	struct name_snapshot name = {};
	int err = 0;

	lockdep_assert_held_write(&d_inode(dentry)->i_rwsem);
	if (attr->ia_valid & told && !(attr->ia_valid & ATTR_SIZE))
		err = mach_asking_begin_attributes(&asking, dentry, &name);
	if (!err)
		err = asking.asks ? mach_ask_attributes(&asking, &name.name) :
				    mach_asking_at_once(&asking);
	if (name.name.name)
		release_dentry_name_snapshot(&name);
	mach_asking_end(&asking);
	return err;
}

/* Of directories and links; see mach_object_setattr() */
int mach_node_setattr(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
		      struct iattr *attr)
{
	int err = setattr_prepare(idmap, dentry, attr);

	return err ?: mach_asking_attributes(idmap, dentry, attr);
}

/* No more than these: who wants another name asks the pager. */
static const struct inode_operations mach_directory_operations = {
	.lookup = mach_name_lookup,
	.create = mach_name_create,
	.mkdir = mach_name_mkdir,
	.symlink = mach_name_symlink,
	.unlink = mach_name_unlink,
	.rmdir = mach_name_rmdir,
	.rename = mach_name_rename,
	.setattr = mach_node_setattr,
};

/* What its pager has told to be so is durable when the pager says that, too. */
int mach_directory_fsync(struct file *file, loff_t start, loff_t end,
			 int datasync)
{
	struct mach_asking asking = {};
	struct mach_object *object;
	int err = 0;

	mutex_lock(&mach_node_lock);
	mach_asking_of(&asking, file_inode(file)->i_private);
	mutex_unlock(&mach_node_lock);
	object = asking.object;
	if (asking.asks)
		err = mach_pager_is_stuck(object->pager, object->id) ?
		      -EDEADLK : mach_object_synchronize(object);
	mach_asking_end(&asking);
	return err;
}

/* Those of Linux for names that are in its cache, but for one */
static const struct file_operations mach_directory_file_operations = {
	.open = dcache_dir_open,
	.release = dcache_dir_close,
	.llseek = dcache_dir_lseek,
	.read = generic_read_dir,
	.iterate_shared = dcache_readdir,
	.fsync = mach_directory_fsync,
};

static const struct inode_operations mach_link_operations = {
	.get_link = simple_get_link,
	.setattr = mach_node_setattr,
};

const struct mach_node_operations mach_node_operations = {
	.directory = &mach_directory_operations,
	.directory_file = &mach_directory_file_operations,
	.link = &mach_link_operations,
};
