// SPDX-License-Identifier: GPL-2.0-only
/* The device's file operations, and REGISTER, by which a task becomes a pager. */
#include "dev.h"
#include "base/check.h"
#include "base/compat.h"
#include "base/mach_call.h"
#include "base/manner.h"
#include "pager/pager_array.h"
#include "pager/pager_call.h"
#include "pager/pager_ring.h"
#include "task/task.h"
#include "task/window.h"

#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

static int mach_pager_register_check(const struct mach_pager_register *reg)
{
	if (reg->flags & ~MACH_PAGER_SINGLE_PAGE ||
	    reg->array_stride || reg->array_size ||
	    !reg->queues || reg->queues > MACH_PAGER_QUEUES_MAX ||
	    !reg->depth || reg->depth > MACH_PAGER_DEPTH_MAX ||
	    reg->deadline_ms > mach_deadline_most() ||
	    !IS_ALIGNED(reg->message_size, __alignof__(struct mach_message)))
		return -EINVAL;
	return mach_size_check(reg->message_size, MACH_MESSAGE_SIZE_VER0,
			       MACH_MESSAGE_MAX);
}

static int mach_pager_register(struct mach_call_context *context,
			       union mach_call_args *args)
{
	struct mach_task *task = context->file->private_data;
	struct mach_pager_register *reg = &args->reg;
	struct mach_port *port;
	int err;

	err = mach_pager_register_check(reg);
	if (err)
		return err;
	port = mach_port_create(reg);
	if (IS_ERR(port))
		return PTR_ERR(port);
	reg->array_stride = port->array_size;
	reg->array_size = port->array_size;
	err = mach_port_follow(port);
	/* the map's lock decides between this and a window */
	if (!err && !mach_map_close(task->map))
		err = -EPERM;
	if (err) {
		mach_port_shutdown(port);
		return err;
	}
	/* pairs with mach_dev_port() */
	smp_store_release(&task->port, port);
	if (reg->flags & MACH_PAGER_SINGLE_PAGE)
		pr_notice("machvm: %s[%d] pages single pages, which is deprecated: let it answer clusters\n",
			  current->comm, task_tgid_nr(current));
	return 0;
}

/* What becomes of a task: the one call that is neither role's alone */
static const struct mach_call mach_dev_calls[] = {
	MACH_CALL(MACH_PAGER_REGISTER, mach_pager_register, .probe = true),
};

static const struct mach_call_table mach_dev_table =
	MACH_CALL_TABLE(mach_dev_calls, &mach_task_table);

static long mach_dev_ioctl(struct file *file, unsigned int command,
			   unsigned long address)
{
	const struct mach_call_table *own = &mach_dev_table;
	const struct mach_call_table *other = &mach_pager_table;
	struct mach_call_context context = {
		.self = mach_dev_port(file),
		.file = file,
	};
	struct mach_task *task = file->private_data;
	long err;

	if (context.self)
		swap(own, other);
	else
		context.self = task->map;
	err = mach_call_dispatch(own, &context, command, address);
	/* it is the right descriptor, but not (or no longer) in the right role */
	if (err == -ENOTTY && mach_call_knows(other, command))
		err = -EPERM;
	return err;
}

static int mach_dev_uring_cmd(struct io_uring_cmd *ioucmd,
			      unsigned int issue_flags)
{
	struct mach_port *port = mach_dev_port(ioucmd->file);

	if (!port)
		return -EPERM;
	return mach_ring_command(port, ioucmd, issue_flags);
}

static int mach_dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mach_port *port = mach_dev_port(file);
	struct mach_task *task = file->private_data;

	return port ? mach_array_mmap(port, vma) :
		      mach_task_mmap(task->map, vma);
}

/*
 * The exit of a pager is seen here, too, even when a child still holds the descriptor
 * or another process its memory: by its last thread.
 */
static int mach_dev_flush(struct file *file, fl_owner_t id)
{
	struct mach_port *port = mach_dev_port(file);

	if (port && task_tgid(current) == port->owner &&
	    current->flags & PF_EXITING && !atomic_read(&current->signal->live))
		mach_port_die(port);
	return 0;
}

/* msync of a window; a pager has nothing of its own to send. */
static int mach_dev_fsync(struct file *file, loff_t start, loff_t end,
			  int datasync)
{
	struct mach_task *task = file->private_data;

	if (mach_dev_port(file))
		return -EINVAL;
	return mach_task_fsync(task->map, start, end);
}

static int mach_dev_open(struct inode *inode, struct file *file)
{
	struct mach_task *task = kzalloc(sizeof(*task), GFP_KERNEL_ACCOUNT);
	int err;

	if (!task)
		return -ENOMEM;
	task->map = mach_map_create();
	err = task->map ? mach_user_charge(task->map->user, MACH_USER_TASKS,
					   1) : -ENOMEM;
	if (err) {
		if (task->map)
			mach_map_destroy(task->map);
		kfree(task);
		return err;
	}
	file->private_data = task;
	/* each window is revoked by itself */
	file->f_mapping = mach_map_mapping(task->map);
	return 0;
}

static int mach_dev_release(struct inode *inode, struct file *file)
{
	struct mach_task *task = file->private_data;

	if (task->port)
		mach_port_shutdown(task->port);
	mach_user_add(task->map->user, MACH_USER_TASKS, -1);
	mach_map_destroy(task->map);
	kfree(task);
	return 0;
}

static const struct file_operations mach_dev_fops = {
	.owner = THIS_MODULE,
	.open = mach_dev_open,
	.flush = mach_dev_flush,
	.release = mach_dev_release,
	.mmap = mach_dev_mmap,
	.fsync = mach_dev_fsync,
	.unlocked_ioctl = mach_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = mach_dev_uring_cmd,
};

static struct miscdevice mach_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "machvm",
	.fops = &mach_dev_fops,
	.mode = 0600,
};

int mach_dev_init(void)
{
	return misc_register(&mach_dev);
}

void mach_dev_exit(void)
{
	misc_deregister(&mach_dev);
}
