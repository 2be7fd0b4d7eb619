// SPDX-License-Identifier: GPL-2.0-only
/*
 * Others that reach into a mapping for pages that are not there yet: the kernel
 * for O_DIRECT and fixed buffers, other processes for debugging.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "direct.h"
#include "serve.h"
#include "tap.h"

#define SIZE	(64 * PAGE)
#define PART	(8 * PAGE)

static struct serve *v;
static uint8_t *map;
static uint8_t *other;

static void open_served(void)
{
	v = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(v);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	other = shared_alloc(SIZE);
}

static void no_more_requests_than(unsigned int n)
{
	CHECK(v->requests <= n, "%u requests, not %u", v->requests, n);
}

static void test_vm_readv(void)
{
	struct iovec to, from;

	open_served();
	to = (struct iovec){ other, SIZE };
	from = (struct iovec){ map, SIZE };
	CHECK_IS(RESULT(process_vm_readv(getpid(), &to, 1, &from, 1, 0)),
		 SIZE);
	CHECK(pattern_is(other, 0, SIZE, 1), "wrong data");
	no_more_requests_than(SIZE / (4 * PAGE));
}

static void test_vm_writev(void)
{
	struct iovec from, to;

	open_served();
	pattern_fill(other, 3, PART, 5);
	from = (struct iovec){ other, PART };
	to = (struct iovec){ map + 3, PART };
	CHECK_IS(RESULT(process_vm_writev(getpid(), &from, 1, &to, 1, 0)),
		 PART);
	CHECK(pattern_is(map + 3, 3, PART, 5), "wrong data");
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	CHECK(pattern_is(v->store + 3, 3, PART, 5), "not saved");
	CHECK(pattern_is(v->store, 0, 3, 1), "neighbours changed");
}

static void test_proc_mem(void)
{
	int fd = open("/proc/self/mem", O_RDWR);

	open_served();
	CHECK(fd >= 0, "/proc/self/mem: %m");
	CHECK_IS(RESULT(pread(fd, other, SIZE / 2, (uintptr_t)map)), SIZE / 2);
	CHECK(pattern_is(other, 0, SIZE / 2, 1), "wrong data");
	CHECK_IS(RESULT(pwrite(fd, "dbg", 3, (uintptr_t)map + 50 * PAGE)), 3);
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	CHECK(!memcmp(v->store + 50 * PAGE, "dbg", 3), "not saved");
}

static void test_ptrace(void)
{
	long word, want;
	int status;
	pid_t pid;

	open_served();
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status),
	      "the child did not stop");
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, map + 9 * PAGE, NULL);
	CHECK(!errno, "PTRACE_PEEKDATA: %m");
	memcpy(&want, v->store + 9 * PAGE, sizeof(want));
	CHECK(word == want, "%lx, not %lx", word, want);
	CHECK(!ptrace(PTRACE_POKEDATA, pid, map + 30 * PAGE, 0x1234),
	      "PTRACE_POKEDATA: %m");
	CHECK_IS(map[30 * PAGE] | map[30 * PAGE + 1] << 8, 0x1234);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* 64 pages of pattern 6, for direct transfers. */
static int direct_pattern(void)
{
	pattern_fill(other, 0, SIZE, 6);
	return direct_file(other, SIZE);
}

/* The device writes into pages of the object. */
static void test_direct_read(void)
{
	int fd;

	open_served();
	fd = direct_pattern();
	CHECK_IS(RESULT(pread(fd, map + PART, PART, PART)), PART);
	CHECK(pattern_is(map + PART, PART, PART, 6), "wrong data");
	CHECK(pattern_is(map, 0, PART, 1), "neighbours changed");
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	CHECK(pattern_is(v->store + PART, PART, PART, 6), "not saved");
}

/* The device reads from pages of the object that are not there yet. */
static void test_direct_write(void)
{
	int fd;

	open_served();
	fd = direct_pattern();
	map[PAGE] = 0x99;
	CHECK_IS(RESULT(pwrite(fd, map, PART, 0)), PART);
	CHECK_IS(RESULT(pread(fd, other, PART, 0)), PART);
	CHECK(!memcmp(other, map, PART), "wrong data in the file");
	CHECK(pattern_is(other, 0, PAGE, 1) && other[PAGE] == 0x99,
	      "wrong data in the file");
}

/* A failing pager is EFAULT for the call, not a hang. */
static void test_direct_error(void)
{
	int fd;

	open_served();
	fd = direct_pattern();
	v->fail_read = EIO;
	CHECK_IS(RESULT(pwrite(fd, map, PART, 0)), -EFAULT);
	v->fail_read = 0;
	CHECK_IS(RESULT(pwrite(fd, map, PART, 0)), PART);
}

