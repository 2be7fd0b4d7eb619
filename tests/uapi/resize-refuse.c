// SPDX-License-Identifier: GPL-2.0-only
/* Another size that is refused: by whom, with which errno, and nothing has changed. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"
#include "serve.h"
#include "tap.h"

#define CLUSTER	(4 * PAGE)
#define SIZE	(8 * PAGE + 100)
#define ROOM	(32 * PAGE)
#define CUT	(3 * PAGE + 10)
#define BRIEFLY	50	/* ms in which nothing may happen */

static struct scene s;
static struct test_request r;

/* All is resident, and page 5 modified */
static void open_with(const struct pager_setup *setup)
{
	scene_open_resizable(&s, setup, SIZE, ROOM, CLUSTER, 4);
	scene_resident(&s, 0, SIZE, 1);
	CHECK_IS(actor_do(&s.a, do_store, s.map + 5 * PAGE, 0x77), 0);
}

static void open_scene(void)
{
	open_with(NULL);
}

static uint64_t size_now(void)
{
	struct stat st;

	CHECK_IS(RESULT(fstat(s.o.fd, &st)), 0);
	return st.st_size;
}

/* What a refusal leaves */
static void check_same(const char *sub)
{
	struct mach_object_info info = object_info(s.o.fd);
	long first = actor_do(&s.a, do_load, s.map + 5 * PAGE);

	tap_sub(sub, size_now() == SIZE && info.object_size == SIZE &&
		info.resident == 9 && info.dirty == 1 && first == 0x77 &&
		scene_reads(&s, 6 * PAGE, SIZE - 6 * PAGE, 1),
		"now 0x%llx bytes, %llu pages, %llu dirty, %s",
		info.object_size, info.resident, info.dirty, tap_result(first));
}

static void expect_size(unsigned int thread, uint64_t size)
{
	scene_truncate(&s, thread, size);
	pager_expect_size(&s.p, &r, size);
}

static void open_fixed(void)
{
	scene_open(&s, NULL, SIZE, CLUSTER, 4);
	scene_resident(&s, 0, SIZE, 1);
	CHECK_IS(actor_do(&s.a, do_store, s.map + 5 * PAGE, 0x77), 0);
}

static void test_fixed(void)
{
	open_fixed();
	tap_is("resize", object_resize(&s.p, &s.o, CUT), -EPERM);
	tap_is("resize-same", object_resize(&s.p, &s.o, SIZE), -EPERM);
	tap_is("less", actor_do(&s.a, do_truncate, s.o.fd, CUT), -EPERM);
	tap_is("more", actor_do(&s.a, do_truncate, s.o.fd, ROOM), -EPERM);
	tap_is("same", actor_do(&s.a, do_truncate, s.o.fd, SIZE), 0);
	tap_is("write", actor_do(&s.a, do_pwrite, s.o.fd, (uintptr_t)s.buf, 9,
				 SIZE), -ENOSPC);
	tap_is("allocate", actor_do(&s.a, do_allocate, s.o.fd, 0, 0, PAGE),
	       -EOPNOTSUPP);
	check_same("left");
	pager_expect_nothing(&s.p, 0);
}

static long do_open_by(const uint64_t *arg)
{
	return RESULT(open(fd_path(arg[0]), arg[1] | O_CLOEXEC));
}

static void test_read_only_descriptor(void)
{
	long fd;

	open_scene();
	fd = actor_do(&s.a, do_open_by, s.o.fd, O_RDONLY);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	tap_is("truncate", actor_do(&s.a, do_truncate, fd, CUT), -EINVAL);
	tap_is("allocate", actor_do(&s.a, do_allocate, fd, 0, 0, PAGE),
	       -EBADF);
	tap_is("write", actor_do(&s.a, do_pwrite, fd, (uintptr_t)s.buf, 1,
				 SIZE), -EBADF);
	check_same("left");
	pager_expect_nothing(&s.p, 0);
}

static long do_truncate_path(const uint64_t *arg)
{
	return RESULT(truncate(node_path("resize-ro"), arg[0]));
}

/* Only its pager changes it. */
static void test_read_only_object(void)
{
	struct pager_setup setup = { .transport = tap_variant };
	long err;

	pager_open(&s.p, &setup);
	object_create(&s.p, &s.o, SIZE, CLUSTER,
		      MACH_CREATE_READ_ONLY | MACH_CREATE_RESIZABLE);
	CHECK_IS(object_publish(&s.p, &s.o, "resize-ro", 0), 0);
	actor_start(&s.a, 1);
	err = actor_do(&s.a, do_truncate_path, CUT);
	tap_sub("truncate", err == -EPERM || err == -EACCES || err == -EROFS,
		"%s", tap_result(err));
	tap_is("same", size_now(), SIZE);
	tap_is("resize", object_resize(&s.p, &s.o, CUT), 0);
	tap_is("size", size_now(), CUT);
	pager_expect_nothing(&s.p, 0);
}

