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
	vm_object_info_data_t info = { .size = sizeof(info) };

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

/* Memory without a pager is nowhere else. */
static unsigned int pages_dirtied(const struct mach_task_region *region,
				  const vm_object_info_data_t *object)
{
	return region->state & MACH_REGION_INTERNAL ? object->resident :
						      object->dirty;
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
		.pages_dirtied = pages_dirtied(region, &object),
		.ref_count = region->references,
		.external_pager = !(region->state & MACH_REGION_INTERNAL),
		.share_mode = share_mode(region),
	};

	memcpy(to, &info, sizeof(info));
}

static void tell_top(const struct mach_task_region *region, void *to)
{
	const vm_object_info_data_t object = region_object(region);
	const unsigned char mode = share_mode(region);
	const vm_region_top_info_data_t info = {
		.obj_id = region->object,
		.ref_count = region->references,
		.private_pages_resident = mode == SM_PRIVATE ?
					  object.resident : 0,
		.shared_pages_resident = mode == SM_SHARED ? object.resident : 0,
		.share_mode = mode,
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
		.pages_dirtied = pages_dirtied(region, &object),
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

/* XNU's flavors: how much each is, and whether it speaks of the object's pages */
static const struct flavor {
	vm_region_flavor_t flavor;
	mach_msg_type_number_t count;
	boolean_t pages;
	void (*tell)(const struct mach_task_region *region, void *to);
} flavors[] = {
	{ VM_REGION_BASIC_INFO_64, VM_REGION_BASIC_INFO_COUNT_64, FALSE,
	  tell_basic },
	{ VM_REGION_BASIC_INFO, VM_REGION_BASIC_INFO_COUNT_64, FALSE,
	  tell_basic },
	{ VM_REGION_TOP_INFO, VM_REGION_TOP_INFO_COUNT, TRUE, tell_top },
	{ VM_REGION_EXTENDED_INFO, VM_REGION_EXTENDED_INFO_COUNT, TRUE,
	  tell_extended },
};

static const struct flavor *flavor_find(vm_region_flavor_t flavor)
{
	for (size_t i = 0; i < sizeof(flavors) / sizeof(*flavors); i++)
		if (flavors[i].flavor == flavor)
			return &flavors[i];
	return NULL;
}

kern_return_t mach_vm_region(vm_map_t task, mach_vm_address_t *address,
			     mach_vm_size_t *size, vm_region_flavor_t flavor,
			     vm_region_info_t info,
			     mach_msg_type_number_t *count,
			     mach_port_t *object_name)
{
	const struct flavor *wanted = flavor_find(flavor);
	struct mach_task_region region;
	kern_return_t error;

	if (!wanted || *count < wanted->count)
		return KERN_INVALID_ARGUMENT;
	error = region_look(task, *address, wanted->pages, &region);
	if (error)
		return error;
	*address = region.address;
	*size = region.length;
	*count = wanted->count;
	if (object_name)
		*object_name = MACH_PORT_NULL;
	wanted->tell(&region, info);
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
