/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - entries and objects, as Mach's debuggers see them.
 */
#ifndef _MACH_DEBUG_VM_INFO_H
#define _MACH_DEBUG_VM_INFO_H

#include <mach/mach_types.h>

/**
 * struct vm_region_info - An entry.
 * @vri_start: first address
 * @vri_end: the address after the last
 * @vri_protection: VM_PROT_*
 * @vri_max_protection: VM_PROT_*
 * @vri_inheritance: VM_INHERIT_*
 * @vri_wired_count: how often it is wired
 * @vri_user_wired_count: the same
 * @vri_object: the object's number, 0 without one
 * @vri_offset: in the object
 * @vri_needs_copy: is it copied before the first write?
 * @vri_sharing: do others see what is written there?
 */
typedef struct vm_region_info {
	vm_offset_t vri_start;
	vm_offset_t vri_end;
	vm_prot_t vri_protection;
	vm_prot_t vri_max_protection;
	vm_inherit_t vri_inheritance;
	unsigned int vri_wired_count;
	unsigned int vri_user_wired_count;
	vm_offset_t vri_object;
	vm_offset_t vri_offset;
	int vri_needs_copy;
	unsigned int vri_sharing;
} vm_region_info_debug_t;

#define VOI_STATE_PAGER_CREATED		0x01
#define VOI_STATE_PAGER_INITIALIZED	0x02
#define VOI_STATE_PAGER_READY		0x04
#define VOI_STATE_CAN_PERSIST		0x08
#define VOI_STATE_INTERNAL		0x10
#define VOI_STATE_TEMPORARY		0x20
#define VOI_STATE_ALIVE			0x40
#define VOI_STATE_LOCK_IN_PROGRESS	0x80

/**
 * struct vm_object_info - An object.
 * @voi_object: its number
 * @voi_pagesize: bytes in a page
 * @voi_size: bytes
 * @voi_ref_count: entries of any map, descriptors and names that hold it
 * @voi_resident_page_count: pages in memory
 * @voi_absent_count: pages that wait for their contents
 * @voi_copy: 0: there are no copy objects
 * @voi_shadow: 0: there are no shadow objects
 * @voi_shadow_offset: 0
 * @voi_paging_offset: 0
 * @voi_copy_strategy: MEMORY_OBJECT_COPY_NONE
 * @voi_last_alloc: 0
 * @voi_paging_in_progress: 1 if pages wait for their contents
 * @voi_state: VOI_STATE_*; objects without a pager are INTERNAL and TEMPORARY
 */
typedef struct vm_object_info {
	vm_offset_t voi_object;
	vm_size_t voi_pagesize;
	vm_size_t voi_size;
	unsigned int voi_ref_count;
	unsigned int voi_resident_page_count;
	unsigned int voi_absent_count;
	vm_offset_t voi_copy;
	vm_offset_t voi_shadow;
	vm_offset_t voi_shadow_offset;
	vm_offset_t voi_paging_offset;
	int voi_copy_strategy;
	vm_offset_t voi_last_alloc;
	unsigned int voi_paging_in_progress;
	unsigned int voi_state;
} vm_object_info_t;

#endif /* _MACH_DEBUG_VM_INFO_H */
