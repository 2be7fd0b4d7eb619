// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - calls on objects and what stands for them.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mach_priv.h"

/* No structure of the module is larger. */
#define INFO_MOST	4096

/* A call that objects answer */
static kern_return_t object_call(mach_port_t port, unsigned long call, void *arg)
{
	if (!MACH_PORT_VALID(port))
		return KERN_INVALID_NAME;
	if (!ioctl(port, call, arg))
		return KERN_SUCCESS;
	if (errno == ENOTTY || errno == EBADF)
		return KERN_INVALID_NAME;
	return mach_error_from_errno(errno);
}

/* As much as the caller was compiled with, which may be an older library's */
kern_return_t vm_object_info(memory_object_name_t object_name,
			     vm_object_info_data_t *info)
{
	const uint32_t size = info->size;

	if (size < MACH_OBJECT_INFO_SIZE_VER0 || size > INFO_MOST)
		return KERN_INVALID_ARGUMENT;
	memset(info, 0, size);
	info->size = size;
	return object_call(object_name, MACH_OBJECT_INFO, info);
}

kern_return_t vm_object_sync(memory_object_name_t object, vm_offset_t offset,
			     vm_size_t size, boolean_t should_flush,
			     boolean_t should_return, boolean_t should_iosync)
{
	struct mach_task_msync arg = {
		.size = sizeof(arg),
		.flags = (should_flush ? MACH_SYNC_INVALIDATE : 0) |
			 (should_return ? MACH_SYNC_SYNCHRONOUS : 0),
		.address = offset,
		.length = size,
	};
	kern_return_t error = object_call(object, MACH_OBJECT_MSYNC, &arg);

	(void)should_iosync;
	return error == KERN_INVALID_NAME ? KERN_INVALID_ARGUMENT : error;
}

kern_return_t
memory_object_create_proxy(task_t task, vm_prot_t max_protection,
			   const memory_object_t *object,
			   mach_msg_type_name_t poly, mach_msg_type_number_t n,
			   const vm_offset_t *offset,
			   mach_msg_type_number_t offset_count,
			   const vm_offset_t *start,
			   mach_msg_type_number_t start_count,
			   const vm_size_t *len,
			   mach_msg_type_number_t len_count,
			   mach_port_t *proxy)
{
	struct mach_object_proxy arg = { .size = sizeof(arg) };
	kern_return_t error;

	if (!task || task != mach_task_self())
		return KERN_INVALID_TASK;
	if (n != 1 || offset_count != 1 || start_count != 1 ||
	    len_count != 1 || *offset)
		return KERN_INVALID_ARGUMENT;
	arg.max_protection = max_protection & VM_PROT_ALL;
	arg.start = *start;
	arg.length = *len;
	error = object_call(*object, MACH_OBJECT_PROXY, &arg);
	if (!error)
		error = mach_port_take(arg.fd, proxy);
	if (error)
		return error;
	if (poly == MACH_MSG_TYPE_MOVE_SEND)
		close(*object);
	return KERN_SUCCESS;
}
