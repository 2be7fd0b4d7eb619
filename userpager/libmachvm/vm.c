// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - Mach's calls, each as the one that the module has for it.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "mach_priv.h"

/* Mach's numbers are passed on as they are. */
#define SAME(a, b)	static_assert((a) == (b), #a)

SAME(VM_PROT_READ, MACH_PROT_READ);
SAME(VM_PROT_WRITE, MACH_PROT_WRITE);
SAME(VM_PROT_EXECUTE, MACH_PROT_EXECUTE);
SAME(VM_PROT_NOTIFY, MACH_PROT_NOTIFY);
SAME(VM_INHERIT_SHARE, MACH_INHERIT_SHARE);
SAME(VM_INHERIT_COPY, MACH_INHERIT_COPY);
SAME(VM_INHERIT_NONE, MACH_INHERIT_NONE);
SAME(VM_BEHAVIOR_RANDOM, MACH_BEHAVIOR_RANDOM);
SAME(VM_BEHAVIOR_SEQUENTIAL, MACH_BEHAVIOR_SEQUENTIAL);
SAME(VM_BEHAVIOR_RSEQNTL, MACH_BEHAVIOR_REVERSE);
SAME(VM_BEHAVIOR_WILLNEED, MACH_BEHAVIOR_WILLNEED);
SAME(VM_BEHAVIOR_DONTNEED, MACH_BEHAVIOR_DONTNEED);
SAME(VM_BEHAVIOR_FREE, MACH_BEHAVIOR_FREE);
SAME(VM_BEHAVIOR_ZERO, MACH_BEHAVIOR_ZERO);
SAME(VM_SYNC_ASYNCHRONOUS, MACH_SYNC_ASYNCHRONOUS);
SAME(VM_SYNC_SYNCHRONOUS, MACH_SYNC_SYNCHRONOUS);
SAME(VM_SYNC_INVALIDATE, MACH_SYNC_INVALIDATE);
SAME(VM_SYNC_KILLPAGES, MACH_SYNC_KILLPAGES);
SAME(VM_SYNC_DEACTIVATE, MACH_SYNC_DEACTIVATE);
SAME(VM_SYNC_CONTIGUOUS, MACH_SYNC_CONTIGUOUS);
SAME(VM_WIRE_CURRENT, MACH_WIRE_CURRENT);
SAME(VM_WIRE_FUTURE, MACH_WIRE_FUTURE);

static unsigned int placement(boolean_t anywhere, boolean_t copy)
{
	return (anywhere ? MACH_VM_ANYWHERE : 0) | (copy ? MACH_VM_COPY : 0);
}

kern_return_t vm_allocate(vm_task_t task, vm_address_t *address, vm_size_t size,
			  boolean_t anywhere)
{
	struct mach_task_allocate arg = {
		.size = sizeof(arg),
		.flags = placement(anywhere, FALSE),
		.address = anywhere || !size ? 0 : *address,
		.length = size,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_ALLOCATE, &arg);

	if (!error)
		*address = size ? arg.address : 0;
	return error;
}

kern_return_t vm_deallocate(vm_task_t task, vm_address_t address, vm_size_t size)
{
	struct mach_task_range arg = {
		.size = sizeof(arg),
		.address = address,
		.length = size,
	};

	return mach_task_call(task, MACH_TASK_DEALLOCATE, &arg);
}

kern_return_t vm_map(vm_task_t task, vm_address_t *address, vm_size_t size,
		     vm_address_t mask, boolean_t anywhere,
		     memory_object_t memory_object, vm_offset_t offset,
		     boolean_t copy, vm_prot_t cur_protection,
		     vm_prot_t max_protection, vm_inherit_t inheritance)
{
	bool object = MACH_PORT_VALID(memory_object);
	struct mach_task_map arg = {
		.size = sizeof(arg),
		.flags = placement(anywhere, object && copy),
		.address = *address,
		.length = size,
		.mask = mask,
		.offset = object ? offset : 0,
		.object = object ? (int)memory_object : -1,
		.protection = cur_protection,
		.max_protection = max_protection,
		.inheritance = inheritance,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_MAP, &arg);

	/* nothing from there on: then from the bottom */
	if (error == KERN_NO_SPACE && anywhere && arg.address) {
		arg.address = 0;
		error = mach_task_call(task, MACH_TASK_MAP, &arg);
	}
	if (!error)
		*address = arg.address;
	return error;
}

