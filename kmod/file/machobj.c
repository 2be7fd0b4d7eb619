// SPDX-License-Identifier: GPL-2.0-only
/* The file system of objects: its superblock, mounts, inodes and descriptors. */
#include "machobj.h"
#include "base/compat.h"
#include "directory.h"
#include "name_call.h"
#include "object_file.h"
#include "pool/vm_page.h"
#include "request/object_size.h"

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/seq_file.h>
#include <linux/statfs.h>
#include <linux/sysfs.h>
#include <linux/uidgid.h>

#define MACH_MACHOBJ_ROOT	1	/* inode number */
/* Pagers without privilege publish as well, and take only their own names away. */
#define MACH_MACHOBJ_MODE	01777

/* The module's own mount, while there are pagers; Linux's lock of it */
static struct vfsmount *mach_machobj_mount;
static int mach_machobj_pins;

/**
 * struct mach_machobj_options - What somebody who mounts wants of the root
 * @mode: of which the permission bits and the sticky bit count
 * @uid: owner
 * @gid: group
 * @given: which, by number of the parameter
 */
struct mach_machobj_options {
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
	unsigned long given;
};

enum { MACH_OPTION_MODE, MACH_OPTION_UID, MACH_OPTION_GID };

static const struct fs_parameter_spec mach_machobj_parameters[] = {
	fsparam_u32oct("mode", MACH_OPTION_MODE),
	fsparam_u32("uid", MACH_OPTION_UID),
	fsparam_u32("gid", MACH_OPTION_GID),
	{}
};

static int mach_machobj_parse(struct fs_context *fc, struct fs_parameter *param)
{
	struct mach_machobj_options *options = fc->fs_private;
	struct fs_parse_result result;
	int option = fs_parse(fc, mach_machobj_parameters, param, &result);

	switch (option) {
	case MACH_OPTION_MODE:
		options->mode = result.uint_32 & MACH_MACHOBJ_MODE;
		break;
	case MACH_OPTION_UID:
		options->uid = make_kuid(current_user_ns(), result.uint_32);
		if (!uid_valid(options->uid))
			return invalfc(fc, "uid is nobody's");
		break;
	case MACH_OPTION_GID:
		options->gid = make_kgid(current_user_ns(), result.uint_32);
		if (!gid_valid(options->gid))
			return invalfc(fc, "gid is nobody's");
		break;
	default:
		return option;
	}
	__set_bit(option, &options->given);
	return 0;
}

/*
 * There is one superblock: who mounts it with options changes it for all. Read-only is
 * the mount alone. Not under the lock of the directory, which is held by who reads it
 * into memory that is slow to come: sync(2) would wait for that.
 */
static void mach_machobj_apply(struct fs_context *fc)
{
	const struct mach_machobj_options *options = fc->fs_private;
	struct inode *root = d_inode(fc->root);

	if (test_bit(MACH_OPTION_MODE, &options->given))
		root->i_mode = S_IFDIR | options->mode;
	if (test_bit(MACH_OPTION_UID, &options->given))
		root->i_uid = options->uid;
	if (test_bit(MACH_OPTION_GID, &options->given))
		root->i_gid = options->gid;
}

static int mach_machobj_show_options(struct seq_file *seq, struct dentry *root)
{
	const struct inode *inode = d_inode(root);

	seq_printf(seq, ",mode=%04o,uid=%u,gid=%u", inode->i_mode & 07777,
		   from_kuid_munged(&init_user_ns, inode->i_uid),
		   from_kgid_munged(&init_user_ns, inode->i_gid));
	return 0;
}

/* Its blocks are the pool's pages, whoever has them. */
static int mach_machobj_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct mach_page_counts counts;
	const struct mach_pool_counts *pool = &counts.pool;
	unsigned long used;

	mach_page_get_counts(&counts);
	used = pool->used - min(pool->used, counts.cached);
	buf->f_type = MACH_OBJECT_MAGIC;
	buf->f_bsize = PAGE_SIZE;
	buf->f_blocks = pool->limit;
	buf->f_bfree = pool->limit - min(pool->limit, used);
	buf->f_bavail = buf->f_bfree;
	buf->f_namelen = MACH_NAME_MAX;
	buf->f_fsid = u64_to_fsid(huge_encode_dev(dentry->d_sb->s_dev));
	return 0;
}

static const struct super_operations mach_machobj_super = {
	.statfs = mach_machobj_statfs,
	.show_options = mach_machobj_show_options,
	.drop_inode = generic_delete_inode,
	.free_inode = mach_node_free_inode,
};

