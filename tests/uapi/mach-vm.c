// SPDX-License-Identifier: GPL-2.0-only
/* Mach's calls on memory, through the library: what they do and what they say. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "machcall.h"
#include "testpager.h"

#define SELF		mach_task_self()
#define HOST		mach_host_self()
#define NOT_READABLE	TAP_SIGNAL(SIGSEGV)

static host_priv_t privileged(void)
{
	host_priv_t host = MACH_PORT_NULL;

	KERN_IS(host_get_host_priv_port(HOST, &host), KERN_SUCCESS);
	return host;
}

static const uint64_t far[] = { 0, 1ULL << 47, 1ULL << 63, -PAGE, ~0ULL };

/* Sizes of 2^63 and more fit nowhere; the last ones wrap when rounded up. */
static void test_allocate_sizes(void)
{
	static const struct {
		const char *name;
		vm_size_t size;
		kern_return_t want;
		vm_size_t got;
	} rows[] = {
		{ "1", 1, KERN_SUCCESS, PAGE },
		{ "page-1", PAGE - 1, KERN_SUCCESS, PAGE },
		{ "page", PAGE, KERN_SUCCESS, PAGE },
		{ "page+1", PAGE + 1, KERN_SUCCESS, 2 * PAGE },
		{ "2^31", 1UL << 31, KERN_SUCCESS, 1UL << 31 },
		{ "2^32", 1UL << 32, KERN_SUCCESS, 1UL << 32 },
		{ "2^63", 1UL << 63, KERN_NO_SPACE, 0 },
		{ "-page", -PAGE, KERN_NO_SPACE, 0 },
		{ "-1", -1UL, KERN_INVALID_ARGUMENT, 0 },
	};
	struct mach_task_info before = memory_info(SELF), now;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		vm_address_t address = 1234567;

		KERN_ROW_IS(rows[i].name,
			    vm_allocate(SELF, &address, rows[i].size, TRUE),
			    rows[i].want);
		now = memory_info(SELF);
		CHECK(now.mapped - before.mapped == rows[i].got,
		      "%s: %llu bytes more", rows[i].name,
		      now.mapped - before.mapped);
		if (rows[i].want)
			continue;
		CHECK(address % PAGE == 0 && address >= now.start &&
		      address + rows[i].got <= now.end,
		      "%s: at %#lx", rows[i].name, address);
		CHECK_IS(memory_store(address + rows[i].got - 1), 0);
		KERN_IS(vm_deallocate(SELF, address, rows[i].size),
			KERN_SUCCESS);
	}
}

static void test_allocate_zero(void)
{
	vm_address_t address = 1234567;

	KERN_IS(vm_allocate(SELF, &address, 0, TRUE), KERN_SUCCESS);
	CHECK(!address, "at %#lx", address);
	address = 1234567;
	KERN_IS(vm_allocate(SELF, &address, 0, FALSE), KERN_SUCCESS);
	CHECK(!address, "at %#lx", address);
	CHECK(!memory_info(SELF).entries, "an entry of nothing");
}

/* At a place: what is taken, and what cannot be */
static void test_allocate_place(void)
{
	vm_address_t a = memory_allocate(8 * PAGE), at = a + 3 * PAGE + 5;

	KERN_IS(vm_allocate(SELF, &at, 1, FALSE), KERN_NO_SPACE);
	KERN_IS(vm_deallocate(SELF, a + 3 * PAGE, 2 * PAGE), KERN_SUCCESS);
	KERN_IS(vm_allocate(SELF, &at, 2 * PAGE + 1, FALSE), KERN_NO_SPACE);
	KERN_IS(vm_allocate(SELF, &at, 2 * PAGE, FALSE), KERN_SUCCESS);
	CHECK(at == a + 3 * PAGE, "at %#lx", at);
	CHECK_IS(memory_store(at + 2 * PAGE - 1), 0);
	CHECK(zeros((void *)a, 8 * PAGE), "not zeros");
	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		at = far[i];
		KERN_ROW_IS(tap_result(i), vm_allocate(SELF, &at, PAGE, FALSE),
			    KERN_INVALID_ADDRESS);
	}
	at = memory_info(SELF).end - PAGE;
	KERN_IS(vm_allocate(SELF, &at, PAGE, FALSE), KERN_SUCCESS);
	KERN_IS(vm_allocate(SELF, &at, 2 * PAGE, FALSE), KERN_INVALID_ADDRESS);
	at = memory_info(SELF).start - PAGE;
	KERN_IS(vm_allocate(SELF, &at, 2 * PAGE, FALSE), KERN_INVALID_ADDRESS);
}

