// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two users: one takes all that he gets, of everything, and gives nothing back. What
 * the other one does succeeds, and it takes at most twice its usual time of the
 * processors, its own and its pager's. On a busy host that time gets longer by
 * itself: what counts is how it stands to that of a fixed piece of work, done between.
 * And when all that one user has ends, another one's deadlines pass all the same.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/mach_vm.h>

#include "pool.h"
#include "task.h"
#include "user.h"

#define MEMORY_MIB	64
#define SHARE		(256 * PAGE)	/* what the other one works on */
#define THREADS		8	/* of each of its clients */
#define REPEATS		7
#define YARD		(4000 / tap_slow())	/* pages to fill and calls, of a yard */
#define PARTS		1000			/* of a yard */
#define SLACK		(PARTS / 10)	/* of interrupts that come at that time */
#define WIRERS		16		/* processes that wire what each may */
#define WAITERS		(600 / tap_slow())

static int ready[2], go[2];

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

/* By cutting what is there, again and again */
static void take_pieces(void)
{
	const uint64_t size = 1ULL << 34;
	struct test_task t;
	long err = 0;

	task_open(&t, size);
	CHECK_IS(task_allocate_at(&t, t.window, size), 0);
	for (uint64_t at = PAGE; at < size && !err; at += 2 * PAGE)
		err = task_protect(&t, t.window + at, PAGE, MACH_PROT_READ);
	CHECK_IS(err, -EAGAIN);
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

/* Clean pages, read twice: of all that can go they seem the most useful. */
static void take_cache(void)
{
	struct serve *s = pool_object(MEMORY_MIB * MIB, 2);
	uint8_t *map = pool_start(s);

	for (int i = 0; i < 2; i++)
		pool_verify(map, 2, 0, MEMORY_MIB * MIB / PAGE, 0);
}

static long do_wire(const uint64_t *arg)	/* fd, offset, length */
{
	struct rlimit limit = { arg[2], arg[2] };
	struct test_task t;
	char *at;

	CHECK_IS(RESULT(setrlimit(RLIMIT_MEMLOCK, &limit)), 0);
	task_open(&t, 2 * arg[2]);
	CHECK_IS(task_map(&t, arg[0], arg[1], arg[2], MACH_PROT_READ,
			  MACH_VM_ANYWHERE, &at), 0);
	return task_wire(&t, at, arg[2], MACH_PROT_READ);
}

/* Clean pages, each process as many as it may lock */
static void take_wired(void)
{
	const uint64_t each = MEMORY_MIB * MIB / WIRERS;
	struct serve *s = pool_object(MEMORY_MIB * MIB, 3);
	static struct actor wirer[WIRERS];
	long err = 0;

	serve_start(s);
	for (unsigned int i = 0; i < WIRERS && !err; i++) {
		actor_start(&wirer[i], 1);
		err = actor_do(&wirer[i], do_wire, s->fd, i * each, each);
	}
	CHECK_IS(err, -EAGAIN);
}

static void *touch_on(void *at)
{
	for (;;)
		task_touch(at, false);
	return NULL;
}

static unsigned int asked_for(int vm)
{
	struct mach_vm_statistics s = { .size = sizeof(s) };

	CHECK_IS(vm_ioctl(vm, MACH_VM_STATISTICS, &s), 0);
	return s.busy_count;
}

/* Threads that touch, each, what a silent pager has: most wait for room to ask. */
static void crowd(void)
{
	const unsigned int most = MEMORY_MIB * MIB / PAGE / 4;
	struct test_object o;
	struct test_pager p;
	pthread_attr_t attr;
	pthread_t thread;
	char *map;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, WAITERS * MIB, MIB, 0);
	map = mmap(NULL, o.size, PROT_READ, MAP_SHARED, o.fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * KIB);
	for (int i = 0; i < WAITERS; i++)
		CHECK(!pthread_create(&thread, &attr, touch_on, map + i * MIB),
		      "no thread %d", i);
	CHECK_WAIT(asked_for(p.fd) > most - MIB / PAGE, WAIT_MS,
		   "%u pages of %u are asked for", asked_for(p.fd), most);
}

static void take_all(void)
{
	take_cache();
	take_names();
	take_pagers();
	take_frames();
	take_memory();
	take_wired();
	take_objects();
	take_entries();
}

