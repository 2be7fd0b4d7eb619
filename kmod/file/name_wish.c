// SPDX-License-Identifier: GPL-2.0-only
/* What clients ask of a directory's pager, in the pager's words. */
#include "name_wish.h"
#include "listed_naming.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/stat.h>
#include <linux/uidgid.h>

/* Owner and group of what the caller makes there */
void mach_wish_owner(struct mach_name_wish *wish, struct mach_naming *naming,
		     kuid_t uid, kgid_t gid)
{
	naming->uid = uid;
	naming->gid = gid;
	wish->head.uid = from_kuid(&init_user_ns, uid);
	wish->head.gid = from_kgid(&init_user_ns, gid);
}

/* What the pager that is asked has a number for */
struct mach_object *mach_known_object(struct mach_pager *pager,
				      struct inode *inode)
{
	struct mach_object *object = NULL;
	struct mach_node *node;

	lockdep_assert_held(&mach_node_lock);
	if (S_ISREG(inode->i_mode)) {
		object = mach_named(inode);
	} else if (S_ISDIR(inode->i_mode)) {
		node = inode->i_private;
		object = node->object;
	}
	return object && object->pager == pager ? object : NULL;
}

/*
 * By what it knows it, if it does: an object, or what a table says of a name that need
 * not have one
 */
static void mach_wish_known(const struct mach_asking *asking,
			    struct mach_object *directory,
			    const struct dentry *dentry, u32 *number,
			    u64 *cookie)
{
	const struct mach_object *object;

	mutex_lock(&mach_node_lock);
	object = mach_known_object(asking->object->pager, d_inode(dentry));
	if (object) {
		*number = object->id;
		*cookie = object->cookie;
	}
	mutex_unlock(&mach_node_lock);
	if (directory)
		*cookie = mach_listed_naming_cookie(directory, dentry);
}

/* What there is */
void mach_wish_object(struct mach_name_wish *wish,
		      const struct mach_asking *asking,
		      const struct dentry *dentry)
{
	struct mach_name_request *head = &wish->head;

	mach_wish_known(asking, asking->naming.directory, dentry, &head->object,
			&head->object_cookie);
	head->mode = d_inode(dentry)->i_mode;
}

void mach_wish_replaced(struct mach_name_wish *wish,
			const struct mach_asking *asking,
			const struct dentry *dentry)
{
	struct mach_name_request *head = &wish->head;

	mach_wish_known(asking, asking->naming.to_directory, dentry,
			&head->replaced, &head->replaced_cookie);
	head->replaces = true;
}

/* Nanoseconds, as far as the file system's times go */
static s64 mach_wish_time(struct inode *inode, struct timespec64 time)
{
	time = timestamp_truncate(time, inode);
	return timespec64_to_ns(&time);
}

/* What is to change */
void mach_wish_attributes(struct mach_name_wish *wish, struct inode *inode,
			  const struct iattr *attr)
{
	struct mach_name_request *head = &wish->head;

	if (attr->ia_valid & ATTR_MODE) {
		head->valid |= MACH_ATTRIBUTE_MODE;
		head->mode = (inode->i_mode & S_IFMT) |
			     (attr->ia_mode & S_IALLUGO);
	}
	if (attr->ia_valid & ATTR_UID) {
		head->valid |= MACH_ATTRIBUTE_UID;
		head->uid = from_kuid(&init_user_ns, attr->ia_uid);
	}
	if (attr->ia_valid & ATTR_GID) {
		head->valid |= MACH_ATTRIBUTE_GID;
		head->gid = from_kgid(&init_user_ns, attr->ia_gid);
	}
	if (attr->ia_valid & ATTR_ATIME) {
		head->valid |= MACH_ATTRIBUTE_ATIME;
		head->atime_ns = mach_wish_time(inode, attr->ia_atime);
	}
	if (attr->ia_valid & ATTR_MTIME) {
		head->valid |= MACH_ATTRIBUTE_MTIME;
		head->mtime_ns = mach_wish_time(inode, attr->ia_mtime);
	}
}
