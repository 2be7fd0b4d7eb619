// SPDX-License-Identifier: GPL-2.0-only
/* Names of a listed directory: a new table comes in sight, or some of one change. */
#include "listed_change.h"
#include "base/check.h"
#include "base/compat.h"
#include "directory.h"
#include "listed_name.h"
#include "listed_read.h"
#include "made.h"
#include "request/object_size.h"

#include <linux/dcache.h>
#include <linux/fsnotify.h>
#include <linux/sched/mm.h>

/**
 * struct mach_listed_changing - A change of a table, with its lock
 * @listed: the table
 * @directory: the directory, referenced, if it has one in sight
 * @names: what comes
 * @ended: objects of names that go, by made->todo, each with a right
 * @sized: those that get another size; likewise
 * @changed: something in sight is another than before
 */
struct mach_listed_changing {
	struct mach_listed *listed;
	struct dentry *directory;
	struct mach_listing names;
	struct list_head ended;
	struct list_head sized;
	bool changed;
};

/* Who watches the directory is told of a name in it. */
static void mach_listed_notify(struct mach_listed_changing *changing,
			       const struct mach_listing_entry *entry, u32 mask)
{
	char text[MACH_NAME_MAX + 1];
	struct qstr name = QSTR_INIT(text, entry->name_length);
	struct inode *dir;

	lockdep_assert_held_write(&changing->listed->lock);
	changing->changed = true;
	if (!changing->directory)
		return;
	/* watchers copy up to a zero byte */
	memcpy(text, entry->text, entry->name_length);
	text[entry->name_length] = 0;
	dir = d_inode(changing->directory);
	if (S_ISDIR(entry->mode))
		mask |= FS_ISDIR;
	fsnotify_name(mask, dir, FSNOTIFY_EVENT_INODE, dir, &name, 0);
}

/* A name's dentry, if it is in the cache, whatever is known of it there */
static struct dentry *
mach_listed_looked_up(struct mach_listed_changing *changing,
		      const struct mach_listing_entry *entry)
{
	struct qstr name = QSTR_INIT(entry->text, entry->name_length);
	struct dentry *dentry = NULL;

	lockdep_assert_held_write(&changing->listed->lock);
	if (changing->directory)
		dentry = d_hash_and_lookup(changing->directory, &name);
	return IS_ERR(dentry) ? NULL : dentry;
}

/* The same, if it has the inode of this entry */
static struct dentry *mach_listed_cached(struct mach_listed_changing *changing,
					 const struct mach_listing_entry *entry)
{
	struct dentry *dentry = mach_listed_looked_up(changing, entry);

	lockdep_assert_held_write(&changing->listed->lock);
	if (dentry && d_is_positive(dentry) &&
	    d_inode(dentry)->i_ino == mach_listing_inode(entry))
		return dentry;
	dput(dentry);
	return NULL;
}

/* A name comes: who has found that there was none looks again. */
static void mach_listed_reveal(struct mach_listed_changing *changing,
			       const struct mach_listing_entry *entry)
{
	/* nobody has found anything before there is a table */
	struct dentry *dentry = changing->listed->in_sight ?
				mach_listed_looked_up(changing, entry) : NULL;

	lockdep_assert_held_write(&changing->listed->lock);
	if (dentry && d_is_negative(dentry))
		d_drop(dentry);
	dput(dentry);
}

/* Nobody finds it from here on. Return: its object, with a right, if it has one. */
static struct mach_object *mach_listed_hide(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct mach_object *object;

	/* first: who makes one at this moment sees that, or it is found here */
	inode_set_flags(inode, S_DEAD, S_DEAD);
	object = mach_made_find(inode);
	if (object)
		return object;
	clear_nlink(inode);
	d_drop(dentry);
	return NULL;
}

/* A name is there no more. */
static void mach_listed_lose(struct mach_listed_changing *changing,
			     struct mach_listing_entry *entry)
{
	struct dentry *dentry = mach_listed_cached(changing, entry);
	struct mach_object *object = NULL;

	lockdep_assert_held_write(&changing->listed->lock);
	if (dentry) {
		object = mach_listed_hide(dentry);
		dput(dentry);
	}
	changing->changed = true;
	/* of an object's name it is told when that goes */
	if (object)
		list_add_tail(&object->made->todo, &changing->ended);
	else
		mach_listed_notify(changing, entry, FS_DELETE);
	mach_listing_remove(&changing->listed->shown, entry);
}

