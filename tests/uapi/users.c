// SPDX-License-Identifier: GPL-2.0-only
/* What one user may have of everything, and that nobody else is refused for it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/mach_vm.h>

#include "naming.h"
#include "place.h"
#include "pool.h"
#include "task.h"
#include "user.h"

#define GREEDY		12341
#define OTHER		12342
#define DEVICE		"/dev/machvm"

/*
 * The deed of a cap: take what it bounds, @n at most. Returns how many there were;
 * *err is what the next one said. Descriptors stay open.
 */
typedef unsigned int (*take_fn)(unsigned int n, long *err);

static const struct cap {
	const char *parameter;
	unsigned long value;
	unsigned int allowed;
	take_fn take;
	long error;
} *tried;

static void take_too_many(void)
{
	long err = 0;
	unsigned int n = tried->take(tried->allowed + 8, &err);

	CHECK(n == tried->allowed, "%u were given, not %u, with %s", n,
	      tried->allowed, tried->parameter);
	CHECK_IS(err, tried->error);
}

static void take_all(void)
{
	long err = 0;

	CHECK_IS(tried->take(tried->allowed, &err), tried->allowed);
}

static bool could_take_all(void)
{
	long err = 0;
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %m");
	if (!pid)
		_exit(tried->take(tried->allowed, &err) != tried->allowed);
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	return !status;
}

/* All of it comes back; what a worker frees, a moment after the process has ended. */
static void take_all_again(void)
{
	CHECK_WAIT(could_take_all(), WAIT_MS, "not all of %s came back",
		   tried->parameter);
}

static int ready[2], go[2];

/* The greedy one keeps what he has while others try. */
static void hold(void)
{
	char word;

	CHECK_IS(RESULT(write(ready[1], "r", 1)), 1);
	CHECK_IS(RESULT(read(go[0], &word, 1)), 1);
}

/* Let him take; he has what he gets when this returns. */
static pid_t greedy_begin(void (*take)(void))
{
	char word;
	pid_t pid;

	CHECK(!pipe(ready) && !pipe(go), "pipe: %m");
	pid = user_begin(GREEDY, take);
	close(ready[1]);
	CHECK_IS(RESULT(read(ready[0], &word, 1)), 1);
	return pid;
}

static void greedy_end(pid_t pid)
{
	CHECK_IS(RESULT(write(go[1], "g", 1)), 1);
	user_end(pid);
}

static void hold_all(void)
{
	take_too_many();
	hold();
}

static void take_more(void)
{
	long err = 0;

	/* by privilege */
	CHECK_IS(tried->take(tried->allowed + 8, &err), tried->allowed + 8);
}

static void try_cap(const struct cap *c)
{
	pid_t pid;

	pool_restore();
	tried = c;
	pool_set_number(c->parameter, c->value);
	pid = greedy_begin(hold_all);
	as_user(OTHER, take_all);
	take_more();
	greedy_end(pid);
	as_user(GREEDY, take_all_again);
}

static unsigned int take_tasks(unsigned int n, long *err)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		*err = vm_open();
		if (*err < 0)
			break;
	}
	return i;
}

static unsigned int register_pagers(unsigned int n,
				    const struct pager_setup *setup, long *err)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct test_pager p = { .fd = vm_open() };

		CHECK(p.fd >= 0, "open: %s", tap_result(p.fd));
		*err = pager_register(&p, setup);
		if (*err)
			break;
	}
	return i;
}

static unsigned int take_pagers(unsigned int n, long *err)
{
	return register_pagers(n, &(struct pager_setup){ 0 }, err);
}

/* From 27 to 40 KiB each */
static unsigned int take_queues(unsigned int n, long *err)
{
	const struct pager_setup large = { .queues = 3, .depth = 64 };

	return register_pagers(n, &large, err);
}

static unsigned int take_objects(unsigned int n, long *err)
{
	struct test_pager p;
	unsigned int i;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (i = 0; i < n; i++) {
		struct mach_pager_create c = {
			.size = sizeof(c), .object_size = PAGE,
		};

		*err = vm_ioctl(p.fd, MACH_PAGER_CREATE, &c);
		if (*err)
			break;
		/* it lives on: nobody answers its TERMINATE */
		close(c.fd);
	}
	return i;
}

/* Name @i of this user's */
static const char *own_name(unsigned int i)
{
	static char name[MACH_NAME_MAX + 1];

	snprintf(name, sizeof(name), "n%u-%u", getuid(), i);
	return name;
}

