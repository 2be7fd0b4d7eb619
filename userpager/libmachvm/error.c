// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - Linux's errors as Mach's, and Mach's in words.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "mach_priv.h"

static const struct {
	int err;
	kern_return_t error;
} meanings[] = {
	{ 0, KERN_SUCCESS },
	{ EADDRNOTAVAIL, KERN_INVALID_ADDRESS },
	{ EFAULT, KERN_INVALID_ADDRESS },
	{ EACCES, KERN_PROTECTION_FAILURE },
	{ ENOSPC, KERN_NO_SPACE },
	{ EINVAL, KERN_INVALID_ARGUMENT },
	{ EBADF, KERN_INVALID_ARGUMENT },
	{ ENOMEM, KERN_RESOURCE_SHORTAGE },
	{ EAGAIN, KERN_RESOURCE_SHORTAGE },
	{ EMFILE, KERN_RESOURCE_SHORTAGE },
	{ ENFILE, KERN_RESOURCE_SHORTAGE },
	{ EPERM, KERN_NO_ACCESS },
	{ ENODEV, KERN_MEMORY_FAILURE },
	{ EIO, KERN_MEMORY_ERROR },
	{ EINTR, KERN_ABORTED },
};

static const struct {
	kern_return_t error;
	const char *text;
} texts[] = {
	{ KERN_SUCCESS, "success" },
	{ KERN_INVALID_ADDRESS, "part of the range is in no entry" },
	{ KERN_PROTECTION_FAILURE, "the protection forbids it" },
	{ KERN_NO_SPACE, "no such room in the address space" },
	{ KERN_INVALID_ARGUMENT, "an argument is invalid" },
	{ KERN_FAILURE, "failure" },
	{ KERN_RESOURCE_SHORTAGE, "not enough memory or descriptors" },
	{ KERN_NO_ACCESS, "it takes a privilege" },
	{ KERN_MEMORY_FAILURE, "the memory object was destroyed" },
	{ KERN_MEMORY_ERROR, "the pager of the memory object failed" },
	{ KERN_ABORTED, "interrupted" },
	{ KERN_INVALID_NAME, "the port is not of the right kind" },
	{ KERN_INVALID_TASK, "no task: not a port of one, or machvm is not loaded" },
	{ KERN_INVALID_RIGHT, "the memory entry does not give as much" },
	{ KERN_INVALID_VALUE, "no number of references that can be" },
	{ KERN_UREFS_OVERFLOW, "too many references" },
	{ KERN_MEMORY_PRESENT, "the page is there already" },
	{ KERN_WRITE_PROTECTION_FAILURE, "it may not be written to" },
	{ KERN_INVALID_HOST, "the port is not the host, or not the privileged one" },
};

kern_return_t mach_error_from_errno(int err)
{
	size_t i;

	errno = err;
	for (i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].err == err)
			return meanings[i].error;
	return KERN_FAILURE;
}

/* What Mach says of no task: most calls treat it as any other argument. */
static kern_return_t no_task(unsigned long call)
{
	switch (call) {
	case MACH_TASK_WIRE:
	case MACH_TASK_WIRE_ALL:
	case MACH_TASK_MSYNC:
	case MACH_TASK_SET_SIZE_LIMIT:
	case MACH_TASK_GET_SIZE_LIMIT:
		return KERN_INVALID_TASK;
	}
	return KERN_INVALID_ARGUMENT;
}

/* EBADF can also mean a descriptor that @arg speaks of. */
kern_return_t mach_task_call(task_t task, unsigned long call, void *arg)
{
	if (!MACH_PORT_VALID(task))
		return no_task(call);
	if (!ioctl(task, call, arg))
		return KERN_SUCCESS;
	if (errno == ENOTTY || (errno == EBADF && fcntl(task, F_GETFD) < 0))
		return no_task(call);
	return mach_error_from_errno(errno);
}

const char *mach_error_string(kern_return_t error)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return "unknown error";
}

void mach_error(const char *prefix, kern_return_t error)
{
	fprintf(stderr, "%s: %s\n", prefix, mach_error_string(error));
}
