// SPDX-License-Identifier: GPL-2.0-only
/*
 * No frame is to be had: everything is dirty and the pager is silent, or waits
 * for its data, or is pinned. Who needs one waits, can be killed, and is told in
 * the end; everybody else goes on, and nothing is lost.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool.h"

#define GOOD		9		/* id of the object with a good pager */
#define DEADLINE	(1500 * tap_slow())
/* a write may wait for a frame first, and for its object after that */
#define PATIENCE	(3 * DEADLINE + 5000 * tap_slow())
#define SERVED		(1000 * tap_slow())	/* ms for one good fault */
#define PARTS		4		/* threads on an object, and its parts */
#define PART_PAGES	(LARGE_PAGES / PARTS)

/**
 * struct greedy - An object that wants all, and those who use it.
 * @id: of its stamps
 * @serve: its pager
 * @map: of the whole object
 * @users: a thread for each part
 * @done: pages of each part that are through; shared
 */
struct greedy {
	unsigned int id;
	struct serve *serve;
	uint8_t *map;
	struct actor users;
	volatile uint64_t *done;
};

static struct greedy greedy[3];
static struct serve *good;
static uint8_t *good_map;
static struct actor good_user;

static void open_greedy(unsigned int id, int held, uint32_t cluster,
			unsigned int deadline_ms)
{
	struct greedy *g = &greedy[id];

	g->id = id;
	g->serve = pool_object(LARGE, id);
	g->serve->hold = SERVE_HOLD(held);
	g->serve->cluster = cluster;
	g->serve->setup.deadline_ms = deadline_ms;
	g->serve->setup.depth = 64;
	g->map = pool_start(g->serve);
	g->done = shared_alloc(PAGE);
	actor_start(&g->users, PARTS);
}

static void open_good(void)
{
	pool_limit(POOL_MIB);
	good = pool_object(LARGE, GOOD);
	good_map = pool_start(good);
	actor_start(&good_user, 1);
}

/* Parts with odd numbers are used by calls, the others by mapping. */
static bool by_call(unsigned int part)
{
	return part % 2;
}

static long write_page(struct greedy *g, uint64_t i, bool call)
{
	uint8_t page[PAGE];

	if (!call) {
		stamp_page(g->map + i * PAGE, g->id, i, 1);
		return PAGE;
	}
	stamp_page(page, g->id, i, 1);
	return RESULT(pwrite(g->serve->fd, page, PAGE, i * PAGE));
}

static long read_page(struct greedy *g, uint64_t i, bool call)
{
	uint8_t page[PAGE];
	long got = PAGE;

	if (call)
		got = RESULT(pread(g->serve->fd, page, PAGE, i * PAGE));
	else
		memcpy(page, g->map + i * PAGE, PAGE);
	if (got == PAGE && !stamp_is(page, g->id, i, 0, 0))
		return -EBADMSG;
	return got;
}

/* Object, part, write: as far as it goes. */
static long use_part(const uint64_t *arg)
{
	struct greedy *g = &greedy[arg[0]];
	uint64_t first = arg[1] * PART_PAGES, i = first + g->done[arg[1]];

	for (; i < first + PART_PAGES; i++) {
		long got = arg[2] ? write_page(g, i, by_call(arg[1])) :
				    read_page(g, i, by_call(arg[1]));

		if (got != PAGE)
			return got;
		g->done[arg[1]]++;
	}
	return 0;
}

static void begin_use(struct greedy *g, bool write)
{
	for (unsigned int part = 0; part < PARTS; part++)
		actor_begin(&g->users, part, use_part, g->id, part, write);
}

static uint64_t all_done(const struct greedy *g)
{
	uint64_t sum = 0;

	for (unsigned int part = 0; part < PARTS; part++)
		sum += g->done[part];
	return sum;
}

/* Until nobody gets any further. */
static void await_standstill(const struct greedy *g)
{
	long end = tap_now_ms() + WAIT_MS;
	uint64_t before;

	do {
		CHECK(tap_now_ms() < end, "nobody has to wait");
		before = all_done(g);
		tap_pause_ms(200 * tap_slow());
	} while (!g->serve->held || all_done(g) != before);
}

/* The silence of a pager is told to each of its users: nothing else, in time. */
static void check_told(struct greedy *g)
{
	long end = tap_now_ms() + PATIENCE;

	for (unsigned int part = 0; part < PARTS; part++) {
		long left = end - tap_now_ms();
		long got = actor_end_within(&g->users, part,
					    left > 0 ? left : 0);

		CHECK_IS(got, by_call(part) ? -ENOMEM : TAP_SIGNAL(SIGBUS));
	}
}

/* The pager answers again: all comes to its end. */
static void check_goes_on(struct greedy *g, bool write)
{
	g->serve->hold = 0;
	begin_use(g, write);
	for (unsigned int part = 0; part < PARTS; part++)
		CHECK_IS(actor_end_within(&g->users, part, 4 * WAIT_MS), 0);
	pool_verify(g->map, g->id, 0, LARGE_PAGES, write);
}

