// SPDX-License-Identifier: GPL-2.0-only
/* Becoming a pager, and the message arrays. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };

static void test_limits(void)
{
	static const struct pager_setup largest = {
		.transport = BY_IOCTL,
		.queues = MACH_PAGER_QUEUES_MAX,
		.depth = MACH_PAGER_DEPTH_MAX,
	};
	struct test_pager p;

	CHECK_IS(pager_register(&p, &largest), 0);
	CHECK(p.size >= MACH_PAGER_DEPTH_MAX * sizeof(struct mach_message),
	      "an array of 0x%llx bytes cannot hold %u messages",
	      (unsigned long long)p.size, p.depth);
	CHECK(p.size % PAGE == 0 && p.stride % PAGE == 0 && p.stride >= p.size,
	      "array of 0x%llx bytes every 0x%llx",
	      (unsigned long long)p.size, (unsigned long long)p.stride);
	CHECK_IS(pager_map(&p), 0);
	for (unsigned int q = 0; q < p.queues; q++)
		CHECK(zeros(p.array[q], p.size), "array %u is not clean", q);
	pager_close(&p);
}

/* Nobody is kept waiting for longer than the host's owner allows. */
static void test_deadline(void)
{
	struct pager_setup setup = { .transport = BY_IOCTL };
	struct test_pager p;

	setup.deadline_ms = MACH_DEADLINE_DEFAULT + 1;
	tap_is("longer", pager_register(&p, &setup), -EINVAL);
	setup.deadline_ms = ~0U;
	tap_is("longest", pager_register(&p, &setup), -EINVAL);
	setup.deadline_ms = MACH_DEADLINE_DEFAULT;
	tap_is("as-long", pager_register(&p, &setup), 0);
}

static void test_twice(void)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg), .queues = 1, .depth = 1,
		.message_size = sizeof(struct mach_message),
	};
	struct test_pager p;

	pager_open(&p, &by_ioctl);
	CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_REGISTER, &reg), -EPERM);
	pager_expect_nothing(&p, 0);
	pager_close(&p);
}

static long map_array(const struct test_pager *p, uint64_t length, int prot,
		      int flags, uint64_t offset)
{
	void *a = mmap(NULL, length, prot, flags, p->fd, offset);

	if (a == MAP_FAILED)
		return -errno;
	munmap(a, length);
	return 0;
}

/* An unmapped array is no resigning as long as none was mapped before. */
static void test_map_wrong(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct test_pager p;

	CHECK_IS(pager_register(&p, &by_ioctl), 0);
	tap_is("writable", map_array(&p, p.size, rw, MAP_SHARED, 0), -EACCES);
	tap_is("write-only", map_array(&p, p.size, PROT_WRITE, MAP_SHARED, 0),
	       -EACCES);
	tap_is("private", map_array(&p, p.size, PROT_READ, MAP_PRIVATE, 0),
	       -EINVAL);
	tap_is("private-writable", map_array(&p, p.size, rw, MAP_PRIVATE, 0),
	       -EINVAL);
	tap_is("too-long", map_array(&p, p.size + PAGE, PROT_READ, MAP_SHARED,
				     0), -EINVAL);
	tap_is("queue", map_array(&p, p.size, PROT_READ, MAP_SHARED, p.stride),
	       -EINVAL);
	tap_is("offset-inside", map_array(&p, p.size, PROT_READ, MAP_SHARED,
					  p.stride / 2 / PAGE * PAGE + PAGE),
	       -EINVAL);
	tap_is("offset-far", map_array(&p, p.size, PROT_READ, MAP_SHARED,
				       1ULL << 46), -EINVAL);
	CHECK_IS(pager_map(&p), 0);
	pager_expect_nothing(&p, 0);
	pager_close(&p);
}

/* A task that has a window is no pager's any more. */
static void test_window(void)
{
	struct mach_pager_register args = {
		.size = sizeof(args),
		.queues = 1,
		.depth = 1,
		.message_size = sizeof(struct mach_message),
	};
	long fd = vm_open();

	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED,
	      "no window: %s", tap_result(-errno));
	CHECK_IS(vm_ioctl(fd, MACH_PAGER_REGISTER, &args), -EPERM);
}

static void test_protect(void)
{
	struct test_pager p;
	void *a;

	pager_open(&p, &by_ioctl);
	a = (void *)p.array[0];
	tap_is("writable", RESULT(mprotect(a, p.size, PROT_READ | PROT_WRITE)),
	       -EACCES);
	tap_is("write-only", RESULT(mprotect(a, p.size, PROT_WRITE)), -EACCES);
	tap_is("read", RESULT(mprotect(a, p.size, PROT_READ)), 0);
	pager_expect_nothing(&p, 0);
	pager_close(&p);
}

/* Touching the array in a child must be a fault: it was not inherited. */
static void test_fork(void)
{
	struct test_pager p;
	struct actor child;

	pager_open(&p, &by_ioctl);
	actor_start(&child, 1);
	tap_is("array-gone", actor_do(&child, do_load, (uintptr_t)p.array[0]),
	       TAP_SIGNAL(SIGSEGV));
	actor_stop(&child);
	pager_expect_nothing(&p, 0);
	pager_close(&p);
}

/* A child that inherited the descriptor may end without ending the pager. */
static void test_fork_exit(void)
{
	struct scene s;
	struct test_request r;
	int status;
	pid_t pid;

	scene_open(&s, NULL, 16 * PAGE, PAGE, 1);
	pid = fork();
	if (!pid)
		_exit(0);
	CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %m");
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 1));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
}

