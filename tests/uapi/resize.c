// SPDX-License-Identifier: GPL-2.0-only
/* The size of an object: every way to change it, and every way to be refused. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "place.h"
#include "serve.h"
#include "tap.h"

#define CLUSTER	(4 * PAGE)
#define SIZE	(8 * PAGE + 100)
#define ROOM	SCENE_ROOM
#define CUT	(3 * PAGE + 10)
#define BRIEFLY	50	/* ms in which nothing may happen */

static struct scene s;
static struct test_request r;

static void open_scene(void)
{
	scene_open_resizable(&s, NULL, SIZE, ROOM, CLUSTER, 4);
}

static struct stat stat_of(int fd)
{
	struct stat st;

	CHECK_IS(RESULT(fstat(fd, &st)), 0);
	return st;
}

static uint64_t size_now(void)
{
	struct mach_object_info info = object_info(s.o.fd);
	struct stat st = stat_of(s.o.fd);

	CHECK(info.object_size == (uint64_t)st.st_size,
	      "its size is 0x%llx, as a file 0x%llx", info.object_size,
	      (unsigned long long)st.st_size);
	CHECK(st.st_blocks == (st.st_size + 511) / 512, "%ld blocks of %ld",
	      (long)st.st_blocks, (long)st.st_size);
	return st.st_size;
}

static void truncate_to(uint64_t size)
{
	open_scene();
	scene_truncate(&s, 0, size);
	pager_expect_size(&s.p, &r, size);
	tap_is("object", r.m.object, s.o.number);
	tap_is("cookie", r.m.cookie, 0xc00c1e);
	tap_is("access", r.m.access, 0);
	CHECK(r.m.deadline_ns, "no deadline");
	CHECK(actor_waits(&s.a, 0, BRIEFLY), "it did not wait for the pager");
	tap_is("before", size_now(), SIZE);
	pager_size_done(&s.p, &r);
	tap_is("truncate", actor_end(&s.a, 0), 0);
	tap_is("after", size_now(), size);
	pager_expect_nothing(&s.p, 0);
}

static void test_less(void)
{
	truncate_to(CUT);
}

static void test_more(void)
{
	truncate_to(20 * PAGE + 1);
}

static void test_nothing_left(void)
{
	truncate_to(0);
}

static void test_within_page(void)
{
	truncate_to(SIZE - 1);
}

static void test_same(void)
{
	open_scene();
	scene_truncate(&s, 0, SIZE);
	tap_is("truncate", scene_serve_until_end(&s, 0, SIZE), 0);
	tap_is("size", size_now(), SIZE);
}

/* The size is another within the call that says DONE, not only at the end. */
static void test_at_once(void)
{
	struct mach_part part = part_done(0, PAGE);

	open_scene();
	scene_truncate(&s, 0, CUT);
	pager_expect_size(&s.p, &r, CUT);
	CHECK_IS(pager_reply(&s.p, &r, &part, 1, true), 0);
	tap_is("size", size_now(), CUT);
	pager_reply_none(&s.p, &r);
	tap_is("truncate", actor_end(&s.a, 0), 0);
	tap_is("later", size_now(), CUT);
}

static long do_reopen(const uint64_t *arg)
{
	return opened(RESULT(open(fd_path(arg[0]), arg[1])));
}

static void test_open_truncating(void)
{
	open_scene();
	actor_begin(&s.a, 0, do_reopen, s.o.fd, O_RDWR | O_TRUNC);
	pager_expect_size(&s.p, &r, 0);
	CHECK(actor_waits(&s.a, 0, BRIEFLY), "it did not wait for the pager");
	pager_size_done(&s.p, &r);
	tap_is("open", actor_end(&s.a, 0), 0);
	tap_is("size", size_now(), 0);
	actor_begin(&s.a, 0, do_reopen, s.o.fd, O_RDWR | O_TRUNC);
	tap_is("again", scene_serve_until_end(&s, 0, 0), 0);
}

static long do_append(const uint64_t *arg)
{
	int fd = open(fd_path(arg[0]), O_WRONLY | O_APPEND | O_CLOEXEC);
	long n = RESULT(write(fd, (void *)(uintptr_t)arg[1], arg[2]));

	close(fd);
	return n;
}