static void test_deallocate(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);

	memset((void *)a, 1, 8 * PAGE);
	CHECK(memory_resident(a) == 8, "%lu pages there", memory_resident(a));
	KERN_IS(vm_deallocate(SELF, a + 2 * PAGE, 0), KERN_SUCCESS);
	CHECK_IS(memory_load(a + 2 * PAGE), 0);
	KERN_IS(vm_deallocate(SELF, a + 2 * PAGE + 1, PAGE), KERN_SUCCESS);
	CHECK_IS(memory_load(a + 2 * PAGE - 1), 0);
	CHECK_IS(memory_load(a + 2 * PAGE), NOT_READABLE);
	CHECK_IS(memory_store(a + 4 * PAGE - 1), NOT_READABLE);
	CHECK_IS(memory_load(a + 4 * PAGE), 0);
	CHECK(memory_resident(a) == 6, "%lu pages there, not freed",
	      memory_resident(a));
	KERN_IS(vm_deallocate(SELF, a, 8 * PAGE), KERN_SUCCESS);
	CHECK_IS(memory_load(a), NOT_READABLE);
	KERN_IS(vm_deallocate(SELF, a, 8 * PAGE), KERN_SUCCESS);
	CHECK(!memory_info(SELF).mapped, "something is left");
	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		KERN_ROW_IS(tap_result(i),
			    vm_deallocate(SELF, far[i], 2 * PAGE),
			    far[i] >= -PAGE ? KERN_INVALID_ARGUMENT :
					      KERN_SUCCESS);
}

