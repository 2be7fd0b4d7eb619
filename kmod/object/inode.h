/* SPDX-License-Identifier: GPL-2.0-only */
/* Inodes for the address spaces of objects and of windows: a pseudo file system. */
#ifndef MACH_INODE_H
#define MACH_INODE_H

struct inode;
struct vfsmount;

extern struct vfsmount *mach_inode_mount;

struct inode *mach_inode_create(void);

int mach_inode_init(void);
void mach_inode_exit(void);

#endif /* MACH_INODE_H */
