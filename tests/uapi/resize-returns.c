// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modified pages and a new size: while a client cuts an object its pager has nothing
 * of what goes, and is given nothing of it; what is left is not lost.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define CLUSTER	(8 * PAGE)
#define SIZE	(8 * PAGE)
#define ROOM	(32 * PAGE)
#define CUT	(2 * PAGE + 10)
#define BRIEFLY	80	/* ms in which nothing may happen */

static struct scene s;
static struct test_request r;
static uint8_t *store;	/* what was returned */

/* All pages are resident with pattern 1. */
static void open_scene(void)
{
	struct pager_setup setup = { .transport = tap_variant, .depth = 16 };

	scene_open_resizable(&s, &setup, SIZE, ROOM, CLUSTER, 4);
	scene_resident(&s, 0, SIZE, 1);
	store = shared_alloc(ROOM);
}

/* The client writes pattern 2 through its mapping. */
static void modify(uint64_t offset, uint64_t length)
{
	pattern_fill(s.buf, offset, length, 2);
	CHECK_IS(actor_do(&s.a, do_copy, s.map + offset, (uintptr_t)s.buf,
			  length), 0);
}

static void begin_fsync(unsigned int thread)
{
	actor_begin(&s.a, thread, do_fsync, s.o.fd);
}

/* All pages are modified, and in a return that the pager holds: thread 0 waits. */
static void hold_all(struct test_request *held)
{
	open_scene();
	modify(0, SIZE);
	begin_fsync(0);
	pager_expect(&s.p, held, MACH_OP_DATA_RETURN, 0, SIZE);
}

static void take(const struct test_request *q)
{
	pager_take(&s.p, q, store + q->m.offset);
}

static bool next_is(unsigned int operation, int ms)
{
	return !pager_next(&s.p, &r, ms) && r.m.operation == operation;
}

/*
 * Answer all until the thread's call ends. No return may reach @end, and no size may
 * be asked for if @sizes is false.
 */
static long serve_until_end(unsigned int thread, uint64_t end, bool sizes)
{
	long until = tap_now_ms() + WAIT_MS;

	while (actor_waits(&s.a, thread, 5)) {
		CHECK(tap_now_ms() < until, "the call does not end");
		if (pager_next(&s.p, &r, 5))
			continue;
		CHECK(r.m.operation == MACH_OP_SYNCHRONIZE ||
		      r.m.operation == MACH_OP_DATA_RETURN ||
		      (sizes && r.m.operation == MACH_OP_SET_SIZE), "op %u",
		      r.m.operation);
		if (r.m.operation != MACH_OP_DATA_RETURN) {
			pager_reply_one(&s.p, &r, part_done(0, PAGE));
			continue;
		}
		CHECK(r.m.offset + r.m.length <= end,
		      "0x%llx+0x%llx is returned", r.m.offset, r.m.length);
		take(&r);
	}
	return actor_end(&s.a, thread);
}

/* A return that reaches the new end is answered before the size is asked for. */
static void return_first(uint64_t dirty, uint64_t length, uint64_t cut)
{
	struct test_request held;

	open_scene();
	modify(dirty, length);
	begin_fsync(0);
	pager_expect(&s.p, &held, MACH_OP_DATA_RETURN, dirty, length);
	scene_truncate(&s, 1, cut);
	pager_expect_nothing(&s.p, BRIEFLY);
	take(&held);
	CHECK(pattern_is(store + dirty, dirty, length, 2), "wrong data");
	CHECK_IS(serve_until_end(1, 0, true), 0);
	CHECK_IS(serve_until_end(0, 0, true), 0);
	tap_is("dirty", object_info(s.o.fd).dirty <= 1, true);
	tap_is("size", object_info(s.o.fd).object_size, cut);
}

static void test_return_beyond(void)
{
	return_first(0, SIZE, CUT);
}

/* Of the page in which the new end is */
static void test_return_of_last(void)
{
	return_first(2 * PAGE, PAGE, CUT);
}