/* Are they of one file, which may have changed? */
static bool mach_listed_is_same(const struct mach_listing_entry *entry,
				const struct mach_listing_entry *other)
{
	const u8 flags = MACH_LIST_READ_ONLY | MACH_LIST_RESIZABLE;

	if (entry->cookie != other->cookie ||
	    (entry->mode ^ other->mode) & S_IFMT ||
	    (entry->flags ^ other->flags) & flags ||
	    entry->target_length != other->target_length ||
	    memcmp(mach_listing_target(entry), mach_listing_target(other),
		   entry->target_length))
		return false;
	return entry->flags & MACH_LIST_RESIZABLE ||
	       entry->size == other->size;
}

/* A file that is in the cache has the size that the table says. */
static void mach_listed_resize(struct mach_listed_changing *changing,
			       struct inode *inode,
			       const struct mach_listing_entry *entry)
{
	struct mach_object *object = mach_made_find(inode);

	lockdep_assert_held(&changing->listed->calls);
	if (!object) {
		mach_inode_set_size(inode, entry->size);
		return;
	}
	object->made->size = entry->size;
	object->made->mtime = entry->mtime;
	list_add_tail(&object->made->todo, &changing->sized);
}

/* A name stays, and what is said of it is what @other says. */
static void mach_listed_keep(struct mach_listed_changing *changing,
			     struct mach_listing_entry *entry,
			     const struct mach_listing_entry *other)
{
	/* what the pager said before may not be so any more, by its own answers */
	const bool sized = entry->size != other->size;
	struct dentry *dentry;

	lockdep_assert_held_write(&changing->listed->lock);
	if (entry->mode == other->mode && entry->uid == other->uid &&
	    entry->gid == other->gid && !sized &&
	    entry->mtime == other->mtime)
		return;
	entry->mode = other->mode;
	entry->uid = other->uid;
	entry->gid = other->gid;
	entry->size = other->size;
	entry->mtime = other->mtime;
	dentry = mach_listed_cached(changing, entry);
	if (dentry) {
		mach_listed_inode_update(changing->listed, d_inode(dentry),
					 entry);
		if (sized && d_is_reg(dentry))
			mach_listed_resize(changing, d_inode(dentry), entry);
		fsnotify_dentry(dentry, FS_ATTRIB);
		dput(dentry);
	}
	changing->changed = true;
}

/* What is in sight under the name of this one */
static struct mach_listing_entry *
mach_listed_shown(struct mach_listed_changing *changing,
		  const struct mach_listing_entry *entry)
{
	lockdep_assert_held_write(&changing->listed->lock);
	return mach_listing_find(&changing->listed->shown, entry->hash,
				 entry->text, entry->name_length);
}

/* What comes under a name that is there stays what it is, or takes its place. */
static void mach_listed_meet(struct mach_listed_changing *changing,
			     struct mach_listing *names, bool whole)
{
	struct mach_listing_entry *entry, *old;
	struct mach_listing_cursor at = {};

	lockdep_assert_held_write(&changing->listed->lock);
	while ((entry = mach_listing_next(names, &at))) {
		old = mach_listed_shown(changing, entry);
		if (old && mach_listed_is_same(old, entry)) {
			mach_listed_keep(changing, old, entry);
			if (whole)
				old->flags |= MACH_LISTING_KEPT;
			mach_listing_remove(names, entry);
		} else if (old) {
			mach_listed_lose(changing, old);
		}
		cond_resched();
	}
}

/* Names that have met none go; what is new is not there yet. */
static void mach_listed_sift(struct mach_listed_changing *changing)
{
	struct mach_listing_entry *entry;
	struct mach_listing_cursor at = {};

	lockdep_assert_held_write(&changing->listed->lock);
	while ((entry = mach_listing_next(&changing->listed->shown, &at))) {
		if (!(entry->flags & MACH_LISTING_KEPT))
			mach_listed_lose(changing, entry);
		entry->flags &= ~MACH_LISTING_KEPT;
		cond_resched();
	}
}

/* In sight from here on; there is memory for them. */
static void mach_listed_show(struct mach_listed_changing *changing,
			     struct mach_listing *names, bool whole)
{
	struct mach_listed *listed = changing->listed;
	struct mach_listing_entry *entry;
	struct mach_listing_cursor at;
	u64 number;

