// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors of objects, names and proxies: their making, calls and mmap. */
#include "object_file.h"
#include "base/check.h"
#include "base/compat.h"
#include "base/mach_call.h"
#include "fault/file_fault.h"
#include "object/pmap.h"
#include "object/vm_view.h"
#include "object_io.h"
#include "object_sync.h"
#include "vm_statistics.h"

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

static int mach_object_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (mach_object_is_dead(file->private_data))
		return -ENODEV;
	file_accessed(file);
	vma->vm_ops = &mach_vm_operations;
	/* a dump would bring page after page in, and of a silent pager none */
	vm_flags_set(vma, VM_DONTDUMP);
	mach_pmap_prepare(vma);
	return 0;
}

/**
 * mach_object_file_of - Make a file that is being opened one of an object
 * @object: one right of the caller, taken over
 * @file: of the object's inode
 */
void mach_object_file_of(struct mach_object *object, struct file *file)
{
	file->private_data = object;
	/* pages are copied, so one that is there needs no wait, nor alignment */
	file->f_mode |= FMODE_CAN_ODIRECT | FMODE_NOWAIT;
}

/*
 * A name that went while it was looked up: Linux looks again, and must not find it. Who
 * opens a descriptor again looks nowhere.
 */
int mach_object_is_gone(struct dentry *dentry)
{
	if (d_unhashed(dentry))
		return -ENXIO;
	d_invalidate(dentry);
	return -ESTALE;
}

static int mach_object_may_open(struct mach_object *object,
				struct inode *inode, struct file *file)
{
	if (mach_object_is_dead(object))
		return mach_object_is_gone(file->f_path.dentry);
	if (object->read_only && file->f_mode & FMODE_WRITE)
		return -EACCES;
	return generic_file_open(inode, file);
}

static int mach_object_open(struct inode *inode, struct file *file)
{
	struct mach_object *object = mach_object_of_inode(inode);
	int err;

	if (!object)
		return mach_object_is_gone(file->f_path.dentry);
	err = mach_object_may_open(object, inode, file);
	if (err)
		mach_object_right_put(object);
	else
		mach_object_file_of(object, file);
	return err;
}

static int mach_object_release(struct inode *inode, struct file *file)
{
	mach_object_right_put(file->private_data);
	return 0;
}

static const struct file_operations mach_name_fops;
static const struct file_operations mach_proxy_fops;

/**
 * struct mach_proxy - Lesser rights to an object; const
 * @grant: what it gives; the object with a right
 */
struct mach_proxy {
	struct mach_grant grant;
};

/* The object that a descriptor means, of whatever kind, not referenced. */
static struct mach_object *mach_object_of_file(struct file *file)
{
	struct mach_proxy *proxy = file->private_data;

	if (file->f_op == &mach_proxy_fops)
		return proxy->grant.object;
	if (file->f_op != &mach_object_fops && file->f_op != &mach_name_fops)
		return NULL;
	return file->private_data;
}

/**
 * mach_object_name_file - Make a name of an object
 * @object: gets a reference
 */
struct file *mach_object_name_file(struct mach_object *object)
{
	struct file *file = anon_inode_getfile("[machname]", &mach_name_fops,
					       object, O_RDONLY);

	if (!IS_ERR(file))
		mach_object_get(object);
	return file;
}

static int mach_object_name(struct mach_call_context *context,
			    union mach_call_args *args)
{
	struct file *file;

	if (args->name.flags || args->name.fd || args->name.reserved)
		return -EINVAL;
	file = mach_object_name_file(context->self);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return mach_call_make_fd(context, file, &args->name.fd);
}

static int mach_name_compare(struct mach_call_context *context,
			     union mach_call_args *args)
{
	struct mach_object *other;
	struct file *file;

	if (args->compare.flags || args->compare.equal)
		return -EINVAL;
	file = fget(args->compare.fd);
	if (!file)
		return -EBADF;
	other = mach_object_of_file(file);
	args->compare.equal = other == context->self;
	fput(file);
	return other ? 0 : -EBADF;
}

