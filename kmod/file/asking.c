// SPDX-License-Identifier: GPL-2.0-only
/* What clients may change in directories: at once, not at all, or by asking the pager. */
#include "asking.h"
#include "naming.h"
#include "request/data_return.h"
#include "request/name_request.h"
#include "request/request_memory.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/uidgid.h>

/* Directories that one call may have locked */
#define MACH_ASKING_LOCKED	4

/**
 * struct mach_asking - A client that waits for a pager's answer
 *
 * (c) const while it waits, (n) mach_node_lock
 *
 * @naming: (c) what is to be done, (n) and what is left over
 * @object: (c) of the directory, with a right; NULL: nobody is asked, since none is to
 *	be, or the caller is who would be
 * @locked: (c) directories that the caller has locked, or NULL
 * @answered: (n) there is a @result
 * @result: (n) 0: @naming is done; -errno
 */
struct mach_asking {
	struct mach_naming naming;
	struct mach_object *object;
	struct inode *locked[MACH_ASKING_LOCKED];
	bool answered;
	int result;
};

/* Is the calling process the pager? It tells, and is not asked. */
static bool mach_pager_is_caller(const struct mach_pager *pager)
{
	return task_tgid_nr(current) == pager->pid;
}

/* Who decides of what is in a directory */
static void mach_asking_of(struct mach_asking *asking,
			   const struct mach_node *node)
{
	struct mach_object *object = node ? node->object : NULL;

	lockdep_assert_held(&mach_node_lock);
	if (!object || mach_pager_is_caller(object->pager) ||
	    !mach_object_right_try_get(object))
		return;
	asking->object = object;
	asking->naming.keeper = node->keeper;
	asking->naming.answered = true;
}

/* Who decides of a name in a directory, which the caller has locked */
static void mach_asking_begin(struct mach_asking *asking, struct inode *dir)
{
	asking->locked[0] = dir;
	mutex_lock(&mach_node_lock);
	mach_asking_of(asking, dir->i_private);
	mutex_unlock(&mach_node_lock);
}

static void mach_asking_end(struct mach_asking *asking)
{
	if (asking->object)
		mach_object_right_put(asking->object);
}

/* Who makes something in these meanwhile waits for the answer, or is who owes it. */
static void mach_asking_mark(const struct mach_asking *asking,
			     struct mach_object *object)
{
	struct mach_node *node;
	unsigned int i;

	lockdep_assert_held(&mach_node_lock);
	for (i = 0; i < MACH_ASKING_LOCKED; i++) {
		if (!asking->locked[i])
			continue;
		node = asking->locked[i]->i_private;
		node->awaits = object;
	}
}

static void mach_asking_send(struct mach_asking *asking,
			     struct mach_request *request)
{
	mutex_lock(&mach_node_lock);
	request->asking = asking;
	mach_asking_mark(asking, asking->object);
	mutex_unlock(&mach_node_lock);
	mach_request_submit(request);
}

/* Nobody waits from here on: what is done by now is done. */
static int mach_asking_leave(struct mach_asking *asking,
			     struct mach_request *request, int err)
{
	mutex_lock(&mach_node_lock);
	request->asking = NULL;
	mach_asking_mark(asking, NULL);
	if (asking->answered)
		err = asking->result;
	mutex_unlock(&mach_node_lock);
	/* it was given up, unless it has ended */
	mach_request_end(request, -EINTR);
	mach_request_put(request);
	mach_naming_finish(&asking->naming);
	/* the deadline, or the pager's death */
	return err > 0 ? -EIO : err;
}

/**
 * mach_ask - Have a pager do it
 * @asking: with an object; its naming complete
 * @wish: what to ask
 *
 * Waits killably. Return: 0: it is done; what the pager says; -EINTR; -EIO; as
 * mach_name_request().
 */
static int mach_ask(struct mach_asking *asking,
		    const struct mach_name_wish *wish)
{
	struct mach_request *request = mach_name_request(asking->object, wish);
	int err;

	if (IS_ERR(request))
		return PTR_ERR(request);
	mach_asking_send(asking, request);
	err = mach_request_wait_end(request) ?: 1;
	return mach_asking_leave(asking, request, err);
}

