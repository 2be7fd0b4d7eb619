// SPDX-License-Identifier: GPL-2.0-only
/* What one user may have of everything, and that nobody else is refused for it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/mach_vm.h>

#include "naming.h"
#include "place.h"
#include "pool.h"
#include "task.h"
#include "user.h"

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
	};
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(MACH_VM_DEVICE, 0600);
	return status;
}
