/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of names in tables, as naming.h has it for those that are not: the entry
 * says what there is, and the dentry and an object, if there is one, follow.
 *
 * Who does one of these has the rwsems of the tables for writing, by
 * mach_listed_naming_begin(), and mach_node_lock.
 */
#ifndef MACH_LISTED_NAMING_H
#define MACH_LISTED_NAMING_H

#include "naming.h"

int mach_listed_naming_begin(struct mach_naming *naming);
void mach_listed_naming_end(struct mach_naming *naming);

int mach_listed_naming_comes(struct mach_naming *naming,
			     const struct qstr *name, const struct inode *inode,
			     const struct qstr *target);
u64 mach_listed_naming_cookie(struct mach_object *directory,
			      const struct dentry *dentry);

int mach_listed_naming_add(struct mach_naming *naming,
			   struct mach_object *made);
int mach_listed_naming_remove(struct mach_naming *naming,
			      struct mach_object *made);
int mach_listed_naming_rename(struct mach_naming *naming,
			      struct mach_object *made);
int mach_listed_naming_attributes(struct mach_naming *naming,
				  struct mach_object *made);

#endif /* MACH_LISTED_NAMING_H */
