// SPDX-License-Identifier: GPL-2.0-only
/* Rows about rights, inheritance and behavior. */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "rows.h"
#include "serve.h"

void row_protect_maximum(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);

	KERN_IS(vm_protect(SELF, a + 2 * PAGE, PAGE, TRUE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, 4 * PAGE, FALSE, VM_PROT_ALL),
		KERN_PROTECTION_FAILURE);
	CHECK(rows_region(a).protection == VM_PROT_DEFAULT, "changed");
}

void row_protect_notify(void)
{
	vm_address_t a = memory_allocate(2 * PAGE);

	KERN_IS(vm_protect(SELF, a, PAGE, TRUE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_READ | VM_PROT_NOTIFY),
		KERN_SUCCESS);
	CHECK(rows_region(a).protection == (VM_PROT_READ | VM_PROT_NOTIFY),
	      "protection is %#x", rows_region(a).protection);
	CHECK_IS(memory_load(a), 0);
	CHECK_IS(memory_store(a), SEGV);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_NOTIFY), KERN_SUCCESS);
	CHECK_IS(memory_load(a), SEGV);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	CHECK(rows_region(a).protection == VM_PROT_READ, "NOTIFY stays");
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_NOTIFY),
		KERN_INVALID_ARGUMENT);
	/* beside code, too */
	KERN_IS(vm_protect(SELF, a + PAGE, PAGE, FALSE,
			   VM_PROT_READ | VM_PROT_EXECUTE), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, 2 * PAGE, FALSE,
			   VM_PROT_READ | VM_PROT_NOTIFY), KERN_SUCCESS);
}

void row_protect_bits(void)
{
	static const vm_prot_t bad[] = { 8, 0x20, 0x40, 1 << 30, -1 };
	vm_address_t a = memory_allocate(PAGE);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		KERN_ROW_IS(tap_result(bad[i]),
			    vm_protect(SELF, a, PAGE, FALSE, bad[i]),
			    KERN_INVALID_ARGUMENT);
}