static long publish_own(struct test_pager *p, struct test_object *o,
			unsigned int i)
{
	object_create(p, o, PAGE, 0, 0);
	return object_publish_as(p, o, own_name(i), 0, getuid());
}

static unsigned int take_names(unsigned int n, long *err)
{
	struct test_object o;
	struct test_pager p;
	unsigned int i;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (i = 0; i < n; i++) {
		*err = publish_own(&p, &o, i);
		if (*err)
			break;
	}
	return i;
}

/* A name that is taken away or refused is none of the user's. */
static void names_come_back(void)
{
	struct test_object o[4];
	struct test_pager p;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (unsigned int i = 0; i < 3; i++)
		CHECK_IS(publish_own(&p, &o[i], i), 0);
	CHECK_IS(publish_own(&p, &o[3], 3), -EDQUOT);
	for (unsigned int i = 0; i < 20; i++) {
		CHECK_IS(RESULT(unlink(node_path(own_name(0)))), 0);
		/* another's, refused */
		CHECK_IS(object_publish(&p, &o[3], own_name(1), 0), -EPERM);
		CHECK_IS(publish_own(&p, &o[3], 1), -EEXIST);
		close(o[3].fd);
		CHECK_IS(publish_own(&p, &o[0], 0), 0);
	}
	CHECK_IS(publish_own(&p, &o[3], 3), -EDQUOT);
	pager_close(&p);
}

static void test_names_back(void)
{
	pool_restore();
	pool_set_number("user_names", 3);
	as_user(GREEDY, names_come_back);
	/* and with the pager */
	as_user(GREEDY, names_come_back);
}

/* Directories count as names, those on the way as well, and links. */
static void directories_come_back(void)
{
	const unsigned int me = getuid();
	struct test_object o;
	struct test_pager p;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, PAGE, 0, 0);
	for (unsigned int i = 0; i < 20; i++) {
		CHECK_IS(object_publish_as(&p, &o, "q/u/o/t", 0, me), -EDQUOT);
		CHECK_IS(pager_link(&p, "q/u/o/t", "x", me), -EDQUOT);
		CHECK_IS(pager_mkdir(&p, "q/u/o/t", 0, me), -EDQUOT);
		CHECK_IS(RESULT(access(node_path("q"), F_OK)), -ENOENT);
		CHECK_IS(object_publish_as(&p, &o, "q/u/o", 0, me), 0);
		CHECK_IS(pager_link(&p, "ta", "x", me), -EDQUOT);
		CHECK_IS(object_unpublish(&p, &o), 0);
		CHECK_IS(pager_mkdir(&p, "q/u/o", 0, me), 0);
		CHECK_IS(pager_mkdir(&p, "ta", 0, me), -EDQUOT);
		CHECK_IS(RESULT(rmdir(node_path("q/u/o"))), 0);
		CHECK_IS(pager_link(&p, "q/u/o", "x", me), 0);
		CHECK_IS(object_publish_as(&p, &o, "ta", 0, me), -EDQUOT);
		CHECK_IS(pager_remove(&p, "q/u/o"), 0);
	}
	CHECK_IS(pager_link(&p, "q/u/o", "x", me), 0);
	pager_close(&p);
}

static void test_directories_back(void)
{
	pool_restore();
	pool_set_number("user_names", 3);
	as_user(GREEDY, directories_come_back);
	as_user(GREEDY, directories_come_back);
}

static long lock(const struct test_pager *p, const struct test_object *o,
		 uint64_t offset, uint32_t flags)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .object = o->number, .offset = offset,
		.length = PAGE, .flags = flags,
	};

	return vm_ioctl(p->fd, MACH_PAGER_LOCK_REQUEST, &l);
}

/* Answers that nobody fetches */
static unsigned int take_requests(unsigned int n, long *err)
{
	struct test_object o;
	struct test_pager p;
	unsigned int i;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, PAGE, 0, 0);
	for (i = 0; i < n; i++) {
		*err = lock(&p, &o, 0, MACH_LOCK_FLUSH | MACH_LOCK_REPLY);
		if (*err)
			break;
	}
	return i;
}

/* Returns that nobody takes */
static unsigned int take_locks(unsigned int n, long *err)
{
	static struct scene s;
	unsigned int i;

	scene_open(&s, &(struct pager_setup){ .transport = BY_IOCTL },
		   2 * n * PAGE, PAGE, 1);
	scene_resident(&s, 0, 2 * n * PAGE, 1);
	for (i = 0; i < n; i++) {
		CHECK_IS(actor_do(&s.a, do_store, s.map + 2 * i * PAGE, 1), 0);
		*err = lock(&s.p, &s.o, 2 * i * PAGE, MACH_LOCK_CLEAN);
		if (*err)
			break;
	}
	return i;
}