/**
 * mach_asking_answer - What the pager says to a request about a name
 * @request: it
 * @error: 0: it is so now; -errno
 * @made: referenced: what the answer names, or NULL
 *
 * Takes no lock that a client holds while it waits. Return: 0; -ESTALE when nobody waits
 * any more, or what it is about has gone; otherwise why @made will not do: then the
 * request goes on, while in the other cases it has ended.
 */
int mach_asking_answer(struct mach_request *request, int error,
		       struct mach_object *made)
{
	struct mach_asking *asking;
	int err = -ESTALE;

	mutex_lock(&mach_node_lock);
	asking = request->asking;
	if (asking && !asking->answered && !mach_request_has_ended(request)) {
		err = error ? 0 : asking->naming.apply(&asking->naming, made);
		if (err == -ENOENT)
			err = -ESTALE;
		asking->answered = !err || err == -ESTALE;
		asking->result = err ? -ENOENT : error;
	}
	mutex_unlock(&mach_node_lock);
	if (!err || err == -ESTALE)
		mach_request_end(request, 0);
	return err;
}

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

/* Owner and group of what the caller makes there */
static void mach_wish_owner(struct mach_name_wish *wish,
			    struct mach_naming *naming, kuid_t uid, kgid_t gid)
{
	naming->uid = uid;
	naming->gid = gid;
	wish->head.uid = from_kuid(&init_user_ns, uid);
	wish->head.gid = from_kgid(&init_user_ns, gid);
}

static int mach_ask_create(struct mach_asking *asking, struct inode *dir,
			   umode_t mode, bool exclusive)
{
	struct mach_user *user = asking->object->user;
	struct mach_naming *naming = &asking->naming;
	struct mach_name_wish wish = {
		.operation = MACH_OP_CREATE,
		.head.flags = exclusive ? MACH_NAME_EXCLUSIVE : 0,
		.head.mode = mode,
		.name = naming->dentry->d_name,
	};
	int err;

	/* as chmod(2) there */
	if (mode & (S_ISUID | S_ISGID))
		return -EPERM;
	naming->apply = mach_naming_file;
	naming->mode = mode & ~S_IFMT;
	mach_wish_owner(&wish, naming, current_fsuid(),
			dir->i_mode & S_ISGID ? dir->i_gid : current_fsgid());
	err = mach_name_charge(user, asking->object);
	if (err)
		return err;
	err = mach_ask(asking, &wish);
	if (err)
		mach_user_add(user, MACH_USER_NAMES, -1);
	return err;
}

static int mach_name_create(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
			    struct dentry *dentry, umode_t mode, bool exclusive)
{
	struct mach_asking asking = { .naming.dentry = dentry };
	int err = -EACCES;

	mach_asking_begin(&asking, dir);
	if (asking.object)
		err = mach_ask_create(&asking, dir, mode, exclusive);
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
	err = mach_ask(asking, wish);
	if (naming->inode)
		mach_node_give_up(naming->inode);
	return err;
}

static int mach_name_mkdir(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
			   struct dentry *dentry, umode_t mode)
{
	struct mach_asking asking = { .naming.dentry = dentry };
	struct mach_name_wish wish = { .operation = MACH_OP_MKDIR };
	struct inode *inode;
	int err = -EPERM;

	mach_asking_begin(&asking, dir);
	if (asking.object) {
		inode = mach_directory_inode(dir->i_sb, asking.object->user,
					     asking.object);
		if (!IS_ERR(inode))
			inode_init_owner(idmap, inode, dir, S_IFDIR | mode);
		err = mach_ask_node(&asking, inode, &wish);
	}
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

static int mach_name_symlink(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
			     struct dentry *dentry, const char *target)
{
	struct mach_asking asking = { .naming.dentry = dentry };
	struct mach_name_wish wish = {
		.operation = MACH_OP_SYMLINK,
		.to = QSTR_INIT(target, strlen(target)),
	};
	int err = -EPERM;

	mach_asking_begin(&asking, dir);
	if (asking.object)
		err = mach_ask_node(&asking,
				    mach_ask_link_inode(dir, asking.object,
							&wish.to), &wish);
	mach_asking_end(&asking);
	return err;
}

/* What the pager that is asked has a number for */
static struct mach_object *mach_known_object(struct mach_pager *pager,
					     struct inode *inode)
{
	struct mach_object *object = NULL;
	struct mach_node *node;