kern_return_t vm_protect(vm_task_t task, vm_address_t address, vm_size_t size,
			 boolean_t set_maximum, vm_prot_t new_protection)
{
	struct mach_task_protect arg = {
		.size = sizeof(arg),
		.set_maximum = !!set_maximum,
		.address = address,
		.length = size,
		.protection = new_protection,
	};

	return mach_task_call(task, MACH_TASK_PROTECT, &arg);
}

static kern_return_t set_attribute(vm_task_t task, unsigned long call,
				   vm_address_t address, vm_size_t size,
				   unsigned int value)
{
	struct mach_task_attribute arg = {
		.size = sizeof(arg),
		.value = value,
		.address = address,
		.length = size,
	};

	return mach_task_call(task, call, &arg);
}

kern_return_t vm_inherit(vm_task_t task, vm_address_t address, vm_size_t size,
			 vm_inherit_t new_inheritance)
{
	return set_attribute(task, MACH_TASK_INHERIT, address, size,
			     new_inheritance);
}

kern_return_t vm_behavior_set(vm_task_t task, vm_address_t address,
			      vm_size_t size, vm_behavior_t behavior)
{
	return set_attribute(task, MACH_TASK_BEHAVIOR, address, size, behavior);
}

kern_return_t vm_wire(host_t host, vm_task_t task, vm_address_t address,
		      vm_size_t size, vm_prot_t access)
{
	unsigned int value = access;

	if (!mach_is_host(host))
		return KERN_INVALID_HOST;
	if (access & ~VM_PROT_ALL)
		value = ~0U;	/* for the module to refuse, after the task */
	else if (host != MACH_HOST_PRIV)
		value |= MACH_UNPRIVILEGED;
	return set_attribute(task, MACH_TASK_WIRE, address, size, value);
}

kern_return_t vm_wire_all(host_t host, vm_task_t task, vm_wire_t flags)
{
	struct mach_task_wire_all arg = { .size = sizeof(arg), .flags = flags };

	if (host != MACH_HOST_PRIV)
		return KERN_INVALID_HOST;
	return mach_task_call(task, MACH_TASK_WIRE_ALL, &arg);
}

static kern_return_t transfer(vm_task_t task, unsigned long call,
			      vm_address_t address, vm_size_t size,
			      vm_address_t data, unsigned int flags)
{
	struct mach_task_data arg = {
		.size = sizeof(arg),
		.flags = flags,
		.address = address,
		.length = size,
		.data = data,
	};

	return mach_task_call(task, call, &arg);
}

/*
 * All is checked before memory for it is allocated, which might fill a hole that
 * the call has to find. The data lies in its page as it does in the source.
 */
kern_return_t vm_read(vm_task_t task, vm_address_t address, vm_size_t size,
		      pointer_t *data, mach_msg_type_number_t *data_count)
{
	const vm_offset_t within = size ? address & (vm_page_size - 1) : 0;
	vm_address_t buffer = 0;
	kern_return_t error;

	/* the count has 32 bits; an end that is no address is said to be one */
	if (size > UINT32_MAX && round_page(address + size) > address)
		return KERN_INVALID_ARGUMENT;
	error = transfer(task, MACH_TASK_READ, address, size, 0,
			 MACH_DATA_CHECK);
	if (!error)
		error = vm_allocate(mach_task_self(), &buffer, within + size,
				    TRUE);
	if (error)
		return error;
	error = transfer(task, MACH_TASK_READ, address, size, buffer + within,
			 0);
	if (error) {
		int err = errno;

		vm_deallocate(mach_task_self(), buffer, within + size);
		errno = err;
		return error;
	}
	*data = buffer + within;
	*data_count = size;
	return KERN_SUCCESS;
}

kern_return_t vm_write(vm_task_t task, vm_address_t address, pointer_t data,
		       mach_msg_type_number_t data_count)
{
	return transfer(task, MACH_TASK_WRITE, address, data_count, data, 0);
}

kern_return_t vm_copy(vm_task_t task, vm_address_t source_address,
		      vm_size_t size, vm_address_t dest_address)
{
	return transfer(task, MACH_TASK_COPY, source_address, size,
			dest_address, 0);
}

