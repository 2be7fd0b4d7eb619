// SPDX-License-Identifier: GPL-2.0-only
/* Deeds that need no memory, and the task and the object that they are done to. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "release_deeds.h"
#include "tap.h"

#define RW		(MACH_PROT_READ | MACH_PROT_WRITE)
#define PAGES		64	/* of the object */
#define WIRED		16	/* of them, that stay in memory */
#define SEED		7	/* of what is written to it */

static struct test_task t;
static struct serve *s;
static char *memory;	/* PAGES of it, of which the first four are touched */
static char *shown;	/* the object */
static struct actor user;	/* maps the object, too, where that is said */
static char bytes[2 * PAGE];

static char *page(unsigned int i)
{
	return memory + i * PAGE;
}

void release_open(void)
{
	/* before the task: its pager must not hold it */
	s = serve_new(PAGES * PAGE, 16 * PAGE, 1);
	serve_start(s);
	task_open(&t, MIB);
	memory = t.window;
	CHECK_IS(task_allocate_at(&t, memory, PAGES * PAGE), 0);
	pattern_fill(memory, 0, 4 * PAGE, SEED);
	CHECK_IS(task_map(&t, s->fd, 0, s->size, RW, 0, &shown), 0);
	pattern_fill(shown, 0, s->size, SEED);
	CHECK_IS(task_wire(&t, shown, WIRED * PAGE, RW), 0);
	/* the test's own, that it shares since it has forked */
	memset(bytes, 1, sizeof(bytes));
}

static bool saved(void)
{
	return pattern_is(s->store, 0, s->size, SEED);
}

void release_close(void)
{
	unsigned int terminates = s->terminates;

	CHECK(pattern_is(memory, 0, 4 * PAGE, SEED), "memory has changed");
	task_close(&t);
	if (s->fd >= 0)
		close(s->fd);
	CHECK_WAIT(s->terminates > terminates || s->fd < 0, WAIT_MS,
		   "the object does not end");
	CHECK(saved(), "the store lacks what was written");
	serve_stop(s);
}

/* Of a task's memory */

static long op_deallocate(const uint64_t *arg)
{
	(void)arg;
	return task_deallocate(&t, page(9), PAGE);
}

static long op_protect(const uint64_t *arg)
{
	(void)arg;
	return task_protect(&t, page(9), PAGE, MACH_PROT_READ);
}

static long op_maximum(const uint64_t *arg)
{
	(void)arg;
	return task_set_maximum(&t, page(9), PAGE, MACH_PROT_READ);
}

static long op_inherit(const uint64_t *arg)
{
	(void)arg;
	return task_inherit(&t, page(9), PAGE, MACH_INHERIT_NONE);
}

static long op_behavior(const uint64_t *arg)
{
	(void)arg;
	return task_behavior(&t, page(9), PAGE, MACH_BEHAVIOR_RANDOM);
}

/* Nothing comes between them that could bring memory: each clips twice. */
static long op_many(const uint64_t *arg)
{
	long err = 0;

	(void)arg;
	for (unsigned int i = 5; i < PAGES - 1 && !err; i += 2)
		err = i % 4 == 1 ? task_deallocate(&t, page(i), PAGE) :
				   task_protect(&t, page(i), PAGE,
						MACH_PROT_READ);
	return err;
}

static void after_many(void)
{
	CHECK_IS(task_touch(page(5), false), TAP_SIGNAL(SIGSEGV));
	CHECK_IS(task_touch(page(6), true), 0);
	CHECK_IS(task_touch(page(7), true), TAP_SIGNAL(SIGSEGV));
	CHECK_IS(task_touch(page(7), false), 0);
}

/* What is executable has an area of Linux's to itself, which has to be cut. */

static void executable(void)
{
	CHECK_IS(task_protect(&t, page(20), 4 * PAGE,
			      MACH_PROT_READ | MACH_PROT_EXECUTE), 0);
}

static long op_protect_executable(const uint64_t *arg)
{
	(void)arg;
	return task_protect(&t, page(21), PAGE, RW);
}

static void after_protect_executable(void)
{
	CHECK_IS(task_touch(page(21), true), 0);
	CHECK_IS(task_touch(page(20), false), 0);
	CHECK_IS(task_touch(page(22), true), TAP_SIGNAL(SIGSEGV));
}

