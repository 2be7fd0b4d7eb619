/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - what a task made from this one will have of a range.
 */
#ifndef _MACH_VM_INHERIT_H
#define _MACH_VM_INHERIT_H

typedef int vm_inherit_t;

#define VM_INHERIT_SHARE	((vm_inherit_t)0)
#define VM_INHERIT_COPY		((vm_inherit_t)1)
#define VM_INHERIT_NONE		((vm_inherit_t)2)
#define VM_INHERIT_DEFAULT	VM_INHERIT_COPY

#endif /* _MACH_VM_INHERIT_H */
