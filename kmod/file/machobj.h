/* SPDX-License-Identifier: GPL-2.0-only */
/* The file system of objects: each is a regular file of it, named or not. */
#ifndef MACH_MACHOBJ_H
#define MACH_MACHOBJ_H

#include "base/compat.h"
#include "object/vm_object.h"

struct inode *mach_machobj_inode(u64 size);
struct file *mach_machobj_file(struct mach_object *object);
int mach_object_setattr(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
			struct iattr *attr);

struct dentry *mach_machobj_root(void);
int mach_machobj_pin(void);
void mach_machobj_unpin(void);

int mach_machobj_init(void);
void mach_machobj_exit(void);

#endif /* MACH_MACHOBJ_H */