/* What an open descriptor's mode, or a proxy, lets its holder map */
static int mach_grant_of_file(struct file *file, struct mach_grant *grant)
{
	struct mach_proxy *proxy = file->private_data;
	struct mach_object *object = file->private_data;

	if (file->f_op == &mach_proxy_fops) {
		*grant = proxy->grant;
		return 0;
	}
	if (file->f_op != &mach_object_fops)
		return -EBADF;
	*grant = (struct mach_grant) {
		.object = object,
		.length = MACH_OBJECT_SIZE_MAX,
	};
	if (file->f_mode & FMODE_READ)
		grant->protection |= MACH_PROT_READ;
	if (file->f_mode & FMODE_READ &&
	    !(file->f_path.mnt->mnt_flags & MNT_NOEXEC))
		grant->protection |= MACH_PROT_EXECUTE;
	if (file->f_mode & FMODE_WRITE && !object->read_only)
		grant->protection |= MACH_PROT_WRITE;
	return 0;
}

/**
 * mach_grant_get - What a descriptor lets its holder map
 * @fd: of an object or a proxy
 * @grant: out; a right to its object is the caller's
 *
 * Return: 0 or -EBADF.
 */
int mach_grant_get(int fd, struct mach_grant *grant)
{
	struct file *file = fget(fd);
	int err;

	if (!file)
		return -EBADF;
	err = mach_grant_of_file(file, grant);
	if (!err)
		mach_object_right_get(grant->object);
	fput(file);
	return err;
}

static int mach_object_info(struct mach_call_context *context,
			    union mach_call_args *args)
{
	struct mach_object *object = context->self;
	struct mach_object_info info = { .size = args->size };
	struct mach_grant grant = {};

	if (mach_call_says_more(args, sizeof(info)))
		return -EINVAL;
	/* a name gives nothing */
	mach_grant_of_file(context->file, &grant);
	info.rights = grant.protection;
	info.object = object->serial;
	info.references = mach_object_users(object);
	mach_object_lock(object);
	info.state = (object->dead ? 0 : MACH_OBJECT_ALIVE) |
		     (READ_ONCE(object->node) ? MACH_OBJECT_PUBLISHED : 0) |
		     (object->read_only ? MACH_OBJECT_READ_ONLY : 0) |
		     (object->pager ? 0 : MACH_OBJECT_INTERNAL) |
		     (context->file->f_op == &mach_proxy_fops ?
		      MACH_OBJECT_BY_PROXY : 0);
	info.object_size = mach_object_size(object);
	info.cluster = READ_ONCE(object->cluster) << PAGE_SHIFT;
	info.resident = object->counts.resident;
	info.dirty = object->counts.dirty;
	info.pageins = object->counts.pageins;
	info.pageouts = object->counts.pageouts;
	info.requests = object->counts.requests;
	info.errors = object->counts.errors;
	info.busy = object->counts.busy;
	mach_object_unlock(object);
	args->info = info;
	return 0;
}

/* Narrow a grant, whose object may end within it. Return: 0 or -EINVAL. */
static int mach_grant_narrow(struct mach_grant *grant,
			     const struct mach_object_proxy *args)
{
	u64 size = mach_object_size(grant->object);
	u64 length = args->length;

	size = min(grant->length, size - min(size, grant->start));
	if (length == U64_MAX && args->start < grant->length)
		length = grant->length - args->start;
	if (args->max_protection & ~MACH_PROT_ALL || !length ||
	    args->start >= size ||
	    !mach_range_fits(args->start, length, grant->length) ||
	    (!mach_range_aligned(args->start, length, grant->length) &&
	     !mach_range_aligned(args->start, length, size)))
		return -EINVAL;
	grant->protection &= args->max_protection;
	grant->start += args->start;
	grant->length = length;
	return 0;
}

/**
 * mach_grant_file - Make a proxy
 * @grant: what it gives; somebody has a right to the object
 */
struct file *mach_grant_file(const struct mach_grant *grant)
{
	struct mach_proxy *proxy = kmalloc(sizeof(*proxy), GFP_KERNEL_ACCOUNT);
	struct file *file;

	if (!proxy)
		return ERR_PTR(-ENOMEM);
	proxy->grant = *grant;
	file = anon_inode_getfile("[machproxy]", &mach_proxy_fops, proxy,
				  O_RDONLY);
	if (IS_ERR(file))
		kfree(proxy);
	else
		mach_object_right_get(grant->object);
	return file;
}

