// SPDX-License-Identifier: GPL-2.0-only
/*
 * Futexes in a task's memory: a word is the same wherever it is shown, in whatever
 * object it comes to lie, and is no other word.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/mach_task.h>

#include "futexcall.h"
#include "pool.h"
#include "serve.h"
#include "task.h"
#include "tap.h"

#define RW		(MACH_PROT_READ | MACH_PROT_WRITE)
#define WINDOW		(64 * MIB)
#define RUN_MS		(1000 * tap_slow())
#define MANY		512	/* pages */
#define SLEEPERS	16
#define STRIDE		(MANY / SLEEPERS + 1)	/* odd: of either processor */
#define ROUNDS		16
#define PIECE		(4 * PAGE)

static struct test_task t;

static char *share(const void *at, uint64_t length)
{
	char *other;

	CHECK_IS(task_remap(&t, at, length, 0, &other), 0);
	return other;
}

static void test_words(void)
{
	struct test_task other;
	struct sleeper s;
	char *at, *there;

	task_open(&t, WINDOW);
	task_open(&other, WINDOW);
	at = task_allocate(&t, 8 * PAGE);
	there = task_allocate(&other, 8 * PAGE);
	tap_is("nobody", futex_wake(at), 0);
	tap_is("other-value", futex_wait(at, 1, FUTEX_MS), -EAGAIN);
	tap_is("time-over", futex_wait(at, 0, 20), -ETIMEDOUT);
	sleeper_begin(&s, at + PAGE);
	tap_is("other-word", futex_wake(at + PAGE + 4), 0);
	tap_is("other-page", futex_wake(at), 0);
	tap_is("untouched", futex_wake(at + 7 * PAGE), 0);
	tap_is("other-task", futex_wake(there + PAGE), 0);
	sleeper_wakes("word", &s, at + PAGE);
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, MACH_PROT_READ), 0);
	tap_is("read-only", futex_wake(at + PAGE), 0);
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, 0), 0);
	tap_is("none", futex_wake(at + PAGE), -EFAULT);
	CHECK_IS(task_deallocate(&t, at + PAGE, PAGE), 0);
	tap_is("hole", futex_wake(at + PAGE), -EFAULT);
}

/* Sleepers on both sides of a hole, which is filled: two objects become one. */
static void merge(char *base, bool touch)
{
	char *low = base, *high = base + 2 * PIECE;
	struct sleeper s[2];

	CHECK_IS(task_allocate_at(&t, low, PIECE), 0);
	CHECK_IS(task_allocate_at(&t, high, PIECE), 0);
	sleeper_begin(&s[0], low + PAGE);
	sleeper_begin(&s[1], high + 2 * PAGE);
	CHECK_IS(task_entries(&t), 2);
	CHECK_IS(task_allocate_at(&t, low + PIECE, PIECE), 0);
	CHECK_IS(task_entries(&t), 1);
	if (touch)
		memset(low + PIECE, 1, PIECE);
	for (char *at = base; at < base + 3 * PIECE; at += PAGE) {
		bool slept = at == s[0].word || at == s[1].word;

		CHECK_IS(futex_sleepers(at), slept);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_IS(futex_wake(s[i].word), 1);
		sleeper_end(&s[i]);
	}
	CHECK_IS(task_deallocate(&t, base, 3 * PIECE), 0);
}

static void test_merge(void)
{
	task_open(&t, WINDOW);
	for (unsigned int i = 0; i < ROUNDS; i++)
		merge(t.window + MIB + i * PAGE, i % 2);
}

/* What is shared is set apart first, in an object of its own. */
static void test_shared(void)
{
	struct sleeper s;
	char *at, *other;

	task_open(&t, WINDOW);
	at = task_allocate(&t, 8 * PAGE);
	memset(at, 1, 8 * PAGE);
	sleeper_begin(&s, at + 2 * PAGE);
	other = share(at + PAGE, 4 * PAGE);
	sleeper_wakes("there", &s, other + PAGE);
	sleeper_begin(&s, other + PAGE);
	sleeper_wakes("back", &s, at + 2 * PAGE);
	sleeper_begin(&s, at + 2 * PAGE);
	tap_is("beside", futex_wake(other + 2 * PAGE), 0);
	CHECK_IS(task_deallocate(&t, other, 4 * PAGE), 0);
	sleeper_wakes("alone", &s, at + 2 * PAGE);
	other = share(at, 8 * PAGE);
	sleeper_begin(&s, at + 2 * PAGE);
	CHECK_IS(task_deallocate(&t, at, 8 * PAGE), 0);
	sleeper_wakes("source-gone", &s, other + 2 * PAGE);
}

