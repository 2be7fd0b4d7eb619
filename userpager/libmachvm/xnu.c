// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - XNU's calls, where their flags or codes are others than Mach's.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/random.h>

#include "mach_priv.h"

#define ALLOCATE_FLAGS	(VM_FLAGS_ANYWHERE | VM_FLAGS_RANDOM_ADDR | \
			 VM_FLAGS_OVERWRITE | VM_FLAGS_ALIAS_MASK)
#define MAP_FLAGS	(ALLOCATE_FLAGS | VM_FLAGS_RETURN_DATA_ADDR)
#define MAP_PROT	(VM_PROT_ALL | VM_PROT_IS_MASK)

/* XNU's flags as the module's */
static unsigned int placement(int flags, boolean_t copy)
{
	unsigned int place = copy ? MACH_VM_COPY : 0;

	if (flags & VM_FLAGS_ANYWHERE)
		return place | MACH_VM_ANYWHERE;
	return flags & VM_FLAGS_OVERWRITE ? place | MACH_VM_OVERWRITE : place;
}

/* From where to look for room: anywhere in the window, if it is to be random */
static vm_address_t random_hint(vm_map_t task)
{
	struct mach_task_info info = { .size = sizeof(info) };
	uint64_t number;

	if (mach_task_call(task, MACH_TASK_INFO, &info) ||
	    getrandom(&number, sizeof(number), GRND_NONBLOCK) !=
	    sizeof(number) || info.start == info.end)
		return 0;
	return info.start + number % (info.end - info.start);
}

/* Does the range go over the end of all addresses, if only by rounding? */
static bool wraps(mach_vm_address_t address, mach_vm_size_t size)
{
	return size && (address + size < address ||
			round_page(address + size) < address + size);
}

kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t *address,
			       mach_vm_size_t size, int flags)
{
	struct mach_task_allocate arg = {
		.size = sizeof(arg),
		.flags = placement(flags, FALSE),
		.length = size,
	};
	kern_return_t error;

	if (flags & ~ALLOCATE_FLAGS)
		return KERN_INVALID_ARGUMENT;
	if (flags & VM_FLAGS_ANYWHERE)
		arg.address = flags & VM_FLAGS_RANDOM_ADDR ?
			      random_hint(task) : 0;
	else
		arg.address = size ? *address : 0;
	error = mach_task_call(task, MACH_TASK_ALLOCATE, &arg);
	/* nothing from there on: then from the bottom */
	if (error == KERN_NO_SPACE && flags & VM_FLAGS_RANDOM_ADDR) {
		arg.address = 0;
		error = mach_task_call(task, MACH_TASK_ALLOCATE, &arg);
	}
	if (!error)
		*address = size ? arg.address : 0;
	return error;
}

kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address,
				 mach_vm_size_t size)
{
	return vm_deallocate(task, address, size);
}

/*
 * The range becomes its own copy, with the rights that it is to have, by one call: else
 * an error could leave a copy behind. Unless it is told what it may be given that is all.
 */
static kern_return_t copy_in_place(vm_map_t task, vm_address_t address,
				   vm_size_t size, bool maximum,
				   vm_prot_t protection)
{
	const vm_address_t start = trunc_page(address);
	struct mach_task_remap arg = {
		.size = sizeof(arg),
		.flags = MACH_VM_OVERWRITE | MACH_VM_COPY |
			 MACH_VM_ALL_RIGHTS |
			 (maximum ? MACH_VM_MAXIMUM : MACH_VM_PROTECT),
		.address = start,
		.length = round_page(address + size) - start,
		.source = -1,
		.inheritance = VM_INHERIT_DEFAULT,
		.source_address = start,
		.protection = maximum ? 0 : protection,
		.max_protection = maximum ? protection : 0,
	};

	return mach_task_call(task, MACH_TASK_REMAP, &arg);
}

