// SPDX-License-Identifier: GPL-2.0-only
/* How much of the pool is one user's, in whatever way he takes it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/mach_vm.h>

#include "place.h"
#include "pool.h"
#include "task.h"
#include "user.h"

#define MEMORY_MIB	32
#define PERCENT		20
#define THREADS		8
#define BOUND		(MEMORY_MIB * MIB / PAGE * PERCENT / 100)

/* A small pool, of which each may have a part */
static void bounded(void)
{
	pool_restore();
	pool_limit(MEMORY_MIB);
	pool_set_number("user_memory", PERCENT);
}

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
	bounded();
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

	bounded();
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

static struct mach_vm_statistics statistics(int vm)
{
	struct mach_vm_statistics s = { .size = sizeof(s) };

	CHECK_IS(vm_ioctl(vm, MACH_VM_STATISTICS, &s), 0);
	return s;
}

/* Frames that are not free */
static uint64_t pool_used(int vm)
{
	struct mach_vm_statistics s = statistics(vm);

	return s.chunks * s.chunk_count - s.free_count;
}

static void test_sparse(void)
{
	/* a part of his bound is kept for pages that he writes to objects */
	const uint64_t most = BOUND - MEMORY_MIB * MIB / PAGE / 16;
	int vm = vm_open();
	uint64_t before, used;
	pid_t pid;

	bounded();
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
	uint64_t busy;

	begin_silent_faults(s, ARRAY_SIZE(s));
	CHECK(actor_waits(&s[0].a, 0, 300), "a silent pager's page has come");
	busy = statistics(s[0].p.fd).busy_count;
	CHECK(busy > BOUND / 2 && busy <= BOUND, "%u frames wait, of %u",
	      (unsigned int)busy, (unsigned int)BOUND);
	hold();
}

/* Whoever takes what he gets, an object of so many bytes can be read beside him. */
static void read_beside(void (*take)(void), uint64_t size)
{
	struct serve *healthy;
	uint8_t *map;
	pid_t pid;

	bounded();
	pid = greedy_begin(take);
	healthy = pool_object(size, 1);
	map = pool_start(healthy);
	pool_verify(map, 1, 0, size / PAGE, 0);
	greedy_end(pid);
}

static void test_busy(void)
{
	read_beside(wait_for_all_frames, MEMORY_MIB / 4 * MIB);
}

#define SILENT		12	/* requests of a MiB each, which he takes and does not answer */
#define MANY		(BOUND / 2)

/* Their deadline is over, or what they are of is cut off: the pager has the frames. */
static unsigned int hold_requests(struct scene *s, struct test_request *held, int vm,
				  uint64_t before)
{
	unsigned int n = 0;
	bool fits;

	for (unsigned int i = 0; i < SILENT; i++) {
		/* there is none when he has too many frames */
		fits = pool_used(vm) - before + MIB / PAGE <= BOUND;
		actor_begin(&s->a, 0, do_load, s->map + i * MIB);
		n += !pager_next(&s->p, &held[n], fits ? WAIT_MS : 100);
		if (tap_variant)
			scene_set_size(s, true, i * MIB);
		CHECK_IS(actor_end(&s->a, 0), TAP_SIGNAL(SIGBUS));
		if (tap_variant)
			scene_set_size(s, true, SILENT * MIB);
	}
	return n;
}

/* As many as he may have; and once more, when he has answered. */
static void hold_silent(void)
{
	const struct pager_setup silent = {
		.transport = BY_IOCTL, .depth = 2 * SILENT,
		.deadline_ms = tap_variant ? 0 : 200,
	};
	struct test_request held[SILENT];
	unsigned int n, turns = 2;
	static struct scene s;
	int vm = vm_open();
	uint64_t before, used;

	scene_open_resizable(&s, &silent, SILENT * MIB, SILENT * MIB, MIB, 1);
	before = pool_used(vm);
	for (;;) {
		n = hold_requests(&s, held, vm, before);
		used = pool_used(vm) - before;
		CHECK(used > MANY && used <= BOUND + BOUND / 20,
		      "%u frames are held, of %u", (unsigned int)used,
		      (unsigned int)BOUND);
		if (!--turns)
			break;
		/* their deadline may be over as well */
		while (n--)
			pager_reply(&s.p, &held[n], NULL, 0, false);
		used = pool_used(vm) - before;
		CHECK(used < MANY, "%u frames are left", (unsigned int)used);
	}
	close(vm);
	hold();
}

static void test_silent(void)
{
	pid_t pid;

	bounded();
	pool_shrink();
	pid = greedy_begin(hold_silent);
	as_user(OTHER, fill_memory);
	greedy_end(pid);
	as_user(GREEDY, fill_memory);
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
	read_beside(wire_with_all, 2 * MEMORY_MIB * MIB);
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
		CHECK_WAIT(statistics(vm).objects == ENDINGS - i - 1, WAIT_MS,
			   "object %u has not ended", i);
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

	bounded();
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
		{ "memory", test_memory, 0, 0 },
		{ "apart", test_apart, 0, 120 },
		{ "sparse", test_sparse, 0, 60 },
		{ "busy", test_busy, 0, 0 },
		{ "expired", test_silent, 0, 120 },
		{ "cut", test_silent, 1, 120 },
		{ "wired", test_wired, 0, 60 },
		{ "pipes-deallocated", test_pipes, 0, 60 },
		{ "pipes-cut", test_pipes, 1, 120 },
		{ "pipes-ended", test_pipes, 2, 120 },
	};
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(MACH_VM_DEVICE, 0600);
	return status;
}
