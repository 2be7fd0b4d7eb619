/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - what vm_wire_all() wires.
 */
#ifndef _MACH_VM_WIRE_H
#define _MACH_VM_WIRE_H

typedef int vm_wire_t;

#define VM_WIRE_NONE		((vm_wire_t)0)
#define VM_WIRE_CURRENT		((vm_wire_t)1)
#define VM_WIRE_FUTURE		((vm_wire_t)2)
#define VM_WIRE_ALL		(VM_WIRE_CURRENT | VM_WIRE_FUTURE)

#endif /* _MACH_VM_WIRE_H */
