// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - the host: its privileged port, and its numbers.
 */
#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mach_priv.h"

host_t mach_host_self(void)
{
	return MACH_HOST;
}

static boolean_t capable(unsigned int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data))
		return FALSE;
	return data[CAP_TO_INDEX(capability)].effective &
	       CAP_TO_MASK(capability) ? TRUE : FALSE;
}

kern_return_t host_get_host_priv_port(host_t host, host_priv_t *host_priv)
{
	if (!mach_is_host(host))
		return KERN_INVALID_ARGUMENT;
	if (!capable(CAP_IPC_LOCK) && !capable(CAP_SYS_RESOURCE))
		return KERN_NO_ACCESS;
	*host_priv = MACH_HOST_PRIV;
	return KERN_SUCCESS;
}

static kern_return_t module_statistics(task_t task,
				       struct mach_vm_statistics *numbers)
{
	*numbers = (struct mach_vm_statistics) { .size = sizeof(*numbers) };
	return mach_task_call(task, MACH_VM_STATISTICS, numbers);
}

kern_return_t vm_statistics(vm_task_t task, vm_statistics_data_t *stats)
{
	struct mach_vm_statistics numbers;
	kern_return_t error = module_statistics(task, &numbers);

	if (error)
		return error;
	*stats = (vm_statistics_data_t) {
		.pagesize = numbers.page_size,
		.free_count = numbers.free_count,
		.active_count = numbers.active_count,
		.inactive_count = numbers.inactive_count,
		.wire_count = numbers.wire_count,
		.zero_fill_count = numbers.zero_fill_count,
		.reactivations = numbers.reactivations,
		.pageins = numbers.pageins,
		.pageouts = numbers.pageouts,
		.faults = numbers.faults,
	};
	return KERN_SUCCESS;
}

kern_return_t vm_cache_statistics(vm_task_t task,
				  vm_cache_statistics_data_t *stats)
{
	struct mach_vm_statistics numbers;
	kern_return_t error = module_statistics(task, &numbers);

	if (error)
		return error;
	*stats = (vm_cache_statistics_data_t) {
		.cache_object_count = numbers.objects,
		.cache_count = numbers.active_count + numbers.inactive_count,
	};
	return KERN_SUCCESS;
}

kern_return_t vm_machine_attribute(vm_task_t task, vm_address_t address,
				   vm_size_t size, natural_t attribute,
				   int *value)
{
	struct mach_task_info info = { .size = sizeof(info) };

	(void)address, (void)size, (void)attribute, (void)value;
	return mach_task_call(task, MACH_TASK_INFO, &info) ?:
	       KERN_INVALID_ADDRESS;
}
