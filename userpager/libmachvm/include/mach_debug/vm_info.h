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

#endif /* _MACH_DEBUG_VM_INFO_H */
