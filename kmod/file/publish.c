// SPDX-License-Identifier: GPL-2.0-only
/* Nodes of published objects: names, owners, modes, and opening by name. */
#include "publish.h"
#include "base/check.h"
#include "base/compat.h"
#include "object_file.h"

#include <linux/cdev.h>
#include <linux/cred.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/slab.h>

/* Names at a time, and of them for who administers the system */
#define MACH_PUBLISH_MAX	4096
#define MACH_PUBLISH_KEPT	256
/*
 * A number comes back as late as can be: an alias of a node that is gone (a link, or
 * another node of the same number) must not lead to another's object.
 */
#define MACH_PUBLISH_MINORS	BIT(MINORBITS)

/**
 * struct mach_published - A published object; all guarded by mach_publish_lock
 * @device: its node; const
 * @object: with one right; const
 * @minor: key in mach_published_all; const
 * @mode: permission bits; const
 * @uid: owner; const
 * @gid: group; const
 */
struct mach_published {
	struct device device;
	struct mach_object *object;
	u32 minor;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

/* Outermost of the module's locks; guards names, minors and object->node. */
static DEFINE_MUTEX(mach_publish_lock);
static DEFINE_XARRAY_ALLOC(mach_published_all);
/* How many there are, and the number to look for next */
static unsigned int mach_published_count;
static u32 mach_published_next;
static struct class *mach_published_class __ro_after_init;
static dev_t mach_published_first __ro_after_init;
static struct cdev mach_published_cdev;

static char *mach_published_devnode(MACH_COMPAT_DEVNODE_CONST struct device *device,
				    umode_t *mode, kuid_t *uid, kgid_t *gid)
{
	MACH_COMPAT_DEVNODE_CONST struct mach_published *node =
		container_of(device, struct mach_published, device);

	/* when a node goes, its name alone is asked for */
	if (mode)
		*mode = node->mode;
	if (uid)
		*uid = node->uid;
	if (gid)
		*gid = node->gid;
	return NULL;
}

static const struct device_type mach_published_type = {
	.name = "machobj",
	.devnode = mach_published_devnode,
};

static void mach_published_free(struct device *device)
{
	kfree(container_of(device, struct mach_published, device));
}

static const char *mach_published_text(const struct mach_published *node)
{
	return dev_name(&node->device) + strlen("machobj!");
}

static struct mach_published *mach_published_find(const char *name)
{
	struct mach_published *node;
	unsigned long minor;

	lockdep_assert_held(&mach_publish_lock);
	xa_for_each(&mach_published_all, minor, node)
		if (!strcmp(mach_published_text(node), name))
			return node;
	return NULL;
}

/* Take an object's node out of sight; mach_published_drop() does the rest. */
static struct mach_published *mach_published_detach(struct mach_object *object)
{
	struct mach_published *node = object->node;