static void test_errno(void)
{
	static const int errors[] = {
		ENOSPC, EPERM, EFBIG, EDQUOT, EROFS, EIO, EACCES,
	};

	open_scene();
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct mach_part no = part_error(0, PAGE, errors[i]);

		expect_size(0, CUT);
		pager_reply_one(&s.p, &r, no);
		tap_is("truncate", actor_end(&s.a, 0), -errors[i]);
		actor_begin(&s.a, 0, do_pwrite, s.o.fd, (uintptr_t)s.buf, 9,
			    SIZE + 7);
		pager_expect_size(&s.p, &r, SIZE + 16);
		pager_reply_one(&s.p, &r, no);
		tap_is("write", actor_end(&s.a, 0), -errors[i]);
		actor_begin(&s.a, 0, do_allocate, s.o.fd, 0, 0, ROOM);
		pager_expect(&s.p, &r, MACH_OP_SET_SIZE, 0, ROOM);
		pager_reply_one(&s.p, &r, no);
		tap_is("allocate", actor_end(&s.a, 0), -errors[i]);
		check_same("left");
	}
	pager_expect_nothing(&s.p, 0);
}

/* Bytes below the end are still written when those beyond are refused. */
static void test_write_across(void)
{
	long n;

	open_scene();
	pattern_fill(s.buf, SIZE - 50, 100, 1);
	actor_begin(&s.a, 0, do_pwrite, s.o.fd, (uintptr_t)s.buf, 100,
		    SIZE - 50);
	pager_expect_size(&s.p, &r, SIZE + 50);
	pager_reply_one(&s.p, &r, part_error(0, PAGE, ENOSPC));
	n = actor_end(&s.a, 0);
	tap_sub("write", n == 50 || n == -ENOSPC, "%s", tap_result(n));
	tap_is("size", size_now(), SIZE);
}

static void test_unnamed(void)
{
	open_scene();
	expect_size(0, CUT);
	pager_reply_none(&s.p, &r);
	tap_is("truncate", actor_end(&s.a, 0), -EIO);
	check_same("left");
}

static void test_wrong_parts(void)
{
	int fd = pattern_file(PAGE, 1);
	struct mach_part wrong[] = {
		part_copy(0, PAGE, s.buf), part_file(0, PAGE, fd, 0),
		part_zero(0, PAGE),
	};
	struct mach_part bad_errno = part_error(0, PAGE, EINTR);

	open_scene();
	wrong[0].source = (uintptr_t)s.buf;
	expect_size(1, CUT);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		tap_is("kind", pager_reply(&s.p, &r, &wrong[i], 1, true),
		       -EPROTO);
	tap_is("errno", pager_reply(&s.p, &r, &bad_errno, 1, true), -EINVAL);
	tap_is("collect", pager_collect(&s.p, &r, 0, 1, s.buf), -EPROTO);
	check_same("left");
	CHECK(actor_waits(&s.a, 1, BRIEFLY), "it does not wait any more");
	pager_size_done(&s.p, &r);
	tap_is("truncate", actor_end(&s.a, 1), 0);
	tap_is("size", size_now(), CUT);
}

/* DONE is for sizes and for returns, and a request for data knows none. */
static void test_done_elsewhere(void)
{
	struct mach_part done = part_done(8 * PAGE, 100);

	scene_open_resizable(&s, NULL, SIZE, ROOM, CLUSTER, 1);
	actor_begin(&s.a, 0, do_load, s.map + 8 * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 8 * PAGE, 100);
	tap_is("done", pager_reply(&s.p, &r, &done, 1, true), -EPROTO);
	pager_reply_one(&s.p, &r, part_zero(8 * PAGE, 100));
	tap_is("load", actor_end(&s.a, 0), 0);
}