void row_protect_holes(void)
{
	vm_address_t a = rows_hole(5);

	KERN_IS(vm_protect(SELF, a, 5 * PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK_IS(memory_store(a + 4 * PAGE), SEGV);
	KERN_IS(vm_protect(SELF, 0, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, WRAPS, PAGE, FALSE, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_protect(SELF, WRAPS, 1, FALSE, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
}

/* What is reserved without access is wired when it gets some, or does not get it. */
void row_protect_future(void)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	host_priv_t host = rows_privileged();
	struct serve *v = serve_new(16 * PAGE, 4 * PAGE, 1);
	vm_address_t a, b;

	serve_start(v);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_FUTURE), KERN_SUCCESS);
	KERN_IS(rows_map(&a, MACH_PORT_NULL, 0, 16 * PAGE, 0, VM_PROT_ALL),
		KERN_SUCCESS);
	KERN_IS(rows_map(&b, v->fd, 0, 16 * PAGE, 0, VM_PROT_ALL), KERN_SUCCESS);
	CHECK(!memory_info(SELF).wired, "wired without access");
	KERN_IS(vm_protect(SELF, a + PAGE, 2 * PAGE, FALSE, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 2 * PAGE && memory_resident(a + PAGE) == 2,
	      "%llu bytes wired", memory_info(SELF).wired);
	v->fail_read = EIO;
	KERN_IS(vm_protect(SELF, b, 16 * PAGE, FALSE, VM_PROT_READ),
		KERN_MEMORY_ERROR);
	v->fail_read = 0;
	CHECK(memory_info(SELF).wired == 2 * PAGE, "not undone");
	CHECK(!rows_region(b).protection, "changed all the same");
	CHECK_IS(memory_load(b), SEGV);
	KERN_IS(vm_protect(SELF, b, 4 * PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	CHECK(pattern_is((void *)b, 0, 4 * PAGE, 1), "wrong data");
	CHECK_IS(RESULT(setrlimit(RLIMIT_MEMLOCK, &limit)), 0);
	CHECK_IS(RESULT(setresuid(65534, 65534, 65534)), 0);
	/* what is reserved is counted as locked from then on; more is not to be had */
	KERN_IS(vm_protect(SELF, a, 16 * PAGE, FALSE, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 20 * PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
	CHECK_IS(memory_store(a + 15 * PAGE), 0);
	KERN_IS(rows_map(&a, MACH_PORT_NULL, 0, PAGE, 0, VM_PROT_ALL),
		KERN_NO_ACCESS);
}

void row_protect_none(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);

	memset((void *)a, 7, 4 * PAGE);
	KERN_IS(vm_wire(HOST, SELF, a, 4 * PAGE, VM_PROT_DEFAULT), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, 2 * PAGE, FALSE, VM_PROT_NONE), KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 2 * PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
	KERN_IS(vm_protect(SELF, a, 4 * PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 4 * PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
	CHECK(rows_region(a).wired == 2, "wired %u times", rows_region(a).wired);
	CHECK(*(char *)(a + PAGE) == 7, "contents are gone");
	for (int i = 0; i < 2; i++)
		KERN_IS(vm_wire(HOST, SELF, a, 4 * PAGE, VM_PROT_NONE),
			KERN_SUCCESS);
	CHECK(!memory_info(SELF).wired, "%llu bytes wired",
	      memory_info(SELF).wired);
	KERN_IS(vm_deallocate(SELF, a, 4 * PAGE), KERN_SUCCESS);
}

void row_inherit(void)
{
	vm_address_t a = rows_hole(5);

	KERN_IS(vm_inherit(SELF, a, 5 * PAGE, VM_INHERIT_NONE), KERN_SUCCESS);
	CHECK(rows_region(a + 4 * PAGE).inheritance == VM_INHERIT_NONE,
	      "not behind the hole");
	KERN_IS(vm_inherit(SELF, WRAPS, PAGE, VM_INHERIT_NONE),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_inherit(SELF, a, PAGE, 3), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_inherit(SELF, a, PAGE, -1), KERN_INVALID_ARGUMENT);
}

void row_behavior_range(void)
{
	static const vm_behavior_t all[] = { 0, 1, 2, 3, 4, 5, 6, 12 };
	vm_address_t a = rows_hole(5), top = memory_info(SELF).end;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *row = tap_result(all[i]);

		KERN_ROW_IS(row, vm_behavior_set(SELF, a, 2 * PAGE, all[i]),
			    KERN_SUCCESS);
		KERN_ROW_IS(row, vm_behavior_set(SELF, a, 5 * PAGE, all[i]),
			    KERN_INVALID_ADDRESS);
		KERN_ROW_IS(row, vm_behavior_set(SELF, a + 2 * PAGE, PAGE, all[i]),
			    KERN_INVALID_ADDRESS);
		KERN_ROW_IS(row, vm_behavior_set(SELF, top, PAGE, all[i]),
			    KERN_NO_SPACE);
		KERN_ROW_IS(row, vm_behavior_set(SELF, 0, PAGE, all[i]),
			    KERN_NO_SPACE);
		KERN_ROW_IS(row, vm_behavior_set(SELF, a, 0, all[i]),
			    KERN_SUCCESS);
	}
	KERN_IS(vm_behavior_set(SELF, a, PAGE, 7), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_behavior_set(SELF, a, PAGE, 11), KERN_INVALID_ARGUMENT);
}

void row_behavior_free(void)
{
	vm_address_t a = memory_allocate(8 * PAGE), b = 0;
	vm_prot_t prot, max;

	memset((void *)a, 7, 8 * PAGE);
	KERN_IS(vm_wire(HOST, SELF, a + 6 * PAGE, PAGE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_remap(SELF, &b, PAGE, 0, TRUE, SELF, a + 7 * PAGE, FALSE,
			 &prot, &max, VM_INHERIT_COPY), KERN_SUCCESS);
	KERN_IS(vm_behavior_set(SELF, a + 2 * PAGE, 6 * PAGE, VM_BEHAVIOR_FREE),
		KERN_SUCCESS);
	CHECK(*(char *)(a + 2 * PAGE - 1) == 7, "too much is gone");
	CHECK(zeros((void *)(a + 2 * PAGE), 4 * PAGE), "not gone");
	CHECK(*(char *)(a + 6 * PAGE) == 7, "what is wired is gone");
	CHECK(*(char *)b == 7, "what is seen elsewhere is gone");
}

void row_behavior_zero(void)
{
	struct serve *v = serve_new(16 * PAGE, 4 * PAGE, 1);
	vm_address_t a = memory_allocate(4 * PAGE), b;

	serve_start(v);
	memset((void *)a, 7, 3 * PAGE);
	KERN_IS(vm_behavior_set(SELF, a + PAGE, 3 * PAGE, VM_BEHAVIOR_ZERO),
		KERN_SUCCESS);
	CHECK(*(char *)a == 7 && zeros((void *)(a + PAGE), 3 * PAGE), "memory");
	KERN_IS(rows_map(&b, v->fd, 0, 16 * PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	KERN_IS(vm_behavior_set(SELF, b + PAGE, 2 * PAGE, VM_BEHAVIOR_ZERO),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)b, 0, PAGE, 1) &&
	      zeros((void *)(b + PAGE), 2 * PAGE) &&
	      pattern_is((void *)(b + 3 * PAGE), 3 * PAGE, PAGE, 1), "object");
	KERN_IS(vm_msync(SELF, b, 16 * PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
	CHECK(zeros(v->store + PAGE, 2 * PAGE), "not with the pager");
	KERN_IS(vm_protect(SELF, a + 3 * PAGE, PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_behavior_set(SELF, a, 4 * PAGE, VM_BEHAVIOR_ZERO),
		KERN_PROTECTION_FAILURE);
	CHECK(*(char *)a == 7, "zeros before it failed");
}

void row_behavior_willneed(void)
{
	struct serve *v = serve_new(16 * PAGE, 4 * PAGE, 1);
	vm_address_t a, b = memory_allocate(PAGE);

	serve_start(v);
	KERN_IS(rows_map(&a, v->fd, 0, 16 * PAGE, VM_PROT_READ, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK(!memory_resident(a), "there already");
	KERN_IS(vm_behavior_set(SELF, a + PAGE, 9 * PAGE, VM_BEHAVIOR_WILLNEED),
		KERN_SUCCESS);
	CHECK_WAIT(memory_resident(a) == 12, 5000, "%lu pages there",
		   memory_resident(a));
	KERN_IS(vm_behavior_set(SELF, a, 16 * PAGE, VM_BEHAVIOR_DONTNEED),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)a, 0, 16 * PAGE, 1), "wrong data");
	KERN_IS(vm_behavior_set(SELF, b, PAGE, VM_BEHAVIOR_WILLNEED),
		KERN_SUCCESS);
}