static void test_append(void)
{
	open_scene();
	pattern_fill(s.buf, SIZE, PAGE, 1);
	actor_begin(&s.a, 0, do_append, s.o.fd, (uintptr_t)s.buf, PAGE);
	pager_expect_size(&s.p, &r, SIZE + PAGE);
	pager_size_done(&s.p, &r);
	tap_is("append", scene_serve_until_end(&s, 0, SIZE), PAGE);
	tap_is("size", size_now(), SIZE + PAGE);
	actor_begin(&s.a, 0, do_pread, s.o.fd, (uintptr_t)s.buf, ROOM, 0);
	tap_is("read", scene_serve_until_end(&s, 0, SIZE), SIZE + PAGE);
	tap_sub("data", pattern_is(s.buf, 0, SIZE + PAGE, 1), "wrong data");
}

/* What lies between is zero, also what was the rest of the last page. */
static void test_write_beyond(void)
{
	const uint64_t at = 13 * PAGE + 50;

	open_scene();
	scene_resident(&s, 8 * PAGE, 100, 1);
	pattern_fill(s.buf, at, 10, 1);
	actor_begin(&s.a, 0, do_pwrite, s.o.fd, (uintptr_t)s.buf, 10, at);
	pager_expect_size(&s.p, &r, at + 10);
	CHECK(actor_waits(&s.a, 0, BRIEFLY), "it did not wait for the pager");
	pager_size_done(&s.p, &r);
	tap_is("write", scene_serve_until_end(&s, 0, SIZE), 10);
	tap_is("size", size_now(), at + 10);
	actor_begin(&s.a, 0, do_pread, s.o.fd, (uintptr_t)s.buf, ROOM, 0);
	tap_is("read", scene_serve_until_end(&s, 0, SIZE), at + 10);
	tap_sub("before", pattern_is(s.buf, 0, SIZE, 1), "wrong data");
	tap_sub("between", zeros(s.buf + SIZE, at - SIZE), "no zeros");
	tap_sub("written", pattern_is(s.buf + at, at, 10, 1), "wrong data");
}

/* A write that passes the end asks once, for all of it. */
static void test_write_across(void)
{
	open_scene();
	pattern_fill(s.buf, SIZE - 50, 3 * PAGE, 1);
	actor_begin(&s.a, 0, do_pwrite, s.o.fd, (uintptr_t)s.buf, 3 * PAGE,
		    SIZE - 50);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	if (r.m.operation == MACH_OP_DATA_REQUEST) {
		scene_answer(&s, &r, SIZE);
		CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	}
	tap_is("operation", r.m.operation, MACH_OP_SET_SIZE);
	tap_is("wanted", r.m.mandatory, SIZE - 50 + 3 * PAGE);
	pager_size_done(&s.p, &r);
	tap_is("write", scene_serve_until_end(&s, 0, SIZE), 3 * PAGE);
	tap_is("size", size_now(), SIZE - 50 + 3 * PAGE);
}

static void expect_allocate(uint64_t offset, uint64_t length, uint64_t size)
{
	pager_expect(&s.p, &r, MACH_OP_SET_SIZE, offset, length);
	tap_is("flags", r.m.flags, MACH_MSG_ALLOCATE);
	tap_is("wanted", r.m.mandatory, size);
	CHECK(actor_waits(&s.a, 0, BRIEFLY), "it did not wait for the pager");
}

static void allocate(int mode, uint64_t offset, uint64_t length, uint64_t size)
{
	actor_begin(&s.a, 0, do_allocate, s.o.fd, mode, offset, length);
	expect_allocate(offset, length, size);
	pager_size_done(&s.p, &r);
	tap_is("allocate", actor_end(&s.a, 0), 0);
	tap_is("size", size_now(), size);
}

static void test_allocate(void)
{
	static const int others[] = {
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_ZERO_RANGE, FALLOC_FL_COLLAPSE_RANGE,
		FALLOC_FL_INSERT_RANGE, FALLOC_FL_UNSHARE_RANGE,
	};

	open_scene();
	allocate(0, 100, PAGE, SIZE);
	allocate(FALLOC_FL_KEEP_SIZE, 5, 20 * PAGE, SIZE);
	allocate(FALLOC_FL_KEEP_SIZE, 40 * PAGE + 1, 3, SIZE);
	allocate(0, SIZE - 1, 2, SIZE + 1);
	allocate(0, 9 * PAGE + 7, 5, 9 * PAGE + 12);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tap_is("other", actor_do(&s.a, do_allocate, s.o.fd, others[i],
					 0, PAGE), -EOPNOTSUPP);
	tap_is("nothing", actor_do(&s.a, do_allocate, s.o.fd, 0, 0, 0),
	       -EINVAL);
	pager_expect_nothing(&s.p, 0);
}

