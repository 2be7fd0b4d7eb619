// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of names in tables: they come, go and move, and get other attributes. */
#include "listed_naming.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mach_list.h>
#include <linux/sched/mm.h>

/* What comes goes there. */
static struct mach_listed *mach_naming_table(const struct mach_naming *naming)
{
	return (naming->to_directory ?: naming->directory)->listed;
}

/* Two tables at once are those of two directories that Linux has locked for a rename. */
static void mach_naming_lock_tables(struct mach_naming *naming)
{
	struct mach_listed *from = naming->directory->listed;
	struct mach_listed *to = mach_naming_table(naming);

	down_write(&from->lock);
	if (to != from)
		down_write_nested(&to->lock, SINGLE_DEPTH_NESTING);
}

/**
 * mach_listed_naming_begin - Have the tables that a change is about
 * @naming: the change; if it is about none, nothing is done
 *
 * Return: 0, with memory for what comes; -ENOMEM.
 */
int mach_listed_naming_begin(struct mach_naming *naming)
{
	unsigned int noio;
	int err = 0;

	if (!naming->directory)
		return 0;
	mach_naming_lock_tables(naming);
	if (naming->comes.n) {
		/* as in mach_listed_apply() */
		noio = memalloc_noio_save();
		err = mach_listing_provide(&mach_naming_table(naming)->shown,
					   &naming->comes);
		memalloc_noio_restore(noio);
	}
	if (err)
		mach_listed_naming_end(naming);
	return err;
}

void mach_listed_naming_end(struct mach_naming *naming)
{
	struct mach_listed *from, *to;

	if (!naming->directory)
		return;
	from = naming->directory->listed;
	to = mach_naming_table(naming);
	mach_listing_pack(&from->shown);
	if (to != from)
		up_write(&to->lock);
	up_write(&from->lock);
}

/**
 * mach_listed_naming_comes - Make an entry that a change needs
 * @naming: the change
 * @name: of the entry
 * @inode: what it is to be; one that has a number moves, and keeps it
 * @target: what a link says
 *
 * Return: 0 or -ENOMEM.
 */
int mach_listed_naming_comes(struct mach_naming *naming,
			     const struct qstr *name, const struct inode *inode,
			     const struct qstr *target)
{
	struct mach_listing_entry entry = {
		.number = inode->i_ino,
		.mtime = mach_compat_mtime(inode),
		.uid = __kuid_val(inode->i_uid),
		.gid = __kgid_val(inode->i_gid),
		.hash = mach_listed_hash(name->name, name->len),
		.mode = inode->i_mode,
		.name_length = name->len,
		.target_length = target->len,
	};

	if (naming->to)
		entry.flags = MACH_LISTING_RENAMED;
	else if (S_ISREG(inode->i_mode))
		entry.flags = MACH_LIST_RESIZABLE;
	return mach_listing_add(&naming->comes, &entry, name->name,
				target->name);
}

static struct mach_listing_entry *mach_naming_comes(struct mach_naming *naming)
{
	struct mach_listing_cursor at = {};

	return mach_listing_next(&naming->comes, &at);
}

/* Is it still by this object that the directory of a name is known? */
static bool mach_naming_is_in(const struct mach_object *directory,
			      const struct dentry *dentry)
{
	lockdep_assert_held(&mach_node_lock);
	return mach_name_is_in(directory, dentry) &&
	       !IS_DEADDIR(d_inode(dentry->d_parent));
}