	lockdep_assert_held(&mach_publish_lock);
	WRITE_ONCE(object->node, NULL);
	if (node) {
		xa_erase(&mach_published_all, node->minor);
		mach_published_count--;
		mach_user_add(object->user, MACH_USER_NAMES, -1);
		device_del(&node->device);
	}
	return node;
}

static void mach_published_drop(struct mach_published *node)
{
	struct mach_object *object = node->object;

	put_device(&node->device);
	mach_object_right_put(object);
}

/*
 * Is the name free? A dead pager's node, which is still to be reaped, makes way
 * (*@old), so that a successor need not wait. For a name that is really taken
 * sysfs would complain aloud.
 */
static int mach_published_claim(const char *name, struct mach_published **old)
{
	struct mach_published *node = mach_published_find(name);

	lockdep_assert_held(&mach_publish_lock);
	*old = NULL;
	if (!node)
		return 0;
	if (!mach_object_is_dead(node->object))
		return -EEXIST;
	*old = mach_published_detach(node->object);
	return 0;
}

/* As of a file that is made and given away: what is one's own, or by privilege. */
static int mach_publish_may_own(kuid_t uid, kgid_t gid)
{
	if (!uid_valid(uid) || !gid_valid(gid))
		return -EINVAL;
	if (uid_eq(uid, current_fsuid()) &&
	    (gid_eq(gid, current_fsgid()) || in_group_p(gid)))
		return 0;
	return capable(CAP_CHOWN) ? 0 : -EPERM;
}

static struct mach_published *mach_published_create(struct mach_object *object,
						    const struct mach_pager_publish *args)
{
	struct mach_published *node = kzalloc(sizeof(*node), GFP_KERNEL);
	int err;

	if (!node)
		return ERR_PTR(-ENOMEM);
	device_initialize(&node->device);
	node->device.class = mach_published_class;
	node->device.type = &mach_published_type;
	node->device.release = mach_published_free;
	node->object = object;
	node->mode = args->mode ?: 0600;
	node->uid = make_kuid(current_user_ns(), args->uid);
	node->gid = make_kgid(current_user_ns(), args->gid);
	err = mach_publish_may_own(node->uid, node->gid);
	if (err) {
		put_device(&node->device);
		return ERR_PTR(err);
	}
	if (dev_set_name(&node->device, "machobj!%s", args->name)) {
		put_device(&node->device);
		return ERR_PTR(-ENOMEM);
	}
	return node;
}

/* Is there a name left for the caller, of all and of the user's own? */
static int mach_published_charge(struct mach_user *user)
{
	unsigned int max = MACH_PUBLISH_MAX;

	lockdep_assert_held(&mach_publish_lock);
	if (!has_capability_noaudit(current, CAP_SYS_ADMIN))
		max -= MACH_PUBLISH_KEPT;
	if (mach_published_count >= max ||
	    mach_user_charge(user, MACH_USER_NAMES, 1))
		return -ENOSPC;
	return 0;
}

static int mach_published_enter(struct mach_published *node)
{
	int err;

	lockdep_assert_held(&mach_publish_lock);
	err = xa_alloc_cyclic(&mach_published_all, &node->minor, node,
			      XA_LIMIT(0, MACH_PUBLISH_MINORS - 1),
			      &mach_published_next, GFP_KERNEL);
	if (err < 0)
		return err;
	node->device.devt = mach_published_first + node->minor;
	err = device_add(&node->device);
	if (err)
		xa_erase(&mach_published_all, node->minor);
	else
		mach_published_count++;
	return err;
}

static int mach_published_add(struct mach_published *node)
{
	struct mach_user *user = node->object->user;
	int err = mach_published_charge(user);

	lockdep_assert_held(&mach_publish_lock);
	if (err)
		return err;
	err = mach_published_enter(node);
	if (err)
		mach_user_add(user, MACH_USER_NAMES, -1);
	return err;
}

/**
 * mach_publish - Give an object a node
 * @object: referenced by the caller
 * @args: not checked yet
 *
 * Return: 0; -EINVAL; -EPERM when the caller may not give it away; -EEXIST when
 * the name is taken or the object has a node; -ENOSPC; -ENOMEM; -ENODEV when the
 * object is dead.
 */
int mach_publish(struct mach_object *object,
		 const struct mach_pager_publish *args)
{
	struct mach_published *node, *old = NULL;
	int err = 0;

	if (!mach_name_valid(args->name) || args->mode & ~0777 ||
	    args->reserved)
		return -EINVAL;
	node = mach_published_create(object, args);
	if (IS_ERR(node))
		return PTR_ERR(node);

	mutex_lock(&mach_publish_lock);
	if (mach_object_is_dead(object) || !mach_object_right_try_get(object)) {
		err = -ENODEV;
		goto out_unlock;
	}
	err = object->node ? -EEXIST : mach_published_claim(args->name, &old);
	if (err) {
		mach_object_right_put(object);
		goto out_unlock;
	}
	err = mach_published_add(node);
	if (err)
		mach_object_right_put(object);
	else
		WRITE_ONCE(object->node, node);
out_unlock:
	mutex_unlock(&mach_publish_lock);
	if (old)
		mach_published_drop(old);
	if (err)
		put_device(&node->device);
	return err;
}

/**
 * mach_unpublish - Take an object's node away, if it has one
 * @object: referenced by the caller
 */
void mach_unpublish(struct mach_object *object)
{
	struct mach_published *node;

	mutex_lock(&mach_publish_lock);
	node = mach_published_detach(object);
	mutex_unlock(&mach_publish_lock);
	if (node)
		mach_published_drop(node);
}

/**
 * mach_published_name - The name of an object's node
 * @object: object
 * @name: out: MACH_NAME_MAX + 1 bytes; "-" if it has no node
 */
void mach_published_name(struct mach_object *object, char *name)
{
	struct mach_published *node;

	mutex_lock(&mach_publish_lock);
	node = object->node;
	strscpy(name, node ? mach_published_text(node) : "-", MACH_NAME_MAX + 1);
	mutex_unlock(&mach_publish_lock);
}

/* Is it opened by the name that it was published under? */
static bool mach_published_is_called(const struct mach_published *node,
				     struct dentry *dentry)
{
	bool same;

	spin_lock(&dentry->d_lock);
	same = !strcmp(dentry->d_name.name, mach_published_text(node));
	spin_unlock(&dentry->d_lock);
	return same;
}

/* What is opened becomes a file of the object. */
static int mach_published_open(struct inode *inode, struct file *file)
{
	const struct file_operations *fops = &mach_object_fops;
	struct mach_object *object = NULL;
	struct mach_published *node;
	int err;

	replace_fops(file, fops_get(fops));
	mutex_lock(&mach_publish_lock);
	node = xa_load(&mach_published_all, iminor(inode));
	if (node && mach_published_is_called(node, file->f_path.dentry)) {
		object = node->object;
		mach_object_right_get(object);
	}
	mutex_unlock(&mach_publish_lock);
	if (!object)
		return -ENXIO;
	err = mach_object_file_open(object, file);
	if (err)
		mach_object_right_put(object);
	return err;
}

static const struct file_operations mach_published_fops = {
	.owner = THIS_MODULE,
	.open = mach_published_open,
};

int mach_publish_init(void)
{
	int err;

	mach_published_class = mach_compat_class_create("machobj");
	if (IS_ERR(mach_published_class))
		return PTR_ERR(mach_published_class);
	err = alloc_chrdev_region(&mach_published_first, 0, MACH_PUBLISH_MINORS,
				  "machobj");
	if (err)
		goto err_class;
	cdev_init(&mach_published_cdev, &mach_published_fops);
	mach_published_cdev.owner = THIS_MODULE;
	err = cdev_add(&mach_published_cdev, mach_published_first, MACH_PUBLISH_MINORS);
	if (err)
		goto err_region;
	return 0;

err_region:
	unregister_chrdev_region(mach_published_first, MACH_PUBLISH_MINORS);
err_class:
	class_destroy(mach_published_class);
	return err;
}

void mach_publish_exit(void)
{
	cdev_del(&mach_published_cdev);
	unregister_chrdev_region(mach_published_first, MACH_PUBLISH_MINORS);
	class_destroy(mach_published_class);
	xa_destroy(&mach_published_all);
}
