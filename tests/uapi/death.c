// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 of the pager, in every state: whoever waits gets an error within two
 * seconds, and never a page of zeros.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serve.h"
#include "tap.h"

#define SIZE	(256 * PAGE)
#define CLUSTER	(4 * PAGE)
#define WAITERS	8
#define MIXED_ROUNDS	12
#define SOON	(2000 * tap_slow())	/* ms */

/* The pager's process holds requests as it is told, in memory shared with it. */
struct doomed {
	struct pager_setup setup;
	struct test_pager p;
	struct test_object o;
	struct test_request r[ACTOR_THREADS];
	unsigned int held;
};

static struct doomed *d;
static struct actor pager;
static struct actor client;
static uint8_t *buf;
static uint64_t map;
static int fd;

static long doomed_open(const uint64_t *arg)
{
	(void)arg;
	pager_open(&d->p, &d->setup);
	object_create(&d->p, &d->o, SIZE, CLUSTER, 0);
	return d->o.fd;
}

static long doomed_hold(const uint64_t *arg)
{
	while (d->held < arg[0]) {
		CHECK_IS(pager_next(&d->p, &d->r[d->held], WAIT_MS), 0);
		d->held++;
	}
	return d->held;
}

/* The first part of an answer, but not all of it: one of the neighbours. */
static long doomed_answer_half(const uint64_t *arg)
{
	struct test_request *r = &d->r[arg[0]];
	struct mach_part part = part_pattern(r->m.offset + PAGE, PAGE, 1);

	return pager_reply(&d->p, r, &part, 1, true);
}

static long doomed_answer_returned(const uint64_t *arg)
{
	struct test_request *r = &d->r[arg[0]];
	struct mach_part part = part_done(r->m.offset, PAGE);

	return pager_reply(&d->p, r, &part, 1, true);
}

static void open_doomed(unsigned int depth, unsigned int queues)
{
	d = shared_alloc(sizeof(*d));
	buf = shared_alloc(SIZE);
	d->setup.transport = tap_variant;
	d->setup.depth = depth;
	d->setup.queues = queues;
	actor_start(&pager, 2);
	fd = actor_do(&pager, doomed_open);
	CHECK(fd >= 0, "the pager did not start: %s", tap_result(fd));
	fd = actor_fd(&pager, fd);
	actor_start(&client, WAITERS);
	map = actor_do(&client, do_map, fd, SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED);
	CHECK((long)map > 0, "map: %s", tap_result(map));
}

/* Half of the waiters are faults, half are reads, each of its own cluster. */
static void begin_waiters(void)
{
	for (unsigned int i = 0; i < WAITERS; i++) {
		if (i % 2)
			actor_begin(&client, i, do_pread, fd,
				    (uintptr_t)buf + i * PAGE, 8, i * CLUSTER);
		else
			actor_begin(&client, i, do_load, map + i * CLUSTER);
	}
}

static void check_waiter(unsigned int i, long end)
{
	long left = end - tap_now_ms();
	long got = actor_end_within(&client, i, left > 0 ? left : 0);

	CHECK(got == (i % 2 ? -EIO : TAP_SIGNAL(SIGBUS)),
	      "waiter %u got %s", i, tap_result(got));
}

static void kill_and_check(void)
{
	long end;

	CHECK(!kill(pager.pid, SIGKILL), "kill: %m");
	end = tap_now_ms() + SOON;
	for (unsigned int i = 0; i < WAITERS; i++)
		check_waiter(i, end);
	actor_kill(&pager);
	CHECK_IS(object_info(fd).state & MACH_OBJECT_ALIVE, 0);
	CHECK_IS(actor_do(&client, do_load, map + 100 * PAGE),
		 TAP_SIGNAL(SIGBUS));
	CHECK_IS(actor_do(&client, do_pread, fd, (uintptr_t)buf, 8, 0), -EIO);
	actor_stop(&client);
}

/* Nothing asked, nothing held. */
static void test_idle(void)
{
	open_doomed(8, 1);
	kill(pager.pid, SIGKILL);
	CHECK_WAIT(!(object_info(fd).state & MACH_OBJECT_ALIVE), SOON,
		   "the object still seems alive");
	begin_waiters();
	kill_and_check();
}

/* In the middle of a wait for requests, with waiters who are not yet served. */
static void test_some_held(void)
{
	open_doomed(WAITERS, 1);
	begin_waiters();
	CHECK_IS(actor_do(&pager, doomed_hold, 3), 3);
	kill_and_check();
}

/* Every slot is held, and more would be asked: no command is posted. */
static void test_all_held(void)
{
	/* one object has all slots but one */
	open_doomed(WAITERS / 2 + 1, 1);
	begin_waiters();
	CHECK_IS(actor_do(&pager, doomed_hold, WAITERS / 2), WAITERS / 2);
	kill_and_check();
}

