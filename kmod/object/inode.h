/* SPDX-License-Identifier: GPL-2.0-only */
/* Inodes for address spaces that no file leads to: a pseudo file system. */
#ifndef MACH_INODE_H
#define MACH_INODE_H

struct inode;

/* Names pages of anonymous memory, which are no file's */
extern struct address_space *mach_inode_key;

struct inode *mach_inode_create(void);

int mach_inode_init(void);
void mach_inode_exit(void);

#endif /* MACH_INODE_H */
