// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task maps: the window, execute permission, and what the kernel itself may do
 * with the memory: whoever comes, the entries decide.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "direct.h"
#include "serve.h"
#include "task.h"
#include "tap.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define RX	(MACH_PROT_READ | MACH_PROT_EXECUTE)
#define SEGV	TAP_SIGNAL(SIGSEGV)

static struct test_task t;

/* The window */

static long window(int fd, void *at, size_t size, int flags, off_t offset)
{
	void *window = mmap(at, size, PROT_READ | PROT_WRITE, flags, fd,
			    offset);

	if (window == MAP_FAILED)
		return -errno;
	munmap(window, size);
	return 0;
}

static void test_none(void)
{
	struct mach_task_region r;
	char byte;

	t.fd = vm_open();
	tap_is("allocate", task_allocate_at(&t, (void *)PAGE, PAGE),
	       -EADDRNOTAVAIL);
	tap_is("deallocate", task_deallocate(&t, NULL, PAGE), -EADDRNOTAVAIL);
	tap_is("protect", task_protect(&t, NULL, PAGE, RW), -EADDRNOTAVAIL);
	tap_is("wire", task_wire(&t, NULL, PAGE, RW), -EADDRNOTAVAIL);
	tap_is("read", task_read(&t, NULL, 1, &byte), -EADDRNOTAVAIL);
	tap_is("region", task_region(&t, NULL, &r), -EADDRNOTAVAIL);
	tap_is("entries", task_entries(&t), 0);
	tap_is("pid", task_info(&t).pid, 0);
}

static void test_rules(void)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg), .queues = 1, .depth = 1,
		.message_size = sizeof(struct mach_message),
	};
	char *space = mmap(NULL, 3 * MIB, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mach_task_info info;

	t.fd = vm_open();
	tap_is("private", window(t.fd, NULL, MIB, MAP_PRIVATE, 0), -EINVAL);
	tap_is("executable", RESULT(mmap(NULL, MIB, PROT_READ | PROT_EXEC,
					 MAP_SHARED, t.fd, 0)), -EINVAL);
	tap_is("offset", window(t.fd, NULL, MIB, MAP_SHARED, PAGE), -EINVAL);
	t.window = mmap(space + MIB, MIB, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, t.fd, 0);
	CHECK(t.window == space + MIB, "no window: %m");
	info = task_info(&t);
	tap_is("start", info.start, (uintptr_t)t.window);
	tap_is("end", info.end - info.start, MIB);
	tap_is("pid", info.pid, getpid());
	tap_is("second", window(t.fd, NULL, MIB, MAP_SHARED, 0), -EBUSY);
	tap_is("elsewhere", window(t.fd, NULL, PAGE, MAP_SHARED,
				   (uintptr_t)t.window), -EINVAL);
	tap_is("pager", vm_ioctl(t.fd, MACH_PAGER_REGISTER, &reg), -EPERM);
	tap_is("grow", RESULT(mremap(t.window, MIB, 2 * MIB, MREMAP_MAYMOVE)),
	       -EFAULT);
	tap_is("move", RESULT(mremap(t.window, MIB, MIB,
				     MREMAP_MAYMOVE | MREMAP_FIXED,
				     t.window + 64 * MIB)), -EINVAL);
	tap_is("still-there", task_allocate_at(&t, t.window, PAGE), 0);
	tap_is("touched", task_touch(t.window, true), 0);
	/* these leave holes in the window, as Linux does when it fails */
	tap_is("outside", window(t.fd, t.window + MIB, PAGE,
				 MAP_SHARED | MAP_FIXED,
				 (uintptr_t)t.window + MIB), -EINVAL);
	tap_is("over-the-end", window(t.fd, t.window + MIB - PAGE, 2 * PAGE,
				      MAP_SHARED | MAP_FIXED,
				      (uintptr_t)t.window + MIB - PAGE),
	       -EINVAL);
}