static const struct cap caps[] = {
	{ "user_tasks", 4, 4, take_tasks, -EAGAIN },
	{ "user_pagers", 3, 3, take_pagers, -EAGAIN },
	{ "user_queues", 80, 2, take_queues, -EAGAIN },
	{ "user_objects", 8, 8, take_objects, -EAGAIN },
	{ "user_names", 3, 3, take_names, -EDQUOT },
	{ "user_requests", 5, 5, take_requests, -EAGAIN },
	{ "user_locks", 4, 4, take_locks, -EAGAIN },
};

static void test_cap(void)
{
	try_cap(&caps[tap_variant]);
}

/* Every other page, so that no entry joins another. */
static void fill_with_entries(void)
{
	struct test_task t;
	unsigned int n = 0;
	long err;

	task_open(&t, 4096 * PAGE);
	do {
		err = task_allocate_at(&t, t.window + 2 * n * PAGE, PAGE);
	} while (!err && ++n < 1024);
	CHECK_IS(err, -EAGAIN);
	CHECK(n >= 40 && n <= 64, "%u entries of 64", n);
	/* what is given back never needs what is refused */
	CHECK_IS(task_deallocate(&t, t.window, 2 * n * PAGE), 0);
	CHECK_IS(task_allocate_at(&t, t.window, PAGE), 0);
}

/* Each of these cuts a large entry in pieces, as no call that enters something does. */

static long split_protect(struct test_task *t, const char *at)
{
	return task_protect(t, at, PAGE, MACH_PROT_READ);
}

static long split_inherit(struct test_task *t, const char *at)
{
	return task_inherit(t, at, PAGE, MACH_INHERIT_NONE);
}

static long split_behavior(struct test_task *t, const char *at)
{
	return task_behavior(t, at, PAGE, MACH_BEHAVIOR_RANDOM);
}

static long split_deallocate(struct test_task *t, const char *at)
{
	return task_deallocate(t, at, PAGE);
}

#define ENTRIES		64

static void split_entries(void)
{
	static long (*const splits[])(struct test_task *t, const char *at) = {
		split_protect, split_inherit, split_behavior, split_deallocate,
	};
	struct test_task t;
	unsigned int n;
	long err;

	task_open(&t, 4096 * PAGE);
	for (unsigned int i = 0; i < ARRAY_SIZE(splits); i++) {
		CHECK_IS(task_allocate_at(&t, t.window, t.size), 0);
		n = 0;
		do {
			err = splits[i](&t, t.window + (2 * n + 1) * PAGE);
		} while (!err && ++n < 1024);
		CHECK(err == -EAGAIN, "split %u: %s", i, tap_result(err));
		n = task_entries(&t);
		CHECK(n > ENTRIES && n <= 2 * ENTRIES + 4,
		      "split %u: %u entries of %u", i, n, ENTRIES);
		/* what is there can be given up, and whole entries changed, and go */
		CHECK_IS(task_behavior(&t, t.window + 2 * PAGE, PAGE,
				       MACH_BEHAVIOR_FREE), 0);
		CHECK_IS(task_protect(&t, t.window, t.size, MACH_PROT_READ), 0);
		CHECK_IS(task_deallocate(&t, t.window, t.size), 0);
		CHECK_IS(task_entries(&t), 0);
	}
}

static void few_entries(void)
{
	struct test_task t;

	task_open(&t, 4096 * PAGE);
	for (unsigned int n = 0; n < 20; n++)
		CHECK_IS(task_allocate_at(&t, t.window + 2 * n * PAGE, PAGE),
			 0);
}

static void test_split(void)
{
	pool_restore();
	pool_set_number("user_entries", ENTRIES);
	as_user(GREEDY, split_entries);
	/* and with the task */
	as_user(GREEDY, split_entries);
	as_user(OTHER, few_entries);
}

static void test_entries(void)
{
	pool_restore();
	pool_set_number("user_entries", 64);
	as_user(GREEDY, fill_with_entries);
	as_user(OTHER, few_entries);
}

#define MEMORY_MIB	32
#define PERCENT		20
#define THREADS		8
#define BOUND		(MEMORY_MIB * MIB / PAGE * PERCENT / 100)