static void test_queues(void)
{
	open_doomed(3, 4);
	begin_waiters();
	CHECK_IS(actor_do(&pager, doomed_hold, 2), 2);
	kill_and_check();
}

/* Parts are in, the mandatory page is not. */
static void test_half(void)
{
	open_doomed(WAITERS + 1, 1);
	begin_waiters();
	CHECK_IS(actor_do(&pager, doomed_hold, WAITERS), WAITERS);
	for (unsigned int i = 0; i < WAITERS; i++)
		CHECK_IS(actor_do(&pager, doomed_answer_half, i), 0);
	kill_and_check();
}

/* Who waits for data to be saved must not hear that it was. */
static void test_returns(void)
{
	long got;

	open_doomed(8, 1);
	actor_begin(&client, 0, do_store, map, 1);
	CHECK_IS(actor_do(&pager, doomed_hold, 1), 1);
	CHECK_IS(actor_do(&pager, doomed_answer_half, 0), 0);
	CHECK(actor_waits(&client, 0, 20), "wrote to a page that is not there");
	actor_begin(&client, 1, do_store, map + PAGE, 1);
	CHECK_IS(actor_end(&client, 1), 0);
	actor_begin(&client, 1, do_fsync, fd);
	CHECK_IS(actor_do(&pager, doomed_hold, 2), 2);
	CHECK_IS(d->r[1].m.operation, MACH_OP_DATA_RETURN);
	kill(pager.pid, SIGKILL);
	got = actor_end_within(&client, 1, SOON);
	CHECK(got == -EIO, "fsync: %s", tap_result(got));
	CHECK_IS(actor_end_within(&client, 0, SOON), TAP_SIGNAL(SIGBUS));
	actor_kill(&pager);
	CHECK_IS(object_info(fd).state & MACH_OBJECT_ALIVE, 0);
}

static void test_return_half(void)
{
	open_doomed(8, 1);
	actor_begin(&client, 0, do_store, map, 1);
	CHECK_IS(actor_do(&pager, doomed_hold, 1), 1);
	actor_begin(&pager, 0, doomed_answer_half, 0);
	CHECK_IS(actor_end(&pager, 0), 0);
	actor_begin(&client, 1, do_store, map + PAGE, 1);
	CHECK_IS(actor_end(&client, 1), 0);
	actor_begin(&client, 1, do_msync, map, CLUSTER, MS_SYNC);
	CHECK_IS(actor_do(&pager, doomed_hold, 2), 2);
	CHECK_IS(actor_do(&pager, doomed_answer_returned, 1), 0);
	kill(pager.pid, SIGKILL);
	CHECK_IS(actor_end_within(&client, 1, SOON), -EIO);
	CHECK_IS(actor_end_within(&client, 0, SOON), TAP_SIGNAL(SIGBUS));
	actor_kill(&pager);
}

static long receive_for_ever(const uint64_t *arg)
{
	struct mach_pager_receive rec = { .size = sizeof(rec) };

	(void)arg;
	return vm_ioctl(d->p.fd, MACH_PAGER_RECEIVE, &rec);
}

/* One thread in the kernel for requests, the other dies first. */
static void test_receiving(void)
{
	open_doomed(WAITERS, 1);
	actor_begin(&pager, 1, receive_for_ever);
	CHECK(actor_waits(&pager, 1, 30), "received nothing, but returned");
	kill(pager.pid, SIGKILL);
	begin_waiters();
	kill_and_check();
}

/* Ending is dying, too: exit without a word, with everything held. */
static void test_exit(void)
{
	open_doomed(WAITERS, 1);
	begin_waiters();
	CHECK_IS(actor_do(&pager, doomed_hold, 4), 4);
	actor_stop(&pager);
	for (unsigned int i = 0; i < WAITERS; i++)
		check_waiter(i, tap_now_ms() + SOON);
}

static long storm(const uint64_t *arg)
{
	const uint8_t *a = (uint8_t *)(uintptr_t)arg[0];

	for (uint64_t i = 0;; i++) {
		uint64_t at = (i * 37 + arg[1]) % (SIZE / PAGE) * PAGE;

		if (!pattern_is(a + at, at, 64, 1))
			return 1;
	}
}

/* Faults from all sides, killed at a time that is different each round. */
static void test_storm(void)
{
	for (int round = 0; round < 6; round++) {
		struct serve *v = serve_new(SIZE, PAGE, 1);
		long end;

		v->setup.queues = tap_variant == BY_RING ? 2 : 1;
		serve_start(v);
		actor_start(&client, WAITERS);
		map = actor_do(&client, do_map, v->fd, SIZE, PROT_READ,
			       MAP_SHARED);
		for (unsigned int i = 0; i < WAITERS; i++)
			actor_begin(&client, i, storm, map, i * 31);
		CHECK_WAIT(v->requests >= (unsigned int)round * 7, WAIT_MS,
			   "no requests");
		serve_kill(v);
		end = tap_now_ms() + SOON;
		for (unsigned int i = 0; i < WAITERS; i++)
			CHECK_IS(actor_end_within(&client, i,
						  end - tap_now_ms()),
				 TAP_SIGNAL(SIGBUS));
		actor_stop(&client);
		close(v->fd);
	}
}

