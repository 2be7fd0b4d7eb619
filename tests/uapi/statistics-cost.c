// SPDX-License-Identifier: GPL-2.0-only
/* MACH_VM_STATISTICS: what it costs to ask when there are many objects. */
#define _GNU_SOURCE
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "pool.h"

#define MANY		(8192U / tap_slow())	/* objects */
#define LOOKS		(4096U / tap_slow())

static struct test_pager p;

static uint64_t objects(void)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	CHECK_IS(vm_ioctl(p.fd, MACH_VM_STATISTICS, &vm), 0);
	return vm.objects;
}

/* The least that as many calls take, in microseconds of this thread's */
static long cost_of_looking(void)
{
	long least = LONG_MAX;

	for (int i = 0; i < 5; i++) {
		struct timespec from, to;
		long us;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		for (unsigned int j = 0; j < LOOKS; j++)
			objects();
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		us = (to.tv_sec - from.tv_sec) * 1000000 +
		     (to.tv_nsec - from.tv_nsec) / 1000;
		least = us < least ? us : least;
	}
	return least;
}

/* Who looks goes over no objects: it would hold up who makes and ends them. */
static void test_many(void)
{
	long few, many;
	struct test_object o;

	pool_restore();
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	CHECK_WAIT(!objects(), WAIT_MS, "%llu objects are left",
		   (unsigned long long)objects());
	few = cost_of_looking();
	for (unsigned int i = 0; i < MANY; i++) {
		object_create(&p, &o, PAGE, 0, 0);
		close(o.fd);
	}
	CHECK_IS(objects(), MANY);
	many = cost_of_looking();
	tap_note("%u calls: %ld us with %u objects, %ld without", LOOKS, many,
		 MANY, few);
	CHECK(many < 4 * few, "%ld us with %u objects, %ld without", many,
	      MANY, few);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "many", test_many, 0, 60 },
	};

	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