static unsigned int touch_until_refused(struct test_task *t)
{
	unsigned int n = 0;

	while (n < t->size / PAGE && !task_touch(t->window + n * PAGE, true))
		n++;
	return n;
}

static void fill_memory(void)
{
	struct test_task t;
	unsigned int n;

	task_open(&t, MEMORY_MIB * MIB);
	CHECK_IS(task_allocate_at(&t, t.window, t.size), 0);
	n = touch_until_refused(&t);
	CHECK(n > BOUND / 4 && n <= BOUND, "%u pages of %llu", n,
	      BOUND);
	/* what is there stays good, and giving some back makes room */
	CHECK_IS(task_touch(t.window, true), 0);
	CHECK_IS(task_deallocate(&t, t.window, 16 * PAGE), 0);
	CHECK_IS(task_touch(t.window + n * PAGE, true), 0);
}

static void test_memory(void)
{
	pool_restore();
	pool_limit(MEMORY_MIB);
	pool_set_number("user_memory", PERCENT);
	as_user(GREEDY, fill_memory);
	as_user(OTHER, fill_memory);
}

/* Each page an entry by itself: what it takes besides the page counts as well. */
static void touch_apart(void)
{
	struct test_task t;
	unsigned int n = 0;

	task_open(&t, 1ULL << 34);
	while (!task_allocate_at(&t, t.window + 2 * n * PAGE, PAGE))
		n++;
	CHECK(n > BOUND, "only %u entries", n);
	for (unsigned int i = 0; i < n; i++)
		task_touch(t.window + 2 * i * PAGE, true);
	hold();
}

static void test_apart(void)
{
	pid_t pid;

	pool_restore();
	pool_limit(MEMORY_MIB);
	pool_set_number("user_memory", PERCENT);
	pid = greedy_begin(touch_apart);
	as_user(OTHER, fill_memory);
	greedy_end(pid);
}

/* Each page in a stretch of its own: what leads to it counts as well. */
#define STRETCH		(8 * MIB)

static void touch_sparse(void)
{
	struct test_task t;
	uint64_t at = 0;

	task_open(&t, 1ULL << 34);
	CHECK_IS(task_allocate_at(&t, t.window, t.size), 0);
	while (at < t.size && !task_touch(t.window + at, true))
		at += STRETCH;
	CHECK(at < t.size, "no touch is refused");
	hold();
}

/* Frames that are not free */
static uint64_t pool_used(int vm)
{
	struct mach_vm_statistics s = { .size = sizeof(s) };

	CHECK_IS(vm_ioctl(vm, MACH_VM_STATISTICS, &s), 0);
	return s.chunks * s.chunk_count - s.free_count;
}

static void test_sparse(void)
{
	/* a part of his bound is kept for pages that he writes to objects */
	const uint64_t most = BOUND - MEMORY_MIB * MIB / PAGE / 16;
	int vm = vm_open();
	uint64_t before, used;
	pid_t pid;

	pool_restore();
	pool_limit(MEMORY_MIB);
	pool_set_number("user_memory", PERCENT);
	pool_shrink();
	before = pool_used(vm);
	pid = greedy_begin(touch_sparse);
	used = pool_used(vm) - before;
	CHECK(used > most / 2 && used <= most + most / 20,
	      "%u frames are used, of %u", (unsigned int)used,
	      (unsigned int)most);
	as_user(OTHER, fill_memory);
	greedy_end(pid);
	as_user(GREEDY, fill_memory);
	close(vm);
}

static void begin_silent_faults(struct scene *s, unsigned int objects)
{
	const struct pager_setup silent = { .transport = BY_IOCTL };

	for (unsigned int i = 0; i < objects; i++)
		scene_open(&s[i], &silent, THREADS * MIB, MIB, THREADS);
	for (unsigned int i = 0; i < objects; i++)
		for (unsigned int t = 0; t < THREADS; t++)
			actor_begin(&s[i].a, t, do_load, s[i].map + t * MIB);
}

/* Objects whose pager says nothing may not wait for more than their user may have. */
static void wait_for_all_frames(void)
{
	static struct scene s[3];
	struct mach_vm_statistics vm = { .size = sizeof(vm) };
	uint64_t busy;

	begin_silent_faults(s, ARRAY_SIZE(s));
	CHECK(actor_waits(&s[0].a, 0, 300), "a silent pager's page has come");
	CHECK_IS(vm_ioctl(s[0].p.fd, MACH_VM_STATISTICS, &vm), 0);
	busy = vm.busy_count;
	CHECK(busy > BOUND / 2 && busy <= BOUND, "%u frames wait, of %u",
	      (unsigned int)busy, (unsigned int)BOUND);
	hold();
}

