// SPDX-License-Identifier: GPL-2.0-only
/*
 * First touches of a task's memory: those in order bring pages ahead, of which few are
 * too many; others bring what they touch; and nothing comes where it may not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pool.h"
#include "task.h"

#define RW		(MACH_PROT_READ | MACH_PROT_WRITE)
#define DEBUG_DIR	"/sys/kernel/debug"
#define PAGES		2048
#define RUN		1000	/* pages that are touched in order */
#define SHARE		8	/* for so many, one may come ahead */
#define MOST		31	/* that one touch brings */

static struct test_task t;
static char *at;

static void begin(void)
{
	task_open(&t, PAGES * PAGE);
	at = task_allocate(&t, PAGES * PAGE);
}

/* Is the page there? Telling brings nothing. */
static bool there(unsigned int page)
{
	uint8_t told = 0;
	struct mach_task_data args = {
		.size = sizeof(args), .address = (uintptr_t)at + page * PAGE,
		.length = PAGE, .data = (uintptr_t)&told,
	};

	CHECK_IS(task_call(&t, MACH_TASK_PAGES, &args), 0);
	return told & MACH_PAGES_RESIDENT;
}

static unsigned int resident(unsigned int first, unsigned int end)
{
	unsigned int n = 0;

	for (; first < end; first++)
		n += there(first);
	return n;
}

static void touch(unsigned int page, bool write)
{
	volatile char *byte = at + page * PAGE;

	CHECK(!*byte, "page %u is not zero", page);
	if (write)
		*byte = 1;
}

static void touch_run(unsigned int first, unsigned int n, bool write)
{
	volatile char *byte = at + first * PAGE;

	/* whatever is done first decides */
	for (unsigned int i = 0; i < n; i++, byte += PAGE) {
		if (write)
			*byte = 1;
		else
			CHECK(!*byte, "page %u is not zero", first + i);
	}
}

static long faults(void)
{
	struct rusage usage;

	CHECK(!getrusage(RUSAGE_SELF, &usage), "getrusage: %m");
	return usage.ru_minflt;
}

/* What has come ahead has nothing in it. */
static void check_zeros(unsigned int first, unsigned int end)
{
	static const char zeros[PAGE];

	for (; first < end; first++)
		CHECK(!memcmp(at + first * PAGE, zeros, PAGE),
		      "page %u is not zero", first);
}

static void test_in_order(void)
{
	unsigned int n;
	long since;

	begin();
	faults();
	since = faults();
	touch_run(3, RUN, tap_variant);
	since = faults() - since;
	n = resident(0, PAGES);
	tap_note("%u pages: %u there, %ld faults", RUN, n, since);
	CHECK_IS(resident(3, 3 + RUN), RUN);
	CHECK(n - RUN <= RUN / SHARE && n - RUN < MOST, "%u pages too many",
	      n - RUN);
	CHECK(since < RUN / 8, "%ld faults", since);
	check_zeros(3 + RUN, PAGES);
	for (unsigned int i = 3; i < 3 + RUN; i++)
		CHECK(at[i * PAGE] == tap_variant, "page %u is lost", i);
}

/* As short as it may be */
static void test_short(void)
{
	begin();
	for (unsigned int n = 1; n < 100; n += 7) {
		CHECK_IS(task_deallocate(&t, at, PAGES * PAGE), 0);
		CHECK_IS(task_allocate_at(&t, at, PAGES * PAGE), 0);
		touch_run(0, n, true);
		CHECK(resident(0, PAGES) <= n + n / SHARE,
		      "%u pages were touched, %u are there", n,
		      resident(0, PAGES));
	}
}

static void test_backwards(void)
{
	begin();
	for (unsigned int i = RUN; i; i--)
		touch(i, true);
	CHECK_IS(resident(0, PAGES), RUN);
}

/* Also behind a run, whose last touches it may be taken for, once. */
static void test_steps(void)
{
	for (unsigned int step = 2; step <= 64; step *= 2) {
		unsigned int n = 0;

		begin();
		for (unsigned int i = 0; i < PAGES; i += step, n++)
			touch(i, true);
		CHECK_IS(resident(0, PAGES), n);
		task_close(&t);
	}
	for (unsigned int step = 2; step <= 64; step *= 2) {
		unsigned int n = RUN;

		begin();
		touch_run(0, RUN, true);
		for (unsigned int i = RUN + step; i < PAGES; i += step, n++)
			touch(i, true);
		CHECK(resident(0, PAGES) < n + 2 * MOST,
		      "steps of %u: %u pages were touched, %u are there", step,
		      n, resident(0, PAGES));
		task_close(&t);
	}
}