/* What the entries hold is not the area's. */
static void test_part_again(void)
{
	char *at;

	task_open(&t, 64 * PAGE);
	at = task_allocate(&t, 64 * PAGE);
	memset(at, 3, 64 * PAGE);
	CHECK(!munmap(at + 8 * PAGE, 8 * PAGE), "munmap: %m");
	tap_is("unmapped", task_touch(at + 8 * PAGE, false), SEGV);
	tap_is("protect", task_protect(&t, at + 6 * PAGE, 4 * PAGE,
				       MACH_PROT_READ), 0);
	CHECK(mmap(at + 8 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, t.fd, (uintptr_t)at + 8 * PAGE) ==
	      at + 8 * PAGE, "mmap: %m");
	tap_is("kept", at[8 * PAGE], 3);
	tap_is("read-only", task_touch(at + 8 * PAGE, true), SEGV);
	tap_is("writable", task_touch(at + 10 * PAGE, true), 0);
	CHECK(!madvise(at, 64 * PAGE, MADV_DONTNEED), "madvise: %m");
	tap_is("not-discarded", at[20 * PAGE], 3);
	CHECK(!mprotect(at, 64 * PAGE, PROT_READ), "mprotect: %m");
	tap_is("upper-bound", task_touch(at + 20 * PAGE, true), SEGV);
	CHECK(!mprotect(at, 64 * PAGE, PROT_READ | PROT_WRITE), "mprotect: %m");
	tap_is("lower-bound", task_touch(at + 8 * PAGE, true), SEGV);
	tap_is("back", task_touch(at + 20 * PAGE, true), 0);
	tap_is("not-executable", RESULT(mprotect(at, PAGE, PROT_READ |
						 PROT_EXEC)), -EACCES);
}

static long do_child(const uint64_t *arg)
{
	char *at = (char *)(uintptr_t)arg[0];

	tap_is("child-touch", task_touch(at, false), SEGV);
	tap_is("child-window", window(t.fd, NULL, MIB, MAP_SHARED, 0), -EBUSY);
	tap_is("child-part", window(t.fd, at, PAGE, MAP_SHARED | MAP_FIXED,
				    (uintptr_t)at), -EINVAL);
	tap_is("child-allocate", task_allocate_at(&t, at + PAGE, PAGE), 0);
	tap_is("child-protect", task_protect(&t, at, PAGE, MACH_PROT_READ), 0);
	tap_is("child-execute", task_protect(&t, at, PAGE, RX), -EPERM);
	tap_is("child-deallocate-code", task_deallocate(&t, at + 4 * PAGE,
							PAGE), -EPERM);
	tap_is("child-remap-code", task_remap(&t, at + 4 * PAGE, PAGE, 0, &at),
	       -EPERM);
	return 0;
}

/* A child has the descriptor, and so the calls; it has no window. */
static void test_child(void)
{
	struct actor a;
	char *at;

	task_open(&t, MIB);
	at = task_allocate(&t, PAGE);
	at[0] = 1;
	CHECK_IS(task_allocate_at(&t, at + 4 * PAGE, PAGE), 0);
	at[4 * PAGE] = 0xc3;
	CHECK_IS(task_protect(&t, at + 4 * PAGE, PAGE, RX), 0);
	actor_start(&a, 1);
	CHECK_IS(actor_do(&a, do_child, (uintptr_t)at), 0);
	actor_stop(&a);
	tap_is("allocated", task_touch(at + PAGE, true), 0);
	tap_is("protected", task_touch(at, true), SEGV);
	tap_is("code", task_execute(at + 4 * PAGE), 0);
}

static long do_window(const uint64_t *arg)
{
	char *window = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED,
			    t.fd, 0);

	(void)arg;
	if (window == MAP_FAILED)
		return -errno;
	if (task_allocate_at(&t, window, PAGE))
		return -ENOSPC;
	window[0] = 0x21;
	return (long)window;
}

/* The map outlives the process, for who has the descriptor. */
static void test_orphan(void)
{
	struct actor a;
	char byte = 0;
	long at;

	t.fd = vm_open();
	actor_start(&a, 1);
	at = actor_do(&a, do_window);
	CHECK(at > 0, "no window: %s", tap_result(at));
	tap_is("pid", task_info(&t).pid, a.pid);
	CHECK_IS(task_read(&t, (void *)at, 1, &byte), 0);
	tap_is("read", byte, 0x21);
	actor_kill(&a);
	tap_is("no-pid", task_info(&t).pid, 0);
	CHECK_IS(task_read(&t, (void *)at, 1, &byte), 0);
	tap_is("still", byte, 0x21);
	tap_is("window", window(t.fd, NULL, MIB, MAP_SHARED, 0), -EBUSY);
}

/* Execute permission */

