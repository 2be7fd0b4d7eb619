// SPDX-License-Identifier: GPL-2.0-only
/* Rows about wiring, limits, and the host. */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <unistd.h>

#include "rows.h"

static void lower_memlock(void)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };

	CHECK_IS(RESULT(setrlimit(RLIMIT_MEMLOCK, &limit)), 0);
}

static void drop_privileges(void)
{
	CHECK_IS(RESULT(setresuid(65534, 65534, 65534)), 0);
}

void row_wire_order(void)
{
	vm_address_t a = memory_allocate(PAGE);

	KERN_IS(vm_wire(SELF, MACH_PORT_NULL, a, PAGE, 8), KERN_INVALID_HOST);
	KERN_IS(vm_wire(MACH_PORT_NULL, SELF, a, PAGE, 8), KERN_INVALID_HOST);
	KERN_IS(vm_wire(HOST, MACH_PORT_NULL, a, PAGE, 8), KERN_INVALID_TASK);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, 8), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, 1 << 31), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, -1), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire(HOST, SELF, WRAPS, PAGE, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
}

void row_wire_limit(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);
	host_priv_t host = rows_privileged();

	lower_memlock();
	KERN_IS(vm_wire(HOST, SELF, a, 5 * PAGE, VM_PROT_READ), KERN_NO_ACCESS);
	CHECK(!memory_info(SELF).wired, "wired in part");
	KERN_IS(vm_wire(host, SELF, a, 5 * PAGE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, 5 * PAGE, VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, 4 * PAGE, VM_PROT_READ), KERN_SUCCESS);
	drop_privileges();
	KERN_IS(vm_wire(host, SELF, a, 5 * PAGE, VM_PROT_READ), KERN_NO_ACCESS);
}

void row_wire_hole(void)
{
	vm_address_t a = rows_hole(5);

	KERN_IS(vm_wire(HOST, SELF, a, 5 * PAGE, VM_PROT_READ),
		KERN_INVALID_ADDRESS);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_EXECUTE),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, 2 * PAGE, VM_PROT_READ),
		KERN_PROTECTION_FAILURE);
}

void row_unwire(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);

	KERN_IS(vm_wire(HOST, SELF, a, 4 * PAGE, VM_PROT_NONE), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a + PAGE, PAGE, VM_PROT_READ), KERN_SUCCESS);
	KERN_IS(vm_wire(HOST, SELF, a, 4 * PAGE, VM_PROT_NONE), KERN_SUCCESS);
	CHECK(!memory_info(SELF).wired, "%llu bytes wired",
	      memory_info(SELF).wired);
	CHECK(memory_entries(SELF, a, 4 * PAGE) == 1, "left in pieces");
}

void row_wire_all_host(void)
{
	host_priv_t host = rows_privileged();

	KERN_IS(vm_wire_all(HOST, SELF, VM_WIRE_CURRENT), KERN_INVALID_HOST);
	KERN_IS(vm_wire_all(HOST, SELF, 4), KERN_INVALID_HOST);
	KERN_IS(vm_wire_all(host, MACH_PORT_NULL, 4), KERN_INVALID_TASK);
	KERN_IS(vm_wire_all(host, SELF, 4), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_wire_all(host, SELF, -1), KERN_INVALID_ARGUMENT);
}

void row_wire_all_none(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	host_priv_t host = rows_privileged();

	KERN_IS(vm_protect(SELF, a + PAGE, PAGE, FALSE, VM_PROT_NONE),
		KERN_SUCCESS);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_CURRENT), KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 3 * PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
	KERN_IS(vm_protect(SELF, a + PAGE, PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(memory_info(SELF).wired == 4 * PAGE, "%llu bytes wired",
	      memory_info(SELF).wired);
	KERN_IS(vm_protect(SELF, a + PAGE, PAGE, FALSE, VM_PROT_NONE),
		KERN_SUCCESS);
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_NONE), KERN_SUCCESS);
	KERN_IS(vm_protect(SELF, a, 4 * PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(!memory_info(SELF).wired, "%llu bytes wired",
	      memory_info(SELF).wired);
}

void row_wire_all_fails(void)
{
	host_priv_t host = rows_privileged();

	memory_allocate(8 * PAGE);
	lower_memlock();
	drop_privileges();
	KERN_IS(vm_wire_all(host, SELF, VM_WIRE_ALL), KERN_NO_ACCESS);
	/* were all to come wired, there were no more */
	memory_allocate(8 * PAGE);
	CHECK(!memory_info(SELF).wired, "%llu bytes wired",
	      memory_info(SELF).wired);
}

void row_host(void)
{
	host_priv_t host = rows_privileged();

	CHECK(host != HOST && MACH_PORT_VALID(host), "port %#x", host);
	KERN_IS(host_get_host_priv_port(host, &host), KERN_SUCCESS);
	KERN_IS(host_get_host_priv_port(SELF, &host), KERN_INVALID_ARGUMENT);
	drop_privileges();
	KERN_IS(host_get_host_priv_port(HOST, &host), KERN_NO_ACCESS);
}

void row_limit_order(void)
{
	host_priv_t host = rows_privileged();

	KERN_IS(vm_set_size_limit(SELF, MACH_PORT_NULL, 2 * PAGE, PAGE),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_set_size_limit(SELF, MACH_PORT_NULL, PAGE, PAGE),
		KERN_INVALID_TASK);
	KERN_IS(vm_set_size_limit(SELF, SELF, PAGE, PAGE), KERN_INVALID_HOST);
	KERN_IS(vm_set_size_limit(HOST, SELF, PAGE, 2 * PAGE), KERN_SUCCESS);
	KERN_IS(vm_set_size_limit(HOST, SELF, 2 * PAGE, 3 * PAGE),
		KERN_NO_ACCESS);
	KERN_IS(vm_set_size_limit(host, SELF, 2 * PAGE, 3 * PAGE),
		KERN_SUCCESS);
	drop_privileges();
	KERN_IS(vm_set_size_limit(host, SELF, 2 * PAGE, 4 * PAGE),
		KERN_NO_ACCESS);
}