static void test_random(void)
{
	unsigned int n = 0, page, seed = 1;

	begin();
	while (n < PAGES / 4) {
		page = rand_r(&seed) % PAGES;
		if (at[page * PAGE])
			continue;
		at[page * PAGE] = 1;
		n++;
	}
	/* reading has touched those that it found */
	CHECK(resident(0, PAGES) <= n + 2, "%u pages were touched, %u are there",
	      n, resident(0, PAGES));
}

/* Who has said that he goes at random gets what he touches. */
static void test_behavior(void)
{
	begin();
	CHECK_IS(task_behavior(&t, at, PAGES * PAGE, MACH_BEHAVIOR_RANDOM), 0);
	touch_run(0, RUN, true);
	CHECK_IS(resident(0, PAGES), RUN);
}

/* The first touch of an entry is one fault, though its object is made for it. */
static void test_one_fault(void)
{
	long since;

	begin();
	faults();
	for (int i = 0; i < 2; i++) {
		/* the second time Linux has its page tables */
		CHECK_IS(task_deallocate(&t, at, PAGES * PAGE), 0);
		CHECK_IS(task_allocate_at(&t, at, PAGES * PAGE), 0);
		since = faults();
		*(volatile char *)(at + 5 * PAGE) = 1;
		since = faults() - since;
	}
	CHECK_IS(since, 1);
}

/* Nothing comes beyond the end of an entry, nor from another one's run. */
static void test_entry_ends(void)
{
	begin();
	CHECK_IS(task_protect(&t, at + RUN * PAGE, (PAGES - RUN) * PAGE,
			      MACH_PROT_READ), 0);
	touch_run(0, RUN, true);
	CHECK_IS(resident(0, PAGES), RUN);
	touch_run(RUN, 1, false);
	CHECK_IS(resident(0, PAGES), RUN + 1);
	CHECK_IS(task_touch(at + RUN * PAGE, true), TAP_SIGNAL(SIGSEGV));
}

/* Nor beyond that of an area of Linux's, which may allow less. */
static void test_area_ends(void)
{
	begin();
	CHECK(!mprotect(at + RUN * PAGE, (PAGES - RUN) * PAGE, PROT_READ),
	      "mprotect: %m");
	touch_run(0, RUN, true);
	CHECK_IS(resident(0, PAGES), RUN);
	CHECK_IS(task_touch(at + RUN * PAGE, true), TAP_SIGNAL(SIGSEGV));
}

/* In a hole a run ends, and what is behind it is another's. */
static void test_hole(void)
{
	begin();
	CHECK_IS(task_deallocate(&t, at + RUN * PAGE, 2 * PAGE), 0);
	touch_run(0, RUN, true);
	CHECK_IS(resident(0, PAGES), RUN);
	CHECK_IS(task_touch(at + RUN * PAGE, false), TAP_SIGNAL(SIGSEGV));
}

/* What is in the way stays as it is. */
static void test_in_the_way(void)
{
	begin();
	for (unsigned int i = 40; i < RUN; i += 40) {
		at[i * PAGE] = 2;
		at[i * PAGE + 7] = 3;
	}
	for (unsigned int i = 0; i < RUN; i++)
		CHECK(at[i * PAGE]++ == (i && i % 40 == 0 ? 2 : 0) &&
		      at[i * PAGE + 7] == (i && i % 40 == 0 ? 3 : 0),
		      "page %u is lost", i);
}

/* What is deallocated does not come back with a run that goes on behind it. */
static void test_again(void)
{
	begin();
	touch_run(0, RUN, true);
	CHECK_IS(task_deallocate(&t, at, PAGES * PAGE), 0);
	CHECK_IS(task_allocate_at(&t, at, PAGES * PAGE), 0);
	CHECK_IS(resident(0, PAGES), 0);
	check_zeros(0, RUN);
}

static struct mach_vm_statistics statistics(void)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	CHECK_IS(vm_ioctl(t.fd, MACH_VM_STATISTICS, &vm), 0);
	return vm;
}

