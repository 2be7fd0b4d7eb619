// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two users: one takes all that he gets, of everything, and gives nothing back. What
 * the other one does succeeds, and in its usual time.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/mach_vm.h>

#include "pool.h"
#include "task.h"

#define GREEDY		12341
#define OTHER		12342
#define DEVICE		"/dev/machvm"
#define MEMORY_MIB	64
#define SHARE		(256 * PAGE)	/* what the other one works on */
#define THREADS		8	/* of each of its clients */
#define REPEATS		5
#define SLACK_MS	20		/* of the clock and the scheduler */

static void become(uid_t uid)
{
	CHECK_IS(RESULT(setresgid(uid, uid, uid)), 0);
	CHECK_IS(RESULT(setresuid(uid, uid, uid)), 0);
	/* the test takes descriptors of its actors */
	CHECK_IS(RESULT(prctl(PR_SET_DUMPABLE, 1)), 0);
}

/* The greedy one */

static void take_memory(void)
{
	struct test_task t;
	uint64_t at = 0;

	task_open(&t, MEMORY_MIB * MIB);
	CHECK_IS(task_allocate_at(&t, t.window, t.size), 0);
	while (at < t.size && !task_touch(t.window + at, true))
		at += PAGE;
	CHECK(at && at < t.size, "%u pages of all were given",
	      (unsigned int)(at / PAGE));
	for (uint64_t wired = 0; wired < at; wired += 16 * PAGE)
		if (task_wire(&t, t.window + wired, 16 * PAGE,
			      MACH_PROT_READ))
			break;
}

static void take_entries(void)
{
	struct test_task t;
	uint64_t at = 0;

	task_open(&t, 1ULL << 40);
	while (!task_allocate_at(&t, t.window + at, PAGE))
		at += 2 * PAGE;
}

static void take_objects(void)
{
	struct mach_pager_create c;
	struct test_pager p;
	long err;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	do {
		c = (struct mach_pager_create) {
			.size = sizeof(c), .object_size = PAGE,
		};
		err = vm_ioctl(p.fd, MACH_PAGER_CREATE, &c);
		if (!err)
			close(c.fd);
	} while (!err);
	CHECK_IS(err, -EAGAIN);
}

static void take_names(void)
{
	struct test_object o;
	struct test_pager p;
	long err = 0;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (unsigned int i = 0; !err && i < 900; i++) {
		char name[32];

		object_create(&p, &o, PAGE, 0, 0);
		snprintf(name, sizeof(name), "greedy-%u", i);
		err = object_publish_as(&p, &o, name, 0, getuid());
	}
}

static long do_fill(const uint64_t *arg)	/* address, length */
{
	for (uint64_t at = 0; at < arg[1]; at += PAGE)
		*(volatile char *)(arg[0] + at) = 1;
	return 0;
}

/* Threads that write, ask and wait, to pagers that say nothing */
static void take_frames(void)
{
	static struct scene s[2];

	for (unsigned int i = 0; i < ARRAY_SIZE(s); i++)
		scene_open(&s[i], &(struct pager_setup){ .transport = BY_IOCTL },
			   MEMORY_MIB * MIB, MIB, THREADS);
	/* these are there, and get dirty */
	for (uint64_t at = 0; at < THREADS * MIB; at += MIB)
		scene_resident(&s[0], at, MIB, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(s); i++)
		for (unsigned int t = 0; t < THREADS; t++)
			actor_begin(&s[i].a, t, i ? do_load : do_fill,
				    s[i].map + t * MIB, MIB);
	CHECK(actor_waits(&s[1].a, 0, 300), "a silent pager's page has come");
}

static void take_pagers(void)
{
	struct mach_pager_register reg;
	long fd;

	do {
		reg = (struct mach_pager_register) {
			.size = sizeof(reg), .queues = MACH_PAGER_QUEUES_MAX,
			.depth = MACH_PAGER_DEPTH_MAX,
			.message_size = sizeof(struct mach_message),
		};
		fd = vm_open();
	} while (fd >= 0 && !vm_ioctl(fd, MACH_PAGER_REGISTER, &reg));
}

static int be_greedy(int ready, int go)
{
	char word;

	become(GREEDY);
	take_names();
	take_pagers();
	take_frames();
	take_memory();
	take_objects();
	take_entries();
	CHECK_IS(RESULT(write(ready, "r", 1)), 1);
	return read(go, &word, 1) != 1;
}

/* The other one */

static void use_task(void)
{
	struct test_task t;
	char *at;

	task_open(&t, 4 * SHARE);
	at = task_allocate(&t, SHARE);
	for (uint64_t i = 0; i < SHARE; i += PAGE)
		CHECK_IS(task_touch(at + i, true), 0);
	CHECK_IS(task_wire(&t, at, 4 * PAGE, MACH_PROT_READ), 0);
	CHECK_IS(task_protect(&t, at + 16 * PAGE, 16 * PAGE, MACH_PROT_READ),
		 0);
	CHECK_IS(task_deallocate(&t, at, SHARE), 0);
	task_close(&t);
}

static void use_object(struct serve *s, uint8_t *map)
{
	pool_verify(map, 1, 0, SHARE / PAGE, 0);
	for (uint64_t i = 0; i < SHARE; i += PAGE)
		stamp_page(map + i, 1, i / PAGE, 0);
	CHECK_IS(RESULT(msync(map, SHARE, MS_SYNC)), 0);
	CHECK_IS(RESULT(fsync(s->fd)), 0);
}

static void use_pager(void)
{
	struct test_object o;
	struct test_pager p;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, SHARE, 0, 0);
	CHECK_IS(object_publish_as(&p, &o, "neighbour", 0, getuid()), 0);
	close(o.fd);
	pager_close(&p);
}

/* All of it, in ms, the best of some turns */
static long work(struct serve *s, uint8_t *map)
{
	long best = 0;

	for (int i = 0; i < REPEATS; i++) {
		long start = tap_now_ms(), took;

		use_task();
		use_object(s, map);
		use_pager();
		took = tap_now_ms() - start;
		if (!i || took < best)
			best = took;
	}
	return best;
}

static void test_neighbour(void)
{
	int ready[2], go[2], status;
	struct serve *s;
	long usual, beside;
	uint8_t *map;
	char word;
	pid_t pid;

	CHECK_IS(RESULT(chmod(DEVICE, 0666)), 0);
	pool_limit(MEMORY_MIB);
	CHECK(!pipe(ready) && !pipe(go), "pipe: %m");
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		/* not before the other one knows its usual time */
		CHECK_IS(RESULT(read(go[0], &word, 1)), 1);
		_exit(be_greedy(ready[1], go[0]));
	}
	close(ready[1]);
	become(OTHER);
	s = pool_object(SHARE, 1);
	map = pool_start(s);
	usual = work(s, map);
	CHECK_IS(RESULT(write(go[1], "b", 1)), 1);
	CHECK_IS(RESULT(read(ready[0], &word, 1)), 1);
	beside = work(s, map);
	tap_note("usually %ld ms, beside the other user %ld ms", usual, beside);
	CHECK(beside <= 2 * usual + SLACK_MS, "%ld ms became %ld", usual,
	      beside);
	CHECK_IS(RESULT(write(go[1], "e", 1)), 1);
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	CHECK(!status, "the greedy one has failed: 0x%x", status);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "two-users", test_neighbour, BY_IOCTL, 200 },
	};
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(DEVICE, 0600);
	return status;
}
