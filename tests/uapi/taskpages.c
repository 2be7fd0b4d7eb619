// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task maps: MACH_TASK_PAGES tells of each page what is there, whatever is asked, and
 * writes nowhere else. Bad fields are in taskargs.c.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve.h"
#include "task.h"
#include "tap.h"

#define ROOM	(64 * PAGE)
#define WINDOW	(1ULL << 30)
#define HERE	(MACH_PAGES_RESIDENT | MACH_PAGES_DIRTY)

static struct test_task t;
static uint64_t done;

/* Memory of which the page behind cannot be written to */
static uint8_t *room(void)
{
	uint8_t *at = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED, "mmap: %m");
	CHECK(!mprotect(at + ROOM, PAGE, PROT_NONE), "mprotect: %m");
	memset(at, 0xee, ROOM);
	return at;
}

static long pages(uint64_t address, uint64_t length, uint8_t *to)
{
	struct mach_task_data args = {
		.size = sizeof(args), .address = address, .length = length,
		.data = (uintptr_t)to,
	};
	long err = task_call(&t, MACH_TASK_PAGES, &args);

	done = args.done;
	return err;
}

/* All of the window and what lies around it, with entries of every kind in it */
static void test_all(void)
{
	uint64_t before = 3, n = before + WINDOW / PAGE + 2;
	uint8_t *told = mmap(NULL, n + 1, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct serve *s = serve_new(8 * PAGE, PAGE, 1);
	char *memory, *object;

	CHECK(told != MAP_FAILED, "mmap: %m");
	serve_start(s);
	task_open(&t, WINDOW);
	memory = task_allocate(&t, 1000 * PAGE);
	CHECK_IS(task_map(&t, s->fd, 2 * PAGE, 10 * PAGE, MACH_PROT_READ, 0,
			  &object), 0);
	CHECK_IS(task_deallocate(&t, memory + 500 * PAGE, PAGE), 0);
	/* not in order: then nothing comes ahead */
	for (uint64_t i = 370; i > 300; i--)
		memset(memory + (i - 1) * PAGE, 1, PAGE);
	CHECK_IS(task_touch(object + PAGE, false), 0);
	memset(told, 0xee, n + 1);
	tap_is("all", pages((uintptr_t)t.window - before * PAGE, n * PAGE,
			    told), 0);
	CHECK_IS(done, n);
	CHECK_IS(told[n], 0xee);
	for (uint64_t i = 0; i < n; i++) {
		char *at = t.window + (i - before) * PAGE;
		uint8_t want = 0;

		if (at >= memory + 300 * PAGE && at < memory + 370 * PAGE)
			want = HERE;
		if (at >= object && at < object + 10 * PAGE)
			want = MACH_PAGES_EXTERNAL;
		if (at == object + PAGE)
			want |= MACH_PAGES_RESIDENT;
		CHECK(told[i] == want, "page %lld: %#x, not %#x",
		      (long long)(i - before), told[i], want);
	}
	CHECK_IS(s->requests, 1);
}

static void test_ranges(void)
{
	static const struct {
		const char *name;
		uint64_t address, length;
		long want;
	} rows[] = {
		{ "none", 1ULL << 63, 0, 0 },
		{ "wraps", -PAGE, 2 * PAGE, -EINVAL },
		{ "wraps-to-0", -PAGE, PAGE, -EINVAL },
		{ "rounds-to-0", -PAGE, 1, -EINVAL },
		{ "most", 1, -1, -EINVAL },
	};
	uint8_t *to = room();

	task_open(&t, WINDOW);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		tap_is(rows[i].name, pages(rows[i].address, rows[i].length, to),
		       rows[i].want);
		CHECK(!done && to[0] == 0xee, "%s: told of %llu pages",
		      rows[i].name, (unsigned long long)done);
	}
	tap_is("last", pages(-2 * PAGE, PAGE, to), 0);
	CHECK(done == 1 && !to[0] && to[1] == 0xee, "%llu pages",
	      (unsigned long long)done);
	t.fd = open(MACH_VM_DEVICE, O_RDWR);
	tap_is("no-window", pages(0, PAGE, to), -EADDRNOTAVAIL);
}

