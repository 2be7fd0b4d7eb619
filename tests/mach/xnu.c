// SPDX-License-Identifier: GPL-2.0-only
/* Rows about XNU's own calls. */
#define _GNU_SOURCE
#include <mach/mach_vm.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rows.h"

int xnu_named_calls(task_t task);

void row_xnu_headers(void)
{
	int line = xnu_named_calls(SELF);

	CHECK(!line, "line %d of xnu_headers.c", line);
}

static mach_vm_address_t allocate(mach_vm_size_t size)
{
	mach_vm_address_t address = 0;

	KERN_IS(mach_vm_allocate(SELF, &address, size, VM_FLAGS_ANYWHERE),
		KERN_SUCCESS);
	return address;
}

void row_xnu_flags(void)
{
	mach_vm_address_t a = allocate(4 * PAGE), b = a + PAGE, c = 0;
	vm_prot_t prot, max;

	memset((void *)a, 7, 4 * PAGE);
	KERN_IS(mach_vm_allocate(SELF, &b, PAGE, VM_FLAGS_FIXED), KERN_NO_SPACE);
	KERN_IS(mach_vm_allocate(SELF, &b, PAGE,
				 VM_FLAGS_OVERWRITE | VM_MAKE_TAG(9)),
		KERN_SUCCESS);
	CHECK(zeros((void *)b, PAGE) && *(char *)a == 7 &&
	      *(char *)(b + PAGE) == 7, "not just the page");
	KERN_IS(mach_vm_allocate(SELF, &c, PAGE,
				 VM_FLAGS_ANYWHERE | VM_FLAGS_RANDOM_ADDR),
		KERN_SUCCESS);
	CHECK_IS(memory_store(c), 0);
	for (unsigned int bit = 0; bit < 24; bit++) {
		int flags = VM_FLAGS_ANYWHERE | 1 << bit;
		int known = VM_FLAGS_ANYWHERE | VM_FLAGS_RANDOM_ADDR |
			    VM_FLAGS_OVERWRITE;

		c = 0;
		KERN_ROW_IS(tap_result(bit),
			    mach_vm_allocate(SELF, &c, PAGE, flags),
			    flags & ~known ? KERN_INVALID_ARGUMENT :
					     KERN_SUCCESS);
	}
	c = -1;
	KERN_IS(mach_vm_allocate(SELF, &c, PAGE, VM_FLAGS_ANYWHERE),
		KERN_SUCCESS);
	/* code that is not overwritten after all is still code */
	*(unsigned char *)a = 0xc3;
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE,
			   VM_PROT_READ | VM_PROT_EXECUTE), KERN_SUCCESS);
	KERN_IS(mach_vm_remap(SELF, &a, PAGE, 0, VM_FLAGS_OVERWRITE, SELF,
			      a + 100 * PAGE, FALSE, &prot, &max,
			      VM_INHERIT_COPY), KERN_INVALID_ADDRESS);
	CHECK_IS(memory_execute(a), 0);
}

static kern_return_t map(mach_vm_address_t *at, mach_vm_size_t size, int flags,
			 vm_prot_t prot)
{
	return mach_vm_map(SELF, at, size, 0, flags, MACH_PORT_NULL, 0, FALSE,
			   prot, VM_PROT_ALL, VM_INHERIT_COPY);
}