/* It may fail, and then it is nobody's loss but of what is left. */
static void test_return_fails(void)
{
	struct test_request held;

	hold_all(&held);
	scene_truncate(&s, 1, CUT);
	pager_expect_nothing(&s.p, BRIEFLY);
	pager_reply_one(&s.p, &held, part_error(0, SIZE, ENOSPC));
	while (actor_waits(&s.a, 1, 5)) {
		if (pager_next(&s.p, &r, 5))
			continue;
		pager_reply_one(&s.p, &r, part_done(0, PAGE));
	}
	tap_is("truncate", actor_end(&s.a, 1), 0);
	tap_is("fsync", serve_until_end(0, CUT, true), -ENOSPC);
	tap_is("dirty", object_info(s.o.fd).dirty, 3);
	begin_fsync(0);
	tap_is("again", serve_until_end(0, CUT, false), 0);
	tap_sub("data", pattern_is(store, 0, CUT, 2), "wrong data");
}

/* One that lies below the new end does not matter. */
static void test_return_below(void)
{
	struct test_request held;

	open_scene();
	modify(0, 2 * PAGE);
	begin_fsync(0);
	pager_expect(&s.p, &held, MACH_OP_DATA_RETURN, 0, 2 * PAGE);
	scene_truncate(&s, 1, CUT);
	CHECK(next_is(MACH_OP_SET_SIZE, WAIT_MS), "op %u", r.m.operation);
	tap_is("wanted", r.m.mandatory, CUT);
	pager_size_done(&s.p, &r);
	tap_is("truncate", actor_end(&s.a, 1), 0);
	take(&held);
	tap_is("fsync", serve_until_end(0, 0, false), 0);
	tap_sub("data", pattern_is(store, 0, 2 * PAGE, 2), "wrong data");
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
}

/* Growing waits for no return. */
static void test_return_growing(void)
{
	struct test_request held;

	hold_all(&held);
	scene_truncate(&s, 1, ROOM);
	CHECK(next_is(MACH_OP_SET_SIZE, WAIT_MS), "op %u", r.m.operation);
	pager_size_done(&s.p, &r);
	tap_is("truncate", actor_end(&s.a, 1), 0);
	take(&held);
	tap_is("fsync", serve_until_end(0, 0, false), 0);
	tap_sub("data", pattern_is(store, 0, SIZE, 2), "wrong data");
}

/* Who waits for a return to end can be killed, and then nothing is asked for. */
static void test_killed(void)
{
	struct test_request held;
	struct actor other;

	hold_all(&held);
	actor_start(&other, 1);
	actor_begin(&other, 0, do_truncate, s.o.fd, CUT);
	pager_expect_nothing(&s.p, BRIEFLY);
	actor_kill(&other);
	take(&held);
	tap_is("fsync", serve_until_end(0, 0, true), 0);
	scene_truncate(&s, 1, PAGE);
	tap_is("next", serve_until_end(1, PAGE, true), 0);
}

/* While the pager cuts its store nothing of what goes is sent, whoever asks. */
static void during(void (*ask)(void), bool refuse)
{
	struct test_request held;

	open_scene();
	modify(0, PAGE);
	modify(2 * PAGE, PAGE);
	modify(5 * PAGE, 2 * PAGE);
	scene_truncate(&s, 1, CUT);
	CHECK(next_is(MACH_OP_SET_SIZE, WAIT_MS), "op %u", r.m.operation);
	held = r;
	ask();
	for (long end = tap_now_ms() + BRIEFLY; tap_now_ms() < end;) {
		if (pager_next(&s.p, &r, 5))
			continue;
		if (r.m.operation == MACH_OP_DATA_RETURN) {
			CHECK(r.m.offset + r.m.length <= 2 * PAGE,
			      "0x%llx+0x%llx is returned", r.m.offset,
			      r.m.length);
			take(&r);
		} else {
			pager_reply_one(&s.p, &r, part_done(0, PAGE));
		}
	}
	pager_reply_one(&s.p, &held, refuse ? part_error(0, PAGE, ENOSPC) :
			part_done(0, PAGE));
	tap_is("truncate", actor_end(&s.a, 1), refuse ? -ENOSPC : 0);
}

static void ask_fsync(void)
{
	begin_fsync(0);
}

static void test_fsync_waits(void)
{
	during(ask_fsync, false);
	tap_is("fsync", serve_until_end(0, CUT, false), 0);
	tap_sub("first", pattern_is(store, 0, PAGE, 2), "wrong data");
	tap_sub("last", pattern_is(store + 2 * PAGE, 2 * PAGE, 10, 2),
		"wrong data");
	tap_sub("beyond", zeros(store + CUT, ROOM - CUT), "it was returned");
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
}

