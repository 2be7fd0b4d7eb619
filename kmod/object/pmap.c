// SPDX-License-Identifier: GPL-2.0-only
/* Page-table entries of an area: made in batches, and revoked in every process. */
#include "pmap.h"
#include "base/compat.h"

/*
 * Ordinary refcounted pages, entered in batches by mach_pmap_enter(). Entries
 * begin as not accessed, which x86 would not do by itself: so a revoke tells of
 * each page, also of those that were mapped only because they lie beside the
 * fault, whether it was used.
 */
void mach_pmap_prepare(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_page_prot = __pgprot(pgprot_val(vma->vm_page_prot) &
				     ~_PAGE_ACCESSED);
}

/**
 * mach_pmap_enter - Map consecutive pages, without write permission
 * @vma: area, VM_MIXEDMAP, with a page_mkwrite operation
 * @address: of the first page
 * @pages: frames that stay resident until this returns
 * @n: how many, inside the area
 *
 * Stops at an entry that is there already: then another fault was faster, and
 * has mapped what follows as well. Return: 0, or -ENOMEM.
 */
int mach_pmap_enter(struct vm_area_struct *vma, unsigned long address,
		    struct page **pages, unsigned int n)
{
	unsigned long left = n;
	int err = n == 1 ? vm_insert_page(vma, address, *pages) :
			   vm_insert_pages(vma, address, pages, &left);

	return err == -EBUSY ? 0 : err;
}

/**
 * mach_pmap_enter_writable - Map consecutive pages, with write permission
 * @vma: as of mach_pmap_enter(), which it resembles in all else
 * @address: of the first page
 * @pages: frames whose writes need not be noticed any more
 * @n: how many, inside the area
 *
 * Linux takes the permissions from the area, where they must be without write
 * so that first writes are noticed. Hence a copy of the area, seen by the
 * insertion alone. An area that its owner has made read-only stays that.
 */
int mach_pmap_enter_writable(struct vm_area_struct *vma, unsigned long address,
			     struct page **pages, unsigned int n)
{
	struct vm_area_struct writable = *vma;

	if (!(vma->vm_flags & VM_WRITE))
		return mach_pmap_enter(vma, address, pages, n);
	writable.vm_page_prot = __pgprot(pgprot_val(vma->vm_page_prot) |
					 _PAGE_RW);
	return mach_pmap_enter(&writable, address, pages, n);
}

/**
 * mach_pmap_revoke - Unmap pages everywhere, in every process
 * @mapping: whose areas map the pages
 * @first: page index
 * @n: how many
 *
 * When this returns no CPU has an entry of them, and those that were used are
 * marked referenced. Private copies stay. The caller makes sure that no new
 * entries appear before it is done.
 */
void mach_pmap_revoke(struct address_space *mapping, pgoff_t first,
		      unsigned long n)
{
	unmap_mapping_range(mapping, (loff_t)first << PAGE_SHIFT,
			    (loff_t)n << PAGE_SHIFT, 0);
}

/**
 * mach_pmap_forget - Unmap all pages from one on, everywhere
 * @mapping: whose areas map them
 * @first: page index
 *
 * As mach_pmap_revoke(), but private copies go as well: the file has ended before.
 */
void mach_pmap_forget(struct address_space *mapping, pgoff_t first)
{
	unmap_mapping_range(mapping, (loff_t)first << PAGE_SHIFT, 0, 1);
}
