/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - how a range will be used.
 */
#ifndef _MACH_VM_BEHAVIOR_H
#define _MACH_VM_BEHAVIOR_H

typedef int vm_behavior_t;

#define VM_BEHAVIOR_DEFAULT	((vm_behavior_t)0)
#define VM_BEHAVIOR_RANDOM	((vm_behavior_t)1)
#define VM_BEHAVIOR_SEQUENTIAL	((vm_behavior_t)2)
#define VM_BEHAVIOR_RSEQNTL	((vm_behavior_t)3)

/* What is done at once, and not remembered */
#define VM_BEHAVIOR_WILLNEED	((vm_behavior_t)4)
#define VM_BEHAVIOR_DONTNEED	((vm_behavior_t)5)
#define VM_BEHAVIOR_FREE	((vm_behavior_t)6)
#define VM_BEHAVIOR_ZERO	((vm_behavior_t)12)

#endif /* _MACH_VM_BEHAVIOR_H */