/* Zero-filled memory by vm_map: places, masks, rights */
static void test_map_nothing(void)
{
	struct mach_task_region r;
	vm_address_t a = 0, b;

	KERN_IS(vm_map(SELF, &a, 3 * PAGE, 0xffff, TRUE, MACH_PORT_NULL, 77,
		       TRUE, VM_PROT_READ, VM_PROT_READ | VM_PROT_EXECUTE,
		       VM_INHERIT_NONE), KERN_SUCCESS);
	CHECK((a & 0xffff) == 0, "at %#lx", a);
	CHECK_IS(memory_region(SELF, a, &r), 0);
	CHECK(r.address == a && r.length == 3 * PAGE &&
	      r.protection == VM_PROT_READ &&
	      r.max_protection == (VM_PROT_READ | VM_PROT_EXECUTE) &&
	      r.inheritance == VM_INHERIT_NONE, "not the entry asked for");
	CHECK_IS(memory_load(a), 0);
	CHECK_IS(memory_store(a), NOT_READABLE);
	b = a + 1;
	KERN_IS(vm_map(SELF, &b, PAGE, 0, TRUE, MACH_PORT_DEAD, 0, FALSE,
		       VM_PROT_NONE, VM_PROT_ALL, VM_INHERIT_COPY),
		KERN_SUCCESS);
	CHECK(b == a + 3 * PAGE, "at %#lx, not the first room from %#lx", b, a);
	CHECK_IS(memory_load(b), NOT_READABLE);
	b += PAGE;
	KERN_IS(vm_map(SELF, &b, PAGE, 0xffff, FALSE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
		KERN_NO_SPACE);
}

struct map_row {
	const char *name;
	vm_size_t size;
	vm_offset_t offset;
	memory_object_t object;
	vm_prot_t prot;
	vm_prot_t max;
	vm_inherit_t inheritance;
};

static void test_map_arguments(void)
{
	const int file = pattern_file(PAGE, 1);
	const struct map_row rows[] = {
		{ "size 0", 0, 0, 0, 1, 7, 1 },
		{ "size -1", -1, 0, 0, 1, 7, 1 },
		{ "protection 8", PAGE, 0, 0, 8, 15, 1 },
		{ "protection -1", PAGE, 0, 0, -1, 7, 1 },
		{ "maximum 8", PAGE, 0, 0, 1, 9, 1 },
		{ "maximum -1", PAGE, 0, 0, 1, -1, 1 },
		{ "inheritance 3", PAGE, 0, 0, 1, 7, 3 },
		{ "inheritance -1", PAGE, 0, 0, 1, 7, -1 },
		{ "a file", PAGE, 0, file, 1, 7, 1 },
		{ "no descriptor", PAGE, 0, 999, 1, 7, 1 },
		{ "a task", PAGE, 0, SELF, 1, 7, 1 },
		{ "the host", PAGE, 0, HOST, 1, 7, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct map_row *r = &rows[i];
		vm_address_t a = 0;

		KERN_ROW_IS(r->name,
			    vm_map(SELF, &a, r->size, 0, TRUE, r->object,
				   r->offset, FALSE, r->prot, r->max,
				   r->inheritance), KERN_INVALID_ARGUMENT);
	}
	CHECK(!memory_info(SELF).entries, "an entry came of it");
}

static void test_protect(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);
	static const vm_prot_t bad[] = { 8, 32, -1, 1 << 30 };

	memset((void *)a, 1, 8 * PAGE);
	KERN_IS(vm_protect(SELF, a + 2 * PAGE + 9, PAGE - 9, FALSE,
			   VM_PROT_READ), KERN_SUCCESS);
	CHECK_IS(memory_store(a + 2 * PAGE - 1), 0);
	CHECK_IS(memory_load(a + 2 * PAGE), 0);
	CHECK_IS(memory_store(a + 2 * PAGE), NOT_READABLE);
	CHECK_IS(memory_store(a + 3 * PAGE), 0);
	KERN_IS(vm_protect(SELF, a, 8 * PAGE, FALSE, VM_PROT_NONE),
		KERN_SUCCESS);
	CHECK_IS(memory_load(a + 7 * PAGE), NOT_READABLE);
	KERN_IS(vm_protect(SELF, a, 8 * PAGE, FALSE, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK(memory_entries(SELF, a, 8 * PAGE) == 1, "left in pieces");
	CHECK_IS(memory_store(a + 2 * PAGE), 0);
	CHECK(*(char *)(a + 2 * PAGE) == 1, "contents are gone");
	KERN_IS(vm_protect(SELF, a, 0, FALSE, VM_PROT_NONE), KERN_SUCCESS);
	CHECK_IS(memory_store(a), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		KERN_ROW_IS(tap_result(bad[i]),
			    vm_protect(SELF, a, PAGE, FALSE, bad[i]),
			    KERN_INVALID_ARGUMENT);
}

/* A maximum only goes down, and takes the protection along. */
static void test_protect_maximum(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);
	struct mach_task_region r;

	KERN_IS(vm_protect(SELF, a + 4 * PAGE, PAGE, TRUE, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK_IS(memory_region(SELF, a + 4 * PAGE, &r), 0);
	CHECK(r.address == a + 4 * PAGE && r.length == PAGE &&
	      r.protection == VM_PROT_READ && r.max_protection == VM_PROT_READ,
	      "not cut to the maximum");
	CHECK_IS(memory_store(a + 4 * PAGE), NOT_READABLE);
	KERN_IS(vm_protect(SELF, a, 8 * PAGE, FALSE,
			   VM_PROT_WRITE | VM_PROT_READ | VM_PROT_EXECUTE),
		KERN_PROTECTION_FAILURE);
	CHECK_IS(memory_region(SELF, a, &r), 0);
	CHECK(r.length == 4 * PAGE && r.protection == VM_PROT_DEFAULT,
	      "changed before it failed");
	KERN_IS(vm_protect(SELF, a + 4 * PAGE, PAGE, TRUE, VM_PROT_ALL),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_protect(SELF, a, 8 * PAGE, TRUE, VM_PROT_NONE),
		KERN_SUCCESS);
	CHECK_IS(memory_load(a), NOT_READABLE);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_READ),
		KERN_PROTECTION_FAILURE);
}

static void test_execute(void)
{
	static const uint8_t ret = 0xc3;
	vm_address_t a = memory_allocate(2 * PAGE);

	memcpy((void *)a, &ret, 1);
	memcpy((void *)(a + PAGE), &ret, 1);
	CHECK_IS(memory_execute(a), NOT_READABLE);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE,
			   VM_PROT_READ | VM_PROT_EXECUTE), KERN_SUCCESS);
	CHECK_IS(memory_execute(a), 0);
	CHECK_IS(memory_store(a), NOT_READABLE);
	CHECK_IS(memory_execute(a + PAGE), NOT_READABLE);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	CHECK_IS(memory_execute(a), NOT_READABLE);
}

static void test_attributes(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	struct mach_task_region r;

	for (int i = 0; i < 3; i++) {
		KERN_IS(vm_inherit(SELF, a + PAGE, PAGE, i), KERN_SUCCESS);
		CHECK_IS(memory_region(SELF, a + PAGE, &r), 0);
		CHECK((int)r.inheritance == i, "inheritance is %u", r.inheritance);
	}
	KERN_IS(vm_inherit(SELF, a, 4 * PAGE, VM_INHERIT_COPY), KERN_SUCCESS);
	CHECK(memory_entries(SELF, a, 4 * PAGE) == 1, "left in pieces");
	for (int i = 0; i < 4; i++) {
		KERN_IS(vm_behavior_set(SELF, a + PAGE, PAGE, i), KERN_SUCCESS);
		CHECK_IS(memory_region(SELF, a + PAGE, &r), 0);
		CHECK((int)r.behavior == i, "behavior is %u", r.behavior);
	}
	KERN_IS(vm_behavior_set(SELF, a, 4 * PAGE, 0), KERN_SUCCESS);
	CHECK(memory_entries(SELF, a, 4 * PAGE) == 1, "left in pieces");
	KERN_IS(vm_inherit(SELF, a, PAGE, 3), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_inherit(SELF, a, PAGE, -1), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_behavior_set(SELF, a, PAGE, 7), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_behavior_set(SELF, a, PAGE, 11), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_behavior_set(SELF, a, PAGE, 13), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_behavior_set(SELF, a, PAGE, -1), KERN_INVALID_ARGUMENT);
}

/* Each of these wants all of the range to be there. */
static kern_return_t whole_wire(vm_address_t a, vm_size_t size)
{
	return vm_wire(HOST, SELF, a, size, VM_PROT_READ);
}

static kern_return_t whole_msync(vm_address_t a, vm_size_t size)
{
	return vm_msync(SELF, a, size,
			VM_SYNC_SYNCHRONOUS | VM_SYNC_CONTIGUOUS);
}

static kern_return_t whole_read(vm_address_t a, vm_size_t size)
{
	mach_msg_type_number_t count;
	pointer_t data;

	return vm_read(SELF, a, size, &data, &count);
}

static kern_return_t whole_write(vm_address_t a, vm_size_t size)
{
	static char zero[8 * PAGE];

	return vm_write(SELF, a, (pointer_t)zero, size);
}

static kern_return_t (*const whole[])(vm_address_t, vm_size_t) = {
	whole_wire, whole_msync, whole_read, whole_write,
};

static void test_hole(void)
{
	kern_return_t (*call)(vm_address_t, vm_size_t) = whole[tap_variant];
	vm_address_t a = memory_allocate(8 * PAGE), top = memory_info(SELF).end;

	KERN_IS(vm_deallocate(SELF, a + 5 * PAGE, PAGE), KERN_SUCCESS);
	KERN_IS(call(a, 8 * PAGE), KERN_INVALID_ADDRESS);
	CHECK_IS(memory_store(a), 0);
	KERN_IS(call(a + 5 * PAGE, PAGE), KERN_INVALID_ADDRESS);
	KERN_IS(call(a + 4 * PAGE + 1, PAGE), KERN_INVALID_ADDRESS);
	KERN_IS(call(a + 5 * PAGE, 0), KERN_SUCCESS);
	KERN_IS(call(top, PAGE), KERN_INVALID_ADDRESS);
	CHECK(memory_entries(SELF, a, 8 * PAGE) == 2, "%u entries",
	      memory_entries(SELF, a, 8 * PAGE));
}

/* These pass over holes. */
static void test_passed_over(void)
{
	vm_address_t a = memory_allocate(8 * PAGE), top = memory_info(SELF).end;
	struct mach_task_region r;

	KERN_IS(vm_deallocate(SELF, a + 5 * PAGE, PAGE), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a + 4 * PAGE, 3 * PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_inherit(SELF, a + 4 * PAGE, 3 * PAGE, VM_INHERIT_NONE),
		KERN_SUCCESS);
	KERN_IS(vm_msync(SELF, a + 4 * PAGE, 3 * PAGE, VM_SYNC_SYNCHRONOUS),
		KERN_SUCCESS);
	KERN_IS(vm_behavior_set(SELF, a + 4 * PAGE, 3 * PAGE,
				VM_BEHAVIOR_RSEQNTL), KERN_INVALID_ADDRESS);
	for (int i = 4; i < 7; i += 2) {
		CHECK_IS(memory_region(SELF, a + i * PAGE, &r), 0);
		CHECK(r.address == a + i * PAGE && r.length == PAGE &&
		      r.protection == VM_PROT_READ &&
		      r.inheritance == VM_INHERIT_NONE &&
		      r.behavior == VM_BEHAVIOR_DEFAULT, "page %d", i);
	}
	CHECK_IS(memory_load(a + 5 * PAGE), NOT_READABLE);
	KERN_IS(vm_protect(SELF, top - PAGE, 2 * PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, a - 9 * PAGE, 100 * PAGE), KERN_SUCCESS);
	CHECK(!memory_info(SELF).entries, "something is left");
}

/* Ranges that go over the end of all addresses, the last two by rounding alone */
static void test_wrap(void)
{
	static const struct {
		vm_address_t address;
		vm_size_t size;
	} rows[] = {
		{ -PAGE, 2 * PAGE }, { -PAGE, PAGE }, { -1, 1 }, { -1, 2 },
		{ PAGE, -PAGE }, { 1, -1 }, { 1UL << 63, 1UL << 63 },
		{ -PAGE, 1 }, { 0, -1 },
	};
	static char bytes[PAGE];
	vm_address_t a = memory_allocate(PAGE);
	mach_msg_type_number_t count;
	pointer_t data;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const vm_address_t at = rows[i].address;
		const vm_size_t n = rows[i].size;
		const kern_return_t got[] = {
			vm_deallocate(SELF, at, n),
			vm_protect(SELF, at, n, FALSE, VM_PROT_READ),
			vm_inherit(SELF, at, n, VM_INHERIT_NONE),
			vm_behavior_set(SELF, at, n, VM_BEHAVIOR_RANDOM),
			vm_wire(HOST, SELF, at, n, VM_PROT_READ),
			vm_wire(HOST, SELF, at, n, VM_PROT_NONE),
			vm_msync(SELF, at, n, VM_SYNC_SYNCHRONOUS),
			vm_copy(SELF, at, n, a),
			vm_read(SELF, at, n, &data, &count),
			vm_write(SELF, at, (pointer_t)bytes, n),
		};

		for (size_t k = 0; k < ARRAY_SIZE(got); k++) {
			kern_return_t want = k < 6 ? KERN_INVALID_ARGUMENT :
						     KERN_INVALID_ADDRESS;

			if (!k && i >= ARRAY_SIZE(rows) - 2)
				want = KERN_SUCCESS;
			if (k == 9 && (mach_msg_type_number_t)n != n)
				continue;	/* it does not get all of it */
			CHECK(got[k] == want, "%#lx and %#lx, call %zu: %s", at,
			      n, k, mach_error_string(got[k]));
		}
	}
	KERN_IS(vm_copy(SELF, a, PAGE, -PAGE), KERN_INVALID_ADDRESS);
	KERN_IS(vm_copy(SELF, a, PAGE, -1), KERN_INVALID_ADDRESS);
	CHECK_IS(memory_store(a), 0);
}

