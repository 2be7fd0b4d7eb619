// SPDX-License-Identifier: GPL-2.0-only
/* Where the inodes live that carry address spaces of windows, and of no file. */
#include "inode.h"
#include "pool/user.h"

#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

/* Not __ro_after_init: kmemleak does not look there. */
struct address_space *mach_inode_key;
static struct vfsmount *mach_inode_mount __ro_after_init;

static int mach_inode_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, 0x4d616368) ? 0 : -ENOMEM;
}

/* No owner: the mount must not keep the module loaded. */
static struct file_system_type mach_inode_fs = {
	.name = "machmap",
	.init_fs_context = mach_inode_fs_init,
	.kill_sb = kill_anon_super,
};

/* One that nobody sees: it is there for its address space. Or an ERR_PTR(). */
struct inode *mach_inode_create(void)
{
	return alloc_anon_inode(mach_inode_mount->mnt_sb);
}

int __init mach_inode_init(void)
{
	struct inode *key;

	mach_inode_mount = kern_mount(&mach_inode_fs);
	if (IS_ERR(mach_inode_mount))
		return PTR_ERR(mach_inode_mount);
	key = mach_inode_create();
	if (IS_ERR(key)) {
		kern_unmount(mach_inode_mount);
		return PTR_ERR(key);
	}
	mach_inode_key = key->i_mapping;
	return 0;
}

void mach_inode_exit(void)
{
	mach_user_forget_names(NULL, mach_inode_key);
	iput(mach_inode_key->host);
	kern_unmount(mach_inode_mount);
}
