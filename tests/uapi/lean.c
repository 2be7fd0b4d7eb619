// SPDX-License-Identifier: GPL-2.0-only
/* What a published file takes of memory before it has pages. */
#include <stdio.h>
#include <unistd.h>

#include "meminfo.h"
#include "pool.h"

#define FILES		16384U
#define BYTES_MAX	1536U	/* of each: object, inode, name and claim */

static struct test_pager p;

/* In structures, Linux's and the module's own */
static uint64_t bytes(void)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	CHECK_IS(vm_ioctl(p.fd, MACH_VM_STATISTICS, &vm), 0);
	return 1024 * meminfo_kib("Slab") + vm.page_size * vm.wire_count;
}

static void test_file(void)
{
	struct test_object o;
	uint64_t before, each;
	char name[32];

	/* a kernel that watches itself puts more beside each */
	if (tap_slow() > 1)
		tap_skip("not on a kernel that watches itself");
	pool_restore();
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	/* what others left of their slabs would not be counted */
	pool_shrink();
	before = bytes();
	for (unsigned int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "lean-%u", i);
		object_create(&p, &o, 16 * PAGE, 0, 0);
		CHECK_IS(object_publish(&p, &o, name, 0644), 0);
		close(o.fd);
	}
	each = (bytes() - before) / FILES;
	tap_note("%llu bytes a file", (unsigned long long)each);
	CHECK(each <= BYTES_MAX, "%llu bytes a file, %u are allowed",
	      (unsigned long long)each, BYTES_MAX);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "file", test_file, 0, 60 },
	};

	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
