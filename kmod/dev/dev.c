// SPDX-License-Identifier: GPL-2.0-only
#include "dev.h"
#include "base/check.h"
#include "base/compat.h"
#include "base/mach_call.h"
#include "file/object_file.h"
#include "file/publish.h"
#include "file/vm_statistics.h"
#include "pager/pager_call.h"
#include "pager/pager_ring.h"
#include "request/object_end.h"
#include "task/task.h"

#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/**
 * struct mach_task - What an open file of the device is
 * @map: const, its address space
 * @port: NULL for a task, its port once it is a pager; set once
 */
struct mach_task {
	struct mach_map *map;
	struct mach_port *port;
};

static struct mach_port *mach_dev_port(struct file *file)
{
	struct mach_task *task = file->private_data;

	/* pairs with cmpxchg_release() in mach_pager_register() */
	return smp_load_acquire(&task->port);
}

/* After a pager's death: nodes go, mappings are revoked, pages are dropped. */
static void mach_dev_reap(struct work_struct *work)
{
	struct mach_port *port = container_of(work, struct mach_port, reap);
	struct mach_object *object;
	unsigned long id = 0;

	for (;;) {
		xa_lock(&port->objects);
		object = xa_find(&port->objects, &id, ULONG_MAX, XA_PRESENT);
		if (object)
			mach_object_get(object);
		xa_unlock(&port->objects);
		if (!object)
			break;
		mach_node_unpublish(object);
		mach_object_kill(object);
		mach_object_put(object);
		id++;
	}
}

static int mach_pager_register(struct mach_call_context *context,
			       union mach_call_args *args)
{
	struct mach_task *task = context->file->private_data;
	struct mach_pager_register *reg = &args->reg;
	struct mach_port *port;

	if (reg->flags & ~MACH_PAGER_SINGLE_PAGE || reg->reserved ||
	    reg->array_stride || reg->array_size ||
	    !reg->queues || reg->queues > MACH_PAGER_QUEUES_MAX ||
	    !reg->depth || reg->depth > MACH_PAGER_DEPTH_MAX)
		return -EINVAL;
	port = mach_port_create(reg, mach_dev_reap);
	if (!port)
		return -ENOMEM;
	reg->array_stride = port->array_size;
	reg->array_size = port->array_size;
	if (!mach_map_unused(task->map) ||
	    cmpxchg_release(&task->port, NULL, port)) {
		mach_port_shutdown(port);
		return -EPERM;
	}
	if (reg->flags & MACH_PAGER_SINGLE_PAGE)
		pr_notice("machvm: %s[%d] pages single pages, which is deprecated: let it answer clusters\n",
			  current->comm, task_tgid_nr(current));
	return 0;
}

/* Dead first: who publishes it sees that, or its node is found here. */
static void mach_pager_end_object(struct mach_port *port,
				  struct mach_object *object)
{
	mach_object_set_dead(object);
	mach_node_unpublish(object);
	port->pager.ops->forget(&port->pager, object);
	mach_object_kill(object);
}

/* Give it a number, by which nobody finds it before mach_pager_add_object(). */
static int mach_pager_number_object(struct mach_port *port,
				    struct mach_object *object)
{
	int err = xa_alloc(&port->objects, &object->id, NULL, xa_limit_31b,
			   GFP_KERNEL);

	if (!err)
		mach_object_get(object);
	return err == -EBUSY ? -ENOSPC : err;
}

static void mach_pager_unnumber_object(struct mach_port *port,
				       struct mach_object *object)
{
	xa_erase(&port->objects, object->id);
	/* the pager never heard of it: it is not told of its end */
	mach_object_set_dead(object);
	mach_object_put(object);
}

/* Other threads find it from here on; the number's reference is the table's. */
static int mach_pager_add_object(struct mach_port *port,
				 struct mach_object *object)
{
	/* has its place since the number was taken: it cannot fail */
	xa_store(&port->objects, object->id, object, GFP_KERNEL);
	/* whoever reaps after this finds it */
	if (READ_ONCE(port->dead)) {
		mach_pager_end_object(port, object);
		return -ENODEV;
	}
	return 0;
}

/* The pager was not told of its object, so it hears of no end either. */
static void mach_pager_uncreate(struct mach_call_context *context,
				union mach_call_args *args)
{
	mach_pager_end_object(context->self, context->made->private_data);
}

static int mach_pager_create_check(struct mach_pager_create *create)
{
	if (!create->cluster)
		create->cluster = 64 * 1024;
	if (create->flags & ~MACH_CREATE_READ_ONLY || create->reserved ||
	    create->object || create->fd || !create->object_size ||
	    create->object_size > MACH_OBJECT_SIZE_MAX ||
	    !mach_cluster_valid(create->cluster))
		return -EINVAL;
	return 0;
}

