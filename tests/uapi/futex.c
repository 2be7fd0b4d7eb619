// SPDX-License-Identifier: GPL-2.0-only
/*
 * Futexes in objects: who sleeps at a word is woken by whoever reaches it, wherever he
 * has it mapped, and in whatever frame it lies by then.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/mach_task.h>

#include "futexcall.h"
#include "place.h"
#include "pool.h"

#define SIZE	(16 * PAGE)
#define WORD	(5 * PAGE + 64)
#define NAME	"futex"
#define RW	(PROT_READ | PROT_WRITE)
#define RUN_MS	(1000 * tap_slow())	/* of those who do something again and again */
#define TRIES	8
#define ROUNDS	8
#define WHILES	16	/* until a busy machine has come so far */

static struct serve *v;
static uint8_t *map;
static struct actor user;	/* whose threads sleep */

static void *map_of(int fd, int prot, int flags)
{
	void *at = mmap(NULL, SIZE, prot, flags, fd, 0);

	CHECK(at != MAP_FAILED, "mmap: %m");
	return at;
}

/* An object in clusters of a page, all of it mapped, with a word to sleep at */
static void open_served(void)
{
	v = serve_new(SIZE, PAGE, 1);
	v->setup.transport = BY_RING;
	strcpy(v->name, NAME);
	serve_start(v);
	/* only the test may keep the object from ending */
	actor_hide_fd(v->fd);
	map = map_of(v->fd, RW, MAP_SHARED);
	*(volatile uint32_t *)(map + WORD) = FUTEX_VALUE;
}

static void await_sleeper(const void *word)
{
	CHECK_WAIT(futex_sleepers(word) == 1, WAIT_MS, "%s sleep there",
		   tap_result(futex_sleepers(word)));
}

/* Thread 0 of the user sleeps, by a mapping that he has. */
static void sleep_by(const uint8_t *word)
{
	actor_begin(&user, 0, do_futex_wait, (uintptr_t)word, FUTEX_VALUE);
	await_sleeper(map + WORD);
}

static void wakes(const char *how, const uint8_t *word)
{
	tap_is(how, futex_wake(word), 1);
	CHECK_IS(actor_end(&user, 0), 0);
}

/* Pages go */

static void flush_by_call(void)
{
	struct mach_task_msync msync = {
		.size = sizeof(msync), .length = SIZE,
		.flags = MACH_SYNC_SYNCHRONOUS | MACH_SYNC_INVALIDATE,
	};

	CHECK_IS(vm_ioctl(v->fd, MACH_OBJECT_MSYNC, &msync), 0);
}

static void flush_by_pager(void)
{
	v->lock = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH;
	CHECK_WAIT(!v->lock, WAIT_MS, "the pager does not lock");
}

/* The frame that the test has a page in, if any: a number */
static uint64_t frame_at(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	CHECK(fd >= 0, "pagemap: %m");
	CHECK_IS(RESULT(pread(fd, &entry, sizeof(entry),
			      (uintptr_t)at / PAGE * sizeof(entry))),
		 sizeof(entry));
	close(fd);
	return entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
}

static void load(const uint8_t *at)
{
	(void)*(const volatile uint8_t *)at;
}

/* The word's page goes; pages that come first take what it lay in. */
static void change_frame(void (*flush)(void))
{
	uint64_t before, now;

	CHECK_WAIT((load(map + WORD), before = frame_at(map + WORD)), WAIT_MS,
		   "no frame");
	for (unsigned int i = 1; i <= TRIES; i++) {
		flush();
		CHECK_WAIT(!object_info(v->fd).resident, WAIT_MS, "pages stay");
		CHECK_IS(frame_at(map + WORD), 0);
		for (unsigned int j = 0; j < i; j++)
			load(map + SIZE - PAGE - j * PAGE);
		load(map + WORD);
		now = frame_at(map + WORD);
		if (now && now != before)
			return;
	}
	tap_fail("it always comes in the same frame");
}

