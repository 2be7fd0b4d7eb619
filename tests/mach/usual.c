// SPDX-License-Identifier: GPL-2.0-only
/* Rows about what calls do when nothing is wrong, and about what differs for good. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "rows.h"
#include "serve.h"

#define SIZE		(16 * PAGE)

static struct serve *served(void)
{
	struct serve *v = serve_new(SIZE, 4 * PAGE, 1);

	serve_start(v);
	return v;
}

void row_constants(void)
{
	static const struct {
		int here, mach;
	} codes[] = {
		{ KERN_NOT_RECEIVER, 7 }, { KERN_MEMORY_ERROR, 10 },
		{ KERN_NOT_IN_SET, 12 }, { KERN_NAME_EXISTS, 13 },
		{ KERN_INVALID_TASK, 16 }, { KERN_INVALID_RIGHT, 17 },
		{ KERN_INVALID_VALUE, 18 }, { KERN_UREFS_OVERFLOW, 19 },
		{ KERN_INVALID_CAPABILITY, 20 }, { KERN_RIGHT_EXISTS, 21 },
		{ KERN_INVALID_HOST, 22 }, { KERN_MEMORY_PRESENT, 23 },
		{ KERN_WRITE_PROTECTION_FAILURE, 24 }, { KERN_TERMINATED, 26 },
		{ KERN_TIMEDOUT, 27 }, { KERN_INTERRUPTED, 28 },
		{ VM_SYNC_KILLPAGES, 8 }, { VM_SYNC_REUSABLEPAGES, 0x40 },
		{ VM_PROT_NO_CHANGE, 8 }, { VM_PROT_NOTIFY, 0x10 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		CHECK(codes[i].here == codes[i].mach, "%d is %d", codes[i].mach,
		      codes[i].here);
}

/* What lies outside of the window is no part of the map, and is left alone. */
void row_window(void)
{
	const struct mach_task_info info = memory_info(SELF);
	char *other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const vm_address_t a = (vm_address_t)other;
	mach_msg_type_number_t count;
	pointer_t data;

	CHECK(other != MAP_FAILED, "mmap: %m");
	CHECK(a + PAGE <= info.start || a >= info.end, "in the window");
	*other = 7;
	KERN_IS(vm_read(SELF, a, PAGE, &data, &count), KERN_INVALID_ADDRESS);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_READ),
		KERN_INVALID_ADDRESS);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, a, PAGE), KERN_SUCCESS);
	CHECK(*other == 7, "changed");
}

void row_load_write_only(void)
{
	vm_address_t a = memory_allocate(PAGE);

	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_WRITE), KERN_SUCCESS);
	CHECK_IS(memory_load(a), 0);
	CHECK_IS(memory_store(a), 0);
	CHECK(rows_region(a).protection == VM_PROT_WRITE, "protection %#x",
	      rows_region(a).protection);
}