/* Of wired pages nobody knows whether they were touched. */
static void test_wired(void)
{
	uint64_t wired;

	begin();
	/* what the pool has in slabs is wired as well */
	CHECK_IS(task_wire(&t, at, RUN * PAGE, RW), 0);
	wired = statistics().wire_count;
	CHECK_IS(task_deallocate(&t, at, PAGES * PAGE), 0);
	CHECK_IS(task_allocate_at(&t, at, PAGES * PAGE), 0);
	touch_run(0, 100, true);
	CHECK_IS(task_wire(&t, at, RUN * PAGE, RW), 0);
	CHECK_IS(statistics().wire_count, wired);
	touch_run(RUN, 1, true);
	CHECK_IS(resident(0, PAGES), RUN + 1);
	CHECK_IS(task_wire(&t, at, RUN * PAGE, 0), 0);
	CHECK_IS(wired - statistics().wire_count, RUN);
}

/* Memory that two entries share has one page for both, whoever touches it first. */
static void test_shared(void)
{
	char *other;

	begin();
	CHECK_IS(task_deallocate(&t, at + RUN * PAGE, (PAGES - RUN) * PAGE), 0);
	CHECK_IS(task_remap(&t, at, RUN * PAGE, 0, &other), 0);
	for (unsigned int i = 0; i < RUN; i++) {
		char *first = i / 100 % 2 ? other : at;

		first[i * PAGE] = i % 100 + 1;
	}
	for (unsigned int i = 0; i < RUN; i++)
		CHECK(at[i * PAGE] == (char)(i % 100 + 1) &&
		      other[i * PAGE] == (char)(i % 100 + 1),
		      "page %u is not the same", i);
}

/* A statistics file counts what came ahead. */
static unsigned long ahead(void)
{
	unsigned long n = 0;
	char line[80];
	FILE *file;

	if (access(DEBUG_DIR "/machvm", F_OK))
		mount("debugfs", DEBUG_DIR, "debugfs", 0, NULL);
	file = fopen(DEBUG_DIR "/machvm/statistics", "re");
	CHECK(file, "debugfs: %m");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "zeros_ahead %lu", &n);
	fclose(file);
	return n;
}

static void test_counted(void)
{
	struct mach_vm_statistics before, after;
	unsigned long since;
	unsigned int n;

	begin();
	before = statistics();
	since = ahead();
	touch_run(0, RUN, true);
	n = resident(0, PAGES);
	after = statistics();
	tap_is("internal", after.internal_count - before.internal_count, n);
	tap_is("zero-filled", after.zero_fill_count - before.zero_fill_count, n);
	tap_is("ahead", ahead() - since,
	       n - (long)(after.faults - before.faults));
}

/* Threads */

static pthread_barrier_t together;
static atomic_bool stop;