static void test_data(void)
{
	vm_address_t a = memory_allocate(8 * PAGE), b;
	mach_msg_type_number_t count = 0;
	static uint8_t bytes[4 * PAGE];
	pointer_t data = 0;

	pattern_fill(bytes, 0, sizeof(bytes), 3);
	KERN_IS(vm_protect(SELF, a, 2 * PAGE, TRUE, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	KERN_IS(vm_write(SELF, a + 77, (pointer_t)bytes, sizeof(bytes)),
		KERN_SUCCESS);
	CHECK(!memcmp((void *)(a + 77), bytes, sizeof(bytes)), "written wrong");
	CHECK(zeros((void *)a, 77) && zeros((void *)(a + 77 + 4 * PAGE), PAGE),
	      "written beyond");
	KERN_IS(vm_read(SELF, a + 77, sizeof(bytes), &data, &count),
		KERN_SUCCESS);
	CHECK(count == sizeof(bytes) && !memcmp((void *)data, bytes, count),
	      "read wrong");
	CHECK(data % PAGE == 77, "data at %#lx", data);
	b = data;
	KERN_IS(vm_deallocate(SELF, data, count), KERN_SUCCESS);
	CHECK_IS(memory_load(b), NOT_READABLE);
	KERN_IS(vm_read(SELF, a, 0, &data, &count), KERN_SUCCESS);
	CHECK(!data && !count, "something of nothing");
}

/* As by vm_read() and vm_write(), also where the two overlap */
static void test_copy(void)
{
	static const struct {
		vm_offset_t from;
		vm_offset_t to;
	} rows[] = {
		{ 77, 8 * PAGE }, { 8 * PAGE, 77 }, { 77, 78 }, { 78, 77 },
		{ 77, PAGE - 5 }, { PAGE - 5, 77 }, { 0, 3 * PAGE + 9 },
		{ 3 * PAGE + 9, 0 }, { PAGE, 2 * PAGE }, { 2 * PAGE, PAGE },
		{ 5, 5 },
	};
	vm_address_t a = memory_allocate(16 * PAGE);
	const vm_size_t length = 4 * PAGE + 100;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const vm_address_t to = a + rows[i].to;

		pattern_fill((void *)a, 0, 16 * PAGE, i);
		KERN_ROW_IS(tap_result(i),
			    vm_copy(SELF, a + rows[i].from, length, to),
			    KERN_SUCCESS);
		CHECK(pattern_is((void *)to, rows[i].from, length, i),
		      "row %zu: wrong data", i);
		CHECK(pattern_is((void *)(to + length), rows[i].to + length,
				 PAGE, i), "row %zu: copied beyond", i);
	}
}

static void test_data_refused(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);
	unsigned int entries;
	mach_msg_type_number_t count;
	static uint8_t bytes[4 * PAGE];
	pointer_t data;

	memset(bytes, 1, sizeof(bytes));
	KERN_IS(vm_protect(SELF, a + 2 * PAGE, PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a + 5 * PAGE, PAGE, FALSE, VM_PROT_NONE),
		KERN_SUCCESS);
	entries = memory_info(SELF).entries;
	KERN_IS(vm_write(SELF, a, (pointer_t)bytes, 3 * PAGE),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_copy(SELF, a + 6 * PAGE, PAGE + 1, a + PAGE),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_copy(SELF, a + 5 * PAGE, PAGE, a),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_read(SELF, a + 4 * PAGE, 2 * PAGE, &data, &count),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_read(SELF, a, 1UL << 32, &data, &count),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_write(SELF, a, PAGE, PAGE), KERN_INVALID_ADDRESS);
	CHECK(memory_info(SELF).entries == entries, "entries are left");
	CHECK(zeros((void *)a, 2 * PAGE), "written in spite of it");
	KERN_IS(vm_read(SELF, a + 2 * PAGE, PAGE, &data, &count), KERN_SUCCESS);
}