static char *code_page(void)
{
	char *at = task_allocate(&t, 3 * PAGE);

	memset(at, 0xc3, 3 * PAGE);	/* ret */
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, RX), 0);
	return at + PAGE;
}

static void test_execute(void)
{
	char *at;

	task_open(&t, MIB);
	at = code_page();
	tap_is("execute", task_execute(at), 0);
	tap_is("write", task_touch(at, true), SEGV);
	tap_is("read", task_touch(at, false), 0);
	tap_is("below", task_execute(at - PAGE), SEGV);
	tap_is("above", task_execute(at + PAGE), SEGV);
	tap_is("data-below", task_touch(at - PAGE, true), 0);
	tap_is("data-above", task_touch(at + PAGE, true), 0);
	tap_is("protect", task_protect(&t, at, PAGE, RW), 0);
	tap_is("no-more", task_execute(at), SEGV);
	tap_is("written", task_touch(at, true), 0);
	tap_is("again", task_protect(&t, at - PAGE, 2 * PAGE, RX), 0);
	tap_is("execute-below", task_execute(at - PAGE), 0);
	tap_is("execute-again", task_execute(at), 0);
	tap_is("all", task_protect(&t, at, 2 * PAGE, MACH_PROT_ALL), 0);
	tap_is("execute-all", task_execute(at + PAGE), 0);
	tap_is("write-all", task_touch(at, true), 0);
	tap_is("maximum", task_set_maximum(&t, at, PAGE, RW), 0);
	tap_is("not-at-most", task_execute(at), SEGV);
	tap_is("never-again", task_protect(&t, at, PAGE, RX), -EACCES);
	tap_is("beside", task_execute(at + PAGE), 0);
	tap_is("untouched", task_execute(task_allocate(&t, PAGE)), SEGV);
}

/* A call that fails takes nothing away from the code that is there. */
static void test_execute_kept(void)
{
	struct mach_task_map map = {
		.size = sizeof(map), .length = PAGE, .object = -1,
		.protection = RW, .max_protection = RW,
	};
	char *at;

	task_open(&t, MIB);
	at = code_page();
	tap_is("taken", task_allocate_at(&t, at, PAGE), -ENOSPC);
	tap_is("execute", task_execute(at), 0);
	map.address = (uintptr_t)at - PAGE;
	map.length = 2 * PAGE;
	tap_is("map-taken", task_call(&t, MACH_TASK_MAP, &map), -ENOSPC);
	tap_is("execute-map", task_execute(at), 0);
	CHECK_IS(task_set_maximum(&t, at + PAGE, PAGE, MACH_PROT_READ), 0);
	tap_is("protect-refused", task_protect(&t, at, 2 * PAGE, RW), -EACCES);
	tap_is("execute-protect", task_execute(at), 0);
}

/* Where code was, data can be. */
static void test_execute_then_data(void)
{
	char *at, *other;

	task_open(&t, MIB);
	at = code_page();
	CHECK_IS(task_execute(at), 0);
	CHECK_IS(task_deallocate(&t, at, PAGE), 0);
	tap_is("gone", task_execute(at), SEGV);
	CHECK_IS(task_allocate_at(&t, at, PAGE), 0);
	tap_is("data", task_touch(at, true), 0);
	tap_is("not-code", task_execute(at), SEGV);
	at = code_page();
	tap_is("remap", task_remap(&t, at, PAGE, 0, &other), 0);
	tap_is("execute-remapped", task_execute(other), 0);
	tap_is("copy", task_remap(&t, at, PAGE, MACH_VM_COPY, &other), 0);
	tap_is("execute-copied", task_execute(other), 0);
}

static void test_execute_object(void)
{
	struct test_task other;
	struct serve *s = serve_new(8 * PAGE, PAGE, 1);
	char *at;

	memset(s->store, 0xc3, 8 * PAGE);
	serve_start(s);
	task_open(&t, MIB);
	task_open(&other, MIB);
	CHECK_IS(task_map(&t, s->fd, 0, 8 * PAGE, RX, 0, &at), 0);
	tap_is("execute", task_execute(at + 3 * PAGE), 0);
	CHECK_IS(task_map(&other, s->fd, 0, 8 * PAGE, RW, 0, &at), 0);
	tap_is("not-there", task_execute(at), SEGV);
	tap_is("data", task_touch(at, true), 0);
}

