/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A descriptor or a file of an object, and what it answers.
 *
 *	vm_statistics	calls that every descriptor answers
 *	object_sync	a range that somebody wants sent or forgotten
 *	listing		tables of names; pure
 *	claim		what a name leaves behind when its pager dies
 *	listed		the tables of listed directories
 *	object_io	read, write, seek and sync
 *	object_file	descriptors of objects, names and proxies
 *	directory	directories that come and go with the names in them
 *	path		paths of pagers: walked, and made
 *	kept		links, and directories that a pager keeps
 *	naming		what becomes of names
 *	listed_naming	the same of those in tables
 *	publish		names of published objects
 *	asking		clients that ask a pager for changes of names, and wait
 *	name_wish	what they ask, in the pager's words
 *	name_call	what clients may change in directories
 *	machobj		the file system: superblock, mounts, inodes
 *	idle		objects of listed directories that nobody uses
 *	made		objects of names in listed directories
 *	listed_name	lookups and listings of listed directories
 *	listed_read	their names, as pagers hand them in
 *	listed_change	changes of their tables
 *
 * Locks:
 *
 *	mach_making_locks	mutexes: the object of a listed name is being made
 *	listed->calls		mutex: a table is being changed
 *	  listed->lock		rwsem: a table; under the i_rwsem of its directory taken by
 *				who looks into that, under a making lock by who makes
 *	    mach_node_lock	mutex: object->node, and struct mach_node; taken under the
 *				i_rwsem of a directory. Locks of Linux's inodes and
 *				names are taken under it
 *	      keeper->lock	spinlock: what a pager keeps
 *	      mach_idle_lock	spinlock: objects of listed names that nobody uses
 */
#ifndef MACH_OBJECT_FILE_H
#define MACH_OBJECT_FILE_H

#include "object/vm_object.h"

#include <linux/mach_task.h>

/**
 * struct mach_grant - What somebody may map of an object
 * @object: which
 * @protection: MACH_PROT_* at most
 * @start: first byte
 * @length: bytes from there
 */
struct mach_grant {
	struct mach_object *object;
	u32 protection;
	u64 start;
	u64 length;
};

extern const struct file_operations mach_object_fops;

int mach_grant_get(int fd, struct mach_grant *grant);
struct file *mach_grant_file(const struct mach_grant *grant);
struct file *mach_object_name_file(struct mach_object *object);
int mach_object_is_gone(struct dentry *dentry);
void mach_object_file_of(struct mach_object *object, struct file *file);

#endif /* MACH_OBJECT_FILE_H */