void row_fault_signals(void)
{
	vm_address_t a = rows_hole(5), b;
	struct serve *v = served();

	CHECK_IS(memory_load(a + 2 * PAGE), SEGV);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	CHECK_IS(memory_store(a), SEGV);
	KERN_IS(rows_map(&b, v->fd, 0, SIZE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	v->fail_read = ENOENT;
	CHECK_IS(memory_load(b), BUS);
}

void row_allocate_rights(void)
{
	vm_address_t a = memory_allocate(8 * PAGE), b = 0;
	const struct mach_task_region r = rows_region(a);

	CHECK(r.protection == VM_PROT_DEFAULT && r.max_protection == VM_PROT_ALL &&
	      r.inheritance == VM_INHERIT_COPY, "%#x, %#x, %u", r.protection,
	      r.max_protection, r.inheritance);
	CHECK(zeros((void *)a, 8 * PAGE), "not zeros");
	KERN_IS(vm_deallocate(SELF, a + PAGE, 2 * PAGE), KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, a + 5 * PAGE, PAGE), KERN_SUCCESS);
	KERN_IS(vm_allocate(SELF, &b, PAGE, TRUE), KERN_SUCCESS);
	CHECK(b == a + PAGE, "%#lx is not the lowest", b - a);
	KERN_IS(vm_allocate(SELF, &b, 3 * PAGE, TRUE), KERN_SUCCESS);
	CHECK(b == a + 8 * PAGE, "%#lx: there is no room", b - a);
}

void row_allocate_limit(void)
{
	vm_address_t a = memory_allocate(2 * PAGE), b = 0;

	KERN_IS(vm_set_size_limit(HOST, SELF, 4 * PAGE, 4 * PAGE), KERN_SUCCESS);
	KERN_IS(vm_allocate(SELF, &b, 3 * PAGE, TRUE), KERN_NO_SPACE);
	KERN_IS(vm_allocate(SELF, &b, 2 * PAGE, TRUE), KERN_SUCCESS);
	KERN_IS(rows_map(&b, MACH_PORT_NULL, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_NO_SPACE);
	/* what may never be accessed does not count */
	KERN_IS(rows_map(&b, MACH_PORT_NULL, 0, 8 * PAGE, VM_PROT_NONE,
			 VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, PAGE, TRUE, VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_allocate(SELF, &b, PAGE, TRUE), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, PAGE, TRUE, VM_PROT_READ),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_allocate(SELF, &b, PAGE, TRUE), KERN_NO_SPACE);
}

void row_limit_first(void)
{
	vm_size_t now = 0, max = 0;

	KERN_IS(vm_get_size_limit(SELF, &now, &max), KERN_SUCCESS);
	CHECK(now == ~0UL && max == ~0UL, "%#lx, %#lx", now, max);
	KERN_IS(vm_set_size_limit(HOST, SELF, PAGE, 2 * PAGE), KERN_SUCCESS);
	KERN_IS(vm_get_size_limit(SELF, &now, &max), KERN_SUCCESS);
	CHECK(now == PAGE && max == 2 * PAGE, "%#lx, %#lx", now, max);
}

void row_read_rights(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	mach_msg_type_number_t count = 7;
	pointer_t data = 7;

	KERN_IS(vm_protect(SELF, a + 3 * PAGE, PAGE, FALSE, VM_PROT_NONE),
		KERN_SUCCESS);
	KERN_IS(vm_read(SELF, a, 4 * PAGE, &data, &count),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_read(SELF, a, 0, &data, &count), KERN_SUCCESS);
	CHECK(!data && !count, "%u bytes at %#lx", count, (long)data);
}

void row_write_unreadable(void)
{
	vm_address_t a = memory_allocate(4 * PAGE), b = rows_hole(3);

	memset((void *)a, 7, 2 * PAGE);
	KERN_IS(vm_write(SELF, a, b + PAGE, PAGE), KERN_INVALID_ADDRESS);
	KERN_IS(vm_protect(SELF, b, PAGE, FALSE, VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_write(SELF, a, b, PAGE), KERN_INVALID_ADDRESS);
	CHECK(*(char *)a == 7, "written");
}

void row_copy_overlap(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);

	pattern_fill((void *)a, 0, 8 * PAGE, 3);
	KERN_IS(vm_inherit(SELF, a + PAGE, PAGE, VM_INHERIT_NONE), KERN_SUCCESS);
	KERN_IS(vm_copy(SELF, a, 4 * PAGE, a + PAGE + 5), KERN_SUCCESS);
	CHECK(pattern_is((void *)(a + PAGE + 5), 0, 4 * PAGE, 3), "upwards");
	CHECK(rows_region(a + PAGE).inheritance == VM_INHERIT_NONE,
	      "the target has other rights");
	KERN_IS(vm_copy(SELF, a + PAGE + 5, 4 * PAGE, a), KERN_SUCCESS);
	CHECK(pattern_is((void *)a, 0, 4 * PAGE, 3), "downwards");
	KERN_IS(vm_protect(SELF, a + 7 * PAGE, PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	memset((void *)(a + 5 * PAGE), 9, 2 * PAGE);
	KERN_IS(vm_copy(SELF, a, 3 * PAGE, a + 5 * PAGE),
		KERN_PROTECTION_FAILURE);
	CHECK(*(char *)(a + 5 * PAGE) == 9, "copied in part");
}

void row_region_names(void)
{
	vm_address_t a = memory_allocate(2 * PAGE), b = 0, at = a;
	memory_object_name_t name = MACH_PORT_NULL;
	vm_inherit_t inheritance;
	vm_prot_t prot, max;
	boolean_t shared;
	vm_offset_t offset;
	vm_size_t size;

	CHECK_IS(memory_store(a), 0);
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  &name, &offset), KERN_SUCCESS);
	CHECK(at == a && size >= 2 * PAGE && !shared, "%#lx, %#lx bytes", at, size);
	CHECK(MACH_PORT_VALID(name), "no name");
	CHECK(offset == a + (1UL << 59), "offset %#lx", offset);
	KERN_IS(mach_port_deallocate(SELF, name), KERN_SUCCESS);
	KERN_IS(vm_remap(SELF, &b, 2 * PAGE, 0, TRUE, SELF, a, FALSE, &prot, &max,
			 VM_INHERIT_COPY), KERN_SUCCESS);
	at = a;
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  NULL, &offset), KERN_SUCCESS);
	CHECK(shared, "what is seen twice is not shared");
}