	lockdep_assert_held(&mach_node_lock);
	if (S_ISREG(inode->i_mode)) {
		object = mach_named(inode);
	} else if (S_ISDIR(inode->i_mode)) {
		node = inode->i_private;
		object = node->object;
	}
	return object && object->pager == pager ? object : NULL;
}

/* By what it knows it, if it does */
static void mach_wish_known(const struct mach_asking *asking,
			    struct inode *inode, u32 *number, u64 *cookie)
{
	const struct mach_object *object;

	mutex_lock(&mach_node_lock);
	object = mach_known_object(asking->object->pager, inode);
	if (object) {
		*number = object->id;
		*cookie = object->cookie;
	}
	mutex_unlock(&mach_node_lock);
}

/* What there is */
static void mach_wish_object(struct mach_name_wish *wish,
			     const struct mach_asking *asking,
			     struct inode *inode)
{
	struct mach_name_request *head = &wish->head;

	mach_wish_known(asking, inode, &head->object, &head->object_cookie);
	head->mode = inode->i_mode;
}

static void mach_wish_replaced(struct mach_name_wish *wish,
			       const struct mach_asking *asking,
			       struct inode *inode)
{
	struct mach_name_request *head = &wish->head;

	mach_wish_known(asking, inode, &head->replaced, &head->replaced_cookie);
	head->replaces = true;
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

static int mach_name_remove(struct inode *dir, struct dentry *dentry,
			    u16 operation)
{
	struct inode *inode = d_inode(dentry);
	struct mach_asking asking = {
		.naming.apply = mach_naming_remove,
		.naming.dentry = dentry,
	};
	struct mach_name_wish wish = {
		.operation = operation,
		.name = dentry->d_name,
	};
	int err;

	mach_asking_begin(&asking, dir);
	if (!asking.object)
		return mach_naming_at_once(&asking.naming);
	if (operation == MACH_OP_RMDIR)
		asking.locked[1] = inode;
	mach_wish_object(&wish, &asking, inode);
	err = mach_asking_is_full(inode) ? -ENOTEMPTY :
					   mach_ask(&asking, &wish);
	mach_asking_end(&asking);
	return err;
}

/* unlink(2), which Linux lets the owner of file or directory call */
static int mach_name_unlink(struct inode *dir, struct dentry *dentry)
{
	return mach_name_remove(dir, dentry, MACH_OP_UNLINK);
}

/* rmdir(2), which Linux lets the owner of it or of the one that it is in call */
static int mach_name_rmdir(struct inode *dir, struct dentry *dentry)
{
	return mach_name_remove(dir, dentry, MACH_OP_RMDIR);
}

/* Both ask the same pager; nobody who does not ask can lose or get anything. */
static int mach_asking_begin_move(struct mach_asking *asking,
				  struct inode *from, struct inode *to,
				  struct mach_name_wish *wish)
{
	const struct mach_node *a = from->i_private, *b = to->i_private;
	const struct mach_object *old, *new;
	int err = 0;

	mutex_lock(&mach_node_lock);
	old = a ? a->object : NULL;
	new = b ? b->object : NULL;
	if (!old && !new) {
		err = -EPERM;
	} else if (!old || !new || old->pager != new->pager || b->listed) {
		err = -EXDEV;
	} else {
		mach_asking_of(asking, a);
		wish->head.directory = new->id;
		wish->head.directory_cookie = new->cookie;
	}
	mutex_unlock(&mach_node_lock);
	return err;
}

static int mach_ask_rename(struct mach_asking *asking, struct inode *from,
			   struct inode *to, struct mach_name_wish *wish)
{
	struct inode *inode = d_inode(asking->naming.dentry);
	struct inode *replaced = d_inode(asking->naming.to);

