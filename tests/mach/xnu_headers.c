// SPDX-License-Identifier: GPL-2.0-only
/* Source that was written for XNU: its headers first, and its calls under Mach's names. */
#include <mach/vm_map.h>
#include <mach/mach.h>

int xnu_named_calls(task_t task);

/* Return: the line that went wrong, or 0. */
int xnu_named_calls(task_t task)
{
	vm_region_basic_info_data_64_t info;
	mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
	vm_address_t address = 0, there;
	mach_port_t name;
	vm_size_t size;

	if (vm_allocate(task, &address, vm_page_size,
			VM_FLAGS_ANYWHERE | VM_MAKE_TAG(7)))
		return __LINE__;
	if (vm_allocate(task, &address, vm_page_size, 0x40) !=
	    KERN_INVALID_ARGUMENT)
		return __LINE__;
	there = address;
	if (vm_region(task, &there, &size, VM_REGION_BASIC_INFO_64,
		      (vm_region_info_t)&info, &count, &name) ||
	    there != address || size != vm_page_size)
		return __LINE__;
	if (vm_protect(task, address, 2 * vm_page_size, FALSE, VM_PROT_READ) !=
	    KERN_INVALID_ADDRESS)
		return __LINE__;
	return vm_deallocate(task, address, size) ? __LINE__ : 0;
}
