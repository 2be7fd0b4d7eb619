/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - what calls return.
 */
#ifndef _MACH_KERN_RETURN_H
#define _MACH_KERN_RETURN_H

/**
 * DOC: kern_return_t
 *
 * ======================  ===================================================
 * KERN_SUCCESS            done
 * KERN_INVALID_ADDRESS    part of the range is in no entry, or out of the window
 * KERN_PROTECTION_FAILURE an entry's (maximum) protection forbids it
 * KERN_NO_SPACE           no such room, or the size limit would be passed;
 *                         vm_region(): no entry at or above the address
 * KERN_INVALID_ARGUMENT   a size, flag, mask, alignment or port is wrong
 * KERN_FAILURE            anything else; errno tells
 * KERN_RESOURCE_SHORTAGE  no memory, or no descriptor
 * KERN_NO_ACCESS          it takes a privilege, or RLIMIT_MEMLOCK is reached
 * KERN_MEMORY_FAILURE     the memory object was destroyed
 * KERN_MEMORY_ERROR       its pager did not give the data, or did not take it
 * KERN_ABORTED            interrupted; what was done remains
 * KERN_INVALID_NAME       of objects and ports: there is none of that name
 * KERN_INVALID_TASK       vm_wire(), vm_wire_all(), vm_msync() and those of limits,
 *                         ports and proxies: the port is not a task. Of the other
 *                         calls it is KERN_INVALID_ARGUMENT. mach_task_self() is no
 *                         task if it found no module.
 * KERN_INVALID_RIGHT      a memory entry does not give as much
 * KERN_INVALID_VALUE      a number of references that cannot be
 * KERN_INVALID_HOST       the port is not a host, or not the privileged one
 * ======================  ===================================================
 *
 * After a failure errno says what Linux said, if it was asked. The other codes
 * are for source that names them; no call here returns them. MIG's errors do not
 * occur.
 */

typedef int kern_return_t;

#define KERN_SUCCESS		0
#define KERN_INVALID_ADDRESS	1
#define KERN_PROTECTION_FAILURE	2
#define KERN_NO_SPACE		3
#define KERN_INVALID_ARGUMENT	4
#define KERN_FAILURE		5
#define KERN_RESOURCE_SHORTAGE	6
#define KERN_NOT_RECEIVER	7
#define KERN_NO_ACCESS		8
#define KERN_MEMORY_FAILURE	9
#define KERN_MEMORY_ERROR	10
#define KERN_NOT_IN_SET		12
#define KERN_NAME_EXISTS	13
#define KERN_ABORTED		14
#define KERN_INVALID_NAME	15
#define KERN_INVALID_TASK	16
#define KERN_INVALID_RIGHT	17
#define KERN_INVALID_VALUE	18
#define KERN_UREFS_OVERFLOW	19
#define KERN_INVALID_CAPABILITY	20
#define KERN_RIGHT_EXISTS	21
#define KERN_INVALID_HOST	22
#define KERN_MEMORY_PRESENT	23
#define KERN_WRITE_PROTECTION_FAILURE 24
#define KERN_TERMINATED		26
#define KERN_TIMEDOUT		27
#define KERN_INTERRUPTED	28

#endif /* _MACH_KERN_RETURN_H */