static void advise(int advice)
{
	CHECK_IS(RESULT(madvise(map, SIZE, advice)), 0);
}

/* Sleeping and waking */

static void test_words(void)
{
	struct serve *other;
	uint8_t *there;

	open_served();
	other = serve_new(SIZE, PAGE, 2);
	serve_start(other);
	there = map_of(other->fd, RW, MAP_SHARED);
	*(volatile uint32_t *)(there + WORD) = FUTEX_VALUE;
	actor_start(&user, 1);
	tap_is("nobody", futex_wake(map + WORD), 0);
	tap_is("absent", futex_wake(map + 9 * PAGE), 0);
	tap_is("other-value", futex_wait(map + WORD, 8, FUTEX_MS), -EAGAIN);
	tap_is("time-over", futex_wait(map + WORD, FUTEX_VALUE, 20),
	       -ETIMEDOUT);
	sleep_by(map + WORD);
	tap_is("other-word", futex_wake(map + WORD + 4), 0);
	tap_is("other-page", futex_wake(map + WORD + PAGE), 0);
	tap_is("other-object", futex_wake(there + WORD), 0);
	wakes("word", map + WORD);
}

static void test_flushed(void)
{
	open_served();
	actor_start(&user, 1);
	sleep_by(map + WORD);
	change_frame(flush_by_call);
	wakes("call", map + WORD);
	sleep_by(map + WORD);
	change_frame(flush_by_pager);
	wakes("pager", map + WORD);
	sleep_by(map + WORD);
	flush_by_call();
	wakes("absent", map + WORD);
	sleep_by(map + WORD);
	advise(MADV_DONTNEED);
	wakes("dontneed", map + WORD);
	sleep_by(map + WORD);
	advise(MADV_PAGEOUT);
	wakes("pageout", map + WORD);
}

/* Who is moved to another word sleeps there. */
static void test_moved(void)
{
	uint8_t *to;

	open_served();
	to = map + 11 * PAGE + 128;
	actor_start(&user, 1);
	sleep_by(map + WORD);
	change_frame(flush_by_call);
	tap_is("move", futex_move(map + WORD, to), 1);
	change_frame(flush_by_call);
	tap_is("not-there", futex_wake(map + WORD), 0);
	wakes("there", to);
}

static void map_elsewhere(void)
{
	uint8_t *old = map;

	map = map_of(v->fd, RW, MAP_SHARED);
	CHECK(!munmap(old, SIZE), "munmap: %m");
}

/* Both have it elsewhere by then, or nowhere. */
static void test_elsewhere(void)
{
	uint8_t *first;

	open_served();
	first = map;
	actor_start(&user, 2);
	sleep_by(first + WORD);
	map_elsewhere();
	change_frame(flush_by_call);
	wakes("waker", map + WORD);
	sleep_by(first + WORD);
	map_elsewhere();
	actor_begin(&user, 1, do_unmap, (uintptr_t)first, SIZE);
	CHECK_IS(actor_end(&user, 1), 0);
	change_frame(flush_by_pager);
	wakes("sleeper", map + WORD);
}

/* All that show the object's own pages are one. */
static void test_mappings(void)
{
	struct { const char *name; uint8_t *at; } way[4];
	char sub[64];
	int named;

	open_served();
	named = node_open(NAME, O_RDONLY);
	CHECK(named >= 0, "open: %s", tap_result(named));
	way[0].name = "shared";
	way[0].at = map;
	way[1].name = "read-only";
	way[1].at = map_of(v->fd, PROT_READ, MAP_SHARED);
	way[2].name = "reader";
	way[2].at = map_of(named, PROT_READ, MAP_SHARED);
	way[3].name = "private";
	way[3].at = map_of(v->fd, PROT_READ, MAP_PRIVATE);
	actor_start(&user, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(way) * ARRAY_SIZE(way); i++) {
		sleep_by(way[i % 4].at + WORD);
		if (i % 3)
			change_frame(flush_by_call);
		snprintf(sub, sizeof(sub), "%s-by-%s", way[i % 4].name,
			 way[i / 4].name);
		wakes(sub, way[i / 4].at + WORD);
	}
}