static void *add_in_order(void *arg)
{
	unsigned int first = (uintptr_t)arg;

	pthread_barrier_wait(&together);
	for (unsigned int i = first; i < first + 400; i++)
		__atomic_fetch_add((int *)(at + i * PAGE), 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Two that touch the same pages, or some of them, at the same time */
static void test_two_threads(void)
{
	unsigned int rounds = tap_slow() > 1 ? 20 : 200;
	unsigned int apart = tap_variant;
	pthread_t threads[2];

	begin();
	pthread_barrier_init(&together, NULL, 2);
	for (unsigned int round = 0; round < rounds; round++) {
		for (uintptr_t i = 0; i < 2; i++)
			CHECK(!pthread_create(&threads[i], NULL, add_in_order,
					      (void *)(i * apart)),
			      "no thread");
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		for (unsigned int i = 0; i < 400 + apart; i++)
			CHECK(*(int *)(at + i * PAGE) ==
			      (i < 400) + (i >= apart),
			      "round %u: %d touches of page %u", round,
			      *(int *)(at + i * PAGE), i);
		CHECK(resident(0, PAGES) <= 400 + apart + 2 * MOST,
		      "%u pages are there", resident(0, PAGES));
		CHECK_IS(task_deallocate(&t, at, PAGES * PAGE), 0);
		CHECK_IS(task_allocate_at(&t, at, PAGES * PAGE), 0);
	}
}

static void *touch_in_order(void *arg)
{
	while (!stop)
		for (unsigned int i = 0; i < 256 && !stop; i++)
			if (task_touch(at + i * PAGE, true))
				break;
	return arg;
}

/* Does the kernel write there? Signals are the other thread's. */
static bool writable(unsigned int page, int zeros)
{
	return read(zeros, at + page * PAGE, 1) == 1;
}

/* What a call has taken away does not come with a touch that began before. */
static void test_storm(void)
{
	int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	long end = tap_now_ms() + 2000;
	unsigned int rounds = 0, came = 0;
	pthread_t thread;

	begin();
	CHECK(!pthread_create(&thread, NULL, touch_in_order, NULL), "no thread");
	while (tap_now_ms() < end || !came) {
		usleep(rounds % 10 * 50);
		CHECK_IS(task_protect(&t, at + 128 * PAGE, 128 * PAGE,
				      MACH_PROT_READ), 0);
		for (unsigned int i = 128; i < 160; i++)
			CHECK(!writable(i, zeros), "page %u is writable", i);
		came += resident(0, 128);
		CHECK_IS(task_deallocate(&t, at + 64 * PAGE, 64 * PAGE), 0);
		CHECK_IS(resident(64, 128), 0);
		CHECK_IS(task_deallocate(&t, at, 256 * PAGE), 0);
		CHECK_IS(resident(0, 256), 0);
		CHECK_IS(task_allocate_at(&t, at, 256 * PAGE), 0);
		rounds++;
	}
	stop = true;
	pthread_join(thread, NULL);
	tap_note("%u rounds, %u pages came", rounds, came);
}

/* When there is not much */

static unsigned long internal(void)
{
	return statistics().internal_count;
}

/* Three quarters of the pool can be touched, in order too, and not a page less. */
static void test_pool_bound(void)
{
	unsigned int n = 0;
	unsigned long had;

	pool_limit(POOL_MIB);
	begin();
	had = internal();
	while (n < PAGES && !task_touch(at + n * PAGE, true))
		n++;
	tap_is("touched", n, POOL_PAGES / 4 * 3 - had);
	tap_is("there", internal(), POOL_PAGES / 4 * 3);
	CHECK_IS(task_deallocate(&t, at, PAGES * PAGE), 0);
	tap_is("gone", internal(), had);
}

/* A pool that is full of what can go has a page for each touch. */
static void test_pool_full(void)
{
	struct serve *s = pool_object(LARGE, 1);
	uint8_t *map;

	pool_limit(POOL_MIB);
	map = pool_start(s);
	pool_verify(map, 1, 0, LARGE_PAGES, 0);
	begin();
	for (unsigned int i = 0; i < POOL_PAGES / 2; i++) {
		CHECK_IS(task_touch(at + i * PAGE, true), 0);
		at[i * PAGE + 1] = 1;
		if (i % 64 == 0)
			pool_verify(map, 1, i * 4, POOL_PAGES / 2, 0);
	}
	for (unsigned int i = 0; i < POOL_PAGES / 2; i++)
		CHECK(!at[i * PAGE] && at[i * PAGE + 1] == 1, "page %u is lost",
		      i);
}

static const struct tap_test tests[] = {
	{ .name = "read-in-order", .run = test_in_order, .variant = 0 },
	{ .name = "write-in-order", .run = test_in_order, .variant = 1 },
	{ .name = "short", .run = test_short },
	{ .name = "backwards", .run = test_backwards },
	{ .name = "steps", .run = test_steps },
	{ .name = "random", .run = test_random },
	{ .name = "behavior", .run = test_behavior },
	{ .name = "one-fault", .run = test_one_fault },
	{ .name = "entry-ends", .run = test_entry_ends },
	{ .name = "area-ends", .run = test_area_ends },
	{ .name = "hole", .run = test_hole },
	{ .name = "in-the-way", .run = test_in_the_way },
	{ .name = "again", .run = test_again },
	{ .name = "wired", .run = test_wired },
	{ .name = "shared", .run = test_shared },
	{ .name = "counted", .run = test_counted },
	{ .name = "two-threads", .run = test_two_threads, .variant = 0 },
	{ .name = "two-threads-apart", .run = test_two_threads, .variant = 200 },
	{ .name = "storm", .run = test_storm },
	{ .name = "pool-bound", .run = test_pool_bound },
	{ .name = "pool-full", .run = test_pool_full, .seconds = 60 },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
