// SPDX-License-Identifier: GPL-2.0-only
/* Rows about mapping, and about what is mapped. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <mach/mach_vm.h>

#include "rows.h"
#include "serve.h"

#define SIZE		(16 * PAGE)

static struct serve *open_served(uint64_t size)
{
	struct serve *v = serve_new(size, 4 * PAGE, 1);

	serve_start(v);
	return v;
}

static kern_return_t make_proxy(mach_port_t object, vm_prot_t max,
				vm_offset_t start, vm_size_t len,
				mach_port_t *proxy)
{
	vm_offset_t offset = 0;

	return memory_object_create_proxy(SELF, max, &object,
					  MACH_MSG_TYPE_COPY_SEND, 1, &offset, 1,
					  &start, 1, &len, 1, proxy);
}

void row_region_none(void)
{
	vm_address_t at = memory_info(SELF).end;
	vm_inherit_t inheritance;
	vm_prot_t prot, max;
	boolean_t shared;
	vm_offset_t offset;
	vm_size_t size;

	memory_allocate(PAGE);
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  NULL, &offset), KERN_NO_SPACE);
}

void row_map_truncates(void)
{
	vm_address_t a = memory_allocate(64 * PAGE), at;
	const vm_address_t aligned = (a + 0xffff) & ~0xffffUL;

	KERN_IS(vm_deallocate(SELF, aligned, PAGE), KERN_SUCCESS);
	at = aligned + 0x123;
	KERN_IS(vm_map(SELF, &at, PAGE, 0xffff, FALSE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
		KERN_SUCCESS);
	CHECK(at == aligned, "at %#lx", at);
	KERN_IS(vm_map(SELF, &at, -1, 0, FALSE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
		KERN_INVALID_ARGUMENT);
}

void row_map_mask(void)
{
	vm_address_t a = memory_allocate(64 * PAGE), at;

	at = ((a + 0xffff) & ~0xffffUL) + PAGE;
	KERN_IS(vm_deallocate(SELF, at, PAGE), KERN_SUCCESS);
	KERN_IS(vm_map(SELF, &at, PAGE, 0xffff, FALSE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
		KERN_NO_SPACE);
	KERN_IS(vm_map(SELF, &at, PAGE, -1, TRUE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
		KERN_NO_SPACE);
}

void row_map_hint(void)
{
	const vm_address_t hints[] = {
		memory_info(SELF).end, memory_info(SELF).end - PAGE, 1UL << 63,
		WRAPS, -1,
	};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		vm_address_t at = hints[i];

		KERN_ROW_IS(tap_result(i),
			    vm_map(SELF, &at, 2 * PAGE, 0, TRUE, MACH_PORT_NULL,
				   0, FALSE, VM_PROT_READ, VM_PROT_READ,
				   VM_INHERIT_COPY), KERN_SUCCESS);
		CHECK(at < memory_info(SELF).start + 64 * PAGE, "at %#lx", at);
	}
}

void row_map_cut(void)
{
	vm_address_t a;

	KERN_IS(rows_map(&a, MACH_PORT_NULL, 0, PAGE, VM_PROT_DEFAULT,
			 VM_PROT_READ), KERN_SUCCESS);
	CHECK(rows_region(a).protection == VM_PROT_READ &&
	      rows_region(a).max_protection == VM_PROT_READ, "not cut");
	CHECK_IS(memory_store(a), SEGV);
	KERN_IS(rows_map(&a, MACH_PORT_NULL, 0, PAGE, 8, VM_PROT_ALL),
		KERN_INVALID_ARGUMENT);
	KERN_IS(rows_map(&a, MACH_PORT_NULL, 0, PAGE, VM_PROT_READ,
			 VM_PROT_READ | VM_PROT_NOTIFY), KERN_INVALID_ARGUMENT);
}

void row_map_proxy_cut(void)
{
	struct serve *v = serve_new(SIZE, 4 * PAGE, 1);
	mach_port_t proxy;
	char path[128];
	vm_address_t a;
	int fd;

	strcpy(v->name, "mach-rows");
	serve_start(v);
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 0, SIZE, &proxy), KERN_SUCCESS);
	KERN_IS(rows_map(&a, proxy, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK(rows_region(a).protection == VM_PROT_READ &&
	      rows_region(a).max_protection == VM_PROT_READ, "not cut");
	CHECK_IS(memory_store(a), SEGV);
	snprintf(path, sizeof(path), "%s/%s", MACH_VM_NODE_DIR, v->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %m", path);
	KERN_IS(rows_map(&a, fd, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK(rows_region(a).protection == VM_PROT_READ, "not cut");
}

void row_map_copy_unreadable(void)
{
	struct serve *v = open_served(SIZE);
	mach_port_t proxy;
	vm_address_t a = 0;

	KERN_IS(make_proxy(v->fd, VM_PROT_WRITE, 0, SIZE, &proxy), KERN_SUCCESS);
	KERN_IS(vm_map(SELF, &a, PAGE, 0, TRUE, proxy, 0, TRUE, VM_PROT_READ,
		       VM_PROT_ALL, VM_INHERIT_COPY), KERN_PROTECTION_FAILURE);
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 0, SIZE, &proxy), KERN_SUCCESS);
	KERN_IS(vm_map(SELF, &a, PAGE, 0, TRUE, proxy, 0, TRUE, VM_PROT_DEFAULT,
		       VM_PROT_ALL, VM_INHERIT_COPY), KERN_SUCCESS);
	CHECK(rows_region(a).max_protection == VM_PROT_ALL, "a copy was cut");
	CHECK_IS(memory_store(a), 0);
}

void row_map_beyond(void)
{
	struct serve *v = open_served(SIZE + 1);
	mach_msg_type_number_t count;
	vm_address_t a, b = 0;
	pointer_t data;

	KERN_IS(rows_map(&a, v->fd, 0, 20 * PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK_IS(memory_load(a + SIZE + PAGE - 1), 0);
	CHECK_IS(memory_load(a + SIZE + PAGE), BUS);
	CHECK_IS(memory_store(a + 20 * PAGE - 1), BUS);
	KERN_IS(vm_read(SELF, a + SIZE, 2 * PAGE, &data, &count),
		KERN_MEMORY_ERROR);
	KERN_IS(vm_wire(HOST, SELF, a, 20 * PAGE, VM_PROT_READ),
		KERN_MEMORY_ERROR);
	CHECK(!memory_info(SELF).wired, "wired in part");
	KERN_IS(vm_msync(SELF, a, 20 * PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
	KERN_IS(vm_map(SELF, &b, 20 * PAGE, 0, TRUE, v->fd, 0, TRUE,
		       VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
		KERN_MEMORY_ERROR);
	KERN_IS(rows_map(&b, v->fd, -1UL << 12, PAGE, VM_PROT_READ, VM_PROT_ALL),
		KERN_INVALID_ARGUMENT);
	KERN_IS(rows_map(&b, v->fd, PAGE, -1, VM_PROT_READ, VM_PROT_ALL),
		KERN_INVALID_ARGUMENT);
}

void row_map_proxy_beyond(void)
{
	struct serve *v = open_served(SIZE);
	mach_port_t proxy;
	vm_address_t a;

	KERN_IS(make_proxy(v->fd, VM_PROT_READ, PAGE, 2 * PAGE, &proxy),
		KERN_SUCCESS);
	KERN_IS(rows_map(&a, proxy, PAGE, 2 * PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(rows_map(&a, proxy, WRAPS, 2 * PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(rows_map(&a, SELF, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(rows_map(&a, 999, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(rows_map(&a, proxy, 0, 2 * PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)a, PAGE, 2 * PAGE, 1), "wrong data");
}

static kern_return_t remap(vm_address_t *to, vm_address_t from, vm_size_t size)
{
	vm_prot_t prot, max;

	*to = 0;
	return vm_remap(SELF, to, size, 0, TRUE, SELF, from, FALSE, &prot, &max,
			VM_INHERIT_COPY);
}

void row_remap_one_page(void)
{
	vm_address_t a = memory_allocate(4 * PAGE), b;

	KERN_IS(remap(&b, a + 0xff0, 0x20), KERN_SUCCESS);
	CHECK(rows_region(b).length == PAGE, "%#llx bytes",
	      rows_region(b).length);
	*(char *)a = 7;
	CHECK(*(char *)b == 7, "not the first page");
	/* the last page alone, though the sum goes over it */
	KERN_IS(remap(&b, a + 3 * PAGE + 8, PAGE), KERN_SUCCESS);
}