/* What is private and can be written to is its own: as with any file. */
static void test_private(void)
{
	uint8_t *private;

	open_served();
	private = map_of(v->fd, RW, MAP_PRIVATE);
	actor_start(&user, 1);
	sleep_by(map + WORD);
	tap_is("private", futex_wake(private + WORD), 0);
	wakes("shared", map + WORD);
}

/* The module has too few frames: the word's page goes home. */
static void test_evicted(void)
{
	struct serve *large;
	uint8_t *other;
	long end;

	pool_limit(POOL_MIB);
	open_served();
	large = pool_object(LARGE, 2);
	other = pool_start(large);
	actor_start(&user, 1);
	sleep_by(map + WORD);
	end = tap_now_ms() + 2 * WAIT_MS;
	for (uint64_t i = 0; object_info(v->fd).resident; i++) {
		CHECK(tap_now_ms() < end, "the page stays");
		load(other + i % LARGE_PAGES * PAGE);
	}
	wakes("wake", map + WORD);
}

/* Calls without end while pages go and come */

static bool going_on(unsigned int threads)
{
	for (unsigned int i = 0; i < threads; i++)
		if (actor_waits(&user, i, 0))
			return true;
	return false;
}

/* The end of what so many threads of the user do; each must have done something. */
static void end_calls(unsigned int threads, unsigned int requests)
{
	for (unsigned int i = 0; i < threads; i++) {
		long times = actor_end_within(&user, i, 5 * RUN_MS);

		CHECK(times > 0, "%s", tap_result(times));
		tap_note("%ld calls", times);
	}
	tap_note("the pager was asked %u times", requests);
}

/* By one who may only read, and by another whose calls make the page dirty */
static void calls(void (*flush)(void), unsigned int threads, int ms)
{
	unsigned int whiles = 0, before;
	uint8_t *at[2];

	open_served();
	at[0] = map_of(v->fd, PROT_READ, MAP_SHARED);
	at[1] = map;
	actor_start(&user, threads);
	before = v->requests;
	do {
		for (unsigned int i = 0; i < threads; i++)
			actor_begin(&user, i, do_futex_calls,
				    (uintptr_t)at[i] + WORD, ms);
		while (going_on(threads))
			flush();
		end_calls(threads, v->requests - before);
	} while (v->requests - before < ROUNDS && ++whiles < WHILES);
	CHECK(v->requests - before >= ROUNDS, "the page went only %u times",
	      v->requests - before);
}

static void test_calls_call(void)
{
	calls(flush_by_call, tap_variant, 2 * RUN_MS);
}

static void test_calls_pager(void)
{
	calls(flush_by_pager, 2, RUN_MS);
}

/* At words in more pages than there are frames */
static void test_calls_evicted(void)
{
	const unsigned int enough = LARGE / CLUSTER;
	unsigned int whiles = 0;
	struct serve *large;
	uint8_t *at;

	pool_limit(POOL_MIB);
	large = pool_object(LARGE, 2);
	map = pool_start(large);
	at = mmap(NULL, LARGE, PROT_READ, MAP_SHARED, large->fd, 0);
	CHECK(at != MAP_FAILED, "mmap: %m");
	actor_start(&user, 2);
	do {
		actor_begin(&user, 0, do_futex_calls, (uintptr_t)at, RUN_MS,
			    LARGE_PAGES);
		actor_begin(&user, 1, do_futex_calls, (uintptr_t)map, RUN_MS,
			    LARGE_PAGES);
		end_calls(2, large->requests);
	} while (large->requests < enough && ++whiles < WHILES);
	CHECK(large->requests >= enough, "hardly a page went");
	pool_verify(map, 2, 0, LARGE_PAGES, 0);
}

/* A mutex in the object */

static struct shared_count *open_count(int protocol)
{
	struct shared_count *c;

	open_served();
	c = (void *)map;
	shared_count_init(c, protocol);
	return c;
}