struct runner {
	char *code;
	volatile bool stop;
	unsigned long runs;
};

static void *run_code(void *arg)
{
	struct runner *r = arg;

	while (!r->stop) {
		((void (*)(void))r->code)();
		r->runs++;
	}
	return NULL;
}

/* Code that nobody touches runs on while its neighbours change. */
static void test_execute_undisturbed(void)
{
	struct runner r = {};
	pthread_t thread;

	task_open(&t, MIB);
	r.code = code_page();
	CHECK(!pthread_create(&thread, NULL, run_code, &r), "no thread");
	for (int i = 0; i < 200; i++) {
		unsigned int protection = i % 2 ? RX : RW;

		CHECK_IS(task_protect(&t, r.code + PAGE, PAGE, protection), 0);
		CHECK_IS(task_protect(&t, r.code - PAGE, PAGE, protection ^ RX ^
				      RW), 0);
		CHECK_IS(task_execute(r.code + PAGE), i % 2 ? 0 : SEGV);
	}
	r.stop = true;
	pthread_join(thread, NULL);
	CHECK(r.runs, "it did not run");
}

/* The kernel */

static char *three_kinds(void)
{
	char *at;

	task_open(&t, MIB);
	at = task_allocate(&t, 4 * PAGE);
	memset(at, 1, 4 * PAGE);
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, MACH_PROT_READ), 0);
	CHECK_IS(task_protect(&t, at + 2 * PAGE, PAGE, 0), 0);
	CHECK_IS(task_deallocate(&t, at + 3 * PAGE, PAGE), 0);
	return at;
}

/* Into and from the four pages: writable, read-only, forbidden, not there */
static void transfers(int fd, char *at)
{
	char *other = shared_alloc(PAGE);

	tap_is("read", RESULT(pread(fd, at, PAGE, 0)), PAGE);
	CHECK(pattern_is(at, 0, PAGE, 6), "wrong data");
	tap_is("read-to-read-only", RESULT(pread(fd, at + PAGE, PAGE, 0)),
	       -EFAULT);
	tap_is("read-to-none", RESULT(pread(fd, at + 2 * PAGE, PAGE, 0)),
	       -EFAULT);
	tap_is("read-to-hole", RESULT(pread(fd, at + 3 * PAGE, PAGE, 0)),
	       -EFAULT);
	tap_is("unchanged", at[PAGE], 1);
	tap_is("write", RESULT(pwrite(fd, at, PAGE, PAGE)), PAGE);
	tap_is("write-from-read-only", RESULT(pwrite(fd, at + PAGE, PAGE,
						     2 * PAGE)), PAGE);
	tap_is("write-from-none", RESULT(pwrite(fd, at + 2 * PAGE, PAGE, 0)),
	       -EFAULT);
	tap_is("write-from-hole", RESULT(pwrite(fd, at + 3 * PAGE, PAGE, 0)),
	       -EFAULT);
	CHECK_IS(RESULT(pread(fd, other, PAGE, PAGE)), PAGE);
	CHECK(pattern_is(other, 0, PAGE, 6), "wrong data written");
	CHECK_IS(RESULT(pread(fd, other, PAGE, 2 * PAGE)), PAGE);
	tap_is("written", other[PAGE - 1], 1);
	CHECK_IS(task_protect(&t, at, 3 * PAGE, RW), 0);
	tap_is("read-then", RESULT(pread(fd, at + PAGE, 2 * PAGE, 0)), 2 * PAGE);
}

static void test_buffered(void)
{
	transfers(pattern_file(4 * PAGE, 6), three_kinds());
}

static void test_direct(void)
{
	char *contents = shared_alloc(4 * PAGE);

	pattern_fill(contents, 0, 4 * PAGE, 6);
	transfers(direct_file(contents, 4 * PAGE), three_kinds());
}

static void test_short(void)
{
	int fd = pattern_file(4 * PAGE, 6);
	char *at = three_kinds();

	tap_is("read", RESULT(pread(fd, at, 2 * PAGE, 0)), PAGE);
	tap_is("write", RESULT(pwrite(fd, at, 3 * PAGE, 0)), 2 * PAGE);
}

