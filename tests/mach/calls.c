// SPDX-License-Identifier: GPL-2.0-only
/* The edges of Mach's calls, a test for each row of rows.def that has one. */
#include "rows.h"

host_priv_t rows_privileged(void)
{
	host_priv_t host = MACH_PORT_NULL;

	KERN_IS(host_get_host_priv_port(HOST, &host), KERN_SUCCESS);
	return host;
}

vm_address_t rows_hole(vm_size_t pages)
{
	vm_address_t a = memory_allocate(pages * PAGE);

	KERN_IS(vm_deallocate(SELF, a + pages / 2 * PAGE, PAGE), KERN_SUCCESS);
	return a;
}

kern_return_t rows_map(vm_address_t *address, mach_port_t object,
		       vm_offset_t offset, vm_size_t size, vm_prot_t protection,
		       vm_prot_t maximum)
{
	*address = 0;
	return vm_map(SELF, address, size, 0, TRUE, object, offset, FALSE,
		      protection, maximum, VM_INHERIT_SHARE);
}

struct mach_task_region rows_region(vm_address_t address)
{
	struct mach_task_region region;

	CHECK_IS(memory_region(SELF, address, &region), 0);
	CHECK(region.address <= address, "nothing at %#lx", address);
	return region;
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
#define TABLE(...)
#define ROW(test, ...)	{ #test, row_##test, 0, 0 },
#define SEEN(...)
#define NOTE(...)
#include "rows.def"
#undef TABLE
#undef ROW
#undef SEEN
#undef NOTE
	};

	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