/* Two add to a count for a while. */
static long count_awhile(struct actor *a, struct shared_count *c,
			 void (*flush)(void))
{
	long sum = 0, times;

	for (unsigned int i = 0; i < 2; i++)
		actor_begin(&a[i], 0, do_count, (uintptr_t)c, RUN_MS);
	while (actor_waits(&a[0], 0, 0) || actor_waits(&a[1], 0, 0))
		flush();
	for (unsigned int i = 0; i < 2; i++) {
		times = actor_end(&a[i], 0);
		CHECK(times > 0, "%s", tap_result(times));
		sum += times;
	}
	return sum;
}

/*
 * One at a time, and it is right, here and in the store. A page that is held at the
 * moment is not flushed, so it may take more than one while for it to go often.
 */
static void count_up(int protocol, void (*flush)(void))
{
	struct shared_count *c = open_count(protocol);
	unsigned int requests, before = v->requests, whiles = 0;
	struct actor a[2];
	long sum = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(a); i++)
		actor_start(&a[i], 1);
	do {
		sum += count_awhile(a, c, flush);
	} while (v->requests - before < ROUNDS && ++whiles < WHILES);
	tap_is("sum", c->count, sum);
	flush_by_call();
	tap_is("stored", ((struct shared_count *)v->store)->count, sum);
	requests = v->requests - before;
	tap_note("%ld times, the pager was asked %u times", sum, requests);
	CHECK(requests >= ROUNDS, "the page went only %u times", requests);
}

static void test_mutex_call(void)
{
	count_up(PTHREAD_PRIO_NONE, flush_by_call);
}

static void test_mutex_pager(void)
{
	count_up(PTHREAD_PRIO_NONE, flush_by_pager);
}

static void test_mutex_inherit(void)
{
	count_up(PTHREAD_PRIO_INHERIT, flush_by_call);
}

/* Its owner dies, with the page here or not; the next one learns of it. */
static void test_owner_dies(void)
{
	struct shared_count *c = open_count(tap_variant);
	struct actor owner;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		actor_start(&owner, 1);
		CHECK_IS(actor_do(&owner, do_lock, (uintptr_t)c), 0);
		if (i % 2)
			flush_by_call();
		actor_kill(&owner);
		CHECK_IS(shared_count_lock(c), -EOWNERDEAD);
		CHECK_IS(do_unlock(ACTOR_ARG_LIST((uintptr_t)c, 1)), 0);
	}
	CHECK_IS(shared_count_lock(c), 0);
}

/* The next one waits for it already. */
static void test_owner_dies_waited(void)
{
	struct shared_count *c = open_count(PTHREAD_PRIO_NONE);
	struct actor owner;

	actor_start(&user, 1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		actor_start(&owner, 1);
		CHECK_IS(actor_do(&owner, do_lock, (uintptr_t)c), 0);
		actor_begin(&user, 0, do_lock, (uintptr_t)c);
		/* the mutex begins with its futex */
		await_sleeper(c);
		if (i % 2)
			flush_by_call();
		actor_kill(&owner);
		CHECK_IS(actor_end(&user, 0), -EOWNERDEAD);
		CHECK_IS(actor_do(&user, do_unlock, (uintptr_t)c, 1), 0);
	}
}

/* Somebody holds the frame, and the object ends */

static long do_hold(const uint64_t *arg)	/* pipe, address */
{
	struct iovec iov = { (void *)(uintptr_t)arg[1], PAGE };

	return RESULT(vmsplice(arg[0], &iov, 1, 0));
}

/* Nobody but the pager has the object any more, which he learns. */
static void end_object(void)
{
	CHECK(!munmap(map, SIZE), "munmap: %m");
	if (v->name[0])
		CHECK_IS(RESULT(unlink(node_path(NAME))), 0);
	close(v->fd);
	actor_unhide_fd(v->fd);
	CHECK_WAIT(v->terminates, WAIT_MS, "the object does not end");
}

