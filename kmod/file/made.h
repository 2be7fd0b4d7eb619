/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of names in listed directories: made when somebody first opens a file or looks
 * into a directory. Each has a name or a directory as one that the pager has made, and
 * ends as those do, or is given back (idle.h).
 *
 * Locks: mach_making_locks, mutexes: from looking whether there is one to its name. Under
 * them are taken a table's, mach_node_lock, and what making an object takes.
 */
#ifndef MACH_MADE_H
#define MACH_MADE_H

#include "listed.h"

struct dentry;

struct mach_object *mach_made_find(struct inode *inode);
struct mach_object *mach_made_of(struct dentry *dentry);
void mach_made_end(struct mach_object *object);
void mach_listed_end(struct mach_object *object);

int mach_made_init(void);
void mach_made_exit(void);

#endif /* MACH_MADE_H */
