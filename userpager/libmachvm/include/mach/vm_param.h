/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - the size of pages.
 */
#ifndef _MACH_VM_PARAM_H
#define _MACH_VM_PARAM_H

#include <mach/vm_types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** vm_page_size - Bytes in a page. */
extern vm_size_t vm_page_size __attribute__((visibility("default")));

#ifdef __cplusplus
}
#endif

#define trunc_page(address)	((vm_offset_t)(address) & ~(vm_page_size - 1))
#define round_page(address)	\
	trunc_page((vm_offset_t)(address) + vm_page_size - 1)

#endif /* _MACH_VM_PARAM_H */
