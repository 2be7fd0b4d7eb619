// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - rights to a part of a task's memory, as ports.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mach_priv.h"

#define ENTRY_FLAGS	(VM_PROT_ALL | VM_PROT_IS_MASK | MAP_MEM_NAMED_CREATE | \
			 MAP_MEM_NAMED_REUSE | MAP_MEM_VM_COPY | \
			 MAP_MEM_VM_SHARE)

kern_return_t vm_region_create_proxy(vm_task_t task, vm_address_t address,
				     vm_prot_t max_protection, vm_size_t len,
				     mach_port_t *port)
{
	struct mach_task_proxy arg = {
		.size = sizeof(arg),
		.address = address,
		.length = len,
		.max_protection = max_protection & VM_PROT_ALL,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_PROXY, &arg);

	if (error)
		return error == KERN_INVALID_ADDRESS ? KERN_NO_SPACE : error;
	return mach_port_take(arg.fd, port);
}

/* All that is asked for, or as much of it as there is */
static kern_return_t cut_rights(vm_prot_t *wanted, vm_prot_t given)
{
	const bool mask = *wanted & VM_PROT_IS_MASK;

	*wanted &= VM_PROT_ALL;
	if (!mask && *wanted & ~given)
		return KERN_PROTECTION_FAILURE;
	*wanted &= given;
	return KERN_SUCCESS;
}

/* What a task has there, from one entry */
static kern_return_t share(vm_map_t task, vm_prot_t wanted,
			   struct mach_task_proxy *arg)
{
	struct mach_task_region region = {
		.size = sizeof(region),
		.address = arg->address,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_REGION, &region);

	if (error)
		return error;
	if (region.address > arg->address)
		return KERN_INVALID_ADDRESS;
	error = cut_rights(&wanted, region.protection & VM_PROT_ALL);
	if (error)
		return error;
	arg->max_protection = wanted;
	arg->flags = MACH_PROXY_HERE;
	return mach_task_call(task, MACH_TASK_PROXY, arg);
}

/* New memory, which only the entry has; through a place that is given up again */
static kern_return_t create(vm_map_t task, vm_prot_t wanted, bool copy,
			    struct mach_task_proxy *arg)
{
	const vm_address_t from = trunc_page(arg->address);
	vm_prot_t prot = VM_PROT_READ, max;
	mach_vm_address_t place = 0;
	vm_size_t size = arg->length;
	kern_return_t error;

	if (!copy) {
		error = mach_vm_allocate(task, &place, size, VM_FLAGS_ANYWHERE);
	} else {
		size += arg->address - from;
		error = mach_vm_remap(task, &place, size, 0, VM_FLAGS_ANYWHERE,
				      task, from, TRUE, &prot, &max,
				      VM_INHERIT_DEFAULT);
	}
	if (error)
		return error;
	error = copy ? cut_rights(&wanted, prot | VM_PROT_WRITE) : KERN_SUCCESS;
	arg->address = place;
	arg->length = size;
	arg->max_protection = wanted & VM_PROT_ALL;
	arg->flags = MACH_PROXY_HERE;
	if (!error)
		error = mach_task_call(task, MACH_TASK_PROXY, arg);
	vm_deallocate(task, place, size);
	return error;
}

/* A part of another memory entry */
static kern_return_t narrow(mem_entry_name_port_t parent, vm_prot_t wanted,
			    struct mach_task_proxy *arg)
{
	struct mach_object_proxy proxy = {
		.size = sizeof(proxy),
		.start = arg->address,
		.length = round_page(arg->length),
	};
	vm_object_info_data_t info = { .size = sizeof(info) };
	kern_return_t error;

	if (vm_object_info(parent, &info))
		return KERN_INVALID_ARGUMENT;
	error = cut_rights(&wanted, info.rights);
	if (error)
		return error;
	proxy.max_protection = wanted;
	if (ioctl(parent, MACH_OBJECT_PROXY, &proxy))
		return mach_error_from_errno(errno);
	arg->fd = proxy.fd;
	arg->length = proxy.length;
	return KERN_SUCCESS;
}

kern_return_t mach_make_memory_entry_64(vm_map_t task,
					memory_object_size_t *size,
					memory_object_offset_t offset,
					vm_prot_t permission,
					mem_entry_name_port_t *handle,
					mem_entry_name_port_t parent)
{
	struct mach_task_proxy arg = {
		.size = sizeof(arg),
		.address = offset,
		.length = *size,
	};
	const vm_prot_t wanted = permission & (VM_PROT_ALL | VM_PROT_IS_MASK);
	kern_return_t error;

	if (permission & ~ENTRY_FLAGS || !*size || *size + offset < offset ||
	    round_page(*size) < *size)
		return KERN_INVALID_ARGUMENT;
	if (permission & MAP_MEM_NAMED_CREATE)
		error = create(task, wanted, false, &arg);
	else if (permission & MAP_MEM_VM_COPY)
		error = create(task, wanted, true, &arg);
	else if (MACH_PORT_VALID(parent) && !(permission & MAP_MEM_NAMED_REUSE))
		error = narrow(parent, wanted, &arg);
	else
		error = share(task, wanted, &arg);
	if (!error)
		error = mach_port_take(arg.fd, handle);
	if (!error)
		*size = arg.length;
	return error;
}