static void test_resize(void)
{
	static const uint64_t sizes[] = {
		CUT, 20 * PAGE, 20 * PAGE, 20 * PAGE + 1, 1, 0, 0,
		MACH_OBJECT_SIZE_MAX, MACH_OBJECT_SIZE_MAX - 1, PAGE,
	};

	open_scene();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		tap_is("resize", object_resize(&s.p, &s.o, sizes[i]), 0);
		tap_is("size", size_now(), sizes[i]);
	}
	pager_expect_nothing(&s.p, 0);
}

static void test_empty(void)
{
	scene_open_resizable(&s, NULL, 0, ROOM, CLUSTER, 1);
	tap_is("size", size_now(), 0);
	tap_is("read", actor_do(&s.a, do_pread, s.o.fd, (uintptr_t)s.buf, 9, 0),
	       0);
	tap_is("load", actor_do(&s.a, do_load, s.map), TAP_SIGNAL(SIGBUS));
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	tap_is("fsync", scene_serve_until_end(&s, 0, 0), 0);
	pattern_fill(s.buf, 0, 9, 1);
	actor_begin(&s.a, 0, do_pwrite, s.o.fd, (uintptr_t)s.buf, 9, 0);
	pager_expect_size(&s.p, &r, 9);
	pager_size_done(&s.p, &r);
	tap_is("write", scene_serve_until_end(&s, 0, 0), 9);
	tap_is("size-then", size_now(), 9);
	tap_sub("data", scene_reads(&s, 0, 9, 1), "wrong data");
}

/* At most one is under way; reads of what is there go on meanwhile. */
static void test_one_at_a_time(void)
{
	open_scene();
	scene_resident(&s, 0, 4 * PAGE, 1);
	scene_truncate(&s, 0, CUT);
	pager_expect_size(&s.p, &r, CUT);
	scene_truncate(&s, 1, 2 * PAGE);
	pager_expect_nothing(&s.p, BRIEFLY);
	actor_begin(&s.a, 2, do_pread, s.o.fd, (uintptr_t)s.buf, 4 * PAGE, 0);
	tap_is("read", actor_end(&s.a, 2), 4 * PAGE);
	tap_sub("data", pattern_is(s.buf, 0, 4 * PAGE, 1), "wrong data");
	actor_begin(&s.a, 2, do_load, s.map + 3 * PAGE + 20);
	tap_is("load", actor_end(&s.a, 2) > 0, 1);
	pager_size_done(&s.p, &r);
	tap_is("first", actor_end(&s.a, 0), 0);
	pager_expect_size(&s.p, &r, 2 * PAGE);
	tap_is("between", size_now(), CUT);
	pager_size_done(&s.p, &r);
	tap_is("second", actor_end(&s.a, 1), 0);
	tap_is("size", size_now(), 2 * PAGE);
}