	lockdep_assert_held_write(&listed->lock);
	mach_listed_meet(changing, names, whole);
	if (whole)
		mach_listed_sift(changing);
	number = mach_node_take_numbers(names->n);
	mach_listing_join(&listed->shown, names, number);
	for (entry = mach_listing_from(&listed->shown, number, &at); entry;
	     entry = mach_listing_next(&listed->shown, &at)) {
		mach_listed_reveal(changing, entry);
		mach_listed_notify(changing, entry, FS_CREATE);
		cond_resched();
	}
	mach_listing_pack(&listed->shown);
}

/* Is any of these names in a table already? */
static bool mach_listed_is_twice(const struct mach_listing *table,
				 const struct mach_listing *names)
{
	const struct mach_listing_entry *entry;
	struct mach_listing_cursor at = {};

	while (table->n && (entry = mach_listing_next(names, &at)))
		if (mach_listing_find(table, entry->hash, entry->text,
				      entry->name_length))
			return true;
	return false;
}

/* Names of a table that is begun; nothing has changed when there is no memory. */
static int mach_listed_add(struct mach_listed_changing *changing, bool end)
{
	struct mach_listed *listed = changing->listed;
	struct mach_listing *names = &changing->names;
	const u64 number = mach_node_take_numbers(names->n);
	struct mach_listing_entry *entry;
	struct mach_listing_cursor at;
	int err;

	lockdep_assert_held_write(&listed->lock);
	if (mach_listed_is_twice(&listed->begun, names))
		return -EEXIST;
	err = mach_listing_provide(&listed->begun, names);
	if (err)
		return err;
	mach_listing_join(&listed->begun, names, number);
	if (end)
		err = mach_listing_provide(&listed->shown, &listed->begun);
	if (!err)
		return 0;
	while ((entry = mach_listing_from(&listed->begun, number, &at)))
		mach_listing_remove(&listed->begun, entry);
	return err;
}

static int mach_listed_begin(struct mach_listed_changing *changing, bool end)
{
	struct mach_listed *listed = changing->listed;
	struct mach_listing old = listed->begun;
	int err;

	lockdep_assert_held_write(&listed->lock);
	listed->begun = (struct mach_listing) {};
	err = mach_listed_add(changing, end);
	if (err) {
		mach_listing_clear(&listed->begun);
		listed->begun = old;
		return err;
	}
	mach_listing_clear(&old);
	listed->is_begun = true;
	return 0;
}

static int mach_listed_hand_in(struct mach_listed_changing *changing, u32 flags)
{
	struct mach_listed *listed = changing->listed;
	const bool end = flags & MACH_LIST_END;
	int err;

	lockdep_assert_held_write(&listed->lock);
	if (flags & MACH_LIST_BEGIN)
		err = mach_listed_begin(changing, end);
	else
		err = listed->is_begun ? mach_listed_add(changing, end) :
					 -EINVAL;
	if (err || !end)
		return err;
	mach_listed_show(changing, &listed->begun, true);
	listed->is_begun = false;
	/* the first one is no change of the directory */
	changing->changed &= listed->in_sight;
	WRITE_ONCE(listed->in_sight, true);
	return 0;
}

static int mach_listed_replace(struct mach_listed_changing *changing)
{
	int err;

	lockdep_assert_held_write(&changing->listed->lock);
	err = mach_listing_provide(&changing->listed->shown, &changing->names);
	if (!err)
		mach_listed_show(changing, &changing->names, false);
	return err;
}

static int mach_listed_remove(struct mach_listed_changing *changing)
{
	const struct mach_listing_entry *entry;
	struct mach_listing_cursor at = {};

	lockdep_assert_held_write(&changing->listed->lock);
	while ((entry = mach_listing_next(&changing->names, &at)))
		if (!mach_listed_shown(changing, entry))
			return -ENOENT;
	at = (struct mach_listing_cursor) {};
	while ((entry = mach_listing_next(&changing->names, &at)))
		mach_listed_lose(changing, mach_listed_shown(changing, entry));
	mach_listing_pack(&changing->listed->shown);
	return 0;
}

