/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a name leaves behind when its pager dies: a claim. For a while the pagers of its
 * user alone may have something there again, and nobody comes in their place.
 *
 * Each name brings the memory for its claim with it (d_fsdata of the dentry), so that a
 * death needs none. A claim is in force from the death until its time is over, a
 * name comes there again, or its user, who counts it as a name, needs room for another.
 * It is to a name in a directory, and directories are told by their own claims: one that
 * is made again at a claimed name is the same. So that nobody gets in between, a
 * directory that ends while a name in it is claimed is claimed as well.
 *
 * Nothing of Linux's is kept: no dentry, inode or superblock.
 *
 * mach_node_lock, the mutex of names (directory.h), guards all of it.
 */
#ifndef MACH_CLAIM_H
#define MACH_CLAIM_H

#include "pool/user.h"

#include <linux/mutex.h>

struct dentry;

extern struct mutex mach_node_lock;

int mach_claim_prepare(struct dentry *dentry);
void mach_claim_release(struct dentry *dentry);

bool mach_claim_bars(const struct dentry *dentry, const struct mach_user *user);
void mach_claim_take(struct dentry *dentry);
void mach_claim_forget(const struct dentry *dentry);
void mach_claim_begin(struct dentry *dentry, struct mach_user *user);
bool mach_claim_is_in(const struct dentry *directory);
bool mach_claim_yield(struct mach_user *user, unsigned long n);

void mach_claim_exit(void);

#endif /* MACH_CLAIM_H */