static void test_fsync_refused(void)
{
	during(ask_fsync, true);
	tap_is("fsync", serve_until_end(0, SIZE, false), 0);
	tap_sub("data", pattern_is(store + 5 * PAGE, 5 * PAGE, 2 * PAGE, 2),
		"what was not cut was not returned");
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
}

static void ask_clean(void)
{
	struct mach_pager_lock lock = {
		.size = sizeof(lock),
		.flags = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH | MACH_LOCK_REPLY,
		.object = s.o.number,
		.cookie = 0x10c,
	};

	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &lock), 0);
}

/* Take all until the lock request is done; no return may reach @end. */
static void clean_all(uint64_t end)
{
	for (;;) {
		CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
		if (r.m.operation == MACH_OP_LOCK_COMPLETED)
			break;
		CHECK_IS(r.m.operation, MACH_OP_DATA_RETURN);
		CHECK(r.m.offset + r.m.length <= end,
		      "0x%llx+0x%llx is returned", r.m.offset, r.m.length);
		take(&r);
	}
	pager_reply_none(&s.p, &r);
}

static void test_lock_waits(void)
{
	static struct mach_object_info info;

	during(ask_clean, false);
	clean_all(CUT);
	info = object_info(s.o.fd);
	tap_is("dirty", info.dirty, 0);
	tap_is("resident", info.resident, 0);
	tap_sub("last", pattern_is(store + 2 * PAGE, 2 * PAGE, 10, 2),
		"wrong data");
	tap_sub("beyond", zeros(store + CUT, ROOM - CUT), "it was returned");
}

/* Pages that were cut are not returned any more, by whom they were cut. */
static void forgotten(uint64_t size)
{
	open_scene();
	modify(0, SIZE);
	CHECK_IS(object_resize(&s.p, &s.o, size), 0);
	begin_fsync(0);
	tap_is("fsync", serve_until_end(0, size, false), 0);
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
	tap_sub("data", pattern_is(store, 0, size, 2), "wrong data");
	tap_sub("beyond", zeros(store + size, ROOM - size), "it was returned");
}

static void test_forgotten(void)
{
	forgotten(CUT);
}

static void test_forgotten_aligned(void)
{
	forgotten(2 * PAGE);
}

static void test_forgotten_all(void)
{
	forgotten(0);
}

/* The pager itself does not wait for what it holds; its answer counts for the rest. */
static void test_pager_cuts_return(void)
{
	struct test_request held;

	hold_all(&held);
	CHECK_IS(object_resize(&s.p, &s.o, CUT), 0);
	tap_is("size", object_info(s.o.fd).object_size, CUT);
	tap_is("collect", pager_collect(&s.p, &held, 0, CUT, store), 0);
	tap_sub("data", pattern_is(store, 0, 2 * PAGE, 2), "wrong data");
	pager_reply_one(&s.p, &held, part_done(0, SIZE));
	tap_is("fsync", serve_until_end(0, CUT, false), 0);
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
	tap_is("resident", object_info(s.o.fd).resident, 3);
}

/* Then it grows again: what the old answer says is not of the new pages. */
static void test_pager_regrows(void)
{
	struct test_request held;

	hold_all(&held);
	CHECK_IS(object_resize(&s.p, &s.o, PAGE), 0);
	CHECK_IS(object_resize(&s.p, &s.o, SIZE), 0);
	scene_resident(&s, 4 * PAGE, 2 * PAGE, 3);
	actor_begin(&s.a, 1, do_store, s.map + 4 * PAGE, 0x11);
	CHECK_IS(actor_end(&s.a, 1), 0);
	pager_reply_one(&s.p, &held, part_done(0, SIZE));
	tap_is("fsync", serve_until_end(0, SIZE, false), 0);
	tap_is("still-dirty", object_info(s.o.fd).dirty, 1);
	begin_fsync(0);
	tap_is("fsync-again", serve_until_end(0, SIZE, false), 0);
	tap_is("new", store[4 * PAGE], 0x11);
	tap_sub("rest", pattern_is(store + 4 * PAGE + 1, 4 * PAGE + 1, PAGE - 1,
				   3), "wrong data");
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
}