static int mach_object_proxy(struct mach_call_context *context,
			     union mach_call_args *args)
{
	struct mach_grant grant;
	struct file *file;
	int err;

	/* a name does not answer this */
	if (mach_grant_of_file(context->file, &grant))
		return -ENOTTY;
	if (args->proxy.fd || args->proxy.flags)
		return -EINVAL;
	err = mach_grant_narrow(&grant, &args->proxy);
	if (err)
		return err;
	file = mach_grant_file(&grant);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return mach_call_make_fd(context, file, &args->proxy.fd);
}

/* The pages that a range touches, as far as the grant and its object go */
static void mach_grant_pages(const struct mach_grant *grant, u64 offset,
			     u64 length, pgoff_t *first, pgoff_t *end)
{
	u64 start = grant->start + min(offset, grant->length);
	u64 size = min(grant->start + grant->length,
		       mach_object_size(grant->object));

	*first = start >> PAGE_SHIFT;
	*end = *first;
	if (length && start < size)
		*end = DIV_ROUND_UP_ULL(start + min(length, size - start),
					PAGE_SIZE);
}

static int mach_object_msync_call(struct mach_call_context *context,
				  union mach_call_args *args)
{
	const u32 how = MACH_SYNC_ASYNCHRONOUS | MACH_SYNC_SYNCHRONOUS;
	const struct mach_task_msync *msync = &args->msync;
	struct mach_grant grant;
	pgoff_t first, end;

	/* a name does not answer this */
	if (mach_grant_of_file(context->file, &grant))
		return -ENOTTY;
	if (msync->flags & ~(how | MACH_SYNC_INVALIDATE) ||
	    (msync->flags & how) == how)
		return -EINVAL;
	mach_grant_pages(&grant, msync->address, msync->length, &first, &end);
	if (mach_object_is_internal(grant.object))
		return 0;
	return mach_object_msync(grant.object, first, end, msync->flags,
				 grant.protection & MACH_PROT_WRITE);
}

static const struct mach_call mach_object_calls[] = {
	MACH_CALL(MACH_OBJECT_PROXY, mach_object_proxy),
	MACH_CALL(MACH_OBJECT_MSYNC, mach_object_msync_call),
	MACH_CALL(MACH_OBJECT_INFO, mach_object_info,
		  .min_size = MACH_OBJECT_INFO_SIZE_VER0),
	MACH_CALL(MACH_OBJECT_NAME, mach_object_name),
	MACH_CALL(MACH_NAME_COMPARE, mach_name_compare),
};

static const struct mach_call_table mach_object_table =
	MACH_CALL_TABLE(mach_object_calls, &mach_vm_table);

static long mach_object_ioctl(struct file *file, unsigned int command,
			      unsigned long address)
{
	struct mach_call_context context = {
		.self = mach_object_of_file(file),
		.file = file,
	};

	return mach_call_dispatch(&mach_object_table, &context, command,
				  address);
}

const struct file_operations mach_object_fops = {
	.owner = THIS_MODULE,
	.open = mach_object_open,
	.release = mach_object_release,
	.mmap = mach_object_mmap,
	.read_iter = mach_object_read_iter,
	.write_iter = mach_object_write_iter,
	.splice_read = mach_compat_splice_read,
	.splice_write = iter_file_splice_write,
	.fallocate = mach_object_fallocate,
	.llseek = generic_file_llseek,
	.fsync = mach_object_fsync,
	.unlocked_ioctl = mach_object_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int mach_name_release(struct inode *inode, struct file *file)
{
	mach_object_put(file->private_data);
	return 0;
}

/* A name authorises nothing but asking. */
static const struct file_operations mach_name_fops = {
	.owner = THIS_MODULE,
	.release = mach_name_release,
	.unlocked_ioctl = mach_object_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int mach_proxy_release(struct inode *inode, struct file *file)
{
	struct mach_proxy *proxy = file->private_data;

	mach_object_right_put(proxy->grant.object);
	kfree(proxy);
	return 0;
}

static const struct file_operations mach_proxy_fops = {
	.owner = THIS_MODULE,
	.release = mach_proxy_release,
	.unlocked_ioctl = mach_object_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