static long do_limited(const uint64_t *arg)
{
	struct rlimit limit = { arg[0], RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	return RESULT(setrlimit(RLIMIT_FSIZE, &limit));
}

static void test_file_limit(void)
{
	const uint64_t limit = 12 * PAGE;

	open_scene();
	CHECK_IS(actor_do(&s.a, do_limited, limit), 0);
	tap_is("truncate", actor_do(&s.a, do_truncate, s.o.fd, limit + 1),
	       -EFBIG);
	tap_is("allocate", actor_do(&s.a, do_allocate, s.o.fd, 0, limit, 1),
	       -EFBIG);
	tap_is("write", actor_do(&s.a, do_pwrite, s.o.fd, (uintptr_t)s.buf, 1,
				 limit), -EFBIG);
	check_same("left");
	pager_expect_nothing(&s.p, 0);
	actor_begin(&s.a, 0, do_pwrite, s.o.fd, (uintptr_t)s.buf, 10,
		    limit - 4);
	pager_expect_size(&s.p, &r, limit);
	pager_size_done(&s.p, &r);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 9 * PAGE, 3 * PAGE);
	pager_reply_one(&s.p, &r, part_zero(9 * PAGE, 3 * PAGE));
	tap_is("up-to-it", actor_end(&s.a, 0), 4);
	expect_size(0, limit - 1);
	pager_size_done(&s.p, &r);
	tap_is("less", actor_end(&s.a, 0), 0);
}

static volatile int signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

/* A signal comes with it, as of any file. */
static void test_file_limit_signal(void)
{
	struct rlimit limit = { PAGE, RLIM_INFINITY };

	open_scene();
	CHECK_IS(RESULT(setrlimit(RLIMIT_FSIZE, &limit)), 0);
	signal(SIGXFSZ, count_signal);
	tap_is("write", RESULT(pwrite(s.o.fd, "x", 1, SIZE)), -EFBIG);
	tap_is("signal", signals, 1);
	tap_is("truncate", RESULT(ftruncate(s.o.fd, ROOM)), -EFBIG);
	tap_is("signals", signals, 2);
	check_same("left");
}

static void test_too_large(void)
{
	open_scene();
	tap_is("resize", object_resize(&s.p, &s.o, MACH_OBJECT_SIZE_MAX + 1),
	       -EINVAL);
	tap_is("resize-2^63", object_resize(&s.p, &s.o, 1ULL << 63), -EINVAL);
	tap_is("resize-max", object_resize(&s.p, &s.o, ~0ULL), -EINVAL);
	tap_is("truncate", actor_do(&s.a, do_truncate, s.o.fd,
				    MACH_OBJECT_SIZE_MAX + 1), -EFBIG);
	tap_is("truncate-max", actor_do(&s.a, do_truncate, s.o.fd,
					(1ULL << 63) - 1), -EFBIG);
	tap_is("negative", actor_do(&s.a, do_truncate, s.o.fd, -1), -EINVAL);
	tap_is("allocate", actor_do(&s.a, do_allocate, s.o.fd, 0,
				    MACH_OBJECT_SIZE_MAX, 1), -EFBIG);
	tap_is("write", actor_do(&s.a, do_pwrite, s.o.fd, (uintptr_t)s.buf, 1,
				 MACH_OBJECT_SIZE_MAX), -EFBIG);
	check_same("left");
	pager_expect_nothing(&s.p, 0);
	expect_size(0, MACH_OBJECT_SIZE_MAX);
	pager_size_done(&s.p, &r);
	tap_is("largest", actor_end(&s.a, 0), 0);
	tap_is("size", size_now(), MACH_OBJECT_SIZE_MAX);
}

static void test_no_object(void)
{
	struct test_object none = { .number = 0xfffffff0U };

	open_scene();
	tap_is("none", object_resize(&s.p, &none, PAGE), -ENOENT);
	tap_is("no-pager", vm_ioctl(vm_open(), MACH_PAGER_RESIZE,
				    &(struct mach_pager_resize){
		.size = sizeof(struct mach_pager_resize) }), -EPERM);
	check_same("left");
}

static void destroy(void)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = s.o.number,
	};

	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d), 0);
}

static void test_destroyed(void)
{
	open_scene();
	expect_size(0, CUT);
	scene_truncate(&s, 1, PAGE);
	destroy();
	tap_is("truncate", actor_end(&s.a, 0), -EIO);
	tap_is("waiting", actor_end(&s.a, 1), -EIO);
	tap_is("later", actor_do(&s.a, do_truncate, s.o.fd, CUT), -EIO);
	tap_is("allocate", actor_do(&s.a, do_allocate, s.o.fd, 0, 0, ROOM),
	       -EIO);
	tap_is("append", actor_do(&s.a, do_pwrite, s.o.fd, (uintptr_t)s.buf, 1,
				  SIZE), -EIO);
	tap_is("resize", object_resize(&s.p, &s.o, CUT), -ENOENT);
}

