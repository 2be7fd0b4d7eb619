// SPDX-License-Identifier: GPL-2.0-only
/* Rows about tasks, and about memory that comes and goes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "rows.h"

/* Compiling them is the test: each alone is a part of headers.c. */
void row_headers(void)
{
	extern const unsigned int headers_included;

	CHECK(headers_included, "none");
}

void row_port_refs(void)
{
	mach_port_t port = open("/dev/null", O_RDONLY | O_CLOEXEC);

	KERN_IS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 2),
		KERN_SUCCESS);
	KERN_IS(mach_port_insert_right(SELF, port, port,
				       MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
	KERN_IS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -5),
		KERN_INVALID_VALUE);
	KERN_IS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 1 << 20),
		KERN_UREFS_OVERFLOW);
	KERN_IS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, 1),
		KERN_INVALID_RIGHT);
	KERN_IS(mach_port_mod_refs(SELF, port, 99, 1), KERN_INVALID_VALUE);
	for (int i = 0; i < 3; i++)
		KERN_IS(mach_port_deallocate(SELF, port), KERN_SUCCESS);
	CHECK(fcntl(port, F_GETFD) >= 0, "closed before the last");
	KERN_IS(mach_port_deallocate(SELF, port), KERN_SUCCESS);
	CHECK(fcntl(port, F_GETFD) < 0, "not closed with the last");
	KERN_IS(mach_port_deallocate(SELF, port), KERN_INVALID_NAME);
	KERN_IS(mach_port_deallocate(SELF, MACH_PORT_NULL), KERN_INVALID_NAME);
	KERN_IS(mach_port_mod_refs(SELF, MACH_PORT_DEAD, 0, 1),
		KERN_INVALID_NAME);
	KERN_IS(mach_port_insert_right(SELF, port, MACH_PORT_NULL,
				       MACH_MSG_TYPE_MAKE_SEND),
		KERN_INVALID_CAPABILITY);
	KERN_IS(mach_port_mod_refs(HOST, port, 0, 1), KERN_INVALID_TASK);
}

static const task_t *no_tasks(size_t *n)
{
	static task_t bad[4];

	bad[0] = MACH_PORT_NULL;
	bad[1] = MACH_PORT_DEAD;
	bad[2] = HOST;
	bad[3] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*n = ARRAY_SIZE(bad);
	return bad;
}

void row_null_task(void)
{
	size_t n;
	const task_t *bad = no_tasks(&n);
	vm_address_t a = memory_allocate(PAGE), b = 0;
	mach_msg_type_number_t count;
	vm_prot_t prot, max;
	pointer_t data;

	for (size_t i = 0; i < n; i++) {
		const kern_return_t got[] = {
			vm_allocate(bad[i], &b, PAGE, TRUE),
			vm_allocate(bad[i], &b, 0, TRUE),
			vm_deallocate(bad[i], a, PAGE),
			vm_map(bad[i], &b, PAGE, 0, TRUE, 0, 0, 0, 1, 1, 1),
			vm_protect(bad[i], a, PAGE, FALSE, VM_PROT_READ),
			vm_inherit(bad[i], a, PAGE, VM_INHERIT_NONE),
			vm_behavior_set(bad[i], a, PAGE, VM_BEHAVIOR_FREE),
			vm_read(bad[i], a, PAGE, &data, &count),
			vm_write(bad[i], a, a, PAGE),
			vm_copy(bad[i], a, PAGE, a),
			vm_remap(bad[i], &b, PAGE, 0, TRUE, SELF, a, FALSE,
				 &prot, &max, VM_INHERIT_COPY),
			vm_remap(SELF, &b, PAGE, 0, TRUE, bad[i], a, FALSE,
				 &prot, &max, VM_INHERIT_COPY),
		};

		for (size_t k = 0; k < ARRAY_SIZE(got); k++)
			CHECK(got[k] == KERN_INVALID_ARGUMENT,
			      "port %zu, call %zu: %s", i, k,
			      mach_error_string(got[k]));
	}
}

