/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - addresses and sizes.
 */
#ifndef _MACH_VM_TYPES_H
#define _MACH_VM_TYPES_H

#include <mach/port.h>

typedef unsigned long vm_offset_t;
typedef unsigned long vm_address_t;
typedef unsigned long vm_size_t;
typedef vm_offset_t pointer_t;

#endif /* _MACH_VM_TYPES_H */
