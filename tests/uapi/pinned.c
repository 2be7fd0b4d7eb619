// SPDX-License-Identifier: GPL-2.0-only
/* Pages that somebody holds while the pool is too small: pipes and O_DIRECT. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "direct.h"
#include "pool.h"

#define HELD	1	/* ids of objects */
#define OTHER	2
#define HELD_PAGES	(POOL_PAGES / 2)

static struct serve *held, *other;
static uint8_t *held_map, *other_map;
static int held_pipe[2];

static void open_both(void)
{
	pool_limit(POOL_MIB);
	held = pool_object(LARGE, HELD);
	serve_start(held);
	/* only the test may keep the object from ending */
	actor_hide_fd(held->fd);
	other = pool_object(LARGE, OTHER);
	other_map = pool_start(other);
	held_map = pool_map(held);
}

/* The pipe holds the pages themselves. Return: how many. */
static uint64_t hold(uint64_t pages)
{
	struct iovec iov = { held_map, pages * PAGE };
	uint64_t done = 0;
	ssize_t n;

	CHECK(!pipe2(held_pipe, O_NONBLOCK), "pipe: %m");
	CHECK(fcntl(held_pipe[1], F_SETPIPE_SZ, pages * PAGE) >= 0,
	      "F_SETPIPE_SZ: %m");
	while (iov.iov_len && (n = vmsplice(held_pipe[1], &iov, 1, 0)) > 0) {
		iov.iov_base = (uint8_t *)iov.iov_base + n;
		iov.iov_len -= n;
		done += n / PAGE;
	}
	return done;
}

/* What the pipe has is this generation of these pages. */
static void let_go(uint64_t pages, unsigned int generation)
{
	static uint8_t page[PAGE];

	for (uint64_t i = 0; i < pages; i++) {
		CHECK_IS(RESULT(read(held_pipe[0], page, PAGE)), PAGE);
		CHECK(stamp_is(page, HELD, i, generation, generation),
		      "a page that was held has changed");
	}
}

/* Everything else goes and comes; some of it is written. */
static void press(void)
{
	for (uint64_t i = 0; i < LARGE_PAGES; i++) {
		CHECK(stamp_is(other_map + i * PAGE, OTHER, i, 0, 0),
		      "wrong data");
		if (i % 4 == 0)
			stamp_page(other_map + i * PAGE, OTHER, i, 0);
	}
}

/* The most that is resident of the other object when all of it is read. */
static uint64_t capacity(void)
{
	uint64_t most = 0, now;

	for (uint64_t i = 0; i < LARGE_PAGES; i += 64) {
		pool_verify(other_map, OTHER, i, 64, 0);
		now = object_info(other->fd).resident;
		most = now > most ? now : most;
	}
	return most;
}

/* They stay where they are: what is written to them is seen by their holder. */
static void test_kept(void)
{
	open_both();
	CHECK_IS(hold(HELD_PAGES), HELD_PAGES);
	press();
	for (uint64_t i = 0; i < HELD_PAGES; i++) {
		pool_verify(held_map, HELD, i, 1, 0);
		stamp_page(held_map + i * PAGE, HELD, i, 1);
	}
	press();
	let_go(HELD_PAGES, 1);
	press();
	pool_verify(held_map, HELD, 0, HELD_PAGES, 1);
	CHECK_IS(RESULT(fsync(held->fd)), 0);
	pool_verify(held->store, HELD, 0, HELD_PAGES, 1);
}

static void end_held(void)
{
	munmap(held_map, LARGE);
	actor_unhide_fd(held->fd);
	close(held->fd);
	CHECK_WAIT(held->terminates, WAIT_MS, "the object does not end");
	serve_stop(held);
}

