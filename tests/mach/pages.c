// SPDX-License-Identifier: GPL-2.0-only
/* Rows about which pages are there, and about sending them home. */
#include <mach/mach_vm.h>
#include <mach_debug/mach_debug.h>

#include "rows.h"
#include "serve.h"

#define PRESENT		VM_PAGE_QUERY_PAGE_PRESENT
#define DIRTY		VM_PAGE_QUERY_PAGE_DIRTY
#define EXTERNAL	VM_PAGE_QUERY_PAGE_EXTERNAL
#define PAGES		64

static struct serve *served(vm_address_t *a)
{
	struct serve *v = serve_new(16 * PAGE, PAGE, 1);

	serve_start(v);
	KERN_IS(rows_map(a, v->fd, 0, 16 * PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	return v;
}

static int page_is(vm_address_t address)
{
	integer_t disposition = -1, references = -1;

	KERN_IS(mach_vm_page_query(SELF, address, &disposition, &references),
		KERN_SUCCESS);
	CHECK((references > 0) == (disposition > 0), "%d, %d references",
	      disposition, references);
	return disposition;
}

void row_page_query(void)
{
	vm_address_t a = memory_allocate(3 * PAGE), b;
	integer_t disposition = 77, references = 77;
	struct serve *v;

	KERN_IS(mach_vm_page_query(SELF, a + 5, &disposition, &references),
		KERN_SUCCESS);
	CHECK(!disposition && !references, "%d, %d references", disposition,
	      references);
	memset((void *)(a + PAGE), 7, PAGE);
	CHECK_IS(page_is(a + 2 * PAGE - 1), PRESENT | DIRTY);
	CHECK_IS(page_is(a + 3 * PAGE), 0);
	CHECK_IS(page_is(0), 0);
	v = served(&b);
	CHECK_IS(page_is(b), EXTERNAL);
	CHECK_IS(v->requests, 0);
	CHECK_IS(memory_load(b), 0);
	CHECK_IS(page_is(b + 5), PRESENT | EXTERNAL);
	CHECK_IS(memory_store(b), 0);
	CHECK_IS(page_is(b), PRESENT | DIRTY | EXTERNAL);
	KERN_IS(vm_msync(SELF, b, PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
	CHECK_IS(page_is(b), PRESENT | EXTERNAL);
	KERN_IS(vm_msync(SELF, b, PAGE, VM_SYNC_INVALIDATE), KERN_SUCCESS);
	CHECK_IS(page_is(b), EXTERNAL);
	disposition = 77;
	KERN_IS(mach_vm_page_query(MACH_PORT_NULL, a, &disposition, &references),
		KERN_INVALID_ARGUMENT);
	CHECK(disposition == 77, "an out was touched");
}

void row_page_info(void)
{
	mach_msg_type_number_t count = VM_PAGE_INFO_BASIC_COUNT;
	vm_page_info_basic_data_t info, other;
	vm_address_t a;

	served(&a);
	CHECK_IS(memory_load(a + PAGE), 0);
	KERN_IS(mach_vm_page_info(SELF, a + PAGE + 5, VM_PAGE_INFO_BASIC,
				  (vm_page_info_t)&info, &count), KERN_SUCCESS);
	CHECK(info.disposition == (PRESENT | EXTERNAL) && info.ref_count > 0 &&
	      info.offset == PAGE && !info.depth, "%#x, %d references, at %#llx",
	      info.disposition, info.ref_count, (unsigned long long)info.offset);
	KERN_IS(mach_vm_page_info(SELF, a, VM_PAGE_INFO_BASIC,
				  (vm_page_info_t)&other, &count), KERN_SUCCESS);
	CHECK(info.object_id && other.object_id == info.object_id,
	      "another object");
	KERN_IS(mach_vm_page_info(SELF, a + 16 * PAGE, VM_PAGE_INFO_BASIC,
				  (vm_page_info_t)&info, &count), KERN_SUCCESS);
	CHECK(!info.disposition && !info.object_id, "a hole is something");
	KERN_IS(mach_vm_page_info(SELF, a, VM_PAGE_INFO_BASIC + 1,
				  (vm_page_info_t)&info, &count),
		KERN_INVALID_ARGUMENT);
	count--;
	KERN_IS(mach_vm_page_info(SELF, a, VM_PAGE_INFO_BASIC,
				  (vm_page_info_t)&info, &count),
		KERN_INVALID_ARGUMENT);
}

static kern_return_t range(vm_address_t from, vm_size_t size, int *to,
			   mach_vm_size_t *count)
{
	return mach_vm_page_range_query(SELF, from, size, (uintptr_t)to, count);
}

void row_page_range(void)
{
	vm_address_t a = rows_hole(PAGES);
	mach_vm_size_t count = PAGES + 2;
	int told[PAGES + 2];

	memset((void *)a, 7, 3 * PAGE);
	memset(told, 77, sizeof(told));
	KERN_IS(range(a + 1, PAGES * PAGE, told, &count), KERN_SUCCESS);
	CHECK_IS(count, PAGES + 1);
	for (unsigned int i = 0; i < count; i++)
		CHECK(told[i] == (i < 3 ? PRESENT | DIRTY : 0), "page %u: %#x",
		      i, told[i]);
	count = 2;
	memset(told, 77, sizeof(told));
	KERN_IS(range(a, PAGES * PAGE, told, &count), KERN_SUCCESS);
	CHECK(count == 2 && told[1] && told[2] > 0x100, "more than there is room");
	KERN_IS(range(a, 0, told, &count), KERN_SUCCESS);
	CHECK_IS(count, 0);
	KERN_IS(range(a, PAGE, NULL, &count), KERN_SUCCESS);
	CHECK_IS(count, 0);
	count = 1;
	KERN_IS(range(WRAPS, 2 * PAGE, told, &count), KERN_INVALID_ARGUMENT);
	KERN_IS(range(WRAPS, 1, told, &count), KERN_INVALID_ARGUMENT);
	CHECK_IS(count, 1);
	KERN_IS(mach_vm_page_range_query(MACH_PORT_NULL, a, PAGE,
					 (uintptr_t)told, &count),
		KERN_INVALID_ARGUMENT);
}

static kern_return_t sync_some(mach_port_t object, vm_offset_t offset,
			       vm_size_t size, boolean_t flush, boolean_t home)
{
	return vm_object_sync(object, offset, size, flush, home, FALSE);
}

void row_object_sync(void)
{
	memory_object_name_t name;
	vm_region_info_debug_t region;
	struct serve *v;
	vm_address_t a;

	v = served(&a);
	memset((void *)a, 9, 4 * PAGE);
	KERN_IS(sync_some(v->fd, PAGE + 5, 1, FALSE, TRUE), KERN_SUCCESS);
	CHECK(v->store[PAGE] == 9 && v->store[2 * PAGE] != 9, "not the page");
	CHECK_IS(page_is(a + PAGE), PRESENT | EXTERNAL);
	KERN_IS(sync_some(v->fd, 2 * PAGE, PAGE, TRUE, TRUE), KERN_SUCCESS);
	CHECK(v->store[2 * PAGE] == 9 && page_is(a + 2 * PAGE) == EXTERNAL,
	      "not sent, or not gone");
	KERN_IS(sync_some(v->fd, 0, PAGE, FALSE, FALSE), KERN_SUCCESS);
	CHECK_IS(page_is(a), PRESENT | DIRTY | EXTERNAL);
	KERN_IS(sync_some(v->fd, 0, PAGE, TRUE, FALSE), KERN_SUCCESS);
	CHECK(page_is(a) == EXTERNAL && v->store[0] != 9, "not thrown away");
	KERN_IS(sync_some(v->fd, 3 * PAGE, -1, FALSE, TRUE), KERN_SUCCESS);
	CHECK(v->store[3 * PAGE] == 9, "not to the end");
	KERN_IS(sync_some(v->fd, 1UL << 63, 1UL << 63, TRUE, TRUE), KERN_SUCCESS);
	KERN_IS(sync_some(MACH_PORT_NULL, 0, PAGE, FALSE, TRUE),
		KERN_INVALID_ARGUMENT);
	KERN_IS(mach_vm_region_info(SELF, a, &region, &name), KERN_SUCCESS);
	KERN_IS(sync_some(name, 0, PAGE, FALSE, TRUE), KERN_INVALID_ARGUMENT);
	v->fail_write = EIO;
	memset((void *)a, 9, PAGE);
	KERN_IS(sync_some(v->fd, 0, PAGE, TRUE, TRUE), KERN_MEMORY_ERROR);
	CHECK(*(char *)a == 9, "lost");
	v->fail_write = 0;
	KERN_IS(sync_some(v->fd, 0, PAGE, TRUE, TRUE), KERN_SUCCESS);
	CHECK(v->store[0] == 9 && page_is(a) == EXTERNAL, "not sent, or not gone");
}

/* Two pages of an object from page 2 on */
static mach_port_t proxy_of(memory_object_t object, vm_prot_t rights)
{
	const vm_offset_t start = 2 * PAGE, none = 0;
	const vm_size_t len = 2 * PAGE;
	mach_port_t proxy;
	kern_return_t error;

	error = memory_object_create_proxy(SELF, rights, &object,
					   MACH_MSG_TYPE_COPY_SEND, 1, &none, 1,
					   &start, 1, &len, 1, &proxy);
	KERN_IS(error, KERN_SUCCESS);
	return proxy;
}

/* What a proxy does not show, or does not let be written to, is not lost by it. */
void row_object_sync_proxy(void)
{
	vm_address_t a;
	struct serve *v = served(&a);
	mach_port_t proxy = proxy_of(v->fd, VM_PROT_READ);
	mach_port_t part = proxy_of(v->fd, VM_PROT_DEFAULT);

	memset((void *)a, 9, 5 * PAGE);
	CHECK_IS(memory_load(a + 5 * PAGE), 0);
	KERN_IS(sync_some(proxy, 0, -1, TRUE, FALSE), KERN_SUCCESS);
	CHECK_IS(page_is(a + 2 * PAGE), PRESENT | DIRTY | EXTERNAL);
	KERN_IS(sync_some(proxy, PAGE, -1, TRUE, TRUE), KERN_SUCCESS);
	CHECK(v->store[3 * PAGE] == 9 && v->store[2 * PAGE] != 9 &&
	      v->store[4 * PAGE] != 9, "not the proxy's");
	KERN_IS(sync_some(part, 0, -1, TRUE, FALSE), KERN_SUCCESS);
	CHECK(page_is(a + 2 * PAGE) == EXTERNAL &&
	      page_is(a + PAGE) == (PRESENT | DIRTY | EXTERNAL) &&
	      page_is(a + 4 * PAGE) == (PRESENT | DIRTY | EXTERNAL),
	      "not the proxy's");
}