/* Lost tries are told once by fsync; in the end the store has it all. */
static void check_saved(struct greedy *g)
{
	long err = RESULT(fsync(g->serve->fd));

	CHECK(!err || err == -EIO, "fsync: %s", tap_result(err));
	CHECK_IS(RESULT(fsync(g->serve->fd)), 0);
	pool_verify(g->serve->store, g->id, 0, LARGE_PAGES, 1);
}

/* All of the good object, each cluster of it soon: ms of the slowest. */
static long use_good(const uint64_t *arg)
{
	long start, took, slowest = 0;

	(void)arg;
	for (uint64_t i = 0; i < LARGE_PAGES; i += 16) {
		start = tap_now_ms();
		pool_verify(good_map, GOOD, i, 16, 0);
		took = tap_now_ms() - start;
		slowest = took > slowest ? took : slowest;
	}
	return slowest;
}

static void explain(const struct serve *s)
{
	struct mach_object_info info = object_info(s->fd);

	tap_note("%llu resident, %llu dirty, %llu pageins, %llu pageouts, %u held",
		 info.resident, info.dirty, info.pageins, info.pageouts,
		 s->held);
}

static void check_good_served(void)
{
	long slowest;

	actor_begin(&good_user, 0, use_good);
	slowest = actor_end_within(&good_user, 0, 4 * WAIT_MS);
	if (slowest >= 0 && slowest <= SERVED)
		return;
	explain(greedy[1].serve);
	explain(good);
	tap_fail("the user of another object got %s, not an end in %d ms",
		 tap_result(slowest), SERVED);
}

static void kill_soon(struct actor *a)
{
	long start = tap_now_ms();

	actor_kill(a);
	CHECK(tap_now_ms() - start < 2000 * tap_slow(),
	      "killing it took %ld ms", tap_now_ms() - start);
}

/* One page. Object, page, write, by call. */
static long use_page(const uint64_t *arg)
{
	struct greedy *g = &greedy[arg[0]];

	return arg[2] ? write_page(g, arg[1], arg[3]) :
			read_page(g, arg[1], arg[3]);
}

/* Who waits for a page can be killed. */
static void check_killable_page(struct greedy *g, uint64_t page, bool write)
{
	struct actor victim;

	for (int call = 0; call < 2; call++) {
		actor_start(&victim, 1);
		actor_begin(&victim, 0, use_page, g->id, page, write, call);
		CHECK(actor_waits(&victim, 0, 200), "it does not wait");
		kill_soon(&victim);
	}
}

/* Clock ticks that a process has used. */
static long ticks_of(pid_t pid)
{
	unsigned long user, system;
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	CHECK(file, "%s: %m", path);
	n = fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &user, &system);
	CHECK(n == 2, "%s is not understood", path);
	fclose(file);
	return user + system;
}

/* Waiting is not looking all the time: that would keep all processors busy. */
static void check_idle(struct actor *a)
{
	long ticks = ticks_of(a->pid), ms = tap_now_ms();

	tap_pause_ms(400);
	ticks = (ticks_of(a->pid) - ticks) * 1000 / sysconf(_SC_CLK_TCK);
	ms = tap_now_ms() - ms;
	CHECK(ticks < ms, "who waits has used %ld of %ld ms", ticks, ms);
}

/* A greedy writer whose pager takes nothing: it alone waits, and fails. */
static void test_dirty(void)
{
	open_good();
	open_greedy(1, MACH_OP_DATA_RETURN, CLUSTER, DEADLINE);
	begin_use(&greedy[1], true);
	await_standstill(&greedy[1]);
	CHECK(pool_resident(greedy[1].serve) >= POOL_PAGES / 4,
	      "it has to wait with %u pages",
	      (unsigned int)pool_resident(greedy[1].serve));
	check_good_served();
	check_told(&greedy[1]);
	check_good_served();
	check_goes_on(&greedy[1], true);
	check_saved(&greedy[1]);
}

static void test_dirty_killed(void)
{
	open_good();
	open_greedy(1, MACH_OP_DATA_RETURN, CLUSTER, 0);
	begin_use(&greedy[1], true);
	await_standstill(&greedy[1]);
	check_idle(&greedy[1].users);
	check_killable_page(&greedy[1], LARGE_PAGES - 1, true);
	actor_kill(&greedy[1].users);
	check_good_served();
	greedy[1].serve->hold = 0;
	actor_start(&greedy[1].users, PARTS);
	check_goes_on(&greedy[1], true);
	check_saved(&greedy[1]);
}