/* A part that says of a whole return that it failed: what is left is kept. */
static void test_pager_cuts_failing(void)
{
	struct test_request held;

	hold_all(&held);
	CHECK_IS(object_resize(&s.p, &s.o, CUT), 0);
	pager_reply_one(&s.p, &held, part_error(0, SIZE, ENOSPC));
	tap_is("fsync", serve_until_end(0, CUT, false), -ENOSPC);
	tap_is("dirty", object_info(s.o.fd).dirty, 3);
}

/* Two returns have the same frames: the object lost them to the second one alone. */
static void cut_of_two(bool second_first)
{
	const struct mach_part refused = part_error(0, SIZE, ENOSPC);
	struct test_request held[2];

	hold_all(&held[0]);
	CHECK_IS(pager_reply(&s.p, &held[0], &refused, 1, true), 0);
	begin_fsync(1);
	pager_expect(&s.p, &held[1], MACH_OP_DATA_RETURN, 0, SIZE);
	CHECK_IS(object_resize(&s.p, &s.o, 0), 0);
	pager_reply_none(&s.p, &held[second_first]);
	pager_reply_none(&s.p, &held[!second_first]);
	tap_is("told-once", serve_until_end(0, 0, false) +
			    serve_until_end(1, 0, false), -ENOSPC);
	CHECK_IS(object_resize(&s.p, &s.o, SIZE), 0);
	scene_resident(&s, 0, SIZE, 3);
}

static void test_cut_of_two(void)
{
	cut_of_two(false);
}

static void test_cut_of_two_swapped(void)
{
	cut_of_two(true);
}

/* What the pager's file gets ends where the object does. */
static void test_file(void)
{
	int fd = pattern_file(SIZE, 9);

	open_scene();
	modify(0, SIZE);
	CHECK_IS(object_resize(&s.p, &s.o, CUT), 0);
	begin_fsync(0);
	pager_expect(&s.p, &r, MACH_OP_DATA_RETURN, 0, CUT);
	pager_reply_one(&s.p, &r, part_file(0, CUT, fd, 0));
	tap_is("fsync", serve_until_end(0, 0, false), 0);
	CHECK_IS(RESULT(pread(fd, store, SIZE, 0)), SIZE);
	tap_sub("written", pattern_is(store, 0, CUT, 2), "wrong data");
	tap_sub("beyond", pattern_is(store + CUT, CUT, SIZE - CUT, 9),
		"it was written");
}

/* A write that made the object grow is returned up to the new end. */
static void test_grown_write(void)
{
	open_scene();
	pattern_fill(s.buf, SIZE, 2 * PAGE + 5, 2);
	actor_begin(&s.a, 1, do_pwrite, s.o.fd, (uintptr_t)s.buf, 2 * PAGE + 5,
		    SIZE);
	CHECK(next_is(MACH_OP_SET_SIZE, WAIT_MS), "op %u", r.m.operation);
	pager_size_done(&s.p, &r);
	while (actor_waits(&s.a, 1, 5))
		if (next_is(MACH_OP_DATA_REQUEST, 5))
			pager_reply_one(&s.p, &r, part_zero(r.m.offset,
							    r.m.length));
	tap_is("write", actor_end(&s.a, 1), 2 * PAGE + 5);
	begin_fsync(0);
	tap_is("fsync", serve_until_end(0, SIZE + 2 * PAGE + 5, false), 0);
	tap_sub("data", pattern_is(store + SIZE, SIZE, 2 * PAGE + 5, 2),
		"wrong data");
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("return-beyond", test_return_beyond),
	BOTH("return-of-last", test_return_of_last),
	BOTH("return-fails", test_return_fails),
	BOTH("return-below", test_return_below),
	BOTH("return-growing", test_return_growing),
	BOTH("killed", test_killed),
	BOTH("fsync-waits", test_fsync_waits),
	BOTH("fsync-refused", test_fsync_refused),
	BOTH("lock-waits", test_lock_waits),
	BOTH("forgotten", test_forgotten),
	BOTH("forgotten-aligned", test_forgotten_aligned),
	BOTH("forgotten-all", test_forgotten_all),
	BOTH("pager-cuts-return", test_pager_cuts_return),
	BOTH("pager-regrows", test_pager_regrows),
	BOTH("pager-cuts-failing", test_pager_cuts_failing),
	BOTH("cut-of-two", test_cut_of_two),
	BOTH("cut-of-two-swapped", test_cut_of_two_swapped),
	BOTH("file", test_file),
	BOTH("grown-write", test_grown_write),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