static void test_death(void)
{
	struct serve *v = serve_resizable(SIZE, ROOM, CLUSTER, 1);
	struct actor client;

	v->hold = SERVE_HOLD(MACH_OP_SET_SIZE);
	serve_start(v);
	actor_start(&client, 2);
	actor_begin(&client, 0, do_truncate, v->fd, CUT);
	CHECK_WAIT(v->held == 1, WAIT_MS, "nobody asks");
	actor_begin(&client, 1, do_pwrite, v->fd, (uintptr_t)v->store, 1, ROOM);
	tap_pause_ms(20);
	serve_kill(v);
	tap_is("truncate", actor_end(&client, 0), -EIO);
	tap_is("write", actor_end(&client, 1), -EIO);
	tap_is("later", actor_do(&client, do_truncate, v->fd, CUT), -EIO);
}

static void test_deadline(void)
{
	struct pager_setup setup = {
		.transport = tap_variant, .deadline_ms = 600,
	};
	struct mach_part done = part_done(0, PAGE);

	open_with(&setup);
	expect_size(0, CUT);
	tap_is("truncate", actor_end(&s.a, 0), -EIO);
	tap_is("late", pager_reply(&s.p, &r, &done, 1, true), -ESTALE);
	check_same("left");
	expect_size(0, CUT);
	pager_size_done(&s.p, &r);
	tap_is("again", actor_end(&s.a, 0), 0);
	tap_is("size", size_now(), CUT);
}

/* Who asked has gone; the pager may have cut its store already. */
static void test_killed(void)
{
	struct actor other;

	open_scene();
	actor_start(&other, 1);
	actor_begin(&other, 0, do_truncate, s.o.fd, CUT);
	pager_expect_size(&s.p, &r, CUT);
	actor_kill(&other);
	check_same("meanwhile");
	scene_truncate(&s, 1, PAGE);
	pager_expect_nothing(&s.p, BRIEFLY);
	pager_size_done(&s.p, &r);
	pager_expect_size(&s.p, &r, PAGE);
	tap_is("size", size_now(), CUT);
	pager_size_done(&s.p, &r);
	tap_is("next", actor_end(&s.a, 1), 0);
}

/*
 * Who waits for another's truncate waits for Linux's lock of the file, in which no
 * signal is seen: it ends when it has the lock, whether the pager is asked or not.
 */
static void test_killed_waiting(void)
{
	struct actor other;

	open_scene();
	expect_size(0, CUT);
	actor_start(&other, 1);
	actor_begin(&other, 0, do_truncate, s.o.fd, PAGE);
	tap_pause_ms(BRIEFLY);
	CHECK_IS(RESULT(kill(other.pid, SIGKILL)), 0);
	pager_expect_nothing(&s.p, BRIEFLY);
	pager_size_done(&s.p, &r);
	tap_is("first", actor_end(&s.a, 0), 0);
	actor_kill(&other);
	if (!pager_next(&s.p, &r, BRIEFLY))
		pager_size_done(&s.p, &r);
	expect_size(0, 3);
	pager_size_done(&s.p, &r);
	tap_is("next", actor_end(&s.a, 0), 0);
	tap_is("size", size_now(), 3);
}

/* The thread that works on a request would wait for itself. */
static void test_own_worker(void)
{
	struct pager_setup setup = { .transport = BY_IOCTL };

	scene_open_resizable(&s, &setup, SIZE, ROOM, CLUSTER, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	tap_is("truncate", RESULT(ftruncate(s.o.fd, CUT)), -EDEADLK);
	tap_is("allocate", RESULT(fallocate(s.o.fd, 0, 0, PAGE)), -EDEADLK);
	tap_is("write", RESULT(pwrite(s.o.fd, "x", 1, SIZE)), -EDEADLK);
	tap_is("resize", object_resize(&s.p, &s.o, SIZE + 1), 0);
	pager_reply_one(&s.p, &r, part_zero(0, CLUSTER));
	tap_is("load", actor_end(&s.a, 0), 0);
	tap_is("size", size_now(), SIZE + 1);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("fixed", test_fixed),
	BOTH("read-only-descriptor", test_read_only_descriptor),
	BOTH("read-only-object", test_read_only_object),
	BOTH("errno", test_errno),
	BOTH("write-across", test_write_across),
	BOTH("unnamed", test_unnamed),
	BOTH("wrong-parts", test_wrong_parts),
	BOTH("done-elsewhere", test_done_elsewhere),
	BOTH("file-limit", test_file_limit),
	{ .name = "file-limit-signal", .run = test_file_limit_signal },
	BOTH("too-large", test_too_large),
	BOTH("no-object", test_no_object),
	BOTH("destroyed", test_destroyed),
	BOTH("death", test_death),
	BOTH("deadline", test_deadline),
	BOTH("killed", test_killed),
	BOTH("killed-waiting", test_killed_waiting),
	{ .name = "own-worker", .run = test_own_worker },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
