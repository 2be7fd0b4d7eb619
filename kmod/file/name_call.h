/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients may change in the file system of objects, as Linux calls it: done at
 * once, refused, or asked of the pager of a directory (asking.h).
 */
#ifndef MACH_NAME_CALL_H
#define MACH_NAME_CALL_H

#include "base/compat.h"
#include "directory.h"

struct iattr;

extern const struct mach_node_operations mach_node_operations;

int mach_name_create(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode, bool exclusive);
int mach_name_mkdir(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
		    struct dentry *dentry, umode_t mode);
int mach_name_symlink(MACH_COMPAT_IDMAP *idmap, struct inode *dir,
		      struct dentry *dentry, const char *target);
int mach_name_unlink(struct inode *dir, struct dentry *dentry);
int mach_name_rmdir(struct inode *dir, struct dentry *dentry);
int mach_name_rename(MACH_COMPAT_IDMAP *idmap, struct inode *from,
		     struct dentry *dentry, struct inode *to,
		     struct dentry *target, unsigned int flags);
int mach_node_setattr(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
		      struct iattr *attr);
int mach_asking_attributes(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
			   struct iattr *attr);
int mach_directory_fsync(struct file *file, loff_t start, loff_t end,
			 int datasync);

#endif /* MACH_NAME_CALL_H */
