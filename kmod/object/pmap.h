/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux's page tables, seen as Mach's pmap: enter and revoke. */
#ifndef MACH_PMAP_H
#define MACH_PMAP_H

#include "base/mach_types.h"

#include <linux/fs.h>

void mach_pmap_prepare(struct vm_area_struct *vma);
int mach_pmap_enter(struct vm_area_struct *vma, unsigned long address,
		    struct page **pages, unsigned int n);
int mach_pmap_enter_writable(struct vm_area_struct *vma, unsigned long address,
			     struct page **pages, unsigned int n);
void mach_pmap_revoke(struct address_space *mapping, pgoff_t first,
		      unsigned long n);
void mach_pmap_forget(struct address_space *mapping, pgoff_t first);

#endif /* MACH_PMAP_H */
