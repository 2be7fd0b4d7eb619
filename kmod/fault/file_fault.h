/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults in an area of a file of an object. */
#ifndef MACH_FILE_FAULT_H
#define MACH_FILE_FAULT_H

#include <linux/mm.h>

extern const struct vm_operations_struct mach_vm_operations;

#endif /* MACH_FILE_FAULT_H */
