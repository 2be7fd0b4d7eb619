/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directories in the file system of objects, which are made on the way to a name and go
 * with the last name below them.
 *
 * Dentries say what there is. mach_node_lock, a mutex, guards what comes and goes:
 * taken under a directory's i_rwsem by who makes, and without by who takes away, since
 * a pager's death waits for nobody who looks into a directory.
 */
#ifndef MACH_DIRECTORY_H
#define MACH_DIRECTORY_H

#include "claim.h"
#include "listed.h"

#include <linux/fs.h>
#include <linux/list.h>

/**
 * struct mach_node_operations - What inodes of the file system answer; const
 * @directory: the root and all others
 * @directory_file: open directories, but the root
 * @link: symbolic links
 *
 * It is the superblock's (s_fs_info).
 */
struct mach_node_operations {
	const struct inode_operations *directory;
	const struct file_operations *directory_file;
	const struct inode_operations *link;
};

/**
 * struct mach_keeper - A pager, as far as it keeps links and directories
 *
 * (c) const, (k) @lock
 *
 * @pager: (c) which, as long as it is
 * @root: (c) of all paths
 * @lock: a leaf
 * @dead: (k) bool: it keeps no more; may be looked at without
 * @nodes: (k) what it keeps; written under mach_node_lock as well
 */
struct mach_keeper {
	const struct mach_pager *pager;
	struct dentry *root;
	spinlock_t lock;	/* see above */
	u8 dead;
	struct list_head nodes;
};

/**
 * struct mach_node - What an inode is the directory or the symbolic link of
 *
 * (c) const, (n) mach_node_lock
 *
 * @inode: (c) whose i_private it is, and with which it is freed
 * @user: (c) referenced, and charged: whose it is; (n) NULL: of a listed directory in
 *	another one, which has no object
 * @dentry: (n) its name, referenced; NULL: before it has one, and at its end
 * @keeper: (n) the pager that keeps it; NULL: nobody, it is a directory in which
 *	somebody has a name
 * @link: among what that keeps, with its lock
 * @names: (n) of a directory: what is in it; of a listed one objects of what is
 * @listed: (c) it is a listed directory
 * @left: (n) of a directory that was kept by a pager which has died, because of what
 *	others have in it: nobody has kept it since
 * @object: (n) of a directory that asks its pager, which keeps it: what stands for it,
 *	with a right; or NULL
 * @awaits: (n) of a directory that a client has locked who waits for a pager's answer:
 *	an object of that pager; otherwise NULL
 */
struct mach_node {
	struct inode *inode;
	struct mach_user *user;
	struct dentry *dentry;
	struct mach_keeper *keeper;
	struct list_head link;
	unsigned long names;
	bool listed;
	bool left;
	struct mach_object *object;
	struct mach_object *awaits;
};

u64 mach_node_take_numbers(unsigned long n);
u64 mach_node_number(void);
int mach_names_charge(struct mach_user *user, const struct mach_object *asked,
		      unsigned long n);
struct inode *mach_node_bare_inode(struct super_block *sb, umode_t mode);
struct inode *mach_node_inode(struct super_block *sb, umode_t mode,
			      struct mach_user *user,
			      const struct mach_object *asked);
struct inode *mach_directory_inode(struct super_block *sb,
				   struct mach_user *user,
				   const struct mach_object *asked);
void mach_node_uncharge(struct mach_node *node);
void mach_node_give_up(struct inode *inode);
void mach_node_free_inode(struct inode *inode);
struct mach_object *mach_node_unkeep(struct mach_node *node);
int mach_node_may_ask(const struct mach_object *object);
void mach_node_set_object(struct mach_node *node, struct mach_object *object);

bool mach_name_is_free(const struct dentry *dentry);
bool mach_name_is_in(const struct mach_object *directory,
		     const struct dentry *dentry);
struct dentry *mach_directory_add(struct dentry *dentry, struct inode *inode);
void mach_directory_tell(struct dentry *dentry);
void mach_directory_close(struct dentry *directory);
struct mach_node *mach_directory_lose(struct dentry *directory,
				      unsigned int names);
void mach_directory_end(struct mach_node *node);
bool mach_directory_is_full(const struct mach_node *node);
void mach_node_list(struct mach_node *node, const struct mach_object *object);
void mach_directory_trim(struct dentry *directory);
void mach_name_gone(struct dentry *dentry);

#endif /* MACH_DIRECTORY_H */
