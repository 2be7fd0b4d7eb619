// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - XNU's ways to ask which pages are there.
 */
#include <stddef.h>
#include <stdint.h>

#include "mach_priv.h"

/* Pages that are asked for at a time */
#define PAGES_BATCH	1024

static int disposition_of(unsigned char told)
{
	return (told & MACH_PAGES_RESIDENT ? VM_PAGE_QUERY_PAGE_PRESENT : 0) |
	       (told & MACH_PAGES_DIRTY ? VM_PAGE_QUERY_PAGE_DIRTY : 0) |
	       (told & MACH_PAGES_EXTERNAL ? VM_PAGE_QUERY_PAGE_EXTERNAL : 0);
}

/* A byte for each page that the range touches; *@n becomes how many these are. */
static kern_return_t ask(vm_map_t task, mach_vm_address_t address,
			 mach_vm_size_t size, unsigned char *told, size_t *n)
{
	struct mach_task_data arg = {
		.size = sizeof(arg),
		.address = address,
		.length = size,
		.data = (uintptr_t)told,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_PAGES, &arg);

	*n = arg.done;
	return error;
}

kern_return_t mach_vm_page_range_query(vm_map_t task, mach_vm_address_t address,
				       mach_vm_size_t size,
				       mach_vm_address_t dispositions,
				       mach_vm_size_t *dispositions_count)
{
	const mach_vm_size_t room = *dispositions_count;
	const vm_size_t page = vm_page_size;
	unsigned char told[PAGES_BATCH];
	int *to = (int *)dispositions;
	mach_vm_size_t done = 0, left;
	kern_return_t error;
	size_t n;

	/* of no page: may it be asked at all? */
	error = ask(task, address, 0, told, &n);
	if (error)
		return error;
	if (size && (address + size < address ||
		     round_page(address + size) < address + size))
		return KERN_INVALID_ARGUMENT;
	left = size ? (round_page(address + size) - trunc_page(address)) / page : 0;
	for (left = left < room ? left : room; left; left -= n) {
		error = ask(task, trunc_page(address) + done * page,
			    (left < PAGES_BATCH ? left : PAGES_BATCH) * page,
			    told, &n);
		if (error)
			return error;
		for (size_t i = 0; i < n; i++)
			to[done++] = disposition_of(told[i]);
	}
	*dispositions_count = done;
	return KERN_SUCCESS;
}

/* One page, with what its entry says; a hole is all zeros */
static kern_return_t page_look(vm_map_t task, mach_vm_address_t address,
			       vm_page_info_basic_data_t *info)
{
	struct mach_task_region region = {
		.size = sizeof(region),
		.address = trunc_page(address),
	};
	unsigned char told = 0;
	kern_return_t error;
	size_t n;

	error = ask(task, trunc_page(address), 1, &told, &n);
	if (error)
		return error;
	*info = (vm_page_info_basic_data_t) {};
	error = mach_task_call(task, MACH_TASK_REGION, &region);
	if (error == KERN_INVALID_ADDRESS || region.address > address)
		return KERN_SUCCESS;
	if (error)
		return error;
	info->disposition = disposition_of(told);
	info->ref_count = region.references;
	info->object_id = region.object;
	info->offset = region.offset + trunc_page(address) - region.address;
	return KERN_SUCCESS;
}

kern_return_t mach_vm_page_query(vm_map_t task, mach_vm_offset_t offset,
				 integer_t *disposition, integer_t *ref_count)
{
	vm_page_info_basic_data_t info;
	kern_return_t error = page_look(task, offset, &info);

	if (error)
		return error;
	*disposition = info.disposition;
	*ref_count = info.ref_count;
	return KERN_SUCCESS;
}

kern_return_t mach_vm_page_info(vm_map_t task, mach_vm_address_t address,
				vm_page_info_flavor_t flavor,
				vm_page_info_t info,
				mach_msg_type_number_t *count)
{
	if (flavor != VM_PAGE_INFO_BASIC || *count != VM_PAGE_INFO_BASIC_COUNT)
		return KERN_INVALID_ARGUMENT;
	return page_look(task, address, (vm_page_info_basic_t)info);
}