/* Calls on pages in turn; what is written is what was there. */
static uint64_t page_in_turn(uint64_t i, uint64_t start)
{
	return (i * 37 + start * 31) % (SIZE / PAGE) * PAGE;
}

static long read_on(const uint64_t *arg)
{
	uint8_t got[64];

	for (uint64_t i = 0;; i++) {
		uint64_t at = page_in_turn(i, arg[1]);
		long n = RESULT(pread(arg[0], got, sizeof(got), at));

		if (n < 0)
			return n;
		if (!pattern_is(got, at, n, 1))
			return at;
	}
}

static long write_on(const uint64_t *arg)
{
	uint8_t put[64];
	long n = 0;

	for (uint64_t i = 0; n >= 0; i++) {
		uint64_t at = page_in_turn(i, arg[1]);

		pattern_fill(put, at, sizeof(put), 1);
		n = RESULT(pwrite(arg[0], put, sizeof(put), at));
		if (n >= 0 && i % 4 == 3)
			n = RESULT(fsync(arg[0]));
	}
	return n;
}

static long store_on(const uint64_t *arg)
{
	long n = 0;

	for (uint64_t i = 0; n >= 0; i++) {
		uint64_t at = page_in_turn(i, arg[1]);

		pattern_fill((uint8_t *)arg[0] + at, at, 64, 1);
		if (i % 4 == 3)
			n = RESULT(msync((uint8_t *)arg[0], SIZE, MS_SYNC));
	}
	return n;
}

static void begin_mixed(int object)
{
	for (unsigned int i = 0; i < WAITERS; i += 4) {
		actor_begin(&client, i, storm, map, i);
		actor_begin(&client, i + 1, read_on, object, i);
		actor_begin(&client, i + 2, write_on, object, i);
		actor_begin(&client, i + 3, store_on, map, i);
	}
}

/* All that waits, at once: faults, reads, writes and returns. */
static void test_mixed(void)
{
	for (int round = 0; round < MIXED_ROUNDS; round++) {
		struct serve *v = serve_new(SIZE, CLUSTER, 1);
		long end;

		v->setup.queues = 1 + round % 2;
		v->setup.depth = 1 + round % 5;
		serve_start(v);
		actor_start(&client, WAITERS);
		map = actor_do(&client, do_map, v->fd, SIZE,
			       PROT_READ | PROT_WRITE, MAP_SHARED);
		begin_mixed(v->fd);
		tap_pause_ms(round * 17 % 50);
		serve_kill(v);
		end = tap_now_ms() + SOON;
		for (unsigned int i = 0; i < WAITERS; i++) {
			long left = end - tap_now_ms();
			long got = actor_end_within(&client, i,
						    left > 0 ? left : 0);

			CHECK(got == -EIO || got == TAP_SIGNAL(SIGBUS),
			      "round %d, thread %u: %s", round, i,
			      tap_result(got));
		}
		actor_stop(&client);
		close(v->fd);
	}
}

/* Another process holds the very pager descriptor. */
static void test_descriptor_survives(void)
{
	int copy;

	open_doomed(WAITERS, 1);
	copy = actor_fd(&pager, d->p.fd);
	begin_waiters();
	CHECK_IS(actor_do(&pager, doomed_hold, 2), 2);
	kill_and_check();
	CHECK_IS(vm_ioctl(copy, MACH_PAGER_RECEIVE,
			  &(struct mach_pager_receive){
				  .size = sizeof(struct mach_pager_receive),
				  .flags = MACH_RECEIVE_NONBLOCK }), -ENODEV);
	close(copy);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("idle", test_idle),
	BOTH("some-held", test_some_held),
	BOTH("all-held", test_all_held),
	BOTH("queues", test_queues),
	BOTH("half", test_half),
	BOTH("returns", test_returns),
	BOTH("return-half", test_return_half),
	{ .name = "receiving", .run = test_receiving, BY_IOCTL },
	BOTH("exit", test_exit),
	{ .name = "storm-ring", .run = test_storm, BY_RING, 40 },
	{ .name = "storm-ioctl", .run = test_storm, BY_IOCTL, 40 },
	{ .name = "mixed-ring", .run = test_mixed, BY_RING, 40 },
	{ .name = "mixed-ioctl", .run = test_mixed, BY_IOCTL, 40 },
	BOTH("descriptor-survives", test_descriptor_survives),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
