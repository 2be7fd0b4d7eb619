/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames: ordinary refcounted Linux pages that objects hold.
 *
 * A frame that comes back is kept for the next request, because Debian's
 * kernels zero every page they hand out, and ours are overwritten before
 * anyone can see them.
 */
#ifndef MACH_VM_PAGE_H
#define MACH_VM_PAGE_H

#include "mach_types.h"

#include <linux/bvec.h>

/* State of a frame in an object, in page->private; guarded by the object. */
enum mach_page_state {
	MACH_PAGE_RESIDENT,	/* contents final, owned by the object */
	MACH_PAGE_BUSY,		/* placeholder, owned by a data_request */
	MACH_PAGE_RETURN,	/* in a data_return: may be read, not written */
};

static inline enum mach_page_state mach_page_state(struct page *page)
{
	return page_private(page);
}

static inline void mach_page_set_state(struct page *page,
				       enum mach_page_state state)
{
	set_page_private(page, state);
}

int mach_page_alloc(struct bio_vec *frames, unsigned int n);
void mach_page_free(struct page *page);
bool mach_page_pinned(struct page *page);

int mach_page_init(void);
void mach_page_exit(void);

#endif /* MACH_VM_PAGE_H */