void row_remap_hint(void)
{
	vm_address_t a = memory_allocate(PAGE), b;
	const vm_address_t hints[] = { -PAGE, (vm_address_t)-1, 1UL << 62 };
	vm_prot_t prot, max;

	*(char *)a = 7;
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		b = hints[i];
		KERN_IS(vm_remap(SELF, &b, PAGE, 0, TRUE, SELF, a, FALSE, &prot,
				 &max, VM_INHERIT_COPY), KERN_SUCCESS);
		CHECK(*(char *)b == 7, "not the page");
		b = hints[i];
		KERN_IS(mach_vm_remap(SELF, &b, PAGE, 0, VM_FLAGS_ANYWHERE, SELF,
				      a, FALSE, &prot, &max, VM_INHERIT_COPY),
			KERN_NO_SPACE);
	}
	for (unsigned int i = 0, low = 0; i < 8; i++) {
		b = hints[0];
		KERN_IS(mach_vm_remap(SELF, &b, PAGE, 0,
				      VM_FLAGS_ANYWHERE | VM_FLAGS_RANDOM_ADDR,
				      SELF, a, FALSE, &prot, &max,
				      VM_INHERIT_COPY), KERN_SUCCESS);
		CHECK(*(char *)b == 7, "not the page");
		low += b - a < MIB;
		CHECK(low < 4, "not at random");
	}
}