static long op_deallocate_executable(const uint64_t *arg)
{
	(void)arg;
	return task_deallocate(&t, page(21), PAGE);
}

static void after_deallocate_executable(void)
{
	CHECK_IS(task_touch(page(21), false), TAP_SIGNAL(SIGSEGV));
	CHECK_IS(task_allocate_at(&t, page(21), PAGE), 0);
	CHECK_IS(task_touch(page(21), true), 0);
}

static long op_unwire(const uint64_t *arg)
{
	(void)arg;
	return task_wire(&t, shown + PAGE, PAGE, 0);
}

static long op_unwire_all(const uint64_t *arg)
{
	(void)arg;
	return task_wire_all(&t, 0);
}

static void after_unwire_all(void)
{
	CHECK_IS(task_info(&t).wired, 0);
}

static long op_deallocate_all(const uint64_t *arg)
{
	(void)arg;
	return task_deallocate(&t, shown, s->size);
}

static long op_read(const uint64_t *arg)
{
	(void)arg;
	memset(bytes, 0, sizeof(bytes));
	return task_read(&t, page(1) + 5, sizeof(bytes), bytes) ?:
	       !pattern_is(bytes, PAGE + 5, sizeof(bytes), SEED);
}

static long op_region(const uint64_t *arg)
{
	struct mach_task_region r = {
		.size = sizeof(r), .address = (uintptr_t)shown,
	};

	(void)arg;
	return task_call(&t, MACH_TASK_REGION, &r);
}

/* Of an object */

static long op_pread(const uint64_t *arg)
{
	(void)arg;
	memset(bytes, 0, sizeof(bytes));
	return RESULT(pread(s->fd, bytes, sizeof(bytes), PAGE));
}

static void after_pread(void)
{
	CHECK(pattern_is(bytes, PAGE, sizeof(bytes), SEED), "wrong bytes");
}

static long op_fsync(const uint64_t *arg)
{
	(void)arg;
	return RESULT(fsync(s->fd));
}

static void after_sync(void)
{
	CHECK(saved(), "success, but the store lacks something");
	CHECK_IS(object_info(s->fd).dirty, 0);
	CHECK_IS(object_info(s->fd).errors, 0);
}

static long op_msync(const uint64_t *arg)
{
	(void)arg;
	return task_msync(&t, shown, s->size, MACH_SYNC_SYNCHRONOUS);
}

static long op_object_msync(const uint64_t *arg)
{
	struct mach_task_msync msync = {
		.size = sizeof(msync), .flags = MACH_SYNC_SYNCHRONOUS,
		.length = s->size,
	};

	(void)arg;
	return vm_ioctl(s->fd, MACH_OBJECT_MSYNC, &msync);
}

static long op_pages(const uint64_t *arg)
{
	struct mach_task_data data = {
		.size = sizeof(data), .address = (uintptr_t)t.window,
		.length = 2 * PAGES * PAGE, .data = (uintptr_t)bytes,
	};

	(void)arg;
	return task_call(&t, MACH_TASK_PAGES, &data);
}

static void after_pages(void)
{
	CHECK(bytes[0] & MACH_PAGES_RESIDENT && !bytes[4], "pages %#x, %#x",
	      bytes[0], bytes[4]);
}

static long op_msync_later(const uint64_t *arg)
{
	(void)arg;
	return task_msync(&t, shown, s->size, MACH_SYNC_ASYNCHRONOUS);
}

static void after_msync_later(void)
{
	CHECK_WAIT(!object_info(s->fd).dirty, WAIT_MS, "%llu pages stay dirty",
		   object_info(s->fd).dirty);
	after_sync();
}

static long op_clean(const uint64_t *arg)
{
	(void)arg;
	s->lock = MACH_LOCK_CLEAN | MACH_LOCK_REPLY;
	CHECK_WAIT(!s->lock && !object_info(s->fd).dirty, WAIT_MS,
		   "%llu pages stay dirty", object_info(s->fd).dirty);
	return 0;
}

static long op_clean_flush(const uint64_t *arg)
{
	(void)arg;
	s->lock = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH | MACH_LOCK_REPLY;
	CHECK_WAIT(!s->lock && object_info(s->fd).resident <= WIRED, WAIT_MS,
		   "%llu pages stay", object_info(s->fd).resident);
	return 0;
}

/* What is clean by then is forgotten. */
static void before_flush(void)
{
	CHECK_IS(RESULT(fsync(s->fd)), 0);
}