void row_null_task_wire(void)
{
	size_t n;
	const task_t *bad = no_tasks(&n);
	const host_priv_t host = rows_privileged();
	vm_size_t now, max;

	for (size_t i = 0; i < n; i++) {
		const kern_return_t got[] = {
			vm_wire(HOST, bad[i], PAGE, PAGE, VM_PROT_READ),
			vm_wire_all(host, bad[i], VM_WIRE_NONE),
			vm_msync(bad[i], PAGE, PAGE, VM_SYNC_SYNCHRONOUS),
			vm_msync(bad[i], PAGE, 0, 0),
			vm_set_size_limit(HOST, bad[i], PAGE, PAGE),
			vm_get_size_limit(bad[i], &now, &max),
		};

		for (size_t k = 0; k < ARRAY_SIZE(got); k++)
			CHECK(got[k] == KERN_INVALID_TASK,
			      "port %zu, call %zu: %s", i, k,
			      mach_error_string(got[k]));
	}
}

void row_allocate_truncates(void)
{
	vm_address_t a = memory_allocate(4 * PAGE), at = a + PAGE + 0x800;

	KERN_IS(vm_deallocate(SELF, a + PAGE, PAGE), KERN_SUCCESS);
	KERN_IS(vm_allocate(SELF, &at, PAGE, FALSE), KERN_SUCCESS);
	CHECK(at == a + PAGE, "at %#lx", at);
	CHECK(memory_entries(SELF, a, 4 * PAGE) == 1, "not just the hole");
}

void row_allocate_outside(void)
{
	const vm_address_t bad[] = {
		0, 1, memory_info(SELF).start - PAGE, memory_info(SELF).end,
		1UL << 63, WRAPS, -1,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		vm_address_t at = bad[i];

		KERN_ROW_IS(tap_result(i), vm_allocate(SELF, &at, PAGE, FALSE),
			    KERN_INVALID_ADDRESS);
		KERN_ROW_IS(tap_result(i), vm_allocate(SELF, &at, 2 * PAGE, FALSE),
			    KERN_INVALID_ADDRESS);
	}
}

void row_allocate_taken(void)
{
	vm_address_t a = rows_hole(5), at = a + PAGE;

	KERN_IS(vm_allocate(SELF, &at, 1, FALSE), KERN_NO_SPACE);
	at = a + 2 * PAGE;
	KERN_IS(vm_allocate(SELF, &at, PAGE + 1, FALSE), KERN_NO_SPACE);
	KERN_IS(vm_allocate(SELF, &at, PAGE, FALSE), KERN_SUCCESS);
}

void row_allocate_size(void)
{
	vm_address_t at = 12345;

	KERN_IS(vm_allocate(SELF, &at, -1, TRUE), KERN_INVALID_ARGUMENT);
	at = memory_info(SELF).start;
	KERN_IS(vm_allocate(SELF, &at, -1, FALSE), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_allocate(SELF, &at, 0, FALSE), KERN_SUCCESS);
	CHECK(!at, "at %#lx", at);
}

void row_allocate_hint(void)
{
	vm_address_t low = memory_allocate(PAGE), at = -1;

	KERN_IS(vm_allocate(SELF, &at, PAGE, TRUE), KERN_SUCCESS);
	CHECK(at == low + PAGE, "at %#lx, not the lowest", at);
}

void row_deallocate_rounds(void)
{
	vm_address_t a = memory_allocate(PAGE);

	KERN_IS(vm_deallocate(SELF, WRAPS, 1), KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, WRAPS, PAGE - 1), KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, 0, -1), KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, a, -1 - a), KERN_SUCCESS);
	CHECK_IS(memory_store(a), 0);
}

void row_deallocate_wraps(void)
{
	vm_address_t a = memory_allocate(PAGE);

	KERN_IS(vm_deallocate(SELF, WRAPS, PAGE), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_deallocate(SELF, a, -1), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_deallocate(SELF, -1, 2), KERN_INVALID_ARGUMENT);
	CHECK_IS(memory_store(a), 0);
}

void row_deallocate_holes(void)
{
	vm_address_t a = rows_hole(5);

	KERN_IS(vm_deallocate(SELF, 0, PAGE), KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, a - 8 * PAGE, 16 * PAGE), KERN_SUCCESS);
	KERN_IS(vm_deallocate(SELF, a, 5 * PAGE), KERN_SUCCESS);
	CHECK(!memory_info(SELF).entries, "something is left");
}