/* Without the privilege, from here on */
static void drop_privileges(void)
{
	CHECK_IS(RESULT(setresuid(65534, 65534, 65534)), 0);
}

static void test_limit(void)
{
	vm_address_t a = memory_allocate(8 * PAGE), b = 0;
	host_priv_t host = privileged();
	vm_size_t now, max;

	KERN_IS(vm_get_size_limit(SELF, &now, &max), KERN_SUCCESS);
	CHECK(now == ~0UL && max == ~0UL, "limits %#lx, %#lx", now, max);
	KERN_IS(vm_set_size_limit(HOST, SELF, 2 * PAGE, PAGE),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_set_size_limit(HOST, SELF, 10 * PAGE, 20 * PAGE),
		KERN_SUCCESS);
	KERN_IS(vm_get_size_limit(SELF, &now, &max), KERN_SUCCESS);
	CHECK(now == 10 * PAGE && max == 20 * PAGE, "limits %#lx, %#lx", now,
	      max);
	KERN_IS(vm_allocate(SELF, &b, 3 * PAGE, TRUE), KERN_NO_SPACE);
	KERN_IS(vm_allocate(SELF, &b, 2 * PAGE, TRUE), KERN_SUCCESS);
	KERN_IS(vm_map(SELF, &b, 100 * PAGE, 0, TRUE, MACH_PORT_NULL, 0, FALSE,
		       VM_PROT_NONE, VM_PROT_NONE, VM_INHERIT_COPY),
		KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, 4 * PAGE, TRUE, VM_PROT_NONE),
		KERN_SUCCESS);
	KERN_IS(vm_allocate(SELF, &b, 5 * PAGE, TRUE), KERN_NO_SPACE);
	KERN_IS(vm_allocate(SELF, &b, 4 * PAGE, TRUE), KERN_SUCCESS);
	KERN_IS(vm_set_size_limit(HOST, SELF, 30 * PAGE, 30 * PAGE),
		KERN_NO_ACCESS);
	KERN_IS(vm_set_size_limit(host, SELF, 30 * PAGE, 30 * PAGE),
		KERN_SUCCESS);
	drop_privileges();
	KERN_IS(vm_set_size_limit(host, SELF, 30 * PAGE, 31 * PAGE),
		KERN_NO_ACCESS);
	KERN_IS(host_get_host_priv_port(HOST, &host), KERN_NO_ACCESS);
	KERN_IS(vm_set_size_limit(HOST, SELF, 3 * PAGE, 29 * PAGE),
		KERN_SUCCESS);
	KERN_IS(vm_set_size_limit(SELF, SELF, PAGE, PAGE), KERN_INVALID_HOST);
}