/* A copy is other memory, whoever has been asleep at the source. */
static void check_copy(struct sleeper *s, char *source, char *copy)
{
	tap_is("value", *(uint32_t *)(copy + PAGE), FUTEX_VALUE);
	tap_is("copy", futex_wake(copy + PAGE), 0);
	sleeper_wakes("source", s, source + PAGE);
	sleeper_begin(s, copy + PAGE);
	tap_is("source-then", futex_wake(source + PAGE), 0);
	sleeper_wakes("copy-then", s, copy + PAGE);
}

static void test_copied(void)
{
	struct sleeper s;
	char *at, *copy;

	task_open(&t, WINDOW);
	at = task_allocate(&t, PIECE);
	sleeper_begin(&s, at + PAGE);
	CHECK_IS(task_remap(&t, at, PIECE, MACH_VM_COPY, &copy), 0);
	check_copy(&s, at, copy);
}

/* Memory that comes where other memory was is not that. */
static void test_anew(void)
{
	struct sleeper s;
	char *at, *kept;

	task_open(&t, WINDOW);
	at = task_allocate(&t, PIECE);
	kept = share(at, PIECE);
	sleeper_begin(&s, at + PAGE);
	CHECK_IS(task_deallocate(&t, at, PIECE), 0);
	CHECK_IS(task_allocate_at(&t, at, PIECE), 0);
	tap_is("untouched", futex_wake(at + PAGE), 0);
	memset(at, FUTEX_VALUE, PIECE);
	tap_is("touched", futex_wake(at + PAGE), 0);
	sleeper_wakes("kept", &s, kept + PAGE);
}

/* Each page has a word that is no other page's, whichever processor fills it. */

struct toucher {
	pthread_t thread;
	unsigned int first;
	char *at;
};

static void *touch(void *arg)
{
	struct toucher *touch = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(touch->first % sysconf(_SC_NPROCESSORS_ONLN), &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set), "affinity: %m");
	for (unsigned int i = touch->first; i < MANY; i += 2) {
		touch->at[i * PAGE] = 1;
		if (i % 32 < 2)
			sched_yield();
	}
	return NULL;
}

static char *touched(struct test_task *task)
{
	struct toucher by[2];
	char *at = task_allocate(task, MANY * PAGE);

	for (unsigned int i = 0; i < 2; i++) {
		by[i].first = i;
		by[i].at = at;
		CHECK(!pthread_create(&by[i].thread, NULL, touch, &by[i]),
		      "no thread");
	}
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(by[i].thread, NULL);
	return at;
}

static void test_unique(void)
{
	struct sleeper s[SLEEPERS];
	struct test_task other;
	char *at, *there;

	task_open(&t, WINDOW);
	task_open(&other, WINDOW);
	at = touched(&t);
	there = touched(&other);
	for (unsigned int i = 0; i < SLEEPERS; i++)
		sleeper_begin(&s[i], at + i * STRIDE * PAGE);
	for (unsigned int i = 0; i < MANY; i++) {
		CHECK_IS(futex_sleepers(at + i * PAGE), i % STRIDE == 0);
		CHECK_IS(futex_sleepers(there + i * PAGE), 0);
	}
	for (unsigned int i = 0; i < SLEEPERS; i++) {
		CHECK_IS(futex_wake(s[i].word), 1);
		sleeper_end(&s[i]);
	}
}

/* Another process's task that shares it, at an address of its own */

