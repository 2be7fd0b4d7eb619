/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message array of each queue, which its pager maps. The mapping tells of the
 * pager's death: it goes when the process's memory is torn down, before its
 * descriptors are closed. So it is neither inherited nor split.
 */
#ifndef MACH_PAGER_ARRAY_H
#define MACH_PAGER_ARRAY_H

#include "pager_port.h"

int mach_array_mmap(struct mach_port *port, struct vm_area_struct *vma);

#endif /* MACH_PAGER_ARRAY_H */