void row_map_arguments(void)
{
	const vm_prot_t all = VM_PROT_ALL;
	vm_address_t a = 0;

	KERN_IS(vm_map(SELF, &a, 0, 0, TRUE, MACH_PORT_NULL, 0, FALSE, all, all,
		       VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_map(SELF, &a, PAGE, 0, TRUE, MACH_PORT_NULL, 0, FALSE, all + 1,
		       all, VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_map(SELF, &a, PAGE, 0, TRUE, MACH_PORT_NULL, 0, FALSE, all,
		       all + 1, VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_map(SELF, &a, PAGE, 0, TRUE, MACH_PORT_NULL, 0, FALSE, all, all,
		       3), KERN_INVALID_ARGUMENT);
}

void row_map_high_mask(void)
{
	const struct mach_task_info info = memory_info(SELF);
	const vm_address_t highest = 1UL << (63 - __builtin_clzl(info.end - 1));
	const bool room = info.start < highest;
	vm_address_t a = 0;

	KERN_IS(vm_map(SELF, &a, PAGE, highest, TRUE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
		room ? KERN_SUCCESS : KERN_NO_SPACE);
	CHECK(!room || a < highest, "at %#lx", a);
	a = 0;
	KERN_IS(vm_map(SELF, &a, PAGE, 1UL << 63 | 0xfffff, TRUE, MACH_PORT_NULL,
		       0, FALSE, VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
		KERN_SUCCESS);
	CHECK(!(a & 0xfffff), "at %#lx", a);
	/* all bits of the lowest address are forbidden, and of all above it */
	KERN_IS(vm_map(SELF, &a, PAGE, ~0UL, TRUE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
		KERN_NO_SPACE);
}

void row_map_offset(void)
{
	struct serve *v = served();
	vm_address_t a;

	KERN_IS(rows_map(&a, v->fd, 1, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(rows_map(&a, v->fd, PAGE + 0x800, PAGE, VM_PROT_READ,
			 VM_PROT_READ), KERN_INVALID_ARGUMENT);
}

void row_map_copy(void)
{
	struct serve *v = served();
	vm_address_t a = 0, b;

	KERN_IS(vm_map(SELF, &a, SIZE, 0, TRUE, v->fd, 0, TRUE, VM_PROT_DEFAULT,
		       VM_PROT_ALL, VM_INHERIT_COPY), KERN_SUCCESS);
	CHECK(v->requests == SIZE / (4 * PAGE), "%u requests", v->requests);
	KERN_IS(rows_map(&b, v->fd, 0, SIZE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	memset((void *)b, 9, PAGE);
	CHECK(pattern_is((void *)a, 0, SIZE, 1), "the copy has changed");
	memset((void *)a, 8, SIZE);
	CHECK(*(char *)b == 9 && pattern_is((void *)(b + PAGE), PAGE, PAGE, 1),
	      "the object has changed");
}

void row_wire_twice(void)
{
	vm_address_t a = memory_allocate(PAGE);

	for (int i = 0; i < 2; i++)
		KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_NONE), KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == PAGE, "not wired");
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_NONE), KERN_SUCCESS);
	CHECK(!memory_info(SELF).wired, "wired");
}

void row_wire_all_undone(void)
{
	vm_address_t a = memory_allocate(4 * PAGE), b, c;
	host_priv_t host = rows_privileged();
	struct serve *v = served();

	CHECK_IS(memory_store(a), 0);
	KERN_IS(rows_map(&b, v->fd, 0, SIZE, VM_PROT_READ, VM_PROT_ALL),
		KERN_SUCCESS);
	KERN_IS(rows_map(&c, MACH_PORT_NULL, 0, PAGE, VM_PROT_NONE, VM_PROT_ALL),
		KERN_SUCCESS);
	v->fail_read = EIO;
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_ALL), KERN_MEMORY_ERROR);
	CHECK(!rows_region(a).wired && !rows_region(b).wired &&
	      !rows_region(c).wired, "some are wired");
	memory_allocate(PAGE);
	CHECK(!memory_info(SELF).wired, "%llu bytes wired",
	      memory_info(SELF).wired);
	v->fail_read = 0;
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_ALL), KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 5 * PAGE + SIZE, "%llu bytes wired",
	      memory_info(SELF).wired);
	CHECK(rows_region(a).wired == 1 && rows_region(c).wired == 1, "not wired");
}

void row_wire_all_current(void)
{
	host_priv_t host = rows_privileged();

	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_FUTURE), KERN_SUCCESS);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_CURRENT), KERN_SUCCESS);
	memory_allocate(PAGE);
	CHECK(memory_info(SELF).wired == PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_NONE), KERN_SUCCESS);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_CURRENT), KERN_SUCCESS);
	memory_allocate(PAGE);
	CHECK(memory_info(SELF).wired == PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
}

void row_proxy_unaligned(void)
{
	static const struct {
		vm_offset_t start;
		vm_size_t len;
	} bad[] = {
		{ 1, PAGE }, { 0, PAGE + 1 }, { 0, 0 }, { SIZE, PAGE },
		{ SIZE + PAGE, ~0UL }, { PAGE, -PAGE },
	};
	struct serve *v = served();
	mach_port_t object = v->fd, proxy;
	vm_offset_t zero = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		vm_offset_t start = bad[i].start;
		vm_size_t len = bad[i].len;

		KERN_ROW_IS(tap_result(i),
			    memory_object_create_proxy(SELF, VM_PROT_READ, &object,
						       MACH_MSG_TYPE_COPY_SEND, 1,
						       &zero, 1, &start, 1, &len, 1,
						       &proxy),
			    KERN_INVALID_ARGUMENT);
	}
}