static void drain(int pipe_end)
{
	static uint8_t page[PAGE];

	CHECK_IS(RESULT(read(pipe_end, page, PAGE)), PAGE);
	CHECK_IS(*(uint32_t *)(page + WORD % PAGE), FUTEX_VALUE);
}

/* Thread 0 makes calls while another process's pipe has the frame; then one sleeps. */
static void use_held(void)
{
	actor_begin(&user, 0, do_futex_calls, (uintptr_t)map + WORD,
		    RUN_MS / 2);
	while (going_on(1))
		flush_by_call();
	end_calls(1, v->requests);
	sleep_by(map + WORD);
	flush_by_pager();
	wakes("held", map + WORD);
}

static void test_pinned(void)
{
	struct actor holder;
	int ends[2], vm = vm_open();
	uint64_t before;

	CHECK(vm >= 0 && !pipe(ends), "pipe: %m");
	pool_shrink();
	before = pool_aside(vm);
	open_served();
	actor_start(&holder, 1);
	actor_start(&user, 1);
	CHECK_IS(actor_do(&holder, do_hold, ends[1],
			  (uintptr_t)map + WORD / PAGE * PAGE), PAGE);
	use_held();
	actor_stop(&holder);
	actor_stop(&user);
	end_object();
	serve_stop(v);
	CHECK_WAIT(pool_aside(vm) == before + 1, WAIT_MS, "%u frames aside",
		   (unsigned int)pool_aside(vm));
	pool_shrink();
	drain(ends[0]);
	CHECK_WAIT((pool_shrink(), pool_aside(vm) == before), WAIT_MS, "%u frames aside",
		   (unsigned int)pool_aside(vm));
	open_served();
	actor_start(&user, 1);
	sleep_by(map + WORD);
	wakes("next", map + WORD);
}

/* Who sleeps does not keep the object, and is nobody's when it has ended. */
static void test_ends(void)
{
	struct serve *old;

	open_served();
	actor_start(&user, 2);
	actor_begin(&user, 0, do_futex_wait, (uintptr_t)map + WORD,
		    FUTEX_VALUE, 1000 * tap_slow());
	await_sleeper(map + WORD);
	actor_begin(&user, 1, do_unmap, (uintptr_t)map, SIZE);
	CHECK_IS(actor_end(&user, 1), 0);
	end_object();
	old = v;
	open_served();
	tap_is("next", futex_wake(map + WORD), 0);
	tap_is("asleep", actor_end(&user, 0), -ETIMEDOUT);
	serve_stop(old);
}

static const struct tap_test tests[] = {
	{ .name = "words", .run = test_words },
	{ .name = "flushed", .run = test_flushed },
	{ .name = "moved", .run = test_moved },
	{ .name = "elsewhere", .run = test_elsewhere },
	{ .name = "mappings", .run = test_mappings, .seconds = 60 },
	{ .name = "private", .run = test_private },
	{ .name = "evicted", .run = test_evicted, .seconds = 60 },
	{ .name = "calls-reader", .run = test_calls_call, 1, 60 },
	{ .name = "calls", .run = test_calls_call, 2, 60 },
	{ .name = "calls-pager", .run = test_calls_pager, .seconds = 60 },
	{ .name = "calls-evicted", .run = test_calls_evicted, .seconds = 60 },
	{ .name = "mutex-call", .run = test_mutex_call, .seconds = 60 },
	{ .name = "mutex-pager", .run = test_mutex_pager, .seconds = 60 },
	{ .name = "mutex-inherit", .run = test_mutex_inherit, .seconds = 60 },
	{ .name = "owner-dies", .run = test_owner_dies, PTHREAD_PRIO_NONE },
	{ .name = "owner-dies-inherit", .run = test_owner_dies,
	  PTHREAD_PRIO_INHERIT },
	{ .name = "owner-dies-waited", .run = test_owner_dies_waited },
	{ .name = "pinned", .run = test_pinned, .seconds = 60 },
	{ .name = "ends", .run = test_ends },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