static void test_buffered(void)
{
	int fd = memfd_create("buffered", 0);

	open_served();
	CHECK_IS(RESULT(write(fd, map, SIZE)), SIZE);
	CHECK_IS(RESULT(pread(fd, other, SIZE, 0)), SIZE);
	CHECK(pattern_is(other, 0, SIZE, 1), "wrong data");
	pattern_fill(other, 0, SIZE, 7);
	CHECK_IS(RESULT(pwrite(fd, other, SIZE, 0)), SIZE);
	CHECK_IS(RESULT(pread(fd, map, SIZE, 0)), SIZE);
	CHECK(pattern_is(map, 0, SIZE, 7), "wrong data");
}

static int ring_rw(struct io_uring *ring, bool write, int fd, void *buf,
		   unsigned int length)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int res;

	CHECK(sqe, "the ring is full");
	if (write)
		io_uring_prep_write_fixed(sqe, fd, buf, length, 0, 0);
	else
		io_uring_prep_read_fixed(sqe, fd, buf, length, 0, 0);
	CHECK_IS(io_uring_submit(ring), 1);
	CHECK_IS(io_uring_wait_cqe(ring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

/*
 * Fixed buffers are long pins. The kernel may refuse them for files, as for
 * most of its own; if it does not, they must work.
 */
static void test_fixed_buffer(void)
{
	struct iovec iov;
	struct io_uring ring;
	int fd, err;

	open_served();
	fd = direct_pattern();
	CHECK_IS(io_uring_queue_init(8, &ring, 0), 0);
	iov = (struct iovec){ map, PART };
	err = io_uring_register_buffers(&ring, &iov, 1);
	if (err) {
		CHECK(err == -EOPNOTSUPP || err == -EFAULT,
		      "register_buffers: %s", tap_result(err));
		io_uring_queue_exit(&ring);
		return;
	}
	CHECK_IS(ring_rw(&ring, false, fd, map, PART), PART);
	CHECK(pattern_is(map, 0, PART, 6), "wrong data");
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	CHECK(pattern_is(v->store, 0, PART, 6), "not saved");
	map[1] = 0x21;
	CHECK_IS(ring_rw(&ring, true, fd, map, PART), PART);
	CHECK_IS(RESULT(pread(fd, other, PART, 0)), PART);
	CHECK(!memcmp(other, map, PART), "wrong data in the file");
	io_uring_queue_exit(&ring);
}

static long do_vmsplice(const uint64_t *arg)
{
	struct iovec iov = { (void *)(uintptr_t)arg[1], PAGE };

	return RESULT(vmsplice(arg[0], &iov, 1, 0));
}

/* A flush must not pull a page from under a pin. */
static void test_pinned_flush(void)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .flags = MACH_LOCK_FLUSH,
	};
	uint8_t *buf = shared_alloc(PAGE);
	struct test_request r;
	struct scene s;
	int pipe_fd[2];

	CHECK(!pipe(pipe_fd), "pipe: %m");
	scene_open(&s, NULL, 16 * PAGE, PAGE, 1);
	scene_resident(&s, 0, PAGE, 4);
	/* The pipe now holds the page itself. */
	CHECK_IS(actor_do(&s.a, do_vmsplice, pipe_fd[1], s.map), PAGE);
	l.object = s.o.number;
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	l.flags |= MACH_LOCK_REPLY;
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_LOCK_COMPLETED);
	pager_reply_none(&s.p, &r);
	CHECK_IS(RESULT(read(pipe_fd[0], buf, PAGE)), PAGE);
	CHECK(pattern_is(buf, 0, PAGE, 4), "a pinned page has changed");
}

/* The pager dies under a call that waits for its page. */
static void test_death(void)
{
	struct pager_setup setup = { .transport = tap_variant };
	struct test_request r;
	struct scene s;
	int fd = memfd_create("to", 0);

	scene_open(&s, &setup, 16 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_pwrite, fd, s.map, PAGE, 0);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	CHECK(!munmap((void *)s.p.array[0], s.p.size), "munmap: %m");
	s.p.array[0] = NULL;
	CHECK_IS(actor_end_within(&s.a, 0, 2000), -EFAULT);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("vm-readv", test_vm_readv),
	BOTH("vm-writev", test_vm_writev),
	BOTH("proc-mem", test_proc_mem),
	BOTH("ptrace", test_ptrace),
	BOTH("direct-read", test_direct_read),
	BOTH("direct-write", test_direct_write),
	BOTH("direct-error", test_direct_error),
	BOTH("buffered", test_buffered),
	BOTH("fixed-buffer", test_fixed_buffer),
	BOTH("pinned-flush", test_pinned_flush),
	BOTH("death", test_death),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