static int mach_machobj_fill(struct super_block *sb, struct fs_context *fc)
{
	struct inode *root;

	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = MACH_OBJECT_MAGIC;
	sb->s_op = &mach_machobj_super;
	sb->s_fs_info = (void *)&mach_node_operations;
	sb->s_time_gran = 1;
	/* pagers are told nanoseconds */
	sb->s_time_min = -KTIME_SEC_MAX;
	sb->s_time_max = KTIME_SEC_MAX;
	sb->s_iflags |= SB_I_NODEV;
	root = new_inode(sb);
	if (!root)
		return -ENOMEM;
	root->i_ino = MACH_MACHOBJ_ROOT;
	root->i_mode = S_IFDIR | MACH_MACHOBJ_MODE;
	root->i_op = mach_node_operations.directory;
	root->i_fop = &simple_dir_operations;
	mach_compat_init_times(root);
	set_nlink(root, 2);
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int mach_machobj_get_tree(struct fs_context *fc)
{
	int err;

	fc->sb_flags &= ~SB_RDONLY;
	err = get_tree_single(fc, mach_machobj_fill);
	if (!err)
		mach_machobj_apply(fc);
	return err;
}

static int mach_machobj_reconfigure(struct fs_context *fc)
{
	fc->sb_flags &= ~SB_RDONLY;
	mach_machobj_apply(fc);
	return 0;
}

static void mach_machobj_free_context(struct fs_context *fc)
{
	kfree(fc->fs_private);
}

static const struct fs_context_operations mach_machobj_context = {
	.free = mach_machobj_free_context,
	.parse_param = mach_machobj_parse,
	.get_tree = mach_machobj_get_tree,
	.reconfigure = mach_machobj_reconfigure,
};

static int mach_machobj_init_context(struct fs_context *fc)
{
	struct mach_machobj_options *options = kzalloc(sizeof(*options),
						       GFP_KERNEL);

	if (!options)
		return -ENOMEM;
	fc->fs_private = options;
	fc->ops = &mach_machobj_context;
	/* the machine's, whoever's pager is the first */
	fc->global = true;
	return 0;
}

static struct file_system_type mach_machobj_type = {
	.owner = THIS_MODULE,
	.name = "machobj",
	.init_fs_context = mach_machobj_init_context,
	.parameters = mach_machobj_parameters,
	.kill_sb = kill_anon_super,
	/* by who answers for it: naming.c */
	.fs_flags = FS_RENAME_DOES_D_MOVE,
};

/* What keeps its size, or has it, asks nobody; else the inode is locked by Linux. */
static int mach_object_truncate(struct inode *inode, u64 size)
{
	const struct mach_size_wish wish = { .size = size };
	struct mach_object *object;
	int err;

	lockdep_assert_held_write(&inode->i_rwsem);
	if (size == i_size_read(inode))
		return 0;
	object = mach_object_of_inode(inode);
	if (!object)
		return -EIO;
	if (mach_object_is_dead(object))
		err = -EIO;
	else if (!object->resizable || object->read_only)
		err = -EPERM;
	else if (size > MACH_OBJECT_SIZE_MAX)
		err = -EFBIG;
	else
		err = mach_size_ask(object, &wish);
	mach_object_right_put(object);
	return err;
}

/*
 * Linux's rules but for two: the size is the pager's, and a file whose bytes another
 * process supplies gives nobody that process's rights.
 */
int mach_object_setattr(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
			struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int err = setattr_prepare(idmap, dentry, attr);

	if (err)
		return err;
	if (attr->ia_valid & ATTR_MODE && attr->ia_mode & (S_ISUID | S_ISGID))
		return -EPERM;
	if (attr->ia_valid & ATTR_SIZE)
		err = mach_object_truncate(inode, attr->ia_size);
	return err ?: mach_asking_attributes(idmap, dentry, attr);
}

static const struct inode_operations mach_object_inode_operations = {
	.setattr = mach_object_setattr,
};

/* Linux's cache of pages stays empty; who marks a frame dirty calls this. */
static const struct address_space_operations mach_object_mapping_operations = {
	.dirty_folio = noop_dirty_folio,
};

/**
 * mach_machobj_inode - Make the inode of an object
 * @size: bytes
 *
 * Somebody has the file system pinned. It is the caller's own until it is published.
 * Return: it, or ERR_PTR(-ENOMEM).
 */
struct inode *mach_machobj_inode(u64 size)
{
	struct inode *inode = new_inode(mach_machobj_mount->mnt_sb);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_ino = mach_node_number();
	inode->i_mode = S_IFREG | 0600;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	inode->i_op = &mach_object_inode_operations;
	inode->i_fop = &mach_object_fops;
	inode->i_mapping->a_ops = &mach_object_mapping_operations;
	mach_compat_init_times(inode);
	mach_inode_set_size(inode, size);
	clear_nlink(inode);
	return inode;
}

/**
 * mach_machobj_file - Make an object descriptor
 * @object: of this file system; one right of the caller, taken over on success
 */
struct file *mach_machobj_file(struct mach_object *object)
{
	struct file *file;

	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	ihold(object->inode);
	file = alloc_file_pseudo(object->inode, mach_machobj_mount, "machobj",
				 (object->read_only ? O_RDONLY : O_RDWR) |
				 O_LARGEFILE,
				 &mach_object_fops);
	if (IS_ERR(file)) {
		iput(object->inode);
		module_put(THIS_MODULE);
		return file;
	}
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE |
			FMODE_ATOMIC_POS;
	mach_object_file_of(object, file);
	return file;
}

/**
 * mach_machobj_pin - Keep the file system and its inodes, and with them the module
 *
 * Return: 0, -ENOMEM, or what Linux says of mounting.
 */
int mach_machobj_pin(void)
{
	return simple_pin_fs(&mach_machobj_type, &mach_machobj_mount,
			     &mach_machobj_pins);
}

/* Where paths begin, while somebody has it pinned */
struct dentry *mach_machobj_root(void)
{
	return mach_machobj_mount->mnt_root;
}

/* Under no lock: the last one to let go of it destroys it. */
void mach_machobj_unpin(void)
{
	simple_release_fs(&mach_machobj_mount, &mach_machobj_pins);
}

/* A place to mount it for who cannot make one in /dev */
#define MACH_MACHOBJ_PLACE	"machobj"

int __init mach_machobj_init(void)
{
	int err = sysfs_create_mount_point(fs_kobj, MACH_MACHOBJ_PLACE);

	if (err)
		return err;
	err = register_filesystem(&mach_machobj_type);
	if (err)
		sysfs_remove_mount_point(fs_kobj, MACH_MACHOBJ_PLACE);
	return err;
}

void mach_machobj_exit(void)
{
	unregister_filesystem(&mach_machobj_type);
	sysfs_remove_mount_point(fs_kobj, MACH_MACHOBJ_PLACE);
}
