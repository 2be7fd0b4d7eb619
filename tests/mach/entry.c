// SPDX-License-Identifier: GPL-2.0-only
/* Rows about memory entries, proxies of ranges, and numbers. */
#include <mach/mach_vm.h>
#include <mach_debug/mach_debug.h>
#include <unistd.h>

#include "rows.h"
#include "serve.h"

static kern_return_t make(vm_address_t at, memory_object_size_t *size,
			  vm_prot_t permission, mem_entry_name_port_t *entry,
			  mem_entry_name_port_t parent)
{
	return mach_make_memory_entry_64(SELF, size, at, permission, entry,
					 parent);
}

static kern_return_t map(mach_vm_address_t *at, mem_entry_name_port_t entry,
			 vm_offset_t offset, vm_size_t size, vm_prot_t prot,
			 vm_prot_t max)
{
	*at = 0;
	return mach_vm_map(SELF, at, size, 0, VM_FLAGS_ANYWHERE, entry, offset,
			   FALSE, prot, max, VM_INHERIT_SHARE);
}

void row_entry_rights(void)
{
	vm_address_t a = rows_hole(5);
	memory_object_size_t size = PAGE;
	mem_entry_name_port_t entry = 77;
	mach_vm_address_t b;

	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(make(a, &size, VM_PROT_DEFAULT, &entry, MACH_PORT_NULL),
		KERN_PROTECTION_FAILURE);
	KERN_IS(make(a + 2 * PAGE, &size, VM_PROT_READ, &entry, MACH_PORT_NULL),
		KERN_INVALID_ADDRESS);
	KERN_IS(make(a, &size, VM_PROT_READ | 0x8, &entry, MACH_PORT_NULL),
		KERN_INVALID_ARGUMENT);
	CHECK(entry == 77 && size == PAGE, "outs were touched");
	size = 0;
	KERN_IS(make(a, &size, VM_PROT_READ, &entry, MACH_PORT_NULL),
		KERN_INVALID_ARGUMENT);
	size = PAGE;
	KERN_IS(make(a, &size, VM_PROT_DEFAULT | VM_PROT_IS_MASK, &entry,
		     MACH_PORT_NULL), KERN_SUCCESS);
	KERN_IS(map(&b, entry, 0, PAGE, VM_PROT_DEFAULT | VM_PROT_IS_MASK,
		    VM_PROT_ALL | VM_PROT_IS_MASK), KERN_SUCCESS);
	CHECK(rows_region(b).max_protection == VM_PROT_READ, "not cut");
}

