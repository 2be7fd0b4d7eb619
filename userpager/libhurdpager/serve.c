// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - a request becomes calls of the program's functions, page by page.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "hurd_priv.h"

_Thread_local struct pager *hurd_serving;

/* Programs that use Mach's calls have libmachvm; others do without. */
#pragma weak mach_task_self
#pragma weak vm_region
#pragma weak vm_deallocate

/* What a program need not define */

__attribute__((weak))
error_t pager_write_pages(struct user_pager_info *upi, vm_offset_t offset,
			  vm_address_t data, vm_size_t length,
			  vm_size_t *written)
{
	(void)upi;
	(void)offset;
	(void)data;
	(void)length;
	(void)written;
	return EOPNOTSUPP;
}

__attribute__((weak))
void pager_notify_evict(struct user_pager_info *upi, vm_offset_t page)
{
	(void)upi;
	(void)page;
}

/* Does the page lie in the task's memory, which vm_allocate() gives? */
static bool in_task(vm_address_t page)
{
	vm_prot_t protection, max_protection;
	vm_address_t address = page;
	memory_object_name_t name;
	vm_inherit_t inheritance;
	vm_offset_t offset;
	boolean_t shared;
	vm_size_t size;

	if (!mach_task_self || !vm_region || !vm_deallocate)
		return false;
	if (vm_region(mach_task_self(), &address, &size, &protection,
		      &max_protection, &inheritance, &shared, &name, &offset))
		return false;
	if (name)
		close(name);
	return address <= page;
}

static void free_page(vm_address_t page)
{
	if (!page)
		return;
	if (in_task(page))
		vm_deallocate(mach_task_self(), page, HURD_PAGE);
	else
		munmap((void *)page, HURD_PAGE);
}

/* What the kernel refuses is late, and its deadline has spoken. */
static void read_page(struct pager *pager, struct pager_request *request,
		      vm_offset_t page)
{
	vm_address_t buf = 0;
	int write_lock = 0;
	error_t err = pager_read_page(pager->upi, page, &buf, &write_lock);

	if (!err && !buf)
		err = EIO;
	err = hurd_plain_error(err);
	hurd_mark_error(pager, page, err);
	if (err)
		session_error(request, page, HURD_PAGE, err);
	else
		session_supply(request, page, HURD_PAGE, (void *)buf);
	free_page(buf);
}

static error_t serve_read(struct pager *pager, struct pager_request *request,
			  const struct mach_message *want)
{
	uint64_t at;

	for (at = 0; at < want->length; at += HURD_PAGE)
		read_page(pager, request, want->offset + at);
	return 0;
}

static void write_page(struct pager *pager, struct pager_request *request,
		       vm_offset_t page, vm_address_t data)
{
	error_t err = pager_write_page(pager->upi, page, data);

	if (err)
		session_error(request, page, HURD_PAGE, hurd_plain_error(err));
	else
		session_done(request, page, HURD_PAGE);
}

/* Bytes of whole pages that were written at once */
static uint64_t write_bulk(struct pager *pager,
			   const struct mach_message *have, vm_address_t data)
{
	vm_size_t written = 0;

	if (pager_write_pages(pager->upi, have->offset, data, have->length,
			      &written) == EOPNOTSUPP)
		return 0;
	written &= ~(HURD_PAGE - 1);
	return written < have->length ? written : have->length;
}

static error_t serve_write(struct pager *pager, struct pager_request *request,
			   const struct mach_message *have)
{
	char *data = session_buffer(request);
	uint64_t at;
	error_t err;

	if (!data)
		return ENOMEM;
	err = session_collect(request, have->offset, have->length, data);
	if (err)
		return err;
	at = have->length == HURD_PAGE ?
		0 : write_bulk(pager, have, (vm_address_t)data);
	if (at)
		session_done(request, have->offset, at);
	for (; at < have->length; at += HURD_PAGE)
		write_page(pager, request, have->offset + at,
			   (vm_address_t)data + at);
	return 0;
}

void hurd_serve(struct pager *pager, struct pager_request *request)
{
	const struct mach_message *message = session_message(request);
	error_t err = 0;

	/* a request that is over needs no answer, but it has to be given up */
	if (!session_take_over(request)) {
		hurd_serving = pager;
		if (message->operation == MACH_OP_DATA_REQUEST)
			err = serve_read(pager, request, message);
		else if (message->operation == MACH_OP_DATA_RETURN)
			err = serve_write(pager, request, message);
		hurd_serving = NULL;
	}
	session_answer(request, err);
}
