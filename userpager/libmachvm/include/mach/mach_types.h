/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - all types of Mach's calls on memory.
 */
#ifndef _MACH_MACH_TYPES_H
#define _MACH_MACH_TYPES_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/memory_object.h>
#include <mach/message.h>
#include <mach/port.h>
#include <mach/vm_behavior.h>
#include <mach/vm_inherit.h>
#include <mach/vm_param.h>
#include <mach/vm_prot.h>
#include <mach/vm_sync.h>
#include <mach/vm_types.h>
#include <mach/vm_wire.h>

typedef mach_port_t task_t;
typedef mach_port_t vm_task_t;
typedef mach_port_t vm_map_t;
typedef mach_port_t host_t;
typedef mach_port_t host_priv_t;
typedef mach_port_t ipc_space_t;
typedef task_t *task_array_t;
typedef vm_offset_t *vm_offset_array_t;
typedef vm_address_t *vm_address_array_t;
typedef vm_size_t *vm_size_array_t;

#define TASK_NULL		((task_t)0)
#define HOST_NULL		((host_t)0)

#endif /* _MACH_MACH_TYPES_H */