static long do_share_and_sleep(const uint64_t *arg)	/* its address there */
{
	static struct test_task own;
	struct mach_task_remap args = {
		.size = sizeof(args), .flags = MACH_VM_ANYWHERE,
		.length = PIECE, .source = t.fd,
		.source_address = arg[0],
	};

	task_open(&own, 2 * WINDOW);
	CHECK_IS(task_allocate_at(&own, own.window, 9 * PAGE), 0);
	CHECK_IS(task_call(&own, MACH_TASK_REMAP, &args), 0);
	return futex_wait((char *)args.address + PAGE, FUTEX_VALUE, FUTEX_MS);
}

static void test_processes(void)
{
	struct actor a;
	char *at;

	task_open(&t, WINDOW);
	at = task_allocate(&t, PIECE);
	*(volatile uint32_t *)(at + PAGE) = FUTEX_VALUE;
	actor_start(&a, 1);
	actor_begin(&a, 0, do_share_and_sleep, (uintptr_t)at);
	CHECK_WAIT(futex_sleepers(at + PAGE) == 1, WAIT_MS, "%s sleep there",
		   tap_result(futex_sleepers(at + PAGE)));
	tap_is("beside", futex_wake(at), 0);
	CHECK_IS(task_allocate_at(&t, at + PIECE, PIECE), 0);
	tap_is("wake", futex_wake(at + PAGE), 1);
	tap_is("woken", actor_end(&a, 0), 0);
}

/* Memory that has a name of its own: a descriptor of what an entry shows */

static int name_memory(const char *at, uint64_t length)
{
	struct mach_task_proxy args = {
		.size = sizeof(args), .flags = MACH_PROXY_HERE,
		.address = (uintptr_t)at, .length = length,
		.max_protection = MACH_PROT_ALL,
	};

	CHECK_IS(task_call(&t, MACH_TASK_PROXY, &args), 0);
	CHECK_IS(args.length, length);
	return args.fd;
}

static char *show(struct test_task *task, int name, unsigned int flags)
{
	char *at;

	CHECK_IS(task_map(task, name, 0, PIECE, RW, flags, &at), 0);
	return at;
}

/* Whoever has it mapped reaches the same words, also when it grows or a copy is made. */
static void test_named(void)
{
	char *at, *other, *copy;
	struct sleeper s;
	int name;

	task_open(&t, WINDOW);
	at = task_allocate(&t, 2 * PIECE) + PIECE;
	sleeper_begin(&s, at + PAGE);
	name = name_memory(at, PIECE);
	CHECK_IS(task_allocate_at(&t, at + PIECE, PIECE), 0);
	memset(at + PIECE, 1, PIECE);
	other = show(&t, name, 0);
	sleeper_wakes("named-grown", &s, other + PAGE);
	sleeper_begin(&s, other + PAGE);
	tap_is("beside", futex_wake(at + PAGE - PIECE), 0);
	sleeper_wakes("back", &s, at + PAGE);
	sleeper_begin(&s, at + PAGE);
	copy = show(&t, name, MACH_VM_COPY);
	tap_is("unwritten-copy", futex_wake(copy + PAGE), 0);
	copy[PAGE + 8] = 1;
	check_copy(&s, other, copy);
}

/* The name keeps the memory, and who sleeps there, when nobody shows it. */
static void test_named_alone(void)
{
	struct sleeper s;
	char *at, *other;
	int name;

	task_open(&t, WINDOW);
	at = task_allocate(&t, PIECE);
	name = name_memory(at, PIECE);
	sleeper_begin(&s, at + PAGE);
	CHECK_IS(task_deallocate(&t, at, PIECE), 0);
	CHECK_IS(task_allocate_at(&t, at, PIECE), 0);
	memset(at, FUTEX_VALUE, PIECE);
	tap_is("anew", futex_wake(at + PAGE), 0);
	other = show(&t, name, 0);
	tap_is("value", *(uint32_t *)(other + PAGE), FUTEX_VALUE);
	sleeper_wakes("shown-again", &s, other + PAGE);
	close(name);
	sleeper_begin(&s, other + PAGE);
	sleeper_wakes("name-gone", &s, other + PAGE);
}

static struct test_task theirs;

static long do_show(const uint64_t *arg)	/* the name */
{
	task_open(&theirs, 2 * WINDOW);
	CHECK_IS(task_allocate_at(&theirs, theirs.window, 9 * PAGE), 0);
	return (uintptr_t)show(&theirs, arg[0], 0);
}

