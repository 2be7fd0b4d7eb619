// SPDX-License-Identifier: GPL-2.0-only
/* Names of a listed directory, from the memory of a pager: copied and checked. */
#include "listed_read.h"
#include "base/check.h"
#include "path.h"

#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/uaccess.h>

/**
 * struct mach_listed_reading - What one entry after the other goes through
 * @args: the call's
 * @name: room for a name
 * @target: room for what a link says
 */
struct mach_listed_reading {
	const struct mach_pager_list *args;
	char name[MACH_NAME_MAX];
	char target[MACH_PATH_MAX];
};

static int mach_listed_check_file(const struct mach_list_entry *entry)
{
	const u32 known = MACH_LIST_READ_ONLY | MACH_LIST_RESIZABLE;

	return entry->mode & ~(S_IFREG | 0777) || entry->flags & ~known ||
	       entry->object_size > MACH_OBJECT_SIZE_MAX ? -EINVAL : 0;
}

static int mach_listed_check_directory(const struct mach_list_entry *entry)
{
	return entry->mode & ~(S_IFDIR | 01777) || entry->flags ||
	       entry->object_size ? -EINVAL : 0;
}

static int mach_listed_check_link(const struct mach_list_entry *entry)
{
	if (entry->mode & ~(S_IFLNK | 0777) || entry->flags ||
	    entry->object_size || !entry->target_length)
		return -EINVAL;
	return entry->target_length > MACH_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* As it says what it is; of what is to go, only the name may say something. */
static int mach_listed_check(const struct mach_list_entry *entry, bool remove)
{
	struct mach_list_entry only = {
		.size = entry->size,
		.name = entry->name,
		.name_length = entry->name_length,
	};

	if (remove)
		return memcmp(entry, &only, sizeof(only)) ? -EINVAL : 0;
	if (entry->reserved)
		return -EINVAL;
	if (S_ISLNK(entry->mode))
		return mach_listed_check_link(entry);
	if (entry->target || entry->target_length)
		return -EINVAL;
	if (S_ISDIR(entry->mode))
		return mach_listed_check_directory(entry);
	return S_ISREG(entry->mode) ? mach_listed_check_file(entry) : -EINVAL;
}

static int mach_listed_read_name(struct mach_listed_reading *reading,
				 const struct mach_list_entry *entry)
{
	if (entry->name_length > MACH_NAME_MAX)
		return -ENAMETOOLONG;
	if (copy_from_user(reading->name, u64_to_user_ptr(entry->name),
			   entry->name_length))
		return -EFAULT;
	if (memchr(reading->name, '/', entry->name_length))
		return -EINVAL;
	return mach_path_check(reading->name, entry->name_length);
}

static int mach_listed_read_target(struct mach_listed_reading *reading,
				   const struct mach_list_entry *entry)
{
	if (copy_from_user(reading->target, u64_to_user_ptr(entry->target),
			   entry->target_length))
		return -EFAULT;
	return memchr(reading->target, 0, entry->target_length) ? -EINVAL : 0;
}

/* Whose it is to be, as of a name that is published */
static int mach_listed_read_owner(const struct mach_list_entry *entry,
				  struct mach_listing_entry *to)
{
	struct mach_making making;
	int err = mach_making_set_owner(&making, entry->uid, entry->gid);

	to->uid = __kuid_val(making.uid);
	to->gid = __kgid_val(making.gid);
	return err;
}

static int mach_listed_read_entry(struct mach_listed_reading *reading,
				  const struct mach_list_entry *entry,
				  struct mach_listing *names)
{
	const bool remove = reading->args->flags & MACH_LIST_REMOVE;
	struct mach_listing_entry to = {
		.cookie = entry->cookie,
		.size = entry->object_size,
		.mtime = entry->mtime_ns,
		.mode = entry->mode,
		.target_length = entry->target_length,
		.name_length = entry->name_length,
		.flags = entry->flags,
	};
	int err = mach_listed_check(entry, remove) ?:
		  mach_listed_read_name(reading, entry) ?:
		  mach_listed_read_target(reading, entry);

	if (!err && !remove)
		err = mach_listed_read_owner(entry, &to);
	if (err)
		return err;
	to.hash = mach_listed_hash(reading->name, entry->name_length);
	return mach_listing_add(names, &to, reading->name, reading->target);
}

/* One of an array, each of which has the size that the call says */
static int mach_listed_copy_entry(struct mach_list_entry *entry,
				  const void __user *from, u32 size)
{
	int err = copy_struct_from_user(entry, sizeof(*entry), from, size);

	if (err)
		return err;
	return entry->size == size ? 0 : -EINVAL;
}

/**
 * mach_listed_read - Copy the entries of a call
 * @args: the call's
 * @names: in: empty; out: to be cleared also when it failed
 *
 * Return: 0; -EINVAL; -E2BIG; -ENAMETOOLONG; -EFAULT; -EPERM when the caller may not
 * give one away; -EEXIST when a name is there twice; -ENOMEM; -EINTR when it is killed.
 */
int mach_listed_read(const struct mach_pager_list *args,
		     struct mach_listing *names)
{
	const char __user *from = u64_to_user_ptr(args->entries);
	struct mach_listed_reading *reading;
	struct mach_list_entry entry;
	int err = 0;
	u32 i;

	reading = kmalloc(sizeof(*reading), GFP_KERNEL);
	if (!reading)
		return -ENOMEM;
	reading->args = args;
	for (i = 0; i < args->nr_entries && !err; i++) {
		err = mach_listed_copy_entry(&entry, from, args->entry_size) ?:
		      mach_listed_read_entry(reading, &entry, names);
		from += args->entry_size;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	kfree(reading);
	return err;
}
