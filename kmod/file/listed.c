// SPDX-License-Identifier: GPL-2.0-only
/* Tables of listed directories: birth, death, and names in them. */
#include "listed.h"

#include <linux/dcache.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

/* With an empty table, not in sight; or NULL */
struct mach_listed *mach_listed_create(const struct inode_operations *iop,
				       const struct file_operations *fop)
{
	struct mach_listed *listed = kzalloc(sizeof(*listed), GFP_KERNEL_ACCOUNT);

	if (!listed)
		return NULL;
	listed->inode_operations = iop;
	listed->file_operations = fop;
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