/* Processes that have but the descriptor in common sleep, and lock, in it. */
static void test_named_processes(void)
{
	struct shared_count *c;
	struct actor a[2];
	long there[2], sum = 0;
	int name;

	task_open(&t, WINDOW);
	c = (void *)task_allocate(&t, PIECE);
	shared_count_init(c, PTHREAD_PRIO_INHERIT);
	name = name_memory((char *)c, PIECE);
	for (int i = 0; i < 2; i++) {
		actor_start(&a[i], 1);
		there[i] = actor_do(&a[i], do_show, name);
		CHECK(there[i] > 0, "%s", tap_result(there[i]));
		actor_begin(&a[i], 0, do_count, there[i], RUN_MS);
	}
	for (int i = 0; i < 2; i++)
		sum += actor_end(&a[i], 0);
	tap_is("sum", c->count, sum);
	CHECK_IS(actor_do(&a[0], do_lock, there[0]), 0);
	actor_kill(&a[0]);
	tap_is("owner-dies", shared_count_lock(c), -EOWNERDEAD);
	CHECK_IS(do_unlock(ACTOR_ARG_LIST((uintptr_t)c, 1)), 0);
	tap_is("other", actor_do(&a[1], do_lock, there[1]), 0);
}

/* A pager's object, by the window and by a mapping of its own, flushed meanwhile */
static void test_object(void)
{
	struct serve *v = serve_new(PIECE, PAGE, 1);
	struct sleeper s;
	char *map, *at;

	serve_start(v);
	task_open(&t, WINDOW);
	CHECK_IS(task_map(&t, v->fd, 0, PIECE, RW, 0, &at), 0);
	map = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	sleeper_begin(&s, at + PAGE);
	CHECK_IS(task_msync(&t, at, PIECE, MACH_SYNC_SYNCHRONOUS |
					   MACH_SYNC_INVALIDATE), 0);
	tap_is("gone", object_info(v->fd).resident, 0);
	tap_is("beside", futex_wake(map), 0);
	sleeper_wakes("mapping", &s, map + PAGE);
	sleeper_begin(&s, map + PAGE);
	sleeper_wakes("window", &s, at + PAGE);
}

/* A pipe has the frame, and its memory goes. */

static void test_pinned(void)
{
	uint32_t page[PAGE / sizeof(uint32_t)];
	struct sleeper s;
	struct iovec iov;
	uint64_t before;
	int ends[2];

	CHECK(!pipe(ends), "pipe: %m");
	task_open(&t, WINDOW);
	pool_shrink();
	before = pool_aside(t.fd);
	iov.iov_base = task_allocate(&t, PIECE);
	iov.iov_len = PAGE;
	sleeper_begin(&s, iov.iov_base);
	CHECK_IS(RESULT(vmsplice(ends[1], &iov, 1, 0)), PAGE);
	sleeper_wakes("held", &s, iov.iov_base);
	CHECK_IS(task_deallocate(&t, iov.iov_base, PIECE), 0);
	CHECK_WAIT(pool_aside(t.fd) == before + 1, WAIT_MS, "%u frames aside",
		   (unsigned int)pool_aside(t.fd));
	CHECK_IS(task_allocate_at(&t, iov.iov_base, PIECE), 0);
	sleeper_begin(&s, iov.iov_base);
	pool_shrink();
	CHECK_IS(RESULT(read(ends[0], page, PAGE)), PAGE);
	tap_is("kept", page[0], FUTEX_VALUE);
	CHECK_WAIT((pool_shrink(), pool_aside(t.fd) == before), WAIT_MS,
		   "%u frames aside", (unsigned int)pool_aside(t.fd));
	sleeper_wakes("anew", &s, iov.iov_base);
}

/* Neighbours come and go, or it is shared, while others use the words. */

struct worker {
	pthread_t thread;
	long (*fn)(const uint64_t *arg);
	uint64_t arg[ACTOR_ARGS];
	volatile bool done;
	long result;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	w->result = w->fn(w->arg);
	w->done = true;
	return NULL;
}