void row_entry_shared(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	memory_object_size_t size = PAGE + 1;
	mem_entry_name_port_t entry;
	mach_vm_address_t b;

	memset((void *)a, 7, 2 * PAGE);
	KERN_IS(make(a + PAGE, &size, VM_PROT_DEFAULT | MAP_MEM_VM_SHARE, &entry,
		     MACH_PORT_NULL), KERN_SUCCESS);
	CHECK(size == 2 * PAGE, "%llu bytes", (unsigned long long)size);
	KERN_IS(map(&b, entry, 0, 2 * PAGE, VM_PROT_DEFAULT, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK(*(char *)b == 7 && zeros((void *)(b + PAGE), PAGE), "wrong data");
	*(char *)(b + PAGE) = 9;
	CHECK(*(char *)(a + 2 * PAGE) == 9, "not shared");
	*(char *)(a + PAGE) = 8;
	CHECK(*(char *)b == 8, "not shared");
	KERN_IS(map(&b, entry, 0, 3 * PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	/* the entry alone keeps it */
	KERN_IS(vm_deallocate(SELF, 0, 1UL << 60), KERN_SUCCESS);
	KERN_IS(map(&b, entry, PAGE, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(*(char *)b == 9, "gone with its last mapping");
	size = 100 * PAGE;
	a = memory_allocate(PAGE);
	KERN_IS(make(a, &size, VM_PROT_READ, &entry, MACH_PORT_NULL),
		KERN_SUCCESS);
	CHECK(size == PAGE, "%llu bytes", (unsigned long long)size);
}

void row_entry_parent(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);
	memory_object_size_t size = 6 * PAGE;
	mem_entry_name_port_t parent, entry = 77;
	mach_vm_address_t b;

	pattern_fill((void *)a, 0, 8 * PAGE, 3);
	KERN_IS(make(a + PAGE, &size, VM_PROT_READ, &parent, MACH_PORT_NULL),
		KERN_SUCCESS);
	size = 5 * PAGE;
	KERN_IS(make(2 * PAGE, &size, VM_PROT_READ, &entry, parent),
		KERN_INVALID_ARGUMENT);
	size = PAGE;
	KERN_IS(make(2 * PAGE, &size, VM_PROT_DEFAULT, &entry, parent),
		KERN_PROTECTION_FAILURE);
	CHECK(entry == 77 && size == PAGE, "outs were touched");
	KERN_IS(make(2 * PAGE, &size, VM_PROT_READ, &entry, parent),
		KERN_SUCCESS);
	KERN_IS(map(&b, entry, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)b, 3 * PAGE, PAGE, 3), "wrong data");
	KERN_IS(make(0, &size, VM_PROT_READ, &entry, SELF),
		KERN_INVALID_ARGUMENT);
}

void row_entry_copy(void)
{
	vm_address_t a = memory_allocate(2 * PAGE);
	memory_object_size_t size = PAGE;
	mem_entry_name_port_t entry;
	mach_vm_address_t b;

	memset((void *)a, 7, 2 * PAGE);
	KERN_IS(make(a, &size, VM_PROT_DEFAULT | MAP_MEM_VM_COPY, &entry,
		     MACH_PORT_NULL), KERN_SUCCESS);
	*(char *)a = 8;
	KERN_IS(map(&b, entry, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK(*(char *)b == 7, "not a copy");
	*(char *)b = 9;
	CHECK(*(char *)a == 8, "not a copy");
	size = 3 * PAGE;
	KERN_IS(make(0, &size, VM_PROT_DEFAULT | MAP_MEM_NAMED_CREATE, &entry,
		     MACH_PORT_NULL), KERN_SUCCESS);
	KERN_IS(map(&b, entry, 0, 3 * PAGE, VM_PROT_DEFAULT, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK(zeros((void *)b, 3 * PAGE), "not zeros");
	CHECK_IS(memory_store(b), 0);
}

void row_entry_reuse(void)
{
	vm_address_t a = memory_allocate(2 * PAGE);
	memory_object_size_t size = PAGE;
	mem_entry_name_port_t first, second;
	mach_vm_address_t b;

	memset((void *)a, 7, PAGE);
	memset((void *)(a + PAGE), 8, PAGE);
	KERN_IS(make(a, &size, VM_PROT_DEFAULT, &first, MACH_PORT_NULL),
		KERN_SUCCESS);
	/* of the task, and no part of the other, which has one page */
	KERN_IS(make(a + PAGE, &size, VM_PROT_DEFAULT | MAP_MEM_NAMED_REUSE,
		     &second, first), KERN_SUCCESS);
	CHECK(second != first, "the same port");
	KERN_IS(map(&b, second, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(*(char *)b == 8, "wrong memory");
	KERN_IS(make(a, &size, VM_PROT_DEFAULT | MAP_MEM_NAMED_REUSE, &second,
		     first), KERN_SUCCESS);
	KERN_IS(mach_port_deallocate(SELF, second), KERN_SUCCESS);
	KERN_IS(map(&b, first, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(*(char *)b == 7, "wrong memory");
}

void row_entry_map(void)
{
	struct serve *v = serve_new(16 * PAGE, 4 * PAGE, 1);
	memory_object_size_t size = PAGE;
	mem_entry_name_port_t entry;
	mach_vm_address_t b;
	vm_address_t a;

	serve_start(v);
	KERN_IS(rows_map(&a, v->fd, PAGE, PAGE, VM_PROT_READ, VM_PROT_ALL),
		KERN_SUCCESS);
	KERN_IS(make(a, &size, VM_PROT_READ, &entry, MACH_PORT_NULL),
		KERN_SUCCESS);
	KERN_IS(map(&b, entry, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_DEFAULT),
		KERN_INVALID_RIGHT);
	KERN_IS(map(&b, entry, 0, PAGE, VM_PROT_READ, VM_PROT_ALL),
		KERN_INVALID_RIGHT);
	KERN_IS(map(&b, entry, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)b, PAGE, PAGE, 1), "wrong data");
	KERN_IS(map(&b, entry, 0, PAGE, VM_PROT_DEFAULT | VM_PROT_IS_MASK,
		    VM_PROT_ALL), KERN_SUCCESS);
	CHECK_IS(memory_store(b), SEGV);
}

void row_region_proxy(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	mach_port_t proxy;
	vm_address_t b;

	memset((void *)a, 7, 4 * PAGE);
	KERN_IS(vm_protect(SELF, a, 4 * PAGE, TRUE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_region_create_proxy(SELF, a, VM_PROT_ALL, 5 * PAGE, &proxy),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_region_create_proxy(SELF, a + 4 * PAGE, VM_PROT_ALL, PAGE,
				       &proxy), KERN_NO_SPACE);
	KERN_IS(vm_region_create_proxy(MACH_PORT_NULL, a, VM_PROT_ALL, PAGE,
				       &proxy), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_region_create_proxy(SELF, a + PAGE, VM_PROT_ALL, 2 * PAGE,
				       &proxy), KERN_SUCCESS);
	KERN_IS(rows_map(&b, proxy, 0, 2 * PAGE, VM_PROT_ALL, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK(rows_region(b).max_protection == VM_PROT_READ, "not cut");
	CHECK(*(char *)b == 7, "wrong data");
	close(proxy);
	KERN_IS(vm_deallocate(SELF, a, 4 * PAGE), KERN_SUCCESS);
	CHECK(*(char *)(b + PAGE) == 7, "gone with the first");
}

void row_statistics(void)
{
	vm_cache_statistics_data_t cache, less;
	vm_statistics_data_t before, after;
	vm_address_t a = memory_allocate(8 * PAGE);

	KERN_IS(vm_statistics(SELF, &before), KERN_SUCCESS);
	KERN_IS(vm_cache_statistics(SELF, &less), KERN_SUCCESS);
	memset((void *)a, 7, 8 * PAGE);
	KERN_IS(vm_statistics(SELF, &after), KERN_SUCCESS);
	KERN_IS(vm_cache_statistics(SELF, &cache), KERN_SUCCESS);
	CHECK(before.pagesize == PAGE, "pages of %d", before.pagesize);
	CHECK(after.faults > before.faults, "no faults counted");
	CHECK(cache.cache_object_count > less.cache_object_count,
	      "no object counted");
	KERN_IS(vm_statistics(MACH_PORT_NULL, &after), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_cache_statistics(HOST, &cache), KERN_INVALID_ARGUMENT);
}

void row_slab_info(void)
{
	mach_msg_type_number_t n = 0, all;
	cache_info_array_t info = NULL;
	cache_info_t one[64];

	KERN_IS(host_slab_info(SELF, &info, &n), KERN_INVALID_HOST);
	KERN_IS(host_slab_info(HOST, &info, &n),
		KERN_SUCCESS);
	CHECK(n && info && info[0].name[0] && info[0].obj_size, "no caches");
	all = n;
	KERN_IS(vm_deallocate(SELF, (vm_address_t)info, n * sizeof(*info)),
		KERN_SUCCESS);
	n = ARRAY_SIZE(one);
	info = one;
	KERN_IS(host_slab_info(HOST, &info, &n),
		KERN_SUCCESS);
	CHECK(info == one && n == all, "%u caches, not %u, elsewhere", n, all);
}

void row_region_info(void)
{
	vm_address_t a = memory_allocate(2 * PAGE);
	vm_region_info_debug_t region;
	memory_object_name_t name;

	memset((void *)a, 7, PAGE);
	KERN_IS(vm_wire(HOST, SELF, a, 2 * PAGE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(mach_vm_region_info(SELF, a + PAGE, &region, &name),
		KERN_SUCCESS);
	CHECK(region.vri_start == a && region.vri_end == a + 2 * PAGE &&
	      region.vri_wired_count == 1 && MACH_PORT_VALID(name),
	      "not the entry");
	KERN_IS(mach_port_deallocate(SELF, name), KERN_SUCCESS);
	KERN_IS(mach_vm_region_info(SELF, a + 2 * PAGE, &region, &name),
		KERN_NO_SPACE);
}

void row_object_info(void)
{
	const unsigned int ready = VOI_STATE_PAGER_CREATED | VOI_STATE_ALIVE |
				   VOI_STATE_PAGER_INITIALIZED |
				   VOI_STATE_PAGER_READY;
	struct serve *v = serve_new(3 * PAGE + 5, PAGE, 1);
	memory_object_name_t name, shadow = 7, copy = 7;
	vm_region_info_debug_t region;
	vm_object_info_t info;
	vm_address_t a, b;

	serve_start(v);
	KERN_IS(rows_map(&a, v->fd, 0, 4 * PAGE, VM_PROT_READ, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK_IS(memory_load(a + PAGE), 0);
	KERN_IS(mach_vm_region_info(SELF, a, &region, &name), KERN_SUCCESS);
	KERN_IS(mach_vm_object_info(name, &info, &shadow, &copy), KERN_SUCCESS);
	CHECK(info.voi_object == region.vri_object &&
	      info.voi_size == 3 * PAGE + 5 && info.voi_state == ready &&
	      info.voi_resident_page_count == 1 && info.voi_ref_count >= 2 &&
	      !shadow && !copy, "state %#x, %u pages, %u references",
	      info.voi_state, info.voi_resident_page_count, info.voi_ref_count);
	b = memory_allocate(PAGE);
	CHECK_IS(memory_store(b), 0);
	KERN_IS(mach_vm_region_info(SELF, b, &region, &name), KERN_SUCCESS);
	KERN_IS(mach_vm_object_info(name, &info, &shadow, &copy), KERN_SUCCESS);
	CHECK_IS(info.voi_state, VOI_STATE_INTERNAL | VOI_STATE_TEMPORARY |
		 VOI_STATE_ALIVE);
	KERN_IS(mach_vm_object_info(MACH_PORT_NULL, &info, &shadow, &copy),
		KERN_INVALID_ARGUMENT);
	KERN_IS(mach_vm_object_info(SELF, &info, &shadow, &copy),
		KERN_INVALID_ARGUMENT);
}

void row_machine_attribute(void)
{
	int value = 0;

	KERN_IS(vm_machine_attribute(SELF, 0, PAGE, 1, &value),
		KERN_INVALID_ADDRESS);
	KERN_IS(vm_machine_attribute(MACH_PORT_NULL, 0, PAGE, 1, &value),
		KERN_INVALID_ARGUMENT);
}
