/* SPDX-License-Identifier: GPL-2.0-only */
/* A page for calls that read and write, without an area. */
#ifndef MACH_FAULT_PAGE_H
#define MACH_FAULT_PAGE_H

#include "base/manner.h"
#include "object/vm_object.h"

/* The object ends before the page: no errno, since a pager may say any of these. */
#define MACH_EBEYOND	600

struct page *mach_fault_page(struct mach_object *object, pgoff_t index,
			     u32 access, enum mach_manner manner);
struct page *mach_fault_task_page(struct mach_object *object, pgoff_t index,
				  u32 access, enum mach_manner manner);

#endif /* MACH_FAULT_PAGE_H */
