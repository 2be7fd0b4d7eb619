/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking pages away: first no page-table entry can come, then those that are there
 * are revoked, then the page is forgotten.
 */
#ifndef MACH_VM_DROP_H
#define MACH_VM_DROP_H

#include "pool/buddy.h"
#include "vm_object.h"

/**
 * struct mach_eviction - What came of judging some pages
 * @dropped: pages that went
 * @dirty: pages that may go once the pager has their data
 */
struct mach_eviction {
	unsigned int dropped;
	unsigned int dirty;
};

void mach_object_unmap(struct mach_object *object, pgoff_t first,
		       unsigned long n);
void mach_object_flush(struct mach_object *object, pgoff_t first, pgoff_t end,
		       bool dirty);
int mach_object_forget(struct mach_object *object, pgoff_t first, pgoff_t end,
		       bool dirty);
void mach_object_cut(struct mach_object *object, pgoff_t first);
void mach_object_forget_part(struct mach_object *object, pgoff_t index);
void mach_object_zero_rest(struct mach_object *object, u64 size);
void mach_object_deactivate(struct mach_object *object, pgoff_t first,
			    pgoff_t end);
void mach_object_evict(struct mach_object *object, pgoff_t index,
		       const struct mach_chunk *chunk,
		       struct mach_eviction *eviction);

#endif /* MACH_VM_DROP_H */
