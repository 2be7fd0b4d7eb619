/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - calls that look into the module.
 */
#ifndef _MACH_DEBUG_MACH_DEBUG_H
#define _MACH_DEBUG_MACH_DEBUG_H

#include <mach_debug/slab_info.h>
#include <mach_debug/vm_info.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * host_slab_info - Describe the module's caches of structures.
 * @host: mach_host_self()
 * @info: in: room for some; out: the same, or memory that was allocated for them if
 *	there are more: vm_deallocate() it
 * @count: in: how many there is room for; out: how many there are
 *
 * Return: KERN_SUCCESS, _INVALID_HOST, _RESOURCE_SHORTAGE, _NO_SPACE, _FAILURE (no
 * module).
 */
kern_return_t host_slab_info(host_t host, cache_info_array_t *info,
			     mach_msg_type_number_t *count);

/**
 * mach_vm_region_info - Describe the entry at an address, or the next one above.
 * @task: whose
 * @address: where to look from
 * @region: out: the entry
 * @object: out: a name of its object, or MACH_PORT_NULL
 *
 * Return: KERN_SUCCESS, _NO_SPACE (there is none), _INVALID_ARGUMENT,
 * _RESOURCE_SHORTAGE.
 */
kern_return_t mach_vm_region_info(task_t task, vm_address_t address,
				  vm_region_info_debug_t *region,
				  memory_object_name_t *object);

/**
 * mach_vm_object_info - Describe an object.
 * @object: a name, an object or a proxy
 * @info: out: the object
 * @shadow: out: MACH_PORT_NULL
 * @copy: out: MACH_PORT_NULL
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT.
 */
kern_return_t mach_vm_object_info(memory_object_name_t object,
				  vm_object_info_t *info,
				  memory_object_name_t *shadow,
				  memory_object_name_t *copy);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _MACH_DEBUG_MACH_DEBUG_H */