/* The entry of a name that is there, if it is still the same */
static struct mach_listing_entry *
mach_naming_entry(const struct mach_object *directory,
		  const struct dentry *dentry)
{
	struct mach_listing_entry *entry;

	lockdep_assert_held(&directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	if (!mach_naming_is_in(directory, dentry))
		return NULL;
	entry = mach_listed_find(directory->listed, &dentry->d_name);
	return entry && mach_listing_inode(entry) == d_inode(dentry)->i_ino ?
	       entry : NULL;
}

/* What the pager knows a name by; 0 when it is there no more */
u64 mach_listed_naming_cookie(struct mach_object *directory,
			      const struct dentry *dentry)
{
	const struct mach_listing_entry *entry;
	u64 cookie;

	down_read(&directory->listed->lock);
	mutex_lock(&mach_node_lock);
	entry = mach_naming_entry(directory, dentry);
	cookie = entry ? entry->cookie : 0;
	mutex_unlock(&mach_node_lock);
	up_read(&directory->listed->lock);
	return cookie;
}

/* The object that a name has beside its entry, or NULL */
static struct mach_object *mach_naming_made(const struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct mach_object *object = NULL;
	const struct mach_node *node;

	lockdep_assert_held(&mach_node_lock);
	if (S_ISDIR(inode->i_mode)) {
		node = inode->i_private;
		return node->object;
	}
	if (S_ISREG(inode->i_mode))
		object = mach_named(inode);
	return object && object->node == dentry ? object : NULL;
}

/* Is what was handed in meanwhile what the pager now says has come? */
static bool mach_naming_has_come(struct mach_naming *naming,
				 const struct mach_listing_entry *entry)
{
	const struct mach_listing_entry *comes = mach_naming_comes(naming);

	lockdep_assert_held_write(&mach_naming_table(naming)->lock);
	return entry->cookie == naming->cookie &&
	       !((entry->mode ^ comes->mode) & S_IFMT) &&
	       entry->target_length == comes->target_length &&
	       !memcmp(mach_listing_target(entry), mach_listing_target(comes),
		       comes->target_length);
}

static struct mach_listing_entry *mach_naming_join(struct mach_naming *naming)
{
	struct mach_listed *table = mach_naming_table(naming);
	const u64 number = mach_node_take_numbers(1);
	struct mach_listing_cursor at;

	lockdep_assert_held_write(&table->lock);
	mach_listing_join(&table->shown, &naming->comes, number);
	return mach_listing_from(&table->shown, number, &at);
}

/* A file, link or directory comes, which has no object. */
int mach_listed_naming_add(struct mach_naming *naming, struct mach_object *made)
{
	struct mach_object *directory = naming->directory;
	struct dentry *dentry = naming->dentry;
	struct mach_listing_entry *entry;

	lockdep_assert_held_write(&directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	if (!mach_naming_is_in(directory, dentry) || d_is_positive(dentry))
		return -ESTALE;
	entry = mach_listed_find(directory->listed, &dentry->d_name);
	if (entry && !mach_naming_has_come(naming, entry))
		return -EEXIST;
	if (entry) {
		/* it is counted already */
		mach_user_add(directory->user, MACH_USER_NAMES, -1);
	} else {
		mach_naming_comes(naming)->cookie = naming->cookie;
		entry = mach_naming_join(naming);
		mach_listed_count(directory);
	}
	mach_listed_inode_fill(directory->listed, naming->inode, entry);
	d_instantiate(dentry, naming->inode);
	/* where it was handed in */
	if (d_unhashed(dentry))
		d_rehash(dentry);
	naming->inode = NULL;
	mach_compat_touch(d_inode(dentry->d_parent));
	return 0;
}

/* A name is there no more, nor is an object made for it. */
static int mach_naming_lose(struct mach_naming *naming,
			    struct mach_object *directory,
			    struct dentry *dentry)
{
	struct mach_node *parent = d_inode(dentry->d_parent)->i_private;
	struct mach_listing_entry *entry = mach_naming_entry(directory, dentry);
	struct inode *inode = d_inode(dentry);
	int err = 0;

	lockdep_assert_held_write(&directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	if (!entry)
		return -ENOENT;
	if (mach_naming_made(dentry)) {
		err = mach_naming_drop(naming, dentry);
		if (err)
			return err;
		parent->names--;
	} else {
		clear_nlink(inode);
		mach_compat_touch_inode(inode);
	}
	inode_set_flags(inode, S_DEAD, S_DEAD);
	mach_listing_remove(&directory->listed->shown, entry);
	mach_user_add(directory->user, MACH_USER_NAMES, -1);
	mach_listed_count(directory);
	mach_compat_touch(parent->inode);
	return 0;
}

/* A file, link or directory goes. */
int mach_listed_naming_remove(struct mach_naming *naming,
			      struct mach_object *made)
{
	struct mach_object *directory = naming->directory;
	int err;

	lockdep_assert_held_write(&directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	err = mach_naming_lose(naming, directory, naming->dentry);
	/* the pager may have taken it away before, or put another in its place */
	if (err == -ENOENT && naming->answered)
		err = 0;
	if (!err)
		d_drop(naming->dentry);
	return err;
}

/* It is in the other directory from here on. */
static void mach_made_move(struct mach_object *object, struct inode *old,
			   struct inode *new, struct mach_object *to)
{
	struct mach_node *from_node = old->i_private, *to_node = new->i_private;
	struct mach_made *made = object->made;

	lockdep_assert_held(&mach_node_lock);
	from_node->names--;
	to_node->names++;
	if (object->directory) {
		drop_nlink(old);
		inc_nlink(new);
	}
	list_move(&made->link, &to->listed->made);
	mach_object_get(to);
	mach_object_put_later(made->directory);
	made->directory = to;
}

/* An entry moves to the end of a table, and the dentry itself to its new name. */
static void mach_naming_move(struct mach_naming *naming,
			     struct mach_listing_entry *entry)
{
	struct mach_listing_entry *comes = mach_naming_comes(naming);
	struct dentry *dentry = naming->dentry;
	struct mach_object *object = mach_naming_made(dentry);
	struct inode *old = d_inode(dentry->d_parent);
	struct inode *new = d_inode(naming->to->d_parent);

	lockdep_assert_held_write(&naming->directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	comes->cookie = entry->cookie;
	comes->size = entry->size;
	comes->mtime = entry->mtime;
	comes->uid = entry->uid;
	comes->gid = entry->gid;
	comes->mode = entry->mode;
	comes->flags |= entry->flags;
	mach_listing_remove(&naming->directory->listed->shown, entry);
	mach_naming_join(naming);
	mach_listed_count(naming->directory);
	mach_listed_count(naming->to_directory);
	if (object && old != new)
		mach_made_move(object, old, new, naming->to_directory);
	d_move(dentry, naming->to);
	mach_compat_touch_inode(d_inode(dentry));
	mach_compat_touch(old);
	mach_compat_touch(new);
}

/* Another name for something; what has that goes. */
int mach_listed_naming_rename(struct mach_naming *naming,
			      struct mach_object *made)
{
	struct mach_object *directory = naming->to_directory;
	struct dentry *dentry = naming->dentry, *to = naming->to;
	struct mach_listing_entry *entry, *there;
	int err;

	lockdep_assert_held_write(&directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	entry = mach_naming_entry(naming->directory, dentry);
	if (!entry || IS_DEADDIR(d_inode(dentry)) ||
	    !mach_naming_is_in(directory, to))
		return -ENOENT;
	there = mach_listed_find(directory->listed, &to->d_name);
	/* what was handed in meanwhile is not what was to be replaced */
	if (there && (d_is_negative(to) ||
		      mach_listing_inode(there) != d_inode(to)->i_ino))
		return -EEXIST;
	if (there) {
		err = mach_naming_lose(naming, directory, to);
		if (err)
			return err;
	}
	mach_naming_move(naming, entry);
	return 0;
}

/* Of a name in a table it says so, too. */
int mach_listed_naming_attributes(struct mach_naming *naming,
				  struct mach_object *made)
{
	const struct inode *inode = naming->inode;
	struct mach_listing_entry *entry;

	lockdep_assert_held_write(&naming->directory->listed->lock);
	lockdep_assert_held(&mach_node_lock);
	entry = mach_naming_entry(naming->directory, naming->dentry);
	if (!entry)
		return -ENOENT;
	mach_naming_attributes(naming, made);
	entry->mode = inode->i_mode;
	entry->uid = __kuid_val(inode->i_uid);
	entry->gid = __kgid_val(inode->i_gid);
	if (naming->attr->ia_valid & ATTR_MTIME)
		entry->mtime = mach_compat_mtime(inode);
	return 0;
}
