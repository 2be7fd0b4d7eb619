/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listed directories: the table of names that a pager has handed in.
 *
 * Locks, of each: a mutex for who changes it; under that an rwsem, which is taken under
 * the i_rwsem of the directory by who looks into it, and without by who changes it;
 * mach_node_lock and those of the cache of names are taken under it. Who looks a name up
 * has it until the dentry says what the table said, so who changes the table finds in
 * the cache of names what has to change with it.
 */
#ifndef MACH_LISTED_H
#define MACH_LISTED_H

#include "claim.h"
#include "listing.h"
#include "object/vm_object.h"

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>

/**
 * struct mach_listed_operations - How listed directories are seen; const
 * @directory: their inodes
 * @directory_file: open ones
 * @inode: makes one of a kind for a name in a table, and for a link with so much room
 *	for what it says; it is whole by mach_listed_inode_fill()
 */
struct mach_listed_operations {
	const struct inode_operations *directory;
	const struct file_operations *directory_file;
	struct inode *(*inode)(struct super_block *sb, umode_t mode, u32 length);
};

/**
 * struct mach_listed - The table of a listed directory; freed with its object
 *
 * (c) const, (l) @lock, (n) mach_node_lock
 *
 * @operations: (c) how it is seen
 * @asks: (c) clients ask the pager for changes in it
 * @calls: one change by the pager at a time, until all that it means has been done; a
 *	client who waits for an answer that changes it stays while somebody has this
 * @lock: see above
 * @shown: (l) what is in sight; for who gives an object back, its entry's size and time
 * @begun: (l) what will be
 * @in_sight: (l) there is a table; may be read without, and only ever set
 * @is_begun: (l) another table is being handed in
 * @tabled: (n) names in sight
 * @made: (n) objects of names in it
 */
struct mach_listed {
	const struct mach_listed_operations *operations;
	bool asks;
	struct mutex calls;	/* see above */
	struct rw_semaphore lock;
	struct mach_listing shown;
	struct mach_listing begun;
	u8 in_sight;
	bool is_begun;
	unsigned long tabled;
	struct list_head made;
};

/**
 * struct mach_made - What an object of a name in a table is beside an object
 *
 * (c) const, (n) mach_node_lock, (l) @calls of the directory's table, (i) mach_idle_lock
 *
 * @object: (c) whose it is, and with which it is freed
 * @directory: (n) referenced: the object of the directory that the name is in
 * @number: (c) of the inode, and the entry
 * @link: (n) among those of the directory, while it has its name
 * @todo: (l) among those that a change of the table is about
 * @size: (l) what it is to have, in a change
 * @mtime: (l) likewise
 * @used: (i) among all, the one used longest ago first
 * @ending: (i) among those given back that have not ended yet
 */
struct mach_made {
	struct mach_object *object;
	struct mach_object *directory;
	u64 number;
	struct list_head link;
	struct list_head todo;
	u64 size;
	s64 mtime;
	struct list_head used;
	struct hlist_node ending;
};

/* An object has no name any more; was it one in a table? */
static inline void mach_made_leave(struct mach_object *object)
{
	lockdep_assert_held(&mach_node_lock);
	if (object->made)
		list_del_init(&object->made->link);
}

/* With the lock of its table: a directory has so many names. */
static inline void mach_listed_count(struct mach_object *directory)
{
	lockdep_assert_held(&directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	directory->listed->tabled = directory->listed->shown.n;
}

struct mach_listed *
mach_listed_create(const struct mach_listed_operations *operations, bool asks);
void mach_listed_free(struct mach_listed *listed, struct mach_user *user);
u32 mach_listed_hash(const char *name, unsigned int length);
struct mach_listing_entry *mach_listed_find(const struct mach_listed *listed,
					    const struct qstr *name);
void mach_listed_inode_update(const struct mach_listed *listed,
			      struct inode *inode,
			      const struct mach_listing_entry *entry);
void mach_listed_inode_fill(const struct mach_listed *listed,
			    struct inode *inode,
			    const struct mach_listing_entry *entry);

#endif /* MACH_LISTED_H */
