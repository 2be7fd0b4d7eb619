/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhurdpager - pagers in the form of the Hurd's <hurd/pager.h>, on machvm.
 *
 * Source that was written for the Hurd's libpager compiles. What differs, and what
 * has no effect yet, is in docs/hurdpager.md.
 */
#ifndef _HURD_PAGER_H
#define _HURD_PAGER_H

#include <hurd/ports.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library hides what is not declared here. */
#pragma GCC visibility push(default)

#ifndef MEMORY_OBJECT_COPY_NONE
typedef int memory_object_copy_strategy_t;
#define MEMORY_OBJECT_COPY_NONE		0
#define MEMORY_OBJECT_COPY_CALL		1
#define MEMORY_OBJECT_COPY_DELAY	2
#define MEMORY_OBJECT_COPY_TEMPORARY	3
#endif

/** struct user_pager_info - The program's own; it completes the structure. */
struct user_pager_info;

/** struct pager - A memory object; a port, for the functions of <hurd/ports.h>. */
struct pager;

/** struct pager_requests - The workers of a bucket. */
struct pager_requests;

/**
 * DOC: functions
 *
 * Offsets are bytes in the object. Where a range need not be of whole pages it is
 * rounded outwards, and what lies outside of the extent that pager_report_extent()
 * says is left out. @wait: have it done when the function returns.
 */

/**
 * pager_start_workers - Have the requests of a bucket served.
 * @bucket: the bucket
 * @requests: out: the workers
 *
 * One thread receives, ten call the program's functions: for one pager one at a
 * time, in the order in which its requests came.
 *
 * Return: 0; EBUSY, if it has workers; ENOENT, ENXIO, EACCES, if the module is not
 * there or not for us; ENOMEM, EAGAIN.
 */
error_t pager_start_workers(struct port_bucket *bucket,
			    struct pager_requests **requests);

/**
 * pager_inhibit_workers - Let no request be begun any more.
 * @requests: the workers; inhibited once
 *
 * When it returns, all requests that had come are done, and nothing runs. Later ones
 * wait until pager_resume_workers(), but no longer than their deadline, which is
 * MACH_DEADLINE_DEFAULT. Not from a function that a worker calls.
 */
void pager_inhibit_workers(struct pager_requests *requests);
void pager_resume_workers(struct pager_requests *requests);

/**
 * pager_create - Make a pager.
 * @upi: the program's own pointer
 * @bucket: whose workers serve it
 * @may_cache: kept, without effect yet
 * @copy_strategy: kept, without effect yet
 * @notify_on_evict: kept, without effect yet
 *
 * Return: a pager with one reference, or NULL, with errno.
 */
struct pager *pager_create(struct user_pager_info *upi,
			   struct port_bucket *bucket, boolean_t may_cache,
			   memory_object_copy_strategy_t copy_strategy,
			   boolean_t notify_on_evict);

/**
 * pager_create_alloc - The same, with room for the program's structure.
 * @upi_size: bytes, cleared, to which pager_get_upi() leads
 * @bucket: as above
 * @may_cache: as above
 * @copy_strategy: as above
 * @notify_on_evict: as above
 */
struct pager *pager_create_alloc(size_t upi_size, struct port_bucket *bucket,
				 boolean_t may_cache,
				 memory_object_copy_strategy_t copy_strategy,
				 boolean_t notify_on_evict);

struct user_pager_info *pager_get_upi(struct pager *pager);

/**
 * pager_sync - Have what was modified written; it stays in memory.
 * @pager: the pager
 * @wait: see above
 *
 * pager_return() also has it gone from memory, pager_flush() has it gone unwritten.
 */
void pager_sync(struct pager *pager, int wait);
void pager_sync_some(struct pager *pager, vm_address_t start, vm_size_t len,
		     int wait);
void pager_flush(struct pager *pager, int wait);
void pager_flush_some(struct pager *pager, vm_address_t start, vm_size_t len,
		      int wait);
void pager_return(struct pager *pager, int wait);
void pager_return_some(struct pager *pager, vm_address_t start, vm_size_t len,
		       int wait);

/**
 * pager_offer_page - Give a page that nobody has asked for.
 * @pager: the pager
 * @precious: without effect yet
 * @writelock: without effect yet
 * @page: its offset
 * @buf: a page of data, which stays the caller's
 *
 * A page that is there already stays as it is.
 */
void pager_offer_page(struct pager *pager, int precious, int writelock,
		      vm_offset_t page, vm_address_t buf);