static void test_wire(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);
	struct mach_task_region r;

	KERN_IS(vm_wire(HOST, SELF, a + 2 * PAGE, 2 * PAGE, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 2 * PAGE &&
	      memory_resident(a + 2 * PAGE) == 2,
	      "%llu bytes wired, %lu pages there", memory_info(SELF).wired,
	      memory_resident(a + 2 * PAGE));
	KERN_IS(vm_wire(HOST, SELF, a + 2 * PAGE, PAGE, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK_IS(memory_region(SELF, a + 2 * PAGE, &r), 0);
	CHECK(r.wired == 2 && r.length == PAGE, "wired %u times", r.wired);
	for (int i = 0; i < 2; i++)
		KERN_IS(vm_wire(HOST, SELF, a + 2 * PAGE, PAGE, VM_PROT_NONE),
			KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a + 3 * PAGE, PAGE, VM_PROT_NONE),
		KERN_SUCCESS);
	CHECK(memory_entries(SELF, a, 8 * PAGE) == 1, "left in pieces");
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, 8), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, 1 << 31), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, -1), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire(SELF, SELF, a, PAGE, VM_PROT_READ), KERN_INVALID_HOST);
	KERN_IS(vm_wire(MACH_PORT_NULL, SELF, a, PAGE, VM_PROT_READ),
		KERN_INVALID_HOST);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_WRITE),
		KERN_PROTECTION_FAILURE);
}

