/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of names in the file system of objects: things come, go and move, and
 * get other attributes. All of it is a few steps under mach_node_lock, whoever takes
 * them; what is left over is let go of without the lock.
 */
#ifndef MACH_NAMING_H
#define MACH_NAMING_H

#include "base/compat.h"
#include "directory.h"

struct iattr;

/**
 * struct mach_naming - One change
 *
 * Its maker has the directories locked as Linux has them, so that no other may change
 * the same names, but take them away. He fills in what @apply needs.
 *
 * @apply: does it, with mach_node_lock. 0, or why not: then nothing has changed
 * @dentry: the name
 * @to: the one that it moves to
 * @inode: of a link or directory that is made, with a reference; NULL once it has its
 *	name. Of attributes: whose they are
 * @keeper: who is to keep it
 * @mode: of a file that comes: permission bits
 * @uid: owner
 * @gid: group
 * @idmap: attributes: as Linux has it
 * @attr: they
 * @cred: who changes them
 * @answered: by an answer: it is to be seen at once, not only when Linux has been told;
 *	and what has gone already may go
 * @directory: the object of the directory that @dentry is in, if that is a listed one,
 *	with a right; otherwise NULL
 * @to_directory: of the one that @to is in; likewise
 * @comes: what is to come into a table, as far as it is known before the answer
 * @cookie: of that, as the answer says
 *
 * And what is left over:
 *
 * @gone: the name of what has gone, with the reference that was its own; or NULL
 * @node: of that, a link or directory, to be uncharged; or NULL
 * @right: an object that has no name or directory any more, with a right; or NULL
 * @ended: a directory that has ended by it; or NULL
 */
struct mach_naming {
	int (*apply)(struct mach_naming *naming, struct mach_object *made);
	struct dentry *dentry;
	struct dentry *to;
	struct inode *inode;
	struct mach_keeper *keeper;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
	MACH_COMPAT_IDMAP *idmap;
	struct iattr *attr;
	const struct cred *cred;
	bool answered;
	struct mach_object *directory;
	struct mach_object *to_directory;
	struct mach_listing comes;
	u64 cookie;
	struct dentry *gone;
	struct mach_node *node;
	struct mach_object *right;
	struct mach_node *ended;
};

struct mach_object *mach_named(struct inode *inode);
int mach_name_object(struct mach_object *object, struct dentry *dentry,
		     umode_t mode, kuid_t uid, kgid_t gid);
struct dentry *mach_name_take(struct mach_object *object);
void mach_name_died(struct dentry *dentry);

int mach_naming_file(struct mach_naming *naming, struct mach_object *made);
int mach_naming_node(struct mach_naming *naming, struct mach_object *made);
int mach_naming_drop(struct mach_naming *naming, struct dentry *dentry);
int mach_naming_remove(struct mach_naming *naming, struct mach_object *made);
int mach_naming_rename(struct mach_naming *naming, struct mach_object *made);
int mach_naming_attributes(struct mach_naming *naming,
			   struct mach_object *made);

void mach_naming_finish(struct mach_naming *naming);

#endif /* MACH_NAMING_H */
