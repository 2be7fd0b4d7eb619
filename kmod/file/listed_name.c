// SPDX-License-Identifier: GPL-2.0-only
/* Listed directories as Linux sees them: looked up, listed, and what is in them. */
#include "listed_name.h"
#include "base/compat.h"
#include "directory.h"
#include "idle.h"
#include "machobj.h"
#include "made.h"
#include "name_call.h"
#include "object_file.h"
#include "request/list_request.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/slab.h>

/* Of names, while the lock is let go to hand them out */
#define MACH_LISTED_BATCH	4096

/*
 * What has gone, or was in a directory that has, is looked up anew. What there is not is
 * not: a change that brings it takes that out of the cache, and who makes it with a
 * client's dentry needs that in there.
 */
static int mach_listed_revalidate(struct dentry *dentry, unsigned int flags)
{
	const struct inode *inode = d_inode_rcu(dentry);
	const struct inode *dir = d_inode_rcu(READ_ONCE(dentry->d_parent));

	return dir && !(READ_ONCE(dir->i_flags) & S_DEAD) &&
	       (!inode || !(READ_ONCE(inode->i_flags) & S_DEAD));
}

/* What is there stays in the cache of names for as long as Linux likes. */
static int mach_listed_delete(const struct dentry *dentry)
{
	return d_is_negative(dentry) || IS_DEADDIR(d_inode(dentry));
}

static const struct dentry_operations mach_listed_dentry_operations = {
	.d_revalidate = mach_listed_revalidate,
	.d_delete = mach_listed_delete,
};

/* The object of a directory that is looked into, with a right of the caller */
static struct mach_object *mach_listed_object(struct inode *dir,
					      struct dentry *dentry)
{
	struct mach_node *node = dir->i_private;
	struct mach_object *object = ERR_PTR(-ENOENT);
	bool made;

	mutex_lock(&mach_node_lock);
	/* it has none, and had none: it is in a table */
	made = !node->object && !node->user;
	if (node->object && mach_object_right_try_get(node->object))
		object = node->object;
	mutex_unlock(&mach_node_lock);
	if (made)
		object = mach_made_of(dentry);
	else if (!IS_ERR(object) && object->made)
		mach_idle_used(object->made);
	return object;
}

/* Have a table: the first who looks has the pager asked. */
static int mach_listed_wait(struct mach_object *object)
{
	struct mach_listed *listed = object->listed;
	int err = 0;

	if (!READ_ONCE(listed->in_sight))
		err = mach_object_is_dead(object) ? -EIO :
						    mach_list_ask(object);
	if (err)
		return err;
	return READ_ONCE(listed->in_sight) ? 0 : -EIO;
}

static const struct inode_operations mach_listed_link_operations;
static const struct inode_operations mach_listed_child_operations;
static const struct file_operations mach_listed_child_fops;

static struct inode *mach_listed_link_inode(struct super_block *sb, u32 length)
{
	char *target = kzalloc(length + 1, GFP_KERNEL_ACCOUNT);
	struct inode *inode = target ? new_inode(sb) : NULL;

	if (!inode) {
		kfree(target);
		return ERR_PTR(-ENOMEM);
	}
	inode->i_mode = S_IFLNK | 0777;
	inode->i_link = target;
	inode->i_size = length;
	inode->i_op = &mach_listed_link_operations;
	return inode;
}

static struct inode *mach_listed_directory_inode(struct super_block *sb)
{
	struct inode *inode = mach_node_bare_inode(sb, S_IFDIR);
	struct mach_node *node;

	if (IS_ERR(inode))
		return inode;
	node = inode->i_private;
	node->listed = true;
	inode->i_op = mach_listed_operations.directory;
	inode->i_fop = mach_listed_operations.directory_file;
	set_nlink(inode, 2);
	return inode;
}

static struct inode *mach_listed_regular_inode(void)
{
	struct inode *inode = mach_machobj_inode(0);

	if (IS_ERR(inode))
		return inode;
	inode->i_op = &mach_listed_child_operations;
	inode->i_fop = &mach_listed_child_fops;
	set_nlink(inode, 1);
	return inode;
}