static void test_busy(void)
{
	struct serve *healthy;
	uint8_t *map;
	pid_t pid;

	pool_restore();
	pool_limit(MEMORY_MIB);
	pool_set_number("user_memory", PERCENT);
	pid = greedy_begin(wait_for_all_frames);
	healthy = pool_object(MEMORY_MIB / 4 * MIB, 1);
	map = pool_start(healthy);
	pool_verify(map, 1, 0, MEMORY_MIB / 4 * MIB / PAGE, 0);
	greedy_end(pid);
}

#define WIRERS		16	/* processes */
#define WIRED		MIB	/* of each, as much as it may lock by itself */

static long do_wire(const uint64_t *arg)	/* fd, offset */
{
	struct rlimit limit = { WIRED, WIRED };
	struct test_task t;
	char *at;

	CHECK_IS(RESULT(setrlimit(RLIMIT_MEMLOCK, &limit)), 0);
	task_open(&t, 2 * WIRED);
	CHECK_IS(task_map(&t, arg[0], arg[1], WIRED, MACH_PROT_READ,
			  MACH_VM_ANYWHERE, &at), 0);
	return task_wire(&t, at, WIRED, MACH_PROT_READ);
}

/* Clean pages, that might go if nobody kept them: each process has a limit of its own. */
static void wire_with_all(void)
{
	struct serve *s = serve_new(WIRERS * WIRED, MIB, 1);
	struct actor wirer[WIRERS];
	unsigned int n = 0;
	long err;

	serve_start(s);
	for (unsigned int i = 0; i < WIRERS; i++)
		actor_start(&wirer[i], 1);
	do {
		CHECK(n < WIRERS, "%u MiB of %u are wired", n, MEMORY_MIB);
		err = actor_do(&wirer[n], do_wire, s->fd, n * WIRED);
	} while (!err && ++n);
	CHECK_IS(err, -EAGAIN);
	CHECK(n * WIRED / PAGE > BOUND / 2, "only %u MiB are wired", n);
	CHECK(n * WIRED / PAGE <= BOUND, "%u MiB are wired", n);
	/* who lets go makes room for another */
	actor_kill(&wirer[0]);
	CHECK_WAIT(!(err = actor_do(&wirer[n + 1], do_wire, s->fd, 0)), WAIT_MS,
		   "%s", tap_result(err));
	hold();
}

static void test_wired(void)
{
	struct serve *healthy;
	uint8_t *map;
	pid_t pid;

	pool_restore();
	pool_limit(MEMORY_MIB);
	pool_set_number("user_memory", PERCENT);
	pid = greedy_begin(wire_with_all);
	healthy = pool_object(2 * MEMORY_MIB * MIB, 1);
	map = pool_start(healthy);
	pool_verify(map, 1, 0, 2 * MEMORY_MIB * MIB / PAGE, 0);
	greedy_end(pid);
}

/* Pages that pipes hold, BLOCK each, when their object has given them up */
#define BLOCK		16
#define MEMORY_PAGES	(MEMORY_MIB * MIB / PAGE)
#define ENDING		MIB	/* of an object that ends */
#define ENDINGS		12	/* such objects */

/* A pipe holds these pages. Return: how many; fewer than BLOCK if one is refused. */
static unsigned int hold_block(const void *at)
{
	struct iovec iov = { (void *)at, BLOCK * PAGE };
	ssize_t n;
	int ends[2];

	CHECK(!pipe2(ends, O_NONBLOCK), "pipe: %m");
	n = vmsplice(ends[1], &iov, 1, 0);
	return n < 0 ? 0 : n / PAGE;
}

static unsigned int hold_deallocated(void)
{
	unsigned int n = 0, got;
	struct test_task t;

	task_open(&t, MIB);
	do {
		CHECK_IS(task_allocate_at(&t, t.window, BLOCK * PAGE), 0);
		got = hold_block(t.window);
		CHECK_IS(task_deallocate(&t, t.window, BLOCK * PAGE), 0);
		n += got;
	} while (got == BLOCK && n < MEMORY_PAGES);
	task_close(&t);
	return n;
}

