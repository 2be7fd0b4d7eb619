// SPDX-License-Identifier: GPL-2.0-only
/* From an ioctl to the function that executes it, and its result back. */
#include "mach_call.h"
#include "check.h"

#include <linux/file.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

static const struct mach_call *
mach_call_find(const struct mach_call_table *table, unsigned int command)
{
	const unsigned int size_bits = _IOC_SIZEMASK << _IOC_SIZESHIFT;
	const unsigned int number = _IOC_NR(command);
	const struct mach_call *call;

	for (; table; table = table->next) {
		if (number >= table->n)
			continue;
		call = &table->calls[array_index_nospec(number, table->n)];
		if (call->execute && !((call->command ^ command) & ~size_bits))
			return call;
	}
	return NULL;
}

/* Is a call in a table, whatever size its structure has? */
bool mach_call_knows(const struct mach_call_table *table, unsigned int command)
{
	return mach_call_find(table, command);
}

/*
 * An older caller gets as much as it knows. A newer one's tail was seen to be zero
 * when it came, and stays so.
 */
static int mach_call_respond(const struct mach_call *call,
			     const union mach_call_args *args, void __user *to,
			     u32 size)
{
	if (!(_IOC_DIR(call->command) & _IOC_READ))
		return 0;
	if (copy_to_user(to, args, min(size, call->size)))
		return -EFAULT;
	return 0;
}

/* The caller knows the number before anyone can use it. */
static void mach_call_finish(struct mach_call_context *context, int err)
{
	if (!context->made)
		return;
	if (err) {
		put_unused_fd(context->fd);
		fput(context->made);
	} else {
		fd_install(context->fd, context->made);
	}
}

/**
 * mach_call_make_fd - Give the caller a new descriptor when the call succeeds
 * @context: the call's
 * @file: taken over, also on error
 * @fd: out: its number, in the call's arguments
 *
 * Return: 0, or -EMFILE.
 */
int mach_call_make_fd(struct mach_call_context *context, struct file *file,
		      __s32 *fd)
{
	int number = get_unused_fd_flags(O_CLOEXEC);

	if (number < 0) {
		fput(file);
		return number;
	}
	context->fd = number;
	context->made = file;
	*fd = number;
	return 0;
}

/**
 * mach_call_dispatch - Run an ioctl
 * @table: what this kind of descriptor answers
 * @context: self and file filled in
 * @command: of the ioctl
 * @address: of its structure
 */
long mach_call_dispatch(const struct mach_call_table *table,
			struct mach_call_context *context,
			unsigned int command, unsigned long address)
{
	const struct mach_call *call = mach_call_find(table, command);
	void __user *user = (void __user *)address;
	/* nobody looks beyond what is copied, and kernels may clear the rest */
	union mach_call_args args __uninitialized;
	u32 size;
	int err, told;

	if (!call)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	err = mach_size_check(size, call->min_size ?: call->size, PAGE_SIZE);
	if (err)
		return err;
	err = copy_struct_from_user(&args, call->size, user, size);
	if (err)
		return err;
	if (args.size != size)
		return -EINVAL;

	err = call->probe ? mach_call_respond(call, &args, user, size) : 0;
	if (err)
		return err;
	err = call->execute(context, &args);
	if (!err || call->says_on_error) {
		told = mach_call_respond(call, &args, user, size);
		if (told && !err && call->undo)
			call->undo(context, &args);
		err = err ?: told;
	}
	mach_call_finish(context, err);
	return err;
}