/* Of the kind of a name, and for a link with so much room for what it says */
static struct inode *mach_listed_inode(struct super_block *sb, umode_t mode,
				       u32 length)
{
	if (S_ISDIR(mode))
		return mach_listed_directory_inode(sb);
	if (S_ISLNK(mode))
		return mach_listed_link_inode(sb, length);
	return mach_listed_regular_inode();
}

/**
 * struct mach_listed_lookup - A name that is looked up
 * @dentry: its
 * @inode: made for it, as far as is known which; or NULL
 * @mode: kind of what there is; 0: nothing
 * @length: of what a link says
 */
struct mach_listed_lookup {
	struct dentry *dentry;
	struct inode *inode;
	umode_t mode;
	u32 length;
};

/* Has the dentry been told what the table says? If not, an inode of that kind will do. */
static bool mach_listed_tell(struct mach_listed *listed,
			     struct mach_listed_lookup *lookup)
{
	const struct mach_listing_entry *entry;
	umode_t kind;

	lockdep_assert_held(&listed->lock);
	entry = mach_listed_find(listed, &lookup->dentry->d_name);
	kind = entry ? entry->mode & S_IFMT : 0;
	if (entry && (!lookup->inode || lookup->mode != kind ||
		      lookup->length != entry->target_length)) {
		lookup->mode = kind;
		lookup->length = entry->target_length;
		return false;
	}
	if (entry)
		mach_listed_inode_fill(listed, lookup->inode, entry);
	d_add(lookup->dentry, entry ? lookup->inode : NULL);
	if (entry)
		lookup->inode = NULL;
	return true;
}

static int mach_listed_find_name(struct mach_listed *listed,
				 struct dentry *dentry)
{
	struct mach_listed_lookup lookup = { .dentry = dentry };
	bool told;

	do {
		down_read(&listed->lock);
		told = mach_listed_tell(listed, &lookup);
		up_read(&listed->lock);
		/* one of another kind than what there is now, or of none */
		if (lookup.inode)
			iput(lookup.inode);
		lookup.inode = NULL;
		if (told)
			return 0;
		lookup.inode = mach_listed_inode(dentry->d_sb, lookup.mode,
						 lookup.length);
	} while (!IS_ERR(lookup.inode));
	return PTR_ERR(lookup.inode);
}

static struct dentry *mach_listed_lookup(struct inode *dir,
					 struct dentry *dentry,
					 unsigned int flags)
{
	struct mach_object *object;
	int err;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	object = mach_listed_object(dir, dentry->d_parent);
	if (IS_ERR(object))
		return ERR_CAST(object);
	err = mach_listed_wait(object);
	if (!err) {
		d_set_d_op(dentry, &mach_listed_dentry_operations);
		err = mach_listed_find_name(object->listed, dentry);
	}
	mach_object_right_put(object);
	return ERR_PTR(err);
}

/* How many directories are in it is not counted: 1 says so to programs. */
static int mach_listed_getattr(MACH_COMPAT_IDMAP *idmap,
			       const struct path *path, struct kstat *stat,
			       u32 mask, unsigned int flags)
{
	mach_compat_fill_attributes(idmap, mask, d_inode(path->dentry), stat);
	stat->nlink = IS_DEADDIR(d_inode(path->dentry)) ? 0 : 1;
	return 0;
}

static const struct inode_operations mach_listed_link_operations = {
	.get_link = simple_get_link,
	.setattr = mach_node_setattr,
};

static const struct inode_operations mach_listed_directory_operations = {
	.lookup = mach_listed_lookup,
	.create = mach_name_create,
	.mkdir = mach_name_mkdir,
	.symlink = mach_name_symlink,
	.unlink = mach_name_unlink,
	.rmdir = mach_name_rmdir,
	.rename = mach_name_rename,
	.getattr = mach_listed_getattr,
	.setattr = mach_node_setattr,
};

/**
 * struct mach_listed_name - A name on its way to who lists the directory
 * @place: its place
 * @inode: number of its inode
 * @mode: kind
 * @length: bytes of @name
 * @name: it
 */
struct mach_listed_name {
	u64 place;
	u64 inode;
	u16 mode;
	u8 length;
	char name[];
};

static size_t mach_listed_name_size(unsigned int length)
{
	return ALIGN(offsetof(struct mach_listed_name, name) + length,
		     sizeof(u64));
}