static int mach_listed_do(struct mach_listed_changing *changing, u32 flags)
{
	lockdep_assert_held_write(&changing->listed->lock);
	if (!(flags & (MACH_LIST_CHANGE | MACH_LIST_REMOVE)))
		return mach_listed_hand_in(changing, flags);
	if (!changing->listed->in_sight)
		return -ENODATA;
	return flags & MACH_LIST_CHANGE ? mach_listed_replace(changing) :
					  mach_listed_remove(changing);
}

/* The directory as it is seen, with a reference; and what is seen of the table */
static struct dentry *mach_listed_dentry(struct mach_object *object)
{
	struct dentry *dentry = NULL;

	mutex_lock(&mach_node_lock);
	if (object->asks)
		dentry = dget(object->asks->dentry);
	mutex_unlock(&mach_node_lock);
	return dentry;
}

/* Without the lock of the table: what a change means for objects */
static void mach_listed_settle(struct mach_listed_changing *changing)
{
	struct mach_made *made, *next;

	lockdep_assert_held(&changing->listed->calls);
	list_for_each_entry_safe(made, next, &changing->ended, todo) {
		list_del_init(&made->todo);
		mach_made_end(made->object);
		mach_object_right_put(made->object);
	}
	list_for_each_entry_safe(made, next, &changing->sized, todo) {
		list_del_init(&made->todo);
		/* of one whose size is fixed it is the same */
		mach_size_tell(made->object, made->size);
		mach_compat_set_times(made->object->inode, made->mtime);
		mach_object_right_put(made->object);
	}
	if (changing->directory && changing->changed)
		mach_compat_touch(d_inode(changing->directory));
	dput(changing->directory);
}

static int mach_listed_apply(struct mach_object *object, u32 flags,
			     struct mach_listing *names, long *grown)
{
	struct mach_listed *listed = object->listed;
	struct mach_listed_changing changing = {
		.listed = listed,
		.names = *names,
		.ended = LIST_HEAD_INIT(changing.ended),
		.sized = LIST_HEAD_INIT(changing.sized),
	};
	unsigned int noio;
	int err;

	if (mutex_lock_killable(&listed->calls))
		return -EINTR;
	/*
	 * who has to write something to a file of this very pager may not wait here, nor
	 * may who answers to that
	 */
	noio = memalloc_noio_save();
	down_write(&listed->lock);
	changing.directory = mach_listed_dentry(object);
	*grown = -(long)(listed->shown.n + listed->begun.n);
	err = mach_object_is_dead(object) ? -ENODEV :
	      mach_listed_do(&changing, flags);
	*grown += listed->shown.n + listed->begun.n;
	mutex_lock(&mach_node_lock);
	mach_listed_count(object);
	mutex_unlock(&mach_node_lock);
	up_write(&listed->lock);
	mach_listed_settle(&changing);
	memalloc_noio_restore(noio);
	mutex_unlock(&listed->calls);
	*names = changing.names;
	return err;
}

static int mach_listed_check_call(const struct mach_object *object,
				  const struct mach_pager_list *args)
{
	const u32 whole = MACH_LIST_BEGIN | MACH_LIST_END;
	const u32 flags = args->flags;

	if (args->reserved || !object->listed ||
	    (flags & ~whole && flags != MACH_LIST_CHANGE &&
	     flags != MACH_LIST_REMOVE))
		return -EINVAL;
	if (!args->nr_entries)
		return args->entry_size || args->entries ? -EINVAL : 0;
	return mach_size_check(args->entry_size, MACH_LIST_ENTRY_SIZE_VER0,
			       PAGE_SIZE);
}

/**
 * mach_listed_change - Change the table of a listed directory
 * @object: of the directory, referenced
 * @args: not checked yet
 *
 * Return: 0; -EINVAL; -EEXIST; -ENOENT; -ENODATA; -EDQUOT; -ENODEV when the object is
 * dead; what mach_listed_read() says.
 */
int mach_listed_change(struct mach_object *object,
		       const struct mach_pager_list *args)
{
	const long n = args->flags & MACH_LIST_REMOVE ? 0 : args->nr_entries;
	struct mach_listing names = {};
	long grown = 0;
	int err = mach_listed_check_call(object, args);

	if (err)
		return err;
	err = mach_names_charge(object->user, NULL, n);
	if (err)
		return err;
	err = mach_listed_read(args, &names) ?:
	      mach_listed_apply(object, args->flags, &names, &grown);
	mach_listing_clear(&names);
	mach_user_add(object->user, MACH_USER_NAMES, grown - n);
	return err;
}