kern_return_t mach_vm_protect(vm_map_t task, mach_vm_address_t address,
			      mach_vm_size_t size, boolean_t set_maximum,
			      vm_prot_t new_protection)
{
	struct mach_task_protect arg = {
		.size = sizeof(arg),
		.set_maximum = !!set_maximum,
		.address = address,
		.length = size,
		.protection = new_protection & ~VM_PROT_COPY,
		.flags = MACH_RANGE_WHOLE,
	};

	if (wraps(address, size) || new_protection & ~(VM_PROT_ALL | VM_PROT_COPY))
		return KERN_INVALID_ARGUMENT;
	if (size && new_protection & VM_PROT_COPY)
		return copy_in_place(task, address, size, set_maximum,
				     arg.protection);
	return mach_task_call(task, MACH_TASK_PROTECT, &arg);
}

kern_return_t mach_vm_inherit(vm_map_t task, mach_vm_address_t address,
			      mach_vm_size_t size, vm_inherit_t new_inheritance)
{
	return vm_inherit(task, address, size, new_inheritance);
}

kern_return_t mach_vm_behavior_set(vm_map_t task, mach_vm_address_t address,
				   mach_vm_size_t size, vm_behavior_t behavior)
{
	return vm_behavior_set(task, address, size, behavior);
}

kern_return_t mach_vm_msync(vm_map_t task, mach_vm_address_t address,
			    mach_vm_size_t size, vm_sync_t flags)
{
	return vm_msync(task, address, size, flags);
}

/* What the memory entry gives, and cut to it or not: 0 or KERN_INVALID_RIGHT */
static kern_return_t entry_rights(mem_entry_name_port_t object,
				  vm_prot_t *cur_protection,
				  vm_prot_t *max_protection)
{
	const bool mask = (*cur_protection | *max_protection) & VM_PROT_IS_MASK;
	vm_object_info_data_t info = { .size = sizeof(info) };
	vm_prot_t given;

	*cur_protection &= VM_PROT_ALL;
	*max_protection &= VM_PROT_ALL;
	/* what is no object is for the call to refuse */
	if (mask || !MACH_PORT_VALID(object) || vm_object_info(object, &info) ||
	    !(info.state & MACH_OBJECT_BY_PROXY))
		return KERN_SUCCESS;
	given = info.rights;
	return (*cur_protection | *max_protection) & ~given ?
	       KERN_INVALID_RIGHT : KERN_SUCCESS;
}

static void map_fill(struct mach_task_map *arg, vm_address_t address, int flags,
		     mem_entry_name_port_t object,
		     memory_object_offset_t offset, boolean_t copy)
{
	const bool real = MACH_PORT_VALID(object);

	arg->size = sizeof(*arg);
	arg->flags = placement(flags, real && copy);
	arg->address = address;
	arg->offset = real ? offset : 0;
	arg->object = real ? (int)object : -1;
}

kern_return_t mach_vm_map(vm_map_t task, mach_vm_address_t *address,
			  mach_vm_size_t size, mach_vm_offset_t mask, int flags,
			  mem_entry_name_port_t object,
			  memory_object_offset_t offset, boolean_t copy,
			  vm_prot_t cur_protection, vm_prot_t max_protection,
			  vm_inherit_t inheritance)
{
	const bool anywhere = flags & VM_FLAGS_ANYWHERE;
	struct mach_task_map arg = {
		.length = size,
		.mask = mask,
		.inheritance = inheritance,
	};
	kern_return_t error;

	if (flags & ~MAP_FLAGS || (!anywhere && wraps(*address, size)) ||
	    (cur_protection | max_protection) & ~MAP_PROT)
		return KERN_INVALID_ARGUMENT;
	error = entry_rights(object, &cur_protection, &max_protection);
	if (error)
		return error;
	arg.protection = cur_protection;
	arg.max_protection = max_protection;
	map_fill(&arg, flags & VM_FLAGS_RANDOM_ADDR && anywhere ?
		       random_hint(task) : *address, flags, object, offset, copy);
	error = mach_task_call(task, MACH_TASK_MAP, &arg);
	if (error == KERN_NO_SPACE && anywhere &&
	    flags & VM_FLAGS_RANDOM_ADDR) {
		arg.address = 0;
		error = mach_task_call(task, MACH_TASK_MAP, &arg);
	}
	if (!error)
		*address = arg.address;
	return error;
}

