// SPDX-License-Identifier: GPL-2.0-only
/* Files as source and sink of pages. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define LENGTH	(4 * PAGE)

static void open_held(struct scene *s, struct test_request *r)
{
	scene_open(s, NULL, 16 * PAGE, LENGTH, 1);
	actor_begin(&s->a, 0, do_load, s->map);
	pager_expect(&s->p, r, MACH_OP_DATA_REQUEST, 0, LENGTH);
}

static long say_file(struct scene *s, const struct test_request *r, int fd,
		     uint64_t from)
{
	struct mach_part part = part_file(0, LENGTH, fd, from);

	return pager_reply(&s->p, r, &part, 1, true);
}

static void finish(struct scene *s, const struct test_request *r)
{
	int fd = pattern_file(LENGTH, 8);

	CHECK(actor_waits(&s->a, 0, 0), "the waiter was let go: %s",
	      tap_result(actor_end(&s->a, 0)));
	CHECK_IS(object_info(s->o.fd).resident, 0);
	pager_reply_one(&s->p, r, part_file(0, LENGTH, fd, 0));
	CHECK(actor_end(&s->a, 0) > 0, "wrong data");
	CHECK(scene_reads(s, 0, LENGTH, 8), "wrong data");
}

static int write_only(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", pattern_file(MIB, 1));
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0, "open: %m");
	return fd;
}

static int read_only(int of)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", of);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0, "open: %m");
	return fd;
}

static void test_wrong(void)
{
	struct mach_object_name n = { .size = sizeof(n) };
	struct test_object other;
	struct test_request r;
	struct scene s;
	int pipe_fd[2];

	open_held(&s, &r);
	CHECK(!pipe(pipe_fd), "pipe: %m");
	object_create(&s.p, &other, MIB, 0, 0);
	CHECK_IS(vm_ioctl(s.o.fd, MACH_OBJECT_NAME, &n), 0);
	tap_is("closed", say_file(&s, &r, 999, 0), -EBADF);
	tap_is("negative", say_file(&s, &r, -1, 0), -EBADF);
	tap_is("min", say_file(&s, &r, INT32_MIN, 0), -EBADF);
	tap_is("max", say_file(&s, &r, INT32_MAX, 0), -EBADF);
	tap_is("write-only", say_file(&s, &r, write_only(), 0), -EBADF);
	tap_is("path-only", say_file(&s, &r, open("/dev/zero", O_PATH), 0),
	       -EBADF);
	tap_is("directory", say_file(&s, &r, open("/", O_RDONLY), 0), -EBADF);
	tap_is("pipe", say_file(&s, &r, pipe_fd[0], 0), -EBADF);
	tap_is("eventfd", say_file(&s, &r, eventfd(0, EFD_NONBLOCK), 0),
	       -EBADF);
	tap_is("object", say_file(&s, &r, s.o.fd, 0), -ELOOP);
	tap_is("other-object", say_file(&s, &r, other.fd, 0), -ELOOP);
	tap_is("pager", say_file(&s, &r, s.p.fd, 0), -ELOOP);
	tap_is("task", say_file(&s, &r, vm_open(), 0), -ELOOP);
	tap_is("name", say_file(&s, &r, n.fd, 0), -ELOOP);
	finish(&s, &r);
}

static void test_offset(void)
{
	int fd = pattern_file(LENGTH, 1), empty = memfd_create("empty", 0);
	struct test_request r;
	struct scene s;

	open_held(&s, &r);
	tap_is("empty", say_file(&s, &r, empty, 0), -ENODATA);
	tap_is("at-end", say_file(&s, &r, fd, LENGTH), -ENODATA);
	tap_is("beyond-end", say_file(&s, &r, fd, 1ULL << 40), -ENODATA);
	tap_is("one-short", say_file(&s, &r, fd, 1), -ENODATA);
	tap_is("page-short", say_file(&s, &r, fd, PAGE), -ENODATA);
	tap_is("2^63", say_file(&s, &r, fd, 1ULL << 63), -EINVAL);
	tap_is("max", say_file(&s, &r, fd, ~0ULL), -EINVAL);
	tap_is("wrap", say_file(&s, &r, fd, -PAGE), -EINVAL);
	tap_is("end-overflow", say_file(&s, &r, fd, INT64_MAX - PAGE),
	       -EINVAL);
	finish(&s, &r);
}

/* Any byte of the file can be the first. */
static void test_unaligned(void)
{
	uint8_t *buf = shared_alloc(LENGTH + 5);
	int fd = memfd_create("unaligned", 0);
	struct test_request r;
	struct scene s;

	pattern_fill(buf, 0, LENGTH, 6);
	CHECK(pwrite(fd, buf, LENGTH, 777) == (ssize_t)LENGTH, "pwrite: %m");
	open_held(&s, &r);
	pager_reply_one(&s.p, &r, part_file(0, LENGTH, fd, 777));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, LENGTH, 6), "wrong data");
}