/* As many names as fit, from a place on. Return: bytes of them. */
static size_t mach_listed_gather(struct mach_listed *listed, u64 place,
				 void *names)
{
	const struct mach_listing_entry *entry;
	struct mach_listing_cursor at;
	struct mach_listed_name *name;
	size_t bytes = 0, size;

	down_read(&listed->lock);
	for (entry = mach_listing_from(&listed->shown, place, &at); entry;
	     entry = mach_listing_next(&listed->shown, &at)) {
		size = mach_listed_name_size(entry->name_length);
		if (bytes + size > MACH_LISTED_BATCH)
			break;
		name = names + bytes;
		name->place = entry->number;
		name->inode = mach_listing_inode(entry);
		name->mode = entry->mode;
		name->length = entry->name_length;
		memcpy(name->name, entry->text, entry->name_length);
		bytes += size;
	}
	up_read(&listed->lock);
	return bytes;
}

/* Return: false when the reader has no more room. */
static bool mach_listed_emit(struct dir_context *context, const void *names,
			     size_t bytes)
{
	const struct mach_listed_name *name;
	const void *end = names + bytes;

	for (; names < end; names += mach_listed_name_size(name->length)) {
		name = names;
		context->pos = name->place;
		if (!dir_emit(context, name->name, name->length, name->inode,
			      fs_umode_to_dtype(name->mode)))
			return false;
		context->pos = name->place + 1;
	}
	return bytes && !fatal_signal_pending(current);
}

/* Places are numbers of inodes at first: none but the root has 0 or 1. */
static int mach_listed_iterate_names(struct mach_object *object,
				     struct dir_context *context)
{
	void *names;
	size_t bytes;

	names = kmalloc(MACH_LISTED_BATCH, GFP_KERNEL_ACCOUNT);
	if (!names)
		return -ENOMEM;
	do {
		bytes = mach_listed_gather(object->listed, context->pos, names);
	} while (mach_listed_emit(context, names, bytes));
	kfree(names);
	return 0;
}

static int mach_listed_iterate(struct file *file, struct dir_context *context)
{
	struct mach_object *object;
	int err;

	object = mach_listed_object(file_inode(file), file->f_path.dentry);
	if (IS_ERR(object))
		return PTR_ERR(object);
	/* before anything is told: who got something would hear of no error */
	err = mach_listed_wait(object);
	if (!err && dir_emit_dots(file, context))
		err = mach_listed_iterate_names(object, context);
	mach_object_right_put(object);
	return err;
}

static const struct file_operations mach_listed_file_operations = {
	.owner = THIS_MODULE,
	.llseek = generic_file_llseek,
	.read = generic_read_dir,
	.iterate_shared = mach_listed_iterate,
	.fsync = mach_directory_fsync,
};

const struct mach_listed_operations mach_listed_operations = {
	.directory = &mach_listed_directory_operations,
	.directory_file = &mach_listed_file_operations,
	.inode = mach_listed_inode,
};

/* Its object is made if there is none; from here on it is a file of that. */
static int mach_listed_child_open(struct inode *inode, struct file *file)
{
	struct mach_object *object = mach_made_of(file->f_path.dentry);
	const struct file_operations *fops = &mach_object_fops;
	int err;

	if (object == ERR_PTR(-ESTALE))
		return mach_object_is_gone(file->f_path.dentry);
	if (IS_ERR(object))
		return PTR_ERR(object);
	fops = fops_get(fops);
	replace_fops(file, fops);
	err = fops->open(inode, file);
	mach_object_right_put(object);
	return err;
}

static const struct file_operations mach_listed_child_fops = {
	.owner = THIS_MODULE,
	.open = mach_listed_child_open,
};

/* Of a file the size, as of any other, once it has an object */
static int mach_listed_child_setattr(MACH_COMPAT_IDMAP *idmap,
				     struct dentry *dentry, struct iattr *attr)
{
	struct mach_object *object;
	int err;

	if (!(attr->ia_valid & ATTR_SIZE))
		return mach_object_setattr(idmap, dentry, attr);
	object = mach_made_of(dentry);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = mach_object_setattr(idmap, dentry, attr);
	mach_object_right_put(object);
	return err;
}

static const struct inode_operations mach_listed_child_operations = {
	.setattr = mach_listed_child_setattr,
};