/* Both neighbours have an object of their own until the holes are filled. */
static bool stir_by_merging(char *at)
{
	char *low = at - 2 * PIECE, *high = at + 2 * PIECE;
	bool merged;

	CHECK_IS(task_allocate_at(&t, low, PIECE), 0);
	CHECK_IS(task_allocate_at(&t, high, PIECE), 0);
	*(volatile char *)low = 1;
	*(volatile char *)high = 1;
	CHECK_IS(task_allocate_at(&t, low + PIECE, PIECE), 0);
	CHECK_IS(task_allocate_at(&t, at + PIECE, PIECE), 0);
	merged = task_entries(&t) == 1;
	CHECK_IS(task_deallocate(&t, low, 2 * PIECE), 0);
	CHECK_IS(task_deallocate(&t, at + PIECE, 2 * PIECE), 0);
	return merged;
}

/* Each time what is shared is set apart, in a new object. */
static bool stir_by_sharing(char *at)
{
	char *other = share(at, PIECE);

	*(volatile char *)(other + PIECE - 1) = 1;
	CHECK_IS(task_deallocate(&t, other, PIECE), 0);
	return true;
}

static void storm(char *at, struct worker *w, unsigned int n)
{
	unsigned int rounds = 0;

	for (unsigned int i = 0; i < n; i++)
		CHECK(!pthread_create(&w[i].thread, NULL, work, &w[i]),
		      "no thread");
	while (!w[0].done || !w[n - 1].done)
		rounds += tap_variant ? stir_by_sharing(at) :
					stir_by_merging(at);
	for (unsigned int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		CHECK(w[i].result > 0, "%s", tap_result(w[i].result));
		tap_note("%ld times, stirred %u times", w[i].result, rounds);
	}
	CHECK(rounds >= ROUNDS, "stirred only %u times", rounds);
}

/* A piece, alone */
static char *open_storm(void)
{
	char *at;

	task_open(&t, WINDOW);
	at = t.window + MIB;
	CHECK_IS(task_allocate_at(&t, at, PIECE), 0);
	return at;
}

static void test_calls(void)
{
	struct worker w[2] = {};
	char *at = open_storm();

	for (int i = 0; i < 2; i++) {
		w[i].fn = do_futex_calls;
		w[i].arg[0] = (uintptr_t)at;
		w[i].arg[1] = 2 * RUN_MS;
		w[i].arg[2] = PIECE / PAGE;
	}
	storm(at, w, 2);
}

static long do_wake_gone(const uint64_t *arg)
{
	int64_t end = tap_now_ms() + (int64_t)arg[1];
	long result, n = 0;

	do {
		result = futex_wake((void *)(uintptr_t)arg[0]);
		n++;
	} while ((result >= 0 || result == -EFAULT) && tap_now_ms() < end);
	return result < 0 && result != -EFAULT ? result : n;
}

/*
 * The page goes while futex(2) holds it for a moment. Whether a frame kept its name is
 * seen when Linux gets it back, which complains of such.
 */
static void test_calls_gone(void)
{
	struct worker w = { .fn = do_wake_gone };
	unsigned int rounds = 0;
	char *at = open_storm();

	w.arg[0] = (uintptr_t)at;
	w.arg[1] = 2 * RUN_MS;
	CHECK(!pthread_create(&w.thread, NULL, work, &w), "no thread");
	while (!w.done) {
		*(volatile char *)at = 1;
		CHECK_IS(task_deallocate(&t, at, PIECE), 0);
		CHECK_IS(task_allocate_at(&t, at, PIECE), 0);
		rounds++;
	}
	pthread_join(w.thread, NULL);
	CHECK(w.result > 0, "%s", tap_result(w.result));
	CHECK(rounds >= ROUNDS, "it went only %u times", rounds);
	tap_note("%ld calls, it went %u times", w.result, rounds);
	CHECK_IS(task_deallocate(&t, at, PIECE), 0);
	pool_shrink();
}

static void test_mutex(void)
{
	struct shared_count *c;
	struct worker w[2] = {};
	char *at = open_storm();

	c = (void *)(at + PAGE);
	shared_count_init(c, PTHREAD_PRIO_NONE);
	for (int i = 0; i < 2; i++) {
		w[i].fn = do_count;
		w[i].arg[0] = (uintptr_t)c;
		w[i].arg[1] = 2 * RUN_MS;
	}
	storm(at, w, 2);
	tap_is("sum", c->count, w[0].result + w[1].result);
}