/* Files of several kinds give their bytes. */
static void test_kinds(void)
{
	static const char * const paths[] = { "/dev/zero", "/proc/self/exe" };
	uint8_t *buf = shared_alloc(PAGE);
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 16 * PAGE, PAGE, 1);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = open(paths[i], O_RDONLY);

		CHECK(pread(fd, buf, PAGE, 0) == (ssize_t)PAGE, "pread: %m");
		actor_begin(&s.a, 0, do_load, s.map + i * PAGE);
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, i * PAGE, PAGE);
		pager_reply_one(&s.p, &r, part_file(i * PAGE, PAGE, fd, 0));
		CHECK(actor_end(&s.a, 0) >= 0, "no data");
		CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf,
				  s.map + i * PAGE, PAGE), 0);
		tap_is(strrchr(paths[i], '/') + 1, memcmp(buf, s.buf, PAGE), 0);
	}
}

/* A return of 4 dirty pages. */
static void open_returned(struct scene *s, struct test_request *r)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .flags = MACH_LOCK_CLEAN,
	};

	scene_open(s, NULL, 16 * PAGE, LENGTH, 1);
	scene_resident(s, 0, LENGTH, 1);
	pattern_fill(s->buf, 0, LENGTH, 3);
	CHECK_IS(actor_do(&s->a, do_copy, s->map, (uintptr_t)s->buf, LENGTH),
		 0);
	l.object = s->o.number;
	CHECK_IS(vm_ioctl(s->p.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	pager_expect(&s->p, r, MACH_OP_DATA_RETURN, 0, LENGTH);
	CHECK(r->m.flags & MACH_MSG_DIRTY, "not said to be dirty");
}

static void test_sink_wrong(void)
{
	struct test_request r;
	struct scene s;
	int fd;

	open_returned(&s, &r);
	fd = pattern_file(LENGTH, 1);
	tap_is("closed", say_file(&s, &r, 999, 0), -EBADF);
	tap_is("read-only", say_file(&s, &r, read_only(fd), 0), -EBADF);
	tap_is("directory", say_file(&s, &r, open("/tmp", O_RDONLY), 0),
	       -EBADF);
	tap_is("object", say_file(&s, &r, s.o.fd, 0), -ELOOP);
	tap_is("offset-2^63", say_file(&s, &r, fd, 1ULL << 63), -EINVAL);
	CHECK_IS(object_info(s.o.fd).dirty, LENGTH / PAGE);
	pager_reply_one(&s.p, &r, part_file(0, LENGTH, fd, 0));
	CHECK_WAIT(!object_info(s.o.fd).dirty, WAIT_MS,
		   "still %llu pages dirty", object_info(s.o.fd).dirty);
	CHECK(pread(fd, s.buf, LENGTH, 0) == (ssize_t)LENGTH, "pread: %m");
	CHECK(pattern_is(s.buf, 0, LENGTH, 3), "wrong data in the file");
}

/* On a file system without room, which only this process sees. */
static int full_file(void)
{
	char dir[] = "/tmp/machvm-full-XXXXXX";
	int fd;

	CHECK(mkdtemp(dir) && !unshare(CLONE_NEWNS) &&
	      !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	      !mount("full", dir, "tmpfs", 0, "size=4k"), "%s: %m", dir);
	fd = open(dir, O_TMPFILE | O_RDWR, 0600);
	CHECK(fd >= 0, "%s: %m", dir);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	return fd;
}

/* A full file system loses nothing: the pages stay dirty. */
static void test_sink_full(void)
{
	int full = full_file();
	struct test_request r;
	struct scene s;

	open_returned(&s, &r);
	CHECK_IS(say_file(&s, &r, full, 0), -ENOSPC);
	CHECK_IS(object_info(s.o.fd).dirty, LENGTH / PAGE);
	pager_take(&s.p, &r, s.buf);
	CHECK(pattern_is(s.buf, 0, LENGTH, 3), "wrong data");
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("wrong", test_wrong),
	BOTH("offset", test_offset),
	BOTH("unaligned", test_unaligned),
	BOTH("kinds", test_kinds),
	BOTH("sink-wrong", test_sink_wrong),
	BOTH("sink-full", test_sink_full),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