static int ring_rw(struct io_uring *ring, bool write, int fd, void *buffer,
		   bool fixed)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int res;

	CHECK(sqe, "the ring is full");
	if (fixed && write)
		io_uring_prep_write_fixed(sqe, fd, buffer, PAGE, 0, 0);
	else if (fixed)
		io_uring_prep_read_fixed(sqe, fd, buffer, PAGE, 0, 0);
	else if (write)
		io_uring_prep_write(sqe, fd, buffer, PAGE, 0);
	else
		io_uring_prep_read(sqe, fd, buffer, PAGE, 0);
	CHECK_IS(io_uring_submit(ring), 1);
	CHECK_IS(io_uring_wait_cqe(ring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static void test_ring(void)
{
	int fd = pattern_file(4 * PAGE, 6);
	struct io_uring ring;
	struct iovec iov;
	char *at = three_kinds();
	int err;

	CHECK_IS(io_uring_queue_init(8, &ring, 0), 0);
	tap_is("read", ring_rw(&ring, false, fd, at, false), PAGE);
	tap_is("read-to-read-only", ring_rw(&ring, false, fd, at + PAGE, false),
	       -EFAULT);
	tap_is("write-from-none", ring_rw(&ring, true, fd, at + 2 * PAGE, false),
	       -EFAULT);
	tap_is("write-from-hole", ring_rw(&ring, true, fd, at + 3 * PAGE, false),
	       -EFAULT);
	iov = (struct iovec){ at + PAGE, PAGE };
	err = io_uring_register_buffers(&ring, &iov, 1);
	CHECK(err == -EFAULT || err == -EOPNOTSUPP, "read-only buffer: %s",
	      tap_result(err));
	iov.iov_base = at;
	err = io_uring_register_buffers(&ring, &iov, 1);
	/* the kernel may refuse long pins of files */
	if (!err)
		tap_is("fixed", ring_rw(&ring, false, fd, at, true), PAGE);
	else
		CHECK(err == -EOPNOTSUPP || err == -EFAULT, "buffer: %s",
		      tap_result(err));
	io_uring_queue_exit(&ring);
}

/* A debugger may what the process could let itself do; tests of "window" go on. */
static void test_debugger(void)
{
	struct iovec local, remote;
	char *at = three_kinds(), *buffer = shared_alloc(PAGE);
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/proc/self/mem: %m");
	tap_is("mem-read", RESULT(pread(fd, buffer, 1, (uintptr_t)at + PAGE)), 1);
	tap_is("mem-read-none", RESULT(pread(fd, buffer, 1, (uintptr_t)at +
					     2 * PAGE)), 1);
	tap_is("mem-read-hole", RESULT(pread(fd, buffer, 1, (uintptr_t)at +
					     3 * PAGE)), -EIO);
	tap_is("mem-write", RESULT(pwrite(fd, "x", 1, (uintptr_t)at)), 1);
	tap_is("mem-write-read-only", RESULT(pwrite(fd, "x", 1, (uintptr_t)at +
						    PAGE)), 1);
	tap_is("changed", at[PAGE], 'x');
	local = (struct iovec){ buffer, PAGE };
	remote = (struct iovec){ at + PAGE, PAGE };
	tap_is("readv", RESULT(process_vm_readv(getpid(), &local, 1, &remote, 1,
						0)), PAGE);
	tap_is("writev", RESULT(process_vm_writev(getpid(), &local, 1, &remote,
						  1, 0)), -EFAULT);
	remote.iov_base = at + 2 * PAGE;
	tap_is("readv-none", RESULT(process_vm_readv(getpid(), &local, 1,
						     &remote, 1, 0)), -EFAULT);
}

static const struct tap_test tests[] = {
	{ "none", test_none, 0, 0 },
	{ "rules", test_rules, 0, 0 },
	{ "part-again", test_part_again, 0, 0 },
	{ "child", test_child, 0, 0 },
	{ "orphan", test_orphan, 0, 0 },
	{ "execute", test_execute, 0, 0 },
	{ "execute-kept", test_execute_kept, 0, 0 },
	{ "execute-then-data", test_execute_then_data, 0, 0 },
	{ "execute-object", test_execute_object, 0, 0 },
	{ "execute-undisturbed", test_execute_undisturbed, 0, 0 },
	{ "buffered", test_buffered, 0, 0 },
	{ "direct", test_direct, 0, 0 },
	{ "short", test_short, 0, 0 },
	{ "ring", test_ring, 0, 0 },
	{ "debugger", test_debugger, 0, 0 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