kern_return_t mach_vm_remap(vm_map_t target_task, mach_vm_address_t *target,
			    mach_vm_size_t size, mach_vm_offset_t mask,
			    int flags, vm_map_t source_task,
			    mach_vm_address_t source, boolean_t copy,
			    vm_prot_t *cur_protection,
			    vm_prot_t *max_protection, vm_inherit_t inheritance)
{
	const bool random = flags & VM_FLAGS_ANYWHERE &&
			    flags & VM_FLAGS_RANDOM_ADDR;
	const bool data = flags & VM_FLAGS_RETURN_DATA_ADDR;
	const vm_offset_t within = data ? source & (vm_page_size - 1) : 0;
	struct mach_task_remap arg = {
		.size = sizeof(arg),
		.flags = placement(flags, copy),
		.address = *target,
		.length = size + within,
		.mask = mask,
		.source = source_task,
		.inheritance = inheritance,
		.source_address = source,
	};
	kern_return_t error;

	if (flags & ~MAP_FLAGS || !size || size + within < size ||
	    !MACH_PORT_VALID(source_task) || wraps(source, size) ||
	    (!(flags & VM_FLAGS_ANYWHERE) && wraps(*target, size)))
		return KERN_INVALID_ARGUMENT;
	if (random)
		arg.address = random_hint(target_task);
	error = mach_task_call(target_task, MACH_TASK_REMAP, &arg);
	if (error == KERN_NO_SPACE && random) {
		arg.address = 0;
		error = mach_task_call(target_task, MACH_TASK_REMAP, &arg);
	}
	if (error)
		return error;
	*target = arg.address + within;
	*cur_protection = arg.protection;
	*max_protection = arg.max_protection;
	return KERN_SUCCESS;
}

kern_return_t mach_vm_wire(host_priv_t host, vm_map_t task,
			   mach_vm_address_t address, mach_vm_size_t size,
			   vm_prot_t access)
{
	kern_return_t error;

	if (host != MACH_HOST_PRIV)
		return KERN_INVALID_HOST;
	error = vm_wire(host, task, address, size, access);
	return error == KERN_NO_ACCESS ? KERN_RESOURCE_SHORTAGE : error;
}

kern_return_t mach_vm_read(vm_map_t task, mach_vm_address_t address,
			   mach_vm_size_t size, vm_offset_t *data,
			   mach_msg_type_number_t *data_count)
{
	if (size > UINT32_MAX)
		return KERN_INVALID_ARGUMENT;
	return vm_read(task, address, size, data, data_count);
}

kern_return_t mach_vm_read_list(vm_map_t task, mach_vm_read_entry_t list,
				natural_t count)
{
	kern_return_t error = KERN_SUCCESS;
	mach_msg_type_number_t size;
	vm_offset_t data;

	if (count > VM_REGION_LIST_MAX)
		return KERN_INVALID_ARGUMENT;
	for (natural_t i = 0; i < count; i++) {
		if (!list[i].size)
			continue;
		error = mach_vm_read(task, list[i].address, list[i].size, &data,
				     &size);
		list[i].address = error ? 0 : data;
		list[i].size = error ? 0 : size;
	}
	return error;
}

kern_return_t mach_vm_write(vm_map_t task, mach_vm_address_t address,
			    vm_offset_t data, mach_msg_type_number_t data_count)
{
	return vm_write(task, address, data, data_count);
}

kern_return_t mach_vm_copy(vm_map_t task, mach_vm_address_t source,
			   mach_vm_size_t size, mach_vm_address_t target)
{
	return vm_copy(task, source, size, target);
}

kern_return_t mach_vm_read_overwrite(vm_map_t task, mach_vm_address_t address,
				     mach_vm_size_t size,
				     mach_vm_address_t data,
				     mach_vm_size_t *out_size)
{
	struct mach_task_data arg = {
		.size = sizeof(arg),
		.address = address,
		.length = size,
		.data = data,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_READ, &arg);

	if (!error)
		*out_size = size;
	return error;
}
