/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - XNU's calls on memory, with its types, flags and codes.
 *
 * Beside the calls of <mach/mach.h>, which are GNU Mach's; what is not said here is
 * as there.
 */
#ifndef _MACH_MACH_VM_H
#define _MACH_MACH_VM_H

#include <mach/mach_types.h>
#include <mach/vm_region.h>
#include <mach/vm_statistics.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef uint64_t mach_vm_address_t;
typedef uint64_t mach_vm_offset_t;
typedef uint64_t mach_vm_size_t;
typedef mach_port_t mem_entry_name_port_t;

/* Zero-filled memory. Flags: ANYWHERE, RANDOM_ADDR, OVERWRITE, a tag. */
kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t *address,
			       mach_vm_size_t size, int flags);
kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address,
				 mach_vm_size_t size);
/*
 * Holes and what is outside the window are KERN_INVALID_ADDRESS. With VM_PROT_COPY
 * the range becomes a copy of itself that may be written to.
 */
kern_return_t mach_vm_protect(vm_map_t task, mach_vm_address_t address,
			      mach_vm_size_t size, boolean_t set_maximum,
			      vm_prot_t new_protection);
kern_return_t mach_vm_inherit(vm_map_t task, mach_vm_address_t address,
			      mach_vm_size_t size,
			      vm_inherit_t new_inheritance);
kern_return_t mach_vm_read(vm_map_t task, mach_vm_address_t address,
			   mach_vm_size_t size, vm_offset_t *data,
			   mach_msg_type_number_t *data_count);
/*
 * Each entry becomes where its data is; 0 and 0 where it failed. The last code wins.
 */
kern_return_t mach_vm_read_list(vm_map_t task, mach_vm_read_entry_t list,
				natural_t count);
kern_return_t mach_vm_write(vm_map_t task, mach_vm_address_t address,
			    vm_offset_t data,
			    mach_msg_type_number_t data_count);
kern_return_t mach_vm_copy(vm_map_t task, mach_vm_address_t source,
			   mach_vm_size_t size, mach_vm_address_t target);
/* To memory that is there. */
kern_return_t mach_vm_read_overwrite(vm_map_t task, mach_vm_address_t address,
				     mach_vm_size_t size,
				     mach_vm_address_t data,
				     mach_vm_size_t *out_size);
kern_return_t mach_vm_msync(vm_map_t task, mach_vm_address_t address,
			    mach_vm_size_t size, vm_sync_t flags);
kern_return_t mach_vm_behavior_set(vm_map_t task, mach_vm_address_t address,
				   mach_vm_size_t size, vm_behavior_t behavior);
/*
 * @object: an object, a proxy or a memory entry. KERN_INVALID_RIGHT if a memory entry
 * or proxy gives less, unless VM_PROT_IS_MASK is given; KERN_NO_SPACE if there is
 * no room from *@address on; KERN_INVALID_ARGUMENT if a fixed range goes over the
 * end of all addresses.
 */
kern_return_t mach_vm_map(vm_map_t task, mach_vm_address_t *address,
			  mach_vm_size_t size, mach_vm_offset_t mask, int flags,
			  mem_entry_name_port_t object,
			  memory_object_offset_t offset, boolean_t copy,
			  vm_prot_t cur_protection, vm_prot_t max_protection,
			  vm_inherit_t inheritance);
/*
 * With VM_FLAGS_RETURN_DATA_ADDR *@target is where @source is shown, and whole pages
 * around both ends are.
 */
kern_return_t mach_vm_remap(vm_map_t target_task, mach_vm_address_t *target,
			    mach_vm_size_t size, mach_vm_offset_t mask,
			    int flags, vm_map_t source_task,
			    mach_vm_address_t source, boolean_t copy,
			    vm_prot_t *cur_protection,
			    vm_prot_t *max_protection,
			    vm_inherit_t inheritance);
/* KERN_RESOURCE_SHORTAGE above RLIMIT_MEMLOCK. */
kern_return_t mach_vm_wire(host_priv_t host, vm_map_t task,
			   mach_vm_address_t address, mach_vm_size_t size,
			   vm_prot_t access);
/*
 * Flavors: VM_REGION_BASIC_INFO_64, _TOP_INFO, _EXTENDED_INFO. KERN_INVALID_ADDRESS if
 * nothing is at or above the address; KERN_INVALID_ARGUMENT if *@count is too small.
 * @object_name: MACH_PORT_NULL, as in XNU.
 */
kern_return_t mach_vm_region(vm_map_t task, mach_vm_address_t *address,
			     mach_vm_size_t *size, vm_region_flavor_t flavor,
			     vm_region_info_t info,
			     mach_msg_type_number_t *count,
			     mach_port_t *object_name);
/* There are no submaps: *@depth becomes 0. */
kern_return_t mach_vm_region_recurse(vm_map_t task, mach_vm_address_t *address,
				     mach_vm_size_t *size, natural_t *depth,
				     vm_region_recurse_info_t info,
				     mach_msg_type_number_t *count);
/*
 * Is the page there (VM_PAGE_QUERY_PAGE_PRESENT), not yet with its pager (_DIRTY), of
 * an object with a pager (_EXTERNAL)? Nothing is brought in. What is in no entry is 0.
 * @ref_count: what holds the object.
 */
kern_return_t mach_vm_page_query(vm_map_t task, mach_vm_offset_t offset,
				 integer_t *disposition, integer_t *ref_count);
/* The same in a structure. Flavor: VM_PAGE_INFO_BASIC. */
kern_return_t mach_vm_page_info(vm_map_t task, mach_vm_address_t address,
				vm_page_info_flavor_t flavor,
				vm_page_info_t info,
				mach_msg_type_number_t *count);
/*
 * The same of a range: an int for each page, at the address @dispositions of this
 * process. *@dispositions_count is how many there is room for, and becomes how many
 * there are. KERN_INVALID_ARGUMENT if the range goes over the end of all addresses.
 */
kern_return_t mach_vm_page_range_query(vm_map_t task, mach_vm_address_t address,
				       mach_vm_size_t size,
				       mach_vm_address_t dispositions,
				       mach_vm_size_t *dispositions_count);
/*
 * A memory entry: a proxy of what one entry of the task shows from @offset on, to be
 * given to mach_vm_map(). *@size becomes what it shows, of whole pages, at most the
 * rest of that entry. KERN_PROTECTION_FAILURE if @permission is more than there is,
 * unless VM_PROT_IS_MASK is given; KERN_INVALID_ADDRESS: a hole. With @parent it is a
 * part of that memory entry, and KERN_INVALID_ARGUMENT beyond it.
 * MAP_MEM_NAMED_CREATE: new memory; MAP_MEM_VM_COPY: a copy; MAP_MEM_VM_SHARE: as
 * without.
 */
kern_return_t mach_make_memory_entry_64(vm_map_t task,
					memory_object_size_t *size,
					memory_object_offset_t offset,
					vm_prot_t permission,
					mem_entry_name_port_t *handle,
					mem_entry_name_port_t parent);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _MACH_MACH_VM_H */