/* mremap may move the array, but the pager stays a pager. */
static void test_move(void)
{
	struct test_pager p;
	void *to;

	pager_open(&p, &by_ioctl);
	to = mmap(NULL, p.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = mremap((void *)p.array[0], p.size, p.size,
		    MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (to != MAP_FAILED)
		p.array[0] = to;
	pager_expect_nothing(&p, 0);
	pager_close(&p);
}

static void test_grow(void)
{
	struct test_pager p;

	pager_open(&p, &by_ioctl);
	CHECK(mremap((void *)p.array[0], p.size, 2 * p.size, MREMAP_MAYMOVE) ==
	      MAP_FAILED, "an array has grown beyond its end");
	pager_expect_nothing(&p, 0);
	pager_close(&p);
}

/* Part of the array may not go: the kernel could not tell who resigned. */
static void test_split(void)
{
	static const struct pager_setup deep = {
		.transport = BY_IOCTL, .depth = MACH_PAGER_DEPTH_MAX,
	};
	struct test_pager p;
	uint8_t *a;

	pager_open(&p, &deep);
	a = (uint8_t *)p.array[0];
	CHECK(p.size >= 2 * PAGE, "array of 0x%llx bytes",
	      (unsigned long long)p.size);
	tap_is("unmap-first", RESULT(munmap(a, PAGE)), -EINVAL);
	tap_is("unmap-last", RESULT(munmap(a + p.size - PAGE, PAGE)), -EINVAL);
	tap_is("protect", RESULT(mprotect(a, PAGE, PROT_NONE)), -EINVAL);
	pager_expect_nothing(&p, 0);
	pager_close(&p);
}

static void test_dontfork_stays(void)
{
	struct test_pager p;
	struct actor child;

	pager_open(&p, &by_ioctl);
	madvise((void *)p.array[0], p.size, MADV_DOFORK);
	actor_start(&child, 1);
	CHECK_IS(actor_do(&child, do_load, (uintptr_t)p.array[0]),
		 TAP_SIGNAL(SIGSEGV));
	actor_stop(&child);
	pager_close(&p);
}

/* munmap of the last array is resigning: as death, while the process lives. */
static void test_resign(void)
{
	struct mach_pager_create c = {
		.size = sizeof(c), .object_size = PAGE,
	};
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 16 * PAGE, PAGE, 2);
	actor_begin(&s.a, 0, do_load, s.map);
	actor_begin(&s.a, 1, do_load, s.map + PAGE);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(!munmap((void *)s.p.array[0], s.p.size), "munmap: %m");
	s.p.array[0] = NULL;
	CHECK_IS(actor_end_within(&s.a, 0, 2000), TAP_SIGNAL(SIGBUS));
	CHECK_IS(actor_end_within(&s.a, 1, 2000), TAP_SIGNAL(SIGBUS));
	tap_is("later-fault", actor_do(&s.a, do_load, s.map + 2 * PAGE),
	       TAP_SIGNAL(SIGBUS));
	tap_is("answer", pager_reply(&s.p, &r, NULL, 0, true), -ENODEV);
	tap_is("create", vm_ioctl(s.p.fd, MACH_PAGER_CREATE, &c), -ENODEV);
	CHECK_WAIT(!(object_info(s.o.fd).state & MACH_OBJECT_ALIVE), 2000,
		   "the object still seems alive");
	tap_is("map-again", pager_map(&s.p), -ENODEV);
}

static void test_resign_fetches(void)
{
	struct test_request r;
	struct test_pager p;

	pager_open(&p, &(struct pager_setup){ .transport = BY_RING });
	CHECK(!munmap((void *)p.array[0], p.size), "munmap: %m");
	p.array[0] = NULL;
	for (unsigned int t = 0; t < p.depth; t++)
		CHECK_IS(pager_next(&p, &r, 2000), -ENODEV);
	pager_close(&p);
}

/* One array of several may go; the pager resigns with the last. */
static void test_resign_last(void)
{
	static const struct pager_setup two = {
		.transport = BY_IOCTL, .queues = 2,
	};
	struct test_request r;
	struct test_pager p;

	pager_open(&p, &two);
	CHECK(!munmap((void *)p.array[1], p.size), "munmap: %m");
	p.array[1] = NULL;
	pager_expect_nothing(&p, 0);
	CHECK(!munmap((void *)p.array[0], p.size), "munmap: %m");
	p.array[0] = NULL;
	CHECK_IS(pager_next(&p, &r, 0), -ENODEV);
	pager_close(&p);
}

static const struct tap_test tests[] = {
	{ .name = "limits", .run = test_limits },
	{ .name = "deadline", .run = test_deadline },
	{ .name = "twice", .run = test_twice },
	{ .name = "map-wrong", .run = test_map_wrong },
	{ .name = "window", .run = test_window },
	{ .name = "protect", .run = test_protect },
	{ .name = "fork", .run = test_fork },
	{ .name = "fork-exit", .run = test_fork_exit },
	{ .name = "madvise-dofork", .run = test_dontfork_stays },
	{ .name = "move", .run = test_move },
	{ .name = "grow", .run = test_grow },
	{ .name = "split", .run = test_split },
	{ .name = "resign-ring", .run = test_resign, BY_RING },
	{ .name = "resign-ioctl", .run = test_resign, BY_IOCTL },
	{ .name = "resign-fetches", .run = test_resign_fetches },
	{ .name = "resign-last", .run = test_resign_last },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