static bool later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec ||
	       (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

static void check_times(const char *sub, struct stat *before)
{
	struct stat now = stat_of(s.o.fd);

	tap_sub(sub, later(now.st_mtim, before->st_mtim) &&
		later(now.st_ctim, before->st_ctim), "they did not move");
	*before = now;
	tap_pause_ms(20);
}

static void test_times(void)
{
	struct stat st;

	open_scene();
	st = stat_of(s.o.fd);
	tap_pause_ms(20);
	scene_truncate(&s, 0, CUT);
	CHECK_IS(scene_serve_until_end(&s, 0, SIZE), 0);
	check_times("truncate", &st);
	CHECK_IS(object_resize(&s.p, &s.o, SIZE), 0);
	check_times("resize", &st);
	actor_begin(&s.a, 0, do_pwrite, s.o.fd, (uintptr_t)s.buf, 9, SIZE);
	CHECK_IS(scene_serve_until_end(&s, 0, SIZE), 9);
	check_times("write", &st);
}

/* Is an event of this kind there? All that are, are read. */
static bool event_is(int events, uint32_t mask)
{
	char room[4096] __attribute__((aligned(8)));
	long length = RESULT(read(events, room, sizeof(room)));
	bool found = false;

	for (long at = 0; at < length;) {
		struct inotify_event *event = (void *)(room + at);

		found |= event->mask & mask;
		at += sizeof(*event) + event->len;
	}
	return found;
}

static void test_inotify(void)
{
	int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	open_scene();
	CHECK_IS(object_publish(&s.p, &s.o, "resize", 0), 0);
	CHECK(inotify_add_watch(events, node_path("resize"), IN_MODIFY) >= 0,
	      "watch: %m");
	scene_truncate(&s, 0, CUT);
	CHECK_IS(scene_serve_until_end(&s, 0, SIZE), 0);
	tap_is("truncate", event_is(events, IN_MODIFY), true);
	tap_is("once", event_is(events, IN_MODIFY), false);
	CHECK_IS(object_resize(&s.p, &s.o, SIZE), 0);
	tap_is("resize", event_is(events, IN_MODIFY), true);
}

/* Lines of many processes: none is lost, none is in another. */
#define LINE	64
#define LINES	128
#define WRITERS	4

static void make_line(char *line, unsigned int writer, unsigned int nr)
{
	memset(line, 'a' + writer, LINE);
	snprintf(line, LINE, "%u %u ", writer, nr);
	line[strlen(line)] = ' ';
	line[LINE - 1] = '\n';
}

static long do_lines(const uint64_t *arg)
{
	int fd = open(fd_path(arg[0]), O_WRONLY | O_APPEND | O_CLOEXEC);
	char line[LINE];

	for (unsigned int nr = 0; nr < LINES; nr++) {
		long n;

		make_line(line, arg[1], nr);
		n = RESULT(write(fd, line, LINE));
		if (n != LINE)
			return n;
	}
	close(fd);
	return 0;
}

static void check_lines(struct serve *v)
{
	static char all[WRITERS * LINES * LINE];
	unsigned int next[WRITERS] = { 0 };
	char line[LINE];

	CHECK_IS(RESULT(pread(v->fd, all, sizeof(all), 0)), sizeof(all));
	for (unsigned int i = 0; i < WRITERS * LINES; i++) {
		char *at = all + i * LINE;
		unsigned int writer = *at - '0';

		CHECK(writer < WRITERS, "line %u begins with %#x", i, *at);
		make_line(line, writer, next[writer]++);
		CHECK(!memcmp(at, line, LINE), "line %u is not whole", i);
	}
	CHECK(!memcmp(all, v->store, sizeof(all)), "not what is stored");
}

static void test_appenders(void)
{
	struct serve *v = serve_resizable(0, WRITERS * LINES * LINE, CLUSTER, 1);
	struct actor writers[WRITERS];

	serve_start(v);
	for (unsigned int i = 0; i < WRITERS; i++) {
		actor_start(&writers[i], 1);
		actor_begin(&writers[i], 0, do_lines, v->fd, i);
	}
	for (unsigned int i = 0; i < WRITERS; i++)
		CHECK_IS(actor_end_within(&writers[i], 0, 4 * WAIT_MS), 0);
	tap_is("size", stat_of(v->fd).st_size, WRITERS * LINES * LINE);
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	check_lines(v);
	tap_is("full", do_append((uint64_t []){ v->fd, (uintptr_t)v->store, LINE }),
	       -ENOSPC);
	serve_stop(v);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("less", test_less),
	BOTH("more", test_more),
	BOTH("nothing-left", test_nothing_left),
	BOTH("within-page", test_within_page),
	BOTH("same", test_same),
	BOTH("at-once", test_at_once),
	BOTH("open-truncating", test_open_truncating),
	BOTH("append", test_append),
	BOTH("write-beyond", test_write_beyond),
	BOTH("write-across", test_write_across),
	BOTH("allocate", test_allocate),
	BOTH("resize", test_resize),
	BOTH("empty", test_empty),
	BOTH("one-at-a-time", test_one_at_a_time),
	BOTH("times", test_times),
	BOTH("inotify", test_inotify),
	BOTH("appenders", test_appenders),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
