// SPDX-License-Identifier: GPL-2.0-only
/* Checks of what Mach's calls return, and of what memory then allows. */
#include <sys/ioctl.h>

#include "machcall.h"

vm_address_t memory_allocate(vm_size_t size)
{
	vm_address_t address = 0;

	KERN_IS(vm_allocate(mach_task_self(), &address, size, TRUE),
		KERN_SUCCESS);
	return address;
}

long memory_region(task_t task, vm_address_t address,
		   struct mach_task_region *region)
{
	*region = (struct mach_task_region){
		.size = sizeof(*region),
		.address = address,
	};
	return RESULT(ioctl(task, MACH_TASK_REGION, region));
}

struct mach_task_info memory_info(task_t task)
{
	struct mach_task_info info = { .size = sizeof(info) };

	CHECK_IS(RESULT(ioctl(task, MACH_TASK_INFO, &info)), 0);
	return info;
}

uint64_t memory_resident(vm_address_t address)
{
	vm_object_info_data_t info = { .size = sizeof(info) };
	vm_address_t at = address;
	vm_prot_t prot, max;
	vm_inherit_t inheritance;
	boolean_t shared;
	vm_offset_t offset;
	mach_port_t name;
	vm_size_t size;

	KERN_IS(vm_region(mach_task_self(), &at, &size, &prot, &max,
			  &inheritance, &shared, &name, &offset), KERN_SUCCESS);
	CHECK(at <= address, "nothing at %#lx", address);
	if (name == MACH_PORT_NULL)
		return 0;
	CHECK(!vm_object_info(name, &info), "no information");
	mach_port_deallocate(mach_task_self(), name);
	return info.resident;
}

unsigned int memory_entries(task_t task, vm_address_t address, vm_size_t size)
{
	struct mach_task_region region;
	vm_address_t end = address + size;
	unsigned int n = 0;

	while (address < end && !memory_region(task, address, &region) &&
	       region.address < end) {
		n += region.address >= address;
		address = region.address + region.length;
	}
	return n;
}