/* As far as there is room, and nothing behind */
static void test_no_room(void)
{
	uint8_t *to = room();

	task_open(&t, WINDOW);
	memset(task_allocate(&t, 200 * PAGE), 1, 200 * PAGE);
	tap_is("nowhere", pages((uintptr_t)t.window, PAGE, to + ROOM), -EFAULT);
	tap_is("told-nothing", done, 0);
	tap_is("some", pages((uintptr_t)t.window, 200 * PAGE, to + ROOM - 100),
	       -EFAULT);
	tap_sub("told-some", done <= 100, "%llu pages",
		(unsigned long long)done);
	for (uint64_t i = 0; i < done; i++)
		CHECK_IS(to[ROOM - 100 + i], HERE);
	tap_is("just", pages((uintptr_t)t.window, 100 * PAGE, to + ROOM - 100),
	       0);
	tap_is("told-all", done, 100);
	CHECK_IS(to[ROOM - 101], 0xee);
}

/* The answer may go to a page of the task itself, that is not there yet. */
static void test_itself(void)
{
	uint8_t *at;

	task_open(&t, WINDOW);
	at = (uint8_t *)task_allocate(&t, 2 * PAGE);
	tap_is("itself", pages((uintptr_t)at, 2 * PAGE, at), 0);
	tap_is("was-absent", at[0], 0);
	tap_is("again", pages((uintptr_t)at, 2 * PAGE, at), 0);
	tap_is("is-there", at[0], HERE);
	tap_is("other", at[1], 0);
}

/* A question about all addresses ends when who asks is killed. */
static void test_killed(void)
{
	uint8_t *to = mmap(NULL, 1ULL << 40, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pid_t child;
	int status;

	CHECK(to != MAP_FAILED, "mmap: %m");
	task_open(&t, WINDOW);
	child = fork();
	if (!child) {
		for (;;)
			pages(0, 1ULL << 47, to);
	}
	tap_pause_ms(50);
	CHECK(!kill(child, SIGKILL), "kill: %m");
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status),
	      "status %#x", status);
}

static volatile bool stop;
static volatile unsigned int rounds;
static char *busy;

static void *disturb(void *arg)
{
	while (!stop) {
		rounds += !task_allocate_at(&t, busy, 16 * PAGE);
		task_touch(busy + 3 * PAGE, true);
		task_deallocate(&t, busy + 3 * PAGE, 5 * PAGE);
		task_deallocate(&t, busy, 16 * PAGE);
	}
	return arg;
}

/* Entries and pages come and go meanwhile. */
static void test_race(void)
{
	uint8_t *to = room();
	unsigned int seen = 0;
	pthread_t thread;

	task_open(&t, WINDOW);
	busy = task_allocate(&t, 16 * PAGE);
	CHECK_IS(task_deallocate(&t, busy, 16 * PAGE), 0);
	CHECK(!pthread_create(&thread, NULL, disturb, NULL), "no thread");
	/* as long as it takes to see both; the test's limit is the end */
	for (int i = 0; i < 3000 || rounds < 10 || seen != 3; i++) {
		CHECK_IS(pages((uintptr_t)busy, 16 * PAGE, to), 0);
		for (int j = 0; j < 16; j++)
			CHECK(!to[j] || (j == 3 && to[j] & MACH_PAGES_RESIDENT),
			      "page %d: %#x", j, to[j]);
		seen |= to[3] ? 1 : 2;
	}
	stop = true;
	pthread_join(thread, NULL);
}

static const struct tap_test tests[] = {
	{ .name = "all", .run = test_all },
	{ .name = "ranges", .run = test_ranges },
	{ .name = "no-room", .run = test_no_room },
	{ .name = "itself", .run = test_itself },
	{ .name = "killed", .run = test_killed },
	{ .name = "race", .run = test_race },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