static int mach_pager_create(struct mach_call_context *context,
			     union mach_call_args *args)
{
	struct mach_pager_create *create = &args->create;
	struct mach_port *port = context->self;
	struct mach_object *object;
	struct file *file;
	int err;

	err = mach_pager_create_check(create);
	if (err)
		return err;
	object = mach_object_create(&port->pager, create->object_size,
				    create->cookie,
				    create->flags & MACH_CREATE_READ_ONLY);
	if (!object)
		return -ENOMEM;
	object->cluster = create->cluster >> PAGE_SHIFT;
	INIT_WORK(&object->terminate, mach_object_terminate);
	err = mach_pager_number_object(port, object);
	if (err)
		goto err_put;
	file = mach_object_file(object);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_number;
	}
	create->object = object->id;
	/* from here on the file has the object's first right */
	err = mach_call_make_fd(context, file, &create->fd);
	if (err) {
		mach_pager_unnumber_object(port, object);
		return err;
	}
	return mach_pager_add_object(port, object);

err_number:
	mach_pager_unnumber_object(port, object);
err_put:
	mach_object_put(object);
	return err;
}

static int mach_pager_publish(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_port *port = context->self;
	struct mach_object *object;
	int err;

	object = mach_pager_object(port, args->publish.object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = mach_node_publish(object, &args->publish);
	/* the reaper may have passed by before the node was there */
	if (!err && READ_ONCE(port->dead)) {
		mach_node_unpublish(object);
		err = -ENODEV;
	}
	mach_object_put(object);
	return err;
}

static int mach_pager_destroy(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_port *port = context->self;
	struct mach_object *object;

	object = mach_pager_object(port, args->destroy.object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	mach_pager_end_object(port, object);
	mach_object_put(object);
	return 0;
}

static const struct mach_call mach_task_calls[] = {
	MACH_CALL(MACH_TASK_ALLOCATE, mach_task_allocate, .probe = true),
	MACH_CALL(MACH_TASK_DEALLOCATE, mach_task_deallocate),
	MACH_CALL(MACH_TASK_PROTECT, mach_task_protect),
	MACH_CALL(MACH_TASK_MAP, mach_task_map, .probe = true),
	MACH_CALL(MACH_TASK_INHERIT, mach_task_inherit),
	MACH_CALL(MACH_TASK_BEHAVIOR, mach_task_behavior),
	MACH_CALL(MACH_TASK_WIRE, mach_task_wire),
	MACH_CALL(MACH_TASK_WIRE_ALL, mach_task_wire_all),
	MACH_CALL(MACH_TASK_READ, mach_task_read, .says_on_error = true),
	MACH_CALL(MACH_TASK_WRITE, mach_task_write, .says_on_error = true),
	MACH_CALL(MACH_TASK_COPY, mach_task_copy, .says_on_error = true),
	MACH_CALL(MACH_TASK_REMAP, mach_task_remap, .probe = true),
	MACH_CALL(MACH_TASK_REGION, mach_task_region),
	MACH_CALL(MACH_TASK_INFO, mach_task_info),
	MACH_CALL(MACH_TASK_MSYNC, mach_task_msync),
	MACH_CALL(MACH_TASK_SET_SIZE_LIMIT, mach_task_set_size_limit),
	MACH_CALL(MACH_TASK_GET_SIZE_LIMIT, mach_task_get_size_limit),
};

static const struct mach_call_table mach_task_table =
	MACH_CALL_TABLE(mach_task_calls, &mach_vm_table);

/* What becomes of a task: the one call that is neither role's alone */
static const struct mach_call mach_dev_calls[] = {
	MACH_CALL(MACH_PAGER_REGISTER, mach_pager_register, .probe = true),
};

static const struct mach_call_table mach_dev_table =
	MACH_CALL_TABLE(mach_dev_calls, &mach_task_table);

static const struct mach_call mach_pager_calls[] = {
	MACH_CALL(MACH_PAGER_RECEIVE, mach_pager_receive,
		  .undo = mach_pager_unreceive),
	MACH_CALL(MACH_PAGER_SUPPLY, mach_pager_supply, .says_on_error = true),
	MACH_CALL(MACH_PAGER_CREATE, mach_pager_create,
		  .undo = mach_pager_uncreate),
	MACH_CALL(MACH_PAGER_PUBLISH, mach_pager_publish),
	MACH_CALL(MACH_PAGER_ANSWER, mach_pager_answer),
	MACH_CALL(MACH_PAGER_COLLECT, mach_pager_collect),
	MACH_CALL(MACH_PAGER_LOCK_REQUEST, mach_pager_lock_request),
	MACH_CALL(MACH_PAGER_DESTROY, mach_pager_destroy),
	MACH_CALL(MACH_PAGER_GET_ATTRIBUTES, mach_pager_get_attributes),
	MACH_CALL(MACH_PAGER_CHANGE_ATTRIBUTES, mach_pager_change_attributes),
};

static const struct mach_call_table mach_pager_table =
	MACH_CALL_TABLE(mach_pager_calls, &mach_vm_table);

static bool mach_is_between(unsigned int command, unsigned int first,
			    unsigned int last)
{
	return _IOC_NR(command) >= _IOC_NR(first) &&
	       _IOC_NR(command) <= _IOC_NR(last);
}

/* A call of tasks or of pagers? */
static bool mach_is_role_call(unsigned int command)
{
	return _IOC_TYPE(command) == MACH_VM_IOC &&
	       (mach_is_between(command, MACH_TASK_ALLOCATE,
				MACH_TASK_GET_SIZE_LIMIT) ||
		mach_is_between(command, MACH_PAGER_REGISTER,
				MACH_PAGER_CHANGE_ATTRIBUTES));
}

static long mach_dev_ioctl(struct file *file, unsigned int command,
			   unsigned long address)
{
	struct mach_call_context context = {
		.self = mach_dev_port(file),
		.file = file,
	};
	struct mach_task *task = file->private_data;
	long err;

	if (context.self) {
		err = mach_call_dispatch(&mach_pager_table, &context, command,
					 address);
	} else {
		context.self = task->map;
		err = mach_call_dispatch(&mach_dev_table, &context, command,
					 address);
	}
	/* it is the right descriptor, but not (or no longer) in the right role */
	if (err == -ENOTTY && mach_is_role_call(command))
		return -EPERM;
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

/*
 * The mapping of a message array tells of its pager's death: it goes when the
 * process's memory is torn down, before its descriptors are closed. So it is
 * neither inherited nor split.
 */
static void mach_array_open(struct vm_area_struct *vma)
{
	struct mach_port *port = vma->vm_private_data;

	atomic_inc(&port->mappings);
}

static void mach_array_close(struct vm_area_struct *vma)
{
	struct mach_port *port = vma->vm_private_data;

	if (atomic_dec_and_test(&port->mappings))
		mach_port_die(port);
}

static int mach_array_may_split(struct vm_area_struct *vma,
				unsigned long address)
{
	return -EINVAL;
}

static const struct vm_operations_struct mach_array_operations = {
	.open = mach_array_open,
	.close = mach_array_close,
	.may_split = mach_array_may_split,
};

static int mach_dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mach_port *port = mach_dev_port(file);
	struct mach_task *task = file->private_data;
	unsigned long q;
	int err;

	if (!port)
		return mach_task_mmap(task->map, vma);
	q = vma->vm_pgoff / (port->array_size >> PAGE_SHIFT);
	if (q >= port->nr_queues ||
	    vma->vm_pgoff % (port->array_size >> PAGE_SHIFT) ||
	    vma->vm_end - vma->vm_start != port->array_size ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	if (current->mm != port->pager.mm)
		return -EACCES;
	if (READ_ONCE(port->dead))
		return -ENODEV;
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	/* VM_IO: MADV_DOFORK may not undo VM_DONTCOPY */
	vm_flags_set(vma, VM_DONTCOPY | VM_IO);
	err = remap_vmalloc_range(vma, port->queues[q].messages, 0);
	if (err)
		return err;
	vma->vm_ops = &mach_array_operations;
	vma->vm_private_data = port;
	mach_array_open(vma);
	return 0;
}

/*
 * A pager that uses ioctls alone may have no mapping. Its exit is seen here,
 * even when a child still holds the descriptor.
 */
static int mach_dev_flush(struct file *file, fl_owner_t id)
{
	struct mach_port *port = mach_dev_port(file);

	if (port && id == port->owner && current->flags & PF_EXITING)
		mach_port_die(port);
	return 0;
}

static int mach_dev_open(struct inode *inode, struct file *file)
{
	struct mach_task *task = kzalloc(sizeof(*task), GFP_KERNEL_ACCOUNT);

	if (!task)
		return -ENOMEM;
	task->map = mach_map_create();
	if (!task->map) {
		kfree(task);
		return -ENOMEM;
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
	mach_map_destroy(task->map);
	kfree(task);
	return 0;
}

static const struct file_operations mach_dev_fops = {
	.owner = THIS_MODULE,
	.open = mach_dev_open,
	.release = mach_dev_release,
	.flush = mach_dev_flush,
	.mmap = mach_dev_mmap,
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

static struct mach_map *mach_dev_map_of(struct file *file)
{
	struct mach_task *task = file->private_data;

	if (file->f_op != &mach_dev_fops || mach_dev_port(file))
		return NULL;
	return task->map;
}

int mach_dev_init(void)
{
	mach_task_set_map_of(mach_dev_map_of);
	return misc_register(&mach_dev);
}

void mach_dev_exit(void)
{
	misc_deregister(&mach_dev);
}