/* Two of them: everything is dirty. Nobody hangs, and nothing is lost. */
static void test_all_dirty(void)
{
	struct actor other;
	long got;

	open_good();
	actor_start(&other, 1);
	for (int i = 1; i <= 2; i++) {
		open_greedy(i, MACH_OP_DATA_RETURN, CLUSTER, DEADLINE);
		begin_use(&greedy[i], true);
	}
	for (int i = 1; i <= 2; i++)
		check_told(&greedy[i]);
	/* what the good one gives now is data, or an error */
	actor_begin(&other, 0, do_pread, good->fd, (uintptr_t)good->store, 1,
		    0);
	got = actor_end_within(&other, 0, PATIENCE);
	CHECK(got == 1 || got == -ENOMEM, "got %s", tap_result(got));
	for (int i = 1; i <= 2; i++)
		greedy[i].serve->hold = 0;
	for (int i = 1; i <= 2; i++)
		check_goes_on(&greedy[i], true);
	check_good_served();
	for (int i = 1; i <= 2; i++)
		check_saved(&greedy[i]);
}

/* More faults than may wait for data at a time, all over the object. */
static void begin_faults(struct actor *faulters)
{
	for (unsigned int i = 0; i < ACTOR_THREADS; i++)
		actor_begin(faulters, i, use_page, 1,
			    i * LARGE_PAGES / ACTOR_THREADS, false, by_call(i));
}

static void open_faults(struct actor *faulters, unsigned int deadline_ms)
{
	open_good();
	open_greedy(1, MACH_OP_DATA_REQUEST, 64 * PAGE, deadline_ms);
	actor_start(faulters, ACTOR_THREADS);
	begin_faults(faulters);
	CHECK_WAIT(greedy[1].serve->held >= 2, WAIT_MS, "only %u requests",
		   greedy[1].serve->held);
}

/* The pager supplies nothing: they wait, and fail, one after another. */
static void test_requests(void)
{
	long end = tap_now_ms() + PATIENCE + ACTOR_THREADS * DEADLINE;
	struct actor faulters;

	open_faults(&faulters, DEADLINE);
	check_good_served();
	for (unsigned int i = 0; i < ACTOR_THREADS; i++) {
		long got = actor_end_within(&faulters, i, end - tap_now_ms());

		CHECK(by_call(i) ? got == -EIO || got == -ENOMEM :
		      got == TAP_SIGNAL(SIGBUS), "got %s", tap_result(got));
	}
	greedy[1].serve->hold = 0;
	begin_faults(&faulters);
	for (unsigned int i = 0; i < ACTOR_THREADS; i++)
		CHECK_IS(actor_end_within(&faulters, i, PATIENCE), PAGE);
	check_goes_on(&greedy[1], false);
}

static void test_requests_killed(void)
{
	struct actor faulters;

	open_faults(&faulters, 0);
	check_good_served();
	check_idle(&faulters);
	check_killable_page(&greedy[1], LARGE_PAGES - 1, false);
	kill_soon(&faulters);
	check_good_served();
	check_goes_on(&greedy[1], false);
}

/*
 * Nearly as many pages wait for data as may. A supply of more is not cut to what
 * goes: its pager is told that there is no room, not that a page was there.
 */
static void test_supply(void)
{
	struct mach_pager_supply sup = { .size = sizeof(sup) };
	struct test_request r;
	struct scene s;

	pool_limit(POOL_MIB);
	scene_open(&s, NULL, LARGE, 64 * PAGE, 4);
	scene_resident(&s, 3 * 64 * PAGE, PAGE, 1);
	for (int i = 0; i < 4; i++)
		actor_begin(&s.a, i, do_load, s.map + (i * 64 + 1) * PAGE);
	CHECK_WAIT(object_info(s.o.fd).requests == 4, WAIT_MS,
		   "%llu requests", object_info(s.o.fd).requests);
	sup.object = s.o.number;
	sup.part = part_pattern(4 * 64 * PAGE, 16 * PAGE, 1);
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), -ENOMEM);
	CHECK_IS(sup.supplied, 0);
	CHECK_IS(object_info(s.o.fd).resident, 1);
	scene_resident(&s, 4 * 64 * PAGE, PAGE, 1);
	for (int i = 0; i < 4; i++) {
		CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
		pager_reply_one(&s.p, &r, part_pattern(r.m.offset, r.m.length,
						       1));
	}
	for (int i = 0; i < 4; i++)
		CHECK(actor_end(&s.a, i) >= 0, "a page did not come");
	scene_resident(&s, 5 * 64 * PAGE, 16 * PAGE, 1);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING, 60 },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL, 60 }

static const struct tap_test tests[] = {
	BOTH("dirty", test_dirty),
	BOTH("dirty-killed", test_dirty_killed),
	BOTH("all-dirty", test_all_dirty),
	BOTH("requests", test_requests),
	BOTH("requests-killed", test_requests_killed),
	{ .name = "supply", .run = test_supply, BY_IOCTL },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