kern_return_t vm_remap(vm_task_t target_task, vm_address_t *target_address,
		       vm_size_t size, vm_address_t mask, boolean_t anywhere,
		       vm_task_t source_task, vm_address_t source_address,
		       boolean_t copy, vm_prot_t *cur_protection,
		       vm_prot_t *max_protection, vm_inherit_t inheritance)
{
	struct mach_task_remap arg = {
		.size = sizeof(arg),
		.flags = placement(anywhere, copy),
		.address = *target_address,
		.length = size,
		.mask = mask,
		.source = source_task,
		.inheritance = inheritance,
		.source_address = source_address,
	};
	kern_return_t error;

	if (!MACH_PORT_VALID(source_task))
		return KERN_INVALID_ARGUMENT;
	error = mach_task_call(target_task, MACH_TASK_REMAP, &arg);
	/* as vm_map() */
	if (error == KERN_NO_SPACE && anywhere && arg.address) {
		arg.address = 0;
		error = mach_task_call(target_task, MACH_TASK_REMAP, &arg);
	}
	if (error)
		return error;
	*target_address = arg.address;
	*cur_protection = arg.protection;
	*max_protection = arg.max_protection;
	return KERN_SUCCESS;
}

kern_return_t vm_region(vm_task_t task, vm_address_t *address, vm_size_t *size,
			vm_prot_t *protection, vm_prot_t *max_protection,
			vm_inherit_t *inheritance, boolean_t *is_shared,
			memory_object_name_t *object_name, vm_offset_t *offset)
{
	struct mach_task_region arg = {
		.size = sizeof(arg),
		.flags = object_name ? MACH_REGION_NAME : 0,
		.address = *address,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_REGION, &arg);
	mach_port_t name = MACH_PORT_NULL;

	if (error)
		return error == KERN_INVALID_ADDRESS ? KERN_NO_SPACE : error;
	if (object_name && arg.name >= 0)
		error = mach_port_take(arg.name, &name);
	if (error)
		return error;
	*address = arg.address;
	*size = arg.length;
	*protection = arg.protection;
	*max_protection = arg.max_protection;
	*inheritance = arg.inheritance;
	*is_shared = !!(arg.state & MACH_REGION_SHARED);
	*offset = arg.offset;
	if (object_name)
		*object_name = name;
	return KERN_SUCCESS;
}

kern_return_t vm_msync(vm_task_t task, vm_address_t address, vm_size_t size,
		       vm_sync_t flags)
{
	const vm_sync_t known = VM_SYNC_ASYNCHRONOUS | VM_SYNC_SYNCHRONOUS |
				VM_SYNC_INVALIDATE | VM_SYNC_KILLPAGES |
				VM_SYNC_DEACTIVATE | VM_SYNC_CONTIGUOUS;
	struct mach_task_msync arg = {
		.size = sizeof(arg),
		.flags = flags & known,
		.address = address,
		.length = size,
	};

	return mach_task_call(task, MACH_TASK_MSYNC, &arg);
}

kern_return_t vm_set_size_limit(host_t host, vm_task_t task,
				vm_size_t current_limit, vm_size_t max_limit)
{
	struct mach_task_limit arg = {
		.size = sizeof(arg),
		.flags = host == MACH_HOST_PRIV ? 0 : MACH_UNPRIVILEGED,
		.current_limit = current_limit,
		.maximum = max_limit,
	};

	if (current_limit > max_limit)
		return KERN_INVALID_ARGUMENT;
	if (!mach_is_host(host))
		return vm_get_size_limit(task, &current_limit, &max_limit) ?:
		       KERN_INVALID_HOST;
	return mach_task_call(task, MACH_TASK_SET_SIZE_LIMIT, &arg);
}

kern_return_t vm_get_size_limit(vm_task_t task, vm_size_t *current_limit,
				vm_size_t *max_limit)
{
	struct mach_task_limit arg = { .size = sizeof(arg) };
	kern_return_t error = mach_task_call(task, MACH_TASK_GET_SIZE_LIMIT,
					     &arg);

	if (error)
		return error;
	*current_limit = arg.current_limit;
	*max_limit = arg.maximum;
	return KERN_SUCCESS;
}