static void *on_the_stack(void *arg)
{
	volatile char deep[8 * PAGE];

	for (size_t i = 0; i < sizeof(deep); i += PAGE)
		deep[i] = i / PAGE;
	*(char **)arg = (char *)&deep[PAGE];
	return (void *)(uintptr_t)deep[3 * PAGE];
}

/*
 * Threads whose stacks, and so what Linux wakes when they end, lie in the window.
 */
static void stack(const char *how, char *low, uint64_t size)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *result;
	char *where;

	CHECK(!pthread_attr_init(&attr) &&
	      !pthread_attr_setstack(&attr, low, size), "no stack");
	for (int i = 0; i < 4; i++) {
		CHECK(!pthread_create(&thread, &attr, on_the_stack, &where),
		      "no thread");
		CHECK(!pthread_join(thread, &result), "the thread is lost");
		CHECK(where >= low && where < low + size, "another stack");
		tap_is(how, (uintptr_t)result, 3);
	}
}

static void test_stack(void)
{
	struct serve *v = serve_new(32 * PAGE, PAGE, 1);
	char *at;

	serve_start(v);
	task_open(&t, WINDOW);
	stack("memory", task_allocate(&t, 32 * PAGE), 32 * PAGE);
	CHECK_IS(task_map(&t, v->fd, 0, 32 * PAGE, RW, 0, &at), 0);
	stack("object", at, 32 * PAGE);
}

#define TURNS	200

static long do_turns(const uint64_t *arg)
{
	int fd = arg[0];
	sem_t *sem = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (sem == MAP_FAILED)
		return -errno;
	for (int i = 0; i < TURNS; i++)
		if (sem_wait(&sem[0]) || sem_post(&sem[1]))
			return -errno;
	return 0;
}

/* Two processes take turns by semaphores in an object, whose pages go meanwhile. */
static void test_semaphores(void)
{
	struct serve *v = serve_new(PIECE, PAGE, 1);
	struct actor a;
	char *at;
	sem_t *sem;

	serve_start(v);
	task_open(&t, WINDOW);
	CHECK_IS(task_map(&t, v->fd, 0, PIECE, RW, 0, &at), 0);
	sem = (sem_t *)at;
	CHECK(!sem_init(&sem[0], 1, 0) && !sem_init(&sem[1], 1, 0),
	      "sem_init: %m");
	actor_start(&a, 1);
	actor_begin(&a, 0, do_turns, v->fd);
	for (int i = 0; i < TURNS; i++) {
		CHECK(!sem_post(&sem[0]) && !sem_wait(&sem[1]), "turn %d: %m", i);
		CHECK_IS(task_msync(&t, at, PIECE, MACH_SYNC_SYNCHRONOUS |
						   MACH_SYNC_INVALIDATE), 0);
	}
	CHECK_IS(actor_end(&a, 0), 0);
}

static const struct tap_test tests[] = {
	{ "words", test_words, 0, 0 },
	{ "merge", test_merge, 0, 0 },
	{ "shared", test_shared, 0, 0 },
	{ "copied", test_copied, 0, 0 },
	{ "anew", test_anew, 0, 0 },
	{ "unique", test_unique, 0, 60 },
	{ "processes", test_processes, 0, 0 },
	{ "named", test_named, 0, 0 },
	{ "named-alone", test_named_alone, 0, 0 },
	{ "named-processes", test_named_processes, 0, 60 },
	{ "object", test_object, 0, 0 },
	{ "stack", test_stack, 0, 0 },
	{ "semaphores", test_semaphores, 0, 60 },
	{ "pinned", test_pinned, 0, 0 },
	{ "calls-merged", test_calls, 0, 60 },
	{ "calls-shared", test_calls, 1, 60 },
	{ "calls-gone", test_calls_gone, 0, 60 },
	{ "mutex-merged", test_mutex, 0, 60 },
	{ "mutex-shared", test_mutex, 1, 60 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
