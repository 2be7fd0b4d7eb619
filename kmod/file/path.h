/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths in the file system of objects, as pagers tell them. */
#ifndef MACH_PATH_H
#define MACH_PATH_H

#include "directory.h"

/**
 * struct mach_making - What is to come into a directory; const
 * @root: of all paths
 * @user: whose it is, and the directories that are missing
 * @uid: owner
 * @gid: group
 * @enter: with mach_node_lock: gives @dentry, which is in sight and nobody's, its inode
 *	by mach_directory_add(), and tells. 0, or why not
 */
struct mach_making {
	struct dentry *root;
	struct mach_user *user;
	kuid_t uid;
	kgid_t gid;
	int (*enter)(const struct mach_making *making, struct dentry *dentry);
};

char *mach_path_copy(u64 address, u32 length);
int mach_making_set_owner(struct mach_making *making, u32 uid, u32 gid);
int mach_path_make(const struct mach_making *making, const char *path);
struct dentry *mach_path_find(struct dentry *root, const char *path);

#endif /* MACH_PATH_H */