/**
 * pager_change_attributes - Change what pager_create() was told.
 * @pager: the pager
 * @may_cache: kept, without effect yet
 * @copy_strategy: kept, without effect yet
 * @wait: nothing has to be waited for
 */
void pager_change_attributes(struct pager *pager, boolean_t may_cache,
			     memory_object_copy_strategy_t copy_strategy,
			     int wait);

/**
 * pager_get_port - A right to the object.
 * @pager: the pager
 *
 * Return: a descriptor, the caller's to close, that can be mapped, in this process
 * too; or MACH_PORT_NULL, with errno, also when the pager was shut down.
 */
mach_port_t pager_get_port(struct pager *pager);

/**
 * pager_create_ro_port - A right to read and execute.
 * @pager: the pager
 *
 * Return: a right for vm_map(), not for mmap(2); otherwise as pager_get_port().
 */
mach_port_t pager_create_ro_port(struct pager *pager);

/**
 * pager_get_error - What became of the latest read of a page.
 * @pager: the pager
 * @addr: an offset in the page
 *
 * Return: 0, ENOSPC, EDQUOT, or EIO for all others.
 */
error_t pager_get_error(struct pager *pager, vm_address_t addr);

/**
 * pager_memcpy - Copy from or to the object; an error is no signal.
 * @pager: the pager
 * @memobj: a right to it
 * @offset: in the object
 * @other: the caller's memory
 * @size: bytes; out: how many were copied
 * @prot: with VM_PROT_WRITE to the object, otherwise from it
 *
 * Return: 0; what pager_read_page() said; EIO behind the extent; EFAULT; EDEADLK
 * from a function that a worker of the same bucket calls.
 */
error_t pager_memcpy(struct pager *pager, memory_object_t memobj,
		     vm_offset_t offset, void *other, size_t *size,
		     vm_prot_t prot);

/**
 * pager_shutdown - Have it written, and the object ended.
 * @pager: the pager, which stays until its last reference goes
 *
 * Who uses the object gets SIGBUS and EIO from then on.
 */
void pager_shutdown(struct pager *pager);

/**
 * DOC: what the program defines
 *
 * Workers call it. They must not touch an object of the same bucket that may not be
 * in memory: such a fault gets SIGBUS, or EDEADLK from a call.
 */

/**
 * pager_read_page - Get a page.
 * @upi: whose
 * @page: offset
 * @buf: out: a page of memory from vm_allocate() or mmap(), which the library frees
 * @write_lock: out: nonzero: nobody may write to it before pager_unlock_page();
 *	without effect yet
 *
 * Return: 0, EIO, EDQUOT, ENOSPC.
 */
error_t pager_read_page(struct user_pager_info *upi, vm_offset_t page,
			vm_address_t *buf, int *write_lock);

/**
 * pager_write_page - Take a page; when it returns it is written.
 * @upi: whose
 * @page: offset
 * @buf: the library's
 */
error_t pager_write_page(struct user_pager_info *upi, vm_offset_t page,
			 vm_address_t buf);

/**
 * pager_write_pages - Take several pages; need not be defined.
 * @upi: whose
 * @offset: of the first
 * @data: the library's
 * @length: bytes
 * @written: out: bytes that are written; pager_write_page() gets the rest
 *
 * Return: 0, or EOPNOTSUPP: pager_write_page() gets all.
 */
error_t pager_write_pages(struct user_pager_info *upi, vm_offset_t offset,
			  vm_address_t data, vm_size_t length,
			  vm_size_t *written);

/**
 * pager_unlock_page - Let a page be written to; not called yet.
 * @upi: whose
 * @address: offset
 */
error_t pager_unlock_page(struct user_pager_info *upi, vm_offset_t address);

/**
 * pager_notify_evict - A page is gone; not called yet, and need not be defined.
 * @upi: whose
 * @page: offset
 */
void pager_notify_evict(struct user_pager_info *upi, vm_offset_t page);

/**
 * pager_report_extent - Where the object's pages are, now.
 * @upi: whose
 * @offset: out: the first byte
 * @size: out: bytes
 *
 * It may change: it is asked at each sync, flush and return of the whole.
 */
error_t pager_report_extent(struct user_pager_info *upi, vm_address_t *offset,
			    vm_size_t *size);

/**
 * pager_clear_user_data - The pager goes: the last call.
 * @upi: whose
 */
void pager_clear_user_data(struct user_pager_info *upi);

/**
 * pager_dropweak - Only weak references are left: give them up.
 * @upi: whose
 */
void pager_dropweak(struct user_pager_info *upi);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _HURD_PAGER_H */