void row_remap_null(void)
{
	vm_address_t a = rows_hole(5), b = 0;
	vm_prot_t prot, max;

	KERN_IS(vm_remap(SELF, &b, PAGE, 0, TRUE, MACH_PORT_NULL, a, FALSE, &prot,
			 &max, VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
	KERN_IS(remap(&b, a, 0), KERN_INVALID_ARGUMENT);
	KERN_IS(remap(&b, a, -1), KERN_INVALID_ARGUMENT);
	KERN_IS(remap(&b, a, 5 * PAGE), KERN_INVALID_ADDRESS);
}

void row_proxy_rights(void)
{
	struct serve *v = open_served(SIZE);
	mach_port_t outer, inner;
	vm_address_t a;

	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 0, SIZE, &inner), KERN_SUCCESS);
	KERN_IS(make_proxy(inner, VM_PROT_ALL, 0, SIZE, &outer), KERN_SUCCESS);
	KERN_IS(rows_map(&a, outer, 0, PAGE, VM_PROT_ALL, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK(rows_region(a).max_protection == VM_PROT_READ, "maximum %#x",
	      rows_region(a).max_protection);
	KERN_IS(make_proxy(v->fd, -1, 0, SIZE, &outer), KERN_SUCCESS);
}

void row_proxy_open(void)
{
	struct serve *v = open_served(SIZE);
	mach_port_t proxy, inner;
	vm_address_t a;

	KERN_IS(make_proxy(v->fd, VM_PROT_READ, PAGE, ~0UL, &proxy), KERN_SUCCESS);
	KERN_IS(rows_map(&a, proxy, 0, SIZE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)a, PAGE, SIZE - PAGE, 1), "wrong data");
	CHECK_IS(memory_load(a + SIZE - PAGE), BUS);
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 0, 2 * PAGE, &proxy),
		KERN_SUCCESS);
	KERN_IS(make_proxy(proxy, VM_PROT_READ, PAGE, ~0UL, &inner), KERN_SUCCESS);
	KERN_IS(rows_map(&a, inner, 0, 2 * PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
}

void row_proxy_arguments(void)
{
	struct serve *v = open_served(SIZE);
	mach_port_t object = v->fd, proxy;
	vm_offset_t zero = 0, one = 1;
	vm_size_t len = ~0UL;

	KERN_IS(memory_object_create_proxy(SELF, 1, &object, 19, 2, &zero, 2,
					   &zero, 2, &len, 2, &proxy),
		KERN_INVALID_ARGUMENT);
	KERN_IS(memory_object_create_proxy(SELF, 1, &object, 19, 1, &one, 1,
					   &zero, 1, &len, 1, &proxy),
		KERN_INVALID_ARGUMENT);
	KERN_IS(make_proxy(MACH_PORT_DEAD, 1, 0, len, &proxy),
		KERN_INVALID_NAME);
	KERN_IS(make_proxy(MACH_PORT_NULL, 1, 0, len, &proxy),
		KERN_INVALID_NAME);
}
