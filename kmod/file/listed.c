// SPDX-License-Identifier: GPL-2.0-only
/* Tables of listed directories: birth, death, and names in them. */
#include "listed.h"
#include "base/compat.h"
#include "request/object_size.h"

#include <linux/dcache.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

/* With an empty table, not in sight; or NULL */
struct mach_listed *
mach_listed_create(const struct mach_listed_operations *operations, bool asks)
{
	struct mach_listed *listed = kzalloc(sizeof(*listed), GFP_KERNEL_ACCOUNT);

	if (!listed)
		return NULL;
	listed->operations = operations;
	listed->asks = asks;
	mutex_init(&listed->calls);
	init_rwsem(&listed->lock);
	INIT_LIST_HEAD(&listed->made);
	return listed;
}

/* Nobody knows it any more; its names are no longer @user's. */
void mach_listed_free(struct mach_listed *listed, struct mach_user *user)
{
	unsigned long n = listed->shown.n + listed->begun.n;

	mach_user_add(user, MACH_USER_NAMES, -(long)n);
	mach_listing_clear(&listed->shown);
	mach_listing_clear(&listed->begun);
	kfree(listed);
}

/* Nobody can tell which names meet in a bucket. */
u32 mach_listed_hash(const char *name, unsigned int length)
{
	static siphash_key_t key;

	get_random_once(&key, sizeof(key));
	return siphash(name, length, &key);
}

/* The entry of a name in sight, or NULL */
struct mach_listing_entry *mach_listed_find(const struct mach_listed *listed,
					    const struct qstr *name)
{
	lockdep_assert_held(&listed->lock);
	return mach_listing_find(&listed->shown,
				 mach_listed_hash(name->name, name->len),
				 name->name, name->len);
}

/**
 * mach_listed_inode_update - An inode is what a table says of it
 * @listed: the table, with its lock
 * @inode: of a name
 * @entry: that name's
 *
 * Who reads it meanwhile has no lock, as beside Linux's own setattr_copy().
 */
__no_kcsan void mach_listed_inode_update(const struct mach_listed *listed,
					 struct inode *inode,
					 const struct mach_listing_entry *entry)
{
	lockdep_assert_held(&listed->lock);
	inode->i_mode = entry->mode;
	inode->i_uid = KUIDT_INIT(entry->uid);
	inode->i_gid = KGIDT_INIT(entry->gid);
	mach_compat_set_times(inode, entry->mtime);
}

/* The same of one that nobody knows yet; made for this kind of name */
void mach_listed_inode_fill(const struct mach_listed *listed,
			    struct inode *inode,
			    const struct mach_listing_entry *entry)
{
	lockdep_assert_held(&listed->lock);
	inode->i_ino = mach_listing_inode(entry);
	mach_listed_inode_update(listed, inode, entry);
	if (S_ISLNK(entry->mode)) {
		memcpy(inode->i_link, mach_listing_target(entry),
		       entry->target_length);
		set_nlink(inode, 1);
	} else if (S_ISREG(entry->mode)) {
		mach_inode_set_size(inode, entry->size);
	}
}