/* Their object ends: they are nobody's, and come back soon after they are let go. */
static void test_aside(void)
{
	uint64_t before, with, after;
	long end;

	open_both();
	before = capacity();
	CHECK_IS(hold(HELD_PAGES), HELD_PAGES);
	end_held();
	with = capacity();
	press();
	tap_sub("aside", with + HELD_PAGES / 2 < before,
		"%u pages fit with %u held, %u without", (unsigned int)with,
		(unsigned int)HELD_PAGES, (unsigned int)before);
	let_go(HELD_PAGES, 0);
	end = tap_now_ms() + WAIT_MS;
	do {
		after = capacity();
	} while (after < with + HELD_PAGES / 2 && tap_now_ms() < end);
	tap_sub("back", after >= with + HELD_PAGES / 2,
		"%u pages fit afterwards, %u before, %u in between",
		(unsigned int)after, (unsigned int)before,
		(unsigned int)with);
}

static long load_other(const uint64_t *arg)
{
	return stamp_is(other_map + arg[0] * PAGE, OTHER, arg[0], 0, 0);
}

/* Everything is held: others fail, or find room, and can all go on later. */
static void test_all(void)
{
	struct actor users;
	uint64_t pages;
	long got;

	open_both();
	actor_start(&users, 2);
	pages = hold(2 * POOL_PAGES);
	CHECK(pages >= POOL_PAGES / 2 && pages < POOL_PAGES,
	      "%u pages are held", (unsigned int)pages);
	actor_begin(&users, 0, load_other, LARGE_PAGES / 2);
	actor_begin(&users, 1, do_pread, other->fd, (uintptr_t)other->store, 1,
		    0);
	got = actor_end_within(&users, 0, 5000 * tap_slow());
	tap_sub("fault", got == 1 || got == TAP_SIGNAL(SIGBUS), "got %s",
		tap_result(got));
	got = actor_end_within(&users, 1, 5000 * tap_slow());
	tap_sub("read", got == 1 || got == -ENOMEM, "got %s", tap_result(got));
	let_go(pages, 0);
	pool_verify(other_map, OTHER, 0, LARGE_PAGES, 0);
	pool_verify(held_map, HELD, 0, LARGE_PAGES, 0);
}

static long press_on(const uint64_t *arg)
{
	volatile uint64_t *stop = (uint64_t *)(uintptr_t)arg[0];

	while (!*stop)
		press();
	return 0;
}

#define FILE_PAGES	256
#define PIECE		32

/* A device reads from pages and writes to them while they are to go. */
static void test_direct(void)
{
	uint8_t *buf = shared_alloc(FILE_PAGES * PAGE);
	volatile uint64_t *stop = shared_alloc(PAGE);
	struct actor presser;
	int fd;

	open_both();
	for (uint64_t i = 0; i < FILE_PAGES; i++)
		stamp_page(buf + i * PAGE, HELD, i, 1);
	fd = direct_file(buf, FILE_PAGES * PAGE);
	actor_start(&presser, 1);
	actor_begin(&presser, 0, press_on, (uintptr_t)stop);
	for (uint64_t at = 0; at < FILE_PAGES * PAGE; at += PIECE * PAGE)
		CHECK_IS(RESULT(pread(fd, held_map + at, PIECE * PAGE, at)),
			 PIECE * PAGE);
	pool_verify(held_map, HELD, 0, FILE_PAGES, 1);
	for (uint64_t i = 0; i < FILE_PAGES; i++)
		stamp_page(held_map + i * PAGE, HELD, i, 2);
	for (uint64_t at = 0; at < FILE_PAGES * PAGE; at += PIECE * PAGE)
		CHECK_IS(RESULT(pwrite(fd, held_map + at, PIECE * PAGE, at)),
			 PIECE * PAGE);
	*stop = 1;
	CHECK_IS(actor_end_within(&presser, 0, 4 * WAIT_MS), 0);
	CHECK_IS(RESULT(pread(fd, buf, FILE_PAGES * PAGE, 0)),
		 FILE_PAGES * PAGE);
	pool_verify(buf, HELD, 0, FILE_PAGES, 2);
	pool_verify(held_map, HELD, 0, FILE_PAGES, 2);
	CHECK_IS(RESULT(fsync(held->fd)), 0);
	pool_verify(held->store, HELD, 0, FILE_PAGES, 2);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING, 60 },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL, 60 }

static const struct tap_test tests[] = {
	BOTH("kept", test_kept),
	BOTH("aside", test_aside),
	{ .name = "all", .run = test_all, .seconds = 60 },
	BOTH("direct", test_direct),
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