static int be_greedy(void (*deed)(void))
{
	char word;

	/* not before the other one knows what is usual */
	CHECK_IS(RESULT(read(go[0], &word, 1)), 1);
	user_become(GREEDY);
	deed();
	CHECK_IS(RESULT(write(ready[1], "r", 1)), 1);
	return read(go[0], &word, 1) != 1;
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

/* All of the object goes, and comes again when it is read. */
static void forget_object(struct serve *s)
{
	s->lock = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH;
	CHECK_WAIT(!s->lock && !object_info(s->fd).resident, WAIT_MS,
		   "%llu pages stay", object_info(s->fd).resident);
}

static long used_us(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	CHECK(!clock_getcpuclockid(pid, &clock) &&
	      !clock_gettime(clock, &used), "no clock of %d", pid);
	return used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static long cost(struct serve *s)
{
	return used_us(getpid()) + used_us(s->actor.pid);
}

/* Half a yard: work of the same kind, which nobody else has a part in */
static long half_yard(void)
{
	static uint8_t page[PAGE];
	long before = used_us(getpid());

	for (int i = 0; i < YARD / 2; i++) {
		stamp_page(page, 1, i, 0);
		getppid();
	}
	return used_us(getpid()) - before;
}

/* What all of it takes, in parts of a yard, the best of some turns */
static long work(struct serve *s, uint8_t *map)
{
	long best = 0;

	for (int i = 0; i < REPEATS; i++) {
		long before, took, yard;

		yard = half_yard();
		before = cost(s);
		use_task();
		use_object(s, map);
		use_pager();
		took = cost(s) - before;
		yard += half_yard();
		took = took * PARTS / yard;
		/* whose end is waited for in a way that takes time */
		forget_object(s);
		/* the first turn finds all there */
		if (i && (i == 1 || took < best))
			best = took;
	}
	return best;
}

/*
 * He and his pager: who waits for the other processor's answer waits for the host, too,
 * and as long as that is busy.
 */
static void use_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK_IS(RESULT(sched_setaffinity(0, sizeof(one), &one)), 0);
}

static void beside(void (*deed)(void))
{
	long usual, now;
	struct serve *s;
	uint8_t *map;
	int status;
	char word;
	pid_t pid;

	CHECK_IS(RESULT(chmod(MACH_VM_DEVICE, 0666)), 0);
	pool_limit(MEMORY_MIB);
	CHECK(!pipe(ready) && !pipe(go), "pipe: %m");
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid)
		_exit(be_greedy(deed));
	close(ready[1]);
	user_become(OTHER);
	use_one_cpu();
	s = pool_object(SHARE, 1);
	map = pool_start(s);
	usual = work(s, map);
	CHECK_IS(RESULT(write(go[1], "b", 1)), 1);
	CHECK_IS(RESULT(read(ready[0], &word, 1)), 1);
	now = work(s, map);
	tap_note("usually %ld/%u of a yard, beside the other user %ld", usual,
		 PARTS, now);
	CHECK(now <= 2 * usual + SLACK, "%ld/%u of a yard became %ld", usual,
	      PARTS, now);
	CHECK_IS(RESULT(write(go[1], "e", 1)), 1);
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	CHECK(!status, "the greedy one has failed: 0x%x", status);
}

static void test_greedy(void)
{
	beside(take_all);
}

static void test_wires(void)
{
	beside(take_wired);
}

/* So few that it does not take long; one user's are a part of the pool all the same. */
static void test_pieces(void)
{
	pool_set_number("user_entries", 20000);
	beside(take_pieces);
}

static void test_crowd(void)
{
	beside(crowd);
}

#define DEAD		300		/* pagers that die at once */
#define DEAD_NAMES	(80 / tap_slow())	/* of each */
#define DEADLINE_MS	1000
#define LATE_MS		(1000 * tap_slow())

static void have_pagers(void)
{
	const struct pager_setup silent = { .transport = BY_IOCTL };
	char name[MACH_NAME_MAX + 1];
	struct test_object o;

	for (int i = 0; i < DEAD; i++) {
		struct test_pager p = { .fd = vm_open() };

		CHECK_IS(pager_register(&p, &silent), 0);
		actor_unhide_fd(p.fd);
		for (int j = 0; j < DEAD_NAMES; j++) {
			snprintf(name, sizeof(name), "dead/%d/%d", i, j);
			object_create(&p, &o, PAGE, 0, 0);
			CHECK_IS(object_publish_as(&p, &o, name, 0, GREEDY), 0);
			close(o.fd);
		}
	}
	hold();
}

/* However long what one user's dead pagers leave takes: nobody's deadline waits for it. */
static void test_deaths(void)
{
	const struct pager_setup silent = {
		.transport = BY_IOCTL, .deadline_ms = DEADLINE_MS,
	};
	struct scene s;
	long ended;
	pid_t pid;

	pool_set_number("user_pagers", DEAD);
	pid = greedy_begin(have_pagers);
	scene_open(&s, &silent, PAGE, PAGE, 1);
	CHECK(!kill(pid, SIGKILL), "kill: %m");
	actor_begin(&s.a, 0, do_load, s.map);
	ended = tap_now_ms();
	CHECK_IS(actor_end(&s.a, 0), TAP_SIGNAL(SIGBUS));
	ended = tap_now_ms() - ended;
	CHECK_IS(RESULT(waitpid(pid, NULL, 0)), pid);
	tap_note("the deadline of %d ms came after %ld", DEADLINE_MS, ended);
	CHECK(ended < DEADLINE_MS + LATE_MS, "after %ld ms", ended);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "two-users", test_greedy, BY_IOCTL, 200 },
		{ "wires", test_wires, BY_IOCTL, 200 },
		{ "crowd", test_crowd, BY_IOCTL, 200 },
		{ "pieces", test_pieces, BY_IOCTL, 200 },
		{ "deaths", test_deaths, BY_IOCTL, 120 },
	};
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(MACH_VM_DEVICE, 0600);
	return status;
}
