// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - Mach's calls that look into the kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <mach_debug/mach_debug.h>

#include "mach_priv.h"

/* Caches that there may be, without asking twice */
#define CACHES_MAX	64

static void tell_cache(const struct mach_vm_cache *cache, cache_info_t *info)
{
	*info = (cache_info_t) {
		.cpu_pool_size = cache->cached,
		.obj_size = cache->object_size,
		.buf_size = cache->stride,
		.slab_size = cache->slab_size,
		.bufs_per_slab = cache->per_slab,
		.nr_objs = cache->active,
		.nr_bufs = cache->slabs * cache->per_slab,
		.nr_slabs = cache->slabs,
		.nr_free_slabs = cache->empty_slabs,
	};
	snprintf(info->name, sizeof(info->name), "%s", cache->name);
}

/* All caches, to be freed; or NULL */
static struct mach_vm_cache *ask_caches(mach_msg_type_number_t *n,
					kern_return_t *error)
{
	struct mach_vm_cache *caches = calloc(CACHES_MAX, sizeof(*caches));
	struct mach_vm_array array = {
		.size = sizeof(array),
		.entry_size = sizeof(*caches),
		.count = CACHES_MAX,
		.address = (unsigned long)caches,
	};

	*error = KERN_RESOURCE_SHORTAGE;
	if (!caches)
		return NULL;
	*error = mach_task_call(mach_task_self(), MACH_VM_CACHES, &array);
	if (*error) {
		*error = KERN_FAILURE;
		free(caches);
		return NULL;
	}
	*n = array.count < CACHES_MAX ? array.count : CACHES_MAX;
	return caches;
}

kern_return_t host_slab_info(host_t host, cache_info_array_t *info,
			     mach_msg_type_number_t *count)
{
	struct mach_vm_cache *caches;
	mach_msg_type_number_t n, i;
	vm_address_t room = 0;
	kern_return_t error;

	if (!mach_is_host(host))
		return KERN_INVALID_HOST;
	caches = ask_caches(&n, &error);
	if (!caches)
		return error;
	if (n > *count) {
		error = vm_allocate(mach_task_self(), &room, n * sizeof(**info),
				    TRUE);
		if (!error)
			*info = (cache_info_array_t)room;
	}
	if (!error) {
		for (i = 0; i < n; i++)
			tell_cache(&caches[i], &(*info)[i]);
		*count = n;
	}
	free(caches);
	return error;
}

kern_return_t mach_vm_region_info(task_t task, vm_address_t address,
				  vm_region_info_debug_t *region,
				  memory_object_name_t *object)
{
	struct mach_task_region arg = {
		.size = sizeof(arg),
		.flags = MACH_REGION_NAME,
		.address = address,
	};
	kern_return_t error = mach_task_call(task, MACH_TASK_REGION, &arg);
	mach_port_t name = MACH_PORT_NULL;

	if (error)
		return error == KERN_INVALID_ADDRESS ? KERN_NO_SPACE : error;
	if (arg.name >= 0)
		error = mach_port_take(arg.name, &name);
	if (error)
		return error;
	*region = (vm_region_info_debug_t) {
		.vri_start = arg.address,
		.vri_end = arg.address + arg.length,
		.vri_protection = arg.protection,
		.vri_max_protection = arg.max_protection,
		.vri_inheritance = arg.inheritance,
		.vri_wired_count = arg.wired,
		.vri_user_wired_count = arg.wired,
		.vri_object = arg.object,
		.vri_offset = arg.offset,
		.vri_needs_copy = !!(arg.state & MACH_REGION_NEEDS_COPY),
		.vri_sharing = !!(arg.state & MACH_REGION_SHARED),
	};
	*object = name;
	return KERN_SUCCESS;
}

static unsigned int object_state(const vm_object_info_data_t *object)
{
	return (object->state & MACH_OBJECT_ALIVE ? VOI_STATE_ALIVE : 0) |
	       (object->state & MACH_OBJECT_INTERNAL ?
		VOI_STATE_INTERNAL | VOI_STATE_TEMPORARY :
		VOI_STATE_PAGER_CREATED | VOI_STATE_PAGER_INITIALIZED |
		VOI_STATE_PAGER_READY);
}

kern_return_t mach_vm_object_info(memory_object_name_t object,
				  vm_object_info_t *info,
				  memory_object_name_t *shadow,
				  memory_object_name_t *copy)
{
	vm_object_info_data_t known = { .size = sizeof(known) };
	kern_return_t error = vm_object_info(object, &known);

	if (error)
		return error == KERN_INVALID_NAME ? KERN_INVALID_ARGUMENT :
						    error;
	*info = (vm_object_info_t) {
		.voi_object = known.object,
		.voi_pagesize = vm_page_size,
		.voi_size = known.object_size,
		.voi_ref_count = known.references,
		.voi_resident_page_count = known.resident,
		.voi_absent_count = known.busy,
		.voi_paging_in_progress = known.busy != 0,
		.voi_state = object_state(&known),
	};
	*shadow = MACH_PORT_NULL;
	*copy = MACH_PORT_NULL;
	return KERN_SUCCESS;
}