static void test_wire_all(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	host_priv_t host = privileged();

	KERN_IS(vm_wire_all(HOST, SELF, VM_WIRE_ALL), KERN_INVALID_HOST);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_ALL), KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 4 * PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
	a = memory_allocate(2 * PAGE);
	CHECK(memory_info(SELF).wired == 6 * PAGE && memory_resident(a) >= 2,
	      "what came later is not wired");
	KERN_IS(vm_deallocate(SELF, a, 2 * PAGE), KERN_SUCCESS);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_NONE), KERN_SUCCESS);
	memory_allocate(2 * PAGE);
	CHECK(!memory_info(SELF).wired, "%llu bytes wired", memory_info(SELF).wired);
	KERN_IS(vm_wire_all(host, SELF, 4), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire_all(host, SELF, -1), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire_all(SELF, SELF, VM_WIRE_ALL), KERN_INVALID_HOST);
}

static void test_msync_arguments(void)
{
	static const vm_sync_t good[] = { 0, 4, 32, 64, 1 << 30 };
	static const vm_sync_t bad[] = { 3, 7, 35, -1 };
	vm_address_t a = memory_allocate(2 * PAGE);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		KERN_ROW_IS(tap_result(bad[i]), vm_msync(SELF, a, PAGE, bad[i]),
			    KERN_INVALID_ARGUMENT);
		KERN_ROW_IS(tap_result(bad[i]), vm_msync(SELF, a, 0, bad[i]),
			    KERN_SUCCESS);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		KERN_ROW_IS(tap_result(good[i]),
			    vm_msync(SELF, a, PAGE, good[i]), KERN_SUCCESS);
	*(char *)a = 5;
	KERN_IS(vm_msync(SELF, a, PAGE,
			 VM_SYNC_SYNCHRONOUS | VM_SYNC_INVALIDATE),
		KERN_SUCCESS);
	CHECK(*(char *)a == 5, "zero-filled memory was forgotten");
}

