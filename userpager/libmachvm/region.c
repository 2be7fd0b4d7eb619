// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - XNU's ways to ask for an entry.
 */
#include <string.h>
#include <unistd.h>

#include "mach_priv.h"

/* The entry at or above an address; with a name for who asks for pages */
static kern_return_t region_look(vm_map_t task, mach_vm_address_t address,
				 boolean_t name, struct mach_task_region *region)
{
	*region = (struct mach_task_region) {
		.size = sizeof(*region),
		.flags = name ? MACH_REGION_NAME : 0,
		.address = address,
	};
	return mach_task_call(task, MACH_TASK_REGION, region);
}

/* All of the object, which may be more than the entry shows; or zeros */
static vm_object_info_data_t region_object(const struct mach_task_region *region)
{
	vm_object_info_data_t info = {};

	if (region->name < 0)
		return info;
	if (vm_object_info(region->name, &info))
		info = (vm_object_info_data_t) {};
	close(region->name);
	return info;
}

static unsigned char share_mode(const struct mach_task_region *region)
{
	if (region->name < 0)
		return SM_EMPTY;
	return region->state & MACH_REGION_SHARED ||
	       !(region->state & MACH_REGION_INTERNAL) ? SM_SHARED : SM_PRIVATE;
}

static void tell_basic(const struct mach_task_region *region, void *to)
{
	const vm_region_basic_info_data_64_t info = {
		.protection = region->protection,
		.max_protection = region->max_protection,
		.inheritance = region->inheritance,
		.shared = !!(region->state & MACH_REGION_SHARED),
		.offset = region->offset,
		.behavior = region->behavior,
		.user_wired_count = region->wired,
	};

	memcpy(to, &info, sizeof(info));
}

static void tell_extended(const struct mach_task_region *region, void *to)
{
	const vm_object_info_data_t object = region_object(region);
	const vm_region_extended_info_data_t info = {
		.protection = region->protection,
		.pages_resident = object.resident,
		.pages_dirtied = object.dirty,
		.ref_count = region->references,
		.external_pager = !(region->state & MACH_REGION_INTERNAL),
		.share_mode = share_mode(region),
	};

	memcpy(to, &info, sizeof(info));
}

static void tell_submap(const struct mach_task_region *region, void *to)
{
	const vm_object_info_data_t object = region_object(region);
	const vm_region_submap_info_data_64_t info = {
		.protection = region->protection,
		.max_protection = region->max_protection,
		.inheritance = region->inheritance,
		.offset = region->offset,
		.pages_resident = object.resident,
		.pages_dirtied = object.dirty,
		.ref_count = region->references,
		.external_pager = !(region->state & MACH_REGION_INTERNAL),
		.share_mode = share_mode(region),
		.behavior = region->behavior,
		.object_id = region->object,
		.user_wired_count = region->wired,
		.object_id_full = region->object,
	};

	memcpy(to, &info, sizeof(info));
}

kern_return_t mach_vm_region(vm_map_t task, mach_vm_address_t *address,
			     mach_vm_size_t *size, vm_region_flavor_t flavor,
			     vm_region_info_t info,
			     mach_msg_type_number_t *count,
			     mach_port_t *object_name)
{
	const boolean_t extended = flavor == VM_REGION_EXTENDED_INFO;
	const mach_msg_type_number_t needed = extended ?
		VM_REGION_EXTENDED_INFO_COUNT : VM_REGION_BASIC_INFO_COUNT_64;
	struct mach_task_region region;
	kern_return_t error;

	if ((!extended && flavor != VM_REGION_BASIC_INFO_64 &&
	     flavor != VM_REGION_BASIC_INFO) || *count < needed)
		return KERN_INVALID_ARGUMENT;
	error = region_look(task, *address, extended, &region);
	if (error)
		return error;
	*address = region.address;
	*size = region.length;
	*count = needed;
	if (object_name)
		*object_name = MACH_PORT_NULL;
	if (extended)
		tell_extended(&region, info);
	else
		tell_basic(&region, info);
	return KERN_SUCCESS;
}

kern_return_t mach_vm_region_recurse(vm_map_t task, mach_vm_address_t *address,
				     mach_vm_size_t *size, natural_t *depth,
				     vm_region_recurse_info_t info,
				     mach_msg_type_number_t *count)
{
	struct mach_task_region region;
	kern_return_t error;

	if (*count < VM_REGION_SUBMAP_INFO_COUNT_64)
		return KERN_INVALID_ARGUMENT;
	error = region_look(task, *address, TRUE, &region);
	if (error)
		return error;
	*address = region.address;
	*size = region.length;
	*count = VM_REGION_SUBMAP_INFO_COUNT_64;
	*depth = 0;
	tell_submap(&region, info);
	return KERN_SUCCESS;
}
