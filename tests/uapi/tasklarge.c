// SPDX-License-Identifier: GPL-2.0-only
/* Maps with very many entries: what they cost, and that nothing takes for ever. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "task.h"
#include "tap.h"
#include "testpager.h"

static struct test_task t;

/* A debugging kernel has less memory left, and less speed. */
static unsigned long entries_wanted(void)
{
	return tap_slow() > 1 ? 50000 : 1000000;
}

static struct mach_vm_cache entry_cache(void)
{
	struct mach_vm_cache caches[32];
	struct mach_vm_array array = {
		.size = sizeof(array), .entry_size = sizeof(caches[0]),
		.count = ARRAY_SIZE(caches), .address = (uintptr_t)caches,
	};

	CHECK_IS(task_call(&t, MACH_VM_CACHES, &array), 0);
	for (unsigned int i = 0; i < array.count; i++)
		if (!strcmp(caches[i].name, "map entry"))
			return caches[i];
	tap_fail("no cache of map entries");
}

static char *fragmented(unsigned long n)
{
	char *at;

	task_open(&t, (n + 1) * PAGE);
	at = task_allocate(&t, n * PAGE);
	for (unsigned long i = 1; i < n; i += 2)
		CHECK_IS(task_protect(&t, at + i * PAGE, PAGE, MACH_PROT_READ),
			 0);
	CHECK_IS(task_entries(&t), n);
	return at;
}

static void check_memory(unsigned long n)
{
	struct mach_vm_cache cache = entry_cache();
	unsigned long bytes = cache.slabs * cache.slab_size / n;

	tap_note("%u bytes an entry, %lu with its share of the slab",
		 cache.object_size, bytes);
	CHECK(cache.object_size <= 96 && task_info(&t).entry_size <= 96,
	      "an entry has %u bytes", cache.object_size);
	CHECK(bytes <= 104, "%lu bytes an entry", bytes);
}

static long do_deallocate(const uint64_t *arg)
{
	return task_deallocate(&t, (void *)(uintptr_t)arg[0], arg[1]);
}

/* Who deallocates all of it can be killed, and does not wait till it is done. */
static void check_killed(char *at, unsigned long n)
{
	struct actor a;
	long start;

	actor_start(&a, 1);
	actor_begin(&a, 0, do_deallocate, (uintptr_t)at, n * PAGE);
	CHECK_WAIT((unsigned long)task_entries(&t) < n - 1000, WAIT_MS,
		   "nothing is deallocated");
	start = tap_now_ms();
	actor_kill(&a);
	tap_note("killed in %ld ms, %ld entries left", tap_now_ms() - start,
		 task_entries(&t));
	CHECK(tap_now_ms() - start < 1000 * tap_slow(), "killed in %ld ms",
	      tap_now_ms() - start);
	CHECK(task_entries(&t), "it was done before it was killed");
}

/* Faults and calls of others go on while it lasts. */
static void test_million(void)
{
	unsigned long n = entries_wanted();
	long start = tap_now_ms();
	char *at;

	at = fragmented(n);
	tap_note("%lu entries in %ld ms", n, tap_now_ms() - start);
	check_memory(n);
	CHECK_IS(task_touch(at + (n - 2) * PAGE, true), 0);
	CHECK_IS(task_touch(at + (n - 1) * PAGE, true), TAP_SIGNAL(SIGSEGV));
	check_killed(at, n);
	start = tap_now_ms();
	CHECK_IS(task_deallocate(&t, at, n * PAGE), 0);
	tap_note("the rest deallocated in %ld ms", tap_now_ms() - start);
	CHECK_IS(task_entries(&t), 0);
	CHECK(entry_cache().active < 1000, "%llu entries are left",
	      entry_cache().active);
}

static long do_msync_all(const uint64_t *arg)
{
	return task_msync(&t, (void *)(uintptr_t)arg[0], arg[1], arg[2]);
}

/*
 * Entries without an object, which have nothing to send: who goes over them can be
 * killed all the same. A second of them is enough to see it.
 */
static void test_msync_killed(void)
{
	unsigned long n = entries_wanted() / 4;
	char *at = fragmented(n);
	struct actor a;
	long start, all;

	start = tap_now_ms();
	CHECK_IS(task_msync(&t, at, n * PAGE, tap_variant), 0);
	all = tap_now_ms() - start;
	if (all < 400)
		tap_skip("it takes %ld ms: too short to be killed in", all);
	actor_start(&a, 1);
	actor_begin(&a, 0, do_msync_all, (uintptr_t)at, n * PAGE, tap_variant);
	tap_pause_ms(all / 8);
	CHECK(actor_waits(&a, 0, 0), "it was over at once");
	start = tap_now_ms();
	actor_kill(&a);
	start = tap_now_ms() - start;
	tap_note("%lu entries in %ld ms, killed in %ld", n, all, start);
	CHECK(start < all / 2, "killed in %ld ms of %ld", start, all);
}

/* Rights that are equal again make one entry of all of them. */
static void test_joined(void)
{
	unsigned long n = entries_wanted() / 10;
	long start;
	char *at;

	at = fragmented(n);
	start = tap_now_ms();
	CHECK_IS(task_protect(&t, at, n * PAGE, MACH_PROT_READ), 0);
	tap_note("%lu entries joined in %ld ms", n, tap_now_ms() - start);
	CHECK_IS(task_entries(&t), 1);
}

/* The last descriptor goes while there are as many. */
static void test_closed(void)
{
	unsigned long n = entries_wanted() / 10;
	long start;

	fragmented(n);
	start = tap_now_ms();
	task_close(&t);
	tap_note("%lu entries closed in %ld ms", n, tap_now_ms() - start);
	t.fd = vm_open();
	CHECK(entry_cache().active < 1000, "%llu entries are left",
	      entry_cache().active);
}

static const struct tap_test tests[] = {
	{ "million", test_million, 0, 180 },
	{ "joined", test_joined, 0, 60 },
	{ "msync-killed", test_msync_killed, MACH_SYNC_SYNCHRONOUS, 60 },
	{ "deactivate-killed", test_msync_killed, MACH_SYNC_DEACTIVATE, 60 },
	{ "closed", test_closed, 0, 60 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
