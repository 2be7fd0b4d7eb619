// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - having pages written or gone, and offering some.
 */
#include "hurd_priv.h"

typedef int (*range_fn)(struct session_object *object, uint64_t offset,
			uint64_t length, int timeout_ms);

/* A worker does not wait for what it would have to do itself. */
static void do_range(struct pager *pager, vm_address_t start, vm_size_t len,
		     int wait, range_fn fn)
{
	/* none is none here, and all that follows there */
	if (!len || hurd_use_object(pager))
		return;
	fn(pager->object, start, len, wait && hurd_serving != pager ?
	   PAGER_WAIT : PAGER_NO_WAIT);
	hurd_release_object(pager);
}

static void do_extent(struct pager *pager, int wait, range_fn fn)
{
	vm_address_t start = 0;
	vm_size_t size = 0;

	if (!pager_report_extent(pager->upi, &start, &size))
		do_range(pager, start, size, wait, fn);
}

void pager_sync(struct pager *pager, int wait)
{
	do_extent(pager, wait, session_sync_some);
}

void pager_sync_some(struct pager *pager, vm_address_t start, vm_size_t len,
		     int wait)
{
	do_range(pager, start, len, wait, session_sync_some);
}

void pager_flush(struct pager *pager, int wait)
{
	do_extent(pager, wait, session_flush_some);
}

void pager_flush_some(struct pager *pager, vm_address_t start, vm_size_t len,
		      int wait)
{
	do_range(pager, start, len, wait, session_flush_some);
}

void pager_return(struct pager *pager, int wait)
{
	do_extent(pager, wait, session_return_some);
}

void pager_return_some(struct pager *pager, vm_address_t start, vm_size_t len,
		       int wait)
{
	do_range(pager, start, len, wait, session_return_some);
}

void pager_offer_page(struct pager *pager, int precious, int writelock,
		      vm_offset_t page, vm_address_t buf)
{
	(void)precious;
	(void)writelock;
	if (hurd_use_object(pager))
		return;
	if (!session_offer_pages(pager->object, page, HURD_PAGE, (void *)buf,
				 NULL))
		hurd_mark_error(pager, page, 0);
	hurd_release_object(pager);
}