void row_xnu_map(void)
{
	mach_vm_address_t at = memory_info(SELF).end;

	KERN_IS(map(&at, PAGE, VM_FLAGS_ANYWHERE, VM_PROT_READ), KERN_NO_SPACE);
	at = -1;
	KERN_IS(map(&at, PAGE, VM_FLAGS_ANYWHERE, VM_PROT_READ), KERN_NO_SPACE);
	KERN_IS(map(&at, PAGE, VM_FLAGS_FIXED, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	at = WRAPS;
	KERN_IS(map(&at, PAGE, VM_FLAGS_FIXED, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	at = memory_info(SELF).end;
	KERN_IS(map(&at, PAGE, VM_FLAGS_FIXED, VM_PROT_READ),
		KERN_INVALID_ADDRESS);
	at = 0;
	KERN_IS(map(&at, PAGE, VM_FLAGS_ANYWHERE, 8), KERN_INVALID_ARGUMENT);
	KERN_IS(map(&at, 0, VM_FLAGS_ANYWHERE, 1), KERN_INVALID_ARGUMENT);
	KERN_IS(map(&at, PAGE, VM_FLAGS_ANYWHERE, VM_PROT_READ), KERN_SUCCESS);
}

void row_xnu_protect(void)
{
	vm_address_t a = rows_hole(5);

	KERN_IS(mach_vm_protect(SELF, a, 5 * PAGE, FALSE, VM_PROT_READ),
		KERN_INVALID_ADDRESS);
	CHECK_IS(memory_store(a), 0);
	KERN_IS(mach_vm_protect(SELF, a + 2 * PAGE, PAGE, FALSE, VM_PROT_READ),
		KERN_INVALID_ADDRESS);
	KERN_IS(mach_vm_protect(SELF, a - PAGE, PAGE, FALSE, VM_PROT_READ),
		KERN_INVALID_ADDRESS);
	KERN_IS(mach_vm_protect(SELF, WRAPS, PAGE, FALSE, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(mach_vm_protect(SELF, a, 2 * PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(mach_vm_protect(SELF, a, 0, FALSE, VM_PROT_READ), KERN_SUCCESS);
}

void row_xnu_protect_copy(void)
{
	mach_vm_address_t a = allocate(4 * PAGE);
	vm_address_t b = 0;
	vm_prot_t prot, max;

	memset((void *)a, 7, 4 * PAGE);
	KERN_IS(vm_remap(SELF, &b, 4 * PAGE, 0, TRUE, SELF, a, FALSE, &prot,
			 &max, VM_INHERIT_COPY), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, b, 4 * PAGE, TRUE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(mach_vm_protect(SELF, b + PAGE, PAGE, FALSE,
				VM_PROT_DEFAULT | VM_PROT_COPY), KERN_SUCCESS);
	memset((void *)(b + PAGE), 9, PAGE);
	CHECK(*(char *)(a + PAGE) == 7, "not a copy");
	CHECK_IS(memory_store(b), SEGV);
	CHECK(*(char *)(b + 2 * PAGE) == 7, "too much");
	KERN_IS(mach_vm_protect(SELF, b + 4 * PAGE, PAGE, FALSE,
				VM_PROT_DEFAULT | VM_PROT_COPY),
		KERN_INVALID_ADDRESS);
}

void row_xnu_remap(void)
{
	mach_vm_address_t a = allocate(4 * PAGE), b = 0;
	vm_prot_t prot, max;

	pattern_fill((void *)a, 0, 4 * PAGE, 3);
	KERN_IS(mach_vm_remap(SELF, &b, 0x20, 0,
			      VM_FLAGS_ANYWHERE | VM_FLAGS_RETURN_DATA_ADDR,
			      SELF, a + 0xff0, FALSE, &prot, &max,
			      VM_INHERIT_COPY), KERN_SUCCESS);
	CHECK(b % PAGE == 0xff0 && pattern_is((void *)b, 0xff0, 0x20, 3),
	      "wrong data at %#lx", (long)b);
	CHECK(rows_region(b).length == 2 * PAGE, "%#llx bytes",
	      rows_region(b).length);
	b = a + 2 * PAGE;
	KERN_IS(mach_vm_remap(SELF, &b, PAGE, 0, VM_FLAGS_FIXED, SELF, a, FALSE,
			      &prot, &max, VM_INHERIT_COPY), KERN_NO_SPACE);
	KERN_IS(mach_vm_remap(SELF, &b, PAGE, 0, VM_FLAGS_OVERWRITE, SELF, a,
			      TRUE, &prot, &max, VM_INHERIT_COPY), KERN_SUCCESS);
	CHECK(pattern_is((void *)b, 0, PAGE, 3) &&
	      pattern_is((void *)(b + PAGE), 3 * PAGE, PAGE, 3), "wrong data");
	KERN_IS(mach_vm_remap(SELF, &b, PAGE, 0, VM_FLAGS_FIXED, MACH_PORT_NULL,
			      a, FALSE, &prot, &max, VM_INHERIT_COPY),
		KERN_INVALID_ARGUMENT);
}

void row_xnu_wire(void)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	mach_vm_address_t a = allocate(8 * PAGE);
	host_priv_t host = rows_privileged();

	KERN_IS(mach_vm_wire(HOST, SELF, a, PAGE, VM_PROT_READ),
		KERN_INVALID_HOST);
	CHECK_IS(RESULT(setrlimit(RLIMIT_MEMLOCK, &limit)), 0);
	CHECK_IS(RESULT(setresuid(65534, 65534, 65534)), 0);
	KERN_IS(mach_vm_wire(host, SELF, a, 5 * PAGE, VM_PROT_READ),
		KERN_RESOURCE_SHORTAGE);
	KERN_IS(mach_vm_wire(host, SELF, a, 4 * PAGE, VM_PROT_READ),
		KERN_SUCCESS);
}

void row_xnu_read(void)
{
	mach_vm_address_t a = allocate(4 * PAGE);
	static char there[2 * PAGE];
	mach_msg_type_number_t count;
	mach_vm_size_t size = 1;
	vm_offset_t data;

	pattern_fill((void *)a, 0, 4 * PAGE, 3);
	KERN_IS(mach_vm_read(SELF, a, 1UL << 32, &data, &count),
		KERN_INVALID_ARGUMENT);
	KERN_IS(mach_vm_read(SELF, a + 5, PAGE, &data, &count), KERN_SUCCESS);
	CHECK(pattern_is((void *)data, 5, PAGE, 3), "wrong data");
	KERN_IS(mach_vm_read_overwrite(SELF, a + 5, PAGE, (uintptr_t)there,
				       &size), KERN_SUCCESS);
	CHECK(size == PAGE && pattern_is(there, 5, PAGE, 3), "wrong data");
	KERN_IS(vm_deallocate(SELF, a + 2 * PAGE, PAGE), KERN_SUCCESS);
	KERN_IS(mach_vm_read_overwrite(SELF, a + PAGE, PAGE + 1,
				       (uintptr_t)there, &size),
		KERN_INVALID_ADDRESS);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_WRITE), KERN_SUCCESS);
	KERN_IS(mach_vm_read_overwrite(SELF, a, 1, (uintptr_t)there, &size),
		KERN_PROTECTION_FAILURE);
}

void row_xnu_read_list(void)
{
	static mach_vm_read_entry_t list;
	vm_address_t a = rows_hole(5);

	memset((void *)a, 7, 2 * PAGE);
	list[0].address = a + 3;
	list[0].size = PAGE;
	list[1].address = a + 2 * PAGE;
	list[1].size = PAGE;
	KERN_IS(mach_vm_read_list(SELF, list, 2), KERN_INVALID_ADDRESS);
	CHECK(*(char *)list[0].address == 7 && list[0].size == PAGE,
	      "wrong data");
	CHECK(!list[1].address && !list[1].size, "what failed is not 0");
	KERN_IS(mach_vm_read_list(SELF, list, VM_REGION_LIST_MAX + 1),
		KERN_INVALID_ARGUMENT);
}

void row_xnu_region(void)
{
	mach_vm_address_t a = allocate(4 * PAGE), at = a + PAGE;
	vm_region_basic_info_data_64_t basic;
	vm_region_extended_info_data_t extended;
	vm_region_submap_info_data_64_t submap;
	vm_region_top_info_data_t top;
	mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
	natural_t depth = 5;
	mach_vm_size_t size;
	mach_port_t name;

	memset((void *)a, 7, 2 * PAGE);
	KERN_IS(mach_vm_region(SELF, &at, &size, VM_REGION_BASIC_INFO_64,
			       (vm_region_info_t)&basic, &count, &name),
		KERN_SUCCESS);
	CHECK(at == a && size == 4 * PAGE && basic.protection == VM_PROT_DEFAULT,
	      "not the entry");
	count--;
	KERN_IS(mach_vm_region(SELF, &at, &size, VM_REGION_BASIC_INFO_64,
			       (vm_region_info_t)&basic, &count, &name),
		KERN_INVALID_ARGUMENT);
	count = VM_REGION_EXTENDED_INFO_COUNT;
	KERN_IS(mach_vm_region(SELF, &at, &size, VM_REGION_EXTENDED_INFO,
			       (vm_region_info_t)&extended, &count, &name),
		KERN_SUCCESS);
	CHECK(extended.pages_resident == 2 && extended.pages_dirtied == 2 &&
	      extended.share_mode == SM_PRIVATE, "%u pages, %u dirty, mode %u",
	      extended.pages_resident, extended.pages_dirtied,
	      extended.share_mode);
	count = VM_REGION_TOP_INFO_COUNT;
	KERN_IS(mach_vm_region(SELF, &at, &size, VM_REGION_TOP_INFO,
			       (vm_region_info_t)&top, &count, &name),
		KERN_SUCCESS);
	CHECK(top.private_pages_resident == 2 && !top.shared_pages_resident &&
	      top.share_mode == SM_PRIVATE && top.ref_count && top.obj_id,
	      "%u private pages, %u shared, mode %u", top.private_pages_resident,
	      top.shared_pages_resident, top.share_mode);
	KERN_IS(mach_vm_region(SELF, &at, &size, 11, (vm_region_info_t)&extended,
			       &count, &name), KERN_INVALID_ARGUMENT);
	count = VM_REGION_SUBMAP_INFO_COUNT_64;
	KERN_IS(mach_vm_region_recurse(SELF, &at, &size, &depth,
				       (vm_region_recurse_info_t)&submap,
				       &count), KERN_SUCCESS);
	CHECK(!depth && !submap.is_submap, "depth %u", depth);
	at = a + 4 * PAGE;
	count = VM_REGION_BASIC_INFO_COUNT_64;
	KERN_IS(mach_vm_region(SELF, &at, &size, VM_REGION_BASIC_INFO_64,
			       (vm_region_info_t)&basic, &count, &name),
		KERN_INVALID_ADDRESS);
}