static unsigned int hold_cut(void)
{
	struct serve *s = serve_resizable(BLOCK * PAGE, BLOCK * PAGE,
					  BLOCK * PAGE, 1);
	unsigned int n = 0, got;
	uint8_t *map;

	s->setup.transport = BY_IOCTL;
	map = pool_start(s);
	do {
		got = hold_block(map);
		CHECK_IS(RESULT(ftruncate(s->fd, 0)), 0);
		CHECK_IS(RESULT(ftruncate(s->fd, BLOCK * PAGE)), 0);
		n += got;
	} while (got == BLOCK && n < MEMORY_PAGES);
	serve_kill(s);
	return n;
}

/* A pipe for each BLOCK of its pages; then it is gone. */
static unsigned int hold_and_end(struct serve *s)
{
	unsigned int n = 0, got = BLOCK;
	uint8_t *map = pool_map(s);

	while (got == BLOCK && n < ENDING / PAGE) {
		got = hold_block(map + n * PAGE);
		n += got;
	}
	munmap(map, ENDING);
	actor_unhide_fd(s->fd);
	close(s->fd);
	serve_kill(s);
	return n;
}

static unsigned int hold_ended(void)
{
	unsigned int n = 0, got = ENDING / PAGE, i;
	struct serve *s[ENDINGS];
	int vm = vm_open();

	/* when pipes hold too much he gets no more of them */
	for (i = 0; i < ENDINGS; i++) {
		s[i] = serve_new(ENDING, BLOCK * PAGE, 1);
		s[i]->setup.transport = BY_IOCTL;
		serve_start(s[i]);
		actor_hide_fd(s[i]->fd);
	}
	for (i = 0; got == ENDING / PAGE && i < ENDINGS; i++) {
		got = hold_and_end(s[i]);
		n += got;
		CHECK_WAIT(pool_aside(vm) >= n, WAIT_MS,
			   "%u pages are held, but not aside", n);
	}
	close(vm);
	return n;
}

static void hold_most(void)
{
	static unsigned int (*const ways[])(void) = {
		hold_deallocated, hold_cut, hold_ended,
	};
	unsigned int n = ways[tap_variant]();

	/* of an object that has not ended what is held is clean, and may go */
	CHECK(n > BOUND / 2 && n <= BOUND + ENDING / PAGE,
	      "%u pages are held, of %u", n, (unsigned int)BOUND);
}

static void hold_pipes(void)
{
	hold_most();
	hold();
}

/* Another process of his, when the first one has none of the objects any more */
static void touch_little(void)
{
	struct test_task t;
	unsigned int n;

	task_open(&t, MIB);
	if (task_allocate_at(&t, t.window, t.size))
		return;
	n = touch_until_refused(&t);
	CHECK(n <= BLOCK, "%u pages though pipes hold too many", n);
}

static void test_pipes(void)
{
	int vm = vm_open();
	pid_t pid;

	pool_restore();
	pool_limit(MEMORY_MIB);
	pool_set_number("user_memory", PERCENT);
	pid = greedy_begin(hold_pipes);
	as_user(GREEDY, touch_little);
	as_user(OTHER, fill_memory);
	greedy_end(pid);
	/* nobody holds them: he finds them free at once, twice */
	as_user(GREEDY, hold_most);
	as_user(GREEDY, hold_most);
	as_user(GREEDY, fill_memory);
	pool_shrink();
	CHECK_WAIT(!pool_aside(vm), WAIT_MS, "some are still aside");
	close(vm);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "tasks", test_cap, 0, 0 },
		{ "pagers", test_cap, 1, 0 },
		{ "queues", test_cap, 2, 0 },
		{ "objects", test_cap, 3, 0 },
		{ "names", test_cap, 4, 0 },
		{ "requests", test_cap, 5, 0 },
		{ "locks", test_cap, 6, 0 },
		{ "names-back", test_names_back, 0, 0 },
		{ "directories-back", test_directories_back, 0, 0 },
		{ "entries", test_entries, 0, 0 },
		{ "split", test_split, 0, 0 },
		{ "memory", test_memory, 0, 0 },
		{ "apart", test_apart, 0, 120 },
		{ "sparse", test_sparse, 0, 60 },
		{ "busy", test_busy, 0, 0 },
		{ "wired", test_wired, 0, 60 },
		{ "pipes-deallocated", test_pipes, 0, 60 },
		{ "pipes-cut", test_pipes, 1, 120 },
		{ "pipes-ended", test_pipes, 2, 120 },
	};
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(DEVICE, 0600);
	return status;
}