static long op_flush(const uint64_t *arg)
{
	(void)arg;
	s->lock = MACH_LOCK_FLUSH | MACH_LOCK_REPLY;
	CHECK_WAIT(!s->lock && object_info(s->fd).resident <= WIRED, WAIT_MS,
		   "%llu pages stay", object_info(s->fd).resident);
	return 0;
}

/* The last right goes: what is dirty goes to the pager, which is told of the end. */
static long op_end(const uint64_t *arg)
{
	long err = task_deallocate(&t, shown, s->size);

	(void)arg;
	close(s->fd);
	s->fd = -1;
	CHECK_WAIT(s->terminates, WAIT_MS, "no TERMINATE");
	return err;
}

/* The same by a process's death */

static long user_write(const uint64_t *arg)
{
	char *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 arg[0], 0);

	if (map == MAP_FAILED)
		return -errno;
	pattern_fill(map, 0, PAGES * PAGE, SEED);
	return 0;
}

static void before_exit(void)
{
	actor_start(&user, 1);
	CHECK_IS(actor_do(&user, user_write, s->fd), 0);
}

static long op_exit(const uint64_t *arg)
{
	actor_kill(&user);
	return op_end(arg);
}

/* And with a task, some of whose memory is wired, code, or in pieces */

static long user_task(const uint64_t *arg)
{
	struct test_task own;
	char *at;

	task_open(&own, MIB);
	CHECK_IS(task_allocate_at(&own, own.window, PAGES * PAGE), 0);
	memset(own.window, 1, 8 * PAGE);
	CHECK_IS(task_wire(&own, own.window + PAGE, 2 * PAGE, RW), 0);
	for (unsigned int i = 0; i < PAGES; i += 2)
		CHECK_IS(task_protect(&own, own.window + i * PAGE, PAGE,
				      MACH_PROT_READ | i % 4 * 2), 0);
	CHECK_IS(task_map(&own, arg[0], 0, PAGES * PAGE, RW, 0, &at), 0);
	pattern_fill(at, 0, PAGES * PAGE, SEED);
	return 0;
}

static void before_kill(void)
{
	actor_start(&user, 1);
	CHECK_IS(actor_do(&user, user_task, s->fd), 0);
}

const struct release_deed release_deeds[] = {
	{ .name = "deallocate", .fn = op_deallocate },
	{ .name = "protect", .fn = op_protect },
	{ .name = "maximum", .fn = op_maximum },
	{ .name = "inherit", .fn = op_inherit },
	{ .name = "behavior", .fn = op_behavior },
	{ .name = "many", .fn = op_many, .after = after_many },
	{ .name = "protect-executable", .before = executable,
	  .fn = op_protect_executable, .after = after_protect_executable,
	  .areas = true },
	{ .name = "deallocate-executable", .before = executable,
	  .fn = op_deallocate_executable, .after = after_deallocate_executable,
	  .areas = true },
	{ .name = "unwire", .fn = op_unwire },
	{ .name = "unwire-all", .fn = op_unwire_all, .after = after_unwire_all },
	{ .name = "deallocate-all", .fn = op_deallocate_all },
	{ .name = "read", .fn = op_read },
	{ .name = "region", .fn = op_region },
	{ .name = "pages", .fn = op_pages, .after = after_pages },
	{ .name = "pread", .fn = op_pread, .after = after_pread,
	  .right = sizeof(bytes) },
	{ .name = "fsync", .fn = op_fsync, .after = after_sync },
	{ .name = "msync", .fn = op_msync, .after = after_sync },
	{ .name = "object-msync", .fn = op_object_msync, .after = after_sync },
	{ .name = "msync-later", .fn = op_msync_later,
	  .after = after_msync_later, .others = true },
	{ .name = "clean", .fn = op_clean, .after = after_sync, .others = true },
	{ .name = "clean-flush", .fn = op_clean_flush, .after = after_sync,
	  .others = true },
	{ .name = "flush", .before = before_flush, .fn = op_flush,
	  .after = after_sync, .others = true },
	{ .name = "end", .fn = op_end, .others = true },
	{ .name = "exit", .before = before_exit, .fn = op_exit, .others = true },
	{ .name = "exit-task", .before = before_kill, .fn = op_exit,
	  .others = true },
};

const size_t release_deeds_nr = ARRAY_SIZE(release_deeds);