	asking->locked[0] = from;
	asking->locked[1] = to;
	if (S_ISDIR(inode->i_mode))
		asking->locked[2] = inode;
	mach_wish_object(wish, asking, inode);
	if (!replaced)
		return mach_ask(asking, wish);
	if (S_ISDIR(replaced->i_mode))
		asking->locked[3] = replaced;
	if (mach_asking_is_full(replaced))
		return -ENOTEMPTY;
	mach_wish_replaced(wish, asking, replaced);
	return mach_ask(asking, wish);
}

static int mach_name_rename(MACH_COMPAT_IDMAP *idmap, struct inode *from,
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
	if (!err)
		err = asking.object ?
		      mach_ask_rename(&asking, from, to, &wish) :
		      mach_naming_at_once(&asking.naming);
	mach_asking_end(&asking);
	return err;
}

/* Nanoseconds, as far as the file system's times go */
static s64 mach_wish_time(struct inode *inode, struct timespec64 time)
{
	time = timestamp_truncate(time, inode);
	return timespec64_to_ns(&time);
}

static void mach_wish_attributes(struct mach_name_wish *wish,
				 struct inode *inode, const struct iattr *attr)
{
	struct mach_name_request *head = &wish->head;

	if (attr->ia_valid & ATTR_MODE) {
		head->valid |= MACH_ATTRIBUTE_MODE;
		head->mode = (inode->i_mode & S_IFMT) |
			     (attr->ia_mode & S_IALLUGO);
	}
	if (attr->ia_valid & ATTR_UID) {
		head->valid |= MACH_ATTRIBUTE_UID;
		head->uid = from_kuid(&init_user_ns, attr->ia_uid);
	}
	if (attr->ia_valid & ATTR_GID) {
		head->valid |= MACH_ATTRIBUTE_GID;
		head->gid = from_kgid(&init_user_ns, attr->ia_gid);
	}
	if (attr->ia_valid & ATTR_ATIME) {
		head->valid |= MACH_ATTRIBUTE_ATIME;
		head->atime_ns = mach_wish_time(inode, attr->ia_atime);
	}
	if (attr->ia_valid & ATTR_MTIME) {
		head->valid |= MACH_ATTRIBUTE_MTIME;
		head->mtime_ns = mach_wish_time(inode, attr->ia_mtime);
	}
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

/*
 * Who decides of what is said of an inode: a directory that asks itself; of what lies in
 * one that. Its name, taken here, does not change under the lock.
 */
static void mach_asking_begin_attributes(struct mach_asking *asking,
					 struct inode *inode,
					 struct name_snapshot *name)
{
	struct mach_node *node;
	struct dentry *dentry;

	mutex_lock(&mach_node_lock);
	dentry = mach_name_of(inode);
	node = S_ISDIR(inode->i_mode) ? inode->i_private : NULL;
	if (node && node->object) {
		asking->locked[0] = inode;
		mach_asking_of(asking, node);
	} else if (dentry) {
		node = d_inode(dentry->d_parent)->i_private;
		/* an object of another pager is that one's */
		if (node && node->object &&
		    (!S_ISREG(inode->i_mode) ||
		     mach_known_object(node->object->pager, inode)))
			mach_asking_of(asking, node);
		if (asking->object)
			take_dentry_name_snapshot(name, dentry);
	}
	mutex_unlock(&mach_node_lock);
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
	struct inode *inode = d_inode(dentry);
	struct mach_asking asking = {
		.naming.apply = mach_naming_attributes,
		.naming.inode = inode,
		.naming.idmap = idmap,
		.naming.attr = attr,
		.naming.cred = current_cred(),
	};
	struct mach_name_wish wish = { .operation = MACH_OP_SET_ATTRIBUTES };
	struct name_snapshot name = {};
	int err;

	if (attr->ia_valid & told && !(attr->ia_valid & ATTR_SIZE))
		mach_asking_begin_attributes(&asking, inode, &name);
	if (!asking.object)
		return mach_naming_at_once(&asking.naming);
	wish.name = name.name;
	mach_wish_object(&wish, &asking, inode);
	mach_wish_attributes(&wish, inode, attr);
	err = mach_ask(&asking, &wish);
	if (name.name.name)
		release_dentry_name_snapshot(&name);
	mach_asking_end(&asking);
	return err;
}

/* Of directories and links; see mach_object_setattr() */
static int mach_node_setattr(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
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
static int mach_directory_fsync(struct file *file, loff_t start, loff_t end,
				int datasync)
{
	struct mach_asking asking = {};
	int err;

	mutex_lock(&mach_node_lock);
	mach_asking_of(&asking, file_inode(file)->i_private);
	mutex_unlock(&mach_node_lock);
	if (!asking.object)
		return 0;
	err = mach_pager_is_stuck(asking.object->pager, asking.object->id) ?
	      -EDEADLK : mach_object_synchronize(asking.object);
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
