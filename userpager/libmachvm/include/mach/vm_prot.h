/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - what accesses are allowed.
 */
#ifndef _MACH_VM_PROT_H
#define _MACH_VM_PROT_H

typedef int vm_prot_t;

#define VM_PROT_NONE		((vm_prot_t)0x00)
#define VM_PROT_READ		((vm_prot_t)0x01)
#define VM_PROT_WRITE		((vm_prot_t)0x02)
#define VM_PROT_EXECUTE		((vm_prot_t)0x04)
#define VM_PROT_DEFAULT		(VM_PROT_READ | VM_PROT_WRITE)
#define VM_PROT_ALL		(VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE)

/* Of memory_object_lock_request() */
#define VM_PROT_NO_CHANGE	((vm_prot_t)0x08)

/*
 * Kept by vm_protect() and told by vm_region(); a write that fails is SIGSEGV with
 * it as without. The same bit in mach_vm_protect() asks for a copy.
 */
#define VM_PROT_NOTIFY		((vm_prot_t)0x10)
#define VM_PROT_COPY		((vm_prot_t)0x10)

/* Of mach_make_memory_entry_64() and mach_vm_map(): as much as there is of it */
#define VM_PROT_IS_MASK		((vm_prot_t)0x40)

#endif /* _MACH_VM_PROT_H */