/* Neighbours join, in either direction, and what was cut heals. */
static void test_joins(void)
{
	vm_address_t a = memory_allocate(64 * PAGE), at;

	KERN_IS(vm_deallocate(SELF, a, 64 * PAGE), KERN_SUCCESS);
	for (int i = 0; i < 32; i++) {
		at = a + (32 + i) * PAGE;
		KERN_IS(vm_allocate(SELF, &at, PAGE, FALSE), KERN_SUCCESS);
		CHECK_IS(memory_store(at), 0);
		at = a + (31 - i) * PAGE;
		KERN_IS(vm_allocate(SELF, &at, PAGE, FALSE), KERN_SUCCESS);
		CHECK_IS(memory_store(at), 0);
	}
	CHECK(memory_entries(SELF, a, 64 * PAGE) == 1, "%u entries, not 1",
	      memory_entries(SELF, a, 64 * PAGE));
	for (int i = 0; i < 64; i += 2)
		KERN_IS(vm_deallocate(SELF, a + i * PAGE, PAGE), KERN_SUCCESS);
	CHECK(memory_entries(SELF, a, 64 * PAGE) == 32, "%u entries, not 32",
	      memory_entries(SELF, a, 64 * PAGE));
	for (int i = 0; i < 64; i += 2) {
		at = a + i * PAGE;
		KERN_IS(vm_allocate(SELF, &at, PAGE, FALSE), KERN_SUCCESS);
	}
	CHECK(memory_entries(SELF, a, 64 * PAGE) == 1, "%u entries, not healed",
	      memory_entries(SELF, a, 64 * PAGE));
	for (int i = 0; i < 64; i++)
		CHECK(zeros((void *)(a + i * PAGE), PAGE), "page %d", i);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "allocate-sizes", test_allocate_sizes, 0, 0 },
		{ "allocate-zero", test_allocate_zero, 0, 0 },
		{ "allocate-place", test_allocate_place, 0, 0 },
		{ "deallocate", test_deallocate, 0, 0 },
		{ "map-nothing", test_map_nothing, 0, 0 },
		{ "map-arguments", test_map_arguments, 0, 0 },
		{ "protect", test_protect, 0, 0 },
		{ "protect-maximum", test_protect_maximum, 0, 0 },
		{ "execute", test_execute, 0, 0 },
		{ "attributes", test_attributes, 0, 0 },
		{ "hole-wire", test_hole, 0, 0 },
		{ "hole-msync", test_hole, 1, 0 },
		{ "hole-read", test_hole, 2, 0 },
		{ "hole-write", test_hole, 3, 0 },
		{ "passed-over", test_passed_over, 0, 0 },
		{ "wrap", test_wrap, 0, 0 },
		{ "data", test_data, 0, 0 },
		{ "copy", test_copy, 0, 0 },
		{ "data-refused", test_data_refused, 0, 0 },
		{ "limit", test_limit, 0, 0 },
		{ "wire", test_wire, 0, 0 },
		{ "wire-all", test_wire_all, 0, 0 },
		{ "msync-arguments", test_msync_arguments, 0, 0 },
		{ "joins", test_joins, 0, 0 },
	};

	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
