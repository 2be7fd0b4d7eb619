// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody has filled the pool to its last frame: what releases memory succeeds all
 * the same, and nothing is lost. What is lost in the end is counted and said.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool.h"
#include "release_deeds.h"

#define GREED		(256 * MIB)
#define PAGES		64	/* of an object, returned one by one */
#define SEED		5

static struct actor greedy;
static struct test_task hoard;
static char *hoarded;

/* Take pages while there are any, and then entries: they take the last frames. */
static long take_all(const uint64_t *arg)
{
	long err = 0;

	(void)arg;
	if (!hoard.window) {
		task_open(&hoard, GREED);
		hoarded = hoard.window + GREED / 2;
		CHECK_IS(task_allocate_at(&hoard, hoarded, GREED / 2), 0);
		for (char *at = hoarded; at < hoard.window + GREED; at += PAGE)
			if (task_touch(at, true))
				break;
		hoarded = hoard.window;
	}
	for (; !err && hoarded < hoard.window + GREED / 2; hoarded += 2 * PAGE)
		err = task_allocate_at(&hoard, hoarded, PAGE);
	return err;
}

static void test_deed(void)
{
	const struct release_deed *d = &release_deeds[tap_variant];
	long result;

	pool_limit(POOL_MIB);
	actor_start(&greedy, 1);
	tap_variant = BY_RING;
	release_open();
	if (d->before)
		d->before();
	CHECK_IS(actor_do(&greedy, take_all, 0), -ENOMEM);
	result = d->fn(NULL);
	CHECK(result == d->right, "%s", tap_result(result));
	actor_kill(&greedy);
	if (d->after)
		d->after();
	release_close();
}

/* An object of which each page is a return, all written to, in a task. */

static struct test_task t;
static char *shown;
static int log_fd;

static struct serve *open_dirty(void)
{
	struct serve *s = serve_new(PAGES * PAGE, 16 * PAGE, 1);

	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(log_fd >= 0 && lseek(log_fd, 0, SEEK_END) >= 0, "/dev/kmsg: %m");
	s->setup.flags = MACH_PAGER_SINGLE_PAGE;
	s->setup.depth = PAGES;
	s->hold = SERVE_HOLD(MACH_OP_DATA_RETURN);
	serve_start(s);
	task_open(&t, MIB);
	CHECK_IS(task_map(&t, s->fd, 0, s->size,
			  MACH_PROT_READ | MACH_PROT_WRITE, 0, &shown), 0);
	pattern_fill(shown, 0, s->size, SEED);
	return s;
}

/* Has the module said so since the object was made? */
static bool is_said(const char *what)
{
	char line[1024];
	ssize_t n;

	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		if (strstr(line, "machvm: ") && strstr(line, what))
			return true;
	}
	return false;
}

/* More than may be under way at a time: all goes, nobody waits. */
static void test_later(void)
{
	struct serve *s = open_dirty();

	CHECK_IS(task_msync(&t, shown, s->size, MACH_SYNC_ASYNCHRONOUS), 0);
	CHECK(object_info(s->fd).dirty == PAGES, "it has waited");
	CHECK_WAIT(s->held, WAIT_MS, "nothing is sent");
	s->hold = 0;
	CHECK_WAIT(!object_info(s->fd).dirty, WAIT_MS, "%llu pages stay dirty",
		   object_info(s->fd).dirty);
	CHECK(pattern_is(s->store, 0, s->size, SEED), "wrong data");
	CHECK_IS(s->returns, PAGES);
}

/* Two ranges, the second said while the first is under way */
static void test_later_again(void)
{
	struct serve *s = open_dirty();
	uint64_t half = s->size / 2;

	CHECK_IS(task_msync(&t, shown + half, half, MACH_SYNC_ASYNCHRONOUS), 0);
	CHECK_IS(task_msync(&t, shown, half, MACH_SYNC_ASYNCHRONOUS), 0);
	s->hold = 0;
	CHECK_WAIT(!object_info(s->fd).dirty, WAIT_MS, "%llu pages stay dirty",
		   object_info(s->fd).dirty);
	CHECK(pattern_is(s->store, 0, s->size, SEED), "wrong data");
}

/* Nobody waits for it, but fsync says so, and so does the log. */
static void test_refused(void)
{
	struct serve *s = open_dirty();

	s->fail_write = ENOSPC;
	s->hold = 0;
	CHECK_IS(task_msync(&t, shown, s->size, MACH_SYNC_ASYNCHRONOUS), 0);
	CHECK_WAIT(s->returns == PAGES, WAIT_MS, "%u of %u returns", s->returns,
		   PAGES);
	CHECK_IS(object_info(s->fd).dirty, PAGES);
	CHECK(is_said("has not taken"), "the log does not say so");
	s->fail_write = 0;
	CHECK_IS(RESULT(fsync(s->fd)), -ENOSPC);
	CHECK_IS(RESULT(fsync(s->fd)), 0);
	CHECK(pattern_is(s->store, 0, s->size, SEED), "wrong data");
}

/* The pager is killed, and what was written is lost with it. */
static void test_lost(void)
{
	struct serve *s = open_dirty();

	serve_kill(s);
	CHECK_WAIT(is_said("are lost"), WAIT_MS, "the log does not say so");
	CHECK(object_info(s->fd).errors >= PAGES, "%llu of %u pages are counted",
	      object_info(s->fd).errors, PAGES);
	CHECK_IS(RESULT(fsync(s->fd)), -EIO);
}

/* It takes nothing until the deadline of its last requests is over. */
static void test_lost_at_the_end(void)
{
	struct serve *s = serve_new(PAGES * PAGE, 16 * PAGE, 1);

	s->setup.deadline_ms = 500;
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(log_fd >= 0 && lseek(log_fd, 0, SEEK_END) >= 0, "/dev/kmsg: %m");
	s->hold = SERVE_HOLD(MACH_OP_DATA_RETURN) | SERVE_HOLD(MACH_OP_TERMINATE);
	serve_start(s);
	task_open(&t, MIB);
	CHECK_IS(task_map(&t, s->fd, 0, s->size,
			  MACH_PROT_READ | MACH_PROT_WRITE, 0, &shown), 0);
	pattern_fill(shown, 0, s->size, SEED);
	task_close(&t);
	close(s->fd);
	CHECK_WAIT(is_said("are lost"), WAIT_MS, "the log does not say so");
	s->hold = 0;
}

static const struct tap_test others[] = {
	{ .name = "later", .run = test_later, BY_RING },
	{ .name = "later-ioctl", .run = test_later, BY_IOCTL },
	{ .name = "later-again", .run = test_later_again, BY_RING },
	{ .name = "refused", .run = test_refused, BY_RING },
	{ .name = "lost", .run = test_lost, BY_RING },
	{ .name = "lost-at-the-end", .run = test_lost_at_the_end, BY_RING },
};

int main(int argc, char **argv)
{
	static struct tap_test tests[64];
	size_t n = 0;

	for (; n < release_deeds_nr; n++)
		tests[n] = (struct tap_test){
			.name = release_deeds[n].name, .run = test_deed,
			.variant = n,
		};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tests[n++] = others[i];
	return pool_main(argc, argv, tests, n);
}
