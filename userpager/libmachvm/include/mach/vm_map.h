/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - XNU's vm_* calls, for source that was written for XNU.
 *
 * They have GNU Mach's names and other arguments: a program has either. Here they
 * are those of <mach/mach_vm.h>: addresses have 64 bits anyway.
 */
#ifndef _MACH_VM_MAP_H
#define _MACH_VM_MAP_H

#ifdef _MACH_MACH_INTERFACE_H
#error "include <mach/vm_map.h> first: <mach/mach.h> has GNU Mach's calls of these names"
#endif

#include <mach/mach_vm.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: XNU's calls by their shorter names
 *
 * Each vm_NAME() is mach_vm_NAME() of &lt;mach/mach_vm.h&gt;, under a second name: what it
 * does, its parameters and its answers are said there. vm_region_64() and vm_region()
 * both are mach_vm_region(). The types have 64 bits, too: vm_address_t, vm_size_t and
 * vm_offset_t stand for mach_vm_address_t, mach_vm_size_t and mach_vm_offset_t.
 *
 * The library has GNU Mach's vm_*() under these names for the linker. So source that
 * includes this file, and calls by way of its declarations, gets XNU's; source that
 * includes &lt;mach/mach.h&gt; gets GNU Mach's. One file cannot have both. Source: XNU's
 * vm_map.defs.
 */

/* Ranges for vm_read_list(): as mach_vm_read_entry_t */
typedef struct mach_vm_read_entry vm_read_entry_t[VM_REGION_LIST_MAX];

kern_return_t vm_allocate(vm_map_t task, vm_address_t *address, vm_size_t size,
			  int flags)
	__asm__("mach_vm_allocate");
kern_return_t vm_deallocate(vm_map_t task, vm_address_t address,
			    vm_size_t size)
	__asm__("mach_vm_deallocate");
kern_return_t vm_protect(vm_map_t task, vm_address_t address, vm_size_t size,
			 boolean_t set_maximum, vm_prot_t new_protection)
	__asm__("mach_vm_protect");
kern_return_t vm_inherit(vm_map_t task, vm_address_t address, vm_size_t size,
			 vm_inherit_t new_inheritance)
	__asm__("mach_vm_inherit");
kern_return_t vm_read(vm_map_t task, vm_address_t address, vm_size_t size,
		      vm_offset_t *data, mach_msg_type_number_t *data_count)
	__asm__("mach_vm_read");
kern_return_t vm_read_list(vm_map_t task, vm_read_entry_t list,
			   natural_t count)
	__asm__("mach_vm_read_list");
kern_return_t vm_write(vm_map_t task, vm_address_t address, vm_offset_t data,
		       mach_msg_type_number_t data_count)
	__asm__("mach_vm_write");
kern_return_t vm_copy(vm_map_t task, vm_address_t source, vm_size_t size,
		      vm_address_t target)
	__asm__("mach_vm_copy");
kern_return_t vm_read_overwrite(vm_map_t task, vm_address_t address,
				vm_size_t size, vm_address_t data,
				vm_size_t *out_size)
	__asm__("mach_vm_read_overwrite");
kern_return_t vm_msync(vm_map_t task, vm_address_t address, vm_size_t size,
		       vm_sync_t flags)
	__asm__("mach_vm_msync");
kern_return_t vm_behavior_set(vm_map_t task, vm_address_t address,
			      vm_size_t size, vm_behavior_t behavior)
	__asm__("mach_vm_behavior_set");
kern_return_t vm_map(vm_map_t task, vm_address_t *address, vm_size_t size,
		     vm_offset_t mask, int flags, mem_entry_name_port_t object,
		     vm_offset_t offset, boolean_t copy,
		     vm_prot_t cur_protection, vm_prot_t max_protection,
		     vm_inherit_t inheritance)
	__asm__("mach_vm_map");
kern_return_t vm_remap(vm_map_t target_task, vm_address_t *target,
		       vm_size_t size, vm_offset_t mask, int flags,
		       vm_map_t source_task, vm_address_t source,
		       boolean_t copy, vm_prot_t *cur_protection,
		       vm_prot_t *max_protection, vm_inherit_t inheritance)
	__asm__("mach_vm_remap");
kern_return_t vm_region_64(vm_map_t task, vm_address_t *address,
			   vm_size_t *size, vm_region_flavor_t flavor,
			   vm_region_info_t info, mach_msg_type_number_t *count,
			   mach_port_t *object_name)
	__asm__("mach_vm_region");
kern_return_t vm_region(vm_map_t task, vm_address_t *address,
			vm_size_t *size, vm_region_flavor_t flavor,
			vm_region_info_t info, mach_msg_type_number_t *count,
			mach_port_t *object_name)
	__asm__("mach_vm_region");

#ifdef __cplusplus
}
#endif

#endif /* _MACH_VM_MAP_H */
